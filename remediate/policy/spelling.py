"""Condition keys as AWS writes them. Policies may have them in any case, and what compares policies in lower case."""

from collections.abc import Mapping
from functools import cache

from remediate.policy import catalog

GLOBAL = (
    "AssumedRoot CalledVia CalledViaFirst CalledViaLast ChatbotSourceArn CurrentTime Ec2InstanceSourcePrivateIPv4 "
    "Ec2InstanceSourceVpc EpochTime FederatedProvider MultiFactorAuthAge MultiFactorAuthPresent PrincipalAccount "
    "PrincipalArn PrincipalIsAWSService PrincipalOrgID PrincipalOrgPaths PrincipalServiceName "
    "PrincipalServiceNamesList PrincipalTag PrincipalType RequestTag RequestedRegion ResourceAccount ResourceOrgID "
    "ResourceOrgPaths ResourceTag SecureTransport SourceAccount SourceArn SourceIdentity SourceIp SourceOrgID "
    "SourceOrgPaths SourceVpc SourceVpcArn SourceVpce TagKeys TokenIssueTime UserAgent ViaAWSService VpcSourceIp "
    "VpceAccount VpceOrgID VpceOrgPaths referer userid username"
)
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"""
_GLOBAL = {name.lower(): name for name in (f"aws:{name}" for name in GLOBAL.split())}


def spelled(key: str) -> str:
    """`aws:MultiFactorAuthPresent`. What stands after a slash, such as the key of a tag, stays as it is.

    >>> spelled("aws:principaltag/team")
    'aws:PrincipalTag/team'
    """
    name, slash, rest = key.partition("/")
    return f"{_GLOBAL.get(name) or _of_services().get(name, name)}{slash}{rest}"


@cache
def _of_services() -> Mapping[str, str]:
    """The keys of services, up to the first slash, by the same in lower case."""
    return {name.lower(): name for name in (key.partition("/")[0] for key in catalog.conditions())}
