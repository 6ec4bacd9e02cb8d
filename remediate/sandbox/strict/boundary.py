"""Users have permissions boundaries.

Moto has them for roles only; here they are set, taken away, and shown where AWS shows them: GetUser, CreateUser and
the account's authorization details, not ListUsers.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPermissionsBoundary.html
"""

from typing import Any

from remediate.sandbox.strict.patch import Call, around, fail, instead


def install() -> None:
    from moto.core.responses import EmptyResult
    from moto.core.serialize import never_return, return_if_not_empty
    from moto.iam.models import ManagedPolicy, User
    from moto.iam.responses import IamResponse

    User.permissions_boundary_arn = None  # type: ignore[attr-defined]
    User.permissions_boundary = property(shown)  # type: ignore[attr-defined]
    ManagedPolicy.permissions_boundary_usage_count = property(_uses)  # type: ignore[attr-defined]
    IamResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER |= {
        "CreateUserResponse.User.PermissionsBoundary": return_if_not_empty,
        "GetGroupResponse.Users.User.PermissionsBoundary": never_return,
        "GetUserResponse.User.PermissionsBoundary": return_if_not_empty,
        "ListUsersResponse.Users.User.PermissionsBoundary": never_return,
    }

    def put(response: Any, call: Call) -> Any:
        user = response.backend.get_user(response._get_param("UserName"))
        user.permissions_boundary_arn = _existing(response, response._get_param("PermissionsBoundary"))
        return EmptyResult()

    def delete(response: Any, call: Call) -> Any:
        user = response.backend.get_user(response._get_param("UserName"))
        if not user.permissions_boundary_arn:
            fail("NoSuchEntity", f"The user {user.name} has no permissions boundary.")
        user.permissions_boundary_arn = None
        return EmptyResult()

    instead(IamResponse, "put_user_permissions_boundary", put)
    instead(IamResponse, "delete_user_permissions_boundary", delete)
    around(IamResponse, "create_user", _created)


def shown(holder: Any) -> dict[str, str] | None:
    """A user's or role's boundary as AWS's answers have it."""
    arn = holder.permissions_boundary_arn
    return {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn} if arn else None


def _created(original: Any, response: Any, call: Call) -> Any:
    boundary = response._get_param("PermissionsBoundary")
    arn = _existing(response, boundary) if boundary else None
    answer = original()
    answer.result["User"].permissions_boundary_arn = arn
    return answer


def _existing(response: Any, arn: str) -> str:
    if arn not in response.backend.managed_policies:
        fail("NoSuchEntity", f"Scope ARN: {arn} does not exist or is not attachable.")
    return arn


def _uses(policy: Any) -> int:
    from moto.iam.models import iam_backends

    iam: Any = iam_backends[policy.account_id][policy.partition]
    return sum(h.permissions_boundary_arn == policy.arn for h in (*iam.users.values(), *iam.roles.values()))
