"""Whatever is wrong with what a command is given, or with the world: its exit code, one message with a way out, and
no traceback; and nothing is lost."""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.aws import Aws
from support.cli import REMEDIATE, run, started
from support.engine import Step, plan_of, step
from support.latency import _operation, latency
from support.mutations import READ_ONLY, everything

from remediate.cli.work import SystemClock
from remediate.model import Event, Plan
from remediate.store.files import journal_path
from remediate.store.journal import Journal, read
from remediate.store.plans import save

Done = subprocess.CompletedProcess[str]


def steps(aws: Aws) -> tuple[Step, ...]:
    """Twelve changes in two waves, one of them an edit."""
    iam = aws.client("iam")
    everything(iam)
    iam.tag_user(UserName="alice", Tags=[{"Key": "team", "Value": "red"}])
    groups = tuple(step("iam.group", f"g{n}", to={"path": "/"}) for n in range(1, 6))
    members = tuple(step("iam.group_member", f"g{n}", "alice", to="member", needs=(n,)) for n in range(1, 6))
    return (
        *groups,
        *members,
        step("iam.user_tag", "alice", "team", was="red", to="blue"),
        step("iam.group_policy", "g1", READ_ONLY, to="attached", needs=(1,)),
    )


@pytest.fixture
def plan(aws: Aws) -> Plan:
    return plan_of(*steps(aws))


@pytest.fixture
def file(plan: Plan, tmp_path: Path) -> Path:
    path = tmp_path / "a.plan.json"
    save(plan, path)
    return path


def told(result: Done, code: int, *words: str) -> None:
    """The exit code, and one screen on standard error that says what, and what to do."""
    assert result.returncode == code, result.stderr
    assert "Traceback" not in result.stderr + result.stdout
    for word in words:
        assert word in result.stderr
    screens = [
        line for line in result.stderr.splitlines() if line.startswith(("Error:", "Refused:", "Partly applied:"))
    ]
    assert len(screens) == 1, result.stderr
    assert result.stderr.splitlines()[-1] == f"exit {code}"
    assert len(result.stderr.split(screens[0])[1].splitlines()) >= 3  # details or a remedy between the two


def untouched(aws: Aws) -> bool:
    return aws.client("iam").list_groups()["Groups"][0]["GroupName"] == "team" and _tag(aws) == "red"


def _tag(aws: Aws) -> str:
    return str(aws.client("iam").list_user_tags(UserName="alice")["Tags"][0]["Value"])


def finishes(file: Path, cwd: Path) -> None:
    """The same command goes on from where it was."""
    result = run("apply", str(file), "--yes", "--json", cwd=cwd)
    assert result.returncode == 0, result.stderr
    assert {o["outcome"] for o in json.loads(result.stdout)["outcomes"]} == {"done"}


@contextmanager
def answering(aws: Aws, operation: str, code: str, status: int = 403, after: int = 0) -> Iterator[None]:
    """AWS refuses an operation (`*` for any) after it was called that often."""
    inner = aws.sandbox.application
    calls = [0]

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        found = _operation(environ)
        calls[0] += operation in (found, "*")
        if calls[0] <= after or operation not in ("*", found):
            return inner(environ, start_response)
        body = f"<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>".encode()
        start_response(f"{status} No", [("Content-Type", "text/xml"), ("Content-Length", str(len(body)))])
        return [body]

    aws.sandbox.application = application
    try:
        yield
    finally:
        aws.sandbox.application = inner


# --- the plan -------------------------------------------------------------------------------------------------------


def test_a_plan_of_another_account(aws: Aws, tmp_path: Path) -> None:
    save(plan_of(*steps(aws), account="999988887777"), tmp_path / "a.plan.json")
    result = run("apply", "a.plan.json", "--yes", cwd=tmp_path)
    told(result, 3, "999988887777", aws.account_id, "--profile")
    assert untouched(aws)


def test_a_plan_altered_by_one_byte(aws: Aws, file: Path, tmp_path: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content.replace(b'"blue"', b'"blut"', 1))
    with answering(aws, "*", "NothingMayBeCalled"):
        for command in (
            ("apply", "a.plan.json", "--yes"),
            ("rollback", "a.plan.json", "--yes"),
            ("show", "a.plan.json"),
        ):
            told(run(*command, cwd=tmp_path), 3, "altered")
    assert untouched(aws)


