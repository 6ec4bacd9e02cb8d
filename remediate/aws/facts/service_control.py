"""The organization's service control policies that bind the account. Resource control policies, and the policies of
resources, are not read: what they refuse is not known here, and what they allow is counted as if they allowed all.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
"""

from collections.abc import Iterator

import msgspec

from remediate.account import Account
from remediate.aws.facts.base import Fact
from remediate.aws.session import Session
from remediate.effective import SERVICE_CONTROL, parsed
from remediate.errors import CallFailed
from remediate.model import Address, Value

NOT_IN_USE = "AWSOrganizationsNotInUseException"
TYPE = "SERVICE_CONTROL_POLICY"


class ServiceControl(Fact):
    """`organizations.service_control`: for each level from the root of the organization to the account, the statements
    of its policies in canonical form. Nothing where none bind it: in no organization, and in the management account.

    Only the management account and delegated administrators may ask; for others the call fails.
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListPoliciesForTarget.html
    """

    kind = SERVICE_CONTROL
    actions = (
        "organizations:DescribeOrganization",
        "organizations:DescribePolicy",
        "organizations:ListParents",
        "organizations:ListPoliciesForTarget",
    )

    def read(self, aws: Session, account: Account, asked: Address) -> dict[Address, Value]:
        try:
            organization = aws.read("organizations", "describe_organization")["Organization"]
        except CallFailed as error:
            if error.code != NOT_IN_USE:
                raise
            return {asked: []}
        if organization["MasterAccountId"] == account.id or organization["FeatureSet"] != "ALL":
            return {asked: []}
        return {asked: list(_Tree(aws).levels(account.id))[::-1]}


class _Tree:
    """The organization above an account. Each policy is read once, wherever it is attached."""

    def __init__(self, aws: Session) -> None:
        self.aws = aws
        self._read: dict[str, frozenset[str]] = {}

    def levels(self, target: str) -> Iterator[list[str]]:
        """From the account up. A level without a policy is none: as long as the root has such policies at all, AWS
        keeps one at each."""
        while target:
            pages = self.aws.pages("organizations", "list_policies_for_target", TargetId=target, Filter=TYPE)
            attached = [policy["Id"] for page in pages for policy in page["Policies"]]
            if attached:
                yield sorted({statement for policy in attached for statement in self._statements(policy)})
            target = "" if target.startswith("r-") else self._parent(target)

    def _parent(self, target: str) -> str:
        pages = self.aws.pages("organizations", "list_parents", ChildId=target)
        [parent] = [str(parent["Id"]) for page in pages for parent in page["Parents"]]
        return parent

    def _statements(self, policy: str) -> frozenset[str]:
        if policy not in self._read:
            text = self.aws.read("organizations", "describe_policy", PolicyId=policy)["Policy"]["Content"]
            self._read[policy] = parsed(_decoded(text))
        return self._read[policy]


def _decoded(text: str) -> Value:
    """What is no JSON is a policy that nobody understands, and says that it is not understood."""
    try:
        found: Value = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
    return found


FACTS: tuple[Fact, ...] = (ServiceControl(),)
