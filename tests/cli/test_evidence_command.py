"""`remediate evidence FOLDER`: what a person types and sees, and what is left out, with the reason."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support import cloudtrail as ct
from support.cli import run

from remediate.store.evidence import Store

OTHER = "999999999999"
NOW = datetime.now(UTC)
HOSTILE = "\x1b[31mred\x1b[0m"


def write(folder: Path, n: int, *events: ct.Event, days_ago: int = 1, **where: Any) -> Path:
    """A log file of some days ago, of records of that time."""
    at = NOW - timedelta(days=days_ago)
    path = folder / ct.file_name(n, at=at, **where)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(ct.packed([{**event, "eventTime": f"{at:%Y-%m-%dT%H:%M:%SZ}"} for event in events]))
    return path


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """An organization's bucket: two accounts, two regions, digests, and three files that are none."""
    logs = tmp_path / "logs"
    write(logs, 1, *[ct.of_object("PutObject", "photos", f"2026/{n}.jpg", ct.user("app")) for n in range(5)], org="o-1")
    write(logs, 2, ct.event("iam", "GetUser", ct.user("alice", mfa=True)), org="o-1", region="us-east-1")
    write(logs, 3, ct.event("s3", "ListBuckets", ct.user(HOSTILE), errorCode="AccessDenied"), {"eventName": 7})
    write(logs, 4, ct.event("s3", "ListBuckets", recipientAccountId=OTHER))
    write(logs, 5, ct.event("s3", "ListBuckets", ct.user("old")), days_ago=500)
    write(logs, 6, ct.event("s3", "ListBuckets"), account=OTHER)
    cut = write(logs, 7, ct.event("s3", "ListBuckets", ct.user("cut")))
    cut.write_bytes(cut.read_bytes()[:-9])
    (logs / "notes.json.gz").write_bytes(b"not gzip")
    digest = Path(str(cut).replace("CloudTrail", "CloudTrail-Digest"))
    digest.parent.mkdir(parents=True)
    digest.write_bytes(b"a digest")
    return logs


