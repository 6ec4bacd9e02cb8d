"""What the store says when it refuses: the whole of it, what happened and what to do now."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from support.engine import plan_of, step
from support.keys import approve, key_file, new_key, trust_file

from remediate.errors import BadInput, RemediateError
from remediate.store import keys, plans, signatures, trust
from remediate.store.files import journal_path, private_folder
from remediate.store.journal import Journal, of_plan, read

PLAN = plan_of(step("iam.group", "ops", to={"path": "/"}))
NEW_KEY = "Make a key of your own: ssh-keygen -t ed25519 -f remediate.key."
RECORDS = "Put the journal back from your version control or backup; without it, make a new plan."
LOST = "Make room, or see to the disk; then run the same command again."
RIVALS = (
    "Make sure that no other run is at work, also not by another user or with another REMEDIATE_STATE_DIR; "
    "then run the same command again."
)
ROOM = "Check the folder's permissions and room."
OR_OUTPUT = "Check the folder's permissions and room, or use -o."
NO_FOLDER = "the folder {}/file cannot be made: Not a directory"
RESUMED = "Nothing more was sent. What was in hand is asked of the account when you go on."


def opened(folder: Path, *events: str) -> Journal:
    journal = Journal(folder / "a.journal.jsonl", lambda: datetime(2030, 1, 1, tzinfo=UTC), "arn:aws:iam::1:user/ana")
    for event in events:
        journal.add(event)  # type: ignore[arg-type]
    return journal


def journal_of(folder: Path) -> Path:
    opened(folder, "start", "end").close()
    return folder / "a.journal.jsonl"


def folder_in_a_file(folder: Path) -> None:
    (folder / "file").touch()
    private_folder(folder / "file", "Elsewhere.")


def plan_below_a_file(folder: Path) -> None:
    (folder / "file").touch()
    plans.save(PLAN, folder / "file" / "a.plan.json")


def plan_over_a_folder(folder: Path) -> None:
    (folder / "a.plan.json").mkdir()
    plans.save(PLAN, folder / "a.plan.json")


def signature_below_a_file(folder: Path) -> None:
    (folder / "file").touch()
    approve(PLAN, folder / "file" / "a.plan.json", new_key())


def journal_below_a_file(folder: Path) -> None:
    (folder / "file").touch()
    Journal(folder / "file" / "a.journal.jsonl", lambda: datetime(2030, 1, 1, tzinfo=UTC), "ana")


def plan_with_a_journal(folder: Path) -> None:
    plans.save(PLAN, folder / "a.plan.json")
    journal_path(folder / "a.plan.json").touch()
    plans.save(PLAN, folder / "a.plan.json")


def plan_that_is_not_there(folder: Path) -> None:
    plans.load(folder / "a.plan.json")


def plan_of_another_digest(folder: Path) -> None:
    path = folder / "a.plan.json"
    plans.save(PLAN, path)
    path.write_bytes(path.read_bytes().replace(b'"iam.group/ops"', b'"iam.group/dev"'))
    plans.load(path)


def plan_without_a_field(folder: Path) -> None:
    path = folder / "a.plan.json"
    plans.save(PLAN, path)
    path.write_bytes(path.read_bytes().replace(b'"changes"', b'"chances"'))
    plans.load(path)


def line_that_is_no_record(folder: Path) -> None:
    path = journal_of(folder)
    first, second = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + b"{}\n" + second)
    read(path)


def line_that_is_missing(folder: Path) -> None:
    path = journal_of(folder)
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[1] * 2)
    read(path)


def journal_swapped_for_a_copy(folder: Path) -> None:
    journal = opened(folder, "start")
    content = journal.path.read_bytes()
    journal.path.unlink()
    journal.path.write_bytes(content)
    journal.add("end")


def journal_written_by_another(folder: Path) -> None:
    journal = opened(folder, "start")
    with journal.path.open("ab") as other:
        other.write(b"\n")
    journal.add("end")


def journal_taken_away(folder: Path) -> None:
    journal = opened(folder, "start")
    journal.path.unlink()
    journal.add("end")


def key_that_is_not_there(folder: Path) -> None:
    keys.load(folder / "key", str)


def key_of_many_bytes(folder: Path) -> None:
    (folder / "key").write_bytes(b" " * (keys.MAX_BYTES + 1))
    keys.load(folder / "key", str)


def key_with_another_passphrase(folder: Path) -> None:
    key_file(folder / "key", "open sesame")
    keys.load(folder / "key", lambda: "open")


def key_that_is_text(folder: Path) -> None:
    (folder / "key").write_text("sesame")
    (folder / "key").chmod(0o600)
    keys.load(folder / "key", str)


def key_of_another_kind_with_a_passphrase(folder: Path) -> None:
    secret = BestAvailableEncryption(b"open sesame")
    curve = ec.generate_private_key(ec.SECP256R1())
    (folder / "key").write_bytes(curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret))
    (folder / "key").chmod(0o600)
    keys.load(folder / "key", lambda: "open sesame")


def trust_that_others_replace(folder: Path) -> None:
    path = trust_file(folder / "t.yaml", {"Ana": new_key().key})
    folder.chmod(0o777)
    trust.load(path)


def trust_that_is_no_mapping(folder: Path) -> None:
    path = folder / "t.yaml"
    path.write_text("[]")
    trust.load(path)


def trust_in_nobody(folder: Path) -> None:
    path = folder / "t.yaml"
    path.write_text("planners: []")
    trust.load(path)


ANOTHER = "somebody else has written it, or put another in its place"
REFUSALS: dict[Callable[[Path], None], tuple[str, list[str], str]] = {
    folder_in_a_file: (NO_FOLDER, [], "Elsewhere."),
    plan_below_a_file: (NO_FOLDER, [], OR_OUTPUT),
    plan_over_a_folder: ("{}/a.plan.json cannot be written: Is a directory", [], OR_OUTPUT),
    signature_below_a_file: (NO_FOLDER, [], ROOM),
    journal_below_a_file: (NO_FOLDER, [], f"Nothing was sent. {ROOM}"),
    plan_with_a_journal: (
        "{0}/a.plan.json holds a plan that was applied: its journal {0}/a.journal.jsonl stands beside it",
        [],
        "Give another name with -o.",
    ),
    plan_that_is_not_there: (
        "the plan {}/a.plan.json cannot be read: No such file or directory",
        [],
        "`remediate runs` lists the plans that are here.",
    ),
    plan_of_another_digest: (
        "{}/a.plan.json was altered after it was written: its digest does not fit its content",
        ["Nothing was read from or written to the account."],
        "Make a new plan: remediate plan",
    ),
    plan_without_a_field: (
        "{}/a.plan.json was altered after it was written: Object contains unknown field `chances`",
        ["Nothing was read from or written to the account."],
        "Make a new plan: remediate plan",
    ),
    line_that_is_no_record: (
        "the journal {}/a.journal.jsonl is not as it was written: line 2 is not a record",
        [],
        RECORDS,
    ),
    line_that_is_missing: (
        "the journal {}/a.journal.jsonl is not as it was written: line 1 does not follow the line before it",
        [],
        RECORDS,
    ),
    journal_swapped_for_a_copy: (f"the journal {{}}/a.journal.jsonl cannot be written: {ANOTHER}", [RESUMED], RIVALS),
    journal_written_by_another: (f"the journal {{}}/a.journal.jsonl cannot be written: {ANOTHER}", [RESUMED], RIVALS),
    journal_taken_away: (
        "the journal {}/a.journal.jsonl cannot be written: No such file or directory",
        [RESUMED],
        LOST,
    ),
    key_that_is_not_there: ("the key {}/key cannot be read: No such file or directory", [], NEW_KEY),
    key_of_many_bytes: ("{}/key is not a private key", [], NEW_KEY),
    key_that_is_text: ("{}/key is not a private key", [], NEW_KEY),
    key_of_another_kind_with_a_passphrase: ("the key {}/key is not an ed25519 key", [], NEW_KEY),
    key_with_another_passphrase: ("the passphrase does not open the key {}/key", [], "Try again."),
    trust_that_others_replace: (
        "others can replace the file of trusted keys {}/t.yaml: they can write its folder",
        [],
        "Take that from them: chmod go-w {}",
    ),
    trust_that_is_no_mapping: (
        "{}/t.yaml: a file of trusted keys is a mapping of keys to values",
        [],
        trust.REMEDY.replace("{", "{{").replace("}", "}}"),
    ),
    trust_in_nobody: (
        "{}/t.yaml:1: file of trusted keys: Object missing required field approvers",
        [],
        trust.REMEDY.replace("{", "{{").replace("}", "}}"),
    ),
}


@pytest.mark.parametrize("act", REFUSALS, ids=lambda act: act.__name__)
def test_a_refusal_is_said_in_full(act: Callable[[Path], None], tmp_path: Path) -> None:
    what, details, remedy = REFUSALS[act]
    with pytest.raises(RemediateError) as error:
        act(tmp_path)
    assert error.value.what == what.format(tmp_path)
    assert list(error.value.details) == details
    assert error.value.remedy == remedy.format(tmp_path)


def test_a_key_of_the_largest_size(tmp_path: Path) -> None:
    public = key_file(tmp_path / "key")
    with (tmp_path / "key").open("ab") as file:
        file.write(b"\n" * (keys.MAX_BYTES - file.tell()))
    assert public.startswith(keys.load(tmp_path / "key", str).key)


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives a file away")
def test_who_may_own_trusted_keys(tmp_path: Path) -> None:
    path = trust_file(tmp_path / "t.yaml", {"Ana": new_key().key})
    assert trust.load(path).approvers
    os.chown(path, 1, 1)
    with pytest.raises(BadInput) as error:
        trust.load(path)
    assert error.value.what == f"the file of trusted keys {path} belongs to another user (uid 1)"
    assert error.value.remedy == "It must belong to the user who applies plans, or to root."


def test_a_record_of_the_run_itself_is_about_no_change(tmp_path: Path) -> None:
    (record,) = opened(tmp_path, "start").records
    assert (record.change, record.address, record.plan) == (0, "", "")


def test_what_is_torn_off_is_counted(tmp_path: Path) -> None:
    path = journal_of(tmp_path)
    whole = path.stat().st_size
    path.write_bytes(path.read_bytes() + b'{"half')
    chain = read(path)
    assert (chain.size, chain.torn) == (whole, 6)


def test_a_signature_of_another_plan_hides_none_of_this_one(tmp_path: Path) -> None:
    file, other = tmp_path / "b.plan.json", tmp_path / "a.plan.json"
    for path in (file, other):
        plans.save(PLAN, path)
        approve(PLAN, path, new_key())
    mine, broken = signatures.beside(file)
    assert (len(mine), broken) == (1, [])
    (path,) = tmp_path.glob("b.*.signature.json")
    said = json.loads(path.read_bytes())
    assert path.read_text() == json.dumps(said, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    path.write_bytes(path.read_bytes().rstrip())
    assert signatures.beside(file) == ([], [f"{path.name}: altered after it was written"])


def test_a_journal_of_no_run_is_of_every_plan(tmp_path: Path) -> None:
    assert of_plan(tmp_path / "a.plan.json", PLAN.digest).records == []
