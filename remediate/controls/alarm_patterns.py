"""What the alarms watch for: the filter patterns of the CIS AWS Foundations Benchmark, as data.

Recommendations 5.1 to 5.15 of version 7.0 are 4.1 to 4.15 of version 5.0, with the same patterns. AWS Security Hub
checks fourteen of them for a wording of its own, which differs in four: it is built on versions 1.2 and 1.4, and names
the service where AWS recommends so.
https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html
"""

from collections.abc import Mapping
from typing import Literal

from remediate.controls.filter_pattern import canonical
from remediate.model import Struct

Wording = Literal["cis", "security-hub"]
Name = Literal[
    "unauthorized-api-calls",
    "console-sign-in-without-mfa",
    "root-usage",
    "iam-policy-changes",
    "cloudtrail-changes",
    "console-sign-in-failures",
    "kms-key-disabling-or-deletion",
    "s3-bucket-policy-changes",
    "config-changes",
    "security-group-changes",
    "network-acl-changes",
    "network-gateway-changes",
    "route-table-changes",
    "vpc-changes",
    "organizations-changes",
]


class Pattern(Struct, frozen=True, kw_only=True):
    """One kind of event that people should be told of."""

    name: Name
    """Of its filter, its metric and its alarm, where they are made."""
    title: str
    """After `nobody is told of`."""
    number: int
    """In section 5 of CIS 7.0, and in section 4 of CIS 5.0."""
    hub: int | None
    """Of its control in Security Hub, as in CloudWatch.4."""
    texts: Mapping[Wording, tuple[str, ...]]
    """The wordings that count. The first is written."""

    def accepted(self, wording: Wording) -> frozenset[str]:
        """Canonical forms that count."""
        return frozenset(map(canonical, self.texts[wording]))

    @property
    def standards(self) -> str:
        hub = f", CloudWatch.{self.hub}" if self.hub else ""
        return f"CIS 7.0 5.{self.number}, CIS 5.0 4.{self.number}{hub}"


def _any(events: str) -> str:
    """`CreateTrail StopLogging` as `($.eventName=CreateTrail) || ($.eventName=StopLogging)`."""
    return " || ".join(f"($.eventName={event})" for event in events.split())


def _events(events: str) -> str:
    return f"{{{_any(events)}}}"


def _of(service: str, events: str) -> str:
    """The same, of one service alone."""
    return f"{{($.eventSource={service}.amazonaws.com) && ({_any(events)})}}"


REFUSED = '($.errorCode="*UnauthorizedOperation") || ($.errorCode="AccessDenied*")'
NOISE = '($.sourceIPAddress!="delivery.logs.amazonaws.com") && ($.eventName!="HeadBucket")'
NO_MFA = '($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes")'
# A sign-in through an identity provider shows no MFA, because that is the provider's to ask for.
OF_A_USER = '($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success")'
ROOT = '$.userIdentity.type="Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType !="AwsServiceEvent"'
POLICIES = (
    "DeleteGroupPolicy DeleteRolePolicy DeleteUserPolicy PutGroupPolicy PutRolePolicy PutUserPolicy CreatePolicy "
    "DeletePolicy CreatePolicyVersion DeletePolicyVersion AttachRolePolicy DetachRolePolicy AttachUserPolicy "
    "DetachUserPolicy AttachGroupPolicy DetachGroupPolicy"
)
BUCKETS = (
    "PutBucketAcl PutBucketPolicy PutBucketCors PutBucketLifecycle PutBucketReplication DeleteBucketPolicy "
    "DeleteBucketCors DeleteBucketLifecycle DeleteBucketReplication"
)
FIREWALLS = (
    "AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress "
    "RevokeSecurityGroupEgress CreateSecurityGroup DeleteSecurityGroup"
)
ACLS = (
    "CreateNetworkAcl CreateNetworkAclEntry DeleteNetworkAcl DeleteNetworkAclEntry ReplaceNetworkAclEntry "
    "ReplaceNetworkAclAssociation"
)
GATEWAYS = (
    "CreateCustomerGateway DeleteCustomerGateway AttachInternetGateway CreateInternetGateway DeleteInternetGateway "
    "DetachInternetGateway"
)
ROUTES = (
    "CreateRoute CreateRouteTable ReplaceRoute ReplaceRouteTableAssociation DeleteRouteTable DeleteRoute "
    "DisassociateRouteTable"
)
VPCS = (
    "CreateVpc DeleteVpc ModifyVpcAttribute AcceptVpcPeeringConnection CreateVpcPeeringConnection "
    "DeleteVpcPeeringConnection RejectVpcPeeringConnection AttachClassicLinkVpc DetachClassicLinkVpc "
    "DisableVpcClassicLink EnableVpcClassicLink"
)
ORGANIZATION = (
    "AcceptHandshake AttachPolicy CreateAccount CreateOrganizationalUnit CreatePolicy DeclineHandshake "
    "DeleteOrganization DeleteOrganizationalUnit DeletePolicy DetachPolicy DisablePolicyType EnablePolicyType "
    "InviteAccountToOrganization LeaveOrganization MoveAccount RemoveAccountFromOrganization UpdatePolicy "
    "UpdateOrganizationalUnit"
)


