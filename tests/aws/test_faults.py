"""No change is left out of the faults, and what somebody else made of an entry meanwhile is never overwritten.

`support/contract/calls.py` says what each case sends; `test_contract.py` puts each fault on each of these calls.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import pairwise, product
from pathlib import Path

import pytest
from botocore import xform_name
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError
from botocore.loaders import create_loader
from support.actions import IAM_NAMES, PREFIXES
from support.aws import Aws
from support.contract import CASES, Case, directories, secrets
from support.contract.calls import CALLS
from support.contract.walker import Walker, changing, meets
from support.engine import ACCOUNT, Wire, outcomes
from support.faults import READING, Call, Faults, deliver
from support.stress import STRESS

import remediate.aws
from remediate.aws.resources import RESOURCES
from remediate.errors import CallFailed
from remediate.model import AccountId, Value, at

SOURCE = Path(remediate.aws.__file__).parent
WHERE = AccountId(partition="aws", account=ACCOUNT)
SENT = {call for calls in CALLS.values() for transition in calls for call in transition.split()}
"""Every call that meets the faults."""


def kind_of_case(case: Case) -> str:
    return case.id.partition("/")[0].partition(" ")[0]


# --- every call meets the faults ------------------------------------------------------------------------------------

NO_CHANGE = {
    "sts:AssumeRole": "credentials of a role for the run: tests of --assume-role",
    "sts:AssumeRoot": "credentials of a member's root user: tests/aws/test_root_session.py",
    "kms:Sign": "of a plan: it changes nothing",
    "kms:Verify": "of a plan: it changes nothing",
    "cloudtrail:StartQuery": "a query of CloudTrail Lake: it changes nothing",
    "athena:StartQueryExecution": "a query of Athena: it changes nothing but what is in its place for results",
    "kms:TagResource": "Secrets Manager's operation of this name, in a module that knows of keys",
    "kms:UntagResource": "Secrets Manager's operation of this name, in a module that knows of keys",
}
"""Operations that the source names, and that change no setting."""
GRANTED_ALONE = {
    "sts:AssumeRoot": "credentials of a member's root user: tests/aws/test_root_session.py",
    "iam:PassRole": "asked for where a role is handed to a service",
    "iam:CreateServiceLinkedRole": "asked for where a service makes its own role",
    "kms:Decrypt": "what Secrets Manager does in the caller's name",
    "kms:Encrypt": "what Secrets Manager does in the caller's name",
    "kms:TagResource": "asked for where a key is created with tags",
    **dict.fromkeys(
        (
            "ec2:AuthorizeSecurityGroupEgress",
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:CreateNetworkInterface",
            "ec2:CreateSecurityGroup",
            "ec2:CreateTags",
        ),
        "what Directory Service does in the caller's name",
    ),
}
"""Permissions of changes for which no call is made by this program."""


def test_every_changing_operation_of_the_source_meets_the_faults() -> None:
    found = operations()
    assert len(found) > 90
    assert found - SENT <= NO_CHANGE.keys()
    assert found >= SENT


def test_every_changing_permission_of_a_resource_type_meets_the_faults() -> None:
    sent = {IAM_NAMES.get(call, call) for call in SENT}
    named = {action for case in CASES for action in granted(case)}
    left = {a for a in named - sent if not a.partition(":")[2].startswith((*READING, "View"))}
    assert left == GRANTED_ALONE.keys()
    assert sent <= named


def granted(case: Case) -> Iterator[str]:
    """What the transitions of a case need, and their way back."""
    kind = RESOURCES[kind_of_case(case)]
    address = case.address if isinstance(case.address, str) else at(kind.kind, "a", "b")
    for before, after in pairwise(case.values):
        for one, other in ((before, after), (after, before)):
            yield from (p.action for p in kind.permissions(address, one, other, WHERE))


def operations() -> set[str]:
    """The changing operations that the modules of `remediate/aws` name: strings that are one of a service they name.

    A name that is put together counts with all the words that its module has. What stands in an error does not count.
    """
    found: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        tree = ast.parse(path.read_text())
        nodes = list(ast.walk(tree))
        errors = {id(node.args[0]) for node in nodes if _named(node, "CallFailed") and node.args}  # type: ignore[attr-defined]
        texts = [n for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str) and id(n) not in errors]
        words = {str(n.value) for n in texts if str(n.value).isidentifier()}
        services = words & set(create_loader().list_available_services("service-2"))
        if any(isinstance(n, ast.alias) and n.name == "secrets" for n in nodes):
            services.add("secretsmanager")
        names = words | {name for n in nodes if isinstance(n, ast.JoinedStr) for name in _joined(n, words)}
        for service in services:
            found |= {f"{PREFIXES.get(service, service)}:{o}" for n, o in _operations(service).items() if n in names}
    return {name for name in found if not name.partition(":")[2].startswith(READING)}


def _named(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _joined(text: ast.JoinedStr, words: Iterable[str]) -> Iterator[str]:
    open_ended = {"user", "group", "role", *words}
    parts = [[str(v.value)] if isinstance(v, ast.Constant) else sorted(open_ended) for v in text.values]
    if all(part[0].replace("_", "a").isidentifier() for part in parts) and sum(len(p) > 1 for p in parts) < 3:
        yield from ("".join(chosen) for chosen in product(*parts))


@cache
def _operations(service: str) -> dict[str, str]:
    model = create_loader().load_service_model(service, "service-2")
    return {xform_name(name): name for name in model["operations"]}


# --- nobody else's value is overwritten -----------------------------------------------------------------------------

NO_THIRD_VALUE = {
    "iam.server_certificate": "a certificate is not changed, and one that is gone is not made again with its id",
    "iam.issued_key": "its value names the key that is replaced: another one is another rotation",
    "iam.root_access_key": "only the member's root user itself can change it",
    "logs.group": "moto knows one class of log groups",
}
"""Kinds that are not two-valued, and of which nobody can make a third value meanwhile."""
ONCE = {
    "ds.directory": "a directory that was made is not changed, and not deleted here",
    "s3.bucket": "a bucket that was made stays in its region",
}
"""Kinds of which a third value can only come about instead of ours, not after it."""
OTHERS: Mapping[str, tuple[Value, ...]] = {
    "budgets.notification": ([{"Address": "c@example.com", "SubscriptionType": "EMAIL"}],),
    "ds.directory": (directories.SIMPLE, directories.MICROSOFT),
    "iam.instance_profile": ({"path": "/theirs/"},),
    "s3.bucket": ({"region": "us-west-2"},),
    "s3.bucket_encryption": (
        [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": False}],
    ),
    "secretsmanager.secret": ({"user": "a,b", "kms": secrets.KMS}, {"user": secrets.USER, "kms": secrets.KMS}),
}
"""Values that no case of the kind goes through."""
CHANGEABLE = [
    case
    for case in CASES
    if kind_of_case(case) not in NO_THIRD_VALUE and not RESOURCES[kind_of_case(case)].two_valued()
]


@pytest.mark.parametrize("arrives", [False, True], ids=["lost on the way", "carried out"])
@pytest.mark.parametrize("case", CHANGEABLE, ids=[case.id for case in CHANGEABLE])
def test_an_unknown_outcome_and_somebody_elses_value(
    case: Case, arrives: bool, aws: Aws, wire: Wire, tmp_path: Path
) -> None:
    """The call is lost, or carried out and its answer lost, and before anybody looks the entry has a third value."""
    tried = 0
    for index, (before, after) in enumerate(pairwise(case.values)):
        for n, third in enumerate(thirds(case, before, after)):
            walker = Walker(case, aws, wire, tmp_path / f"{index}-{n}")
            for earlier in list(pairwise(case.values))[:index]:
                walker.step(*earlier)
            rival = Rival(walker, after if arrives else before, third, arrives=arrives)
            calls = CALLS[case.id][index].split()
            lost = meets(calls[-1] if arrives else calls[0], rival, nth=calls.count(calls[-1]) if arrives else 1)
            runs = walker.runs(before, after)
            result = runs.run(lost)
            if rival.cannot:
                continue
            tried += 1
            assert outcomes(result) == ["failed"]
            assert walker.read() == third
            assert len(changing(lost.calls)) == (len(calls) if arrives else 1)  # and nothing after it
            again = runs.run()
            assert (outcomes(again), changing(wire.faults.calls), walker.read()) == (["conflict"], [], third)
            break
        if tried and not STRESS:
            break
    assert tried or (arrives and kind_of_case(case) in ONCE)


def thirds(case: Case, before: Value, after: Value) -> list[Value]:
    values = (*case.values, *OTHERS.get(kind_of_case(case), ()))
    return [value for value in values if value not in (before, after)]


class Rival:
    """A fault: the call is lost, and meanwhile somebody else gives the entry another value."""

    def __init__(self, walker: Walker, now: Value, third: Value, *, arrives: bool) -> None:
        self.walker, self.now, self.third, self.arrives = walker, now, third, arrives
        self.cannot = False

    def __call__(self, call: Call) -> AWSResponse | None:
        if self.arrives:
            deliver(call)
        wire = self.walker.wire
        watched, wire.faults = wire.faults, Faults()
        try:
            self._give()
        except CallFailed:
            self.cannot = True
        finally:
            wire.faults = watched
        raise ReadTimeoutError(endpoint_url=call.request.url)

    def _give(self) -> None:
        """As it is, or made anew where it cannot be changed."""
        write, session, address = self.walker.kind.write, self.walker.wire.session, self.walker.address
        try:
            write(session, address, self.now, self.third)
        except CallFailed as error:
            if error.code != "NeverDone" or self.now is None or self.third is None:
                raise
            write(session, address, self.now, None)
            write(session, address, None, self.third)
