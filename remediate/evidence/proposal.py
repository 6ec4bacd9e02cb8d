"""The smallest statements that allow what was done.

Actions that were used on the same resources share a statement. Resources that lie side by side become a pattern where
there are many of them, and more so the less room there is: more than 16 below one prefix become `prefix/*`, then more
than 4, then any two; then all of a kind; at last any.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Set

from remediate.evidence.deeds import ANY
from remediate.model import Value

Used = Mapping[str, Set[str]]
"""By action, patterns of the ARNs that it was used on."""

SIDE_BY_SIDE = (16, 4, 1)
STEPS = len(SIDE_BY_SIDE) + 2
"""How many degrees of detail there are, the finest first."""
_MARK = re.compile("[/:]")
_UNKINDED = re.compile("arn:[^:]*:(s3|sqs|sns):")
"""ARNs of these have no kind before the name."""


def statements(used: Used, step: int) -> list[dict[str, Value]]:
    """What allows it at this degree of detail, from 0 to STEPS - 1."""
    together: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for action in sorted(used):
        together[tuple(sorted(map(_literally, _coarser(used[action], step))))].append(action)
    return [
        {"Effect": "Allow", "Action": list[Value](actions), "Resource": list[Value](resources)}
        for resources, actions in sorted(together.items(), key=lambda one: one[1])
    ]


def _literally(arn: str) -> str:
    """An ARN as a policy has it, where `${` begins a variable."""
    return arn.replace("${", "${$}{")


def _coarser(arns: Set[str], step: int) -> Set[str]:
    if ANY in arns or step == STEPS - 1:
        return {ANY}
    if step == STEPS - 2:
        return _least({_kind(arn) for arn in arns})
    found = _least(arns)
    while (fewer := _gathered(found, SIDE_BY_SIDE[step])) != found:
        found = fewer
    return found


def _least(arns: Set[str]) -> Set[str]:
    """Without those that another one covers."""
    whole = tuple(arn[:-1] for arn in arns if arn.endswith("*"))
    return {arn for arn in arns if not any(arn.startswith(w) and arn != f"{w}*" for w in whole)}


def _gathered(arns: Set[str], most: int) -> Set[str]:
    """More than so many below one prefix become all that is below it."""
    beside: dict[str, set[str]] = defaultdict(set)
    for arn in arns:
        beside[_prefix(arn)].add(arn)
    patterns = {f"{prefix}*" for prefix, group in beside.items() if prefix and len(group) > most}
    return _least(arns | patterns)


def _prefix(arn: str) -> str:
    """What an ARN has in common with those beside it; empty where that is no more than their kind."""
    core = arn[:-2] if arn.endswith(("/*", ":*")) else arn
    marks = [mark.end() for mark in _MARK.finditer(core, _begin(core))]
    return core[: marks[-1]] if len(marks) > (0 if _UNKINDED.match(arn) else 1) else ""


def _kind(arn: str) -> str:
    """All of a kind: `table/*`; of a bucket all of its objects."""
    begin = _begin(arn)
    mark = _MARK.search(arn, begin)
    if mark:
        return f"{arn[: mark.end()]}*"
    return arn if ":s3:" in arn or not begin else f"{arn[:begin]}*"


def _begin(arn: str) -> int:
    """Where the resource's own part begins; 0 where this is no ARN."""
    parts = arn.split(":", 5)
    return len(arn) - len(parts[5]) if len(parts) > 5 else 0
