"""Records folded into summaries: the same whatever their order, their split into files, and how often a file comes."""

import gzip
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import cloudtrail as ct

from remediate.evidence.fold import Folder, Weeks
from remediate.evidence.resource import BELOW, HEADS, shortened
from remediate.evidence.resource import folded as resources_folded
from remediate.evidence.sessions import behind, by_role
from remediate.evidence.summary import CREDENTIALS, PLACES, Summary, Use, merged
from remediate.evidence.unpack import NoLog
from remediate.evidence.wire import decode, encode

BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
WEEK = date(2026, 11, 16)


def folder(names: Sequence[str] = ("GetUser",)) -> Folder:
    return Folder(ct.ACCOUNT, BEGIN, END, names, lambda _e, _r, about: [f"arn:aws:iam::1:{len(about)}"])


def folded(*files: Sequence[ct.Event]) -> Weeks:
    """What comes of files, one after another."""
    weeks: Weeks = {}
    reader = folder()
    for events in files:
        reader.file(ct.packed(events), weeks)
    for summary in weeks.values():
        summary.settle(ct.ACCOUNT)
    return weeks


def kept(weeks: Weeks) -> dict[date, bytes]:
    return {week: encode(summary, frozenset()) for week, summary in sorted(weeks.items())}


def uses(*events: ct.Event) -> list[Use]:
    weeks = folded(events)
    return [use for summary in weeks.values() for person in summary.people.values() for use in person]


# Few values, and more of them than a summary keeps apart: what is folded must come out the same as well.
NAMES = ("GetObject", "PutObject", "DeleteObject", "ListObjects", "ConsoleLogin", "GetUser")
keys = st.builds(lambda *parts: "/".join(parts), *(st.sampled_from("abcdefghijkl"),) * 4)
people = st.one_of(
    st.sampled_from("abc").map(ct.user),
    st.builds(ct.user, st.just("eve"), st.integers(0, CREDENTIALS + 20).map(lambda n: f"AKIA{n:016}")),
    st.builds(ct.session, st.just("app"), st.sampled_from("xy"), st.sampled_from(("ASIA1", "ASIA2")), st.booleans()),
)
records = st.builds(
    lambda name, bucket, key, who, hours, ip, agent, error: ct.of_object(
        name, f"bucket-{bucket}", key, who,
        eventTime=f"{ct.BEGIN + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}", sourceIPAddress=ip,
        userAgent=ct.AGENTS[agent], **({"errorCode": "AccessDenied"} if error else {}),
    ),
    st.sampled_from(NAMES), st.integers(0, HEADS + 8), keys, people, st.integers(0, 24 * 10),
    st.builds("198.51.{}.{}".format, st.integers(0, 9), st.integers(1, 250)), st.integers(0, 3), st.booleans(),
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(records, max_size=60), st.randoms(use_true_random=False), st.integers(1, 5))
def test_any_order_and_any_split_give_the_same(events: list[ct.Event], dice: Any, files: int) -> None:
    whole = folded(events)
    shuffled = list(events)
    dice.shuffle(shuffled)
    parts = [folded(shuffled[n::files]) for n in range(files)]
    dice.shuffle(parts)
    weeks = {week for part in parts for week in part}
    split = {week: merged([part[week] for part in parts if week in part], ct.ACCOUNT) for week in weeks}
    assert kept(split) == kept(whole)
    assert sum(count.calls for week in whole.values() for one in week.people.values() for count in one.values()) == len(
        events
    )


ODD = ("", "*", "\0", "\u2028", "[x", "a/b/c/d/e", "n" * 300)
listed = st.sampled_from(("b", "b/a/b/c/d/e", "b/k", "", "b:k")).map(lambda name: {"ARN": f"arn:aws:s3:::{name}"})
several = st.one_of(st.none(), st.lists(listed, max_size=4), st.just([{"ARN": f"arn:{n}"} for n in range(70)]))
odd = st.builds(
    lambda who, seconds, zone, agent, about, own, left, resources: {
        name: value for name, value in ct.event(
            "iam", "GetUser", who, userAgent=agent, errorCode=agent or "", requestParameters=about, resources=resources,
            eventTime=f"{ct.BEGIN + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}{zone}", recipientAccountId=own,
        ).items() if name != left
    },
    st.one_of(people, st.just(["no identity"]), st.sampled_from(ODD).map(lambda arn: {"arn": arn})),
    st.one_of(st.integers(0, 9), st.integers(3590, 3610), st.integers(0, 10**6)), st.sampled_from(("Z", "+02:00", "")),
    st.sampled_from((None, *ODD)), st.sampled_from((None, {"userName": "b"}, ["x"])),
    st.sampled_from((ct.ACCOUNT, "", "999999999999")), st.sampled_from(("", "userIdentity", "eventTime", "resources")),
    several,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(odd, max_size=40))
