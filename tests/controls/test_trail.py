"""The trail control on accounts written by hand: what it finds, what it wants, and what it leaves alone."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.stress import examples

from remediate.account import Account, Trail
from remediate.controls.trail import Settings, control
from remediate.controls.trail_access_logs import PARTS
from remediate.controls.trail_documents import (
    Names,
    access_log_statement,
    bucket_statements,
    kept_for,
    key_statements,
    loose,
    merged,
    only_encrypted,
)
from remediate.controls.trail_key import OWN_ALIAS
from remediate.controls.trail_selectors import EVERYTHING, covers_management, records_more, widened
from remediate.errors import Unreadable
from remediate.model import AccountId, Address, Fault, Value, Want, at
from remediate.playbook import Playbook
from remediate.playbook.scope import Scope

ME, HOME = "111122223333", "eu-west-1"
WHERE = AccountId(partition="aws", account=ME)
SCOPE = Scope(playbook=Playbook(name="test"), now=datetime(2026, 1, 1, tzinfo=UTC))
NAMES = Names(where=WHERE, home=HOME, trail="main", bucket="logs")
PLAIN = Settings(log_group=None)

TRAIL = at("cloudtrail.trail", HOME, "main")
LOGGING = at("cloudtrail.logging", HOME, "main")
SELECTORS = at("cloudtrail.selectors", HOME, "main")
BUCKET, POLICY = at("s3.bucket", "logs"), at("s3.bucket_policy", "logs")
LIFECYCLE = at("s3.bucket_lifecycle", "logs")
LOGGED = at("s3.bucket_logging", "logs")
ACCESS = f"aws-cloudtrail-access-logs-{ME}-{HOME}"
OWN = Settings(log_group=None, access_log_bucket=True)
NEW = "management-events"
NEW_BUCKET = f"aws-cloudtrail-logs-{ME}-{HOME}"
KEY = f"arn:aws:kms:{HOME}:{ME}:key/1234"
FOREIGN = "arn:aws:cloudtrail:us-east-1:999999999999:trail/org"

GOOD: Mapping[str, Value] = {
    "bucket": "logs",
    "multi_region": True,
    "global_services": True,
    "validation": True,
    "organization": False,
}
BLOCKED: Value = dict.fromkeys(
    ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
)
POLICY_GOOD: Value = {"Version": "2012-10-17", "Statement": bucket_statements(NAMES)}
SETTLED: Mapping[Address, Value] = {
    TRAIL: GOOD,
    LOGGING: "logging",
    BUCKET: {"region": HOME},
    POLICY: POLICY_GOOD,
    at("s3.bucket_public_access", "logs"): BLOCKED,
    at("s3.bucket_versioning", "logs"): "Enabled",
}


def facts(
    name: str = "main", *, home: str = HOME, owner: str = ME, multi: bool = True, logs: bool | None = True
) -> Trail:
    arn = f"arn:aws:cloudtrail:{home}:{owner}:trail/{name}"
    return Trail(name=name, arn=arn, home=home, multi_region=multi, organization=owner != ME, logging=logs)


def account(
    changed: Mapping[Address, Value] | None = None,
    trails: tuple[Trail, ...] = (facts(),),
    unknown: Mapping[str, str] | None = None,
) -> Account:
    entries = {a: v for a, v in {**SETTLED, **(changed or {})}.items() if v is not None}
    names = {a: v for a, v in entries.items() if a.startswith("kms.arn/")}
    state = {a: v for a, v in entries.items() if a not in names}
    return Account(
        id=ME,
        partition="aws",
        caller=f"arn:aws:iam::{ME}:user/me",
        region=HOME,
        state=state,
        facts=names,
        trails=trails,
        unknown=unknown or {},
    )


def asked(here: Account, settings: Settings) -> Account:
    """Everything the control asks for has been read: the account's state is all there is."""
    for _ in range(5):
        more = frozenset(control.asks(here, settings, SCOPE)) - here.asked
        if not more:
            return here
        here = msgspec.structs.replace(here, asked=here.asked | more)
    raise AssertionError("the control never stops asking")


