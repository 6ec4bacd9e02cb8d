"""Whether a resource's policy lets CloudTrail do something, as far as CloudTrail's own documents go.

Allows with a service principal, wild cards in actions and resources, and conditions on the trail. Denies and all other
conditions are not looked at: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
"""

import re
from collections.abc import Iterable
from typing import Any

from remediate.sandbox.strict.documents import as_list, statements

SERVICE = "cloudtrail.amazonaws.com"
TRAIL_KEYS = ("aws:sourcearn", "kms:encryptioncontext:aws:cloudtrail:arn")


def lets_cloudtrail(document: Any, action: str, resource: str, trail: str) -> bool:
    """Whether CloudTrail may do it on behalf of the trail with this ARN."""
    return any(
        trusts_cloudtrail(statement)
        and covers(statement, action, resource)
        and all(_matches(patterns, trail) for patterns in _trails(statement))
        for statement in statements(document)
    )


def trusts_cloudtrail(statement: Any) -> bool:
    principal = statement.get("Principal")
    return isinstance(principal, dict) and SERVICE in as_list(principal.get("Service", ()))


def covers(statement: Any, action: str, resource: str) -> bool:
    """Whether the statement allows this action on this resource, whoever asks."""
    return (
        statement.get("Effect") == "Allow"
        and _matches(statement.get("Action", ()), action, re.IGNORECASE)
        and _matches(statement.get("Resource", ()), resource)
    )


def _trails(statement: Any) -> Iterable[Any]:
    """The trails that a statement is for, where it says so."""
    for tests in statement.get("Condition", {}).values():
        yield from (value for key, value in tests.items() if key.lower() in TRAIL_KEYS)


def _matches(patterns: Any, text: str, flags: int = 0) -> bool:
    return any(re.fullmatch(_regex(str(pattern)), text, flags) for pattern in as_list(patterns))


def _regex(pattern: str) -> str:
    return re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
