"""The recorded calls that a change of a role's trust policy stops: those by which somebody assumed it."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from remediate.account import Account
from remediate.evidence.facts import Call
from remediate.guard import trust
from remediate.model import Change, Value, kind_of, name_of
from remediate.policy.branches import NOWHERE, Layers, Rule
from remediate.policy.known import Known
from remediate.policy.request import Caller
from remediate.replay.circumstances import again, placed, told
from remediate.replay.sides import Verdict, of_rules, over_hours

OWN: Layers = frozenset({"own"})
"""The layer of the caller's own policies: they are as they were, and allowed the call."""
BESIDES = ("sts:tagsession", "sts:setsourceidentity")
"""What it takes besides where a session gets tags or a source identity, which no record kept here tells.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_permissions-required"""
LAYERS = OWN | trust.TRUST
ACCOUNT = "aws:principalaccount"
_ACCOUNT = re.compile(r"AWSAccount:(\d{12})", re.ASCII)
"""Whoever is of another account, in the records of the account that they came into.
https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html#cloudtrail-integration_examples-sts-api"""
_ARN = re.compile(r"arn:([^:]+):iam::(\d+):(user|role|root)(?:/(.+))?")


def changed(changes: Sequence[Change]) -> Iterator[Change]:
    """The changes of trust policies of roles that there are, and stay."""
    for change in changes:
        stays = kind_of(change.address) == "iam.role" and None not in (change.before, change.after)
        if stays and trust.policy_of(change.before) != trust.policy_of(change.after):
            yield change


def assumed(account: Account, change: Change, call: Call) -> bool:
    """Whether a call that assumed a role was about the one that a change is about, or may have been."""
    role = account.roles.get(name_of(change.address))
    return role is not None and call.resource in (role.arn, "")


def verdict(change: Change, arn: str, call: Call, facts: Known, now: datetime) -> Verdict:
    """What becomes of the call of somebody who is known by this ARN, or by another name, and by these facts."""
    before, after = trust.policy_of(change.before), trust.policy_of(change.after)
    who = _caller(arn, call)
    if who is None:
        return "perhaps" if _takes(before, after) else "kept"
    known = {**facts, **told(call), **({ACCOUNT: who.account} if who.account else {})}
    open_ = [x for side in (before, after) for one in trust.rules(side, who, known, LAYERS) for x in one.open]
    known = {**known, **placed(call.network, open_)}

    def of(action: str) -> Verdict:
        return over_hours(again(call.hours, now), lambda at: _at(before, after, who, {**known, **at}, action))

    found = of(trust.ASSUME)
    return "perhaps" if found == "kept" and any(of(action) != "kept" for action in BESIDES) else found


def _at(before: Value, after: Value, who: Caller, known: Known, action: str) -> Verdict:
    now = (one._replace(after=NOWHERE) for one in trust.rules(before, who, known, LAYERS, action=action))
    then = (one._replace(before=NOWHERE) for one in trust.rules(after, who, known, LAYERS, action=action))
    return of_rules([Rule(True, OWN, OWN), *now, *then], LAYERS)


def _takes(before: Value, after: Value) -> bool:
    """Whether a door is shut that was open, to whomever."""
    kept = trust.doors(before, "Allow") <= trust.doors(after, "Allow")
    return not kept or not trust.doors(after, "Deny") <= trust.doors(before, "Deny")


def _caller(arn: str, call: Call) -> Caller | None:
    """Whoever made a call, by all the names that a trust policy may call them; None where a record does not tell."""
    if arn.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return Caller(kind="service", arn=arn)
    if stranger := _ACCOUNT.fullmatch(arn):
        return Caller(account=stranger[1], unnamed=True)
    found = _ARN.fullmatch(arn)
    if found is None:
        return None
    partition, account, kind, name = found.groups()
    if kind != "role":
        return Caller(kind="root" if kind == "root" else "user", arn=arn, account=account)
    session = call.credential.partition("/")[0]
    own = f"arn:{partition}:sts::{account}:assumed-role/{name.rpartition('/')[2]}/{session}"
    return Caller(kind="role session", arn=own, account=account, behind=arn)
