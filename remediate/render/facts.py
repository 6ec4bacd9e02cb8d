"""What a plan says, counted and grouped, for every format alike."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from remediate.model import (
    RISKS,
    Address,
    Change,
    Header,
    Plan,
    Reversal,
    Risk,
    Unknown,
    Value,
    brief,
    kind_of,
    name_of,
    pair_of,
)

REVERSALS: tuple[Reversal, ...] = ("exact", "equivalent", "impossible")
OWN_OF_USER = frozenset({"iam.user", "iam.login_profile", "iam.access_key", "iam.issued_key", "iam.user_tag"})
ALSO_OF_USER = frozenset({"iam.user_policy", "iam.user_inline"})
OWN_POLICY = re.compile(r"\barn:aws[a-z-]*:iam::(aws|\d{12}):policy/")
SAID_BY_KIND = frozenset({"member", "attached", "password"})
WORD = re.compile(r"(?!(?:true|false|null|none)$)[A-Za-z][\w.:/-]*")
KEY_ID = re.compile(r"\b(A[KS]IA)[A-Z0-9]{8,}([A-Z0-9]{4})\b")
HOLDERS = {"iam.group": "group", "iam.role": "role", "s3.bucket": "bucket", "iam.password_policy": "password policy"}


class Row(NamedTuple):
    """One control of a plan, in numbers."""

    control: str
    findings: int
    changes: int
    manual: int
    exempt: int
    unknown: int


def account(header: Header) -> str:
    return f"{header.account} ({header.alias})" if header.alias else header.account


def by_control(plan: Plan) -> list[Row]:
    findings = Counter(f.control for f in plan.findings)
    changes = Counter(control for c in plan.changes for control in {r.control for r in c.reasons})
    manual = Counter(m.control for m in plan.manual)
    exempt = Counter(e.control for e in plan.exempted)
    unknown = Counter(control for u in plan.unknowns for control in u.controls)
    names = sorted({*plan.controls, *findings, *changes, *manual, *exempt, *unknown})
    return [Row(n, findings[n], changes[n], manual[n], exempt[n], unknown[n]) for n in names]


def by_risk(changes: Iterable[Change]) -> dict[Risk, int]:
    tally = Counter(change.risk for change in changes)
    return {risk: tally[risk] for risk in RISKS}


def risks(changes: Iterable[Change], *, zeros: bool = False) -> str:
    """`512 neutral, 38 restrictive`"""
    return ", ".join(f"{number:,} {risk}" for risk, number in by_risk(changes).items() if number or zeros)


def losses(changes: Iterable[Change], reversal: Reversal) -> list[str]:
    """What rollback does not bring back: `4 iam.login_profile: the password itself`, the most frequent first."""
    found: dict[tuple[str, str], list[Change]] = defaultdict(list)
    for change in changes:
        if change.reversal == reversal:
            found[kind_of(change.address), change.loss].append(change)
    lost = sorted(found.items(), key=lambda item: -len(item[1]))
    names = (f"{len(same):,} {kind}" if len(same) > 1 else str(same[0].address) for (kind, _), same in lost)
    return [f"{name}: {loss or 'no reason given'}" for name, ((_, loss), _) in zip(names, lost, strict=True)]


def by_reversal(changes: Iterable[Change]) -> dict[Reversal, int]:
    tally = Counter(change.reversal for change in changes)
    return {reversal: tally[reversal] for reversal in REVERSALS}


def person(address: Address) -> tuple[str, bool]:
    """Whom or what an address belongs to, by name, and whether that is a user."""
    kind = kind_of(address)
    if kind in OWN_OF_USER | ALSO_OF_USER:
        return pair_of(address)[0], True
    if kind == "iam.group_member":
        return pair_of(address)[1], True
    for prefix, word in HOLDERS.items():
        if kind.startswith(prefix):
            name = pair_of(address)[0]
            return f"{word} {name}" if name else word, False
    return str(address), False


def proven(plan: Plan) -> bool:
    """Whether the guard looked at everybody's access and found no change that is not declared."""
    return any(check.guard == "access" for check in plan.checks)


