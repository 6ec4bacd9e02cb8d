"""How many seconds and megabytes the proof of a plan takes for 100, 1,000 and 5,000 users, and how they grow.

    python tests/bench/proof.py [USERS …]

Every user's own policies become groups, and everybody is asked for MFA. One in ten has a document that nobody else has,
one in three one of three of AWS's large policies. `guard` is the proof for every order, `proof` the one with requests,
after each change, and `replay` holds 50 sorts of recorded calls of each user against the plan. Each size runs in a
process of its own; memory is what it takes beyond the account and its plan.
"""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support import accounts, recorded
from support.accounts import ME, NOW, ago, document, holding, password, statement, user

from remediate import guard, planner, proof, replay
from remediate.account import Account, User
from remediate.aws.resources import RESOURCES
from remediate.controls import groups, mfa
from remediate.effective import AWS_POLICY, parsed
from remediate.evidence.facts import EVIDENCE, USE
from remediate.model import State, at
from remediate.playbook import Playbook
from remediate.playbook.scope import Scope

ATTACHED = [
    f"arn:aws:iam::aws:policy/{name}" for name in ("ReadOnlyAccess", "AmazonEC2ReadOnlyAccess", "SecurityAudit")
]
SCOPE = Scope(playbook=Playbook(name="bench"), now=NOW)


def crowd(number: int) -> Account:
    """Users in a dozen ways, one in ten in a way of their own."""
    parts: list[State] = [holding("user", "boss", [accounts.ADMIN]), holding("user", "deputy", [accounts.ADMIN])]
    for n in range(number):
        buckets = f"arn:aws:s3:::team-{n % 12}/*" if n % 10 else f"arn:aws:s3:::own-{n}/*"
        inline = {"work": document(statement(["s3:GetObject", "s3:PutObject"], buckets), statement("sqs:*", "*"))}
        parts.append(holding("user", f"user{n:05}", [ATTACHED[n % 3]] if n % 3 == 0 else (), inline))
    people = [user(name, password=password(ago(1)), mfa=bool(n % 2)) for n, name in enumerate(_names(parts))]
    facts = {**_documents(), **_recorded(people)}
    return accounts.account(*parts, users=people, facts=facts, summary={"PoliciesQuota": 5000, "GroupsQuota": 1000})


def _recorded(people: list[User]) -> State:
    """What each did, in ways of which no two are alike."""
    actions = ("s3.amazonaws.com/GetObject", "sqs.amazonaws.com/SendMessage", "ec2.amazonaws.com/DescribeInstances")
    kinds = [(actions[n % 3], f"arn:aws:s3:::team-{n % 12}/k{n}", f"203.0.113.{n}") for n in range(50)]
    calls = [recorded.call(event, place, network=address) for event, place, address in kinds]
    return {at(EVIDENCE, ME): recorded.span(NOW), **{at(USE, one.arn): recorded.fact(calls) for one in people}}


def _names(parts: list[State]) -> list[str]:
    return [address.split("/")[1] for part in parts for address in part if address.startswith("iam.user/")]


def _documents() -> State:
    from remediate.sandbox.policies import load

    return {
        at(AWS_POLICY, p.arn): sorted(parsed(json.loads(p.versions[0].document))) for p in load() if p.arn in ATTACHED
    }


def main() -> None:
    if len(sys.argv) == 3 and sys.argv[1] == "--one":
        measure(int(sys.argv[2]))
        return
    sizes = [int(text) for text in sys.argv[1:]] or [100, 1000, 5000]
    print(f"{'users':>6} {'changes':>8} {'effects':>8} {'guard s':>8} {'proof s':>8} {'replay s':>8} {'MB more':>8}")
    for users in sizes:
        subprocess.run([sys.executable, __file__, "--one", str(users)], check=True)


def measure(users: int) -> None:
    account = crowd(users)
    chosen = [pair for control in (groups.control, mfa.control) for pair in accounts.with_settings(control)]
    changes = planner.propose(account, chosen, SCOPE, RESOURCES).changes
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.perf_counter()
    guard.check(account, changes, RESOURCES, (), NOW)
    guarded = time.perf_counter()
    found = proof.prove(account, changes)
    proven = time.perf_counter()
    replay.replay(account, changes, NOW)
    replayed = time.perf_counter()
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    numbers = f"{users:>6} {len(changes):>8} {len(found.effects):>8} {guarded - begun:>8.2f} {proven - guarded:>8.2f}"
    print(f"{numbers} {replayed - proven:>8.2f} {more:>8.0f}", flush=True)


if __name__ == "__main__":
    main()
