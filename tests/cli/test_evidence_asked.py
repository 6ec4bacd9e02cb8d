"""`remediate evidence cloudtrail:` and `lake:`: CloudTrail is asked, no faster than it allows and for nothing twice."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber
from msgspec import structs
from support import cloudtrail as ct
from support.accounts import account
from support.aws import Aws
from support.engine import FakeClock, Wire
from support.faults import Faults, denied, expired

from remediate.aws.history import History
from remediate.aws.lake import Lake
from remediate.aws.reader import trails
from remediate.aws.session import Session
from remediate.aws.turns import SECOND, Turns
from remediate.cli import evidence, origins, work
from remediate.cli.asking import Asking
from remediate.cli.evidenced import with_evidence
from remediate.cli.records import Each, Texts
from remediate.errors import BadInput, CredentialsEnded, Refused, RemediateError
from remediate.evidence.facts import EVIDENCE
from remediate.evidence.gathered import Report, people, span
from remediate.model import at
from remediate.store.evidence import FILES, Store

SOURCE = "CloudTrail's event history"
NOW = datetime.now(UTC)
MIDNIGHT = datetime(NOW.year, NOW.month, NOW.day, tzinfo=UTC) + timedelta(days=2)
"""Not the next one: a run may begin before that and end after it."""
LATER = MIDNIGHT + timedelta(minutes=15)
"""When CloudTrail surely tells of what is done meanwhile."""
REGIONS = ("eu-west-1", "us-east-1")
ABOUT = span(ct.ACCOUNT, "aws", 1, NOW + timedelta(days=2))
BEGIN = NOW - timedelta(days=2)


def gathered(texts: Texts, folder: Path, source: str = SOURCE, now: datetime = LATER) -> Report:
    report = Report(account=ct.ACCOUNT, source="", since=ABOUT.since, until=ABOUT.end.date())
    Asking(Each(texts), source, ABOUT, Store(folder, ct.ACCOUNT), report).gather(BEGIN, now, lambda: None)
    return report


def did(folder: Path) -> Counter[str]:
    """How many calls of each kind the evidence has."""
    summary = Store(folder, ct.ACCOUNT).whole()
    found = Counter[str]()
    for uses in summary.people.values():
        for use, count in uses.items():
            found[use.event.partition("/")[2]] += count.calls
    return found


@pytest.fixture
def busy(aws: Aws) -> Aws:
    """Sixty calls of IAM, which are told in us-east-1, and one in eu-west-1."""
    for n in range(60):
        aws.client("iam").create_user(UserName=f"u{n}")
    aws.client("sns", "eu-west-1").create_topic(Name="x")
    return aws


def test_all_calls_of_all_regions_and_none_twice(busy: Aws, wire: Wire, tmp_path: Path) -> None:
    wire.faults = Faults()
    clock = FakeClock()
    report = gathered(History(wire.session, clock, REGIONS), tmp_path)
    first = wire.faults.sends("LookupEvents")
    assert (did(tmp_path)["CreateUser"], did(tmp_path)["CreateTopic"]) == (60, 1)
    assert report.calls == did(tmp_path).total()
    assert first == report.files + 1, "a page for each stretch, and a second one where there are more than 50"
    again = gathered(History(wire.session, clock, REGIONS), tmp_path)
    assert (again.files, again.known, wire.faults.sends("LookupEvents")) == (0, report.files, first)
    told = with_evidence(structs.replace(account(), id=ct.ACCOUNT), tmp_path).facts[at(EVIDENCE, ct.ACCOUNT)]
    assert isinstance(told, dict)
    assert told["data"] is False, "no trail says of it that it holds data events"
    hour = gathered(History(wire.session, clock, REGIONS), tmp_path, now=LATER + timedelta(hours=1))
    assert (hour.files, did(tmp_path)["CreateUser"]) == (len(REGIONS), 60)


def test_a_region_that_does_not_answer_is_named_and_the_others_are_read(busy: Aws, wire: Wire, tmp_path: Path) -> None:
    wire.faults = Faults().when(lambda call: "/eu-west-1/" in str(call.request.headers["Authorization"]), denied)
    report = gathered(History(wire.session, FakeClock(), REGIONS), tmp_path)
    assert [line.partition(": because")[0] for line in report.blind] == ["eu-west-1: lookup_events: AccessDenied"]
    assert (did(tmp_path)["CreateUser"], did(tmp_path)["CreateTopic"]) == (60, 0)
    assert list(Store(tmp_path, ct.ACCOUNT).unread) == ["eu-west-1"]
    wire.faults = Faults()
    assert gathered(History(wire.session, FakeClock(), REGIONS), tmp_path).blind == []
    assert not Store(tmp_path, ct.ACCOUNT).unread
    assert (did(tmp_path)["CreateUser"], did(tmp_path)["CreateTopic"]) == (60, 1), "asked for again"


def test_what_was_read_before_the_credentials_ended_is_kept(busy: Aws, wire: Wire, tmp_path: Path) -> None:
    wire.faults = Faults().nth("LookupEvents", 3, expired)
    with pytest.raises(CredentialsEnded):
        gathered(History(wire.session, FakeClock(), REGIONS[1:]), tmp_path)
    wire.faults = Faults()
    report = gathered(History(wire.session, FakeClock(), REGIONS[1:]), tmp_path)
    assert report.known == 2
    assert did(tmp_path)["CreateUser"] == 60


def test_no_more_than_so_many_calls_a_second() -> None:
    clock = FakeClock()
    made = []
    turns = Turns(2, clock)
    for n in range(20):
        turns.wait()
        made.append(clock.now())
        clock.sleep((0.0, 0.1, 0.9)[n % 3])
    assert all(later - one >= SECOND for one, later in zip(made, made[2:], strict=False))
    assert clock.slept < 12


def test_two_kinds_of_sources_would_count_calls_twice(tmp_path: Path) -> None:
    with Store(tmp_path, ct.ACCOUNT).writing(FILES):
        pass  # nothing is kept yet, and nothing would count twice
    store = Store(tmp_path, ct.ACCOUNT)
    with store.writing(SOURCE):
        store.keep({BEGIN.date() - timedelta(days=BEGIN.weekday()): store.load(BEGIN.date())})
    for source in (FILES, "CloudTrail Lake"):
        with pytest.raises(Refused, match="would count twice"), Store(tmp_path, ct.ACCOUNT).writing(source):
            pass
    with Store(tmp_path, ct.ACCOUNT).writing(SOURCE):
        pass


ID = "12345678-1234-1234-1234-123456789012"
ARN = f"arn:aws:cloudtrail:eu-west-1:{ct.ACCOUNT}:eventdatastore/{ID}"
QUERY = "aaaaaaaa-1111-2222-3333-444444444444"
Answer = tuple[str, dict[str, Any], dict[str, Any]]


@pytest.fixture
def lake(aws: Aws) -> Iterator[Callable[..., Lake]]:
    """An event data store with recorded answers: exact requests, in this order."""
    session = Session()
    with Stubber(session._client("cloudtrail", "eu-west-1", once=False)) as stub:

        def made(*answers: Answer) -> Lake:
            for operation, answer, asked in answers:
                stub.add_response(operation, answer, asked)
            return Lake(session, FakeClock(), ARN, ct.ACCOUNT)

        yield made
        stub.assert_no_pending_responses()


def rows(*records: object) -> list[list[dict[str, str]]]:
    return [[{"eventJson": record if isinstance(record, str) else json.dumps(record)}] for record in records]


def asked_of(begin: datetime, end: datetime) -> Answer:
    text = (
        f"SELECT eventJson FROM {ID} WHERE eventTime >= '{begin:%Y-%m-%d %H:%M:%S}' "
        f"AND eventTime < '{end:%Y-%m-%d %H:%M:%S}' AND recipientAccountId = '{ct.ACCOUNT}'"
    )
    return "start_query", {"QueryId": QUERY}, {"QueryStatement": text}


def page(status: str, found: list[Any], more: str = "", token: str = "", **also: str) -> Answer:
    answer = {"QueryStatus": status, "QueryResultRows": found, **({"NextToken": more} if more else {}), **also}
    return (
        "get_query_results",
        answer,
        {"QueryId": QUERY, "MaxQueryResults": 1000, **({"NextToken": token} if token else {})},
    )


DAY = MIDNIGHT - timedelta(days=4)


def test_a_lake_is_queried_day_by_day(lake: Callable[..., Lake], tmp_path: Path) -> None:
    record = {**ct.event("s3", "ListBuckets"), "eventTime": f"{DAY:%Y-%m-%dT}10:00:00Z"}
    store = lake(
        asked_of(DAY, DAY + timedelta(days=1)),
        page("QUEUED", []),
        page("RUNNING", []),
        page("FINISHED", rows(record, record, {"eventName": 7}), more="next"),
        page("FINISHED", rows(record, "no JSON", {**record, "recipientAccountId": "999999999999"}), token="next"),
        asked_of(DAY + timedelta(days=1), DAY + timedelta(days=2)),
        page("FINISHED", []),
    )
    report = gathered(store, tmp_path, source="CloudTrail Lake", now=DAY + timedelta(days=2, hours=1))
    assert (report.files, report.calls, report.others, report.passed) == (2, 3, 1, 2)
    assert did(tmp_path) == {"ListBuckets": 3}
    assert [one.calls for one in people(Store(tmp_path, ct.ACCOUNT).whole())] == [3]


def test_a_query_that_fails_is_no_answer(lake: Callable[..., Lake], tmp_path: Path) -> None:
    failed = page("FAILED", [], ErrorMessage="the store is gone")
    store = lake(asked_of(DAY, DAY + timedelta(days=1)), failed)
    report = gathered(store, tmp_path, source="CloudTrail Lake", now=DAY + timedelta(days=2, hours=1))
    assert (report.files, report.blind) == (0, ["eu-west-1: get_query_results: FAILED: the store is gone"])
    assert Store(tmp_path, ct.ACCOUNT).weeks() == []


regions = trails.read_regions


class Hasty(work.SystemClock):
    """The real time, without waiting."""

    def sleep(self, seconds: float) -> None:
        pass


def said(source: str, **more: Any) -> str:
    with redirect_stdout(StringIO()) as text:
        evidence.evidence(source, **more)
    return text.getvalue()


@pytest.fixture
def typed(aws: Aws, wire: Wire, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Wire:
    monkeypatch.setattr(work, "connect", lambda *_: wire.session)
    monkeypatch.setattr(origins, "SystemClock", Hasty)
    monkeypatch.chdir(tmp_path)
    return wire


def test_what_a_person_types_and_sees(typed: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trails, "read_regions", lambda aws: [r for r in regions(aws) if r in REGIONS])  # of 17
    text = said("cloudtrail:", days=1)
    assert "stretches of time with 0 calls" in text
    assert "Next: remediate plan" in text
    asked = typed.faults.sends("LookupEvents")
    assert asked > 0
    said("cloudtrail:us-east-1,eu-west-1", days=1)
    assert typed.faults.sends("LookupEvents") == asked


def test_a_person_sees_the_sql_before_it_costs_something(typed: Wire) -> None:
    begin = span(ct.ACCOUNT, "aws", 1, datetime.now(UTC)).begin
    _, _, asked = asked_of(begin, begin + timedelta(days=1))
    assert said(f"lake:{ARN}", days=1, print_sql=True).rstrip("\n") == asked["QueryStatement"]
    assert typed.faults.sends("StartQuery") == 0
    with pytest.raises(BadInput, match="nothing is asked in SQL"):
        said("cloudtrail:", days=1, print_sql=True)


@pytest.mark.parametrize(
    ("source", "more", "words"),
    [
        ("cloudtrail:", {"account": "999999999999"}, "tells account 123456789012 what was done in it, and not in 9999"),
        ("lake:x", {}, "x is no event data store's ARN"),
    ],
)
def test_what_cannot_be_asked(source: str, more: dict[str, str], words: str, typed: Wire) -> None:
    with pytest.raises(BadInput, match=words):
        said(source, **more)


def test_where_nobody_answers_it_says_what_is_needed(typed: Wire) -> None:
    typed.faults = Faults().when(lambda call: call.operation == "LookupEvents", denied)
    with pytest.raises(RemediateError, match="could not be asked in 2 regions") as caught:
        said("cloudtrail:us-east-1,eu-west-1", days=1)
    assert "cloudtrail:LookupEvents" in caught.value.remedy
    assert len(caught.value.details) == 2
