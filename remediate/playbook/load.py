"""Reads a playbook: `extends` merged in, every value checked, and what is wrong refused with file, line and remedy."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import NoReturn, TypeVar

import msgspec

from remediate.errors import BadInput
from remediate.playbook import Document, Playbook
from remediate.playbook.yaml_lines import Places, converted, read_text, read_yaml, refuse

Settings = Mapping[str, type[msgspec.Struct]]
"""The type of each control's settings, by the control's id."""

Complaints = Callable[[str, object], Iterable[tuple[str, str]]]

T = TypeVar("T")

MAX_DOCUMENT = 10_000_000
"""Characters of a file that a setting names; IAM takes no longer metadata."""
SHOWS = "`remediate init` writes a commented playbook that shows every key."


def load(name: str, settings: Settings, complaints: Complaints = lambda _control, _settings: ()) -> Playbook:
    """The playbook of that shipped name or path, with everything it extends. Raises BadInput.

    `complaints` looks at each control's settings once more, when their types are right: it says where in them something
    is wrong, and what.
    """
    path = find(name, Path())
    raw, places = _merged(path, ())
    raw.setdefault("name", path.stem)
    playbook = _convert(raw, Playbook, "$", places)
    chosen: dict[str, object] = {}
    for control, value in playbook.controls.items():
        if control not in settings:
            _refuse("$.controls", control, places, f"there is no control {control}", settings)
        if value is not False:
            here = {} if value is True or value is None else value
            chosen[control] = _convert(here, settings[control], f"$.controls.{control}", places)
            for where, message in complaints(control, chosen[control]):
                _refuse(f"$.controls.{control}", where, places, message, {})
    for i, exemption in enumerate(playbook.exemptions):
        for n, control in enumerate(exemption.controls):
            if control not in settings:
                _refuse(f"$.exemptions[{i}].controls[{n}]", "", places, f"there is no control {control}", settings)
    return msgspec.structs.replace(playbook, controls=chosen)


def find(name: str, beside: Path) -> Path:
    """The file of a shipped name or a path; a path in `extends` starts at the playbook that names it."""
    shipped = {p.stem: p for p in shipped_folder().glob("*.yaml")}
    if name in shipped:
        return shipped[name]
    path = beside / name
    if not _is_file(path):
        raise BadInput(
            f"there is no playbook {name}",
            remedy=f"Give a file, or one of the shipped names: {', '.join(sorted(shipped))}. "
            "`remediate init my.yaml` writes one to edit.",
        )
    return path


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def shipped_folder() -> Path:
    """Where the playbooks are that come with the program: in the wheel, or in the source tree."""
    package = Path(__file__).parents[1]
    inside = package / "playbooks"
    return inside if inside.is_dir() else package.parent / "playbooks"


def _merged(path: Path, below: tuple[Path, ...]) -> tuple[dict[str, object], Places]:
    if path.resolve() in below:
        raise BadInput(f"{path}: extends itself", remedy="Take one of the `extends:` lines out of the circle.")
    raw, places = read_yaml(path)
    parent = raw.get("extends")
    if parent is None:
        return raw, places
    if not isinstance(parent, str):
        _refuse("$.extends", "", places, "extends takes a playbook's name or path", {})
    base, base_places = _merged(find(parent, path.parent), (*below, path.resolve()))
    for key in ("name", "extends"):
        base.pop(key, None)
    return _over(base, raw), {**base_places, **places}


def _over(base: Mapping[str, object], top: Mapping[str, object]) -> dict[str, object]:
    """Mappings merge key by key; anything else, lists included, is replaced."""
    result = dict(base)
    for key, value in top.items():
        below = result.get(key)
        both = isinstance(value, dict) and isinstance(below, dict)
        result[key] = _over(below, value) if both else value  # type: ignore[arg-type]
    return result


def _convert(raw: object, wanted: type[T], at: str, places: Places) -> T:
    return converted(raw, wanted, places, at=at, hook=partial(_text_of, places=places), remedy=SHOWS)


def _folders(places: Places) -> list[Path]:
    """Where the playbook is, and then where those are that it extends."""
    paths = dict.fromkeys(path for path, _ in reversed(places.values()))
    return list(dict.fromkeys(path.parent for path in paths))


def _text_of(wanted: type, value: object, *, places: Places) -> object:
    """A file that a setting names, read from beside the playbook or one that it extends.

    Raises ValueError, which msgspec reports with the setting's place.
    """
    if wanted is object:
        return value  # the settings of a control, converted one by one
    if wanted is not Document or not isinstance(value, str):
        raise ValueError("Expected the name of a file")
    folders = _folders(places)
    path = folders[0] / value
    try:
        path = next((path for folder in folders if (path := folder / value).is_file()), path)
        return Document(value, read_text(path, MAX_DOCUMENT))
    except (OSError, ValueError) as error:
        raise ValueError(f"the file {path} cannot be read: {getattr(error, 'strerror', '') or error}") from None


def _refuse(at: str, key: str, places: Places, message: str, candidates: Mapping[str, object]) -> NoReturn:
    refuse(at, key, places, message, candidates, remedy=SHOWS)
