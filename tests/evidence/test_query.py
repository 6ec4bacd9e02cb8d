"""The SQL for Athena, run: what it and its rows come to is what the files come to."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from support import athena
from support import cloudtrail as ct

from remediate.cli.reading import folder
from remediate.errors import BadInput
from remediate.evidence.arns import _PART
from remediate.evidence.fold import Weeks
from remediate.evidence.gathered import span, told
from remediate.evidence.parameters import CALLED
from remediate.evidence.query import BLANKED, records, statement
from remediate.evidence.record import Told
from remediate.evidence.tables import table
from remediate.evidence.tally import COMPARED
from remediate.evidence.wire import encode
from remediate.policy import catalog

DAY = date(2026, 11, 16)
SPAN = span(ct.ACCOUNT, "aws", 30, datetime(2026, 11, 28, tzinfo=UTC))
PARTITION = {"account": ct.ACCOUNT, "region": "eu-west-1", "timestamp": "2026/11/16"}
OTHER = "999988887777"


def asked(
    found: Sequence[ct.Event], path: Path, columns: Mapping[str, str] = athena.COLUMNS, **partition: str
) -> Weeks:
    """What a table with these records comes to."""
    logs = table("default", "logs", athena.described(columns))
    rows = athena.answer(statement(logs, ct.ACCOUNT, DAY), found, {**PARTITION, **partition}, path)
    weeks: Weeks = {}
    told(folder(SPAN), records(logs, rows), weeks)
    return weeks


def read(found: Sequence[ct.Event]) -> Weeks:
    """What a file with these records comes to."""
    weeks: Weeks = {}
    folder(SPAN).file(ct.packed(found), weeks)
    return weeks


def kept(weeks: Weeks) -> dict[date, bytes]:
    for summary in weeks.values():
        summary.settle(ct.ACCOUNT)
    return {week: encode(summary, frozenset()) for week, summary in weeks.items()}


def test_a_busy_day_comes_to_the_same_bytes(tmp_path: Path) -> None:
    found = [one for seed in (0, 100, 250) for one in ct.busy(300, seed)]
    assert kept(asked(found, tmp_path)) == kept(read(found))


ROLE = f"arn:aws:iam::{ct.ACCOUNT}:role/app"
ALICE = ct.user("alice")


def listed(*arns: str | None, **more: Any) -> ct.Event:
    return ct.event("s3", "GetObject", resources=[{"ARN": arn} if arn else {"type": "x"} for arn in arns], **more)


def given(service: str, name: str, **parameters: Any) -> ct.Event:
    return ct.event(service, name, requestParameters=parameters)


QUEUE = f"https://sqs.eu-west-1.amazonaws.com/{ct.ACCOUNT}/jobs"
ODD: Mapping[str, Sequence[ct.Event]] = {
    "deep objects": [
        *(listed(f"arn:aws:s3:::b/x/y/z/{n}", "arn:aws:s3:::b") for n in range(3)),
        *(listed(f"arn:aws:s3:::b/{key}") for key in ("x/y/z", "x/y/z/", "x/y/z/\n/u", "x/*/z/?", 'x/"/ü/', "")),
        listed("arn:aws:s3:::b/x/y/z/a", "arn:aws:s3:::b/x/y/z/a/b", "arn:aws:s3:::b"),
        listed("arn:aws:s3:::b/x/y", "arn:aws:s3:::b/x/y/z/a/b/c", "arn:aws:s3:::c/x/y/z/a"),
    ],
    "lists of resources": [
        listed(),
        listed(None),
        listed(None, ROLE),
        listed(*(f"arn:aws:s3:::b{n}/k" for n in range(COMPARED)), "arn:aws:s3:::b1"),
        listed(*(f"arn:aws:s3:::b/x/y/z/{n}" for n in range(COMPARED + 2)), "arn:aws:s3:::b"),
        ct.event("kms", "Decrypt", resources=None, requestParameters={"keyId": "1234abcd-12ab-34cd-56ef-1234567890ab"}),
    ],
    "parameters": [
        given("iam", "GetRole", roleName="app"),
        given("iam", "GetRole", roleName="app", nextToken="t1", maxItems=7),
        given("iam", "GetRole", roleName=7),
        given("sns", "Publish", topicArn=f"arn:aws:sns:eu-west-1:{ct.ACCOUNT}:t", nextToken="t2", at=1.5e300),
        given("sns", "Publish", nextToken=f"arn:aws:sns:eu-west-1:{ct.ACCOUNT}:t", pageToken='t"\\', n=-1e-9),
        given("sqs", "SendMessage", queueUrl=QUEUE, messageBody='"nextToken":"x","n":5,\\"m\\":6'),
        given("dynamodb", "PutItem", tableName="orders:7", item={"a": [1, {"tableName": "7"}], ":5": ':5"'}),
        given("lambda", "Invoke20150331", functionName="f", startTime="Nov 16, 2026, 8:15:11 AM", endTime="x\\"),
        ct.event("ec2", "DescribeInstances"),
    ],
    "sessions": [
        ct.assumed("app", "s", "ASIA1", ALICE),
        ct.assumed("app", "s", "ASIA1", ALICE, eventTime="2026-11-16T08:15:59Z"),
        {**ct.assumed("app", "s", "ASIA2", ALICE), "resources": None},
        {**ct.assumed("app", "s", "ASIA3", ALICE), "errorCode": "AccessDenied", "responseElements": None},
        ct.event("s3", "ListBuckets", ct.session("app", "s", "ASIA1", mfa=True)),
        ct.event("s3", "ListBuckets", {"type": "AssumedRole", "arn": f"arn:aws:sts::{ct.ACCOUNT}:assumed-role/app/s"}),
    ],
    "sign-ins": [
        *(
            ct.event("signin", "ConsoleLogin", ct.user("bob", mfa=True), responseElements={"ConsoleLogin": said})
            for said in ("Failure", "Success")
        ),
        ct.event("signin", "ConsoleLogin", {"type": "Root", "arn": f"arn:aws:iam::{ct.ACCOUNT}:root"}),
    ],
    "identities": [
        ct.event("s3", "ListBuckets", who)
        for who in (
            {"type": "AWSService", "invokedBy": "ec2.amazonaws.com"},
            {"type": "AWSAccount", "accountId": OTHER, "principalId": "x"},
            {"type": "WebIdentityUser", "userName": "u*", "sessionContext": None},
            {"type": "FederatedUser", "arn": f"arn:aws:sts::{ct.ACCOUNT}:federated-user/u", "sessionContext": {}},
            {},
        )
    ],
    "accounts": [
        ct.event("s3", "ListBuckets", recipientAccountId=OTHER),
        ct.event("s3", "ListBuckets", recipientAccountId=""),
        ct.event("s3", "ListBuckets", ct.user("eve", account=OTHER), recipientAccountId=""),
        {name: value for name, value in ct.event("s3", "ListBuckets").items() if name != "recipientAccountId"},
    ],
    "times": [
        ct.event("s3", "ListBuckets", eventTime=f"2026-11-{text}Z")
        for text in ("16T08:59:59", "16T08:00:00", "16T09:00:00", "15T23:59:59", "16T08:30:00", "16T08:30:00")
    ],
    "programs and places": [
        ct.event("s3", "ListBuckets", sourceIPAddress=place, userAgent=agent)
        for place, agent in (
            ("203.0.113.7", "[S3Console/0.4, aws-internal/3]"),
            ("203.0.113.7", "[S3Console/0.4"),
            ("2001:DB8::1", " x"),
            ("cloudtrail.amazonaws.com", "a\nb c"),
            (None, None),
            ("", ""),
            ("AWS Internal", "*" * 300),
        )
    ],
    "what is passed over": [
        ct.event("s3", "ListBuckets"),
        ct.event("s3", ""),
        {name: value for name, value in ct.event("s3", "ListBuckets").items() if name != "eventSource"},
    ],
}


@pytest.mark.parametrize("case", ODD)
def test_odd_records_come_to_the_same_bytes(case: str, tmp_path: Path) -> None:
    weeks = kept(read(ODD[case]))
    assert kept(asked(ODD[case], tmp_path)) == weeks
    assert weeks


ALIKE: Mapping[str, Sequence[ct.Event]] = {
    "times": [ct.event("s3", "ListBuckets", eventTime=f"2026-11-16T08:{n:02}:00Z") for n in range(60)],
    "programs": [ct.event("s3", "ListBuckets", userAgent=f"aws-cli/2.31.3 {more}") for more in ("x", "y/1\n")],
    "deep objects": [listed(f"arn:aws:s3:::b/x/y/z/{key}", "arn:aws:s3:::b") for key in ("1", "2/3", "4\n5")],
    "parameters": [
        given("iam", "GetRole", roleName="app", nextToken=f"t{n}", maxItems=n, StartTime=f"Nov {n}", at=[{"n": n / 7}])
        for n in range(9)
    ],
    "of what is told by its resource": [given("s3", "GetObject", key=n) | listed("arn:aws:s3:::b/1") for n in "xy"],
}


@pytest.mark.parametrize("case", ALIKE)
def test_calls_that_a_summary_does_not_tell_apart_are_one_row(case: str, tmp_path: Path) -> None:
    logs = table("default", "logs", athena.described())
    rows = athena.answer(statement(logs, ct.ACCOUNT, DAY), ALIKE[case], PARTITION, tmp_path)
    assert [one.calls for one in records(logs, rows)] == [len(ALIKE[case])]
    assert kept(asked(ALIKE[case], tmp_path)) == kept(read(ALIKE[case]))


@pytest.mark.parametrize(
    ("more", "events", "others", "outside", "passed"),
    [
        ({}, 3, 0, 0, 0),
        ({"recipientAccountId": OTHER}, 3, 3, 0, 0),
        ({"eventTime": "2030-01-01T00:00:00Z"}, 3, 0, 3, 0),
        ({"userIdentity": {"type": 7}}, 3, 0, 0, 3),
        ({"eventName": ""}, 3, 0, 0, 3),
        ({"eventTime": "2026-11-16T08:15:11"}, 3, 0, 0, 3),
    ],
)
def test_a_record_counts_as_all_that_it_stands_for(
    more: ct.Event, events: int, others: int, outside: int, passed: int
) -> None:
    record = json.dumps({**ct.event("s3", "ListBuckets"), **more})
    weeks: Weeks = {}
    found = told(folder(SPAN), [Told(record, 3)], weeks)
    assert (found.events, found.others, found.outside, len(found.passed)) == (events, others, outside, passed)
    counted = [count.calls for week in weeks.values() for uses in week.people.values() for count in uses.values()]
    assert counted == [3] * (not others + outside + passed)


def test_what_the_table_does_not_tell(tmp_path: Path) -> None:
    """Null where a text must be is absent there; source identities it has where its columns say so."""
    null = [ct.event("s3", "ListBuckets", errorCode=None)]
    assert (kept(read(null)), len(kept(asked(null, tmp_path)))) == ({}, 1)
    named = [ct.event("s3", "ListBuckets", ct.session("app", "s", "ASIA1", source="alice"))]
    assert kept(asked(named, tmp_path, athena.SOURCES)) == kept(read(named))
    assert not asked(named, tmp_path)[DAY].links


def test_only_the_partitions_of_that_day_and_account_are_read(tmp_path: Path) -> None:
    found = [ct.event("s3", "ListBuckets")]
    assert asked(found, tmp_path)
    assert not asked(found, tmp_path, timestamp="2026/11/17")
    assert not asked(found, tmp_path, account=OTHER)


NAMED = "\"timestamp\" = '2026/11/16'"
PARTS = ("region", "year", "month", "day")


@pytest.mark.parametrize(
    ("keys", "parameters", "kind", "lines"),
    [
        (("timestamp",), athena.BY_DAY, "string", [NAMED]),
        (("account", "region", "timestamp"), athena.BY_DAY, "string", [NAMED, f"account = '{ct.ACCOUNT}'"]),
        (("account_id", *PARTS), {}, "string", ["year = '2026' AND month = '11' AND day = '16'", "account_id = "]),
        (PARTS, {}, "int", ["year = CAST('2026' AS int) AND month = CAST('11' AS int)"]),
    ],
)
def test_the_partitions_of_a_day(
    keys: Sequence[str], parameters: Mapping[str, str], kind: str, lines: Sequence[str]
) -> None:
    text = statement(
        table("default", "logs", athena.described(athena.COLUMNS, keys, parameters, kind)), ct.ACCOUNT, DAY
    )
    where = text.partition("WHERE ")[2].partition("GROUP BY")[0]
    assert [line for line in lines if line not in where] == []
    assert where.count("\n  AND ") == len(lines)


@pytest.mark.parametrize(
    ("columns", "keys", "words"),
    [
        (athena.COLUMNS, (), "has no partitions by day"),
        (athena.COLUMNS, ("region", "year", "month"), "has no partitions by day"),
        ({**athena.COLUMNS, "useridentity": ""}, ("date",), "has no partitions by day"),
        ({"eventtime": "string"}, ("timestamp",), "is no table of CloudTrail's logs"),
    ],
)
def test_a_table_that_cannot_be_asked(columns: Mapping[str, str], keys: Sequence[str], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        table("default", "logs", athena.described(columns, keys))


def test_no_parameter_that_says_what_a_call_is_about_is_blanked() -> None:
    """Nothing is read of it but the texts that are ARNs, which stay, and those of these names."""
    parts = {part for action in catalog.actions().values() for form in action.arns for part in _PART.findall(form)}
    names = {f"{part}{end}".lower() for part in parts for end in ("", "s")}
    names |= {name for called in CALLED.values() for name in called.split()} | {"queueurl"}
    assert len(names) > 1000
    assert [name for name in names if re.fullmatch(BLANKED, name)] == []
