"""Policies whose statements nearly say the same, and requests at the borders between them.

Everything is made of two letters, wildcards and variables, so that patterns overlap; every operator meets values that
it can read and others; and requests are what the patterns stand for, with a letter more or less.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from remediate.policy import statements
from remediate.policy.compare import CONTROL, Policies
from remediate.policy.known import Known
from remediate.policy.request import Context, Request
from remediate.policy.samples import ALWAYS
from remediate.policy.samples import ARNS as ARN_KEYS
from remediate.policy.statement import OPERATORS

KNOWN: Known = {
    "aws:username": "ab",
    "aws:principaltag/t": "a*",
    "aws:principalarn": "arn:aws:iam::111122223333:user/ab",
    "aws:multifactorauthpresent": None,
}
HEAD = "arn:aws:s3:::"
VARIABLES = ("${aws:username}", "${aws:PrincipalTag/t}", "${aws:PrincipalTag/none, 'b'}", "${s3:p}", "${*}", "${?}")

ODD_ACTIONS = ("*", "S3:*", "s3:a*", "s*:a", "?3:*b", "ec2:a", "s3:**", "s3:?")
PIECES = ("a", "b", "*", "?", "B")


def _action(chance: Random) -> str:
    return chance.choice(ODD_ACTIONS) if chance.random() < 0.4 else f"s3:{_short(chance, PIECES)}"


def _resource(chance: Random) -> str:
    return "*" if chance.random() < 0.3 else HEAD + _short(chance, (*PIECES, *VARIABLES))


def _short(chance: Random, pieces: Sequence[str]) -> str:
    return "".join(chance.choice(pieces) for _ in range(chance.randint(1, 3)))


TEXTS = ["a", "b", "ab", "A", "a*", "*", "?", "", "${aws:username}", "${s3:p}", "${aws:none, 'a'}", "${*}", "*b", "*a*"]
NUMBERS = ["1", "1.0", "2", "-1", "1e0", "x", "10"]
DATES = ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", "1767225600", "2026-01-02", "x"]
ADDRESSES = ["10.0.0.0/8", "10.0.0.0/9", "10.128.0.0/9", "10.0.0.1", "2001:db8::/32", "0.0.0.0/0", "x"]
AN_ARN = re.compile(r"arn:aws[^:]*:[^:]+:[^:]*:[^:]*:.")
ARNS = ["arn:aws:s3:::a", "arn:aws:s3:::*", "arn:*:s3:*", "*", "arn:aws:s?:::a*", "arn:aws:s3:::${aws:username}"]
TRUTHS = ["true", "false", "True", "x"]
BYTES = ["YQ==", "Yg==", "x"]
WANTED: Mapping[str, list[str]] = {
    "String": TEXTS, "Numeric": NUMBERS, "Date": DATES, "IpAddress": ADDRESSES, "NotIpAddress": ADDRESSES, "Arn": ARNS,
    "Bool": TRUTHS, "Null": TRUTHS, "Binary": BYTES,
}  # fmt: skip
NAMES = sorted(OPERATORS.values())
KEYS: Mapping[str, list[str]] = {
    "String": ["s3:p", "aws:TagKeys", "aws:username", "aws:PrincipalTag/t", "aws:x"],
    "Numeric": ["s3:max-keys", "aws:x"],
    "Date": ["aws:CurrentTime", "aws:x"],
    "IpAddress": ["aws:SourceIp"],
    "NotIpAddress": ["aws:SourceIp", "aws:x"],
    "Arn": ["aws:SourceArn", "aws:PrincipalArn"],
    "Bool": ["aws:SecureTransport", "aws:MultiFactorAuthPresent"],
    "Null": ["s3:p", "aws:TagKeys", "aws:MultiFactorAuthPresent", "aws:SourceIp", "aws:x"],
    "Binary": ["aws:x", "s3:bytes"],
}


OPPOSITES = (
    {"Null": "Null"}
    | {name.replace("Not", ""): name for name in NAMES if "Not" in name}
    | {
        f"{kind}{less}": f"{kind}{more}"
        for kind in ("Numeric", "Date")
        for less, more in (("LessThan", "GreaterThanEquals"), ("LessThanEquals", "GreaterThan"))
    }
)
"""What holds where the other does not, mostly: values that cannot be read and keys that are not there are neither's."""


