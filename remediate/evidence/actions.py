"""Which permission a call needed: from an event's name to the actions that a policy must allow.

Most events have the name of their action, and their source that of its service. Which actions there are says the
Service Authorization Reference; what goes by another name is listed in `exceptions`. What is neither is not guessed.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

from remediate.evidence.exceptions import NOTHING, SAME, SOURCES, VERBS
from remediate.policy import catalog

_HOST = re.compile(r"\.amazonaws\.com(\.cn)?$")
_VERSION = re.compile(r"(\d{4}_?\d{2}_?\d{2})(v\d+)?$")
"""Lambda and CloudFront have the day of their interface's version in the names of events: `Invoke20150331`.
https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html"""
_WORD = re.compile("[A-Z][a-z]*")
LAMBDA = ("20150331", "20150331v2", "20170331v2")


class Need(NamedTuple):
    """What must be allowed for a call. Empty where everybody may make it."""

    actions: tuple[str, ...] = ()
    """On what the event is about."""
    besides: tuple[str, ...] = ()
    """On something else, which the record does not name."""


@cache
def needed(event: str) -> Need | None:
    """The actions that an event, such as `s3.amazonaws.com/GetObject`, needed; None where that is not known.

    The names are as AWS writes them. An event that no longer says which it was, as `s3.amazonaws.com/*`, is not known.
    """
    service, name = service_of(event), event.partition("/")[2]
    if f"{service}:{name}" in NOTHING:
        return Need()
    bare = _VERSION.sub("", name)
    if listed := _exceptions().get(f"{service}:{bare}"):
        return listed
    action = catalog.actions().get(f"{service}:{bare}".lower())
    if action is not None:
        return Need((action.name,))
    return _method(bare) if service == "apigateway" else None


@cache
def service_of(event: str) -> str:
    """What policies call the service that an event is of. Some have hosts of two parts: `streams.dynamodb`."""
    host = _HOST.sub("", event.partition("/")[0])
    last = host.rpartition(".")[2]
    return SOURCES.get(host) or SOURCES.get(last) or last


def _method(name: str) -> Need | None:
    word = _WORD.match(name)
    methods = VERBS.get(word[0]) if word else None
    return Need(tuple(f"apigateway:{method}" for method in methods.split())) if methods else None


@cache
def _exceptions() -> Mapping[str, Need]:
    """By service and event."""
    found: dict[str, Need] = {}
    for service, text in SAME.items():
        for line in text.strip().splitlines():
            actions, _, events = line.rpartition(": ")
            names = [_named(service, action) for action in actions.split()]
            need = Need(*(tuple(n for mark, n in names if mark == aside) for aside in ("", "~")))
            found |= {f"{service}:{event}": need for event in events.split()}
    return found


def _named(service: str, action: str) -> tuple[str, str]:
    mark, name = ("~", action[1:]) if action.startswith("~") else ("", action)
    return mark, name if ":" in name else f"{service}:{name}"


def names() -> Iterator[str]:
    """The names of all events whose parameters may tell what they were about."""
    about = (action.name for action in catalog.actions().values() if action.arns != ("*",))
    for event in (*about, *_exceptions()):
        service, _, name = event.partition(":")
        yield name
        if service == "lambda":
            yield from (name + version for version in LAMBDA)
