"""A password policy shows what was set: no expiry is no MaxPasswordAge, and no 0.

Moto shows 0, which AWS would not take back.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html
"""

from typing import Any

from remediate.sandbox.strict.patch import Call, around, before, fail

RANGES = {"MaxPasswordAge": (1, 1095), "PasswordReusePrevention": (1, 24), "MinimumPasswordLength": (6, 128)}


def install() -> None:
    from moto.iam.responses import IamResponse

    before(IamResponse, "update_account_password_policy", _ranges)
    around(IamResponse, "get_account_password_policy", _shown)


def _ranges(response: Any, call: Call) -> None:
    for name, (least, most) in RANGES.items():
        value = response._get_param(name)
        if value is not None and not least <= int(value) <= most:
            fail("ValidationError", f"Value '{value}' at '{name}' failed to satisfy constraint: {least} to {most}")


def _shown(original: Any, response: Any, call: Call) -> Any:
    answer = original()
    policy = answer.result["PasswordPolicy"]
    answer.result["PasswordPolicy"] = {
        "MinimumPasswordLength": policy.minimum_password_length,
        "RequireSymbols": policy.require_symbols,
        "RequireNumbers": policy.require_numbers,
        "RequireUppercaseCharacters": policy.require_uppercase_characters,
        "RequireLowercaseCharacters": policy.require_lowercase_characters,
        "AllowUsersToChangePassword": policy.allow_users_to_change_password,
        "ExpirePasswords": policy.expire_passwords,
        "MaxPasswordAge": policy.max_password_age or None,
        "PasswordReusePrevention": policy.password_reuse_prevention or None,
        "HardExpiry": policy.hard_expiry,
    }
    return answer