def found(here: Account, settings: Settings = PLAIN) -> list[Fault]:
    return list(control.check(asked(here, settings), settings, SCOPE))


def wants(here: Account, settings: Settings = PLAIN) -> dict[Address, Want]:
    each = [want for fault in found(here, settings) for want in fault.wants]
    assert len({want.address for want in each}) == len(each)
    assert all(want.after != here.value(want.address) for want in each)
    return {want.address: want for want in each}


def repaired(here: Account, settings: Settings) -> Account:
    """The account after the control's wants were written, with the trails as a new reading shows them."""
    state = {**here.state, **{a: w.after for a, w in wants(here, settings).items()}}
    trails = {t.arn: t for t in here.trails}
    for address, value in state.items():
        kind, home, name = address.split("/", 2) if address.count("/") > 1 else (address, "", "")
        if kind == "cloudtrail.trail" and not name.startswith("arn:") and isinstance(value, Mapping):
            logs = state.get(at("cloudtrail.logging", home, name)) == "logging"
            trail = facts(name, home=home, multi=bool(value["multi_region"]), logs=logs)
            trails[trail.arn] = trail
    return msgspec.structs.replace(here, state=state, trails=tuple(trails.values()), asked=frozenset())


@dataclass
class Case:
    title: str
    changed: Mapping[Address, Value] = field(default_factory=dict)
    trails: tuple[Trail, ...] = (facts(),)
    settings: Settings = PLAIN
    expected: Mapping[Address, Value] = field(default_factory=dict)
    """What is wanted at these addresses."""
    others: bool = False
    """Whether more is wanted than what is named."""
    manual: str = ""


