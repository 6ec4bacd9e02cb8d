"""Root users' keys, reached from the organization's management account, and what that needs of the organization."""

from datetime import UTC, datetime
from typing import Any

from remediate.model import Address, Value, at
from remediate.sandbox.builder import Builder
from remediate.sandbox.estate import root
from support.contract.case import Case, Client

TRUST = at("organizations.service_access", "iam.amazonaws.com")


def organization(client: Client) -> None:
    client("organizations").create_organization(FeatureSet="ALL")


def member_with_a_key(client: Client) -> None:
    """Nobody but the root user makes a root key, so this one is put there as the sandbox does it."""
    builder = Builder(datetime(2026, 6, 1, tzinfo=UTC))
    root.organization(builder)
    root.member_key(builder)


def member_key() -> Any:
    """The member's root key as moto has it."""
    from moto.iam.models import iam_backends

    member: Any = iam_backends[root.MEMBER]["aws"]
    [key] = member.root_keys
    return key


def _address(client: Client) -> Address:
    return at("iam.root_access_key", root.MEMBER, member_key().access_key_id)


def _inactive(client: Client) -> None:
    member_with_a_key(client)
    member_key().status = "Inactive"


NEVER: tuple[tuple[Value, Value], ...] = ((None, "Active"), ("Active", "Inactive"), ("Inactive", "Active"))

CASES: tuple[Case, ...] = (
    Case(_address, ("Active", None), setup=member_with_a_key, never=NEVER, name="iam.root_access_key/active"),
    Case(_address, ("Inactive", None), setup=_inactive, name="iam.root_access_key/inactive"),
    Case(TRUST, (None, "trusted", None), setup=organization),
    *(
        Case(at("iam.organizations_feature", feature), (None, "enabled", None), {TRUST: "trusted"}, organization)
        for feature in ("RootCredentialsManagement", "RootSessions")
    ),
)
