"""The twin has the account as it is: read with the same reader, it is equal in everything."""

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import HealthCheck, given, reject, settings
from support import rehearsing
from support.aws import Aws
from support.engine import Step, Wire, plan_of
from support.random_account import Drawn, accounts, build
from support.stress import examples

from remediate.account import Account, KeySlot
from remediate.aws.resources import RESOURCES
from remediate.aws.session import Session
from remediate.errors import Refused
from remediate.model import Address, at
from remediate.rehearsal import twins
from remediate.sandbox import fill

FIELDS = "state users roles keys sign_ins trails root facts regions alias caller".split()
PLAYBOOKS = ("guidelines", "acme", "cis-7.0", "security-hub")


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_the_twin_of_the_messy_account_is_equal(playbook: str, aws: Aws, wire: Wire) -> None:
    fill()
    made = rehearsing.planned(wire.session, playbook)
    twin = rehearsing.staged(aws.sandbox, made).look(made.account.asked)
    assert twins.differences(made.account, twin) == {}
    for field in (
        "state",
        "users",
        "roles",
        "keys",
        "sign_ins",
        "trails",
        "root",
        "facts",
        "regions",
        "alias",
        "caller",
    ):
        assert getattr(twin, field) == getattr(made.account, field), field
    assert twin.caller_key == made.account.caller_key


