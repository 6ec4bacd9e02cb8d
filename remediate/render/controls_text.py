"""What is checked and why, for `remediate controls` and for the README."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from remediate.render.markdown import prose
from remediate.render.settings_text import settings_of
from remediate.render.text import table, wrap

if TYPE_CHECKING:
    from remediate.controls.base import Control

WIDTH = 80
WIDE = 140
"""From this width on, the table also says what a control changes."""


def controls_table(controls: "Iterable[Control[Any]]", *, width: int) -> str:
    """One line a control, and how to read more."""
    rows = [_row(control, width) for control in controls]
    headers = ("control", "title", "what it changes")[: 3 if width >= WIDE else 2]
    return f"{table(rows, headers, width)}\n\nOne of them, whole: remediate controls ID"


def _row(control: "Control[Any]", width: int) -> list[str]:
    return [control.id, control.title, *([control.changes] if width >= WIDE else [])]


def control_page(control: "Control[Any]") -> str:
    """Everything about one control: its documentation, standards, changes and settings."""
    return "\n\n".join("\n".join(part) for part in (_head(control), _help(control), _settings(control)) if part)


def _head(control: "Control[Any]") -> list[str]:
    return [
        f"{control.id}: {control.title}",
        f"  guideline  {control.guideline}",
        wrap(", ".join(control.standards), WIDTH, "  standards  "),
        wrap(control.changes, WIDTH, "  changes    "),
        wrap(control.rollback, WIDTH, "  rollback   "),
    ]


def _help(control: "Control[Any]") -> list[str]:
    """The documentation, its paragraphs filled anew and what is indented left as it is."""
    paragraphs = control.help().split("\n\n")
    return ["\n\n".join(p if "\n  " in f"\n{p}" else wrap(" ".join(p.split()), WIDTH) for p in paragraphs)]


def _settings(control: "Control[Any]") -> list[str]:
    settings = settings_of(control.settings)
    if not settings:
        return ["No settings: `true` in a playbook switches it on, `false` off."]
    lines = ["Settings in a playbook, each with its default:", f"  {control.id}:"]
    for setting in settings:
        line = f"    {setting.name}: {setting.default}"
        if setting.doc or len(line) + len(setting.type) > WIDTH - 4:
            lines += [line, wrap(f"{setting.doc} ({setting.type})".lstrip(), WIDTH, "      # ", "      # ")]
        else:
            lines.append(f"{line}  # {setting.type}")
    return lines


def controls_markdown(controls: "Iterable[Control[Any]]") -> str:
    """The table of controls in the README."""
    return "\n".join(_markdown(controls))


def _markdown(controls: "Iterable[Control[Any]]") -> Iterator[str]:
    yield "| control | what holds afterwards | what it changes | standards |"
    yield "|---|---|---|---|"
    for control in controls:
        standards = ", ".join((control.guideline, *control.standards))
        yield f"| `{control.id}` | {prose(control.title)} | {prose(control.changes)} | {prose(standards)} |"
