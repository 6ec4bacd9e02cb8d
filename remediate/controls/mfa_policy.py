"""The policies behind `mfa`: what people may do for themselves, and the denial of everything else without MFA.

They follow AWS's own example, with its list of what must stay possible without MFA:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_aws_my-sec-creds-self-manage.html
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from remediate.account import Account
from remediate.model import Value
from remediate.policy import VERSION, NotAPolicy, statements

Form = Literal["BoolIfExists", "Bool"]
"""`BoolIfExists` denies requests with an access key too, which say nothing of MFA; `Bool` those of sessions alone.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-multifactorauthpresent"""

MFA = "aws:MultiFactorAuthPresent"
EXAMPLE = (
    "iam:CreateVirtualMFADevice",
    "iam:EnableMFADevice",
    "iam:GetMFADevice",
    "iam:GetUser",
    "iam:ListMFADevices",
    "iam:ListVirtualMFADevices",
    "iam:ResyncMFADevice",
    "sts:GetSessionToken",
)
"""What AWS's example leaves without MFA."""
FIRST_SIGN_IN = ("iam:ChangePassword", "iam:GetAccountPasswordPolicy")
"""Without these, who must choose a new password at the next sign-in could never sign in. AWS's page says so, and that a
password that is changed without MFA is a risk: whoever has the old one could do it. They would still get no further."""
WITHOUT_MFA = tuple(sorted((*EXAMPLE, *FIRST_SIGN_IN)))


def denial(form: Form) -> dict[str, Value]:
    """Denies everything but `WITHOUT_MFA` to who has not signed in with MFA."""
    return {
        "Version": VERSION,
        "Statement": [
            {
                "Sid": "RemediateNothingElseWithoutMFA",
                "Effect": "Deny",
                "NotAction": list(WITHOUT_MFA),
                "Resource": "*",
                "Condition": {form: {MFA: "false"}},
            }
        ],
    }


def self_service(account: Account) -> dict[str, Value]:
    """Allows what the denial leaves, on the user itself: a Deny with NotAction allows nothing.

    A device may have any name. It is given up only with MFA, or a stolen access key would do.
    """
    iam = f"arn:{account.partition}:iam::{account.id}"
    # A user's ARN holds its path; the second pattern ends in a whole name, because names have no slash.
    oneself: Value = [f"{iam}:user/${{aws:username}}", f"{iam}:user/*/${{aws:username}}"]
    own = ["ChangePassword", "EnableMFADevice", "GetMFADevice", "GetUser", "ListMFADevices", "ResyncMFADevice"]
    return {
        "Version": VERSION,
        "Statement": [
            _allow("Look", ["GetAccountPasswordPolicy", "ListVirtualMFADevices"], "*"),
            _allow("OwnPasswordAndDevice", own, oneself),
            _allow("NewDevice", ["CreateVirtualMFADevice"], f"{iam}:mfa/*"),
            {
                **_allow("OtherDevice", ["DeactivateMFADevice"], oneself),
                "Condition": {"Bool": {MFA: "true"}},
            },
        ],
    }


def _allow(sid: str, actions: list[str], resource: Value) -> dict[str, Value]:
    return {
        "Sid": f"Remediate{sid}",
        "Effect": "Allow",
        "Action": [f"iam:{action}" for action in actions],
        "Resource": resource,
    }


def requires_mfa(document: Value) -> bool:
    """Whether a document, whoever wrote it, denies all but `WITHOUT_MFA` and reading IAM to who works without MFA."""
    try:
        said = statements(document)
    except NotAPolicy:
        return False
    return any(_denies_without_mfa(msgspec.json.decode(statement)) for statement in said)


def _denies_without_mfa(item: Mapping[str, Value]) -> bool:
    left = item.get("NotAction")
    everything = all(map(_harmless, left)) if isinstance(left, list) else item.get("Action") in (["*"], ["*:*"])
    conditions = [{form: {MFA.lower(): ["false"]}} for form in ("BoolIfExists", "Bool")]
    if item["Effect"] != "Deny" or item.get("Resource") != ["*"]:
        return False
    return everything and item.get("Condition") in conditions


def _harmless(action: Value) -> bool:
    text = str(action)
    return text.startswith(("iam:get", "iam:list")) or text in {known.lower() for known in WITHOUT_MFA}
