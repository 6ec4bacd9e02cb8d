"""The kinds that a trail is made of, against moto: what is written is what is read, and calls can be sent again."""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from graphlib import TopologicalSorter
from typing import Any

import pytest
from support.contract.trail import (
    ACCOUNT,
    ADVANCED,
    BUCKET,
    DATA,
    FOR_CLOUDTRAIL,
    GROUP,
    GROUP_ARN,
    HOME,
    OPEN,
    ROLE_ARN,
    TRAIL,
    TRAIL_AT,
    WITH_TRAIL,
    expiry,
    policy,
    trust,
)

from remediate.account import Account
from remediate.aws.reader import read_more
from remediate.aws.reader.trails import read_regions, read_trails
from remediate.aws.resources import cloudtrail, iam_roles, kms, logs, s3
from remediate.aws.resources.base import Resource
from remediate.aws.resources.iam_policies import Inline
from remediate.aws.session import Session
from remediate.controls.trail import Settings, control
from remediate.errors import CallFailed, CredentialsEnded, Denied, OutcomeUnknown
from remediate.model import AccountId, Address, Value, at, kind_of
from remediate.playbook import Playbook
from remediate.playbook.scope import Scope
from remediate.sandbox import Sandbox
from remediate.sandbox.strict import settings

WHERE = AccountId(partition="aws", account=ACCOUNT)
SCOPE = Scope(playbook=Playbook(name="test"), now=datetime(2026, 1, 1, tzinfo=UTC))
KINDS: Mapping[str, Resource] = {
    r.kind: r
    for r in (
        *cloudtrail.RESOURCES,
        *iam_roles.RESOURCES,
        *kms.RESOURCES,
        *logs.RESOURCES,
        *s3.RESOURCES,
        Inline("role"),
    )
}


REGIONS = {"us-east-1": "opt-in-not-required", "af-south-1": "not-opted-in", "ap-east-1": "opted-in"}


@pytest.fixture
def server(aws: object, sandbox: Sandbox) -> str:
    return sandbox.url


@pytest.fixture
def session(server: str) -> Session:
    return Session(endpoint_url=server, region="us-east-1")


def read(session: Session, address: Address) -> Value:
    return KINDS[kind_of(address)].read(session, address).get(address)


def arn_of(session: Session, name: str) -> Value:
    """The ARN by which values name this key."""
    here = Account(id=ACCOUNT, partition="aws", caller="", state={})
    return read_more(session, here, [at("kms.arn", HOME, name)]).facts.get(at("kms.arn", HOME, name))


def write(session: Session, address: Address, before: Value, after: Value) -> None:
    KINDS[kind_of(address)].write(session, address, before, after)


REVERSALS: list[tuple[Address, Value, Value, str]] = [
    (BUCKET, None, {"region": HOME}, "impossible"),
    (GROUP, None, {"class": "STANDARD"}, "impossible"),
    (at("kms.key", HOME, "alias/logs"), None, {}, "impossible"),
    (at("kms.key", HOME, "alias/logs"), {"policy": policy("a")}, {"policy": policy("b")}, "exact"),
    (at("kms.rotation", HOME, "alias/logs"), None, True, "exact"),
    (at("kms.key_policy", HOME, "1"), {}, policy("a"), "exact"),
    (at("s3.bucket_versioning", "logs"), None, "Enabled", "equivalent"),
    (at("s3.bucket_versioning", "logs"), "Enabled", None, "exact"),
    (at("s3.bucket_policy", "logs"), None, policy("a"), "exact"),
    (at("logs.retention", HOME, "audit"), 30, 90, "exact"),
    (at("iam.role", "delivery"), None, {}, "exact"),
    (at("iam.role", "delivery"), {}, None, "impossible"),
    (TRAIL_AT, None, TRAIL, "exact"),
    (TRAIL_AT, TRAIL, None, "equivalent"),
    (at("cloudtrail.logging", HOME, "main"), None, "logging", "exact"),
]


@pytest.mark.parametrize(("address", "before", "after", "label"), REVERSALS)
def test_says_how_far_it_can_be_taken_back(address: Address, before: Value, after: Value, label: str) -> None:
    found, loss = KINDS[kind_of(address)].reversal(before, after)
    assert found == label
    assert bool(loss) == (label != "exact")


