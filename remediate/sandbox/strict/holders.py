"""Who has policies in an account, and which policies are its own."""

from typing import Any


def holders(iam: Any) -> tuple[Any, ...]:
    return (*iam.users.values(), *iam.groups.values(), *iam.roles.values())


def own_policies(iam: Any) -> list[Any]:
    """The customer managed policies, in the order of their making. Others may make one meanwhile."""
    return [policy for arn, policy in list(iam.managed_policies.items()) if ":iam::aws:" not in arn]
