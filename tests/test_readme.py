"""What the README says is true: generated parts, named tests, commands, examples for schedulers, the exit codes."""

import ast
import re
import shlex
from pathlib import Path

import pytest
import typer
import yaml
from apscheduler.triggers.cron import CronTrigger
from generated import README, ROOT, SCHEMA, readme_text, schema_text
from promises import PROMISES

from remediate.cli.main import app
from remediate.errors import BadInput, Partial, Refused

TEXT = README.read_text(encoding="utf-8")
FENCES = re.findall(r"```(\w+)\n(.*?)```", TEXT, re.DOTALL)


def test_generated_parts_are_fresh() -> None:
    assert readme_text() == TEXT, "make docs"
    assert SCHEMA.read_text(encoding="utf-8") == schema_text(), "make docs"


@pytest.mark.parametrize("name", sorted({test for _, _, tests in PROMISES for test in tests}))
def test_every_promise_names_a_test_that_is_there(name: str) -> None:
    path, _, function = name.partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert function in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_thirty_promises_of_reliability() -> None:
    assert [number for number, _, _ in PROMISES if number] == [f"R{n}" for n in range(1, 31)]
    assert all(tests for _, _, tests in PROMISES)


TYPED = re.compile(r"(?:^\$ |\brun: |&& |ExecStart=/usr/local/bin/)(remediate [^\n>]*)", re.MULTILINE)


def commands() -> list[str]:
    """Every `remediate …` that the README tells somebody to type, in its text and in its examples."""
    inline = re.findall(r"`(remediate [a-z][^`]*)`", TEXT)
    fenced = [command for _, body in FENCES for command in TYPED.findall(body)]
    return sorted({command.split(" #")[0].strip() for command in inline + fenced})


@pytest.mark.parametrize("command", commands())
def test_commands_and_options_exist(command: str) -> None:
    words = shlex.split(command)
    group = typer.main.get_command(app)
    names = group.list_commands(None)  # type: ignore[attr-defined]
    assert words[1] in names
    options = {o for p in group.get_command(None, words[1]).params for o in p.opts}  # type: ignore[attr-defined]
    assert {w for w in words[2:] if w.startswith("-")} <= options


def test_every_command_is_in_the_readme() -> None:
    for name in typer.main.get_command(app).list_commands(None):  # type: ignore[attr-defined]
        assert f"remediate {name}" in TEXT, name


def test_scheduler_examples_are_valid() -> None:
    manifests = [yaml.safe_load(body) for language, body in FENCES if language == "yaml"]
    cronjob = next(m for m in manifests if m.get("kind") == "CronJob")
    workflow = next(m for m in manifests if "jobs" in m)
    crontab = next(body for language, body in FENCES if language == "crontab")
    schedules = [cronjob["spec"]["schedule"], workflow[True]["schedule"][0]["cron"], " ".join(crontab.split()[:5])]
    for expression in schedules:
        CronTrigger.from_crontab(expression)
    units = "".join(body for language, body in FENCES if language == "ini")
    assert "SuccessExitStatus=2" in units  # drift that was found is no failure of the unit


def test_the_playbook_example_loads(tmp_path: Path) -> None:
    from remediate.controls import SETTINGS
    from remediate.playbook.load import load

    example = next(body for language, body in FENCES if language == "yaml" and body.startswith("extends:"))
    (tmp_path / "acme.yaml").write_text(example)
    playbook = load(str(tmp_path / "acme.yaml"), SETTINGS)
    assert playbook.name == "acme"


def test_exit_codes_are_those_of_the_errors() -> None:
    rows = dict(re.findall(r"^\| (\d) \| (.*) \|$", TEXT, re.M))
    assert "error" in rows[str(BadInput("").exit_code)]
    assert "refused" in rows[str(Refused("").exit_code)]
    assert "partly" in rows[str(Partial("").exit_code)]
