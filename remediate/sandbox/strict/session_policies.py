"""Sessions of a role: a session policy binds them, and a session that ended is refused.

Moto takes any session policy and forgets it, makes sessions of roles that are not there, and takes their credentials
for ever. AWS takes 2,048 characters, and what it packs them into has a limit of its own; a session then may do only
what its policy allows. Here that is looked at for actions, and for resources of IAM; the role's own policies are not.
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
"""

import json
import re
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

from remediate.sandbox.strict.patch import Call, Original, around, before, fail
from remediate.sandbox.strict.state import settings

LONGEST = 2048
SHORTEST_SECONDS = 900

S3 = {
    "encryption": "EncryptionConfiguration",
    "lifecycle": "LifecycleConfiguration",
    "location": "BucketLocation",
    "logging": "BucketLogging",
    "policy": "BucketPolicy",
    "publicAccessBlock": "BucketPublicAccessBlock",
    "versioning": "BucketVersioning",
}
"""What a request for a bucket is about, and IAM's name of it:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html"""
WHOLE = {"GET": "ListBucket", "HEAD": "ListBucket", "PUT": "CreateBucket", "DELETE": "DeleteBucket"}

BUDGETS = re.compile(r"(Describe)|(?:Create|Update|Delete)(?:Budget|Notification|Subscriber)")

ALSO = {
    "iam:AddRoleToInstanceProfile": ("RoleName", "iam:PassRole"),
    "ec2:AssociateIamInstanceProfile": ("", "iam:PassRole"),
    "ec2:ReplaceIamInstanceProfileAssociation": ("", "iam:PassRole"),
    "cloudtrail:CreateTrail": ("CloudWatchLogsRoleArn", "iam:PassRole"),
    "cloudtrail:UpdateTrail": ("CloudWatchLogsRoleArn", "iam:PassRole"),
    "kms:CreateKey": ("Tags", "kms:TagResource"),
    "secretsmanager:CreateSecret": ("Tags", "secretsmanager:TagResource"),
}
"""Calls that need a second permission where they have a parameter, or always: they hand a role to a service, or tag.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html"""

OF_IAM = {
    "GroupName": "group",
    "InstanceProfileName": "instance-profile",
    "UserName": "user",
    "RoleName": "role",
    "ServerCertificateName": "server-certificate",
    "PolicyArn": "",
    "SAMLProviderArn": "",
    "OpenIDConnectProviderArn": "",
    "PolicyName": "policy",
    "Name": "saml-provider",
    "Url": "oidc-provider",
}
"""Parameters that name what a call is about, the first that there is; ARNs name it whole."""


def install() -> None:
    from moto.core.authorization import ActionAuthenticatorMixin
    from moto.core.responses import BaseResponse
    from moto.sts.models import STSBackend

    before(STSBackend, "assume_role", _checked)
    around(BaseResponse, "call_action", _bound)
    before(ActionAuthenticatorMixin, "_authenticate_and_authorize_s3_action", _bound_for_s3)


def _checked(sts: Any, call: Call) -> None:
    from moto.iam.models import iam_backends

    policy, arn = call["policy"] or "", call["role_arn"]
    if len(policy) > LONGEST:
        fail("ValidationError", f"1 validation error detected: Value at 'policy' must have length at most {LONGEST}")
    if len(policy) > settings.packed_policy:
        fail("PackedPolicyTooLarge", "Packed policy consumes 104% of allotted space, please use smaller policy.")
    account, name = arn.split(":")[4], arn.rpartition("/")[2]
    role = iam_backends[account][sts.partition].roles.values()
    found = next((one for one in role if one.arn == arn), None)
    if found is None:
        fail("AccessDenied", f"You are not authorized to perform: sts:AssumeRole on resource: {arn}")
    if not SHORTEST_SECONDS <= call["duration"] <= int(found.max_session_duration or 3600):
        fail("ValidationError", f"The requested DurationSeconds exceeds the MaxSessionDuration set for {name}.")


def _bound(original: Original, response: Any, call: Call) -> Any:
    from moto.core.exceptions import ServiceException
    from moto.core.responses import ActionResult

    try:
        _check(response)
    except ServiceException as refusal:
        return response.serialized(ActionResult(refusal))
    return original()


