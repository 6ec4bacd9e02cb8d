"""What a change of a trust policy means for those who work through the role."""

from collections.abc import Collection, Iterator, Mapping

from remediate.guard.access import TAKES
from remediate.guard.timeline import Timeline
from remediate.model import Address, Change, Value, at, kind_of, name_of
from remediate.policy import canonical_json, lets_people_in

PROVIDERS = {"iam.saml_provider": "saml-provider", "iam.oidc_provider": "oidc-provider"}


def shut(timeline: Timeline, role: Address) -> Change | None:
    """The change after which nobody but an AWS service may assume a role that people may assume now."""
    for change in timeline.of_kind("iam.role"):
        if change.address == role and _open(change.before) and not _open(change.after):
            return change
    return None


def _open(value: Value) -> bool:
    return isinstance(value, Mapping) and lets_people_in(value.get("trust"))


def provider_taken(timeline: Timeline, mine: Collection[Address]) -> Iterator[str]:
    """Changes that take something from an identity provider through which the caller's role is assumed."""
    roles = [role for role in timeline.account.roles.values() if at("iam.role", role.name) in mine]
    trusted = "".join(canonical_json(role.trust).decode() for role in roles if lets_people_in(role.trust))
    for change in timeline.changes.values():
        kind = PROVIDERS.get(kind_of(change.address))
        if kind and change.classes & TAKES and f':{kind}/{name_of(change.address)}"' in trusted:
            yield (
                f"#{change.id} {change.address} is whom the role that this run works with trusts: "
                "nobody could assume it again through this provider to finish or roll back"
            )
