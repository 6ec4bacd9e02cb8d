"""Plans that need an approval: signed, checked before the first call, refused with a way out, and shown."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer
from support.aws import Aws
from support.cli import run
from support.engine import Step, plan_of, step
from support.hostile import BREAKERS
from support.keys import key_file, new_key, trust_file
from support.latency import Calls, latency

from remediate.cli.apply import apply
from remediate.cli.approve import approve
from remediate.cli.plan import plan as make_plan
from remediate.cli.rollback import rollback
from remediate.cli.runs import runs
from remediate.cli.show import Format, show
from remediate.cli.work import SystemClock
from remediate.errors import BadInput, Refused, RemediateError
from remediate.model import Plan, Role
from remediate.signature import fingerprint, signed
from remediate.store import keys, signatures
from remediate.store.files import journal_path, rollback_path
from remediate.store.journal import Journal
from remediate.store.plans import load, save, sealed

FILE = Path("a.plan.json")
TRUSTED = Path("trusted-keys.yaml")
PAGES: tuple[Format, ...] = ("table", "markdown", "html")
STEPS = (step("iam.group", "ops", to={"path": "/"}), step("iam.group", "dev", to={"path": "/"}, needs=(1,)))


@pytest.fixture
def place(aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """A folder with Ana's key, which is trusted, and Mallory's, which is not."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REMEDIATE_STATE_DIR", str(tmp_path / ".state"))
    public = key_file(Path("ana"))
    key_file(Path("mallory"))
    trust_file(TRUSTED, {"Ana (security)": public})
    return aws


def saved(*steps: Step, **about: Any) -> Plan:
    plan = plan_of(*(steps or STEPS), **about)
    save(plan, FILE)
    return plan


def sign(plan: Plan, role: Role, key: str) -> None:
    """A signature as the key's owner could make it without this program, an hour after the plan."""
    owner = keys.load(Path(key), lambda: "")
    signatures.save(signed(plan, role, owner, plan.header.created + timedelta(hours=1)), FILE)


def groups(aws: Aws) -> set[str]:
    return {group["GroupName"] for group in aws.client("iam").list_groups()["Groups"]}


def refused(aws: Aws, *words: str) -> Calls:
    """`apply` says no, with these words, and what it has asked AWS until then."""
    with latency(aws.sandbox) as calls, pytest.raises(Refused) as refusal:
        apply(FILE, yes=True, require_signature=True)
    text = "\n".join([refusal.value.what, *refusal.value.details, refusal.value.remedy])
    for word in words:
        assert word in text
    assert groups(aws) == set()
    assert not journal_path(FILE).exists()
    return calls


# --- the way it goes ------------------------------------------------------------------------------------------------


