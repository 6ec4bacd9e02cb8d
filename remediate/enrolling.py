"""What somebody without an MFA device has to be allowed, to sign in for the first time and to enrol one.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_aws_my-sec-creds-self-manage.html
"""

from collections.abc import Iterator, Mapping

from remediate.account import Account, User
from remediate.effective import Effective, facts_of, spelled_out
from remediate.model import at
from remediate.policy.evaluate import Policies, decide
from remediate.policy.known import denies
from remediate.policy.request import Request

PASSWORD = ("iam:ChangePassword", "iam:GetAccountPasswordPolicy")
"""What the account's password policy lets everybody do, where it says so; a Deny counts all the same.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html"""
OWN = ("iam:ChangePassword", "iam:EnableMFADevice", "iam:GetUser", "iam:ListMFADevices")
"""What is about the user."""
WITHOUT: Mapping[str, str] = {"aws:multifactorauthpresent": "false", "aws:viaawsservice": "false"}


def calls(account: Account, user: User) -> Iterator[tuple[str, str]]:
    """Each action with what it is about."""
    yield from ((action, user.arn) for action in OWN)
    yield "iam:CreateVirtualMFADevice", f"arn:{account.partition}:iam::{account.id}:mfa/{user.name}"
    yield "iam:GetAccountPasswordPolicy", "*"


def kept_from(effective: Effective, user: User, more: tuple[str, ...]) -> str:
    """The first of these that somebody may not do without MFA, with more statements of their own; empty if none.

    Of a boundary of AWS's whose document is not at hand, nobody knows.
    """
    account, principal = effective.account, at("iam.user", user.name)
    layers = spelled_out(account, effective.of(principal))
    limits = [text for text in layers["identity"] if denies(text)]
    if not limits and "boundary" not in layers:
        return ""  # as most: `more` gives all it takes
    boundary = layers.get("boundary")
    if any(text.startswith("arn:") for text in (*limits, *(boundary or ()))):
        return OWN[0]
    facts = {key: value for key, value in facts_of(account, principal).items() if value is not None}
    bounds = None if boundary is None else tuple(sorted(boundary))
    policies = Policies(identity=(*sorted(limits), *more), boundary=bounds)
    asked = (Request(action=action, resource=on, context={**facts, **WITHOUT}) for action, on in calls(account, user))
    return next((request.action for request in asked if not decide(policies, request).allowed), "")
