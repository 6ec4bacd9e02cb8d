"""What has moved since it was last set: the `after` of past runs compared with the live account."""

from collections.abc import Iterable, Mapping, Sequence

from remediate.model import SETTLED, Address, Change, Event, Plan, Risk, Struct, Value, kind_of

ATTENDED = frozenset({"iam.login_profile", "ds.directory"})
"""Kinds that no unattended run creates: a password is shown once, and would end in a log; a directory costs money."""


class Drifted(Struct, frozen=True, kw_only=True):
    """An entry that one of our runs set, and that is something else now."""

    address: Address
    expected: Value
    now: Value
    plan: str
    """The file of the plan that set it."""


def recorded(runs: Iterable[tuple[str, Plan, Mapping[int, Event]]]) -> dict[Address, tuple[Value, str]]:
    """What past runs left each address at, oldest first, with the plan that did."""
    left: dict[Address, tuple[Value, str]] = {}
    for name, plan, outcomes in runs:
        for change in plan.changes:
            if outcomes.get(change.id) in SETTLED:
                left[change.address] = (change.after, name)
    return left


def compare(left: Mapping[Address, tuple[Value, str]], live: Mapping[Address, Value | Exception]) -> list[Drifted]:
    """The addresses whose live value is not what the last run left. Unreadable ones are not among them."""
    return [
        Drifted(address=address, expected=expected, now=now, plan=plan)
        for address, (expected, plan) in sorted(left.items())
        if not isinstance(now := live[address], Exception) and now != expected
    ]


def approved(changes: Sequence[Change], classes: Sequence[Risk]) -> list[Change]:
    """The changes of which every class of risk is approved, and whose needs are all approved too.

    Never what needs somebody to watch: see ATTENDED.
    """
    chosen: set[int] = set()
    for change in changes:
        attended = kind_of(change.address) in ATTENDED and change.before is None
        if change.classes.issubset(classes) and chosen.issuperset(change.needs) and not attended:
            chosen.add(change.id)
    return [change for change in changes if change.id in chosen]
