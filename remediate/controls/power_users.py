"""Administrators who use nothing that only an administrator may become power users; enough of them stay."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from remediate.controls import groups
from remediate.controls.administrators import SERVICES, Administrator, fresh, idle
from remediate.controls.naming import Names
from remediate.controls.privilege import View
from remediate.model import Address, Fault, Value, Want, at, kind_of, name_of, when
from remediate.policy import digest
from remediate.words import many

NOTICE = "can no longer use IAM, Organizations and account settings, nor pass roles to services"
"""Passing a role is no call: service last accessed data cannot show whether somebody did."""
SPARE = 1
"""Places among a user's groups that other controls of the same plan may need."""
NEVER = datetime.min.replace(tzinfo=UTC)


def faults(view: View, everybody: Iterable[Administrator], leaving: frozenset[Address]) -> Iterator[Fault]:
    """Every administrator who could be a power user; those that `leaving` names, with what makes them one.

    Who has that from the account's own policies alone is in the finding of those.
    """
    days = view.settings.unused_days
    for one in everybody:
        reason = obstacle(view, one)
        kept = view.settings.move_administrators and not reason and one.address not in leaving
        if not idle(view, one) or view.administrator not in one.ways or kept:
            continue
        evidence: dict[str, Value] = {
            ", ".join(SERVICES): when(one.used),
            "any service": when(view.seen(one.address)),
            "through": [*one.groups, *map(short, one.ways)],
        }
        yield Fault(
            address=one.address,
            severity="medium",
            summary=f"{name_of(one.address)} is an administrator, and needed that for nothing in {many(days, 'day')}",
            evidence={**evidence, **({"stays": reason} if reason else {})},
            wants=tuple(_wants(view, one)) if one.address in leaving else (),
        )


def leaving(view: View, everybody: Iterable[Administrator]) -> frozenset[Address]:
    """Who becomes a power user. Those who used an administrator's rights last stay, until there are enough of them."""
    candidates = [one for one in everybody if idle(view, one) and not obstacle(view, one)]
    if not view.settings.move_administrators:
        return frozenset()
    going = {one.address for one in candidates}
    staying = sum(fresh(view, one) for one in everybody if one.address not in going)
    last = sorted(
        (one for one in candidates if fresh(view, one)),
        key=lambda one: (one.used or NEVER, view.seen(one.address) or NEVER, one.address),
        reverse=True,
    )
    return frozenset(going - {one.address for one in last[: max(0, view.settings.keep_administrators - staying)]})


def obstacle(view: View, one: Administrator) -> str:
    """Why this administrator stays one; empty if nothing is in the way."""
    seen = view.seen(one.address)
    if reason := view.spared(one.address):
        return reason
    if seen is None or seen < view.since:
        return "it was not used at all in that time, so nothing shows what it needs"
    if set(one.ways) != {view.administrator}:
        return "some of it comes from policies of the account's own: see those"
    return _no_group(view, one) if one.groups else _no_room(view, one)


def _no_room(view: View, one: Administrator) -> str:
    holder, name = _split(one.address)
    attached = set(view.account.under(f"iam.{holder}_policy", name))
    quota = view.account.summary.get(f"AttachedPoliciesPer{holder.title()}Quota", 10)
    return "it has as many policies as IAM allows" if len(attached | {power_users(view)}) > quota else ""


def _no_group(view: View, one: Administrator) -> str:
    bundle, summary = _bundle(view, one), view.account.summary
    if bundle is None:
        return f"a group that makes it one ({', '.join(one.groups)}) has inline policies as well"
    group = _group_of(view, bundle)
    if group is None and len(bundle) > 1:
        return f"no group gives {', '.join(sorted(map(short, bundle)))} and nothing else"
    if group is None and len(view.account.names("iam.group")) >= summary.get("GroupsQuota", 300):
        return "the account has no room for another group"
    joined = {*view.account.groups_of(name_of(one.address)), group}
    room = summary.get("GroupsPerUserQuota", 10) - len(joined)
    return "it is in nearly as many groups as IAM allows" if room < SPARE else ""


def _bundle(view: View, one: Administrator) -> frozenset[str] | None:
    """The managed policies that must come instead: what denies something in the groups it leaves must not get lost."""
    if any(True for group in one.groups for _ in view.account.under("iam.group_inline", group)):
        return None
    given = {arn for group in one.groups for arn in view.account.under("iam.group_policy", group)}
    return frozenset(given - {view.administrator} | {power_users(view)})


def _group_of(view: View, bundle: frozenset[str]) -> str | None:
    """The group that gives exactly this."""
    for group in view.account.names("iam.group"):
        inline = any(True for _ in view.account.under("iam.group_inline", group))
        if not inline and bundle == frozenset(view.account.under("iam.group_policy", group)):
            return group
    return None


def power_users(view: View) -> str:
    """The ARN of what power users have."""
    return _arn(view, view.settings.power_users)


def _arn(view: View, policy: str) -> str:
    return policy if policy.startswith("arn:") else f"arn:{view.account.partition}:iam::aws:policy/{policy}"


def short(way: str) -> str:
    """A policy's own name."""
    return way.rpartition("/")[2]


def _split(address: Address) -> tuple[str, str]:
    return kind_of(address).removeprefix("iam."), name_of(address)


def _wants(view: View, one: Administrator) -> Iterator[Want]:
    holder, name = _split(one.address)
    why = f"{name} used nothing in {many(view.settings.unused_days, 'day')} that only an administrator may"
    old = [at("iam.group_member", group, name) for group in one.groups]
    old += [at(f"iam.{holder}_policy", name, way) for way in view.everything(holder, name)]
    if one.groups:
        yield from _joining(view, one, why)
    else:
        new = at(f"iam.{holder}_policy", name, power_users(view))
        yield Want(address=new, after="attached", why=why, risk="restrictive")
    for address in old:
        yield Want(address=address, after=None, why=why, risk="restrictive", notice=f"{name} {NOTICE}")


def _joining(view: View, one: Administrator, why: str) -> Iterator[Want]:
    """The membership that takes the place of the others. A group that is missing is made as `groups` would make it."""
    bundle = _bundle(view, one) or frozenset()
    group = _group_of(view, bundle)
    if group is None:
        power, settings = power_users(view), view.scope.playbook.controls.get("groups")
        jobs = settings if isinstance(settings, groups.Settings) else groups.Settings()
        named = {_arn(view, policy): name for name, policy in jobs.groups.items()}.get(power, short(power))
        group = Names(view.account.names("iam.group")).take(named, digest(sorted(bundle)))
        reason = "a group for those who need all but an administrator's rights"
        yield Want(address=at("iam.group", group), after={"path": jobs.path}, why=reason, risk="additive")
        yield Want(address=at("iam.group_policy", group, power), after="attached", why=reason, risk="additive")
    member = at("iam.group_member", group, name_of(one.address))
    yield Want(address=member, after="member", why=why, risk="restrictive")
