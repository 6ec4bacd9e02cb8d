"""Whether one statement allows at least what another allows: known for certain, or taken for no."""

import re
from collections.abc import Mapping
from functools import lru_cache

import msgspec

from remediate.model import Value
from remediate.policy import on_everything

EVERYTHING = ":aws:policy/AdministratorAccess"
TAKES = re.compile(r":aws:policy/.*(Deny|Quarantine)")
"""AWS's policies that take access away; of all others, what they give is within everything."""


def covers(wide: str, narrow: str) -> bool:
    """Both as `access` has them: a statement in canonical form, or the ARN of one of AWS's policies.

    A Deny covers nothing but itself, and conditions must be the same or not be there.
    """
    if wide == narrow:
        return True
    if not _parsed(wide):
        return wide.endswith(EVERYTHING) and _allows(narrow)
    if not _parsed(narrow):
        return on_everything({"Statement": _parsed(wide)}, "Allow") and _allows(narrow)
    return _within(_parsed(narrow), _parsed(wide))


@lru_cache(maxsize=4096)
def _parsed(statement: str) -> Mapping[str, Value]:
    """The statement; nothing for an ARN, and for a document that could not be parsed."""
    if not statement.startswith("{"):
        return {}
    item: dict[str, Value] = msgspec.json.decode(statement)
    return item if "Effect" in item else {}


def _allows(statement: str) -> bool:
    if statement.startswith("arn:"):
        return not TAKES.search(statement)
    return _parsed(statement).get("Effect") == "Allow"


def _within(narrow: Mapping[str, Value], wide: Mapping[str, Value]) -> bool:
    if narrow.get("Effect") != "Allow" or wide.get("Effect") != "Allow":
        return False
    if wide.get("Condition") and wide.get("Condition") != narrow.get("Condition"):
        return False
    return all(_part(narrow, wide, name) for name in ("Action", "Resource"))


def _part(narrow: Mapping[str, Value], wide: Mapping[str, Value], name: str) -> bool:
    """Whether every action (or resource) of one is one of the other's; `Not…` covers only what is written alike.

    IAM takes no statement with both, such as Action and NotAction.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notaction.html
    """
    patterns = _texts(wide.get(name))
    if "*" in patterns:
        return True
    if f"Not{name}" in narrow:
        return wide.get(f"Not{name}") == narrow[f"Not{name}"]
    wanted = _texts(narrow.get(name))
    return bool(wanted) and all(any(_fits(text, pattern) for pattern in patterns) for text in wanted)


def _texts(value: Value) -> list[str]:
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []


def _fits(text: str, pattern: str) -> bool:
    """Whether the pattern matches all that `text` stands for, its own wildcards included. `?` counts as itself."""
    return bool(_expression(pattern).fullmatch(text))


@lru_cache(maxsize=4096)
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)