def _line(chance: Random, key: str) -> tuple[str, str, list[str]]:
    """One line of a condition block: any operator, with any prefix and suffix, on a key that it may be about."""
    operator = chance.choice([name for name in NAMES if not key or key in KEYS[_kind(name)]])
    prefix = chance.choice(["", "", "", "ForAllValues:", "ForAnyValue:"])
    suffix = chance.choice(["", "", "IfExists"]) if operator != "Null" else ""
    values = [chance.choice(WANTED[_kind(operator)]) for _ in range(chance.choice([0, 1, 1, 1, 1, 1, 2, 2]))]
    written = f"{prefix}{operator}{suffix}"
    return chance.choice([written, written, written.lower()]), key or chance.choice(KEYS[_kind(operator)]), values


def _kind(operator: str) -> str:
    return next(kind for kind in WANTED if operator.startswith(kind))


def body(chance: Random, key: str = "") -> dict[str, Any]:
    """One statement; with a key, one whose conditions are all about that."""
    lines = [_line(chance, key) for _ in range(chance.choice([1, 1, 2] if key else [0, 0, 1, 1, 2]))]
    block = {operator: {of: values} for operator, of, values in lines}
    named = chance.choice(["Action", "Action", "NotAction"]), chance.choice(["Resource", "Resource", "NotResource"])
    about = {
        named[0]: [_action(chance) for _ in range(chance.randint(1, 2))],
        named[1]: [_resource(chance) for _ in range(chance.randint(1, 2))],
    }
    if key:
        about = {"Action": ["s3:*"], "Resource": ["*"]}
    return {"Effect": chance.choice(["Allow", "Allow", "Deny"]), **about, **({"Condition": block} if block else {})}


def _changed(one: dict[str, Any], chance: Random, key: str) -> list[dict[str, Any]]:
    """A statement as it is, left out, cut in two, or with one element of another."""
    what = chance.choice(["as it is", "left out", "cut", "wider", "other", "halves", "halves"])
    element = chance.choice(["Action", "Resource"])
    listed = next(name for name in one if name.endswith(element))
    if what == "cut" and len(one[listed]) > 1:
        return [{**one, listed: [text]} for text in one[listed]]
    if what == "wider":
        more = _action(chance) if element == "Action" else _resource(chance)
        return [{**one, listed: [*one[listed], more]}]
    if what == "other":
        other = body(chance, key)
        return [
            {**one, "Condition": other["Condition"]} if "Condition" in other else {**other, "Effect": one["Effect"]}
        ]
    if what == "halves":
        return _halves(one, chance, key)
    return [] if what == "left out" else [one]


def _halves(one: dict[str, Any], chance: Random, key: str) -> list[dict[str, Any]]:
    """A statement, once where some condition holds and once where its opposite does."""
    operator = chance.choice([name for name in OPPOSITES if not key or key in KEYS[_kind(name)]] or ["Null"])
    suffix = chance.choice(["", "", "IfExists"]) if operator != "Null" else ""
    chosen, value = key or chance.choice(KEYS[_kind(operator)]), chance.choice(WANTED[_kind(operator)])
    held = [(operator, [value]), (OPPOSITES[operator], [value])]
    if operator == "Null":
        held = [("Null", ["true"]), ("Null", ["false"])]
    blocks = [{f"{name}{suffix}": {chosen: values}} for name, values in held]
    return [{**one, "Condition": {**one.get("Condition", {}), **block}} for block in blocks]


def _document(bodies: Sequence[dict[str, Any]], chance: Random) -> frozenset[str]:
    """The statements of a document of either version."""
    version = chance.choice(["2012-10-17", "2012-10-17", "2008-10-17"])
    return frozenset(statements({"Version": version, "Statement": list(bodies)}))


