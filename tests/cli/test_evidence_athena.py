"""`remediate evidence athena:`: day by day, nothing twice, and what is said where it is refused.

Glue and Athena are moto's, and what Athena answers is recorded: that the queries come to this is for
`tests/evidence/test_query.py` to show.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from moto.athena.models import QueryResults, athena_backends
from support import athena
from support import cloudtrail as ct
from support.aws import Aws
from support.engine import FakeClock, Wire
from support.faults import Fault, Faults, answering, expired, refusal

from remediate.aws.athena import Athena
from remediate.cli import evidence, origins, work
from remediate.cli.asking import Asking
from remediate.cli.records import Folded
from remediate.errors import BadInput, CredentialsEnded, RemediateError
from remediate.evidence.gathered import Report, span
from remediate.render.error_text import error as screen
from remediate.store.evidence import ATHENA, Store

NOW = datetime.now(UTC)
MIDNIGHT = datetime(NOW.year, NOW.month, NOW.day, tzinfo=UTC)
BEGIN = MIDNIGHT - timedelta(days=3)
ABOUT = span(ct.ACCOUNT, "aws", 1, NOW)
NAME = "default.logs"
HEAD: list[str | None] = [f"_col{n}" for n in range(23)]


@pytest.fixture
def logs(aws: Aws, wire: Wire, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Aws:
    """An account with a table of its logs, and commands that work through the session that is watched."""
    glue = aws.client("glue")
    glue.create_database(DatabaseInput={"Name": "default"})
    glue.create_table(DatabaseName="default", TableInput=athena.described())
    monkeypatch.setattr(work, "connect", lambda *_: wire.session)
    monkeypatch.setattr(origins, "SystemClock", FakeClock)
    monkeypatch.chdir(tmp_path)
    return aws


def gathered(wire: Wire, folder: Path, now: datetime = NOW) -> Report:
    report = Report(account=ct.ACCOUNT, source="", since=ABOUT.since, until=ABOUT.end.date())
    records = Folded(Athena(wire.session, FakeClock(), NAME), ct.ACCOUNT)
    Asking(records, ATHENA, ABOUT, Store(folder, ct.ACCOUNT), report).gather(BEGIN, now, lambda: None)
    return report


def row(day: datetime, calls: int, name: str = "ListBuckets") -> list[str | None]:
    """What a query answers of so many calls of one hour, as Athena's documented table has them."""
    found = [ct.event("s3", name, eventTime=f"{day:%Y-%m-%d}T10:{minute}:00Z") for minute in ("05", "55")]
    at = f"{day:%Y-%m-%d}T10"
    who = ["IAMUser", found[0]["userIdentity"]["arn"], ct.ACCOUNT, "AKIAALICE", "alice", None, None, None]
    plain = ["s3.amazonaws.com", name, "eu-west-1", "203.0.113.7", None, ct.ACCOUNT]
    return [*who, *plain, "aws-cli/2.31.3", None, "{}", None, None, at, str(calls), f"{at}:05:00Z", f"{at}:55:00Z"]


def answers(*days: Sequence[list[str | None]]) -> None:
    """What the next queries answer, one after another: with the names of the columns first, as Athena does."""
    queue = athena_backends[ct.ACCOUNT]["us-east-1"].query_results_queue
    for rows in days:
        queue.append(QueryResults(rows=cells([HEAD, *rows]), column_info=[]))


def cells(rows: Sequence[list[str | None]]) -> list[dict[str, Any]]:
    return [{"Data": [{} if cell is None else {"VarCharValue": cell} for cell in one]} for one in rows]


