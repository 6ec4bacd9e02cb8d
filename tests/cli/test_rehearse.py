"""`rehearse`, `plan --rehearse` and `apply --require-rehearsal`, as they are typed."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.aws import Aws
from support.cli import plan_file, run, started
from support.snapshot import snapshot

from remediate.sandbox import fill

SMALL = ("--control", "unused-credentials", "--control", "password-policy")


def test_the_whole_story(aws: Aws, tmp_path: Path) -> None:
    fill()
    before = snapshot(aws.client)
    planned = run("plan", *SMALL, "--rehearse", cwd=tmp_path)
    assert planned.returncode == 0, planned.stderr
    assert re.search(r"^rehearsed .* UTC on moto [\d.]+: (\d+) of \1 changes applied,", planned.stdout, re.M)
    file = plan_file(tmp_path)
    rehearsed = run("rehearse", str(file), cwd=tmp_path)
    assert rehearsed.returncode == 0, rehearsed.stderr
    assert "Nothing was written to the account." in rehearsed.stdout
    assert re.search(r"^#\d+ +iam UpdateAccountPasswordPolicy \w+=", rehearsed.stdout, re.M)
    assert snapshot(aws.client) == before, "a rehearsal changed the account"
    assert "rehearsed " in run("show", str(file), cwd=tmp_path).stdout
    data = json.loads(run("rehearse", str(file), "--json", cwd=tmp_path).stdout)
    changes = json.loads(file.read_text())["changes"]
    assert data["passed"] is True
    assert {call["change"] for call in data["calls"]} == {change["id"] for change in changes}
    assert data["rehearsal"]["left"] == 0
    assert run("apply", str(file), "--require-rehearsal", "--yes", cwd=tmp_path).returncode == 0
    again = run("rehearse", str(file), cwd=tmp_path)
    assert (again.returncode, again.stdout) == (0, "")
    assert "Already applied" in again.stderr
    asked = run("rollback", str(file), cwd=tmp_path)
    assert asked.returncode == 1  # nobody to ask: the plan that takes it back is written, and waits
    back = next(tmp_path.glob("plans/*.rollback.plan.json"))
    after = snapshot(aws.client)
    undone = run("rehearse", str(back), cwd=tmp_path)
    assert undone.returncode == 0, undone.stderr
    assert "planned again" not in undone.stdout
    assert "taken back     everything is as it was" in undone.stdout
    assert snapshot(aws.client) == after


def test_a_plan_without_its_rehearsal_is_not_applied_where_that_is_asked(aws: Aws, tmp_path: Path) -> None:
    fill()
    assert run("plan", "--control", "password-policy", cwd=tmp_path).returncode == 0
    file = plan_file(tmp_path)
    refused = run("apply", str(file), "--yes", cwd=tmp_path, REMEDIATE_REQUIRE_REHEARSAL="1")
    assert refused.returncode == 3
    assert "the plan was not rehearsed" in refused.stderr
    assert "remediate plan --rehearse" in refused.stderr
    aws.client("iam").update_account_password_policy(MinimumPasswordLength=9)
    stale = run("rehearse", str(file), cwd=tmp_path)
    assert stale.returncode == 3
    assert "the account changed since this plan was made" in stale.stderr
    assert aws.client("iam").get_account_password_policy()["PasswordPolicy"]["MinimumPasswordLength"] == 9


def test_the_playbook_must_be_the_one_that_made_the_plan(aws: Aws, tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("name: mine\nextends: guidelines\n")
    assert run("plan", "-p", str(mine), "--control", "password-policy", cwd=tmp_path).returncode == 0
    file = plan_file(tmp_path)
    mine.write_text("name: mine\nextends: guidelines\nvalid_hours: 5\n")
    other = run("rehearse", str(file), "-p", str(mine), cwd=tmp_path)
    assert other.returncode == 1
    assert "another playbook than mine" in other.stderr


def test_a_rehearsal_that_fails_says_what_was_refused_and_the_plan_keeps_it(aws: Aws, tmp_path: Path) -> None:
    fill()
    before = snapshot(aws.client)
    secret = "canary"  # too weak for a directory: AWS would refuse it
    words = ("plan", "-p", "acme", "--control", "directory", "--rehearse")
    failed = run(*words, cwd=tmp_path, REMEDIATE_PASSWORD_CORP_ACME_EXAMPLE=secret)
    assert failed.returncode == 3
    assert "Refused: the rehearsal failed: 0 of 1 changes went well" in failed.stderr
    assert re.search(
        r"#1 \+ ds\.directory/us-east-1/corp\.acme\.example: create_directory: BadPassword: ", failed.stderr
    )
    assert "Nothing was written to the account." in failed.stderr
    assert "FAILED" in failed.stdout
    file = plan_file(tmp_path)
    shown = " ".join(run("show", str(file), cwd=tmp_path).stdout.split())  # wherever the line breaks
    assert "FAILED: #1 + ds.directory" in shown
    refused = run("apply", str(file), "--require-rehearsal", "--yes", cwd=tmp_path)
    assert refused.returncode == 3
    assert "the plan's rehearsal failed" in refused.stderr
    assert snapshot(aws.client) == before
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert secret not in failed.stdout + failed.stderr + written.decode()


WITHOUT_MOTO = "import sys; sys.modules['moto'] = None; from remediate.cli.main import main; main()"


@pytest.mark.parametrize("words", [("plan", "--rehearse"), ("rehearse", "any.plan.json")])
def test_without_the_emulator_the_way_to_get_it_is_said_at_once(words: tuple[str, ...], tmp_path: Path) -> None:
    environment = {**os.environ, "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "REMEDIATE_STATE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_MOTO, *words],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "Error: the sandbox needs moto, which is not installed",
        "pip install 'remediate-aws[sandbox]'",
        "exit 1",
    ]


WALL = """
import socket, sys
real = socket.socket.connect
def connect(self, address):
    if isinstance(address, tuple) and address[0] != "127.0.0.1":
        open("reached", "a").write(f"{address}\\n")
        raise OSError("a wall")
    return real(self, address)
