"""The root user, the account's own settings, and the organization with its members' root keys."""

import re
from collections.abc import Mapping
from typing import Any

from remediate.model import Address, at, pair_of
from remediate.sandbox.twin.base import Twin, moment

QUOTA = re.compile(r"(?<!^)(?=[A-Z])")


def settings(twin: Twin) -> None:
    from remediate.sandbox.strict import settings as strict

    account = twin.account
    strict.regions = account.regions or strict.regions
    twin.iam.account_aliases = [account.alias] if account.alias else []
    for name, value in account.summary.items():
        attribute = "_" + QUOTA.sub("_", name).lower()
        if name.endswith("Quota") and hasattr(twin.iam.account_summary, attribute):
            setattr(twin.iam.account_summary, attribute, value)
    twin.iam.account_summary._account_mfa_enabled = account.summary.get("AccountMFAEnabled", 0)
    twin.iam.account_summary._account_access_keys_present = account.summary.get("AccountAccessKeysPresent", 0)
    strict.root_used = account.root.last_used if account.root else None


def organization(twin: Twin) -> None:
    """The organization as the account sees it, in the part that it has in it: only the management account's is made."""
    from moto.organizations.models import organizations_backends

    from remediate.sandbox import strict

    for _, fact in twin.facts("organizations.organization"):
        if fact["role"] != "management":
            twin.gaps["organizations.organization"] = f"the emulator has no {fact['role']} of an organization"
            return
        strict.install("organizations")
        backend: Any = organizations_backends[twin.account.id][twin.account.partition]
        features = "ALL" if fact["all_features"] else "CONSOLIDATED_BILLING"
        backend.create_organization(twin.account.region, FeatureSet=features)
        backend.org.id = fact["id"]
        for member in sorted({pair_of(a)[0] for a, _ in twin.facts("root.access_key")}):
            _member(twin, backend, member)


def _member(twin: Twin, backend: Any, number: str) -> None:
    """Moto draws the number of a new account; this one has its own."""
    from moto.iam.models import iam_backends
    from moto.organizations.models import organizations_backends

    backend.create_account(AccountName=number, Email=f"{number}@member.invalid")
    drawn, backend.accounts[-1].id = backend.accounts[-1].id, number
    organizations_backends.master_accounts[number] = organizations_backends.master_accounts.pop(drawn)
    iam_backends.pop(drawn)
    member: Any = iam_backends[number][twin.account.partition]
    facts = [(a, fact) for a, fact in twin.facts("root.access_key") if pair_of(a)[0] == number]
    member.root_keys = tuple(_root_key(twin, a, fact) for a, fact in facts)


def _root_key(twin: Twin, address: Address, fact: Mapping[str, Any]) -> Any:
    from moto.iam.models import AccessKey, AccessKeyLastUsed

    kind: Any = AccessKey
    member, id = pair_of(address)
    key = kind(user_name=None, prefix="AKIA", account_id=member)
    key.access_key_id = id
    key.create_date = moment(fact["created"])
    key.status = str(twin.account.value(at("iam.root_access_key", member, id)))
    if used := moment(fact["last_used"]):
        key.last_used = AccessKeyLastUsed(used, fact.get("service", "N/A"), fact.get("region", "N/A"))
    return key


def virtual_mfa(twin: Twin) -> None:
    for address, _ in twin.facts("root.virtual_mfa"):
        twin.gaps[address] = "the emulator has no MFA device of a root user"


def certificates(twin: Twin) -> None:
    from moto.iam.models import Certificate

    kind: Any = Certificate
    for name, value in twin.entries("iam.server_certificate"):
        about: Any = value
        certificate = kind(twin.account.id, twin.account.region, name, "", "", path=about["path"])
        certificate.uploaded = certificate.expires = moment(about["expires"])
        twin.iam.certificates[str(about["id"]).removeprefix("ASCA")] = certificate
