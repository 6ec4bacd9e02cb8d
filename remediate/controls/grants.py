"""A wide policy and those whom it reaches, what becomes of it, and how a plan says so."""

from collections.abc import Iterator, Mapping, Sequence

from remediate.controls.power_users import short
from remediate.controls.privilege import View
from remediate.controls.recorded import Told, silent
from remediate.controls.wide_policies import Width, width
from remediate.model import Address, Fault, Manual, Severity, Struct, Value, Want, at, kind_of, name_of, pair_of
from remediate.policy import size
from remediate.words import many

CHARACTERS: Mapping[str, int] = {"user": 2048, "group": 5120, "role": 10240}
"""How long all inline policies of a holder may be together:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
UNREAD = "what was used of it could not be read"
UNUSED = "nobody used any of it in {days} days, so nothing shows what is needed"
TOO_LONG = "what was used is longer than IAM allows"


class Verdict(Struct, frozen=True, kw_only=True):
    """A smaller document, or why there is none. Neither where all of it is used."""

    smaller: Value = None
    reason: str = ""
    used: tuple[str, ...] = ()
    told: Told | None = None
    """What CloudTrail's records made of it."""


class Grant(Struct, frozen=True, kw_only=True):
    """A wide policy: one of the account's own, inline of one holder, or one of AWS's as one holder has it."""

    address: Address
    document: Value
    width: Width
    source: str
    """The ARN whose report tells what was used of it."""
    reached: tuple[Address, ...]
    """The users and roles that have it."""

    @property
    def managed(self) -> bool:
        """Whether it is a managed policy of the account's own."""
        return kind_of(self.address) == "iam.policy"


def obstacle(view: View, grant: Grant) -> str:
    """Why any policy stays as it is, whatever the evidence says; empty if nothing is in the way."""
    if not view.settings.reduce_policies:
        return "the playbook asks for a report only"
    if not grant.reached:
        return "nobody has it"
    if grant.width == Width(all_but=grant.width.all_but):
        return "it names what it does not allow: only you know what it should"
    return next((reason for who in grant.reached if (reason := view.spared(who))), "")


def services(view: View, grant: Grant) -> Mapping[str, Value] | None:
    """The services that it allows, each with its last use, as the report says; None where that could not be read."""
    use = view.account.facts.get(at("iam.service_use", grant.source))
    return use if isinstance(use, Mapping) else None


def recent(view: View, use: Mapping[str, Value]) -> tuple[str, ...]:
    return tuple(sorted(service for service, moment in use.items() if view.recent(moment)))


def is_managed_size(view: View, document: Value) -> bool:
    """Whether a managed policy may be as long as this document."""
    return size(document) <= view.account.summary.get("PolicySizeQuota", 6144)


def is_inline_size(view: View, address: Address, document: Value) -> bool:
    """Whether an inline policy may be as long as this document, with the others of its holder."""
    kind, (name, inline) = kind_of(address), pair_of(address)
    others = [view.account.value(at(kind, name, other)) for other in view.account.under(kind, name) if other != inline]
    return sum(map(size, [*others, document])) <= CHARACTERS[kind.removeprefix("iam.").removesuffix("_inline")]


def fault(grant: Grant, verdict: Verdict, wants: Sequence[Want] = (), manual: Manual | None = None) -> Fault:
    """What is said of a wide policy."""
    width, severity = grant.width, _severity(grant)
    evidence: dict[str, Value] = {"used": list(verdict.used)} if verdict.used else {}
    if verdict.told and (calls := sum(verdict.told.calls.values())):
        evidence |= {"calls": calls, "actions": sorted(verdict.told.used)}
    if verdict.told and verdict.told.whole:
        evidence["whole"] = [f"{service}: {why}" for service, why in sorted(verdict.told.whole.items())]
    return Fault(
        address=grant.address,
        severity=severity,
        summary=f"{_label(grant)} allows {_extent(width)}",
        evidence={
            "reaches": [name_of(who) for who in grant.reached],
            **evidence,
            **({"stays": verdict.reason} if verdict.reason else {}),
        },
        wants=tuple(wants),
        manual=manual,
    )


def _severity(grant: Grant) -> Severity:
    if grant.width.everything and grant.reached:
        return "high"
    return "medium" if grant.width.everything or grant.width.all_but else "low"


def _label(grant: Grant) -> str:
    if grant.managed:
        return short(grant.source)
    holder, name = pair_of(grant.address)
    return (
        f"{holder}'s inline policy {name}"
        if kind_of(grant.address).endswith("_inline")
        else f"{holder}'s {short(name)}"
    )


def _extent(width: Width) -> str:
    if width.everything:
        return "everything"
    parts = [f"everything but {', '.join(width.all_but)}"] if width.all_but else []
    parts += [f"all of {', '.join(width.services)}"] if width.services else []
    parts += [f"all of {', '.join(width.guarded)} under conditions"] if width.guarded else []
    return " and ".join(parts)


def why(view: View, verdict: Verdict) -> str:
    """The evidence in a line, as the reason of a change."""
    used = ", ".join(verdict.used) or "nothing else"
    return f"in {many(view.settings.unused_days, 'day')}, those who have it used: {used}"


def loss(grant: Grant, verdict: Verdict) -> str:
    """What the people concerned will notice."""
    names = [name_of(who) for who in grant.reached]
    who = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    smaller, told = width(verdict.smaller), verdict.told
    less = set(grant.width.services) - {*smaller.services, *(told.calls if told else ())}
    gone, under = sorted(less - set(smaller.guarded)), sorted(less & set(smaller.guarded))
    parts = [f"can no longer use {', '.join(gone)}"] if gone else []
    parts += [f"can use {', '.join(under)} under conditions only"] if under else []
    if grant.width.everything:
        parts = [f"can no longer use anything but {', '.join(verdict.used)}, nor pass roles to services"]
    return f"{who} {'; '.join([*parts, *_narrowed(grant, verdict)])}"


def _narrowed(grant: Grant, verdict: Verdict) -> Iterator[str]:
    """What is left of the services of which the calls are known, and what no record could have shown."""
    told = verdict.told
    if not told or not told.used:
        return
    for service in sorted(told.calls):
        actions = [name for action in sorted(told.used) if (name := action.removeprefix(f"{service}:")) != action]
        more = f" and {len(actions) - 5} more" if len(actions) > 5 else ""
        yield f"keeps of {service} only {', '.join(actions[:5])}{more}"
    for action, needs in silent(told.used).items():
        service = action.partition(":")[0]
        left, had = width(verdict.smaller), {*grant.width.services, *grant.width.guarded}
        if (grant.width.everything or service in had) and service not in {*left.services, *left.guarded}:
            yield f"loses {action}, which {needs} may need and no record shows"