def test_odd_records_come_to_what_each_comes_to_alone(events: list[ct.Event]) -> None:
    """In whatever order their times are: then nothing is shared between two that a faster way could mix up."""
    reader, weeks = folder(), dict[date, Summary]()
    found = reader.file(ct.packed(events), weeks)
    apart: Weeks = {}
    alone = [folder().file(ct.packed([one]), apart) for one in events]
    for summary in (*weeks.values(), *apart.values()):
        summary.settle(ct.ACCOUNT)
    assert kept(weeks) == kept(apart)
    sums = [(one.events, one.others, one.outside, len(one.passed)) for one in alone]
    assert (found.events, found.others, found.outside, len(found.passed)) == tuple(
        map(sum, zip((0,) * 4, *sums, strict=True))
    )


DEEP: Sequence[tuple[str, str]] = [
    ("arn:aws:s3:::b/1/2/3", "arn:aws:s3:::b/1/2/3"),
    ("arn:aws:s3:::b/1/2/3/4", "arn:aws:s3:::b/1/2/3/*"),
    ("arn:aws:s3:::b/1:2/3:4", "arn:aws:s3:::b/1:2/3:*"),
    ("arn:aws:dynamodb:r:1:table/t/1/2/3", "arn:aws:dynamodb:r:1:table/t/1/2/3"),
    ("arn:aws:dynamodb:r:1:table/t/1/2/3/4", "arn:aws:dynamodb:r:1:table/t/1/2/3/*"),
    ("arn:aws:sns:r:1:a:b:c:d:e:f", "arn:aws:sns:r:1:a:b:c:d:e:*"),
    ("no/arn/1/2/3/4/5/6/7/8", "no/arn/1/2/3/4/5/6/7/8"),
    ("arn:aws:s3:::b/*", "arn:aws:s3:::b/?"),
]


@pytest.mark.parametrize(("arn", "short"), DEEP)
def test_a_resource_is_kept_no_deeper_than_three_parts_below_its_head(arn: str, short: str) -> None:
    assert shortened(arn) == short


@settings(max_examples=20, deadline=None)
@given(st.lists(records, max_size=40))
def test_what_is_kept_is_read_as_it_was(events: list[ct.Event]) -> None:
    for summary in folded(events).values():
        again, marks = decode(encode(summary, frozenset({"a", "b"})))
        assert (again.people, again.links, marks) == (summary.people, summary.links, frozenset({"a", "b"}))


def test_many_values_are_folded_and_match_what_they_stand_for() -> None:
    events = [ct.of_object("GetObject", "b", f"{n}/file", ct.user("alice")) for n in range(BELOW + 1)]
    assert {use.resource for use in uses(*events)} == {"arn:aws:s3:::b/*"}
    events = [ct.of_object("GetObject", f"b{n}", "file", ct.user("alice")) for n in range(HEADS + 1)]
    assert {use.resource for use in uses(*events)} == {"arn:aws:s3:::*"}
    events = [ct.event("s3", "ListBuckets", sourceIPAddress=f"198.51.{n // 200}.{n % 200 + 1}") for n in range(250)]
    assert {use.network for use in uses(*events)} == {"198.51.0.0/24", "198.51.1.0/24"}


FIELDS: Sequence[tuple[ct.Event, dict[str, str]]] = [
    (ct.of_object("GetObject", "b", "k", ct.user("a")), {"event": "s3.amazonaws.com/GetObject", "mfa": ""}),
    (ct.of_object("GetObject", "b", "k", ct.user("a")), {"resource": "arn:aws:s3:::b/k", "agent": "aws-cli/2.31.3"}),
    (ct.event("iam", "GetUser", ct.user("a", mfa=True)), {"mfa": "yes", "network": "203.0.113.7"}),
    (ct.event("iam", "GetUser", ct.session("r", "s", "ASIA1")), {"mfa": "no", "credential": "s/ASIA1"}),
    (ct.event("iam", "GetUser", sourceIPAddress="2001:DB8::0001"), {"network": "2001:db8::1"}),
    (ct.event("iam", "GetUser", sourceIPAddress="cloudformation.amazonaws.com"),
     {"network": "cloudformation.amazonaws.com"}),
    (ct.event("iam", "GetUser", errorCode="AccessDenied"), {"error": "AccessDenied"}),
    (ct.event("signin", "ConsoleLogin", responseElements={"ConsoleLogin": "Failure"}), {"error": "Failure"}),
    (ct.event("iam", "GetUser", requestParameters={"userName": "b"}), {"resource": "arn:aws:iam::1:16"}),
    (ct.event("iam", "ListUsers", userAgent="*" * 300), {"agent": "?" * 256 + "*"}),
    (ct.event("iam", "ListUsers", userAgent=None, sourceIPAddress=None), {"agent": "", "network": ""}),
]  # fmt: skip


