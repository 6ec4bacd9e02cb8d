"""What this run itself works with: it must be able to finish, and to roll back, after every change in every order.

Whatever the plan changes about the caller is weighed by what the plan's own calls need, there and back. A Deny that
stops none of them is the playbook's business; one that may, under conditions that nobody knows beforehand, is refused.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from remediate.guard import chain, ways
from remediate.guard.allowed import Allowed, Call
from remediate.guard.carriers import Access, begun, standing, stays
from remediate.guard.timeline import Timeline
from remediate.model import Address, Change, at, kind_of, name_of, pair_of
from remediate.policy.branches import Context, Free
from remediate.policy.compare import Difference
from remediate.policy.languages import TooLarge
from remediate.policy.request import Request
from remediate.policy.witness import told
from remediate.protocols import Resources

READING = ("iam:GenerateCredentialReport", "iam:GetAccountAuthorizationDetails", "iam:GetCredentialReport")
"""Without these `apply` and `rollback` would not see whom they concern, and refuse to begin."""

_ENTITY = re.compile(r"(arn:[^:]+:iam::\d+:(user|group|role))/(?:\*/)?([^/*?]+)")


def violations(access: Access, resources: Resources) -> Iterator[str]:
    """Every change that would stop this run, with the first call that it would stop."""
    timeline, account = access.timeline, access.timeline.account
    for change in timeline.changes.values():
        if _taken(change, timeline):
            name = name_of(change.address)
            yield f"#{change.id} {name} is what this run works with: it could not finish or roll back"
    if (principal := account.caller_principal) is not None:
        known = ways.of_caller(account, principal, account.caller_key)
        yield from _stopped(timeline, resources, Allowed(access, principal, known))
        yield from chain.violations(access)


def _taken(change: Change, timeline: Timeline) -> bool:
    """Whether a change ends the very user, role or access key, or those by which the role was assumed."""
    account, address = timeline.account, change.address
    if kind_of(address) == "iam.access_key":
        return pair_of(address)[1] in (account.caller_key, account.assumer_key) and change.after != "Active"
    return address in (account.caller_principal, account.assumer) and change.after is None


def _stopped(timeline: Timeline, resources: Resources, allowed: Allowed) -> Iterator[str]:
    suspects = frozenset(_suspects(timeline, allowed))
    if not suspects:
        return
    found: dict[int, str] = {}
    for action, places in sorted(_calls(timeline, resources).items()):
        said = [one for one in allowed.about(Call(action)) if one.text in suspects]
        if not said:
            continue
        for call, context in _lost(allowed, action, places):
            change = allowed.blamed(call)
            would = f"#{change.id} {change.address} would take from this run what it needs to finish or roll back"
            found.setdefault(change.id, f"{would}, {_told(call, context)}")
    yield from (found[id] for id in sorted(found))


def _suspects(timeline: Timeline, allowed: Allowed) -> Iterator[str]:
    """What may take something: a Deny that comes, an Allow that goes, a statement about a tag that changes."""
    for said in allowed.every():
        comes = not said.prepared.allows and begun(timeline, said.carriers) is not None
        goes = said.prepared.allows and any(map(standing, said.carriers)) and not stays(timeline, said.carriers)
        if comes or goes or allowed.moves(said.text):
            yield said.text


def _calls(timeline: Timeline, resources: Resources) -> Mapping[str, set[str]]:
    """What the plan calls, there and back, by action, each with the resources that it is about."""
    found: dict[str, set[str]] = defaultdict(set, {action: {"*"} for action in READING})
    paths: dict[tuple[str, str], str | None] = {}
    for change in timeline.changes.values():
        resource = resources[kind_of(change.address)]
        for one in resource.permissions(change.address, change.before, change.after, timeline.account.where):
            entity = _ENTITY.fullmatch(one.resource)
            if not entity:
                found[one.action].add(one.resource)
                continue
            base, type, name = entity.groups()
            if (type, name) not in paths:
                paths[type, name] = _path(timeline, at(f"iam.{type}", name))
            path = paths[type, name]
            found[one.action].add(one.resource if path is None else f"{base}{path}{name}")
    return found


def _path(timeline: Timeline, entity: Address) -> str | None:
    """Where a user, group or role is: their permissions are asked for any path."""
    value = next((span.value for span in timeline.spans(entity)), None)
    return str(value.get("path", "/")) if isinstance(value, Mapping) else None


def _lost(allowed: Allowed, action: str, places: set[str]) -> Iterator[tuple[Call, Context]]:
    """The calls that are allowed now and not always, one for each way in which statements bear on them."""
    said = list(allowed.about(Call(action)))
    seen: set[object] = set()
    everywhere = all(one.prepared.everywhere for one in said)
    for place in sorted(places)[:1] if everywhere else sorted(places):
        try:
            for call in allowed.sorts(Call(action, place)):
                alike = tuple(one.prepared.on(call.resource) for one in said)
                if alike not in seen:
                    seen.add(alike)
                    context = allowed.asked([call]).stopped()
                    if context is not None:
                        yield call, context
        except TooLarge as error:
            yield Call(action, place), {Free(str(error)): None}


def _told(call: Call, context: Context) -> str:
    """A call that is lost, and the circumstances in which it is."""
    sure = {str(key): value for key, value in context.items() if value is not None and not isinstance(key, Free)}
    absent = tuple(sorted(str(key) for key, value in context.items() if value is None and not isinstance(key, Free)))
    open_ = sorted(key.what for key in context if isinstance(key, Free))
    request = Request(action=call.action, resource=call.resource, context=sure)
    doubt = f", as far as can be told (it depends on {', '.join(open_)})" if open_ else ""
    return told(Difference(statement="", request=request, absent=absent)) + doubt
