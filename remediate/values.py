"""What every record is made of: JSON values, and structs that are immutable and strict."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    Value = None | bool | int | float | str | Sequence["Value"] | Mapping[str, "Value"]
else:  # msgspec decodes into this and knows no recursive alias
    Value = Any


class Struct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is written to files or handed between floors: immutable, and strict when read back."""
