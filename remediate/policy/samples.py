"""Values of a key of the request: one of every sort that some conditions tell apart.

Whatever a request has there, one of these values makes the same conditions hold. Each kind of operator says where its
sorts begin and end: texts by their patterns, numbers and times between those named, addresses at the edges of networks.
"""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import localcontext
from ipaddress import ip_address
from itertools import chain, combinations_with_replacement, pairwise
from math import comb

from remediate.policy.catalog import several
from remediate.policy.languages import Language, TooLarge, texts
from remediate.policy.patterns import letters, pattern
from remediate.policy.spelling import spelled
from remediate.policy.statement import Condition
from remediate.policy.values import FIRST, LAST, moment, network, number

TYPED = frozenset(
    f"aws:{name}"
    for name in "currenttime epochtime multifactorauthage multifactorauthpresent principalisawsservice securetransport "
    "sourceip tokenissuetime viaawsservice vpcsourceip".split()
)
"""Keys of which AWS itself says what kind of value they have.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"""
ALWAYS = frozenset(
    f"aws:{name}"
    for name in "currenttime epochtime principalaccount principalarn principalisawsservice principaltype "
    "requestedregion securetransport useragent userid viaawsservice".split()
)
"""Keys that are in every request which somebody signs, by the same page's words on their availability."""
ARNS = frozenset({"aws:principalarn", "aws:sourcearn", "aws:sourcevpcarn"})
"""Keys that hold an ARN, where they are there."""
MOST_DIGITS = 4096
"""More than a policy has room for, so that no number between two others is rounded away."""
DAY = 86_400.0
MOST = 4000
"""Values of one key. A policy of a size that IAM takes comes to a few dozen."""


def samples(conditions: Sequence[Condition]) -> tuple[str | tuple[str, ...] | None, ...]:
    """The values, the plainest first; None, where that can be, is for a request without the key, and comes before an
    empty value, which is mostly the same. Raises TooLarge where they cannot be listed.

    Where conditions are about several values at once, a few values make them hold or fail together: one for each
    condition is enough, since each fails or holds by one value.
    """
    kinds = {_kind(c) for c in conditions} - {"null"}
    if len(kinds) > 1:
        raise TooLarge(f"{spelled(conditions[0].key)} is compared as {' and as '.join(sorted(kinds))}")
    kind = kinds.pop() if kinds else "text"
    always = conditions[0].key in ALWAYS
    single = [value for value in dict.fromkeys(KINDS[kind](conditions)) if value or not always]
    if kind != "text" and conditions[0].key not in TYPED:
        single += ["x", ""]  # a tag, say: what it holds need not be what it is compared as
    missing = () if always else (None,)
    if not any(c.quantifier for c in conditions):
        # AWS's rule is to use ForAllValues or ForAnyValue there, and it does not say what happens without
        together = [("x", "y")] if several(conditions[0].key) else []
        return (*filter(None, single), *together, *missing, *([""] if "" in single else []))
    sets = chain.from_iterable(_sets(single, size) for size in range(1, len(conditions) + 1))
    return (*sets, *missing, *(() if always else ((),)))


def _sets(values: Sequence[str], size: int) -> Iterator[tuple[str, ...]]:
    """Sets of so many values, the same sort twice too: a plain operator tells one value from two."""
    if comb(len(values) + size - 1, size) > MOST:
        raise TooLarge(f"more than {MOST:,} sets of values of one key")
    return combinations_with_replacement(values, size)


def _kind(condition: Condition) -> str:
    for name, kind in (("String", "text"), ("Arn", "text"), ("Numeric", "number"), ("Date", "date")):
        if condition.operator.startswith(name):
            return kind
    return {"Bool": "truth", "IpAddress": "address", "NotIpAddress": "address", "Null": "null"}.get(
        condition.operator, "bytes"
    )


def _texts(conditions: Sequence[Condition]) -> Iterator[str]:
    """An empty text is one of its own: IAM takes it for none."""
    arn = conditions[0].key in ARNS
    shape = Language((pattern("arn:aws*:?*:*:*:?*" if arn else "?*"),))
    return (text for text, _ in texts([shape, *(_language(c) for c in conditions)], (1,) if arn else ()))


def _language(condition: Condition) -> Language:
    operator = condition.operator
    if operator == "Null":
        return Language(())
    arn = operator.startswith("Arn")
    written = pattern if arn or operator.endswith("Like") else letters
    return Language(tuple(written(v) for v in condition.values), any_case="IgnoreCase" in operator, arn=arn)


def _numbers(conditions: Sequence[Condition]) -> Iterator[str]:
    named = sorted({n for c in conditions for v in c.values if (n := number(v)) is not None})
    with localcontext(prec=MOST_DIGITS):
        halfway = [(a + b) / 2 for a, b in pairwise(named)]
        yield from map(str, (*named, named[0] - 1, named[-1] + 1, *halfway))


def _dates(conditions: Sequence[Condition]) -> Iterator[str]:
    named = sorted({m for c in conditions for v in c.values if (m := moment(v)) is not None})
    halfway = ((a + b) / 2 for a, b in pairwise(named))
    seconds = (*named, max(named[0] - DAY, FIRST), min(named[-1] + DAY, LAST), *halfway)
    yield from (datetime.fromtimestamp(s, UTC).isoformat().replace("+00:00", "Z") for s in seconds)


def _addresses(conditions: Sequence[Condition]) -> Iterator[str]:
    """Where each network begins, and where what is behind it begins: in between, no condition changes its mind."""
    yield from (str(ip_address(bits)) for bits in (b"\0" * 4, b"\0" * 16))
    for block in {n for c in conditions for v in c.values if (n := network(v)) is not None}:
        yield str(block[0])
        behind = int(block[-1]) + 1
        if behind < 1 << block.max_prefixlen:
            yield str(type(block[0])(behind))


def _truths(conditions: Sequence[Condition]) -> Iterator[str]:
    """Requests come over TLS; the rest is mostly not so."""
    yield from ("true", "false") if conditions[0].key == "aws:securetransport" else ("false", "true")


def _bytes(conditions: Sequence[Condition]) -> Iterator[str]:
    named = [v for c in conditions for v in c.values]
    yield from named
    yield next(
        text
        for n in range(len(named) + 1)
        if (text := b64encode(bytes([120, n % 256, n // 256])).decode()) not in named
    )


KINDS: Mapping[str, Callable[[Sequence[Condition]], Iterator[str]]] = {
    "text": _texts,
    "number": _numbers,
    "date": _dates,
    "address": _addresses,
    "truth": _truths,
    "bytes": _bytes,
}
