"""The ways in which people work, by what their requests say of themselves.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from collections.abc import Iterator

import msgspec

from remediate.account import Account, User
from remediate.effective import facts_of
from remediate.guard.timeline import Timeline
from remediate.model import Address, Change, kind_of, name_of, pair_of
from remediate.policy.known import Known

MFA, AGE, ISSUED = "aws:multifactorauthpresent", "aws:multifactorauthage", "aws:tokenissuetime"

DIRECT: Known = {
    **{f"aws:calledvia{which}": None for which in ("", "first", "last")},
    "aws:principalisawsservice": "false",
    "aws:securetransport": "true",
    "aws:viaawsservice": "false",
}
"""What somebody asks themselves, and no service on their behalf."""
BY_KEY: Known = {**DIRECT, MFA: None, AGE: None, ISSUED: None}
"""With an access key of one's own: its requests carry no word about MFA."""
WITHOUT_MFA: Known = {**DIRECT, MFA: "false", AGE: None}
"""In the console after a sign-in with the password alone; and in a role's session."""
WITH_MFA: Known = {**DIRECT, MFA: "true", AGE: "60"}
"""In the console a minute after a sign-in with a device."""

LASTING = "AKIA"
"""How the ids of access keys of IAM users begin; those of sessions begin with ASIA.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids"""


def of_caller(account: Account, principal: Address, key: str) -> Known:
    """What the requests of this run say, made with a key. Of a session nobody knows whether it was opened with MFA."""
    by_key = kind_of(principal) == "iam.user" and key.startswith(LASTING)
    return {**facts_of(account, principal), **(BY_KEY if by_key else DIRECT)}


def of_user(user: User) -> Iterator[Known]:
    """How somebody works now: with a key, and in the console with the device or without."""
    if any(key.active for key in user.keys):
        yield BY_KEY
    if user.password:
        yield WITH_MFA if user.mfa else WITHOUT_MFA


def left(timeline: Timeline, user: User) -> User:
    """The user with the credentials that the plan leaves, whatever is done of it."""
    gone = taken(timeline, user)
    stopped = sum(kind_of(change.address) == "iam.access_key" for change in gone)
    active = [key for key in user.keys if key.active]
    password = None if len(gone) > stopped else user.password
    return msgspec.structs.replace(user, password=password, keys=tuple(active[stopped:]))


def taken(timeline: Timeline, user: User) -> list[Change]:
    """The changes that stop one of a user's active keys, or take the password."""
    keys = [c for c in timeline.of_kind("iam.access_key") if pair_of(c.address)[0] == user.name]
    passwords = [c for c in timeline.of_kind("iam.login_profile") if name_of(c.address) == user.name]
    return [*(c for c in keys if c.before == "Active"), *(c for c in passwords if c.after is None)]