def did(folder: Path) -> dict[str, tuple[int, int, int]]:
    """How many calls of each kind the evidence has, and the minutes of the first and the last."""
    uses = Store(folder, ct.ACCOUNT).whole().people.get(f"arn:aws:iam::{ct.ACCOUNT}:user/alice", {})
    return {use.event: (count.calls, count.first // 60 % 60, count.last // 60 % 60) for use, count in uses.items()}


def queries(wire: Wire) -> list[tuple[str, str]]:
    """What was asked, in which workgroup."""
    sent = [call.request.body for call in wire.faults.calls if call.operation == "StartQueryExecution"]
    bodies = [json.loads(body) for body in sent if isinstance(body, bytes)]
    return [(body["QueryString"], body["WorkGroup"]) for body in bodies]


def test_each_day_that_is_over_is_asked_for_once(logs: Aws, wire: Wire, tmp_path: Path) -> None:
    answers([row(BEGIN, 40), row(BEGIN, 2, "GetBucketAcl")], [], [row(BEGIN + timedelta(days=2), 7)])
    report = gathered(wire, tmp_path, MIDNIGHT + timedelta(hours=5))
    assert did(tmp_path) == {"s3.amazonaws.com/ListBuckets": (47, 5, 55), "s3.amazonaws.com/GetBucketAcl": (2, 5, 55)}
    assert (report.files, report.calls) == (3, 49)
    days = [f"'{BEGIN + timedelta(days=n):%Y/%m/%d}'" for n in range(3)]
    assert [next(day for day in days if day in query) for query, _ in queries(wire)] == days
    wire.faults = Faults()
    again = gathered(wire, tmp_path, MIDNIGHT + timedelta(hours=23))
    assert (again.files, again.known, queries(wire)) == (0, 3, [])
    answers([row(MIDNIGHT, 1)])
    assert gathered(wire, tmp_path, MIDNIGHT + timedelta(hours=26)).calls == 1
    assert did(tmp_path)["s3.amazonaws.com/ListBuckets"] == (48, 5, 55)


def test_an_answer_comes_in_pages(logs: Aws, wire: Wire, tmp_path: Path) -> None:
    """moto has one page of all: these are the wire's. A row that is no record is passed over with all it stands for."""
    broken = row(BEGIN, 3)
    broken[-1] = "2030-01-01T00:00:00Z"
    pages = [[HEAD, row(BEGIN, 4)], [row(BEGIN, 5)], [broken]]
    for n, rows in enumerate(pages, start=1):
        more = {"NextToken": f"page{n + 1}"} if n < len(pages) else {}
        wire.faults.nth("GetQueryResults", n, answering(json.dumps({"ResultSet": {"Rows": cells(rows)}, **more})))
    report = gathered(wire, tmp_path, BEGIN + timedelta(days=1, hours=2))
    assert (report.calls, report.passed, did(tmp_path)) == (9, 3, {"s3.amazonaws.com/ListBuckets": (9, 5, 55)})
    assert [call.n for call in wire.faults.calls if f"page{call.n}" in call.body] == [2, 3]


def test_it_waits_for_the_end_of_a_query(logs: Aws, wire: Wire, tmp_path: Path) -> None:
    answers([row(BEGIN, 4)])
    for n, state in enumerate(("QUEUED", "RUNNING", "RUNNING"), start=1):
        wire.faults.nth("GetQueryExecution", n, ended(state))
    assert gathered(wire, tmp_path, BEGIN + timedelta(days=1, hours=2)).calls == 4
    assert wire.faults.sends("GetQueryExecution") == 4


def ended(state: str, why: str = "") -> Fault:
    return answering(json.dumps({"QueryExecution": {"Status": {"State": state, "StateChangeReason": why}}}))


WRITE = "Access denied when writing output to url: s3://acme-results/7.csv . Please ensure you are allowed to access it"
REFUSED: Mapping[str, tuple[str, Fault, Sequence[str]]] = {
    "not named": (
        "StartQueryExecution",
        refusal("AccessDeniedException"),
        ["athena:StartQueryExecution is needed", "resource  the workgroup primary"],
    ),
    "named": (
        "StartQueryExecution",
        refusal(
            "AccessDeniedException",
            message="User: x is not authorized to perform: athena:StartQueryExecution on resource: arn:aws:athena:w",
        ),
        ["athena:StartQueryExecution is needed", "resource  arn:aws:athena:w"],
    ),
    "table": (
        "GetTable",
        refusal("AccessDeniedException"),
        ["ask default.logs in Athena: glue:GetTable is needed", "resource  the table default.logs"],
    ),
    "results": ("GetQueryExecution", ended("FAILED", WRITE), ["s3:PutObject", "resource  s3://acme-results/7.csv\n"]),
    "logs": (
        "GetQueryExecution",
        ended("FAILED", "Permission denied on S3 path: s3://acme-trail/AWSLogs"),
        ["action    s3:GetObject", "resource  s3://acme-trail/AWSLogs\n"],
    ),
    "key": (
        "GetQueryExecution",
        ended("FAILED", "not authorized to perform: kms:Decrypt on resource: arn:aws:kms:k (Status Code: 403)"),
        ["kms:Decrypt is needed", "resource  arn:aws:kms:k\n"],
    ),
    "lake formation": (
        "GetQueryExecution",
        ended("FAILED", "Insufficient Lake Formation permission(s) on logs"),
        ["lakeformation:GetDataAccess"],
    ),
    "too much": ("GetQueryExecution", ended("CANCELLED", "Bytes scanned limit was exceeded"), ["Bytes scanned limit"]),
    "no place": (
        "StartQueryExecution",
        refusal("InvalidRequestException", message="No output location provided. An output location is required"),
        ["workgroup primary has no place for results", "athena:default.logs@WORKGROUP"],
    ),
    "no table": ("GetTable", refusal("EntityNotFoundException"), ["there is no table default.logs in us-east-1"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_is_one_screen(case: str, logs: Aws, wire: Wire) -> None:
    operation, fault, words = REFUSED[case]
    wire.faults.nth(operation, 1, fault)
    with pytest.raises(RemediateError) as caught:
        evidence.evidence(f"athena:{NAME}", days=1)
    shown = screen(caught.value, colour=False)
    assert [word for word in words if word not in shown] == []


def test_what_was_read_before_is_kept(logs: Aws, wire: Wire, tmp_path: Path) -> None:
    for fault, raised in ((expired, CredentialsEnded), (ended("FAILED", "x"), RemediateError)):
        folder = tmp_path / raised.__name__
        answers([row(BEGIN, 4)])
        wire.faults = Faults().nth("GetQueryExecution", 2, fault)
        with pytest.raises(raised):
            gathered(wire, folder)
        assert did(folder) == {"s3.amazonaws.com/ListBuckets": (4, 5, 55)}


def test_a_person_sees_the_sql_before_it_costs_something(
    logs: Aws, wire: Wire, capsys: pytest.CaptureFixture[str]
) -> None:
    evidence.evidence(f"athena:{NAME}@cheap", days=1, print_sql=True)
    shown = capsys.readouterr().out
    assert (shown.count("SELECT"), queries(wire)) == (1, [])
    assert f"\"timestamp\" = '{ABOUT.begin:%Y/%m/%d}'" in shown
    wire.faults = Faults().nth("StartQueryExecution", 1, refusal("InvalidRequestException"))
    with pytest.raises(RemediateError):
        evidence.evidence(f"athena:{NAME}@cheap", days=1)
    assert queries(wire) == [(shown.rstrip("\n"), "cheap")]


@pytest.mark.parametrize("name", ["logs", "a.b.c", "a.b@", 'a."b"', ""])
def test_what_is_no_name_of_a_table(name: str, logs: Aws) -> None:
    with pytest.raises(BadInput, match="names no table"):
        evidence.evidence(f"athena:{name}", days=1)


@pytest.mark.parametrize(
    ("source", "more", "words"),
    [
        ("athena:x", {}, "x names no table"),
        ("lake:x", {}, "x is no event data store's ARN"),
        ("s3://", {}, "names no bucket"),
        ("s3://acme-trail", {"account": "../x"}, r"\.\./x is no account id"),
        ("athena:a.b", {"account": "1"}, "1 is no account id"),
        ("nowhere", {"print_sql": True}, "nothing is asked in SQL there"),
    ],
)
def test_what_is_mistyped_is_said_before_credentials_are_asked_for(
    source: str, more: dict[str, Any], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "connect", lambda *_: pytest.fail("somebody has to sign in"))
    with pytest.raises(BadInput, match=words):
        evidence.evidence(source, **more)
