"""Passwords keep what a call does not change, and know when they were made.

UpdateLoginProfile without Password keeps it, CreateLoginProfile takes PasswordResetRequired, and a login profile's
date is the password's own. Moto erases the password, forgets the flag, and shows the user's date.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateLoginProfile.html
"""

from datetime import UTC, datetime
from typing import Any

from remediate.sandbox.strict.patch import Call, around, instead


def install() -> None:
    from moto.iam.models import IAMBackend
    from moto.iam.responses import IamResponse

    around(IAMBackend, "create_login_profile", _create)
    instead(IAMBackend, "update_login_profile", _update)
    around(IamResponse, "create_login_profile", _created)
    around(IamResponse, "get_login_profile", _shown)


def changed(user: Any) -> datetime:
    """When the password was last set."""
    moment: datetime = getattr(user, "password_changed", None) or user.create_date
    return moment


def _create(original: Any, iam: Any, call: Call) -> Any:
    user = original()
    user.password_created = user.password_changed = datetime.now(UTC).replace(microsecond=0)
    user.password_last_used = None
    user.password_reset_required = False
    return user


def _update(iam: Any, call: Call) -> Any:
    user = iam.get_login_profile(call["user_name"])
    if call["password"] is not None:
        user.password = call["password"]
        user.password_changed = datetime.now(UTC).replace(microsecond=0)
    if call["password_reset_required"] is not None:
        user.password_reset_required = call["password_reset_required"]
    return user


def _created(original: Any, response: Any, call: Call) -> Any:
    result = original()
    user = response.backend.get_user(response._get_param("UserName"))
    user.password_reset_required = bool(response._get_param("PasswordResetRequired", False))
    result.result["LoginProfile"].update(_profile(user))
    return result


def _shown(original: Any, response: Any, call: Call) -> Any:
    result = original()
    result.result["LoginProfile"].update(_profile(response.backend.get_user(response._get_param("UserName"))))
    return result


def _profile(user: Any) -> dict[str, Any]:
    created = getattr(user, "password_created", None) or user.create_date
    return {"CreateDate": created, "PasswordResetRequired": user.password_reset_required}
