"""What no call can change about root users, and to which organization the account belongs."""

from remediate.account import Account
from remediate.aws.facts.base import Fact
from remediate.aws.resources.iam_root import AUDIT
from remediate.aws.resources.organizations import NOT_TRUSTED
from remediate.aws.session import Answer, RootSession, Session
from remediate.errors import CallFailed
from remediate.model import Address, Value, at, pair_of, when

NOT_CENTRAL = (
    "AccountNotManagementOrDelegatedAdministrator",
    "AccountNotManagementOrDelegatedAdministratorException",
    *NOT_TRUSTED,
)


class RootKeyUse(Fact):
    """`root.access_key/<member account>/AKIA…`: when it was made, and when, where and for what it was last used.

    Without a last use, none is recorded since April 2015, when AWS began to record them.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKeyLastUsed.html
    """

    kind = "root.access_key"
    actions = ()

    def read(self, aws: Session, account: Account, asked: Address) -> dict[Address, Value]:
        member = pair_of(asked)[0]
        return aws.as_root(member, AUDIT, lambda root: self._keys(root, member))

    def _keys(self, root: RootSession, member: str) -> dict[Address, Value]:
        keys = [key for page in root.pages("iam", "list_access_keys") for key in page["AccessKeyMetadata"]]
        return {at(self.kind, member, key["AccessKeyId"]): _use(root, key) for key in keys}


def _use(root: RootSession, key: Answer) -> Value:
    used = root.read("iam", "get_access_key_last_used", AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]
    place = {"service": used.get("ServiceName", "N/A"), "region": used.get("Region", "N/A")}
    known = {name: text for name, text in place.items() if text != "N/A"}
    return {"created": when(key["CreateDate"]), "last_used": when(used.get("LastUsedDate")), **known}


class RootVirtualMfa(Fact):
    """`root.virtual_mfa/<serial>`: a virtual MFA device of the account's root user, and the day it was enabled.

    Hardware devices and passkeys are not in that listing. A root user's virtual device has a serial number of its own,
    and belongs to a user whose ARN ends in `:root`; either will do.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListVirtualMFADevices.html
    """

    kind = "root.virtual_mfa"
    actions = ("iam:ListVirtualMFADevices",)

    def read(self, aws: Session, account: Account, asked: Address) -> dict[Address, Value]:
        pages = aws.pages("iam", "list_virtual_mfa_devices", AssignmentStatus="Assigned")
        devices = [device for page in pages for device in page["VirtualMFADevices"] if _is_roots(device)]
        return {at(self.kind, d["SerialNumber"]): {"enabled": when(d.get("EnableDate"))} for d in devices}


def _is_roots(device: Answer) -> bool:
    arn = str(device.get("User", {}).get("Arn", ""))
    return arn.endswith(":root") or str(device["SerialNumber"]).endswith(":mfa/root-account-mfa-device")


class Organization(Fact):
    """`organizations.organization`: the account's organization, and what the account is in it; absent if in none.

    `role` is `management`, `delegate` (the management account lets it manage root access) or `member`.
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeOrganization.html
    """

    kind = "organizations.organization"
    actions = ("iam:ListOrganizationsFeatures", "organizations:DescribeOrganization")

    def read(self, aws: Session, account: Account, asked: Address) -> dict[Address, Value]:
        try:
            organization = aws.read("organizations", "describe_organization")["Organization"]
        except CallFailed as error:
            if error.code != "AWSOrganizationsNotInUseException":
                raise
            return {}
        management = str(organization["MasterAccountId"])
        value: Value = {
            "id": organization["Id"],
            "management": management,
            "all_features": organization["FeatureSet"] == "ALL",
            "role": "management" if management == account.id else _role(aws),
        }
        return {at(self.kind): value}


def _role(aws: Session) -> str:
    """A member may list the features of central root access if it is a delegated administrator for IAM."""
    try:
        aws.read("iam", "list_organizations_features")
    except CallFailed as error:
        if error.code not in NOT_CENTRAL:
            raise
        return "member"
    return "delegate"


FACTS: tuple[Fact, ...] = (RootKeyUse(), RootVirtualMfa(), Organization())
