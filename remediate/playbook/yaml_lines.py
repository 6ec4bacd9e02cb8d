"""YAML as plain values, together with the line on which each of them stands."""

from pathlib import Path

import yaml

from remediate.errors import BadInput

MAX_CHARACTERS = 1_000_000
MAX_VALUES = 50_000
"""Aliases can make a short file as large as a library; no playbook comes near this."""
Places = dict[str, tuple[Path, int]]
"""File and line of each value, by its path as msgspec writes it: `$.exemptions[0].owner`."""


def read_yaml(path: Path) -> tuple[dict[str, object], Places]:
    """A mapping and where its values stand. Raises BadInput for anything that is not one mapping in safe YAML."""
    try:
        text = path.read_text(encoding="utf-8")
        if len(text) > MAX_CHARACTERS:
            raise BadInput(f"{path}: longer than {MAX_CHARACTERS} characters: not a playbook")
        node = yaml.compose(text, yaml.SafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: not YAML: {' '.join(str(error).split())}", remedy="Mend the line named.") from None
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from None
    except RecursionError:
        raise BadInput(f"{path}: nested too deeply to be a playbook") from None
    if not isinstance(node, yaml.MappingNode):
        raise BadInput(f"{path}: a playbook is a mapping of keys to values", remedy="`remediate init` writes one.")
    reader = _Reader(path, text)
    value = reader.plain(node, "$")
    assert isinstance(value, dict)
    return value, reader.places


class _Reader:
    def __init__(self, path: Path, text: str) -> None:
        self.path = path
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
                raise self._bad(node, f"the tag {node.tag} means nothing in a playbook")
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, at)
            if isinstance(node, yaml.SequenceNode):
                return [self.plain(item, f"{at}[{i}]") for i, item in enumerate(node.value)]
            return self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
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
            if key in result:
                raise self._bad(key_node, f"{key} stands here twice")
            result[key] = self.plain(value_node, f"{at}.{key}")
            self.places[f"{at}.{key}"] = (self.path, key_node.start_mark.line + 1)
        return result

    def _bad(self, node: yaml.Node, message: str) -> BadInput:
        return BadInput(f"{self.path}:{node.start_mark.line + 1}: {message}", remedy="Mend that line.")
