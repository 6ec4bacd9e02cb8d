"""Commands that need no plan: what they print, and how words that cannot be parsed end."""

import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from support.cli import REMEDIATE, run

from remediate.controls import CONTROLS


@pytest.mark.parametrize("words", [("rollbak",), ("plan", "--nope"), ("apply",), ("show", "x", "--format", "pdf")])
def test_words_that_cannot_be_parsed_end_with_1(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = run(*words, cwd=tmp_path)
    assert done.returncode == 1  # 2 would say that there are changes
    assert "Traceback" not in done.stderr
    assert done.stderr


def test_init_writes_a_playbook_that_loads_and_never_over_another(tmp_path: Path) -> None:
    assert run("init", "mine.yaml", cwd=tmp_path).returncode == 0
    assert "name: mine" in (tmp_path / "mine.yaml").read_text()
    again = run("init", "mine.yaml", cwd=tmp_path)
    assert again.returncode == 1
    assert "nothing was overwritten" in again.stderr
    below = run("init", "mine.yaml/other.yaml", cwd=tmp_path)
    assert below.returncode == 1
    assert "or give another name" in below.stderr
    assert "-o" not in below.stderr.split()


def test_controls_are_listed_and_explained(tmp_path: Path) -> None:
    listed = run("controls", cwd=tmp_path).stdout
    assert [name for name in CONTROLS if name not in listed] == []
    assert CONTROLS["mfa"].guideline in run("controls", "mfa", cwd=tmp_path).stdout
    assert {c["id"] for c in json.loads(run("controls", "--json", cwd=tmp_path).stdout)} == set(CONTROLS)
    assert run("controls", "nope", cwd=tmp_path).returncode == 1


def test_the_policy_for_planning(tmp_path: Path) -> None:
    policy = json.loads(run("permissions", "--plan-role", cwd=tmp_path).stdout)
    assert policy["Version"] == "2012-10-17"
    assert run("permissions", cwd=tmp_path).returncode == 1


def test_no_runs_yet(tmp_path: Path) -> None:
    assert run("runs", cwd=tmp_path).returncode == 0
    assert json.loads(run("runs", "--json", cwd=tmp_path).stdout) == []


def test_the_sandbox_serves_until_it_is_ended(tmp_path: Path) -> None:
    with subprocess.Popen([REMEDIATE, "sandbox", "--people", "36"], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        said: dict[str, str] = {}
        for line in server.stdout:
            if match := re.fullmatch(r"export (\w+)=(.*)\n", line):
                said[match[1]] = match[2]
            if line.startswith("# then"):
                break
        planned = subprocess.run(
            [REMEDIATE, "plan", "--json"], cwd=tmp_path, env={**os.environ, **said}, capture_output=True, check=False
        )
        server.send_signal(signal.SIGTERM)
        assert server.wait(20) == 0
    assert planned.returncode == 0, planned.stderr
    assert json.loads(planned.stdout)["changes"]


def test_the_demo_tells_the_whole_story_and_leaves_nothing(tmp_path: Path) -> None:
    done = run("demo", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    steps = [
        "remediate plan",
        "remediate show",
        "remediate apply",
        "remediate drift -p acme --correct",
        "remediate rollback",
    ]
    places = [done.stdout.index(f"$ {step}") for step in steps]
    assert places == sorted(places)
    assert "Nothing to change" in done.stdout
    assert "all are equal" in done.stdout
    assert list(tmp_path.iterdir()) == []
