"""YAML as plain values, together with the line on which each of them stands; and as structs, with every mistake said at
its line."""

import errno
import os
import re
import stat
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import msgspec
import yaml

from remediate.errors import BadInput

MAX_CHARACTERS = 1_000_000
MAX_VALUES = 20_000
"""Aliases can make a short file as large as a library; no playbook comes near this."""
MAX_KEY = 200
"""Characters of a key. The longest that mean something are keys of tags, 128."""
MAX_NUMBER = 100
"""Characters of what is no text: YAML takes time for base 60, as in `1:59:59`, that grows with their square."""
TEXT = "tag:yaml.org,2002:str"
HALVED = "half a character (a surrogate, such as \\ud800), which no file can hold"
Places = dict[str, tuple[Path, int]]
"""File and line of each value, by its path as msgspec writes it: `$.exemptions[0].owner`."""
T = TypeVar("T")


def read_yaml(
    path: Path, what: str = "playbook", remedy: str = "`remediate init` writes one."
) -> tuple[dict[str, object], Places]:
    """A mapping and where its values stand. Raises BadInput for anything that is not one mapping in safe YAML.

    `what` is what the file is to be, and `remedy` says how to come by one.
    """
    try:
        text = read_text(path, MAX_CHARACTERS)
        node = yaml.compose(text, _Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: not YAML: {' '.join(str(error).split())}", remedy="Mend the line named.") from None
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}", remedy=remedy) from None
    except _TooMany:
        raise BadInput(f"{path}: more than {MAX_VALUES} values: not a {what}", remedy=remedy) from None
    except RecursionError:
        raise BadInput(f"{path}: nested too deeply to be a {what}", remedy=remedy) from None
    if not isinstance(node, yaml.MappingNode):
        raise BadInput(f"{path}: a {what} is a mapping of keys to values", remedy=remedy)
    reader = _Reader(path, text, what)
    value = reader.plain(node, "$")
    assert isinstance(value, dict)
    return value, reader.places


def read_text(path: Path, most: int) -> str:
    """A text of at most so many characters. Raises OSError, also for what is no file, such as a pipe that never ends.

    Raises UnicodeDecodeError.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise OSError(errno.EINVAL, "it is no file")
        content = file.read(4 * most + 1) if about.st_size <= 4 * most else b""
    text = content.decode()
    if about.st_size > 4 * most or len(text) > most:
        raise OSError(errno.EFBIG, f"it is longer than {most} characters")
    return text


class _TooMany(Exception):
    """More values than a file of ours has."""


class _Loader(yaml.SafeLoader):
    """Counts values as they are read: all of them would take PyYAML a minute."""

    values = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self.values += 1
        if self.values > 2 * MAX_VALUES:  # a mapping has a node for each key
            raise _TooMany
        return super().compose_node(parent, index)


class _Reader:
    def __init__(self, path: Path, text: str, what: str) -> None:
        self.path = path
        self.what = what
        self.places: Places = {}
        self._scalars = yaml.SafeLoader(text)
        self._open: set[int] = set()

    def plain(self, node: yaml.Node, at: str) -> object:
        self.places[at] = (self.path, node.start_mark.line + 1)
        if len(self.places) > MAX_VALUES:
            raise self._bad(node, f"more than {MAX_VALUES} values")
        if id(node) in self._open:
            raise self._bad(node, "an alias inside itself")
        self._open.add(id(node))
        try:
            if not node.tag.startswith("tag:yaml.org,2002:") or ":python/" in node.tag:
                raise self._bad(node, f"the tag {node.tag} means nothing in a {self.what}")
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, at)
            if isinstance(node, yaml.SequenceNode):
                return [self.plain(item, f"{at}[{i}]") for i, item in enumerate(node.value)]
            if _halved(node.value):
                raise self._bad(node, HALVED)
            if len(node.value) > MAX_NUMBER and node.tag != TEXT:
                raise self._bad(node, f"a number or date of more than {MAX_NUMBER} characters")
            return self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError, ArithmeticError) as error:
            raise self._bad(node, str(error)) from None
        except (LookupError, AttributeError):  # PyYAML on a text that does not fit its explicit tag, as in `!!int ""`
            raise self._bad(node, f"this is no {node.tag.rpartition(':')[2]}") from None
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: yaml.MappingNode, at: str) -> dict[str, object]:
        result: dict[str, object] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            if not isinstance(key, str):
                raise self._bad(key_node, "a key must be text")
            if _halved(key):
                raise self._bad(key_node, HALVED)
            if len(key) > MAX_KEY:
                raise self._bad(key_node, f"a key of more than {MAX_KEY} characters")
            if key in result:
                raise self._bad(key_node, f"{key} stands here twice")
            result[key] = self.plain(value_node, f"{at}.{key}")
            self.places[f"{at}.{key}"] = (self.path, key_node.start_mark.line + 1)
        return result

    def _bad(self, node: yaml.Node, message: str) -> BadInput:
        return BadInput(f"{self.path}:{node.start_mark.line + 1}: {message}", remedy="Mend that line.")


def _halved(text: str) -> bool:
    """Whether a text holds half of a character, as an escape can write it: no digest can be made of that."""
    return not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text)


def converted(
    raw: object,
    wanted: type[T],
    places: Places,
    *,
    what: str = "playbook",
    at: str = "$",
    hook: Callable[[type, Any], Any] | None = None,
    remedy: str = "",
) -> T:
    """Values of a file that is to be a `what`, as a struct. Raises BadInput with the place of what is wrong."""
    try:
        return msgspec.convert(raw, wanted, dec_hook=hook)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at ")
        path = at + where.strip("`").rpartition("`")[2].removeprefix("$") if where else at
        unknown = re.search(r"unknown field `(.*)`", message)
        if unknown:
            refuse(path, unknown[1], places, f"unknown key {unknown[1]}", _fields_of(wanted), what=what, remedy=remedy)
        refuse(path, "", places, message.replace("`", ""), what=what, remedy=remedy)


def refuse(
    at: str,
    key: str,
    places: Places,
    message: str,
    candidates: Mapping[str, object] = {},
    *,
    what: str = "playbook",
    remedy: str = "",
) -> NoReturn:
    """Raises BadInput at the place of a value, with the candidate that may have been meant."""
    full = f"{at}.{key}" if key else at
    file, line = _place(full, places)
    near = get_close_matches(key or message.rpartition(" ")[2], candidates, n=1)
    hint = f"Did you mean {near[0]}? " if near else ""
    raise BadInput(
        f"{file}:{line}: {full.removeprefix('$').lstrip('.') or what}: {message}",
        remedy=(hint + remedy).rstrip() or "Mend that line.",
    )


def _fields_of(wanted: type[T]) -> Mapping[str, object]:
    """Every key that may stand somewhere in a value of this type, to suggest the one that was meant."""
    names: dict[str, object] = {}
    pending = _types_in(wanted)
    while pending:
        fields = msgspec.structs.fields(pending.pop())
        names.update({field.encode_name: None for field in fields})
        pending.extend(t for field in fields for t in _types_in(field.type))
    return names


def _types_in(annotation: object) -> list[type[msgspec.Struct]]:
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return [annotation]
    return [t for arg in getattr(annotation, "__args__", ()) for t in _types_in(arg)]


def _place(path: str, places: Places) -> tuple[Path, int]:
    """Where a value stands, or what it is in: a key that is missing stands nowhere."""
    while path not in places and path != "$":
        path = path[: max(path.rfind("."), path.rfind("["), 0)] or "$"
    return places[path]