def batches(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """The changes in their order, as runs of the same kind, deed, controls, risk and reversal."""
    for _, run in groupby(changes, key=_alike):
        yield list(run)


def _alike(change: Change) -> tuple[str, str, tuple[str, ...], Risk, Reversal, str]:
    return (kind_of(change.address), change.sign, controls_of(change), change.risk, change.reversal, change.loss)


def controls_of(change: Change) -> tuple[str, ...]:
    return tuple(dict.fromkeys(reason.control for reason in change.reasons))


def name(address: Address, account: str) -> str:
    """The address without its kind, and a policy without the part of its ARN that this account's or AWS's share."""
    text = name_of(address) or str(address)
    return OWN_POLICY.sub(lambda arn: {account: "", "aws": "aws:"}.get(arn[1], arn[0]), text)


def whys(change: Change) -> str:
    return "; ".join(dict.fromkeys(reason.why for reason in change.reasons))


def transition(change: Change) -> str:
    """What changes, on one line, as far as the sign and the name do not say it."""
    if change.before is None or change.after is None:
        value = change.after if change.before is None else change.before
        plain = isinstance(value, bool | int | float | str) and value not in SAID_BY_KIND
        return _plain(value) if plain else ""
    if isinstance(change.before, Mapping) and isinstance(change.after, Mapping):
        return ", ".join(_setting(key, change.before, change.after) for key in _differing(change.before, change.after))
    return f"{_plain(change.before)} → {_plain(change.after)}"


def _plain(value: Value) -> str:
    """On one line; a word without its quotes."""
    return value if isinstance(value, str) and WORD.fullmatch(value) else brief(value, 60)


def _differing(before: Mapping[str, Value], after: Mapping[str, Value]) -> list[str]:
    return sorted(key for key in {*before, *after} if before.get(key) != after.get(key))


def _setting(key: str, before: Mapping[str, Value], after: Mapping[str, Value]) -> str:
    values = before.get(key), after.get(key)
    if all(value is None or isinstance(value, bool | int | str) for value in values):
        return f"{key} {' → '.join('none' if value is None else _plain(value) for value in values)}"
    return key


def following(change: Change, most: int = 3) -> str:
    """`after #88 #89 +4`"""
    if not change.needs:
        return ""
    few = change.needs if len(change.needs) <= most else change.needs[: most - 1]
    more = f" +{len(change.needs) - len(few)}" if len(few) < len(change.needs) else ""
    return "after " + " ".join(f"#{n}" for n in few) + more


def nothing(plan: Plan) -> str:
    """What to say of a plan without changes."""
    if plan.header.rolls_back:
        return "Nothing to take back."
    if plan.unknowns:
        return "Nothing to change in what could be read. What could not be read is unknown, which is not a pass."
    if plan.manual:
        return "Nothing to change: what is left is by hand."
    return "Nothing to change: the account meets the playbook" + (", but for what is exempt." if plan.exempted else ".")


def unread(unknown: Unknown) -> str:
    hides = f" (not checked: {', '.join(unknown.controls)})" if unknown.controls else ""
    return f"{unknown.what}{hides}: {unknown.reason}"


def unseen(plan: Plan) -> list[str]:
    """What nobody looked into, by the reason: `keys, calls: there are no records`."""
    found: dict[str, list[str]] = defaultdict(list)
    for one in plan.unseen:
        found[one.reason].append(f"{one.what} ({', '.join(one.controls)})")
    return [f"{', '.join(what)}: {reason}" for reason, what in found.items()]


def standards(plan: Plan, change: Change) -> list[str]:
    """The standards that the findings behind a change map to."""
    return list(dict.fromkeys(s for f in plan.findings if change.id in f.changes for s in f.standards))