def test_plan_approve_apply_and_roll_back(place: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """Mallory plans, Ana approves the plan and its rollback, each as its own."""
    make_plan(output=FILE, control=["password-policy"], key="mallory")
    plan = load(FILE)
    assert fingerprint(plan.header.planner) in capsys.readouterr().out
    approve(FILE, key="ana", yes=True)
    said = capsys.readouterr().out
    assert f"{len(plan.changes)} change" in said
    assert "Approved by Ana (security), " in said
    apply(FILE, yes=True, require_signature=True)
    assert "Approved by Ana (security), " in capsys.readouterr().err
    assert place.client("iam").get_account_password_policy()

    with pytest.raises(Refused, match="no trusted key has approved") as refusal:
        rollback(FILE, yes=True, require_signature=True)
    assert "remediate approve a.rollback.plan.json --key KEY" in refusal.value.remedy
    waiting = rollback_path(FILE).read_bytes()
    approve(rollback_path(FILE), key="ana", yes=True)
    rollback(FILE, yes=True, require_signature=True)
    assert rollback_path(FILE).read_bytes() == waiting  # what was approved is what was applied
    with pytest.raises(place.client("iam").exceptions.NoSuchEntityException):
        place.client("iam").get_account_password_policy()


def test_a_rollback_that_waits_is_written_anew_when_it_would_say_something_else(place: Aws) -> None:
    saved()
    apply(FILE, yes=True)
    for key in (None, "mallory"):  # from now on, somebody signs as its planner
        with pytest.raises(Refused):
            rollback(FILE, yes=True, key=key, require_signature=True)
        approve(rollback_path(FILE), key="ana", yes=True)
    assert load(rollback_path(FILE)).header.planner.startswith("ssh-ed25519 ")
    iam = place.client("iam")
    iam.create_user(UserName="zoe")
    iam.add_user_to_group(GroupName="dev", UserName="zoe")  # now the rollback leaves the group
    with pytest.raises(Refused, match="no trusted key has approved") as refusal:
        rollback(FILE, yes=True, key="mallory", require_signature=True)
    assert any("another plan" in line for line in refusal.value.details)
    assert len(load(rollback_path(FILE)).kept) == 1
    assert groups(place) == {"ops", "dev"}


def test_an_approved_plan_that_was_interrupted_goes_on_after_it_expired(place: Aws) -> None:
    plan = saved(created=datetime.now(UTC) - timedelta(hours=25))
    sign(plan, "approver", "ana")
    journal = Journal(journal_path(FILE), SystemClock().now, "arn:aws:iam::123456789012:user/tester")
    journal.add("start", plan=plan.digest)
    journal.add("intent", 1, "iam.group/ops")
    journal.close()
    apply(FILE, yes=True, require_signature=True)
    assert groups(place) == {"ops", "dev"}


# --- refused before the first call ----------------------------------------------------------------------------------


def test_nothing_is_called_without_an_approval(place: Aws) -> None:
    saved()
    calls = refused(place, "no trusted key has approved", "Ana (security)", "remediate approve a.plan.json --key KEY")
    assert calls.total == 0


def test_an_approval_by_an_untrusted_key(place: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    saved()
    approve(FILE, key="mallory", yes=True)
    assert "none of the trusted keys" in capsys.readouterr().out  # who approves is told at once
    assert refused(place, "none of the trusted keys").total == 0


def test_an_approval_replayed_on_another_plan(place: Aws) -> None:
    saved()
    approve(FILE, key="ana", yes=True)
    (approval,) = Path().glob("*.signature.json")
    saved(step("iam.group", "admins", to={"path": "/"}))
    assert approval.exists()
    assert refused(place, "another plan").total == 0


def test_a_plan_sealed_anew_in_another_order(place: Aws) -> None:
    """Whoever can write the file can seal it too; the approval is for what was read."""
    plan = saved()
    approve(FILE, key="ana", yes=True)
    turned = tuple(
        msgspec.structs.replace(change, id=n, needs=(1,) if n > 1 else ())
        for n, change in enumerate(reversed(plan.changes), start=1)
    )
    save(sealed(msgspec.structs.replace(plan, changes=turned)), FILE)
    assert refused(place, "another plan").total == 0


def test_a_plan_prolonged_after_its_approval(place: Aws) -> None:
    plan = saved(created=datetime.now(UTC) - timedelta(hours=25))
    with pytest.raises(Refused, match="expired"):
        approve(FILE, key="ana", yes=True)
    sign(plan, "approver", "ana")
    longer = msgspec.structs.replace(plan.header, expires=plan.header.expires + timedelta(days=7))
    save(sealed(msgspec.structs.replace(plan, header=longer)), FILE)
    assert refused(place, "another plan").total == 0


def test_an_approved_plan_is_not_applied_once_it_expired(place: Aws) -> None:
    sign(saved(created=datetime.now(UTC) - timedelta(hours=25)), "approver", "ana")
    assert refused(place, "expired").total == 0


def test_every_byte_of_the_approval_counts_to_apply(place: Aws) -> None:
    """Some of them; tests/store/test_signatures.py has all."""
    saved()
    approve(FILE, key="ana", yes=True)
    (path,) = Path().glob("*.signature.json")
    content = path.read_bytes()
    for offset in range(0, len(content), len(content) // 12):
        path.write_bytes(content[:offset] + bytes([content[offset] ^ 1]) + content[offset + 1 :])
        assert refused(place, "no trusted key has approved").total == 0


def test_the_planners_own_approval(place: Aws) -> None:
    make_plan(output=FILE, control=["password-policy"], key="ana")
    with latency(place.sandbox) as calls, pytest.raises(Refused, match="this key made the plan"):
        approve(FILE, key="ana", yes=True)
    assert calls.total == 0
    sign(load(FILE), "approver", "ana")  # past the command's own refusal
    assert refused(place, "the same person made the plan").total == 0
    next(Path().glob("a.planner-*")).unlink()
    assert refused(place, "not proven").total == 0


@pytest.mark.parametrize("mistake", ["approvers: []\n", "approvers: [{name: Ana, key: x}]\n", "{"])
@pytest.mark.parametrize("command", [apply, rollback])
def test_a_mistake_in_the_trusted_keys_is_said_before_any_call(place: Aws, command: Any, mistake: str) -> None:
    saved()
    TRUSTED.write_text(mistake)
    with latency(place.sandbox) as calls, pytest.raises(BadInput, match=r"trusted-keys\.yaml"):
        command(FILE, yes=True, require_signature=True)
    assert calls.total == 0


@pytest.mark.parametrize("command", [apply, rollback])
def test_without_a_file_of_trusted_keys_nobody_is_trusted(place: Aws, command: Any) -> None:
    saved()
    approve(FILE, key="ana", yes=True)
    TRUSTED.unlink()
    with latency(place.sandbox) as calls, pytest.raises(BadInput, match="No such file"):
        command(FILE, yes=True, require_signature=True)
    assert calls.total == 0


# --- keys in KMS ----------------------------------------------------------------------------------------------------


@pytest.fixture
def release(place: Aws) -> str:
    """A trusted key in KMS."""
    arn = str(place.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"])
    trust_file(TRUSTED, {"release key": arn})
    return arn


def test_a_key_in_kms_approves_and_is_asked_first(place: Aws, release: str, capsys: pytest.CaptureFixture[str]) -> None:
    saved()
    approve(FILE, key=release, yes=True)
    assert "KMS was not asked here" in capsys.readouterr().out
    with latency(place.sandbox) as calls:
        apply(FILE, yes=True, require_signature=True)
    assert next(iter(calls.by_operation)) == "Verify"
    assert calls.by_operation["Verify"] == 1
    assert "Approved by release key, " in capsys.readouterr().err
    assert groups(place) == {"ops", "dev"}


def test_what_kms_says_no_to_is_not_applied(place: Aws, release: str) -> None:
    saved()
    approve(FILE, key=release, yes=True)
    place.client("kms").disable_key(KeyId=release.rpartition("/")[2])
    assert refused(place, "release key: KMS cannot check it", "DisabledException").by_operation == {"Verify": 1}


def test_kms_is_not_asked_about_a_key_that_only_the_approval_names(place: Aws, release: str) -> None:
    saved()
    approve(FILE, key=release, yes=True)
    trust_file(TRUSTED, {"Ana": new_key().key})
    assert refused(place, "none of the trusted keys").total == 0


def test_a_planner_in_kms_does_not_approve(place: Aws, release: str) -> None:
    alias = release.rpartition(":")[0] + ":alias/release"
    place.client("kms").create_alias(AliasName="alias/release", TargetKeyId=release)
    make_plan(output=FILE, control=["password-policy"], key=alias)
    assert load(FILE).header.planner == release
    for name in (release, alias):
        with pytest.raises(Refused, match="this key made the plan"):
            approve(FILE, key=name, yes=True)
    ana = key_file(Path("ana2"))
    trust_file(TRUSTED, {"Ana": ana}, {"release key": release})
    approve(FILE, key="ana2", yes=True)
    apply(FILE, yes=True, require_signature=True)


# --- the real command line ------------------------------------------------------------------------------------------


def test_the_requirement_can_be_made_to_stay(place: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved()
    TRUSTED.rename("keys.yaml")
    monkeypatch.setenv("REMEDIATE_REQUIRE_SIGNATURE", "perhaps")
    assert run("apply", "a.plan.json", "--yes", cwd=tmp_path).returncode == 1
    monkeypatch.setenv("REMEDIATE_REQUIRE_SIGNATURE", "1")
    monkeypatch.setenv("REMEDIATE_TRUSTED_KEYS", "keys.yaml")
    done = run("apply", "a.plan.json", "--yes", cwd=tmp_path)
    assert done.returncode == 3
    assert "Ask one of: Ana (security)." in done.stderr
    done = run("approve", "a.plan.json", "--key", "ana", "--yes", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    done = run("apply", "a.plan.json", "--yes", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert groups(place) == {"ops", "dev"}


def test_where_a_signature_is_required_drift_corrects_nothing(place: Aws, tmp_path: Path) -> None:
    words = ("drift", "--correct", "--control", "password-policy")
    Path("all.yaml").write_text("extends: guidelines\nname: all\napprove: [neutral, additive, restrictive]\n")
    done = run(*words, "-p", "all.yaml", cwd=tmp_path, REMEDIATE_REQUIRE_SIGNATURE="1")
    assert done.returncode == 2, done.stderr
    assert "Nothing will be corrected" in done.stderr
    assert "Left to review" in done.stderr
    with pytest.raises(place.client("iam").exceptions.NoSuchEntityException):
        place.client("iam").get_account_password_policy()


def test_a_passphrase_is_asked_for_or_comes_from_the_environment(place: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    saved()
    key_file(Path("closed"), "open sesame")
    with pytest.raises(RemediateError, match="no terminal") as error:
        approve(FILE, key="closed", yes=True)
    assert "REMEDIATE_KEY_PASSPHRASE" in error.value.remedy
    monkeypatch.setenv("REMEDIATE_KEY_PASSPHRASE", "open says me")
    with pytest.raises(BadInput, match="does not open"):
        approve(FILE, key="closed", yes=True)
    assert not list(Path().glob("*.signature.json"))
    monkeypatch.setenv("REMEDIATE_KEY_PASSPHRASE", "open sesame")
    approve(FILE, key="closed", yes=True)
    files = [path for path in Path().rglob("*") if path.is_file()]
    assert not [path for path in files if b"open sesame" in path.read_bytes()]


def test_an_approval_needs_a_persons_word(place: Aws) -> None:
    saved()
    with pytest.raises(RemediateError, match="no terminal"):
        approve(FILE, key="ana")
    assert not list(Path().glob("*.signature.json"))


def test_an_altered_plan_is_not_approved(place: Aws) -> None:
    saved()
    FILE.write_bytes(FILE.read_bytes().replace(b"iam.group/ops", b"iam.group/opz", 1))
    with pytest.raises(RemediateError):
        approve(FILE, key="ana", yes=True)


# --- what is shown --------------------------------------------------------------------------------------------------


def test_who_approved_is_shown_everywhere(place: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    saved()
    approve(FILE, key="ana", yes=True)
    capsys.readouterr()
    for style in (*PAGES, "json"):
        show(FILE, style=style)
        assert "Approved by" in capsys.readouterr().out, style
    runs(Path())
    assert "Approved by Ana (security), " in capsys.readouterr().out
    runs(Path(), as_json=True)
    (row,) = json.loads(capsys.readouterr().out)
    assert row["signed"][0].startswith("Approved by Ana (security), ")
    runs(FILE)
    assert "Approved by Ana (security), " in capsys.readouterr().out
    runs(FILE, as_json=True)
    assert json.loads(capsys.readouterr().out)["signed"] == row["signed"]
    TRUSTED.unlink()
    show(FILE)
    assert "Approved by SHA256:" in capsys.readouterr().out
    with pytest.raises(BadInput, match=r"typo\.yaml"):
        show(FILE, trusted_keys=Path("typo.yaml"))


def test_who_does_not_sign_sees_nothing_new(place: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    saved()
    TRUSTED.write_text("a mistake that concerns nobody")
    show(FILE)
    runs(Path())
    assert "pprove" not in capsys.readouterr().out
    apply(FILE, yes=True)
    assert groups(place) == {"ops", "dev"}


@pytest.mark.usefixtures("place")
def test_a_hostile_name_is_inert_wherever_it_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    saved()
    public = key_file(Path("bob"))
    approve(FILE, key="bob", yes=True)
    Path("a.approver-0123456789ab.signature.json").write_text("<script>")
    capsys.readouterr()
    for name in [name for name in BREAKERS if name.strip()][::4]:
        trust_file(TRUSTED, {f"{name}<script>\x1b[2J": public})
        for style in PAGES:
            show(FILE, style=style)
            shown = capsys.readouterr().out
            assert all(line.isprintable() for line in shown.splitlines()), (name, style)
            if style == "html":
                assert shown.count("<script>") == 1  # the page's own
        for place in (Path(), FILE):
            runs(place)
            assert all(line.isprintable() for line in capsys.readouterr().out.splitlines()), (name, place)


# --- replay ---------------------------------------------------------------------------------------------------------


def test_a_copy_of_a_plan_that_was_applied_is_not_applied_again(place: Aws) -> None:
    """With its approval, and after a rollback: everything but the journal is as it was."""
    saved()
    approve(FILE, key="ana", yes=True)
    apply(FILE, yes=True, require_signature=True)
    rollback(FILE, yes=True)
    Path("elsewhere").mkdir()
    for path in [FILE, *Path().glob("a.*.signature.json")]:
        shutil.copy(path, "elsewhere")
    with latency(place.sandbox) as calls, pytest.raises(Refused):
        apply(Path("elsewhere") / FILE, yes=True, require_signature=True)
    with pytest.raises(Refused):
        apply(FILE, yes=True, require_signature=True)
    assert calls.total == 0
    assert groups(place) == set()


def test_a_plan_that_is_applied_is_said_to_be_and_nothing_is_called(place: Aws) -> None:
    saved()
    apply(FILE, yes=True)
    with latency(place.sandbox) as calls, pytest.raises(typer.Exit) as done:
        apply(FILE, yes=True)
    assert done.value.exit_code == 0
    assert calls.total == 0
