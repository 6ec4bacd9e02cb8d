"""`remediate demo`: the whole story on an AWS account inside this process."""

import os
import shlex
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from remediate.cli import terminal, work
from remediate.errors import RemediateError
from remediate.model import Address
from remediate.store.history import rollback_path

if TYPE_CHECKING:
    from remediate.account import Account
    from remediate.sandbox import Sandbox

PLAYBOOK = "acme"
"""A company's own playbook, written for this account: it switches on every control."""
PASSWORD_POLICY = Address("iam.password_policy")
SOMEBODY = "mona.haas"
"""An administrator of the messy account."""


def demo(context: typer.Context) -> None:
    """See the whole story on an embedded AWS, without an account."""
    from remediate.sandbox import Sandbox, fill

    with Sandbox() as server, _elsewhere(server.environment()):
        fill()
        _tell(
            "You inherit an AWS account that nobody dares to touch. This one runs inside this process: nothing you see",
            "reaches the network. Every command below is the real one; you can type the same.",
        )
        before = _account()
        _tell(f"First look: {len(before.users)} users, {len(before.roles)} roles, {len(before.trails)} trails.")
        plan = _story(context, server)
        after = _account()
        _compare(before, after, plan)


def _story(context: typer.Context, server: "Sandbox") -> Path:
    _tell("What is wrong, and what would it take? A plan changes nothing.")
    _run(context, "plan", "-p", PLAYBOOK)
    plan = sorted(work.PLANS.glob("*.plan.json"))[0]
    _tell("Every change says why, what it needs first, and how it is undone. One of them, whole:")
    _run(context, "show", str(plan), "--address", PASSWORD_POLICY)
    _tell("A person reads the plan, and applies exactly that. Each step is checked, recorded, and read back.")
    _run(context, "apply", str(plan), "--yes")
    _tell("Is anything left? The next plan is empty, but for what only a person can do.")
    _run(context, "plan", "-p", PLAYBOOK)
    _tell("What only a person can do is explained step by step, and checked by every plan.")
    _run(context, "show", str(sorted(work.PLANS.glob("*.plan.json"))[-1]), "--manual")
    _tell("A month later somebody stops the trail and allows passwords of 6 characters, by hand.")
    _undo_by_hand(server)
    _tell("Drift finds it, and CloudTrail knows who. What the playbook approves in advance is put right at once.")
    _run(context, "drift", "-p", PLAYBOOK, "--correct")
    _tell("And if the whole thing was a mistake: take it back, step by step, in the opposite order.")
    _run(context, "rollback", str(plan), "--yes")
    return plan


def _compare(before: "Account", after: "Account", plan: Path) -> None:
    from remediate.account import differences
    from remediate.store.plans import load

    kept = {item.address: item.why for item in load(rollback_path(plan)).kept}
    different = list(differences(before.state, after.state))
    unexpected = [address for address in different if address not in kept]
    if unexpected:
        raise RemediateError("the account is not what it was", details=[str(a) for a in unexpected[:20]])
    _tell(
        f"Is the account what it was? {len(before.state)} entries compared: all are equal,",
        f"but for the {len(kept)} that the plan said it would not take back:" if kept else "without exception.",
        *(f"  {address}: {why}" for address, why in sorted(kept.items())),
    )
    _tell(
        "Your turn: remediate sandbox, then remediate plan. Or on your own account: remediate plan, which only reads."
    )


def _undo_by_hand(server: "Sandbox") -> None:
    from remediate.aws.resources import RESOURCES
    from remediate.sandbox.somebody import Somebody

    aws = work.connect(None, None, None)
    trail = next(t for t in _account().trails if t.multi_region)
    policy = RESOURCES[PASSWORD_POLICY].read(aws, PASSWORD_POLICY)[PASSWORD_POLICY]
    shorter = {**(policy if isinstance(policy, dict) else {}), "MinimumPasswordLength": 6}
    somebody = Somebody(server, SOMEBODY)
    somebody.cloudtrail(trail.home, "StopLogging", trail.arn)
    somebody.iam("UpdateAccountPasswordPolicy", shorter)


def _account() -> "Account":
    """Everything the playbook looks at, keys and trail settings included."""
    return work.survey(work.connect(None, None, None), work.playbook_named(PLAYBOOK), ())[0]


def _run(context: typer.Context, *arguments: str) -> None:
    """One command of this program, as if it had been typed."""
    terminal.say(f"\n$ remediate {shlex.join(arguments)}")
    code = context.find_root().command.main(list(arguments), standalone_mode=False)
    if code not in (None, 0, 2):
        raise RemediateError(f"remediate {shlex.join(arguments)} ended with exit code {code}")


def _tell(*lines: str) -> None:
    terminal.say("")
    for line in lines:
        terminal.say(f"# {line}")


@contextmanager
def _elsewhere(environment: dict[str, str]) -> Iterator[None]:
    """A folder and an environment of the demo's own, put back afterwards."""
    here, old = Path.cwd(), dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="remediate-demo-") as folder:
        os.environ.update(environment, REMEDIATE_STATE_DIR=folder)
        os.environ.pop("AWS_PROFILE", None)
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(here)
            os.environ.clear()
            os.environ.update(old)
