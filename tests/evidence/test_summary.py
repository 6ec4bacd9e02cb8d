"""The summary is the same whatever the order, split or repetition of what it is made from."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.stress import STRESS

from remediate.evidence import summary as summary_module
from remediate.evidence.resource import BELOW, DEEPEST, HEADS, folded, head_of, shortened
from remediate.evidence.summary import FACETS, Count, Link, Summary, Use, add, merged
from remediate.evidence.wire import decode, encode

ACCOUNT = "123456789012"
OTHER = "999988887777"
HOSTILE = (
    "",
    "*",
    "?",
    "/",
    ":",
    "a/*",
    "arn:",
    "arn:aws:s3:::",
    "arn:aws:s3:::*",
    "\x1b[31m",
    "[x]",
    "::/56",
    "::1",
    "9",
)
Part = tuple[str, Use | Link, Count]


def _arn(draw: random.Random, kinds: int, wide: int) -> str:
    n = draw.randrange(wide)
    path = "/".join(f"d{draw.randrange(1 + wide // 8)}" for _ in range(draw.randrange(6)))
    of = f"eu-west-1:{ACCOUNT}"
    forms = (
        f"arn:aws:s3:::b{n % (1 + wide // 12)}/{path}/{n}",
        f"arn:aws:dynamodb:{of}:table/t{n}/index/{path}",
        f"arn:aws:sqs:{of}:q{n}",
        f"arn:aws:logs:{of}:log-group:/aws/{n}:log-stream:{path}",
        f"arn:aws:s3:::b{n}",
        "",
        draw.choice(HOSTILE),
    )
    return shortened(draw.choice(forms[:kinds]))


def _parts(seed: int, count: int) -> list[Part]:
    """Counted calls, some of whose facets have so many values that they must be folded and some not."""
    draw = random.Random(seed)
    wide = {name: draw.choice((1, 3, 12, 90)) for name in (*Use._fields, "by", "session")}
    kinds = draw.randrange(1, 8)

    def some(name: str, form: str) -> str:
        return form.format(draw.randrange(wide[name]), draw.randrange(3))

    found: list[Part] = []
    for _ in range(count):
        at = draw.randrange(10**6)
        counted = Count(draw.randrange(1, 9), at, at + draw.randrange(99), 1 << draw.randrange(168))
        who = f"arn:aws:iam::{draw.choice((ACCOUNT, OTHER))}:role/r{draw.randrange(1 + wide['by'] // 8)}"
        use = Use(
            some("event", "s{1}.amazonaws.com/Get{0}"),
            some("error", "E{0}"),
            _arn(draw, kinds, wide["resource"]),
            some("region", "r-{0}"),
            draw.choice(
                (
                    some("network", "10.{0}.{1}.7").replace("10.4", "1.4"),
                    f"2001:db8:{draw.randrange(400):x}::1",
                    "x.aws",
                )
            ),
            some("agent", "a{1}/{0}"),
            some("credential", "i-{1}/ASIA{0}"),
            draw.choice(("yes", "no", "")),
        )
        found.append((who, use, counted))
        if draw.random() < 0.2:
            found.append(
                (who, Link(who, some("session", "n{1}/k{0}"), some("by", "u{0}"), f"AK{draw.randrange(9)}"), counted)
            )
    return found


def _summary(parts: Sequence[Part]) -> Summary:
    result = Summary()
    for who, what, count in parts:
        if isinstance(what, Use):
            add(result.uses(who), what, count)
        else:
            add(result.links, what, count)
    result.settle(ACCOUNT)
    return result


@contextmanager
def small(limit: int) -> Iterator[None]:
    """Limits that few records reach."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(summary_module, "FACETS", {name: (ladder, limit) for name, (ladder, _) in FACETS.items()})
        for name in ("PRINCIPALS", "SESSIONS"):
            patch.setattr(summary_module, name, limit)
        patch.setattr("remediate.evidence.resource.HEADS", limit)
        patch.setattr("remediate.evidence.resource.BELOW", max(1, limit // 2))
        yield


def _bytes(summary: Summary) -> bytes:
    return encode(summary, frozenset())


@settings(max_examples=3000 if STRESS else 40, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 6), st.integers(1, 12))
def test_any_order_and_any_split_come_to_the_same(seed: int, split: int, limit: int) -> None:
    parts = _parts(seed, 60)
    draw = random.Random(seed + 1)
    with small(limit):
        whole = _summary(parts)
        draw.shuffle(parts)
        pieces = [_summary(parts[n::split]) for n in range(split)]
        while len(pieces) > 1:  # a tree of merges, any tree
            draw.shuffle(pieces)
            one, other = pieces.pop(), pieces.pop()
            pieces.append(merged((one, other), ACCOUNT))
        assert _bytes(pieces[0]) == _bytes(whole)
        assert _bytes(merged((whole,), ACCOUNT)) == _bytes(whole), "what is settled stays"
        assert _bytes(decode(_bytes(whole))[0]) == _bytes(whole), "and is read as it was written"


@settings(max_examples=500 if STRESS else 6, deadline=None)
@given(st.integers(0, 2**32))
def test_no_call_is_lost_and_none_gets_a_pattern_that_does_not_match_it(seed: int) -> None:
    parts = [part for part in _parts(seed, 200) if isinstance(part[1], Use)]
    summary = _summary(parts)
    assert sum(c.calls for uses in summary.people.values() for c in uses.values()) == sum(c.calls for *_, c in parts)
    for who, use, count in parts:
        assert isinstance(use, Use)
        assert any(
            fnmatchcase(use.event, kept.event)
            and fnmatchcase(use.resource, _pattern(kept.resource))
            and fnmatchcase(use.credential, kept.credential)
            and kept.mfa == use.mfa
            and kept_count.first <= count.first <= count.last <= kept_count.last
            and kept_count.hours & count.hours == count.hours
            for principal, uses in summary.people.items()
            if fnmatchcase(who, principal)
            for kept, kept_count in uses.items()
        ), (who, use)


def _pattern(text: str) -> str:
    """In ARNs brackets are no sets."""
    return text.replace("[", "[[]")


BUCKET = "arn:aws:s3:::data"
TABLE = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table"


@pytest.mark.parametrize(
    ("resources", "patterns"),
    [
        pytest.param([f"{BUCKET}/a", f"{BUCKET}/b"], {f"{BUCKET}/a", f"{BUCKET}/b"}, id="a few objects are kept"),
        pytest.param([f"{BUCKET}/in/{n}" for n in range(BELOW + 1)], {f"{BUCKET}/in/*"}, id="many are their folder"),
        pytest.param([f"{BUCKET}/{n}" for n in range(BELOW + 1)], {f"{BUCKET}/*"}, id="or their bucket"),
        pytest.param([f"{BUCKET}/a/b/c/d/e"], {f"{BUCKET}/a/b/c/*"}, id=f"no more than {DEEPEST} folders"),
        pytest.param([f"{TABLE}/{n}" for n in range(HEADS)], {f"{TABLE}/{n}" for n in range(HEADS)}, id="tables"),
        pytest.param([f"{TABLE}/{n}" for n in range(HEADS + 1)], {f"{TABLE}/*"}, id="many tables are any table"),
        pytest.param([f"arn:aws:s3:::b{n}" for n in range(HEADS + 1)], {"arn:aws:s3:::*"}, id="many buckets are any"),
        pytest.param(
            [f"{BUCKET}/*", f"{BUCKET}/a"], {f"{BUCKET}/?", f"{BUCKET}/a"}, id="a star in a name is no pattern"
        ),
        pytest.param([""], {""}, id="none"),
    ],
)
def test_resources_are_folded_by_a_stated_rule(resources: list[str], patterns: set[str]) -> None:
    assert set(folded(shortened(arn) for arn in resources).values()) - {""} == patterns - {""}


@pytest.mark.parametrize(
    ("arn", "head"),
    [
        (f"{BUCKET}/a/b", BUCKET),
        (f"{TABLE}/orders/index/by-day", f"{TABLE}/orders"),
        (f"arn:aws:sqs:eu-west-1:{ACCOUNT}:queue", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:queue"),
        ("no arn/at/all", "no arn/at/all"),
    ],
)
def test_the_head_of_a_resource_is_what_it_is_part_of(arn: str, head: str) -> None:
    assert head_of(arn) == head


@pytest.mark.parametrize(
    "many", [lambda n: f"arn:aws:iam::{ACCOUNT}:user/u{n}", lambda n: f"arn:aws:iam::{OTHER}:user/u{n}"]
)
def test_principals_beyond_the_limit_become_those_of_their_account(
    many: Callable[[int], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("remediate.evidence.summary.PRINCIPALS", 20)
    monkeypatch.setattr("remediate.evidence.summary.SESSIONS", 20)
    use = Use("s", "", "", "", "", "", "", "")
    names = [*(many(n) for n in range(21)), "arn:aws:iam::111122223333:user/one", f"arn:aws:iam::{ACCOUNT}:root"]
    parts: list[Part] = [(name, use, Count(1, n, n, 1)) for n, name in enumerate(names)]
    whole = _summary(parts)
    assert _bytes(merged((_summary(parts[:20]), _summary(parts[20:])), ACCOUNT)) == _bytes(whole)
    assert len(whole.people) < 4
    assert sum(c.calls for c in whole.of(f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT).values()) in (1, 22)
