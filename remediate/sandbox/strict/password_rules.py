"""A new password keeps to the account's password policy.

AWS answers PasswordPolicyViolation; moto takes any. Without a policy of the account's own, anything goes here too,
where AWS has a policy of its own. Reuse is not looked at.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateLoginProfile.html
"""

import string
from typing import Any

from remediate.sandbox.strict.patch import Call, before, fail

CLASSES = {
    "require_lowercase_characters": ("lowercase letter", string.ascii_lowercase),
    "require_uppercase_characters": ("uppercase letter", string.ascii_uppercase),
    "require_numbers": ("number", string.digits),
    "require_symbols": ("symbol", "!@#$%^&*()_+-=[]{}|'"),
}


def install() -> None:
    from moto.iam.models import IAMBackend

    before(IAMBackend, "create_login_profile", _check)
    before(IAMBackend, "update_login_profile", _check)


def _check(iam: Any, call: Call) -> None:
    policy, password = iam.account_password_policy, call["password"]
    if not policy or password is None:
        return
    if len(password) < policy.minimum_password_length:
        _violation(f"have a minimum length of {policy.minimum_password_length}")
    for rule, (what, letters) in CLASSES.items():
        if getattr(policy, rule) and not set(password) & set(letters):
            _violation(f"have at least one {what}")


def _violation(what: str) -> None:
    fail("PasswordPolicyViolation", f"Password should {what}")
