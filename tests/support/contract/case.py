"""One entry, what has to be there for it, and the values that it goes through."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from remediate.model import Address, Value

Client = Callable[..., Any]
"""`client(service, region)`: plain boto3 on the sandbox."""


def nothing(client: Client) -> None:
    """An account as it is when it was opened."""


@dataclass(frozen=True)
class Case:
    """`values` is a walk: absent, a, b, absent where the kind can do that. Each step is sent, repeated, interrupted at
    each of its calls, and taken back where `reversal` says that this is exact."""

    address: Address | Callable[[Client], Address]
    """A function where the account gives the name, such as a key's id; it is called after `setup`."""
    values: tuple[Value, ...]
    needed: Mapping[Address, Value] = field(default_factory=dict)
    """Other entries, written first, in this order."""
    setup: Callable[[Client], None] = nothing
    """What else has to be there, made with boto3; it comes before `needed`."""
    never: tuple[tuple[Value, Value], ...] = ()
    """Transitions that the kind refuses, before any call."""
    name: str = ""

    @property
    def id(self) -> str:
        return self.name or str(self.address)