@settings(max_examples=examples(16), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=accounts())
def test_the_twin_of_a_random_account_is_equal_and_its_plan_goes_through(
    drawn: Drawn, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.sandbox.reset()
    key, secret = build(drawn)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    try:
        made = rehearsing.planned(Session(), "guidelines", ["groups", "unused-credentials", "password-policy"])
    except Refused:
        reject()  # such as one whose people would be left without two administrators
    result = rehearsing.rehearsed(aws.sandbox, made).result
    assert result.uncovered == ()
    assert result.failures == ()
    assert result.changes == len(made.plan.changes)
    assert result.left == 0
    assert result.restored


def renamed(account: Account, names: Mapping[str, str]) -> Account:
    """The same account with other words in it everywhere."""
    text = msgspec.json.encode(account).decode()
    for old, new in names.items():
        text = text.replace(old, new)
    return msgspec.json.decode(text, type=Account)


ELSEWHERE: dict[str, dict[str, str]] = {
    "another account, worked on by a role": {
        "123456789012": "998877665544",
        "arn:aws:sts::998877665544:user/moto": "arn:aws:sts::998877665544:assumed-role/Admin/carol@acme.example",
        "AKIAIOSFODNN7EXAMPLE": "ASIAIOSFODNN7EXAMPLE",
    },
    "GovCloud": {
        "arn:aws:": "arn:aws-us-gov:",
        '"partition":"aws"': '"partition":"aws-us-gov"',
        "us-east-1": "us-gov-west-1",
        "eu-west-1": "us-gov-east-1",
    },
    "China": {
        "arn:aws:": "arn:aws-cn:",
        '"partition":"aws"': '"partition":"aws-cn"',
        "eu-west-1": "cn-north-1",
        "us-east-1": "cn-northwest-1",
    },
}


@pytest.mark.parametrize("place", ELSEWHERE)
def test_the_twin_is_equal_wherever_the_account_is(place: str, aws: Aws, wire: Wire) -> None:
    fill()
    made = rehearsing.planned(wire.session, "guidelines")
    regions = tuple(r for r in made.account.regions if r in ("us-east-1", "eu-west-1"))
    asked = frozenset(a for a in made.account.asked if not a.startswith("ec2.instance") or a.endswith(regions))
    few = msgspec.structs.replace(made.account, regions=regions, asked=asked)
    account = renamed(few, ELSEWHERE[place])
    twin = rehearsing.staged(aws.sandbox, made._replace(account=account)).look(account.asked)
    assert twins.differences(account, twin) == {}
    assert (twin.id, twin.caller, twin.caller_key) == (account.id, account.caller, account.caller_key)


def test_a_report_of_hours_ago_stays_apart_from_what_was_asked_since(aws: Aws, wire: Wire) -> None:
    """A password used and one removed since, a key used since, and a root key of another day than moto's."""
    fill()
    made = rehearsing.planned(wire.session, "guidelines")
    account, recent = made.account, made.plan.header.created.replace(microsecond=0)
    used, gone = sorted(name for name, last in account.sign_ins.items() if last)[:2]
    key = next(k for keys in account.keys.values() for k in keys if k.asked and k.last_used)
    keys = tuple(msgspec.structs.replace(k, last_used=recent) if k.id == key.id else k for k in account.keys[key.user])
    slot = KeySlot(active=True, created=datetime(2019, 5, 1, tzinfo=UTC), last_used=recent)
    assert account.root
    later = msgspec.structs.replace(
        account,
        sign_ins={**account.sign_ins, used: recent},
        state={a: v for a, v in account.state.items() if a != at("iam.login_profile", gone)},
        keys={**account.keys, key.user: keys},
        root=msgspec.structs.replace(account.root, mfa=True, keys=(slot,)),
    )
    twin = rehearsing.staged(aws.sandbox, made._replace(account=later)).look(later.asked)
    assert twins.differences(later, twin) == {}
    assert twin.users[gone].password
    assert twin.sign_ins[used] == recent
    assert twin.root == later.root


def test_a_trails_bucket_that_nobody_read_is_told(aws: Aws, wire: Wire) -> None:
    """It may be another account's, whose policy does not let the trail in."""
    fill()
    made = rehearsing.planned(wire.session, "guidelines", ["groups"])
    trails = [value for address, value in made.account.state.items() if address.startswith("cloudtrail.trail/")]
    buckets = {at("s3.bucket", str(trail["bucket"])) for trail in trails if isinstance(trail, Mapping)}
    assert buckets
    assert buckets <= set(rehearsing.staged(aws.sandbox, made).gaps)


STEPS = plan_of(
    Step(at("iam.group", "a"), None, {"path": "/"}),
    Step(at("iam.group_member", "a", "alice"), None, "member", (1,)),
    Step(at("iam.user_tag", "alice", "a"), None, "1", (2,)),
    Step(at("iam.group", "b"), None, {"path": "/"}),
)
MACHINES = frozenset({at("ec2.instance", "eu-west-1")})
GAPS: dict[str, tuple[dict[str, str], dict[str, frozenset[Address]], tuple[int, ...]]] = {
    "what is written, and all that needs it": ({"iam.group/a": ""}, {}, (1, 2, 3)),
    "whose setting it is": ({"iam.user/alice": ""}, {}, (2, 3)),
    "what the control asked": (
        {"ec2.instance/eu-west-1/i-1": ""},
        {"test": MACHINES},
        (1, 2, 3, 4),
    ),
    "what another control asked": (
        {"ec2.instance/eu-west-1/i-1": ""},
        {"x": MACHINES},
        (),
    ),
    "a quota of IAM": ({"iam.summary/GroupsPerUserQuota": ""}, {}, (1, 2, 3, 4)),
    "the regions": ({"regions": ""}, {}, (1, 2, 3, 4)),
    "trails, on which nothing of IAM rests": ({"cloudtrail": ""}, {}, ()),
    "the root user, of whom nothing is changed": ({"root": ""}, {}, ()),
}


@pytest.mark.parametrize("case", GAPS)
def test_which_changes_rest_on_a_gap(case: str) -> None:
    gaps, asking, resting = GAPS[case]
    [gap] = twins.uncovered(STEPS, gaps, asking, (), RESOURCES)
    assert gap.changes == resting


def test_what_differs_is_named_field_by_field(aws: Aws, wire: Wire) -> None:
    fill()
    account = rehearsing.planned(wire.session, "guidelines").account
    alice = msgspec.structs.replace(account.users["alice.meyer"], mfa=False)
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    assert account.root
    other = msgspec.structs.replace(
        account,
        users={**account.users, "alice.meyer": alice},
        state={**account.state, at("iam.password_policy"): None},
        root=msgspec.structs.replace(account.root, last_used=long_ago),
        summary={**account.summary, "GroupsPerUserQuota": 11, "Users": 7},
        trails=account.trails[:1],
    )
    found = twins.differences(account, other)
    wanted = {"iam.user/alice.meyer", "iam.password_policy", "root", "iam.summary/GroupsPerUserQuota", "cloudtrail"}
    assert set(found) == wanted
    unread = msgspec.structs.replace(account, unknown={"iam.user": "denied", "cloudtrail": "denied"})
    assert set(twins.differences(unread, other)) == wanted - {"iam.user/alice.meyer", "cloudtrail"}