def _pattern(
    number: int, name: Name, title: str, cis: tuple[str, ...], hub: int | None, hub_texts: tuple[str, ...] = ()
) -> Pattern:
    texts: Mapping[Wording, tuple[str, ...]] = {"cis": cis, "security-hub": hub_texts or cis[:1]}
    return Pattern(name=name, title=title, number=number, hub=hub, texts=texts)


def _narrowed(service: str, events: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The benchmark names no service; AWS recommends to, because others have events of the same name. Both count."""
    loose, narrow = _events(events), _of(service, events)
    return (loose, narrow), (narrow, loose)


SIGN_IN_FAILED = '{($.eventName=ConsoleLogin) && ($.errorMessage="Failed authentication")}'
TRAILS = "CreateTrail UpdateTrail DeleteTrail StartLogging StopLogging"
KEYS = "DisableKey ScheduleKeyDeletion"
CONFIG = "StopConfigurationRecorder DeleteDeliveryChannel PutDeliveryChannel PutConfigurationRecorder"
IAM, IAM_HUB = _narrowed("iam", POLICIES)
EC2, EC2_HUB = _narrowed("ec2", ROUTES)
# Security Hub takes neither the benchmark's exceptions nor the event that it has added.
CALLS, CALLS_HUB = (f"{{{REFUSED} && {NOISE}}}", f"{{{REFUSED}}}"), (f"{{{REFUSED}}}",)
GROUPS, GROUPS_HUB = (_events(f"{FIREWALLS} ModifySecurityGroupRules"),), (_events(FIREWALLS),)

PATTERNS: tuple[Pattern, ...] = (
    _pattern(1, "unauthorized-api-calls", "calls that AWS refuses", CALLS, 2, CALLS_HUB),
    _pattern(
        2,
        "console-sign-in-without-mfa",
        "console sign-ins without MFA",
        (f"{{ {NO_MFA} && {OF_A_USER} }}", f"{{ {NO_MFA} }}"),
        3,
    ),
    _pattern(3, "root-usage", "the root user being used", (f"{{{ROOT}}}",), 1),
    _pattern(4, "iam-policy-changes", "changes of IAM policies", IAM, 4, IAM_HUB),
    _pattern(5, "cloudtrail-changes", "changes of trails", (_events(TRAILS),), 5),
    _pattern(6, "console-sign-in-failures", "console sign-ins that fail", (SIGN_IN_FAILED,), 6),
    _pattern(7, "kms-key-disabling-or-deletion", "KMS keys being disabled or deleted", (_of("kms", KEYS),), 7),
    _pattern(8, "s3-bucket-policy-changes", "changes of bucket policies", (_of("s3", BUCKETS),), 8),
    _pattern(9, "config-changes", "changes of AWS Config", (_of("config", CONFIG),), 9),
    _pattern(10, "security-group-changes", "changes of security groups", GROUPS, 10, GROUPS_HUB),
    _pattern(11, "network-acl-changes", "changes of network ACLs", (_events(ACLS),), 11),
    _pattern(12, "network-gateway-changes", "changes of network gateways", (_events(GATEWAYS),), 12),
    _pattern(13, "route-table-changes", "changes of route tables", EC2, 13, EC2_HUB),
    _pattern(14, "vpc-changes", "changes of VPCs", (_events(VPCS),), 14),
    _pattern(15, "organizations-changes", "changes of the organization", (_of("organizations", ORGANIZATION),), None),
)