PARENTS = {
    at("s3.bucket_policy", "logs"): BUCKET,
    at("logs.retention", HOME, "audit"): GROUP,
    at("cloudtrail.logging", HOME, "main"): TRAIL_AT,
    at("cloudtrail.selectors", HOME, "main"): TRAIL_AT,
    at("iam.role_inline", "delivery", "delivery"): at("iam.role", "delivery"),
    TRAIL_AT: None,
    at("kms.key", HOME, "alias/logs"): None,
    at("kms.rotation", HOME, "alias/logs"): at("kms.key", HOME, "alias/logs"),
}


def test_a_setting_stays_with_what_it_is_a_setting_of() -> None:
    assert {address: KINDS[kind_of(address)].parent(address) for address in PARENTS} == PARENTS
    role = at("iam.role", "delivery")
    assert KINDS["iam.role"].principal(role) == role
    assert KINDS["iam.role"].carries_access()


def test_what_a_trail_with_everything_asks_of_the_caller() -> None:
    value = {**TRAIL, "kms_key": f"arn:aws:kms:{HOME}:{ACCOUNT}:key/1", "role": ROLE_ARN, "organization": True}
    asked = {(p.action, p.resource) for p in KINDS["cloudtrail.trail"].permissions(TRAIL_AT, TRAIL, value, WHERE)}
    assert asked == {
        ("cloudtrail:DescribeTrails", "*"),
        ("cloudtrail:UpdateTrail", f"arn:aws:cloudtrail:{HOME}:{ACCOUNT}:trail/main"),
        ("iam:PassRole", ROLE_ARN),
        ("kms:DescribeKey", value["kms_key"]),
        ("kms:ListResourceTags", value["kms_key"]),
        ("organizations:DescribeOrganization", "*"),
        ("organizations:ListAWSServiceAccessForOrganization", "*"),
    }
    key = KINDS["kms.key_policy"].permissions(at("kms.key_policy", HOME, "1"), None, None, WHERE)
    assert {p.resource for p in key} == {f"arn:aws:kms:{HOME}:{ACCOUNT}:key/1"}


def test_what_is_never_done_is_refused_before_any_call() -> None:
    unused = Session.__new__(Session)
    never: list[tuple[Address, Value, Value]] = [
        (at("iam.role", "delivery"), {"path": "/a/", "trust": {}}, {"path": "/b/", "trust": {}}),
    ]
    for address, before, after in never:
        with pytest.raises(CallFailed, match="NeverDone"):
            write(unused, address, before, after)


def test_settings_of_a_trail_that_is_not_there_are_absent(session: Session) -> None:
    for kind in cloudtrail.RESOURCES:
        assert kind.read(session, at(kind.kind, HOME, "nothing")) == {}
    with pytest.raises(CallFailed, match="NotFoundException"):
        write(session, at("kms.key", HOME, "alias/none"), {"policy": policy("a")}, {"policy": policy("b")})
    assert read(session, at("kms.rotation", HOME, "alias/none")) is None
    with pytest.raises(CallFailed, match="NotFoundException"):
        write(session, at("kms.rotation", HOME, "alias/none"), None, True)


def test_a_key_that_keeps_its_tags_to_itself_goes_by_its_own_arn(server: str, session: Session) -> None:
    write(session, at("kms.key", HOME, "alias/logs"), None, {"policy": policy("a")})
    key = session.read("kms", "describe_key", region=HOME, KeyId="alias/logs")["KeyMetadata"]["Arn"]
    session.pages = refused  # type: ignore[method-assign]
    assert kms.canonical_arn(session, key, ACCOUNT) == key


def refused(*_: object, **__: object) -> Iterator[dict[str, Any]]:
    raise Denied("list_resource_tags", "AccessDeniedException", "not allowed by the key's policy")
    yield {}


def test_a_trail_needs_all_that_cloudtrail_tests() -> None:
    key = f"arn:aws:kms:{HOME}:{ACCOUNT}:alias/logs"
    value = {**TRAIL, "kms_key": key, "log_group": GROUP_ARN, "role": ROLE_ARN}
    assert set(KINDS["cloudtrail.trail"].uses(TRAIL_AT, value)) == {
        BUCKET,
        at("s3.bucket_policy", "logs"),
        at("s3.bucket_public_access", "logs"),
        at("kms.key", HOME, "alias/logs"),
        at("kms.key_policy", HOME, "alias/logs"),
        GROUP,
        at("iam.role", "delivery"),
        at("iam.role_inline", "delivery", "delivery"),
    }
    assert list(KINDS["cloudtrail.trail"].uses(TRAIL_AT, None)) == []