@pytest.mark.parametrize(("record", "said"), FIELDS)
def test_what_a_record_says(record: ct.Event, said: dict[str, str]) -> None:
    [use] = uses(record)
    assert {name: getattr(use, name) for name in said} == said


def test_first_last_and_the_hours_of_the_week() -> None:
    times = ("2026-11-17T09:15:00Z", "2026-11-16T00:59:59Z", "2026-11-22T23:00:00Z")
    [[count]] = [
        person.values()
        for week in folded([ct.event("iam", "ListUsers", eventTime=time) for time in times]).values()
        for person in week.people.values()
    ]
    first, last = datetime(2026, 11, 16, 0, 59, 59, tzinfo=UTC), datetime(2026, 11, 22, 23, tzinfo=UTC)
    assert count.parts() == (3, first.timestamp(), last.timestamp(), 1 | 1 << 33 | 1 << 167)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 59), min_size=1, max_size=8))
def test_first_and_last_are_told_whatever_the_order_within_an_hour(minutes: list[int]) -> None:
    times = [f"2026-11-16T08:{minute:02}:00Z" for minute in minutes]
    [uses] = folded([ct.event("iam", "ListUsers", eventTime=time) for time in times])[WEEK].people.values()
    [count] = uses.values()
    begin = int(datetime(2026, 11, 16, 8, tzinfo=UTC).timestamp())
    assert count.parts() == (len(times), begin + 60 * min(minutes), begin + 60 * max(minutes), 1 << 8)


def test_a_resource_that_comes_later_joins_the_pattern_of_its_folder() -> None:
    objects = [f"arn:aws:s3:::b/{n % 3}/a/{n}" for n in range(BELOW + 1)]
    patterns = set(resources_folded(objects).values())
    assert patterns == {"", *(f"arn:aws:s3:::b/{n}/a/*" for n in range(3))}
    assert set(resources_folded([*patterns, "arn:aws:s3:::b/0/a/later"]).values()) == patterns


def test_a_session_leads_back_to_whoever_began_it() -> None:
    alice, chained = ct.user("alice"), ct.session("first", "one", "ASIA1")
    week = folded([ct.assumed("first", "one", "ASIA1", alice), ct.assumed("second", "two", "ASIA2", chained)])[WEEK]
    second = f"arn:aws:iam::{ct.ACCOUNT}:role/second"
    links = by_role(week.links)
    assert behind(second, "two/ASIA2", links) == [alice["arn"]]
    assert behind(second, "other/ASIA3", links) == []


def test_the_source_identity_of_a_session_is_told() -> None:
    week = folded([ct.event("s3", "ListBuckets", ct.session("app", "one", "ASIA1", source="alice"))])[WEEK]
    assert [link.by for link in week.links] == ["source identity alice"]


def lacks(name: str) -> ct.Event:
    return {field: value for field, value in ct.event("s3", "ListBuckets").items() if field != name}


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (lacks("userIdentity"), "userIdentity"),
        (lacks("eventTime"), "eventTime"),
        (ct.event("s3", "ListBuckets", eventTime="yesterday"), "date"),
        (ct.event("s3", "ListBuckets", eventTime=7), "eventTime"),
        (ct.event("s3", "ListBuckets", {"arn": "a", "sessionContext": "no"}), "userIdentity"),
        (ct.event("s3", ""), "eventName"),
    ],
    ids=str,
)
def test_a_record_that_is_not_as_it_should_be_is_passed_over_and_the_rest_is_read(record: ct.Event, why: str) -> None:
    weeks: Weeks = {}
    found = folder().file(ct.packed([ct.event("s3", "ListBuckets"), record, ct.event("iam", "ListUsers")]), weeks)
    assert [why in reason for reason in found.passed] == [True]
    assert sum(map(len, weeks[WEEK].people.values())) == 2


def test_records_of_others_and_of_other_times_are_counted_apart() -> None:
    weeks: Weeks = {}
    late = ct.event("s3", "ListBuckets", eventTime="2027-01-01T00:00:00Z")
    found = folder().file(ct.packed([late, ct.event("s3", "ListBuckets", recipientAccountId="999999999999")]), weeks)
    assert (found.events, found.outside, found.others, found.passed, weeks) == (2, 1, 1, [], {})


