"""`remediate evidence s3://BUCKET/PREFIX`: what is listed and fetched, and what is said where that is refused."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from support import cloudtrail as ct
from support.aws import Aws
from support.cli import run
from support.engine import Wire
from support.faults import Faults, cut_short, refusal

from remediate.aws.bucket import ATTEMPTS
from remediate.cli import evidence, origins, work
from remediate.cli.gathering import gather
from remediate.cli.reading import AHEAD, BATCH, FETCHES, Piece, here
from remediate.cli.sources import Source
from remediate.errors import RemediateError
from remediate.evidence.gathered import Report, span
from remediate.evidence.logs import Log
from remediate.render.error_text import error as screen
from remediate.store.evidence import Store

OTHER = "999999999999"
BUCKET = "acme-trail"
NOW = datetime.now(UTC)
REGIONS = ("eu-west-1", "us-east-1")
SINCE = (NOW - timedelta(days=30)).date()


def put(aws: Aws, n: int, *events: ct.Event, days_ago: int = 1, prefix: str = "", **where: Any) -> str:
    at = NOW - timedelta(days=days_ago)
    key = prefix + ct.file_name(n, at=at, **where)
    body = ct.packed([{**event, "eventTime": f"{at:%Y-%m-%dT%H:%M:%SZ}"} for event in events or [LISTED]])
    aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)
    return key


LISTED = ct.event("s3", "ListBuckets", ct.user("app"))


@pytest.fixture
def bucket(aws: Aws, wire: Wire, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Aws:
    """An empty bucket, and commands that work through the session that is watched."""
    aws.client("s3").create_bucket(Bucket=BUCKET)
    monkeypatch.setattr(work, "connect", lambda *_: wire.session)
    monkeypatch.chdir(tmp_path)
    return aws


def source(wire: Wire, prefix: str) -> Source:
    return origins._files(f"s3://{BUCKET}{prefix}", lambda: wire.session, False)


def listings(wire: Wire) -> int:
    return sum(call.operation == "ListObjectsV2" for call in wire.faults.calls)


HOME = f"/AWSLogs/{ct.ACCOUNT}"
DAY = f"{NOW - timedelta(days=1):%Y/%m/%d}"


@pytest.mark.parametrize(
    ("layout", "typed", "files", "calls"),
    [
        ({}, "", 6, 1 + 1 + 1 + 2),  # AWSLogs, its accounts, the regions, and both of them
        ({}, "/AWSLogs", 6, 1 + 1 + 2),
        ({}, "/AWSLogs/", 6, 1 + 1 + 2),
        ({}, HOME, 6, 1 + 2),
        ({}, f"{HOME}/CloudTrail", 6, 1 + 2),
        ({}, f"{HOME}/CloudTrail/eu-west-1", 3, 1),
        ({}, f"{HOME}/CloudTrail/eu-west-1/{DAY[:4]}", 3, 1),
        ({}, f"{HOME}/CloudTrail/eu-west-1/{DAY}", 1, 1),
        ({"prefix": "audit/"}, "", 6, 1 + 1 + 1 + 1 + 2),
        ({"prefix": "audit/"}, "/audit", 6, 1 + 1 + 1 + 2),
        ({"org": "o-abc123"}, "", 6, 1 + 1 + 1 + 1 + 2),
        ({"org": "o-abc123"}, "/AWSLogs/o-abc123", 6, 1 + 1 + 2),
        ({"prefix": "o-abc123/", "org": "o-abc123"}, "", 6, 1 + 1 + 1 + 1 + 1 + 2),
        ({"prefix": f"copy/{ct.ACCOUNT}/x/"}, f"/copy/{ct.ACCOUNT}/x", 6, 1 + 1 + 1 + 2),
        ({}, f"{HOME}/CloudTrail-Digest", 0, 0),
    ],
)
def test_no_more_is_listed_than_the_days_need(
    layout: dict[str, str], typed: str, files: int, calls: int, bucket: Aws, wire: Wire
) -> None:
    for region in REGIONS:
        for days_ago in (1, 2, 3, 200, 300):
            key = put(bucket, days_ago, days_ago=days_ago, region=region, **layout)
        for beside in ("CloudTrail-Digest", "CloudTrail-Insight", "Config"):
            other = key.replace("/CloudTrail/", f"/{beside}/")
            bucket.client("s3").put_object(Bucket=BUCKET, Key=other, Body=b"x")
    wire.faults = Faults()
    read = source(wire, typed)
    found = read.survey()
    assert (list(found.accounts), found.files) == ([ct.ACCOUNT], None)
    logs = list(read.logs(ct.ACCOUNT, SINCE))
    assert len(logs) == files
    assert [log.day for log in logs] == sorted(log.day for log in logs if log.day), "day after day, whatever the region"
    assert listings(wire) == calls


def test_files_that_lie_otherwise_are_found_by_their_names(bucket: Aws, wire: Wire) -> None:
    name = put(bucket, 1).rpartition("/")[2]
    body = bucket.client("s3").get_object(Bucket=BUCKET, Key=put(bucket, 1))["Body"].read()
    for key in (f"flat/{name}", "flat/renamed.json.gz", "flat/renamed-copy.json.gz", "flat/readme.txt"):
        bucket.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)
    read = source(wire, "/flat")
    assert (read.survey().accounts, read.survey().files) == ({ct.ACCOUNT: "eu-west-1"}, 3)
    logs = {log.where.rpartition("/")[2]: log for log in read.logs(ct.ACCOUNT, SINCE)}
    assert logs[name].account == ct.ACCOUNT
    assert logs["renamed.json.gz"].mark == logs["renamed-copy.json.gz"].mark != ""


def test_what_was_read_is_not_fetched_again(bucket: Aws, tmp_path: Path) -> None:
    """By the command itself: the calls of the second run grow with what is listed and what is new."""
    for n in range(9):
        put(bucket, n, days_ago=1 + n % 3, region=REGIONS[n % 2])
    put(bucket, 1, account=OTHER)
    asked: Counter[tuple[str, bool]] = Counter()
    inner = bucket.sandbox.application

    def counted(environ: dict[str, Any], start_response: Any) -> Any:
        asked[environ["REQUEST_METHOD"], "list-type" in environ.get("QUERY_STRING", "")] += 1
        return inner(environ, start_response)

    words = ("evidence", f"s3://{BUCKET}", "--account", ct.ACCOUNT, "--json")
    bucket.sandbox.application = counted
    try:
        first = json.loads(run(*words, cwd=tmp_path).stdout)
        put(bucket, 99, days_ago=0)
        fetched = asked.copy()
        asked.clear()
        second = json.loads(run(*words, cwd=tmp_path).stdout)
    finally:
        bucket.sandbox.application = inner
    assert (first["files"], first["calls"], first["failed"]) == (9, 9, 0)
    assert (second["files"], second["known"], second["calls"]) == (1, 9, 1)
    assert [p["calls"] for p in second["people"]] == [10]
    assert (fetched["GET", False], asked["GET", False]) == (9, 1)
    assert fetched["GET", True] == asked["GET", True] == 5


def test_an_object_that_is_lost_is_named_and_one_that_came_in_half_is_fetched_again(bucket: Aws, wire: Wire) -> None:
    keys = [put(bucket, n) for n in range(4)]

    def of(n: int, most: int = 99) -> Any:
        tries = iter(range(most))
        return lambda call: (
            call.operation == "GetObject" and keys[n] in call.request.url and next(tries, None) is not None
        )

    faults = Faults().when(of(0), refusal("NoSuchKey", 404)).when(of(1), refusal("InvalidObjectState", 403))
    wire.faults = faults.when(of(2), cut_short).when(of(3, ATTEMPTS - 1), cut_short)
    said = reported()
    assert (said["files"], said["failed"]) == (1, 3)
    words = " ".join(said["named"])
    assert f"s3://{BUCKET}/{keys[0]}: it is not there any more" in words
    assert f"{keys[1]}: it is archived" in words
    assert f"{keys[2]}: it did not arrive whole" in words
    assert sum(keys[2] in call.request.url for call in wire.faults.calls) == ATTEMPTS
    wire.faults = Faults()
    assert reported()["files"] == 3, "what was lost is asked for again"


def reported(**more: Any) -> dict[str, Any]:
    """What the command says, run in this process."""
    with redirect_stdout(StringIO()) as said:
        evidence.evidence(f"s3://{BUCKET}", as_json=True, **more)
    found: dict[str, Any] = json.loads(said.getvalue())
    return found


KEY = f"arn:aws:kms:eu-west-1:{ct.ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
NOT_KMS = f"User: arn:aws:iam::{OTHER}:user/ana is not authorized to perform: kms:Decrypt on resource: {KEY} because no"
NOT_LIST = f'User: x is not authorized to perform: s3:ListBucket on resource: "arn:aws:s3:::{BUCKET}" because no'
NO = "Access Denied"
REFUSALS = [
    (
        "ListObjectsV2",
        "AccessDenied",
        403,
        NO,
        ("s3:ListBucket", f"arn:aws:s3:::{BUCKET}\n", "--requester"),
    ),
    ("ListObjectsV2", "AccessDenied", 403, NOT_LIST, ("s3:ListBucket", f"arn:aws:s3:::{BUCKET}\n")),
    ("GetObject", "AccessDenied", 403, NO, ("s3:GetObject", f"arn:aws:s3:::{BUCKET}/*", "--requester")),
    ("GetObject", "AccessDenied", 403, NOT_KMS, ("kms:Decrypt", f"resource  {KEY}\n", "policy of the key")),
    ("GetObject", "KMS.DisabledException", 400, f"{KEY} is disabled.", ("cannot be decrypted", KEY)),
    ("ListObjectsV2", "NoSuchBucket", 404, "no", (f"there is no bucket {BUCKET}",)),
    ("ListObjectsV2", "PermanentRedirect", 301, "use another endpoint", ("is in another region", "head-bucket")),
    (
        "ListObjectsV2",
        "AuthorizationHeaderMalformed",
        400,
        "the region 'us-east-1' is wrong; expecting 'eu-west-3'",
        ("is in eu-west-3", "--region eu-west-3"),
    ),
    ("GetObject", "Whatever", 400, "huh", ("cannot be read now: get_object: Whatever", "Run it again")),
]


@pytest.mark.parametrize(("operation", "code", "status", "message", "said"), REFUSALS)
def test_a_refusal_says_what_is_needed_on_one_screen(
    operation: str, code: str, status: int, message: str, said: tuple[str, ...], bucket: Aws, wire: Wire
) -> None:
    for n in range(40):
        put(bucket, n)
    wire.faults = Faults().when(lambda call: call.operation == operation, refusal(code, status, message))
    with pytest.raises(RemediateError) as caught:
        reported()
    text = screen(caught.value, colour=False)
    assert not [part for part in said if part not in text], text
    assert len(text.splitlines()) < 12
    assert wire.faults.sends("GetObject") <= 33, "it stops at the first: what was on its way then came to no more"


@pytest.mark.parametrize(
    ("objects", "more", "said"),
    [
        ([], {}, "there is no log file of CloudTrail in s3://acme-trail"),
        ([{}, {"account": OTHER}], {}, "has log files of 2 accounts"),
        ([{}], {"account": OTHER}, f"has no log files of account {OTHER}"),
        ([{"days_ago": 400}], {}, "there is no log file of CloudTrail in s3://acme-trail since"),
    ],
)
def test_nothing_to_read_is_said(objects: list[dict[str, Any]], more: dict[str, Any], said: str, bucket: Aws) -> None:
    for n, where in enumerate(objects):
        put(bucket, n, **where)
    with pytest.raises(RemediateError, match=said):
        reported(**more)


def test_whoever_pays_says_so_with_every_call(bucket: Aws, wire: Wire) -> None:
    put(bucket, 1)
    wire.faults = Faults()
    assert reported(requester_pays=True)["files"] == 1
    asked = [str(c.request.headers.get("x-amz-request-payer")) for c in wire.faults.calls if c.service == "s3"]
    assert asked
    assert all("requester" in payer for payer in asked)
    with pytest.raises(RemediateError, match="names no bucket"):
        evidence.evidence("s3://")


def test_files_are_asked_for_one_by_one_and_what_was_read_before_a_refusal_is_kept(tmp_path: Path) -> None:
    """However many there are: no more are in hand than the processes need."""
    content = ct.packed([{**LISTED, "eventTime": f"{NOW:%Y-%m-%dT%H:%M:%SZ}"}])
    counts = Counter[str]()

    def logs() -> Iterator[Log]:
        for n in range(600):
            counts["asked"] += 1
            counts["most"] = max(counts["most"], counts["asked"] - counts["done"])
            yield Log(f"{n}", len(content), ct.ACCOUNT, "eu-west-1", NOW.date(), f"{n:016x}")
        raise RemediateError("refused")

    about = span(ct.ACCOUNT, "aws", 7, NOW)
    report = Report(account=ct.ACCOUNT, source="", since=about.since, until=NOW.date())
    store = Store(tmp_path, ct.ACCOUNT)
    with pytest.raises(RemediateError, match="refused"):
        gather(logs(), here(lambda log: Piece(log, content)), about, store, report, lambda: counts.update(["done"]))
    assert counts["most"] <= (os.cpu_count() or 1) * AHEAD * BATCH + 2 * FETCHES + 2 * BATCH
    [week] = store.weeks()
    summary, files = store.load(week)
    [uses] = summary.people.values()
    assert len(files) == report.files == sum(count.calls for count in uses.values()) > 400