ALL = {"Effect": "Allow", "Action": ["*"], "Resource": ["*"]}


def pair(chance: Random) -> tuple[Policies, Policies]:
    """Two sets of policies with much in common, in up to three layers."""
    key = chance.choice(["", "", "", *sorted({key for keys in KEYS.values() for key in keys})])
    common = [body(chance, key) for _ in range(chance.randint(1, 2 if key else 3))]
    if chance.random() < 0.3:
        common.append(ALL)
    before = {"identity": _document(common, chance)}
    after = {"identity": _document([new for one in common for new in _changed(one, chance, key)], chance)}
    for layer in ("boundary", f"{CONTROL} 0"):
        if chance.random() < 0.2:
            limit = [ALL, body(chance, key), body(chance)][chance.randint(0, 1) :]
            before[layer] = _document(limit, chance)
            changed = [new for one in limit for new in _changed(one, chance, key)]
            after[layer] = chance.choice([before[layer], _document(changed, chance)])
    return before, after


def requests(sides: tuple[Policies, Policies], chance: Random, count: int) -> Iterator[Request]:
    """Requests at the borders of what these policies say."""
    texts = [text for side in sides for layer in side.values() for text in sorted(layer)]
    quoted = sorted({found for text in texts for found in re.findall(r'"([^"]*)"', text)})
    named = [text for text in quoted if text.startswith(("s3:", "ec2:"))] or ["s3:a"]
    places = [text for text in quoted if text.startswith("arn:")] or [HEAD]
    said = [text for text in quoted if text not in (*named, *places)] + ["a", "zz"]
    for _ in range(count):
        yield Request(
            action=near(chance.choice(named), chance),
            resource=near(chance.choice([*places, "*"]), chance),
            context=dict(_context(said, places, chance)),
        )


def _context(said: list[str], places: list[str], chance: Random) -> Iterator[tuple[str, str | tuple[str, ...]]]:
    given: Mapping[str, list[str]] = {
        "s3:p": said, "aws:x": [*said, *NUMBERS, *DATES, *ADDRESSES, *BYTES], "s3:max-keys": [*NUMBERS, "1.5", "0"],
        "aws:currenttime": DATES[:-1], "aws:sourceip": ["10.0.0.1", "10.128.0.0", "11.0.0.0", "::1"],
        "aws:sourcearn": [*places, *ARNS], "aws:securetransport": ["true", "false"], "s3:bytes": BYTES,
    }  # fmt: skip
    for key, values in given.items():
        if key in ALWAYS or chance.random() < 0.7:
            typed = key in ("aws:securetransport", "aws:sourceip", "aws:currenttime", "s3:bytes", "s3:max-keys")
            value = chance.choice(values) if typed else near(chance.choice(values), chance)
            if key not in ARN_KEYS or AN_ARN.match(value):
                yield key, value
    if chance.random() < 0.7:
        yield "aws:tagkeys", tuple(near(chance.choice(said), chance) for _ in range(chance.choice([0, 1, 1, 2, 3])))


def near(text: str, chance: Random) -> str:
    """What a pattern stands for; now and then a letter more, or less, or in the other case."""

    def stands(found: re.Match[str]) -> str:
        sign = found[0]
        if sign == "*":
            return chance.choice(["", "a", "b", "ab", "*"])
        return chance.choice(["a", "b", "?"]) if sign == "?" else chance.choice(["ab", "a*", "a", "b", "*", "?", sign])

    filled = re.sub(r"\$\{[^}]*\}|[*?]", stands, text)
    change = chance.random()
    if change < 0.15:
        return filled + chance.choice("ab")
    if change < 0.25 and filled[-1:] in ("a", "b"):
        return filled[:-1]
    return filled.swapcase() if change < 0.3 and not filled.startswith("arn:") else filled


def whole(request: Request) -> Context:
    """The request's keys, with what is known of whoever asks."""
    return {**request.context, **{key: value for key, value in KNOWN.items() if value is not None}}