def test_a_bucket_is_logged_to_another_that_is_ready_for_it() -> None:
    value: Value = {"TargetBucket": "access", "TargetPrefix": "logs/"}
    assert set(KINDS["s3.bucket_logging"].uses(at("s3.bucket_logging", "logs"), value)) == {
        BUCKET,
        at("s3.bucket_policy", "logs"),
        at("s3.bucket", "access"),
        at("s3.bucket_policy", "access"),
        at("s3.bucket_public_access", "access"),
    }


def test_a_key_whose_creation_was_never_answered_is_found_again(session: Session) -> None:
    address = at("kms.key", HOME, "alias/logs")
    tags = [{"TagKey": kms.TAG, "TagValue": "alias/logs"}]
    first = session.write("kms", "create_key", region=HOME, Policy=json.dumps(policy("old")), Tags=tags)
    session.write("kms", "create_key", region=HOME, Tags=[{"TagKey": kms.TAG, "TagValue": "alias/other"}])
    assert read(session, address) is None
    write(session, address, None, {"policy": policy("new")})
    assert read(session, address) == {"policy": policy("new")}
    assert len(session.read("kms", "list_keys", region=HOME)["Keys"]) == 2
    found = session.read("kms", "describe_key", region=HOME, KeyId="alias/logs")["KeyMetadata"]["KeyId"]
    assert found == first["KeyMetadata"]["KeyId"]


