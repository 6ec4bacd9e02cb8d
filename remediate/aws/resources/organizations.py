"""An organization's central root access: the trust that IAM needs, and its two features.

Trust and features are kinds of their own because each is a call of its own; only the management account makes them.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-enable-root-access.html
"""

from collections.abc import Iterable

from remediate.aws.resources.base import Resource, absent_if
from remediate.aws.session import Session, request_id
from remediate.errors import CallFailed, NotYet
from remediate.model import AccountId, Address, Permission, Receipt, Value, at, name_of

NOT_TRUSTED = ("ServiceAccessNotEnabled", "ServiceAccessNotEnabledException")
NOT_FOUND = ("OrganizationNotFound", "OrganizationNotFoundException")
"""AWS documents these codes without the ending, and its SDKs know them with it."""


class ServiceAccess(Resource):
    """`organizations.service_access/iam.amazonaws.com`: "trusted". Whether a service may act in all accounts."""

    binary = True
    kind = "organizations.service_access"
    named_by = ("servicePrincipal",)
    shared = True
    reading = ("organizations:ListAWSServiceAccessForOrganization",)

    def container(self, address: Address) -> str:
        return self.kind

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        names = ("ListAWSServiceAccessForOrganization", "EnableAWSServiceAccess", "DisableAWSServiceAccess")
        return [Permission(action=f"organizations:{name}") for name in names]

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        try:
            pages = list(aws.pages("organizations", "list_aws_service_access_for_organization"))
        except CallFailed as error:
            absent_if(error, "AWSOrganizationsNotInUseException")
            return {}
        services = [service for page in pages for service in page["EnabledServicePrincipals"]]
        return {at(self.kind, service["ServicePrincipal"]): "trusted" for service in services}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        operation = "disable_aws_service_access" if after is None else "enable_aws_service_access"
        answer = aws.write("organizations", operation, ServicePrincipal=name_of(address))
        return Receipt(request_ids=(request_id(answer),))


OPERATIONS = {
    "RootCredentialsManagement": "organizations_root_credentials_management",
    "RootSessions": "organizations_root_sessions",
}
"""Each feature, and how the calls end that switch it on and off."""


class OrganizationsFeature(Resource):
    """`iam.organizations_feature/RootSessions`: "enabled"."""

    binary = True
    kind = "iam.organizations_feature"
    reading = ("iam:ListOrganizationsFeatures",)

    def container(self, address: Address) -> str:
        return self.kind

    def uses(self, address: Address, value: Value) -> Iterable[Address]:
        return (at("organizations.service_access", "iam.amazonaws.com"),)

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        chosen = [name_of(address)] if name_of(address) in OPERATIONS else OPERATIONS
        names = [f"{verb}Organizations{feature}" for feature in chosen for verb in ("Enable", "Disable")]
        return [Permission(action=f"iam:{name}") for name in ("ListOrganizationsFeatures", *names)]

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        try:
            features = aws.read("iam", "list_organizations_features").get("EnabledFeatures", ())
        except CallFailed as error:
            absent_if(error, *NOT_TRUSTED, *NOT_FOUND)
            return {}
        return {at(self.kind, feature): "enabled" for feature in features}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        verb = "disable" if after is None else "enable"
        try:
            answer = aws.write("iam", f"{verb}_{OPERATIONS[name_of(address)]}")
        except CallFailed as error:
            if error.code not in NOT_TRUSTED:
                raise
            # Organizations has been told to trust IAM, and IAM has not heard of it yet.
            raise NotYet(error.operation, error.code, error.message, error.request_id) from error
        return Receipt(request_ids=(request_id(answer),))


RESOURCES: tuple[Resource, ...] = (ServiceAccess(), OrganizationsFeature())
