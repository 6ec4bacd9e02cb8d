"""AWS's own policies that allow whole services, and what the records leave of them for whoever has one.

Nobody can change AWS's text: a smaller policy of the account's own takes its place, attached before theirs is detached.
Only where the records show what was done with it: without, theirs is as good as a copy, and AWS keeps it up to date.
PowerUserAccess names what it does not allow, and of administrators there is `administrators`: both stay out of this.
"""

from collections import Counter
from collections.abc import Iterator

import msgspec

from remediate.controls import grants as wide
from remediate.controls.grants import Grant, Verdict
from remediate.controls.naming import Names
from remediate.controls.power_users import short
from remediate.controls.privilege import FIXED, View, said
from remediate.controls.recorded import narrowed, recording
from remediate.controls.recorded import obstacle as unrecorded
from remediate.controls.wide_policies import Width, reduced, width
from remediate.effective import AWS_POLICY
from remediate.model import Address, Fault, Value, Want, at, kind_of, pair_of
from remediate.policy import VERSION, catalog, digest
from remediate.words import many

Holder = tuple[str, str]
"""("role", "job")."""


class Room:
    """What IAM's quotas leave, and the policies of this plan that have taken some of it already."""

    def __init__(self, view: View) -> None:
        self.view = view
        names = view.account.names("iam.policy")
        self.names = Names(map(short, names))
        self.policies = view.account.summary.get("PoliciesQuota", 1500) - len(names)
        self.attached: Counter[Holder] = Counter()
        self.same = {
            said(document): arn for arn in reversed(names) if width(document := view.account.document(arn)) == Width()
        }

    def obstacle(self, holder: Holder) -> str:
        """Why one more policy cannot be made for this holder, and held beside the old one; empty if it can."""
        kind, name = holder
        quota = self.view.account.summary.get(f"AttachedPoliciesPer{kind.title()}Quota", 10)
        held = len(set(self.view.account.under(f"iam.{kind}_policy", name)))
        if held + self.attached[holder] >= quota:
            return "its holder has as many policies as IAM allows"
        return "" if self.policies else "the account has no room for another policy"

    def take(self, holder: Holder, arn: str, document: Value) -> str:
        """The ARN of a policy that says this: one that is there, or a new one named after the holder and AWS's."""
        self.attached[holder] += 1
        if found := self.same.get(said(document)):
            return found
        self.policies -= 1
        account, base = self.view.account, f"{holder[1]}-{short(arn).removesuffix('FullAccess')}"
        return f"arn:{account.partition}:iam::{account.id}:policy/{self.names.take(base, digest(document))}"


def candidates(view: View) -> Iterator[Address]:
    """The texts to ask for: of every policy of AWS's that somebody has, where there are records."""
    theirs = f"arn:{view.account.partition}:iam::aws:policy/"
    for arn in view.holders if recording(view) else ():
        if arn.startswith(theirs) and arn != view.administrator:
            yield at(AWS_POLICY, arn)


def grants(view: View) -> Iterator[Grant]:
    """Each of them that allows whole services, once for each who has it; not the roles whose policies AWS attaches."""
    for arn, holders in view.holders.items() if recording(view) else ():
        document = _document(view.account.facts.get(at(AWS_POLICY, arn)))
        wanted = width(document)
        for holder, name in holders if (wanted.services or wanted.guarded) and not wanted.everything else ():
            if not (holder == "role" and view.account.roles[name].path.startswith(FIXED)):
                yield Grant(
                    address=at(f"iam.{holder}_policy", name, arn),
                    document=document,
                    width=wanted,
                    source=view.arn(holder, name),
                    reached=view.reached(holder, name),
                )


def _document(statements: Value) -> Value:
    """A policy of its canonical statements, with the names of actions as AWS writes them."""
    texts = map(str, statements) if isinstance(statements, list | tuple) else ()
    found = [msgspec.json.decode(text, type=dict[str, Value]) for text in texts]
    return {"Version": VERSION, "Statement": [_written(item) for item in found]}


def _written(item: dict[str, Value]) -> dict[str, Value]:
    known = catalog.actions()
    for part in {"Action", "NotAction"} & item.keys():
        names = body if isinstance(body := item[part], list) else []
        item[part] = [known[name].name if name in known else name for name in map(str, names)]
    return item


def evidence(view: View, grant: Grant) -> list[Address]:
    """What to ask before it can be replaced; nothing where something is in the way."""
    return [] if obstacle(view, grant) else [at("iam.service_use", grant.source)]


def obstacle(view: View, grant: Grant) -> str:
    """Why one stays, whatever was done with it; empty if nothing is in the way."""
    arn = pair_of(grant.address)[1]
    if short(arn) in view.settings.leave_policies:
        return "the playbook leaves it"
    if reason := wide.obstacle(view, grant) or unrecorded(view):
        return reason
    holder, name = _holder(grant)
    if holder != "group" and view.given_lately("Attach", holder, name):
        return f"a policy was attached to {name} in the last {many(view.settings.unused_days, 'day')}"
    users = (name for holder, name in view.holders[arn] if holder == "user")
    if holder == "group" and any(view.waits_for_groups(at("iam.user", u)) for u in users):
        return "a user has the same policy, and waits for `groups`: make a new plan after it"
    return ""


def faults(view: View) -> Iterator[Fault]:
    """Each attachment; with the smaller policy where the records show one."""
    room = Room(view)
    for grant in grants(view):
        verdict, holder = _verdict(view, grant), _holder(grant)
        if verdict.smaller is not None and (reason := room.obstacle(holder)):
            verdict = Verdict(reason=reason, used=verdict.used)
        wants = list(_wants(view, grant, verdict, room)) if verdict.smaller is not None else []
        yield wide.fault(grant, verdict, wants)


def _holder(grant: Grant) -> Holder:
    return kind_of(grant.address).removeprefix("iam.").removesuffix("_policy"), pair_of(grant.address)[0]


def _verdict(view: View, grant: Grant) -> Verdict:
    """What the records leave of it."""
    if reason := obstacle(view, grant):
        return Verdict(reason=reason)
    use = wide.services(view, grant)
    if use is None:
        return Verdict(reason=wide.UNREAD)
    used = wide.recent(view, use)
    smaller = reduced(grant.document, use.keys(), set(used))
    told = narrowed(view, smaller, grant.reached, lambda document: wide.is_managed_size(view, document))
    if not told.used:
        reason = "" if told.whole else wide.UNUSED.format(days=view.settings.unused_days)
        return Verdict(reason=reason, used=used, told=told)
    return Verdict(smaller=told.document, used=used, told=told)


def _wants(view: View, grant: Grant, verdict: Verdict, room: Room) -> Iterator[Want]:
    """Made, attached, and the other one detached: in that order, which the planner sees to."""
    (kind, name), theirs = _holder(grant), pair_of(grant.address)[1]
    arn = room.take((kind, name), theirs, verdict.smaller)
    if view.account.document(arn) is None:
        reason = f"what {name} did with {short(theirs)}, and no more"
        after: Value = {"path": "/", "document": verdict.smaller}
        yield Want(address=at("iam.policy", arn), after=after, why=reason, risk="neutral")
    reason = wide.why(view, verdict)
    yield Want(address=at(f"iam.{kind}_policy", name, arn), after="attached", why=reason, risk="neutral")
    notice = wide.loss(grant, verdict)
    yield Want(address=grant.address, after=None, why=reason, risk="restrictive", notice=notice)