socket.socket.connect = connect
"""


def test_nothing_but_this_machine_is_reached(aws: Aws, tmp_path: Path) -> None:
    """The account read is the sandbox's, on this machine as well: any other connection would be to AWS itself."""
    fill()
    wall = tmp_path / "wall"
    wall.mkdir()
    (wall / "sitecustomize.py").write_text(WALL)
    regional = ("trail", "alarms", "instance-roles", "password-policy")
    words = [word for control in regional for word in ("--control", control)]
    done = run("plan", "-p", "acme", *words, "--rehearse", cwd=tmp_path, PYTHONPATH=str(wall))
    assert done.returncode == 0, done.stderr
    assert "rehearsed " in done.stdout
    assert not (tmp_path / "reached").exists()
    assert "a wall" in run_python("import socket; socket.create_connection(('203.0.113.1', 9))", tmp_path, wall)
    assert (tmp_path / "reached").exists()


def run_python(program: str, cwd: Path, path: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(path)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    return done.stderr


def test_interrupted_it_ends_at_once_and_leaves_nothing(aws: Aws, tmp_path: Path) -> None:
    fill()
    assert run("plan", *SMALL, cwd=tmp_path).returncode == 0
    before = snapshot(aws.client)
    files = {path.name for path in (tmp_path / "plans").iterdir()}
    with started("rehearse", str(plan_file(tmp_path)), cwd=tmp_path) as process:
        _listening(process.pid)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=30)[1]
    assert process.returncode == 1
    assert said.splitlines()[-1] == "exit 1"
    assert "interrupted" in said
    assert "Traceback" not in said
    assert {path.name for path in (tmp_path / "plans").iterdir()} == files
    assert snapshot(aws.client) == before


def _listening(pid: int) -> None:
    """Waits until the process has an emulator: a socket that listens on this machine."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        inodes = set()
        for link in Path(f"/proc/{pid}/fd").iterdir():
            try:
                inodes.add(str(link.readlink()))
            except FileNotFoundError:
                continue
        lines = Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]
        listening = {f"socket:[{line.split()[9]}]" for line in lines if line.split()[3] == "0A"}
        if inodes & listening:
            return
        time.sleep(0.05)
    raise AssertionError("it never came to an emulator")
