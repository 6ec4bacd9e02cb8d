"""Plan files: nothing but what was written is read back, and nobody else can read it."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from support.engine import Step, plan_of, step
from support.stress import STRESS

from remediate.errors import BadInput, Refused, RemediateError
from remediate.model import Plan, at
from remediate.store.files import journal_path, origin_path, private_folder, rollback_path, write_new
from remediate.store.history import history
from remediate.store.plans import encode, load, save, sealed

STRIDE = 1 if STRESS else 23
"""How far apart the bytes are that are tried: every one, or a sample that shares no factor with the layout's."""

SMALL = (step("iam.group", "ops", to={"path": "/"}), step("iam.group_member", "ops", "zoë", to="member", needs=(1,)))


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "a.plan.json"
    save(plan_of(*SMALL), path)
    return path


def test_what_is_written_is_read(tmp_path: Path) -> None:
    plan = plan_of(*SMALL)
    save(plan, tmp_path / "a.plan.json")
    assert load(tmp_path / "a.plan.json") == plan
    written = (tmp_path / "a.plan.json").read_bytes()
    assert written == encode(plan)
    one_value_a_line = json.dumps(json.loads(written), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert written.decode() == one_value_a_line


def test_every_byte_counts(written: Path) -> None:
    content = written.read_bytes()
    for offset in sorted({*range(0, len(content), STRIDE), len(content) - 1}):
        for flip in (0x01, 0x20):
            written.write_bytes(content[:offset] + bytes([content[offset] ^ flip]) + content[offset + 1 :])
            with pytest.raises(RemediateError) as refusal:
                load(written)
            assert refusal.value.exit_code in (1, 3)
            assert refusal.value.remedy


def test_every_byte_of_a_large_plan_sampled(tmp_path: Path) -> None:
    plan = plan_of(*(Step(at("iam.user_tag", f"user{n}", "team"), None, "x" * (n % 50)) for n in range(400)))
    path = tmp_path / "large.plan.json"
    save(plan, path)
    content = path.read_bytes()
    for offset in range(0, len(content), len(content) // 150):
        path.write_bytes(content[:offset] + bytes([content[offset] ^ 0x04]) + content[offset + 1 :])
        with pytest.raises(RemediateError):
            load(path)


def test_every_length(written: Path) -> None:
    content = written.read_bytes()
    for length in sorted({*range(0, len(content), STRIDE), len(content) - 1}):
        written.write_bytes(content[:length])
        with pytest.raises(RemediateError):
            load(written)
    for more in (b" ", b"\n", b"{}", b"\0"):
        written.write_bytes(content + more)
        with pytest.raises(RemediateError):
            load(written)


def altered(written: Path, edit: Any) -> None:
    value = json.loads(written.read_bytes())
    edit(value)
    written.write_bytes(json.dumps(value).encode())


@pytest.mark.parametrize(
    "edit",
    [
        lambda plan: plan["changes"].reverse(),
        lambda plan: plan["changes"].pop(),
        lambda plan: plan["changes"].append(plan["changes"][0]),
        lambda plan: plan["changes"][1].update(needs=[]),
        lambda plan: plan["changes"][0].update(after={"path": "/x/"}),
        lambda plan: plan["header"].update(expires="2999-01-01T00:00:00Z"),
        lambda plan: plan["header"].update(account="999988887777"),
        lambda plan: plan["changes"][0].update(more=1),
        lambda plan: plan.pop("checks"),
        lambda plan: plan.update(digest=""),
        lambda _: None,  # the same content, written by something else
    ],
)
def test_an_edited_plan_is_refused(written: Path, edit: Any) -> None:
    altered(written, edit)
    with pytest.raises(Refused, match="altered"):
        load(written)


@pytest.mark.parametrize("place", [b'"playbook": "', b'"address": "', b'"why": "'])
def test_text_that_is_no_utf_8_is_refused(written: Path, place: bytes) -> None:
    content = written.read_bytes()
    assert place in content
    written.write_bytes(content.replace(place, place + b"\xff", 1))
    with pytest.raises(Refused, match="altered"):
        load(written)


@pytest.mark.parametrize("newer", [2, 99, 0])
def test_another_format_is_refused(written: Path, newer: int) -> None:
    altered(written, lambda plan: plan.update(format=newer, something_new=[1]))
    with pytest.raises(Refused, match=f"has format {newer}") as refusal:
        load(written)
    assert refusal.value.remedy == "Apply it with the version of remediate that wrote it, or make a new plan."


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 40,
        b"null",
        b"[]",
        b"{}",
        b"changes: []",
        b'{"format": "1"}',
        b"\xff\xfe",
        b"[" * 200_000,
        b'{"\xff": 1}',
    ],
    ids=["empty", "zeros", "null", "list", "object", "yaml", "text", "utf16", "deep", "name"],
)
def test_what_is_no_plan(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "no.plan.json"
    path.write_bytes(content)
    with pytest.raises(BadInput, match="is not a plan"):
        load(path)


def test_a_plan_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file"):
        load(tmp_path / "none.plan.json")
    with pytest.raises(BadInput, match="directory"):
        load(tmp_path)


def test_only_the_owner_can_read(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        save(plan_of(*SMALL), tmp_path / "x" / "y" / "a.plan.json")
    finally:
        os.umask(old)
    assert mode(tmp_path / "x") == mode(tmp_path / "x" / "y") == 0o700
    assert mode(tmp_path / "x" / "y" / "a.plan.json") == 0o600
    assert [p.name for p in (tmp_path / "x" / "y").iterdir()] == ["a.plan.json"]  # no draft is left


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_symlink_is_replaced_and_never_written_through(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "a.plan.json"
    target.write_text("precious")
    link.symlink_to(target)
    save(plan_of(*SMALL), link)
    assert target.read_text() == "precious"
    assert not link.is_symlink()


def test_a_draft_that_somebody_else_made_is_not_written_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, draft = tmp_path / "target", tmp_path / f".a.json.{os.getpid()}.new"
    target.write_text("precious")
    draft.symlink_to(target)
    write_new(tmp_path / "a.json", b"x")
    assert target.read_text() == "precious"
    assert mode(tmp_path / "a.json") == 0o600
    draft.symlink_to(target)
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)  # it comes after the draft was looked for
    with pytest.raises(BadInput, match="File exists"):
        write_new(tmp_path / "a.json", b"y")
    assert target.read_text() == "precious"


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    for path in (blocked / "a.plan.json", blocked / "deep" / "a.plan.json", Path("/proc/none/a.plan.json")):
        with pytest.raises(BadInput) as error:
            save(plan_of(*SMALL), path)
        assert error.value.remedy
    with pytest.raises(BadInput):
        private_folder(blocked)
    (tmp_path / "taken.plan.json").mkdir()
    with pytest.raises(BadInput, match="cannot be written") as error:
        save(plan_of(*SMALL), tmp_path / "taken.plan.json")
    assert error.value.remedy
    assert not list(tmp_path.glob(".*"))


def test_a_plan_that_was_applied_is_not_overwritten(written: Path) -> None:
    journal_path(written).write_bytes(b"")
    with pytest.raises(BadInput, match="was applied"):
        save(plan_of(*SMALL), written)


def test_names_beside_a_plan() -> None:
    assert journal_path(Path("plans/a.plan.json")) == Path("plans/a.journal.jsonl")
    assert rollback_path(Path("plans/a.plan.json")) == Path("plans/a.rollback.plan.json")
    assert journal_path(Path("mine.json")) == Path("mine.journal.jsonl")
    for name, origin in (("a.rollback", "a"), ("a.rollback.rollback", "a.rollback"), ("a", None), ("rollback", None)):
        found = origin_path(Path(f"plans/{name}.plan.json"))
        assert found == (Path(f"plans/{origin}.plan.json") if origin else None)


def test_the_same_plan_has_the_same_bytes() -> None:
    plan = plan_of(*SMALL)
    assert encode(plan) == encode(sealed(plan))
    assert list(json.loads(encode(plan))) == sorted(json.loads(encode(plan)))


def test_history_names_what_is_broken_and_lists_the_rest(written: Path) -> None:
    (written.parent / "broken.plan.json").write_text("{}")
    found, broken = history(written.parent)
    assert [Path(past.path).name for past in found] == ["a.plan.json"]
    assert len(broken) == 1
    assert history(written.parent / "none") == ([], [])


def test_a_plan_is_not_changed_by_being_read(written: Path) -> None:
    plan: Plan = load(written)
    assert encode(plan) == written.read_bytes()
