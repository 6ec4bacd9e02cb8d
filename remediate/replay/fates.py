"""What becomes of each recorded call, taken together."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from remediate.evidence.actions import needed, service_of
from remediate.evidence.facts import Call
from remediate.replay.sides import Verdict
from remediate.replayed import Stopped, Weighed


class Fate(NamedTuple):
    """What becomes of some calls, and by which change."""

    verdict: Verdict
    change: int
    action: str


class Fates:
    """Of everybody's calls. One is stopped once, by what stops it for sure where there is such a change."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, Call], Fate] = {}
        self._concerned: dict[int, dict[str, int]] = defaultdict(dict)
        self._unmapped: set[tuple[str, Call]] = set()

    def concern(self, change: int, arn: str, made: Sequence[Call]) -> None:
        """A change takes something from somebody."""
        if made:
            self._concerned[change][arn] = sum(call.calls for call in made)

    def settle(self, arn: str, call: Call, fate: Fate) -> None:
        """What is sure stands before what is perhaps so, and the first before the others."""
        before = self._found.get((arn, call))
        if fate.verdict != "kept" and (before is None or (before.verdict, fate.verdict) == ("perhaps", "denied")):
            self._found[arn, call] = fate

    def unmapped(self, arn: str, call: Call) -> None:
        """It is not known what a call needed, and something is taken that it may have needed."""
        self._unmapped.add((arn, call))

    def weighed(self) -> tuple[Weighed, ...]:
        """Each change that takes something from those who made calls."""
        stopped: Mapping[tuple[int, Verdict], int] = self._counted()
        return tuple(
            Weighed(
                change=change,
                calls=sum(people.values()),
                denied=stopped.get((change, "denied"), 0),
                perhaps=stopped.get((change, "perhaps"), 0),
            )
            for change, people in sorted(self._concerned.items())
        )

    def total(self, verdict: Verdict) -> int:
        return sum(call.calls for (_, call), fate in self._found.items() if fate.verdict == verdict)

    def unknown(self) -> Mapping[str, int]:
        """Events of which it is not known what they needed, with the number of calls, most first."""
        found: Counter[str] = Counter()
        for _, call in self._unmapped - self._found.keys():
            found[call.event] += call.calls
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def stopped(self, account: str) -> list[Stopped]:
        """Calls of one sort together, most first, those for sure before the others."""
        sorts: dict[tuple[str, Fate, str], list[Call]] = defaultdict(list)
        for (arn, call), fate in self._found.items():
            sorts[arn, fate, call.resource].append(call)
        found = (_stopped(account, *sort, calls) for sort, calls in sorts.items())
        return sorted(found, key=lambda one: (not one.sure, -one.calls, one.who, one.change, one.action, one.resource))

    def _counted(self) -> Mapping[tuple[int, Verdict], int]:
        found: dict[tuple[int, Verdict], int] = defaultdict(int)
        for (_, call), fate in self._found.items():
            found[fate.change, fate.verdict] += call.calls
        return found


def _stopped(account: str, arn: str, fate: Fate, resource: str, made: Sequence[Call]) -> Stopped:
    return Stopped(
        who=arn,
        name=_name(arn, account),
        change=fate.change,
        action=fate.action,
        resource=resource,
        calls=sum(call.calls for call in made),
        last=datetime.fromtimestamp(max(call.last for call in made), UTC),
        sure=fate.verdict == "denied",
    )


def _name(arn: str, account: str) -> str:
    kind, _, path = arn.partition(f":iam::{account}:")[2].partition("/")
    name = path.rpartition("/")[2]
    return {"user": name, "role": f"role {name}"}.get(kind, arn)


def named(call: Call) -> str:
    """What a call did, as policies name it; else as its record does."""
    need = needed(call.event)
    return need.actions[0] if need and need.actions else f"{service_of(call.event)}:{call.event.partition('/')[2]}"