@pytest.mark.parametrize("tried", [None, "conflict"])
def test_an_expired_plan(aws: Aws, tmp_path: Path, tried: Event | None) -> None:
    """Also one of which an earlier run changed nothing: only what has begun may finish."""
    plan = plan_of(*steps(aws), created=datetime.now(UTC) - timedelta(hours=25))
    save(plan, tmp_path / "a.plan.json")
    if tried:
        journal = Journal(tmp_path / "a.journal.jsonl", SystemClock().now, plan.header.caller)
        journal.add("start", plan=plan.digest)
        journal.add(tried, 1, plan.changes[0].address)
    with answering(aws, "*", "NothingMayBeCalled"):
        told(run("apply", "a.plan.json", "--yes", cwd=tmp_path), 3, "expired", "remediate plan")
    assert untouched(aws)


def test_a_plan_of_another_version(aws: Aws, tmp_path: Path) -> None:
    save(plan_of(*steps(aws), tool="99.0"), tmp_path / "a.plan.json")
    told(run("apply", "a.plan.json", "--yes", cwd=tmp_path), 3, "99.0")
    assert untouched(aws)


def test_a_plan_of_a_newer_format(aws: Aws, file: Path, tmp_path: Path) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), "format": 2}))
    told(run("apply", "a.plan.json", "--yes", cwd=tmp_path), 3, "format 2")
    assert untouched(aws)


def test_a_plan_that_was_applied_and_rolled_back(aws: Aws, file: Path, tmp_path: Path) -> None:
    finishes(file, tmp_path)
    again = run("apply", "a.plan.json", "--yes", cwd=tmp_path)
    assert again.returncode == 0
    assert "Already applied: 12 changes." in again.stderr
    back = run("rollback", "a.plan.json", "--yes", "-o", "elsewhere.json", cwd=tmp_path)
    assert back.returncode == 0, back.stderr
    assert untouched(aws)
    for words in (("apply", "--yes"), ("rehearse",)):
        told(run(*words, "a.plan.json", cwd=tmp_path), 3, "rolled back", "elsewhere.json", "Make a new plan")
    twice = run("rollback", "a.plan.json", "--yes", "-o", "elsewhere.json", cwd=tmp_path)
    assert twice.returncode == 0
    assert "Nothing left to take back" in twice.stderr
    assert untouched(aws)
    forth = run("rollback", "elsewhere.json", "--yes", cwd=tmp_path)
    assert forth.returncode == 0, forth.stderr
    assert not untouched(aws)
    for command in (("apply", "elsewhere.json"), ("rollback", "a.plan.json", "-o", "elsewhere.json")):
        told(run(*command, "--yes", cwd=tmp_path), 3, "rolled back", "remediate rollback elsewhere.rollback.plan.json")
    assert not untouched(aws)


@pytest.mark.parametrize("content", [b"", b"name: x", b"{}", b"\xff\xfe\x00"])
def test_a_file_that_is_no_plan(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.plan.json").write_bytes(content)
    told(run("apply", "a.plan.json", "--yes", cwd=tmp_path), 1, "is not a plan")


@pytest.mark.parametrize("command", ["apply", "rollback", "show"])
def test_a_plan_that_is_not_there(command: str, tmp_path: Path) -> None:
    told(run(command, "none.plan.json", cwd=tmp_path), 1, "none.plan.json", "No such file", "remediate runs")


def test_a_rollback_of_what_was_never_applied(aws: Aws, file: Path, tmp_path: Path) -> None:
    told(run("rollback", str(file), "--yes", cwd=tmp_path), 1, "nothing of this plan was applied")


def test_an_altered_journal(aws: Aws, file: Path, tmp_path: Path) -> None:
    finishes(file, tmp_path)
    journal = journal_path(file)
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join([*lines[:4], *lines[5:]]))
    told(run("apply", "a.plan.json", "--yes", cwd=tmp_path), 3, "line 5", "version control")
    told(run("rollback", "a.plan.json", "--yes", cwd=tmp_path), 3, "line 5")


def test_a_question_that_nobody_can_answer(aws: Aws, file: Path, tmp_path: Path) -> None:
    told(run("apply", "a.plan.json", cwd=tmp_path), 1, "--yes")
    assert untouched(aws)
    finishes(file, tmp_path)
    told(run("rollback", "a.plan.json", cwd=tmp_path), 1, "--yes")
    assert not untouched(aws)


