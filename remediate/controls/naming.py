"""Names for new groups and policies: telling, the same in every plan, and unique as IAM counts (case ignored)."""

from collections.abc import Collection, Iterable

MAX_LENGTH = 128
SHORT_HASH = 4


class Names:
    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = {name.lower() for name in taken}

    def take(self, base: str, content_hash: str, *, always: bool = False) -> str:
        """`base`, or with as much of the content's hash behind it as makes it unique. `always` adds the hash."""
        lengths = [0] * (not always) + list(range(SHORT_HASH, len(content_hash) + 1))
        for length in lengths:
            suffix = f"-{content_hash[:length]}" if length else ""
            name = base[: MAX_LENGTH - len(suffix)] + suffix
            if name.lower() not in self._taken:
                self._taken.add(name.lower())
                return name
        raise AssertionError("two different contents with one hash")

    def give_back(self, name: str) -> None:
        """Nothing has this name after all."""
        self._taken.discard(name.lower())


def free(name: str, taken: Collection[str]) -> str:
    """The name, or with the first number behind it that makes it free: `main`, `main-2`, `main-3`."""
    return next(n for n in (name, *(f"{name}-{i}" for i in range(2, len(taken) + 3))) if n not in taken)
