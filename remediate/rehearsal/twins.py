"""Whether the emulator has the account as it is: what is not carried over, and which changes rest on that."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from remediate.account import Account
from remediate.model import Address, Change, Plan, at, brief, kind_of
from remediate.protocols import Resources
from remediate.trial import Uncovered

Asking = Mapping[str, frozenset[Address]]
"""What each control asks about the account besides the first reading."""
PEOPLE = {"users": "iam.user", "roles": "iam.role", "keys": "iam.access_key", "sign_ins": "iam.login_profile"}
WHOLE = {"trails": "cloudtrail", "root": "root", "regions": "regions", "alias": "iam.account_alias", "caller": "caller"}
RESTS = {"cloudtrail": ("cloudtrail", "s3", "kms", "logs", "sns", "cloudwatch"), "root": ()}
"""The services whose changes rest on what is told as a whole; where none are named here, all do."""
FLAGS = ("AccountMFAEnabled", "AccountAccessKeysPresent", "AccountPasswordPresent")


def differences(real: Account, twin: Account) -> dict[str, str]:
    """What is not in the twin as it is in the account, each with the reason. What could not be read is not compared."""
    found: dict[str, str] = {}
    for address in real.state.keys() | twin.state.keys():
        _compare(found, address, real.state.get(address), twin.state.get(address))
    for address in real.facts.keys() | twin.facts.keys():
        _compare(found, address, real.facts.get(address), twin.facts.get(address))
    for field, kind in PEOPLE.items():
        here, there = getattr(real, field), getattr(twin, field)
        for name in here.keys() | there.keys():
            _compare(found, at(kind, name), here.get(name), there.get(name))
    for field, what in WHOLE.items():
        _compare(found, what, getattr(real, field), getattr(twin, field))
    for name, value in real.summary.items():
        if name.endswith("Quota") or name in FLAGS:
            _compare(found, at("iam.summary", name), value, twin.summary.get(name))
    blind = frozenset(real.unknown)
    return {what: why for what, why in sorted(found.items()) if not any(_covers(gap, what) for gap in blind)}


def _compare(found: dict[str, str], what: str, real: object, twin: object) -> None:
    if real != twin:
        here, there = _apart(msgspec.to_builtins(real), msgspec.to_builtins(twin))
        found.setdefault(what, f"{brief(here, 80)} in the account, {brief(there, 80)} in the emulator")


def _apart(one: object, other: object) -> tuple[object, object]:
    """Of two records, the parts that differ."""
    if not isinstance(one, dict) or not isinstance(other, dict):
        return one, other
    names = [name for name in {**one, **other} if one.get(name) != other.get(name)]
    return {name: one.get(name) for name in names}, {name: other.get(name) for name in names}


def uncovered(
    plan: Plan, gaps: Mapping[str, str], asking: Asking, blind: Iterable[str], resources: Resources
) -> tuple[Uncovered, ...]:
    """Each gap with the changes that rest on it, themselves or through what they need. `blind` controls saw too little
    to be asked again."""
    found = {what: _resting(plan, what, asking, resources) for what in gaps}
    reasons = dict(gaps)
    for control in blind:
        what = f"control {control}"
        reasons[what] = "it could not see what it needs in the account itself"
        found[what] = {c.id for c in plan.changes if any(r.control == control for r in c.reasons)}
    return tuple(
        Uncovered(what=what, reason=reasons[what], changes=tuple(sorted(_with_dependents(plan.changes, ids))))
        for what, ids in sorted(found.items())
    )


def _resting(plan: Plan, what: str, asking: Asking, resources: Resources) -> set[int]:
    """The changes that rest on it: by what they write, by what they use, or by what their control looked at."""
    if (what in WHOLE.values() and what not in resources) or what.startswith("iam.summary/"):
        services = RESTS.get(what, ("iam",) if what.startswith("iam.summary/") else ("",))
        return {c.id for c in plan.changes if any(kind_of(c.address).startswith(service) for service in services)}
    controls = {control for control, asked in asking.items() if any(_meet(a, what) for a in asked)}
    return {
        c.id
        for c in plan.changes
        if any(r.control in controls for r in c.reasons) or any(_meet(a, what) for a in _touched(c, resources))
    }


def _meet(one: str, other: str) -> bool:
    return _covers(one, other) or _covers(other, one)


def _touched(change: Change, resources: Resources) -> Iterator[Address]:
    """What a change writes, what must be there for it, and whose setting it is."""
    kind = resources[kind_of(change.address)]
    yield change.address
    for value in (change.before, change.after):
        yield from kind.uses(change.address, value) if value is not None else ()
    yield from (a for a in (kind.parent(change.address), kind.principal(change.address)) if a)


def _with_dependents(changes: Sequence[Change], ids: Iterable[int]) -> set[int]:
    """These and all that need them; a plan is in order."""
    found = set(ids)
    for change in changes:
        if found.intersection(change.needs):
            found.add(change.id)
    return found


def _covers(prefix: str, name: str) -> bool:
    """Whether a name is the prefix or below it: `cloudtrail` covers `cloudtrail.trail/us-east-1`."""
    return name == prefix or name.startswith((f"{prefix}/", f"{prefix}."))
