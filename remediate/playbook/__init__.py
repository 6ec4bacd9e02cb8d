"""The desired baseline: what a playbook says, as strict types. `load` reads the YAML, `scope` applies it to people."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from remediate.model import Exemption, Matcher, Risk, Struct, Text


class Document:
    """A file that a playbook names, with its text: metadata of an identity provider, such as `okta-metadata.xml`."""

    __slots__ = ("name", "text")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Document) and (self.name, self.text) == (other.name, other.text)

    def __hash__(self) -> int:
        return hash((self.name, self.text))


TextFile = Annotated[Document, msgspec.Meta(extra_json_schema={"type": "string"})]
"""The type of a setting that names a file; its path starts at the playbook that is read."""


class Principals(Struct, frozen=True, kw_only=True):
    """How to tell applications from people. Who matches neither is judged by evidence: see `scope.Scope.nature`."""

    applications: tuple[Matcher, ...] = ()
    people: tuple[Matcher, ...] = ()


class Limits(Struct, frozen=True, kw_only=True):
    """How much an unattended correction may change at once. Over it, everything is left as a plan to review."""

    changes: Annotated[int, msgspec.Meta(ge=0)] = 50
    share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.1
    """Of all users, how many may be concerned; at least one always may."""


class Playbook(Struct, frozen=True, kw_only=True):
    """A playbook with everything it extends merged in and every value checked."""

    name: Text
    description: str = ""
    extends: str | None = None
    valid_hours: Annotated[int, msgspec.Meta(ge=1, le=168)] = 24
    """How long a plan may be applied after it was made."""
    principals: Principals = Principals()
    exemptions: tuple[Exemption, ...] = ()
    break_glass: tuple[Matcher, ...] = ()
    """Who gets in when nobody else can: no plan takes anything from them."""
    limits: Limits = Limits()
    max_denied: Annotated[int, msgspec.Meta(ge=0)] = 0
    """How many of the calls that CloudTrail recorded a plan may deny from now on."""
    approve: tuple[Risk, ...] = ("neutral", "additive")
    """The classes of risk that `drift --correct` may apply without a person."""
    controls: Mapping[str, object] = {}
    """Settings by the control's id; `false` switches one off, `true` takes its defaults."""