def test_a_record_that_does_not_say_who_received_it_is_of_its_callers_account() -> None:
    weeks: Weeks = {}
    who: list[Any] = [ct.user("eve", account="999999999999"), ct.user("alice"), ["no identity"]]
    found = folder().file(ct.packed([ct.event("s3", "ListBuckets", one, recipientAccountId="") for one in who]), weeks)
    assert (found.others, len(found.passed), list(weeks[WEEK].people)) == (1, 1, [ct.user("alice")["arn"]])


GOOD = ct.packed([ct.event("s3", "ListBuckets")] * 3)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (b"{}", "it is no gzip file, or damaged"),
        (GOOD[:-20], "it is cut short"),
        (GOOD[:40] + b"\0\0\0\0" + GOOD[44:], "it is damaged"),
        (gzip.compress(b"not JSON"), "it is not JSON"),
        (gzip.compress(b'{"Records":[{"eventVersion":"1"'), "it is not JSON"),
        (gzip.compress(b'{"Insights":[]}'), "it has no list of Records"),
        (gzip.compress(b'{"Records":' + b"[" * 100_000), "it is not JSON"),
    ],
    ids="empty text cut damaged words half insights deep".split(),
)
def test_a_file_that_is_none_says_why_and_counts_nothing(content: bytes, why: str) -> None:
    weeks: Weeks = {}
    with pytest.raises(NoLog, match=why):
        folder().file(content, weeks)
    assert weeks == {}


HARM: dict[str, tuple[ct.Event, bytes]] = {
    "half a character": (ct.event("s3", "ListBuckets", userAgent="@@"), rb"\ud800"),
    "halves the wrong way round": (ct.event("s3", "ListBuckets", ct.user("@@")), rb"\udc00\ud800"),
    "lists in lists": (
        ct.event("s3", "ListBuckets", userAgent="@@"),
        b'","deep":%b,"userAgent":"' % (b"[" * 9999 + b"]" * 9999),
    ),
    "no UTF-8": (ct.event("s3", "@@"), b"\xff\xfe"),
    "a control character": (ct.event("s3", "@@"), b"\0"),
    "brackets and quotes in a text": (ct.event("s3", "ListBuckets", userAgent="@@"), rb"\ud800]}, {\"[\\"),
    "a number that is none": (ct.event("s3", "ListBuckets", requestParameters={"a": "@@"}), b'":01,"b":"'),
}


@pytest.mark.parametrize("indent", [None, 1], ids=["as written", "in another way"])
@pytest.mark.parametrize(("record", "text"), HARM.values(), ids=HARM)
def test_what_is_no_json_within_a_record_hides_no_other_record(
    record: ct.Event, text: bytes, indent: int | None
) -> None:
    """Whoever calls chooses a user agent and parameters: nobody may hide what others did, or what they did before."""
    before, after = ct.event("s3", "ListBuckets", ct.user("eve")), ct.event("iam", "ListUsers", ct.user("bob"))
    written = json.dumps({"Records": [before, record, after]}, indent=indent, separators=(",", ":")).encode()
    weeks: Weeks = {}
    found = folder().file(gzip.compress(written.replace(b"@@", text)), weeks)
    assert (found.events, len(found.passed)) == (3, 1)
    assert {person.rpartition("/")[2] for person in weeks[WEEK].people} == {"eve", "bob"}


def test_a_file_that_is_written_in_another_way_is_read_all_the_same() -> None:
    """By a tool that copied it with white space, in two gzip members, or with the records' fields in another order."""
    events = [ct.event("s3", "ListBuckets"), ct.event("iam", "ListUsers")]
    text = json.dumps({"Records": [dict(reversed(one.items())) for one in events]}, indent=1).encode()
    weeks: Weeks = {}
    folder().file(gzip.compress(text[:100]) + gzip.compress(text[100:]), weeks)
    weeks[WEEK].settle(ct.ACCOUNT)
    assert kept(weeks) == kept(folded(events))


def test_a_summary_of_very_many_stays_small() -> None:
    """Four people, each with many keys, addresses and objects: what is kept does not grow with what they did."""
    events = [
        ct.of_object("GetObject", f"b{n % 90}", f"{n % 70}/{n}", ct.user(f"u{n % 4}", f"AKIA{n:016}"),
                     sourceIPAddress=f"198.{n % 200}.{n % 190}.1")
        for n in range(3000)
    ]  # fmt: skip
    [summary] = folded(events).values()
    twice = Summary()
    twice.add(summary)
    twice.add(folded([{**one, "eventTime": "2026-11-16T09:00:00Z"} for one in events])[WEEK])
    twice.settle(ct.ACCOUNT)
    assert summary.size() <= 4 * PLACES
    assert twice.size() == summary.size()
