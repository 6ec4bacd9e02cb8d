"""Policies of the account's own that allow everything, or whole services, and what the evidence leaves of them."""

import shlex
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from msgspec import structs

from remediate.controls import grants as wide
from remediate.controls.administrators import Administrator, fresh
from remediate.controls.grants import Grant, Verdict
from remediate.controls.power_users import short
from remediate.controls.privilege import HOLDERS, View, said
from remediate.controls.recorded import narrowed, recording
from remediate.controls.wide_policies import Width, reduced, width
from remediate.model import Address, Fault, Manual, Value, Want, at, kind_of, pair_of
from remediate.words import many

VERSIONS = 5
"""How many versions of a policy IAM keeps: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""


def grants(view: View) -> Iterator[Grant]:
    """Every wide policy of the account's own, but for what is only a permissions boundary: that gives nothing."""
    account = view.account
    boundaries = {u.boundary for u in account.users.values()} | {r.boundary for r in account.roles.values()}
    for arn in account.names("iam.policy"):
        holders = view.holders.get(arn, ())
        found = _width(view, account.document(arn))
        if found != Width() and (holders or arn not in boundaries):
            reached = sorted({who for holder, name in holders for who in view.reached(holder, name)})
            yield Grant(
                address=at("iam.policy", arn),
                document=account.document(arn),
                width=found,
                source=arn,
                reached=tuple(reached),
            )
    for holder in HOLDERS:
        for pair in account.names(f"iam.{holder}_inline"):
            yield from _inline(view, holder, at(f"iam.{holder}_inline", pair))


def _inline(view: View, holder: str, address: Address) -> Iterator[Grant]:
    name, document = pair_of(address)[0], view.account.value(address)
    if (found := _width(view, document)) != Width():
        yield Grant(
            address=address,
            document=document,
            width=found,
            source=view.arn(holder, name),
            reached=view.reached(holder, name),
        )


def _width(view: View, document: Value) -> Width:
    """What is under a condition counts where there are records: nothing else could narrow it."""
    found = width(document)
    return found if recording(view) else structs.replace(found, guarded=())


def evidence(view: View, grant: Grant) -> list[Address]:
    """What to ask about a policy before it can become smaller; nothing where something is in the way."""
    if obstacle(view, grant):
        return []
    return [at("iam.service_use", grant.source), *([at("iam.policy_versions", grant.source)] if grant.managed else [])]


def obstacle(view: View, grant: Grant) -> str:
    """Why a policy stays as it is, whatever the evidence says; empty if nothing is in the way."""
    if reason := wide.obstacle(view, grant):
        return reason
    if grant.managed and said(grant.document) in view.inline_of_users:
        return "a user has the same policy inline, and waits for `groups`: make a new plan after it"
    return ""


def faults(view: View, everybody: Iterable[Administrator], leaving: frozenset[Address]) -> Iterator[Fault]:
    """Every wide policy; those of which the evidence shows little use with the smaller document."""
    staying = [one for one in everybody if fresh(view, one) and one.address not in leaving]
    taken: set[str] = set()
    for grant in grants(view):
        verdict = _verdict(view, grant)
        if verdict.smaller is not None and grant.width.everything:
            way = grant.source if grant.managed else grant.address
            left = [one for one in staying if not taken | {way} >= set(one.ways)]
            if len(left) < len(staying) and len(left) < view.settings.keep_administrators:
                verdict = Verdict(reason="its holders are among the administrators that stay", used=verdict.used)
            else:
                taken.add(way)
                staying = left
        orphan = grant.managed and grant.width.everything and not grant.reached
        wants = [_want(view, grant, verdict)] if verdict.smaller is not None else []
        yield wide.fault(grant, verdict, wants, _delete(grant) if orphan else None)


def _verdict(view: View, grant: Grant) -> Verdict:
    """What the evidence leaves of a policy."""
    if reason := obstacle(view, grant):
        return Verdict(reason=reason)
    use = wide.services(view, grant)
    if use is None or (grant.managed and not _versions(view, grant)):
        return Verdict(reason=wide.UNREAD)
    days = view.settings.unused_days
    used = wide.recent(view, use)
    smaller = reduced(grant.document, use.keys(), set(used))
    told = narrowed(view, smaller, grant.reached, lambda document: _fits(view, grant, document))
    if told.document == grant.document:
        return Verdict(used=used, told=told)
    if _is_new(view, grant):
        return Verdict(reason=f"its text is not {many(days, 'day')} old", used=used)
    if smaller is None:
        return Verdict(reason=wide.UNUSED.format(days=days))
    if not _fits(view, grant, told.document):
        return Verdict(reason=wide.TOO_LONG, used=used)
    return Verdict(smaller=told.document, used=used, told=told)


def _is_new(view: View, grant: Grant) -> bool:
    """Whether its text is so young that what was used before tells nothing; of inline ones only records say."""
    if not grant.managed:
        return view.given_lately(
            "Put", kind_of(grant.address)[len("iam.") : -len("_inline")], pair_of(grant.address)[0]
        )
    since = _versions(view, grant).get("since")
    return isinstance(since, str) and datetime.fromisoformat(since) > view.since


def _versions(view: View, grant: Grant) -> Mapping[str, Value]:
    found = view.account.facts.get(at("iam.policy_versions", grant.source))
    return found if isinstance(found, Mapping) else {}


def _fits(view: View, grant: Grant, document: Value) -> bool:
    if grant.managed:
        return wide.is_managed_size(view, document)
    return wide.is_inline_size(view, grant.address, document)


def _want(view: View, grant: Grant, verdict: Verdict) -> Want:
    value = view.account.value(grant.address)
    managed = value if grant.managed and isinstance(value, Mapping) else None
    after = {**managed, "document": verdict.smaller} if managed else verdict.smaller
    return Want(
        address=grant.address,
        after=after,
        why=wide.why(view, verdict),
        risk="restrictive",
        notice="; ".join([wide.loss(grant, verdict), *_dropped(view, grant)]),
    )


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