def read(cwd: Path, *words: str) -> dict[str, Any]:
    done = run("evidence", "logs", "--account", ct.ACCOUNT, "--json", *words, cwd=cwd)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_files_are_read_once_and_what_is_passed_over_is_named(logs: Path, tmp_path: Path) -> None:
    said = run("evidence", "logs", "--account", ct.ACCOUNT, cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    words = " ".join(said.stdout.split())
    assert "read 4 log files with 7 calls" in words
    assert "not asked for 1 file of other times" in words
    assert "of others 1 file and 1 record of other accounts" in words
    assert "passed over 2 files and 1 record that are not as CloudTrail writes them" in words
    assert "it is cut short" in words
    assert "logs/notes.json.gz: it is no gzip file, or damaged" in words
    assert "a record: Expected `str`, got `int` - at `$.eventName`" in words
    assert "user/app 5 0 1 1" in words
    assert "\x1b" not in said.stdout
    again = read(tmp_path, "--days", "1")
    assert (again["files"], again["known"], again["failed"], again["calls"]) == (0, 4, 2, 0)
    write(logs, 8, ct.event("iam", "GetUser", ct.user("alice", mfa=True)))
    third = read(tmp_path)
    assert (third["files"], third["known"], third["calls"]) == (1, 4, 1)
    whole = read(tmp_path, "--folder", "elsewhere")
    assert whole["people"] == third["people"]
    assert [p["calls"] for p in whole["people"] if p["principal"].endswith("user/alice")] == [2]
    kept, fresh = (tmp_path / folder / ct.ACCOUNT for folder in ("plans/evidence", "elsewhere"))
    names = [sorted(path.name for path in folder.glob("*.gz")) for folder in (kept, fresh)]
    assert names[0] == names[1], "read at once or one after another, what is kept is the same"
    assert all(path.stat().st_mode & 0o077 == 0 for path in kept.iterdir())


def test_a_file_that_could_not_be_read_is_missed_until_it_is(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    write(logs, 1, ct.event("iam", "ListUsers"))
    path = write(logs, 2, ct.event("iam", "GetUser"))
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    (logs / "notes.json.gz").write_bytes(b"no log of CloudTrail's")
    read(tmp_path)
    assert unread(tmp_path) == [path.name]
    said = " ".join(run("evidence", "logs", "--account", ct.ACCOUNT, cwd=tmp_path).stdout.split())
    assert "missing 1 log file or region that could not be read: until they are, `least-privilege` narrows" in said
    path.write_bytes(whole)
    read(tmp_path)
    assert unread(tmp_path) == []


def unread(cwd: Path) -> list[str]:
    return list(Store(cwd / "plans/evidence", ct.ACCOUNT).unread)


def test_a_copy_of_a_file_under_another_path_counts_once(tmp_path: Path) -> None:
    path = write(tmp_path / "logs", 1, ct.event("s3", "ListBuckets"))
    (tmp_path / "logs" / "copy").mkdir()
    shutil.copy(path, tmp_path / "logs" / "copy" / path.name)
    for name in ("a", "b"):
        shutil.copy(write(tmp_path / "spare", 2, ct.event("iam", "ListUsers")), tmp_path / "logs" / f"{name}.json.gz")
    found = read(tmp_path)
    assert (found["files"], found["known"], found["calls"]) == (2, 2, 2)
    assert read(tmp_path)["known"] == 4


def test_sessions_of_a_role_lead_back_to_who_took_it(tmp_path: Path) -> None:
    taken = ct.assumed("deploy", "alice", "ASIA0000000000000001", ct.user("alice"))
    used = ct.event("s3", "ListBuckets", ct.session("deploy", "alice", "ASIA0000000000000001"))
    write(tmp_path / "logs", 1, taken, used)
    behind = {p["principal"].rpartition(":")[2]: p["behind"] for p in read(tmp_path)["people"]}
    assert behind == {"role/deploy": [ct.user("alice")["arn"]], "user/alice": []}
    assert "role/deploy  by user/alice" in run("evidence", "logs", cwd=tmp_path).stdout


@pytest.mark.parametrize(
    ("make", "words", "said"),
    [
        (lambda _: None, (), "logs is no folder"),
        (lambda logs: logs.mkdir(), (), "there is no log file of CloudTrail in logs"),
        (
            lambda logs: (write(logs, 1, ct.event("s3", "X")), write(logs, 2, ct.event("s3", "X"), account=OTHER)),
            (),
            "logs has log files of 2 accounts",
        ),
        (
            lambda logs: (logs.mkdir(), (logs / "x.json.gz").write_bytes(b"x")),
            (),
            "logs has no file whose name says of which account it is",
        ),
        (
            lambda logs: (logs.mkdir(), (logs / "x.json.gz").write_bytes(b"x")),
            ("--account", ct.ACCOUNT),
            "1 file could not be read, and there is no other",
        ),
        (lambda logs: logs.mkdir(), ("--account", "../other"), "../other is no account id"),
        (lambda logs: logs.mkdir(), ("--account", "1' OR '1'='1"), "1' OR '1'='1 is no account id"),
    ],
)
def test_what_cannot_be_read_ends_with_one_screen(make: Any, words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    make(tmp_path / "logs")
    done = run("evidence", "logs", *words, cwd=tmp_path)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_what_was_kept_and_changed_since_is_not_believed(tmp_path: Path) -> None:
    write(tmp_path / "logs", 1, ct.event("s3", "ListBuckets"))
    read(tmp_path)
    [week] = (tmp_path / "plans/evidence" / ct.ACCOUNT).glob("*.gz")
    content = bytearray(week.read_bytes())
    content[-1] ^= 1
    week.write_bytes(content)
    done = run("evidence", "logs", cwd=tmp_path)
    assert done.returncode == 1
    assert f"{week.relative_to(tmp_path)} cannot be used" in done.stderr
    assert "read the log files again" in done.stderr


def test_what_is_worth_a_look_says_why(tmp_path: Path) -> None:
    logs, app = tmp_path / "logs", ct.user("app")
    agent = f"{HOSTILE}{'x' * 300}/1"
    for day in (1, 2, 3):
        here = ct.event("s3", "ListBuckets", app, sourceIPAddress="198.51.100.7", userAgent=agent)
        write(logs, day, here, ct.event("s3", "ListBuckets", app, sourceIPAddress="192.0.2.1"), days_ago=day)
    text = run("evidence", "logs", "--account", ct.ACCOUNT, cwd=tmp_path, COLUMNS="80").stdout
    assert f"1  user/app, {app['accessKeyId']}" in text
    assert "3 hours with 2 or more at once of 2 unrelated networks: 192.0.0.0/16" in text
    assert max(map(len, text.splitlines())) <= 80