def _bound_for_s3(response: Any, call: Call) -> None:
    from moto.core.exceptions import ServiceException
    from moto.s3.exceptions import S3ClientError

    try:
        _check(response)
    except ServiceException as refusal:
        raise S3ClientError(refusal.code, refusal.message) from refusal


def _check(response: Any) -> None:
    session = _session(response)
    if session is None:
        return
    if datetime.now(UTC) >= session.expiration.replace(tzinfo=UTC):
        fail("ExpiredToken", "The security token included in the request is expired")
    action = _action(response)
    if session.policy and action != "sts:GetCallerIdentity" and not _allows(session.policy, action, response):
        why = "because no session policy allows it"
        fail("AccessDenied", f"User: {session.arn} is not authorized to perform: {action} {why}")


def _session(response: Any) -> Any:
    from moto.sts.models import sts_backends

    key = response.get_access_key()
    if not key.startswith("ASIA"):
        return None
    sessions = sts_backends[response.current_account][response.partition].assumed_roles
    return next((one for one in reversed(sessions) if one.access_key_id == key), None)


def _action(response: Any) -> str:
    scope = response.headers["Authorization"].partition("Credential=")[2].split(",")[0].split("/")
    service = {"monitoring": "cloudwatch"}.get(scope[3], scope[3])
    if service == "s3":
        return f"s3:{_of_s3(response.method, response.querystring)}"
    action = response._get_action()
    found = BUDGETS.fullmatch(action) if service == "budgets" else None
    if service == "budgets" and (found or action.startswith("Describe")):
        action = "ViewBudget" if action.startswith("Describe") else "ModifyBudget"
    return f"{service}:{action}"


def _of_s3(method: str, query: Any) -> str:
    about = next((S3[part] for part in S3 if part in query), "")
    if not about:
        return WHOLE[method]
    unset = "DeleteBucketPolicy" if about == "BucketPolicy" else f"Put{about}"
    return {"GET": f"Get{about}", "PUT": f"Put{about}", "DELETE": unset}[method]


def _allows(policy: str, action: str, response: Any) -> bool:
    parameter, also = ALSO.get(action, ("", action))
    needed = {action, also} if not parameter or response._get_param(parameter) else {action}
    statements = json.loads(policy)["Statement"]
    return all(any(_fits(one, permission, response) for one in statements) for permission in needed)


def _fits(statement: dict[str, Any], action: str, response: Any) -> bool:
    if not any(fnmatchcase(action, pattern) for pattern in _listed(statement["Action"])):
        return False
    condition = statement.get("Condition", {}).get("ArnLike", {}).get("sts:TaskPolicyArn")
    if condition and not fnmatchcase(str((response._get_param("TaskPolicyArn") or {}).get("arn")), condition):
        return False
    resource = _resource(response) if action.startswith("iam:") and action != "iam:PassRole" else ""
    return not resource or any(fnmatchcase(resource, pattern) for pattern in _listed(statement["Resource"]))


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _resource(response: Any) -> str:
    """The ARN of what a call of IAM is about; `*` where it is about the account."""
    parameter = next((name for name in OF_IAM if response._get_param(name)), "")
    if not parameter:
        return "*"
    name, type = str(response._get_param(parameter)), OF_IAM[parameter]
    if not type:
        return name
    path = response._get_param("Path") or _path(response, type, name)
    return f"arn:{response.partition}:iam::{response.current_account}:{type}{path}{name.removeprefix('https://')}"


def _path(response: Any, type: str, name: str) -> str:
    from moto.iam.models import iam_backends

    iam = iam_backends[response.current_account][response.partition]
    holders: dict[str, Any] = {
        "user": iam.users,
        "group": iam.groups,
        "role": iam.roles,
        "instance-profile": iam.instance_profiles,
        "server-certificate": iam.certificates,
    }
    found = holders.get(type, {}).values()
    one = next((one for one in found if name in (getattr(one, "name", ""), getattr(one, "cert_name", ""))), None)
    return getattr(one, "path", None) or "/"
