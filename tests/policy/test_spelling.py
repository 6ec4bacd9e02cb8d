"""Condition keys are shown as AWS writes them, whatever case a policy has them in."""

import pytest

from remediate.policy.spelling import spelled


@pytest.mark.parametrize(
    "key",
    [
        "aws:MultiFactorAuthPresent",
        "aws:ViaAWSService",
        "aws:username",
        "aws:PrincipalTag/costCenter",
        "s3:ExistingObjectTag/owner",
        "s3:prefix",
        "sts:ExternalId",
        "iam:PermissionsBoundary",
        "nobody:knows/this",
    ],
)
def test_a_key_is_spelled_as_aws_writes_it(key: str) -> None:
    name, slash, rest = key.partition("/")
    assert spelled(f"{name.lower()}{slash}{rest}") == key
