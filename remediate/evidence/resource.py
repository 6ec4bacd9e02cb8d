"""The resources that calls were about, folded into patterns.

An ARN has a head, what it is the ARN of, and parts below it: `arn:aws:s3:::bucket` and `/a/b/c`,
`arn:aws:dynamodb:eu-west-1:111122223333:table/orders` and `/index/by-day`. A principal that makes one kind of call on
no more than HEADS of them keeps them apart; else they become one pattern for each kind of resource, and then `*`.
Below each head it keeps up to BELOW different ones, of up to DEEPEST parts; else with a part less, and so on.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

import re
from collections.abc import Iterable, Mapping
from functools import partial

from remediate.evidence.ladder import ANY, Rungs, plain, settled

HEADS = 32
BELOW = 8
DEEPEST = 3
MARKS = 5 + DEEPEST
"""An ARN has five before its resource's own part: with no more than these there are never more parts than DEEPEST."""
_MARK = re.compile("[/:]")
_UNKINDED = re.compile("arn:[^:]*:s3:::")
"""ARNs whose resources have no kind before their name."""
_HEAD = re.compile("arn:[^:]*:(?:s3:::[^/:]*|[^:]*:[^:]*:[^:]*:[^/:]*[/:][^/:]*)")


def shortened(arn: str) -> str:
    """An ARN as a summary holds it: no deeper than DEEPEST parts below its head."""
    parts = arn.split("/", DEEPEST + 1)
    if len(parts) > DEEPEST + 1 and _UNKINDED.match(arn):
        del parts[-1]
        return f"{plain('/'.join(parts))}/*"
    text = plain(arn)
    if text.count("/") + text.count(":") <= MARKS:
        return text
    return _cut(text, DEEPEST) or text


def folded(found: Iterable[str]) -> Mapping[str, str]:
    """The pattern for each of the resources of one kind of call by one principal."""
    values = [value for value in found if value]
    below: dict[str, set[str]] = {}
    for value in values:
        below.setdefault(head_of(value), set()).add(value)
    heads = settled(below, _kinds, HEADS)
    patterns = {"": ""}
    for head, group in below.items():
        kept = settled(group, partial(_depths, len(head)), BELOW) if heads[head] == head else {}
        patterns |= {value: kept.get(value, heads[head]) for value in group}
    return patterns


def head_of(arn: str) -> str:
    found = _HEAD.match(arn)
    return found[0] if found else arn


def _begin(arn: str) -> int:
    """Where the resource's own part begins, after `arn:partition:service:region:account:`; 0 where this is no ARN."""
    at = 0
    for _ in range(5):
        at = arn.find(":", at) + 1
        if not at:
            return 0
    return at if arn.startswith("arn:") else 0


def _kinds(head: str) -> Rungs:
    """A head, all of its kind, any."""
    if head == ANY:
        return (None, None, ANY)
    begin = _begin(head)
    mark = _MARK.search(head, begin) if begin else None
    kind = head[: mark.end()] + ANY if mark else head[:begin] + ANY if begin else head
    return (None if head == kind and begin else head, kind, ANY)


def _depths(head: int, value: str) -> Rungs:
    """A resource below a head of this length, with a part less on each rung."""
    rest = value[head:]
    if rest[1:] == ANY:
        return (*([None] * DEEPEST), value)
    marks = [mark.end() for mark in _MARK.finditer(value, head)]
    cut = len(marks) > 1 and rest[-1:] == ANY and rest[-2:-1] in "/:"
    own = DEEPEST - (len(marks) - 1) if cut else -1
    forms = [value[: marks[parts]] + ANY if len(marks) > parts else value for parts in range(DEEPEST, -1, -1)]
    return tuple(None if rung < own else value if rung == own else form for rung, form in enumerate(forms))


def _cut(value: str, parts: int) -> str | None:
    """The first so many parts below the head, and `*`; None where there are no more than those."""
    head = len(head_of(value))
    marks = [mark.end() for mark in _MARK.finditer(value, head)]
    return value[: marks[parts]] + ANY if len(marks) > parts else None
