"""Policies of the account's own that allow everything, or whole services, and what the evidence leaves of them."""

import shlex
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from remediate.controls.administrators import Administrator, fresh
from remediate.controls.power_users import short
from remediate.controls.privilege import HOLDERS, View, said
from remediate.controls.recorded import Told, narrowed, silent
from remediate.controls.wide_policies import Width, reduced, width
from remediate.model import Address, Fault, Manual, Severity, Struct, Value, Want, at, name_of, pair_of
from remediate.policy import size

VERSIONS = 5
"""How many versions of a policy IAM keeps: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
CHARACTERS: Mapping[str, int] = {"user": 2048, "group": 5120, "role": 10240}
"""How long all inline policies of a holder may be together, from the same page."""
UNREAD = "what was used of it could not be read"


class Verdict(Struct, frozen=True, kw_only=True):
    """A smaller document, or why there is none. Neither where all of it is used."""

    smaller: Value = None
    reason: str = ""
    used: tuple[str, ...] = ()
    told: Told | None = None
    """What CloudTrail's records made of it."""


class Grant(Struct, frozen=True, kw_only=True):
    """A wide policy: managed, or inline of one holder."""

    address: Address
    document: Value
    width: Width
    source: str
    """The ARN whose report tells what was used of it."""
    reached: tuple[Address, ...]
    """The users and roles that have it."""


def grants(view: View) -> Iterator[Grant]:
    """Every wide policy of the account's own, but for what is only a permissions boundary: that gives nothing."""
    account = view.account
    boundaries = {u.boundary for u in account.users.values()} | {r.boundary for r in account.roles.values()}
    for arn in account.names("iam.policy"):
        holders = view.holders.get(arn, ())
        if (wide := width(account.document(arn))) != Width() and (holders or arn not in boundaries):
            reached = sorted({who for holder, name in holders for who in view.reached(holder, name)})
            yield Grant(
                address=at("iam.policy", arn),
                document=account.document(arn),
                width=wide,
                source=arn,
                reached=tuple(reached),
            )
    for holder in HOLDERS:
        for pair in account.names(f"iam.{holder}_inline"):
            yield from _inline(view, holder, at(f"iam.{holder}_inline", pair))


def _inline(view: View, holder: str, address: Address) -> Iterator[Grant]:
    name, document = pair_of(address)[0], view.account.value(address)
    if (wide := width(document)) != Width():
        yield Grant(
            address=address,
            document=document,
            width=wide,
            source=view.arn(holder, name),
            reached=view.reached(holder, name),
        )


def evidence(view: View, grant: Grant) -> list[Address]:
    """What to ask about a policy before it can become smaller; nothing where something is in the way."""
    if obstacle(view, grant):
        return []
    managed = grant.address.startswith("iam.policy/")
    return [at("iam.service_use", grant.source), *([at("iam.policy_versions", grant.source)] if managed else [])]


def obstacle(view: View, grant: Grant) -> str:
    """Why a policy stays as it is, whatever the evidence says; empty if nothing is in the way."""
    if not view.settings.reduce_policies:
        return "the playbook asks for a report only"
    if not grant.reached:
        return "nobody has it"
    if grant.width == Width(all_but=grant.width.all_but):
        return "it names what it does not allow: only you know what it should"
    if reason := next((reason for who in grant.reached if (reason := view.spared(who))), ""):
        return reason
    if _is_managed(grant) and said(grant.document) in view.inline_of_users:
        return "a user has the same policy inline, and waits for `groups`: make a new plan after it"
    return ""


def _is_managed(grant: Grant) -> bool:
    return grant.address.startswith("iam.policy/")


def faults(view: View, everybody: Iterable[Administrator], leaving: frozenset[Address]) -> Iterator[Fault]:
    """Every wide policy; those of which the evidence shows little use with the smaller document."""
    staying = [one for one in everybody if fresh(view, one) and one.address not in leaving]
    taken: set[str] = set()
    for grant in grants(view):
        verdict = _verdict(view, grant)
        if verdict.smaller is not None and grant.width.everything:
            way = grant.source if _is_managed(grant) else grant.address
            left = [one for one in staying if not taken | {way} >= set(one.ways)]
            if len(left) < len(staying) and len(left) < view.settings.keep_administrators:
                verdict = Verdict(reason="its holders are among the administrators that stay", used=verdict.used)
            else:
                taken.add(way)
                staying = left
        yield _fault(view, grant, verdict)


