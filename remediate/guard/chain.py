"""The way into the role that this run works with: whoever assumed it can assume it again, after every change.

A session ends, within the hour if a role assumed the role, and a rollback may come days later. Who assumed it is known
with `--assume-role`: then their own policies and the role's trust policy are weighed together. Otherwise anybody whom
the trust policy lets in may be the one: each must stay let in, and so must the identity provider.
"""

from collections.abc import Iterator

from remediate.account import Account
from remediate.guard import trust, ways
from remediate.guard.allowed import Allowed, Call, stopped
from remediate.guard.carriers import Access
from remediate.guard.timeline import Timeline
from remediate.guard.trust import ASSUME, TRUST
from remediate.model import Address, Change, Value, kind_of, name_of
from remediate.policy.branches import NOWHERE, Rule
from remediate.policy.known import Known
from remediate.policy.request import Caller


def violations(access: Access) -> Iterator[str]:
    """Every change after which the caller's role could not be assumed again."""
    account, role = access.timeline.account, access.timeline.account.caller_principal
    if role is None or kind_of(role) != "iam.role":
        return
    if not account.assumed_by:
        yield from _by_anybody(access.timeline, role)
        return
    yield from _by(access, role, account.assumer)
    if account.assumer and kind_of(account.assumer) == "iam.role":
        yield from _by_anybody(access.timeline, account.assumer)


def _by_anybody(timeline: Timeline, role: Address) -> Iterator[str]:
    """Changes that shut one of the doors: nobody knows which one this run came by."""
    now = _trust_now(timeline.account, role)
    for change in _trusts(timeline, role):
        after = trust.policy_of(change.after)
        kept = trust.doors(now, "Allow") <= trust.doors(after, "Allow")
        if not kept or not trust.doors(after, "Deny") <= trust.doors(now, "Deny"):
            yield _said(change, role, "whoever assumed it may not be let in")
    yield from trust.provider_taken(timeline, now)


def _by(access: Access, role: Address, assumer: Address | None) -> Iterator[str]:
    """Changes after which this user, role, or somebody of another account may not assume it."""
    timeline, account = access.timeline, access.timeline.account
    call, who, known = Call(ASSUME, _arn(account, role)), _caller(account, assumer), _known(account, assumer)
    allowed = Allowed(access, assumer, known) if assumer else None
    asked = allowed.asked([call]) if allowed else None
    mine, layers = (asked.rules, asked.layers | TRUST) if asked else ((), TRUST)
    still = [rule._replace(after=rule.before) for rule in mine]

    def lets(policy: Value) -> list[Rule]:
        moves = allowed.moves if allowed else lambda _: False
        return list(trust.rules(policy, who, allowed.known if allowed else known, layers, moves))

    now = lets(_trust_now(account, role))
    loses = stopped([*mine, *now], layers)
    if allowed and loses:
        yield _said(allowed.blamed(call, now, layers), role, f"{account.assumed_by} may not assume it")
    for change in _trusts(timeline, role):
        then = [rule._replace(before=NOWHERE) for rule in lets(trust.policy_of(change.after))]
        trusts = [*(rule._replace(after=NOWHERE) for rule in now), *then]
        if stopped([*still, *trusts], layers) or (not loses and stopped([*mine, *trusts], layers)):
            yield _said(change, role, f"{account.assumed_by} is not let in")


def _said(change: Change, role: Address, why: str) -> str:
    what = f"{name_of(role)}, which this run works with, could not be assumed again to finish or roll back"
    return f"#{change.id} {change.address}: {what}: {why}"


def _trusts(timeline: Timeline, role: Address) -> Iterator[Change]:
    """The changes of its trust policy; that of a role that goes is no change of it."""
    return (c for c in timeline.of_kind("iam.role") if c.address == role and c.after is not None)


def _trust_now(account: Account, role: Address) -> Value:
    found = account.roles.get(name_of(role))
    return found.trust if found else None


def _arn(account: Account, role: Address) -> str:
    found = account.roles.get(name_of(role))
    return found.arn if found else f"arn:{account.partition}:iam::{account.id}:role/{name_of(role)}"


def _caller(account: Account, assumer: Address | None) -> Caller:
    """A user, the root user, or a session: a trust policy tells them apart by their names."""
    arn = account.assumed_by
    kind, home = arn.rpartition(":")[2].partition("/")[0], arn.split(":")[4]
    if kind == "assumed-role":
        name = arn.split("/")[1]
        behind = _arn(account, assumer) if assumer else f"arn:{account.partition}:iam::{home}:role/{name}"
        return Caller(arn=arn, account=home, behind=behind)
    return Caller(arn=arn, account=home)


def _known(account: Account, assumer: Address | None) -> Known:
    """What the request to assume it says: `aws.assumed_role` gives no external id."""
    own = ways.of_caller(account, assumer, account.assumer_key) if assumer else ways.DIRECT
    return {**own, "sts:externalid": None}