@pytest.mark.parametrize("arrived", [False, True], ids=["never arrived", "answer lost"])
@pytest.mark.parametrize("failing", ["create_key", "create_alias"])
def test_a_key_is_made_once_whatever_is_lost(session: Session, failing: str, arrived: bool) -> None:
    address = at("kms.key", HOME, "alias/logs")
    value: Value = {"policy": policy("a")}
    send = session.write

    def lossy(service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        answer = send(service, operation, **parameters) if operation != failing or arrived else {}
        if operation == failing:
            raise OutcomeUnknown(operation, "ReadTimeoutError", "no answer")
        return answer

    session.write = lossy  # type: ignore[method-assign]
    with pytest.raises(OutcomeUnknown):
        write(session, address, None, value)
    session.write = send  # type: ignore[method-assign]
    if read(session, address) is None:
        write(session, address, None, value)
    assert read(session, address) == value
    assert len(session.read("kms", "list_keys", region=HOME)["Keys"]) == 1


def test_a_key_of_ours_is_named_by_its_alias_and_any_other_by_its_own_arn(session: Session) -> None:
    write(session, at("kms.key", HOME, "alias/logs"), None, {"policy": FOR_CLOUDTRAIL})
    ours = session.read("kms", "describe_key", region=HOME, KeyId="alias/logs")["KeyMetadata"]["Arn"]
    other = session.write("kms", "create_key", region=HOME)["KeyMetadata"]["Arn"]
    alias = f"arn:aws:kms:{HOME}:{ACCOUNT}:alias/logs"
    assert arn_of(session, "alias/logs") == alias
    assert arn_of(session, other.rpartition("/")[2]) == other
    assert arn_of(session, "alias/none") is None
    foreign = f"arn:aws:kms:{HOME}:999999999999:key/1"
    for other_address, value in OPEN.items():
        write(session, other_address, None, value)
    write(session, TRAIL_AT, None, {**TRAIL, "kms_key": ours})
    assert read(session, TRAIL_AT) == {**TRAIL, "kms_key": alias}
    gone = f"arn:aws:kms:{HOME}:{ACCOUNT}:key/11111111-1111-1111-1111-111111111111"
    settings.trail_keys = False  # a key can be deleted or closed after a trail was given it
    for key in (other, foreign, gone):
        session.write("cloudtrail", "update_trail", region=HOME, Name="main", KmsKeyId=key)
        assert read(session, TRAIL_AT) == {**TRAIL, "kms_key": key}


def test_a_key_that_cannot_encrypt_says_so(session: Session) -> None:
    address = at("kms.key", HOME, "alias/logs")
    write(session, address, None, {"policy": policy("a")})
    id = session.read("kms", "describe_key", region=HOME, KeyId="alias/logs")["KeyMetadata"]["KeyId"]
    session.write("kms", "disable_key", region=HOME, KeyId=id)
    assert read(session, address) == {"policy": policy("a"), "state": "Disabled"}
    assert arn_of(session, "alias/logs") is None


def test_the_policy_of_somebody_elses_key(session: Session) -> None:
    id = session.write("kms", "create_key", region=HOME, Policy=json.dumps(policy("a")))["KeyMetadata"]["KeyId"]
    address = at("kms.key_policy", HOME, id)
    assert read(session, address) == policy("a")
    write(session, address, policy("a"), policy("a", "b"))
    assert read(session, address) == policy("a", "b")
    with pytest.raises(CallFailed, match="NeverDone"):
        write(session, address, policy("a"), None)
    assert read(session, at("kms.key_policy", HOME, "none")) is None


def test_sse_s3_is_what_every_bucket_has(session: Session) -> None:
    write(session, BUCKET, None, {"region": HOME})
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
    session.write("s3", "put_bucket_encryption", Bucket="logs", ServerSideEncryptionConfiguration=rules)
    assert read(session, at("s3.bucket_encryption", "logs")) is None


def test_settings_of_a_bucket_that_is_not_there_are_absent(session: Session) -> None:
    for kind in s3.RESOURCES:
        assert kind.read(session, at(kind.kind, "nowhere")) == {}


def test_only_what_differs_is_sent_to_update_a_trail() -> None:
    after = {**TRAIL, "validation": True, "log_group": GROUP_ARN}
    assert cloudtrail.difference({**TRAIL, "kms_key": "k", "role": "r"}, {**after, "role": "r"}) == {
        "EnableLogFileValidation": True,
        "KmsKeyId": "",
        "CloudWatchLogsLogGroupArn": GROUP_ARN,
        "CloudWatchLogsRoleArn": "r",
    }


class Spy(Session):
    """A session in which some calls fail, as (operation, region) says."""

    failing: dict[tuple[str, str], CallFailed]

    def read(self, service: str, operation: str, *, region: str = "", **parameters: Any) -> dict[str, Any]:
        if (operation, region) in self.failing:
            raise self.failing[operation, region]
        return super().read(service, operation, region=region, **parameters)


@pytest.fixture
def spy(session: Session, server: str) -> Spy:
    found = Spy(endpoint_url=server, region="us-east-1")
    found.failing = {}
    for address, value in OPEN.items():
        write(session, address, None, value)
    write(session, TRAIL_AT, None, {**TRAIL, "multi_region": True})
    write(session, at("cloudtrail.logging", HOME, "main"), None, "logging")
    write(session, at("cloudtrail.trail", "us-east-1", "local"), None, TRAIL)
    write(session, at("cloudtrail.selectors", "us-east-1", "local"), None, ADVANCED)
    return found


def test_reads_each_trail_once_in_its_home_region(spy: Spy) -> None:
    with ThreadPoolExecutor(4) as pool:
        part = read_trails(spy, ACCOUNT, ["eu-west-1", "us-east-1", "us-west-2"], pool)
    assert spy.calls == 3 + 2 * 2
    assert part.state == {
        TRAIL_AT: {**TRAIL, "multi_region": True},
        at("cloudtrail.logging", HOME, "main"): "logging",
        at("cloudtrail.trail", "us-east-1", "local"): TRAIL,
        at("cloudtrail.selectors", "us-east-1", "local"): ADVANCED,
    }
    assert [(t.name, t.home, t.multi_region, t.logging) for t in part.trails] == [
        ("main", HOME, True, True),
        ("local", "us-east-1", False, False),
    ]
    assert not part.unknown
    for address, value in part.state.items():
        assert read(spy, address) == value


def test_what_could_not_be_read_is_unknown(spy: Spy) -> None:
    spy.failing = {
        ("describe_trails", "us-west-2"): Denied("describe_trails", "AccessDenied", "by a policy of the organization"),
        ("describe_trails", "af-south-1"): CredentialsEnded("describe_trails", "UnrecognizedClientException", "who?"),
        ("get_trail_status", HOME): Denied("get_trail_status", "AccessDenied", "no"),
        ("get_event_selectors", "us-east-1"): Denied("get_event_selectors", "AccessDenied", "no"),
    }
    with ThreadPoolExecutor(4) as pool:
        part = read_trails(spy, ACCOUNT, ["af-south-1", "eu-west-1", "us-east-1", "us-west-2"], pool)
        assert set(part.unknown) == {
            "cloudtrail.trail/af-south-1",
            "cloudtrail.trail/us-west-2",
            "cloudtrail.logging/eu-west-1/main",
            "cloudtrail.selectors/us-east-1/local",
        }
        assert {t.name: t.logging for t in part.trails} == {"main": None, "local": False}
        for operation in ("describe_trails", "get_trail_status"):
            spy.failing = {(operation, HOME): CredentialsEnded(operation, "ExpiredToken", "late")}
            with pytest.raises(CredentialsEnded):
                read_trails(spy, ACCOUNT, [HOME], pool)
        spy.failing = {
            ("get_trail_status", HOME): CredentialsEnded("get_trail_status", "UnrecognizedClientException", "who?")
        }
        assert set(read_trails(spy, ACCOUNT, [HOME], pool).unknown) == {"cloudtrail.logging/eu-west-1/main"}


def test_a_trail_of_another_account_goes_by_its_arn(spy: Spy) -> None:
    with ThreadPoolExecutor(2) as pool:
        part = read_trails(spy, "999999999999", [HOME], pool)
    arn = f"arn:aws:cloudtrail:{HOME}:{ACCOUNT}:trail/main"
    address = at("cloudtrail.trail", HOME, arn)
    assert set(part.state) == {address, at("cloudtrail.logging", HOME, arn)}
    assert read(spy, address) == part.state[address]


def test_regions_are_those_that_are_enabled(session: Session) -> None:
    regions = read_regions(session)
    assert "us-east-1" in regions
    assert session.calls == 1
    answers = [{"RegionName": name, "OptInStatus": status} for name, status in REGIONS.items()]
    session.read = lambda *_, **__: {"Regions": answers}  # type: ignore[method-assign]
    assert read_regions(session) == ("ap-east-1", "us-east-1")


MESS: Mapping[str, Mapping[Address, Value]] = {
    "nothing there": {},
    "a trail of one region for data events": {
        **WITH_TRAIL,
        at("cloudtrail.selectors", HOME, "main"): {"EventSelectors": [DATA | {"IncludeManagementEvents": True}]},
        at("s3.bucket_lifecycle", "logs"): expiry(30),
    },
    "a stopped trail of one region": {
        **WITH_TRAIL,
        at("cloudtrail.selectors", HOME, "main"): {
            "EventSelectors": [{**cloudtrail.EVERYTHING, "ReadWriteType": "WriteOnly"}]
        },
        at("s3.bucket_lifecycle", "logs"): expiry(30),
    },
    "a role and a key are there": {
        at("iam.role", "CloudTrailToCloudWatchLogs"): {"path": "/audit/", "trust": trust("ec2.amazonaws.com")},
        at("kms.key", HOME, "alias/audit-logs"): {"policy": policy("theirs")},
    },
}


def account_of(session: Session, settings: Settings) -> Account:
    """The account as the control sees it after all its rounds of asking."""
    with ThreadPoolExecutor(4) as pool:
        part = read_trails(session, ACCOUNT, [HOME, "us-east-1"], pool)
    caller = f"arn:aws:iam::{ACCOUNT}:user/me"
    here = Account(id=ACCOUNT, partition="aws", caller=caller, region=HOME, state=part.state, trails=part.trails)
    while more := frozenset(control.asks(here, settings, SCOPE)) - here.asked:
        here = read_more(session, here, more)
    return here


@pytest.mark.parametrize("access_log_bucket", [True, "access"])
@pytest.mark.parametrize("mess", MESS.values(), ids=MESS.keys())
def test_the_control_repairs_the_account_and_then_finds_nothing(
    session: Session, mess: Mapping[Address, Value], access_log_bucket: bool | str
) -> None:
    for address, value in {BUCKET: {"region": HOME}, at("s3.bucket", "access"): {"region": HOME}, **mess}.items():
        write(session, address, None, value)
    settings = Settings(kms=True, access_log_bucket=access_log_bucket)
    here = account_of(session, settings)
    wants = {want.address: want for fault in control.check(here, settings, SCOPE) for want in fault.wants}
    assert wants
    needs = {a: {u for u in KINDS[kind_of(a)].uses(a, w.after) if u in wants} for a, w in wants.items()}
    for address in TopologicalSorter(needs).static_order():
        assert read(session, address) == here.value(address)
        write(session, address, here.value(address), wants[address].after)
        assert read(session, address) == wants[address].after
    after = account_of(session, settings)
    left = list(control.check(after, settings, SCOPE))
    assert [fault.address for fault in left if not fault.manual] == []
    assert [t.logging for t in after.trails if t.multi_region] == [True]
