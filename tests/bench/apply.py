"""How long `remediate apply` takes for many independent changes when every call takes a while, and what would be ideal.

    python tests/bench/apply.py [CHANGES [MILLISECONDS [PARALLEL]]]

The account is the sandbox's with a delay in front, in a process of its own that also counts the calls. `remediate
apply` is the real command in another one. `whole` is all of it, with starting Python, waiting for the credential report
and checking the account again; `applying` is from the first record of the journal to the last. Ideal is calls x delay /
parallel, as if nothing but AWS took time; the calls are those of the whole command. Both are divided by it.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS))

from support.engine import Step, plan_of, step  # noqa: E402
from support.latency import latency  # noqa: E402

from remediate.sandbox import Sandbox  # noqa: E402
from remediate.store.journal import read  # noqa: E402
from remediate.store.plans import save  # noqa: E402

REMEDIATE = Path(sys.executable).with_name("remediate")
KINDS: dict[str, Callable[[int], Step]] = {
    "memberships": lambda n: step("iam.group_member", "everybody", f"user{n}", to="member"),
    "tags": lambda n: step("iam.user_tag", f"user{n}", "team", to="blue"),
    "passwords": lambda n: step("iam.login_profile", f"user{n}", to="password"),
}


def main() -> None:
    changes, milliseconds, parallel = [int(text) for text in sys.argv[1:]] + [1000, 50, 8][len(sys.argv) - 1 :]
    print(f"{changes:,} independent changes, {milliseconds} ms a call, --parallel {parallel}")
    titles = f"{'':<12} {'changes':>8} {'calls':>7} {'calls/change':>13}"
    print(f"{titles} {'ideal':>6} {'whole':>7} {'ratio':>6} {'applying':>9} {'ratio':>6}")
    for name, make in KINDS.items():
        with server(changes, milliseconds) as (environment, calls):
            whole, seconds = applied([make(n) for n in range(changes)], environment, parallel)
            total = calls()
        ideal = total * milliseconds / 1000 / parallel
        row = f"{name:<12} {changes:>8} {total:>7} {total / changes:>13.2f}"
        print(f"{row} {ideal:>6.2f} {whole:>7.2f} {whole / ideal:>6.2f} {seconds:>9.2f} {seconds / ideal:>6.2f}")


def applied(steps: list[Step], environment: dict[str, str], parallel: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        save(plan_of(*steps), Path(folder, "bench.plan.json"))
        command = [str(REMEDIATE), "apply", "bench.plan.json", "--yes", "--parallel", str(parallel)]
        begun = time.monotonic()
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **environment, "REMEDIATE_STATE_DIR": folder},
            capture_output=True,
            text=True,
            check=False,
        )
        whole = time.monotonic() - begun
        if done.returncode:
            raise SystemExit(done.stderr[-2000:])
        records = read(Path(folder, "bench.journal.jsonl"))[0]
        return whole, (records[-1].at - records[0].at).total_seconds()


@contextmanager
def server(users: int, milliseconds: int) -> Iterator[tuple[dict[str, str], Callable[[], int]]]:
    """A slow account with that many users, and how many calls it has answered."""
    process = subprocess.Popen(
        [sys.executable, __file__, "--serve", str(users), str(milliseconds)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    answers = process.stdout
    environment: dict[str, str] = {}
    for line in iter(answers.readline, "\n"):
        name, _, value = line.strip().partition("=")
        environment[name] = value
    ask = process.stdin

    def calls() -> int:
        ask.write("\n")
        ask.flush()
        return int(answers.readline())

    try:
        yield environment, calls
    finally:
        ask.close()
        process.wait()


def serve(users: int, milliseconds: int) -> None:
    from moto.iam.models import Group, User, iam_backends

    with Sandbox() as sandbox, latency(sandbox, milliseconds) as calls:
        backend: Any = iam_backends[sandbox.account_id]["aws"]
        make: Any = User
        backend.groups["everybody"] = Group(sandbox.account_id, "aws", "everybody")
        for n in range(users):
            backend.users[f"user{n}"] = make(sandbox.account_id, "us-east-1", f"user{n}", "/")
        for name, value in sandbox.environment().items():
            print(f"{name}={value}")
        print(flush=True)
        for _ in sys.stdin:
            print(calls.total, flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(int(sys.argv[2]), int(sys.argv[3]))
    else:
        main()
