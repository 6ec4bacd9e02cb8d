"""Controls for `remediate controls` and the README."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

import msgspec
import pytest

from remediate.controls import CONTROLS
from remediate.controls.base import Control
from remediate.model import Struct
from remediate.render.controls_text import control_page, controls_markdown, controls_table, ranges
from remediate.render.settings_text import Setting, settings_of
from remediate.render.text import columns


class Inner(Struct, frozen=True, kw_only=True):
    name: str


class Every(Struct, frozen=True, kw_only=True):
    """One field for each type that settings have."""

    days: Annotated[int, msgspec.Meta(ge=1, le=90)] | None = 7
    """How long.

    And no longer."""
    least: Annotated[float, msgspec.Meta(ge=0)] = 0.5
    most: Annotated[int, msgspec.Meta(le=5)] = 5
    on: bool = True
    name: Annotated[str, msgspec.Meta(pattern="^a", max_length=9)] = "a"
    map: Mapping[str, str] = msgspec.field(default_factory=lambda: {"b": "1", "a": "2"})
    several: tuple[str, ...] = ()
    choice: Literal[1, 3] = 1
    inner: tuple[Inner, ...] = ()
    until: date


class Nothing(Struct, frozen=True, kw_only=True):
    """No settings."""


def test_settings_in_words() -> None:
    assert settings_of(Every) == [
        Setting("days", "whole number, 1 to 90, or null", "7", "How long. And no longer."),
        Setting("least", "number, at least 0", "0.5", ""),
        Setting("most", "whole number, at most 5", "5", ""),
        Setting("on", "true or false", "true", ""),
        Setting("name", "text, at most 9 characters, as ^a", '"a"', ""),
        Setting("map", "text to text", '{"a": "2", "b": "1"}', ""),
        Setting("several", "list of text", "[]", ""),
        Setting("choice", "one of 1, 3", "1", ""),
        Setting("inner", "list of inner", "[]", ""),
        Setting("until", "date", "required", ""),
    ]


def test_settings_without_source_have_no_docs() -> None:
    made = msgspec.defstruct("Made", [("name", str, "x")])
    assert settings_of(made) == [Setting("name", "text", '"x"', "")]


@pytest.mark.parametrize("width", [80, 160])
def test_the_table_names_every_control(width: int) -> None:
    lines = controls_table(CONTROLS.values(), width=width).splitlines()
    assert [line.split()[0] for line in lines[1 : len(CONTROLS) + 1]] == list(CONTROLS)
    assert max(map(columns, lines)) <= width


@pytest.mark.parametrize("name", CONTROLS)
def test_a_page_says_everything(name: str) -> None:
    control = CONTROLS[name]
    page = control_page(control, ["iam:GetUser"])
    assert "iam:GetUser" in page
    standards = (control.cis_7, control.cis_5, control.security_hub)
    words = " ".join(page.split())
    assert " ".join(control.help().split()) in words
    for part in (control.title, control.guideline, control.changes, control.rollback, *map(ranges, standards)):
        assert part in words
    for setting in settings_of(control.settings):
        assert f"    {setting.name}: {setting.default}" in page
        assert setting.type in words.replace("# ", "")


def test_a_control_without_settings() -> None:
    control = Control(
        id="x",
        title="X",
        guideline="G0",
        rollback="",
        changes="nothing",
        settings=Nothing,
        check=lambda _account, _settings, _scope: (),
        doc="First.\n\nSecond.\n\n    $ kept as it is\n",
    )
    page = control_page(control)
    assert "No settings" in page
    assert "    $ kept as it is" in page


def test_the_readme_table_has_a_row_a_control() -> None:
    lines = controls_markdown(CONTROLS.values()).splitlines()
    assert len(lines) == len(CONTROLS) + 2
    assert all(line.count("|") == 9 for line in lines)


@pytest.mark.parametrize(
    ("ids", "short"),
    [
        ((), ""),
        (("2.4",), "2.4"),
        (("5.1", "5.2", "5.3", "5.5"), "5.1–3, 5.5"),
        (("IAM.7", "IAM.10", "IAM.11"), "IAM.7, IAM.10–11"),
        (("IAM.9", "CloudTrail.10"), "IAM.9, CloudTrail.10"),
        (("2.1.1", "2.2"), "2.1.1, 2.2"),
    ],
)
def test_neighbours_are_drawn_together(ids: tuple[str, ...], short: str) -> None:
    assert ranges(ids) == short
