"""AWS's own policies belong to AWS.

AWS answers AccessDenied to whoever edits, tags or deletes one; moto does it.
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html
"""

from typing import Any

from remediate.sandbox.strict.patch import Call, before

EDITS = {
    "create_policy_version": "CreatePolicyVersion",
    "delete_policy_version": "DeletePolicyVersion",
    "set_default_policy_version": "SetDefaultPolicyVersion",
    "delete_policy": "DeletePolicy",
    "tag_policy": "TagPolicy",
    "untag_policy": "UntagPolicy",
}


def install() -> None:
    from moto.iam.models import IAMBackend

    for method, operation in EDITS.items():
        before(IAMBackend, method, _refusal(operation))


def _refusal(operation: str) -> Any:
    def check(iam: Any, call: Call) -> None:
        from moto.core.exceptions import AccessDeniedError

        arn = call["policy_arn"]
        if ":iam::aws:policy/" in arn:
            caller = f"arn:{iam.partition}:iam::{iam.account_id}:user/moto"
            raise AccessDeniedError(caller, f"iam:{operation} on resource: {arn}")

    return check