def _verdict(view: View, grant: Grant) -> Verdict:
    """What the evidence leaves of a policy."""
    if reason := obstacle(view, grant):
        return Verdict(reason=reason)
    use = view.account.facts.get(at("iam.service_use", grant.source))
    if not isinstance(use, Mapping) or (_is_managed(grant) and not _versions(view, grant)):
        return Verdict(reason=UNREAD)
    days, since = view.settings.unused_days, _versions(view, grant).get("since")
    used = tuple(sorted(service for service, moment in use.items() if view.recent(moment)))
    smaller = reduced(grant.document, use.keys(), set(used))
    told = narrowed(view, smaller, grant.reached, lambda document: _fits(view, grant, document))
    if told.document == grant.document:
        return Verdict(used=used, told=told)
    if isinstance(since, str) and datetime.fromisoformat(since) > view.since:
        return Verdict(reason=f"its text is not {days} days old", used=used)
    if smaller is None:
        return Verdict(reason=f"nobody used any of it in {days} days, so nothing shows what is needed")
    if not _fits(view, grant, told.document):
        return Verdict(reason="what was used is longer than IAM allows", used=used)
    return Verdict(smaller=told.document, used=used, told=told)


def _versions(view: View, grant: Grant) -> Mapping[str, Value]:
    found = view.account.facts.get(at("iam.policy_versions", grant.source))
    return found if isinstance(found, Mapping) else {}


def _fits(view: View, grant: Grant, document: Value) -> bool:
    if _is_managed(grant):
        return size(document) <= view.account.summary.get("PolicySizeQuota", 6144)
    kind, (name, inline) = grant.address.partition("/")[0], pair_of(grant.address)
    others = [view.account.value(at(kind, name, other)) for other in view.account.under(kind, name) if other != inline]
    return sum(map(size, [*others, document])) <= CHARACTERS[kind.removeprefix("iam.").removesuffix("_inline")]


def _fault(view: View, grant: Grant, verdict: Verdict) -> Fault:
    width, orphan = grant.width, grant.width.everything and not grant.reached
    severity: Severity = "low"
    if width.everything or width.all_but:
        severity = "high" if width.everything and grant.reached else "medium"
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
        wants=(_want(view, grant, verdict),) if verdict.smaller is not None else (),
        manual=_delete(grant) if orphan and _is_managed(grant) else None,
    )


def _label(grant: Grant) -> str:
    if _is_managed(grant):
        return short(grant.source)
    holder, inline = pair_of(grant.address)
    return f"{holder}'s inline policy {inline}"


def _extent(width: Width) -> str:
    if width.everything:
        return "everything"
    whole = [f"all of {', '.join(width.services)}"] if width.services else []
    return " and ".join([*([f"everything but {', '.join(width.all_but)}"] if width.all_but else []), *whole])


def _want(view: View, grant: Grant, verdict: Verdict) -> Want:
    value = view.account.value(grant.address)
    after = (
        {**value, "document": verdict.smaller} if _is_managed(grant) and isinstance(value, Mapping) else verdict.smaller
    )
    used = ", ".join(verdict.used) or "nothing else"
    return Want(
        address=grant.address,
        after=after,
        why=f"in {view.settings.unused_days} days, those who have it used: {used}",
        risk="restrictive",
        notice="; ".join([_loss(grant, verdict), *_dropped(view, grant)]),
    )


def _loss(grant: Grant, verdict: Verdict) -> str:
    names = [name_of(who) for who in grant.reached]
    who = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    left = {*width(verdict.smaller).services, *(told.calls if (told := verdict.told) else ())}
    gone = sorted(set(grant.width.services) - left)
    parts = [f"can no longer use {', '.join(gone)}"] if gone else []
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
        if (grant.width.everything or service in grant.width.services) and service not in width(
            verdict.smaller
        ).services:
            yield f"loses {action}, which {needs} may need and no record shows"


def _dropped(view: View, grant: Grant) -> Iterator[str]:
    """IAM keeps five versions of a policy: the document before this one stays, but a sixth needs room."""
    count = _versions(view, grant).get("count")
    if isinstance(count, int) and count >= VERSIONS:
        yield f"the oldest of its {count} versions is deleted, and no rollback brings that back"


def _delete(grant: Grant) -> Manual:
    arn = shlex.quote(grant.source)
    return Manual(
        address=grant.address,
        summary=f"{short(grant.source)} allows everything, and nobody has it",
        steps=(
            f"Ask who made it, and whether something is about to use it: aws iam get-policy --policy-arn {arn}",
            f"If nobody needs it: aws iam delete-policy --policy-arn {arn} (its older versions first: "
            f"aws iam list-policy-versions --policy-arn {arn}; aws iam delete-policy-version --policy-arn {arn} "
            "--version-id …)",
        ),
        check="The next plan does not find it, or finds it without `*`.",
    )