ONE_REGION = {**GOOD, "multi_region": False, "validation": False}
NEW_TRAIL: Value = {**GOOD, "bucket": NEW_BUCKET}
GROUP = f"arn:aws:logs:{HOME}:{ME}:log-group:audit:*"
KEPT: Value = {"Rules": [{"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 30}}]}
LONGER: Value = {"Rules": [{"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 365}}]}
TAGGED: Value = {
    "Rules": [
        {"ID": "x", "Status": "Enabled", "Filter": {"Tag": {"Key": "a", "Value": "b"}}, "Expiration": {"Days": 1}},
        {"ID": "y", "Status": "Disabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}},
        {"ID": "z", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 1}},
    ]
}
WRITES: Value = {"EventSelectors": [{**EVERYTHING, "ReadWriteType": "WriteOnly"}]}
DATA: Mapping[str, Value] = {
    **EVERYTHING,
    "IncludeManagementEvents": False,
    "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}],
}
OPEN_STATEMENTS = [{**s, "Sid": f"AWS{i}", "Condition": {}} for i, s in enumerate(bucket_statements(NAMES))]

CASES = [
    Case("clean"),
    Case("nobody's single-region trail is touched", trails=(facts(), facts("old", multi=False))),
    Case(
        "no trail",
        trails=(),
        expected={
            at("s3.bucket", NEW_BUCKET): {"region": HOME},
            at("cloudtrail.trail", HOME, NEW): NEW_TRAIL,
            at("cloudtrail.logging", HOME, NEW): "logging",
            at("s3.bucket_public_access", NEW_BUCKET): BLOCKED,
            at("s3.bucket_versioning", NEW_BUCKET): "Enabled",
        },
        others=True,
    ),
    Case("stopped", {LOGGING: None}, (facts(logs=False),), expected={LOGGING: "logging"}),
    Case("one region", {TRAIL: ONE_REGION}, (facts(multi=False),), expected={TRAIL: GOOD}),
    Case(
        "the one that logs is upgraded, not the one that is named",
        {TRAIL: ONE_REGION, at("cloudtrail.trail", HOME, NEW): ONE_REGION},
        (facts(NEW, multi=False, logs=False), facts(multi=False)),
        expected={TRAIL: GOOD},
    ),
    Case(
        "the one that is complete stays the one",
        {at("cloudtrail.trail", HOME, "aaa"): {**GOOD, "validation": False}},
        (facts("aaa"), facts()),
    ),
    Case(
        "a trail for data events in one region is no candidate",
        {TRAIL: ONE_REGION, SELECTORS: {"EventSelectors": [DATA]}},
        (facts(multi=False),),
        expected={at("cloudtrail.trail", HOME, NEW): NEW_TRAIL},
        others=True,
    ),
    Case(
        "write events only, in one region",
        {TRAIL: ONE_REGION, SELECTORS: WRITES},
        (facts(multi=False),),
        expected={TRAIL: GOOD, SELECTORS: None},
    ),
    Case("write events only", {SELECTORS: WRITES}, expected={SELECTORS: None}),
    Case(
        "data events only",
        {SELECTORS: {"EventSelectors": [DATA]}},
        expected={SELECTORS: {"EventSelectors": [EVERYTHING, DATA]}},
    ),
    Case("the organization's trail covers", trails=(facts("org", home="us-east-1", owner="999999999999"),)),
    Case(
        "the organization's trail lacks",
        {at("cloudtrail.trail", "us-east-1", FOREIGN): {**GOOD, "validation": False}},
        (facts("org", home="us-east-1", owner="999999999999"),),
        manual="log file validation",
    ),
    Case(
        "the organization's trail is stopped",
        trails=(facts("org", home="us-east-1", owner="999999999999", logs=False),),
        expected={at("cloudtrail.trail", HOME, NEW): NEW_TRAIL},
        others=True,
    ),
    Case(
        "a key of its own",
        settings=Settings(log_group=None, kms=True),
        expected={TRAIL: {**GOOD, "kms_key": f"arn:aws:kms:{HOME}:{ME}:{OWN_ALIAS}"}},
        others=True,
    ),
    Case(
        "a key by its alias",
        {
            at("kms.arn", HOME, "alias/team"): KEY,
            at("kms.key_policy", HOME, "1234"): {"Version": "2012-10-17", "Statement": key_statements(NAMES)},
        },
        settings=Settings(log_group=None, kms="alias/team"),
        expected={TRAIL: {**GOOD, "kms_key": KEY}},
    ),
    Case("no such key", settings=Settings(log_group=None, kms="alias/team"), manual="no enabled key alias/team"),
    Case(
        "a key elsewhere",
        settings=Settings(log_group=None, kms=f"arn:aws:kms:us-east-1:{ME}:key/1"),
        manual="is in us-east-1",
    ),
    Case(
        "somebody else's key",
        settings=Settings(log_group=None, kms=f"arn:aws:kms:{HOME}:999999999999:key/1"),
        expected={TRAIL: {**GOOD, "kms_key": f"arn:aws:kms:{HOME}:999999999999:key/1"}},
    ),
    Case(
        "somebody else's alias",
        settings=Settings(log_group=None, kms=f"arn:aws:kms:{HOME}:999999999999:alias/x"),
        manual="name the key's own ARN",
    ),
    Case(
        "a key of ours that is disabled",
        {at("kms.key", HOME, OWN_ALIAS): {"policy": {}, "state": "Disabled"}},
        settings=Settings(log_group=None, kms=True),
        manual="is Disabled",
    ),
    Case(
        "a key that another tool made under our alias",
        {at("kms.arn", HOME, OWN_ALIAS): KEY, at("kms.key", HOME, OWN_ALIAS): {"policy": {}}},
        settings=Settings(log_group=None, kms=True),
        expected={TRAIL: {**GOOD, "kms_key": KEY}},
        others=True,
    ),
    Case("the key stays", {TRAIL: {**GOOD, "kms_key": KEY}}, settings=Settings(log_group=None, kms=True)),
    Case(
        "CloudWatch Logs",
        settings=Settings(),
        expected={
            TRAIL: {
                **GOOD,
                "log_group": f"arn:aws:logs:{HOME}:{ME}:log-group:aws-cloudtrail-logs:*",
                "role": f"arn:aws:iam::{ME}:role/CloudTrailToCloudWatchLogs",
            },
            at("logs.group", HOME, "aws-cloudtrail-logs"): {"class": "STANDARD"},
            at("logs.retention", HOME, "aws-cloudtrail-logs"): 365,
        },
        others=True,
    ),
    Case(
        "the log group stays, its retention grows",
        {
            TRAIL: {**GOOD, "log_group": GROUP, "role": "arn:aws:iam::1:role/r"},
            at("logs.group", HOME, "audit"): {"class": "STANDARD"},
            at("logs.retention", HOME, "audit"): 30,
        },
        settings=Settings(),
        expected={at("logs.retention", HOME, "audit"): 365},
    ),
    Case(
        "events that are kept for ever stay so",
        {TRAIL: {**GOOD, "log_group": GROUP}, at("logs.group", HOME, "audit"): {"class": "STANDARD"}},
        settings=Settings(),
    ),
    Case(
        "stricter than the playbook",
        {TRAIL: {**GOOD, "kms_key": KEY, "prefix": "p"}, LIFECYCLE: LONGER, POLICY: None},
        settings=Settings(log_group=None, retention_days=30, validation=False),
        others=True,
    ),
    Case("logs end too early", {LIFECYCLE: KEPT}, expected={LIFECYCLE: LONGER}),
    Case("rules about other things", {LIFECYCLE: TAGGED}),
    Case(
        "public",
        {at("s3.bucket_public_access", "logs"): None},
        expected={at("s3.bucket_public_access", "logs"): BLOCKED},
    ),
    Case(
        "statements for any account's trail",
        {POLICY: {"Version": "2012-10-17", "Statement": OPEN_STATEMENTS}},
        others=True,
        manual="for any account (AWS0, AWS1)",
    ),
    Case(
        "an access log, in a bucket that is there",
        {at("s3.bucket", "access"): {"region": HOME}},
        settings=Settings(log_group=None, access_log_bucket="access"),
        expected={
            at("s3.bucket_policy", "access"): {
                "Version": "2012-10-17",
                "Statement": [access_log_statement(NAMES, "access")],
            },
            LOGGED: {"TargetBucket": "access", "TargetPrefix": "logs/"},
        },
    ),
    Case(
        "an access log, in a bucket of its own",
        settings=OWN,
        expected={
            at("s3.bucket", ACCESS): {"region": HOME},
            at("s3.bucket_policy", ACCESS): {
                "Version": "2012-10-17",
                "Statement": [access_log_statement(NAMES, ACCESS), only_encrypted(WHERE, ACCESS)],
            },
            at("s3.bucket_public_access", ACCESS): BLOCKED,
            at("s3.bucket_lifecycle", ACCESS): kept_for("logs/", 365),
            LOGGED: {"TargetBucket": ACCESS, "TargetPrefix": "logs/"},
        },
    ),
    Case(
        "an access log is kept for ever where the playbook says so",
        settings=Settings(log_group=None, access_log_bucket=True, retention_days=None),
        expected={LOGGED: {"TargetBucket": ACCESS, "TargetPrefix": "logs/"}},
        others=True,
    ),
    Case(
        "the bucket of its own is there, from a plan that was rolled back or from somebody else",
        {at("s3.bucket", ACCESS): {"region": HOME}, at("s3.bucket_lifecycle", ACCESS): KEPT},
        settings=OWN,
        expected={
            at("s3.bucket_policy", ACCESS): {
                "Version": "2012-10-17",
                "Statement": [access_log_statement(NAMES, ACCESS)],
            },
            at("s3.bucket_public_access", ACCESS): BLOCKED,
            at("s3.bucket_lifecycle", ACCESS): LONGER,
            LOGGED: {"TargetBucket": ACCESS, "TargetPrefix": "logs/"},
        },
    ),
    Case(
        "the trail's bucket is elsewhere, and so is its access log's",
        {BUCKET: {"region": "eu-north-1"}},
        settings=OWN,
        expected={at("s3.bucket", ACCESS.replace(HOME, "eu-north-1")): {"region": "eu-north-1"}},
        others=True,
    ),
    Case(
        "a new trail's bucket is logged as well",
        trails=(),
        settings=OWN,
        expected={
            at("s3.bucket_logging", NEW_BUCKET): {"TargetBucket": ACCESS, "TargetPrefix": f"{NEW_BUCKET}/"},
            at("s3.bucket", ACCESS): {"region": HOME},
        },
        others=True,
    ),
    Case(
        "nowhere to put the access log",
        settings=Settings(log_group=None, access_log_bucket="access"),
        manual="there is no such bucket",
    ),
    Case(
        "an access log crosses no border",
        {at("s3.bucket", "access"): {"region": "us-west-2"}},
        settings=Settings(log_group=None, access_log_bucket="access"),
        manual=f"it is not in {HOME}",
    ),
    Case(
        "a bucket with a KMS key takes no access log",
        {at("s3.bucket", "access"): {"region": HOME}, at("s3.bucket_encryption", "access"): [{}]},
        settings=Settings(log_group=None, access_log_bucket="access"),
        manual="SSE-S3 alone",
    ),
    Case(
        "a log bucket does not log to itself",
        settings=Settings(log_group=None, access_log_bucket="logs"),
        manual="the bucket whose log it would be",
    ),
    Case(
        "the access log stays, with a bucket of its own asked for",
        {LOGGED: {"TargetBucket": "old", "TargetPrefix": ""}},
        settings=OWN,
    ),
    Case(
        "the access log stays where it is",
        {LOGGED: {"TargetBucket": "old", "TargetPrefix": ""}},
        settings=Settings(log_group=None, access_log_bucket="access"),
    ),
]


def case_account(case: Case) -> Account:
    changed = dict(case.changed)
    if any(t.organization for t in case.trails):
        changed = {at("cloudtrail.trail", "us-east-1", FOREIGN): GOOD, **changed}
    return account(changed, case.trails)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.title)
def test_finds_and_wants(case: Case) -> None:
    here = case_account(case)
    wanted = wants(here, case.settings)
    assert {a: wanted[a].after if a in wanted else "not wanted" for a in case.expected} == dict(case.expected)
    if not case.others:
        assert set(wanted) == set(case.expected)
    manuals = [f.manual.summary for f in found(here, case.settings) if f.manual]
    assert case.manual in " ".join(manuals)
    assert bool(manuals) == bool(case.manual)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.title)
def test_nothing_is_left_after_the_repair(case: Case) -> None:
    after = repaired(case_account(case), case.settings)
    assert wants(after, case.settings) == {}
    assert all(fault.manual for fault in found(after, case.settings))


def test_a_new_trail_names_in_uses_all_that_must_come_first() -> None:
    from remediate.aws.resources.cloudtrail import Trail as Kind

    wanted = wants(account(trails=()), Settings(kms=True))
    address = at("cloudtrail.trail", HOME, NEW)
    first = set(Kind().uses(address, wanted[address].after))
    later = {
        address,
        at("cloudtrail.logging", HOME, NEW),
        at("s3.bucket_versioning", NEW_BUCKET),
        at("s3.bucket_lifecycle", NEW_BUCKET),
        at("logs.retention", HOME, "aws-cloudtrail-logs"),
        at("kms.rotation", HOME, OWN_ALIAS),
    }
    assert set(wanted) - later <= first


def test_what_is_wanted_adds_and_blocking_strangers_says_so() -> None:
    wanted = wants(account({at("s3.bucket_public_access", "logs"): None, LOGGING: None}, (facts(logs=False),)))
    assert {a: w.risk for a, w in wanted.items()} == {
        LOGGING: "additive",
        at("s3.bucket_public_access", "logs"): "restrictive",
    }
    assert wanted[at("s3.bucket_public_access", "logs")].notice


def test_other_trails_are_named_as_evidence() -> None:
    faults = found(account({LOGGING: None}, (facts(logs=False), facts("old", multi=False, logs=False))))
    assert faults[0].evidence["other trails"] == [f"arn:aws:cloudtrail:{HOME}:{ME}:trail/old (not logging)"]


@pytest.mark.parametrize(
    ("gap", "trails", "settings"),
    [
        ("cloudtrail", (), PLAIN),
        ("cloudtrail.trail/eu-west-1", (), PLAIN),
        ("cloudtrail.logging/eu-west-1/main", (facts(logs=None),), PLAIN),
        ("cloudtrail.selectors/eu-west-1/main", (facts(),), PLAIN),
        ("s3.bucket/logs", (facts(),), PLAIN),
        ("s3.bucket_policy/logs", (facts(),), PLAIN),
        (f"s3.bucket/{NEW_BUCKET}", (), PLAIN),
        ("logs.group/eu-west-1/aws-cloudtrail-logs", (facts(),), Settings()),
        ("iam.role/CloudTrailToCloudWatchLogs", (facts(),), Settings()),
        ("s3.bucket_logging/logs", (facts(),), OWN),
        *((f"s3.{part}/{ACCESS}", (facts(),), OWN) for part in PARTS),
        ("kms.arn/eu-west-1/alias/team", (facts(),), Settings(log_group=None, kms="alias/team")),
        (
            f"cloudtrail.logging/us-east-1/{FOREIGN}",
            (facts("org", home="us-east-1", owner="9" * 12, logs=None),),
            PLAIN,
        ),
        (f"cloudtrail.selectors/us-east-1/{FOREIGN}", (facts("org", home="us-east-1", owner="9" * 12),), PLAIN),
    ],
)
def test_what_could_not_be_read_is_never_a_pass(gap: str, trails: tuple[Trail, ...], settings: Settings) -> None:
    with pytest.raises(Unreadable):
        found(account(trails=trails, unknown={gap: "AccessDenied"}), settings)


def test_a_region_that_is_closed_hides_no_multi_region_trail() -> None:
    assert found(account(unknown={"cloudtrail.trail/us-west-2": "AccessDenied"})) == []


@pytest.mark.parametrize(
    "raw",
    [
        {"name": "-x-"},
        {"name": "ab"},
        {"bucket": "Logs"},
        {"bucket": "logs-{user}"},
        {"bucket": "logs-{"},
        {"bucket": "a" * 51 + "-{account}"},
        {"bucket": "{}"},
        {"retention_days": 0},
        {"log_retention_days": 42},
        {"kms": "my-key"},
        {"home_region": "Ireland"},
        {"log_group": "a b"},
        {"access_log_bucket": "X"},
        {"access_log_bucket": 1},
        {"trail": "x"},
    ],
)
def test_bad_settings_are_refused(raw: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(raw, Settings)


@pytest.mark.parametrize(
    "raw",
    [{"kms": True}, {"kms": "alias/a/b"}, {"kms": KEY}, {"bucket": "l-{account}"}, {"access_log_bucket": True}, {}],
)
def test_good_settings_are_taken(raw: object) -> None:
    msgspec.convert(raw, Settings)


SOURCE = {"aws:SourceArn": NAMES.arn}
ACL = {"s3:x-amz-acl": "bucket-owner-full-control"}
SPOKEN: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"Sid": "AWSCloudTrailWrite20150319"}, True),
    ({"Action": ["s3:GetObject", "S3:PutObject"]}, True),
    ({"Action": "s3:*", "Resource": ["arn:aws:s3:::logs/*"]}, True),
    ({"Principal": {"Service": ["config.amazonaws.com", "cloudtrail.amazonaws.com"]}}, True),
    ({"Condition": {"StringEquals": SOURCE}}, True),
    ({"Condition": {"StringLike": {"AWS:SourceArn": f"arn:aws:cloudtrail:*:{ME}:trail/*"}, "StringEquals": ACL}}, True),
    ({"Condition": {"StringEquals": {**SOURCE, "aws:SourceAccount": ME}}}, True),
    ({"Condition": {"StringEquals": {**SOURCE, "aws:SourceAccount": "999999999999"}}}, False),
    ({"Condition": {"StringEquals": {"aws:SourceAccount": ME}}}, False),
    ({"Condition": {"StringEquals": {**SOURCE, "aws:PrincipalOrgID": "o-1"}}}, False),
    ({"Condition": {"StringNotEquals": SOURCE}}, False),
    ({"Condition": {"StringEquals": {"aws:SourceArn": f"{NAMES.arn}-2"}}}, False),
    ({"Resource": "arn:aws:s3:::logs/AWSLogs/999999999999/*"}, False),
    ({"Action": "s3:GetObject"}, False),
    ({"Principal": {"Service": "config.amazonaws.com"}}, False),
    ({"Effect": "Deny"}, False),
    ({"NotAction": "s3:GetObject"}, False),
]


@pytest.mark.parametrize(("change", "enough"), SPOKEN)
def test_a_statement_that_says_enough_is_not_said_again(change: dict[str, Any], enough: bool) -> None:
    write = bucket_statements(NAMES)[1]
    document: Value = {"Version": "2012-10-17", "Statement": {**write, "Sid": "theirs", **change}}
    assert (merged(document, [write], NAMES) == document) is enough


SELECTED: list[tuple[Value, bool]] = [
    (None, True),
    ({"EventSelectors": [EVERYTHING]}, True),
    (WRITES, False),
    ({"EventSelectors": [{**EVERYTHING, "ReadWriteType": k} for k in ("ReadOnly", "WriteOnly")]}, True),
    ({"EventSelectors": [{**EVERYTHING, "ExcludeManagementEventSources": ["kms.amazonaws.com"]}]}, False),
    ({"EventSelectors": [DATA] * 5}, False),
    ({"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}]}, True),
    ({"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]}]}, False),
    (
        {
            "AdvancedEventSelectors": [
                {
                    "FieldSelectors": [
                        {"Field": "eventCategory", "Equals": ["Management"]},
                        {"Field": "eventSource", "NotEquals": ["kms.amazonaws.com"]},
                    ]
                }
            ]
        },
        False,
    ),
    (
        {
            "AdvancedEventSelectors": [
                {
                    "FieldSelectors": [
                        {"Field": "eventCategory", "Equals": ["Management"]},
                        {"Field": "readOnly", "Equals": ["false"]},
                    ]
                },
                {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]},
            ]
        },
        False,
    ),
]


@pytest.mark.parametrize(("selectors", "covered"), SELECTED)
def test_management_events(selectors: Value, covered: bool) -> None:
    assert covers_management(selectors) is covered
    wide = widened(selectors)
    assert covers_management(wide)
    assert records_more(wide) is records_more(selectors)
    if isinstance(wide, Mapping):
        assert len(wide.get("EventSelectors") or []) <= 5  # type: ignore[arg-type]


texts = st.text('aB:*/ "ü', max_size=6)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
hints = st.sampled_from(
    ["Allow", "Deny", "*", "s3:*", "s3:PutObject", {"Service": "cloudtrail.amazonaws.com"}, "arn:aws:s3:::logs/*"]
)
known = st.sampled_from(
    ["Effect", "Action", "Resource", "Principal", "NotAction", "NotPrincipal", "Condition", "Version", "Statement"]
)
theirs = st.dictionaries(known | texts, hints | values, max_size=6).map(
    lambda s: {**s, "Sid": f"theirs {s.get('Sid')}"}
)
documents = st.none() | st.fixed_dictionaries(
    {"Version": st.sampled_from(["2008-10-17", "2012-10-17"]), "Statement": st.lists(theirs, max_size=5) | theirs},
    optional={"Id": texts},
)


@given(documents)
@settings(max_examples=examples(200))
def test_statements_of_other_people_stay_byte_for_byte(document: Value) -> None:
    for ours in (bucket_statements(NAMES), key_statements(NAMES)):
        after = merged(document, ours, NAMES)
        mine = {s["Sid"] for s in ours}
        assert statements(document) == [s for s in statements(after) if json.loads(s).get("Sid") not in mine]
        assert merged(after, ours, NAMES) == after
        assert isinstance(after, Mapping)
        before = document if isinstance(document, Mapping) else {"Version": "2012-10-17"}
        assert {k: v for k, v in after.items() if k != "Statement"} == {
            k: v for k, v in before.items() if k != "Statement"
        }
        loose(after, ours, NAMES)


def statements(document: Value) -> list[str]:
    found = document.get("Statement", []) if isinstance(document, Mapping) else []
    return [json.dumps(s) for s in (found if isinstance(found, list) else [found])]
