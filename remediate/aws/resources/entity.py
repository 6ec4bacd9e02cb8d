"""Permissions on one entity of IAM: a user, group, role, instance profile or server certificate."""

from remediate.model import AccountId, Permission


def on_entity(where: AccountId, type: str, name: str, *actions: str) -> list[Permission]:
    """Actions of IAM on an entity at any path: they are asked before its path is known, or while it is not there.

    Two ARNs, because `user/*bob` would be jimbob as well. Names have no slash in them:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns
    """
    base = f"arn:{where.partition}:iam::{where.account}:{type}"
    arns = (f"{base}/{name}", f"{base}/*/{name}")
    return [Permission(action=f"iam:{action}", resource=arn) for action in actions for arn in arns]