# --- what a command is given ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["a: [", "\tname: x", "- 1", "name: 1\nname: 2", "\0"])
def test_a_playbook_that_is_not_yaml(text: str, aws: Aws, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    told(run("plan", "-p", "mine.yaml", cwd=tmp_path), 1, "mine.yaml")


def test_a_playbook_that_is_not_there(aws: Aws, tmp_path: Path) -> None:
    told(run("plan", "-p", "none.yaml", cwd=tmp_path), 1, "none.yaml")


def test_a_place_that_cannot_be_written(aws: Aws, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("precious")
    told(run("plan", "-o", "file/a.plan.json", cwd=tmp_path), 1, "Not a directory", "-o")
    told(run("plan", "-o", "/proc/a.plan.json", cwd=tmp_path), 1, "/proc", "-o")
    told(run("plan", "-o", str(tmp_path / "file" / "x" / "a.json"), cwd=tmp_path), 1)
    assert (tmp_path / "file").read_text() == "precious"


def test_a_plan_file_that_was_applied_is_not_overwritten(aws: Aws, file: Path, tmp_path: Path) -> None:
    finishes(file, tmp_path)
    content = file.read_bytes()
    told(run("plan", "-o", "a.plan.json", cwd=tmp_path), 1, "was applied", "-o")
    assert file.read_bytes() == content


def test_a_journal_that_cannot_be_written(aws: Aws, file: Path, tmp_path: Path) -> None:
    journal_path(file).symlink_to(tmp_path / "elsewhere")
    told(run("apply", "a.plan.json", "--yes", cwd=tmp_path), 1, "journal")
    assert untouched(aws)
    assert not (tmp_path / "elsewhere").exists()


def test_a_lock_that_cannot_be_taken(aws: Aws, file: Path, tmp_path: Path) -> None:
    result = run("apply", "a.plan.json", "--yes", cwd=tmp_path, REMEDIATE_STATE_DIR=str(file))
    told(result, 1, "REMEDIATE_STATE_DIR")
    assert untouched(aws)


def test_an_endpoint_that_is_none(aws: Aws, file: Path, tmp_path: Path) -> None:
    told(run("apply", "a.plan.json", "--yes", "--endpoint-url", "nonsense", cwd=tmp_path), 1, "--endpoint-url")
    told(run("plan", "--profile", "nobody", cwd=tmp_path), 1, "nobody", "--profile")


# --- credentials and permissions ------------------------------------------------------------------------------------


def test_no_credentials(aws: Aws, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    for command in (("plan",), ("apply", "a.plan.json", "--yes")):
        told(run(*command, cwd=tmp_path), 1, "credentials", "aws sso login")
    assert untouched(aws)


def test_expired_credentials(aws: Aws, file: Path, tmp_path: Path) -> None:
    with answering(aws, "*", "ExpiredToken"):
        for command in (("plan",), ("apply", "a.plan.json", "--yes")):
            told(run(*command, cwd=tmp_path), 1, "ExpiredToken", "Sign in again")
    assert untouched(aws)
    assert not journal_path(file).exists()


def test_credentials_that_end_on_the_way(aws: Aws, file: Path, tmp_path: Path) -> None:
    with answering(aws, "AddUserToGroup", "ExpiredToken", after=2):
        result = run("apply", "a.plan.json", "--yes", "--parallel", "1", cwd=tmp_path)
    told(result, 4, "ExpiredToken", "Go on with the same command", "remediate rollback a.plan.json")
    finishes(file, tmp_path)


def test_a_denied_write(aws: Aws, file: Path, tmp_path: Path) -> None:
    with answering(aws, "AttachGroupPolicy", "AccessDenied"):
        result = run("apply", "a.plan.json", "--yes", cwd=tmp_path)
    told(result, 4, "1 of 12 changes")
    assert "AccessDenied" in result.stdout
    finishes(file, tmp_path)


def test_a_denied_read(aws: Aws, file: Path, tmp_path: Path) -> None:
    with answering(aws, "ListUserTags", "AccessDenied"):
        told(run("apply", "a.plan.json", "--yes", cwd=tmp_path), 3, "cannot be read", "remediate permissions")
    with answering(aws, "GetAccountAuthorizationDetails", "AccessDenied"):
        told(run("apply", "a.plan.json", "--yes", cwd=tmp_path), 3, "the guard cannot see", "AccessDenied")
    with answering(aws, "GetCredentialReport", "AccessDenied"):
        told(run("apply", "a.plan.json", "--yes", cwd=tmp_path), 3, "credential-report", "--plan-role")
    assert untouched(aws)


def test_a_denied_read_is_no_pass(aws: Aws, tmp_path: Path) -> None:
    everything(aws.client("iam"))
    with answering(aws, "GetAccountPasswordPolicy", "AccessDenied"):
        result = run("plan", "--json", cwd=tmp_path)
    assert "Traceback" not in result.stderr
    unknowns = json.loads(result.stdout)["unknowns"]
    assert [u["what"] for u in unknowns] == ["iam.password_policy"]
    assert "AccessDenied" in unknowns[0]["reason"]


# --- others, and the person at the keyboard -------------------------------------------------------------------------


def test_an_account_that_was_edited_in_between(aws: Aws, file: Path, tmp_path: Path) -> None:
    aws.client("iam").tag_user(UserName="alice", Tags=[{"Key": "team", "Value": "theirs"}])
    result = run("apply", "a.plan.json", "--yes", cwd=tmp_path)
    told(result, 3, "iam.user_tag/alice/team", '"red"', '"blue"', '"theirs"', "remediate plan")
    assert _tag(aws) == "theirs"
    assert not journal_path(file).exists()


def test_an_account_that_was_edited_on_the_way(aws: Aws, file: Path, tmp_path: Path) -> None:
    """Right before the change: it is refused, the others are made, and all three values are shown."""
    iam = aws.client("iam")
    inner = aws.sandbox.application
    looks = [0]

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        looks[0] += _operation(environ) == "ListUserTags"
        if looks[0] == 3:  # before the run, before the wave, and right before the call
            looks[0] += 1
            edit = threading.Thread(target=iam.tag_user, kwargs=THEIRS)
            edit.start()
            edit.join(timeout=30)
        return inner(environ, start_response)

    aws.sandbox.application = application
    try:
        result = run("apply", "a.plan.json", "--yes", cwd=tmp_path)
    finally:
        aws.sandbox.application = inner
    told(result, 4, "1 of 12 changes")
    assert "theirs" in result.stdout
    assert _tag(aws) == "theirs"


THEIRS = {"UserName": "alice", "Tags": [{"Key": "team", "Value": "theirs"}]}


def ended(process: "subprocess.Popen[str]") -> Done:
    out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_in_the_middle(number: signal.Signals, aws: Aws, file: Path, tmp_path: Path) -> None:
    with latency(aws.sandbox, 150) as calls:
        process = started("apply", "a.plan.json", "--yes", "--parallel", "1", cwd=tmp_path)
        while not calls.by_operation["CreateGroup"]:
            time.sleep(0.01)
        process.send_signal(number)
        result = ended(process)
    told(result, 4, f"interrupted by {number.name}", "Finishing the changes in hand", "Go on with the same command")
    events = [record.event for record in read(journal_path(file)).records]
    assert events[-1] == "end"
    assert events.count("intent") == events.count("done") < 12  # what was in hand was finished
    finishes(file, tmp_path)


def test_an_interruption_before_anything_was_written(aws: Aws, file: Path, tmp_path: Path) -> None:
    with latency(aws.sandbox, 400) as calls:
        process = started("apply", "a.plan.json", "--yes", cwd=tmp_path)
        while not calls.total:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        result = ended(process)
    assert result.returncode in (1, 130)
    assert "Traceback" not in result.stderr
    assert untouched(aws)
    finishes(file, tmp_path)


def test_two_runs_at_once(aws: Aws, file: Path, tmp_path: Path) -> None:
    with latency(aws.sandbox, 150) as calls:
        first = started("apply", "a.plan.json", "--yes", cwd=tmp_path)
        while not calls.total:
            time.sleep(0.01)
        told(run("apply", "a.plan.json", "--yes", cwd=tmp_path), 3, "another run", "Wait")
        assert ended(first).returncode == 0


def test_a_full_disk(aws: Aws, file: Path, tmp_path: Path) -> None:
    """No file may grow beyond that: the journal cannot go on, and nothing is sent without it."""
    limited = f"ulimit -f 4; exec '{REMEDIATE}' apply a.plan.json --yes --parallel 2"
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    result = subprocess.run(
        ["bash", "-c", limited],
        cwd=tmp_path,
        env={**unmeasured, "REMEDIATE_STATE_DIR": str(tmp_path / ".state")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    told(result, 4, "the journal", "Nothing more was sent")
    assert 0 < len(aws.client("iam").list_groups()["Groups"]) < 7
    finishes(file, tmp_path)


def test_a_terminal_that_was_closed_does_not_stop_a_run(aws: Aws, file: Path, tmp_path: Path) -> None:
    process = started("apply", "a.plan.json", "--yes", cwd=tmp_path)
    assert process.stderr
    process.stderr.close()
    process.wait(timeout=60)
    assert [r.detail for r in read(journal_path(file)).records if r.event == "end"] == ["complete"]
