"""Sessions of a member account's root user, for one task: sts:AssumeRoot, which moto lacks.

The management account of an organization, or its delegated administrator for IAM, gets temporary credentials of a
member's root user, for at most 900 seconds, where central root access has the feature for it. A task policy denies
everything but its task, and everything about other users. GetCallerIdentity is never denied.
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoot.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/security-iam-awsmanpol.html

Temporary credentials that ended are refused, and so are those that nobody knows, such as from before a reset; moto
takes both for the default account's.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from remediate.sandbox.strict.organizations import delegated, managing
from remediate.sandbox.strict.patch import Call, around, fail, instead

LONGEST = 900
AUDIT = frozenset(
    "ListAccessKeys ListSigningCertificates GetLoginProfile ListMFADevices GetUser GetAccessKeyLastUsed".split()
)
DELETE = frozenset(
    "DeleteAccessKey DeleteSigningCertificate DeleteLoginProfile DeactivateMFADevice DeleteVirtualMFADevice".split()
)
TASKS = {
    "IAMAuditRootUserCredentials": AUDIT | {"GetAccountSummary"},
    "IAMDeleteRootUserCredentials": AUDIT | DELETE,
}
"""The actions that each task policy does not deny. The sandbox knows these two of AWS's five."""
FEATURE = "RootCredentialsManagement"


def install() -> None:
    from moto.core.responses import BaseResponse
    from moto.sts.models import STSBackend
    from moto.sts.responses import TokenResponse

    instead(TokenResponse, "assume_root", _assume_root)
    around(STSBackend, "get_caller_identity", _identity)
    around(BaseResponse, "call_action", _within_its_task)


def session_of(response: Any) -> str:
    """The task of the root session that a call is signed by; empty if it is not signed by one."""
    key = _key(response.current_account, response.partition, response.get_access_key())
    return getattr(key, "root_task", "")


def _key(account: str, partition: str, key_id: str) -> Any:
    from moto.iam.models import iam_backends

    return iam_backends[account][partition].access_keys.get(key_id)


def _assume_root(response: Any, call: Call) -> Any:
    from moto.core.responses import ActionResult
    from moto.iam.models import iam_backends

    seconds = response._get_int_param("DurationSeconds", LONGEST)
    if not 0 <= seconds <= LONGEST:
        fail("ValidationError", f"Value '{seconds}' at 'durationSeconds' must be at most {LONGEST}")
    arn = str(response._get_param("TaskPolicyArn").get("arn"))
    task = arn.removeprefix(f"arn:{response.partition}:iam::aws:policy/root-task/")
    if task not in TASKS:
        fail("ValidationError", f"{arn} is not a policy for a root task.")
    target = _member(response)
    key: Any = iam_backends[target][response.partition].create_temp_access_key()
    key.root_task, key.root_ends = task, datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=seconds)
    credentials = {
        "AccessKeyId": key.access_key_id,
        "SecretAccessKey": key.secret_access_key,
        "SessionToken": f"root-{key.access_key_id}",
        "Expiration": key.root_ends,
    }
    return ActionResult({"Credentials": credentials})


def _member(response: Any) -> str:
    """The account whose root is wanted, if the caller may have it."""
    from remediate.sandbox import strict

    strict.install("organizations")
    principal = response._get_param("TargetPrincipal")
    found = re.fullmatch(r"(?:arn:[a-z-]+:iam::)?([0-9]{12})(?::root)?", principal)
    target, caller = found[1] if found else "", response.current_account
    organization = managing(caller, response.partition)
    if (
        organization is None
        or (caller != organization.account_id and not delegated(organization, caller))
        or target not in {member.id for member in organization.accounts} - {organization.account_id}
        or FEATURE not in organization.org.root_features
        or session_of(response)
    ):
        fail("AccessDenied", f"You are not authorized to perform: sts:AssumeRoot on resource: {principal}")
    return target


def _identity(original: Any, sts: Any, call: Call) -> Any:
    key = _key(sts.account_id, sts.partition, call["access_key_id"])
    if arn := getattr(key, "stands_for", ""):  # in a twin, the sandbox's own key is the caller's
        return key.access_key_id, arn, sts.account_id
    if not getattr(key, "root_task", ""):
        return original()
    return sts.account_id, f"arn:{sts.partition}:iam::{sts.account_id}:root", sts.account_id


def _within_its_task(original: Any, response: Any, call: Call) -> Any:
    from moto.core.exceptions import ServiceException
    from moto.core.responses import ActionResult

    try:
        _check(response)
    except ServiceException as refusal:
        return response.serialized(ActionResult(refusal))
    return original()


def _check(response: Any) -> None:
    key_id = response.get_access_key()
    if not key_id.startswith("ASIA"):
        return
    key = _key(response.current_account, response.partition, key_id)
    if key is None:
        fail("InvalidClientTokenId", "The security token included in the request is invalid.")
    task, action = getattr(key, "root_task", ""), response._get_action()
    if not task or action == "GetCallerIdentity":
        return
    if datetime.now(UTC) >= key.root_ends:
        fail("ExpiredToken", "The security token included in the request is expired.")
    if action not in TASKS[task] or response._get_param("UserName"):
        arn = f"arn:{response.partition}:iam::{response.current_account}:root"
        why = "with an explicit deny in a session policy"
        fail("AccessDenied", f"User: {arn} is not authorized to perform: {response.service_name}:{action} {why}")
