"""IAM's calls for the features of central root access, which moto lacks.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListOrganizationsFeatures.html
"""

from collections.abc import Callable
from typing import Any

from remediate.sandbox.strict.organizations import IAM, delegated, managing
from remediate.sandbox.strict.patch import Call, fail, instead

FEATURES = {
    "root_credentials_management": "RootCredentialsManagement",
    "root_sessions": "RootSessions",
}


def install() -> None:
    from moto.iam.responses import IamResponse

    instead(IamResponse, "list_organizations_features", _listed)
    for name, feature in FEATURES.items():
        instead(IamResponse, f"enable_organizations_{name}", _enabling(feature))
        instead(IamResponse, f"disable_organizations_{name}", _disabling(feature))


def _listed(response: Any, call: Call) -> Any:
    return _shown(_central(response))


def _enabling(feature: str) -> Callable[[Any, Call], Any]:
    def enable(response: Any, call: Call) -> Any:
        backend = _central(response)
        if backend.account_id != response.current_account:
            fail("CallerIsNotManagementAccountException", "The account is not the organization's management account.")
        backend.org.root_features = (*{*backend.org.root_features, feature},)
        return _shown(backend)

    return enable


def _disabling(feature: str) -> Callable[[Any, Call], Any]:
    def disable(response: Any, call: Call) -> Any:
        backend = _central(response)
        backend.org.root_features = (*{*backend.org.root_features} - {feature},)
        return _shown(backend)

    return disable


def _central(response: Any) -> Any:
    """The organization's backend, for those who may ask it."""
    from remediate.sandbox import strict

    strict.install("organizations")
    backend = managing(response.current_account, response.partition)
    if backend is None:
        fail("OrganizationNotFoundException", "No organization is associated with your account.")
    if response.current_account != backend.account_id and not delegated(backend, response.current_account):
        fail("AccountNotManagementOrDelegatedAdministratorException", "The account manages no root access.")
    if backend.org.feature_set != "ALL":
        fail("OrganizationNotInAllFeaturesModeException", "Your organization does not have all features enabled.")
    if IAM not in {service["ServicePrincipal"] for service in backend.services}:
        fail("ServiceAccessNotEnabledException", "Trusted access is not enabled for IAM in AWS Organizations.")
    return backend


def _shown(backend: Any) -> Any:
    from moto.core.responses import ActionResult

    return ActionResult({"OrganizationId": backend.org.id, "EnabledFeatures": sorted(backend.org.root_features)})
