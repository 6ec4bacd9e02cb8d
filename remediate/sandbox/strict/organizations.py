"""An organization as its members see it: who may look at its policies, and central root access.

Organizations trusts iam.amazonaws.com like other services, and IAM switches the features on and off for the management
account; a delegated administrator may look and switch off, and members may do neither. Moto does not know that IAM can
be trusted, lets every account change whom an organization trusts, lacks the features, and remembers members of an
organization that is gone. The features are kept on moto's organization. Moto shows an account that is no management
account its own organization, which is empty; delegated administrators may read policies and the tree, others may not.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_EnableOrganizationsRootSessions.html,
https://docs.aws.amazon.com/organizations/latest/APIReference/API_EnableAWSServiceAccess.html,
https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribePolicy.html
"""

from typing import Any

from remediate.sandbox.strict.patch import Call, Original, around, before, fail, instead

IAM = "iam.amazonaws.com"


def install() -> None:
    from moto.organizations import models
    from moto.organizations.responses import OrganizationsResponse

    models.FakeServiceAccess.TRUSTED_SERVICES.append(IAM)
    models.FakeDelegatedAdministrator.SUPPORTED_SERVICES.append(IAM)
    models.FakeOrganization.root_features = ()  # type: ignore[attr-defined]
    instead(models.OrganizationsBackend, "describe_organization", _described)
    for name in ("enable_aws_service_access", "disable_aws_service_access"):
        before(models.OrganizationsBackend, name, _management_alone)
    for name in ("list_policies_for_target", "list_parents", "describe_policy"):
        around(OrganizationsResponse, name, _shown)
    instead(models.OrganizationsBackend, "list_aws_service_access_for_organization", _listed)


def managing(account: str, partition: str) -> Any:
    """The management account's backend of the organization that an account belongs to; None where it is in none."""
    from moto.organizations.models import organizations_backends

    owner = organizations_backends.master_accounts.get(account, (account, partition))
    backend = organizations_backends[owner[0]][owner[1]]
    return backend if backend.org and account in {member.id for member in backend.accounts} else None


def delegated(backend: Any, account: str) -> bool:
    """Whether the management account has made this one IAM's delegated administrator."""
    return any(admin.account.id == account and IAM in admin.services for admin in backend.admins)


def _described(organizations: Any, call: Call) -> Any:
    backend = _in_use(organizations)
    return backend.org.describe()


def _management_alone(organizations: Any, call: Call) -> None:
    if _in_use(organizations) is not organizations:
        fail("AccessDeniedException", "You don't have permissions to access this resource.")


def _shown(original: Original, response: Any, call: Call) -> Any:
    """A reading call, answered as the management account sees it."""
    response.current_account = _for_administrators(response.organizations_backend).account_id
    return original()


def _for_administrators(organizations: Any) -> Any:
    backend = _in_use(organizations)
    if organizations.account_id not in {backend.account_id, *(admin.account.id for admin in backend.admins)}:
        fail("AccessDeniedException", "You don't have permissions to access this resource.")
    return backend


def _listed(organizations: Any, call: Call) -> Any:
    backend = _for_administrators(organizations)
    return {"EnabledServicePrincipals": backend.services}


def _in_use(organizations: Any) -> Any:
    backend = managing(organizations.account_id, organizations.partition)
    if backend is None:
        fail("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
    return backend
