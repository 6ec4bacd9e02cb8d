"""What has moved since it was last set: the `after` of past runs compared with the live account."""

from collections.abc import Iterable, Mapping, Sequence

from remediate.model import SETTLED, Address, Change, Event, Plan, Risk, Struct, Value, kind_of


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

    Never a new password: it is shown once, and where nobody watches it would end in a log.
    """
    chosen: set[int] = set()
    for change in changes:
        password = kind_of(change.address) == "iam.login_profile" and change.after is not None
        if change.classes.issubset(classes) and chosen.issuperset(change.needs) and not password:
            chosen.add(change.id)
    return [change for change in changes if change.id in chosen]
