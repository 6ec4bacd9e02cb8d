"""A role that a control makes under the playbook's name for it; one that is there is used if it trusts the same."""

from typing import Annotated

from msgspec import Meta

from remediate.account import Account
from remediate.model import Address, Value, Want, at
from remediate.policy import VERSION, NotAPolicy, statements

RoleName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_+=,.@-]+$", max_length=64)]
"""https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html"""


def trust(principals: list[dict[str, Value]], condition: Value = None) -> dict[str, Value]:
    """A statement for each principal, because IAM gives a list of them back in an order of its own."""
    more: dict[str, Value] = {"Condition": condition} if condition else {}
    return {
        "Version": VERSION,
        "Statement": [
            {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more} for principal in principals
        ],
    }


def conflict(account: Account, name: str, trusted: Value) -> str:
    """Why the role of that name is not ours to use; empty if it is, or if there is none. IAM's names ignore case."""
    alike = [other for other in account.roles if other.lower() == name.lower()]
    if not alike:
        return ""
    if alike != [name]:
        return f"the role {alike[0]} differs in case only"
    return "" if _same(account.roles[name].trust, trusted) else f"the role {name} is there, and trusts others"


def _same(live: Value, wanted: Value) -> bool:
    try:
        return statements(live) == statements(wanted)
    except NotAPolicy:
        return False


def want(account: Account, name: str, trusted: Value, why: str) -> Want:
    """The role as it is, or as it is to be made."""
    address: Address = at("iam.role", name)
    live = account.value(address)
    return Want(address=address, after=live or {"path": "/", "trust": trusted}, why=why, risk="additive")
