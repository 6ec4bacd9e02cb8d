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
"""From this width on, the table also names the standards."""
MORE = "One of them, whole: remediate controls ID"


Standards = tuple[tuple[str, ...], ...]


def controls_table(controls: "Iterable[Control[Any]]", *, width: int) -> str:
    """One line a control, and how to read more."""
    rows = [_row(control, width) for control in controls]
    wide = ("CIS 7.0", "CIS 5.0", "Security Hub") if width >= WIDE else ()
    return f"{table(rows, ('control', '', *wide, 'what holds afterwards'), width)}\n\n{MORE}"


def _row(control: "Control[Any]", width: int) -> list[str]:
    wide = [ranges(ids) for ids in _standards(control)] if width >= WIDE else []
    return [control.id, control.guideline, *wide, control.title]


def _standards(control: "Control[Any]") -> Standards:
    return control.cis_7, control.cis_5, control.security_hub


def ranges(ids: Iterable[str]) -> str:
    """`IAM.10, IAM.11, IAM.12` as `IAM.10–12`; ids end in a number, and stay in their order."""
    runs: list[tuple[str, int, int]] = []
    for id in ids:
        front, number = id[: id.rindex(".") + 1], int(id.rpartition(".")[2])
        if runs and runs[-1][0] == front and runs[-1][2] + 1 == number:
            runs[-1] = (front, runs[-1][1], number)
        else:
            runs.append((front, number, number))
    return ", ".join(f"{front}{first}" + (f"–{last}" if last > first else "") for front, first, last in runs)


def control_page(control: "Control[Any]", actions: Iterable[str] = ()) -> str:
    """Everything about one control: its documentation, standards, changes, permissions and settings."""
    return "\n\n".join("\n".join(p) for p in (_head(control, actions), _help(control), _settings(control)) if p)


def _head(control: "Control[Any]", actions: Iterable[str]) -> list[str]:
    facts = [
        ("guideline", control.guideline),
        *zip(("CIS 7.0", "CIS 5.0", "Security Hub"), map(ranges, _standards(control)), strict=True),
        ("changes", control.changes),
        ("rollback", control.rollback),
        ("needs", ", ".join(actions)),
    ]
    return [f"{control.id}: {control.title}", *(wrap(text, WIDTH, f"  {name:<14}") for name, text in facts if text)]


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
    yield "| control | | what holds afterwards | what it changes | rollback | CIS 7.0 | CIS 5.0 | Security Hub |"
    yield "|---|---|---|---|---|---|---|---|"
    for control in controls:
        words = map(prose, (control.title, control.changes, control.rollback))
        cells = (f"`{control.id}`", control.guideline, *words, *map(ranges, _standards(control)))
        yield f"| {' | '.join(cells)} |"


def actions_markdown(actions: Iterable[tuple[str, Iterable[str]]]) -> str:
    """The table of permissions in the README."""
    rows = (f"| `{control}` | {', '.join(f'`{a}`' for a in needed) or 'none'} |" for control, needed in actions)
    return "\n".join(
        ("| control | what its changes and their rollback need, besides what `plan` reads |", "|---|---|", *rows)
    )
