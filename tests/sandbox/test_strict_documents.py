"""Policy documents and who may edit them, as plain boto3 sees it. Each of these is different on plain moto."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.aws import Aws
from support.make import EC2, OLD, READ, READ_ONLY, Act, code, group, role, trust, user

EDITS: dict[str, Act] = {
    "create_policy_version": lambda iam: iam.create_policy_version(PolicyArn=READ_ONLY, PolicyDocument=READ),
    "delete_policy_version": lambda iam: iam.delete_policy_version(PolicyArn=READ_ONLY, VersionId="v1"),
    "set_default_policy_version": lambda iam: iam.set_default_policy_version(PolicyArn=READ_ONLY, VersionId="v1"),
    "delete_policy": lambda iam: iam.delete_policy(PolicyArn=READ_ONLY),
}


@pytest.mark.parametrize("edit", EDITS)
def test_aws_policies_are_not_ours(aws: Aws, edit: str) -> None:
    with pytest.raises(ClientError) as refused:
        EDITS[edit](aws.client("iam"))
    assert refused.value.response["Error"]["Code"] == "AccessDenied"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


WRITES: dict[str, Callable[[Any, str], Any]] = {
    "managed": lambda iam, text: iam.create_policy(PolicyName="p", PolicyDocument=text),
    "user": lambda iam, text: iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=text),
    "group": lambda iam, text: iam.put_group_policy(GroupName="g", PolicyName="p", PolicyDocument=text),
    "role": lambda iam, text: iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=text),
    "trust": lambda iam, text: iam.create_role(RoleName="s", AssumeRolePolicyDocument=text),
    "new trust": lambda iam, text: iam.update_assume_role_policy(RoleName="r", PolicyDocument=text),
}
JUNK = ("{}", "nonsense", '{"Version": "2012-10-17", "Statement": []}', '{"Version": "2020-01-01", "Statement": {}}')


@pytest.mark.parametrize("text", JUNK)
@pytest.mark.parametrize("write", WRITES)
def test_junk_is_no_document(aws: Aws, write: str, text: str) -> None:
    iam = aws.client("iam")
    user(iam, "u"), group(iam, "g"), role(iam, "r")
    assert code(lambda: WRITES[write](iam, text)) == "MalformedPolicyDocument"


def test_version_2008_is_for_inline_policies_and_trust_alone(aws: Aws) -> None:
    iam = aws.client("iam")
    user(iam, "u"), group(iam, "g"), role(iam, "r")
    for write in ("user", "group", "role"):
        WRITES[write](iam, OLD)
    WRITES["new trust"](iam, trust(EC2).replace("2012-10-17", "2008-10-17"))
    assert iam.get_user_policy(UserName="u", PolicyName="p")["PolicyDocument"]["Version"] == "2008-10-17"
    assert code(lambda: WRITES["managed"](iam, OLD)) == "MalformedPolicyDocument"


@pytest.mark.parametrize("principal", ["", {"AWS": "arn:aws:iam::123456789012:role/absent"}])
def test_trust_names_somebody_who_is_there(aws: Aws, principal: Any) -> None:
    iam = aws.client("iam")
    assert code(lambda: WRITES["trust"](iam, trust(principal))) == "MalformedPolicyDocument"


@pytest.mark.parametrize("text", ["nonsense", "{}", READ])
def test_bucket_policies_are_read(aws: Aws, text: str) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="logs")
    assert code(lambda: s3.put_bucket_policy(Bucket="logs", Policy=text)) == "MalformedPolicy"
