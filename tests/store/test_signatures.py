"""Signatures, keys and trusted keys on disk: nothing but what was written counts, and only what others cannot touch."""

import os
import stat
import subprocess
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from shutil import which

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from support.engine import plan_of, step
from support.hostile import BREAKERS
from support.keys import approve, key_file, new_key, trust_file

from remediate.approval import judge
from remediate.errors import BadInput
from remediate.render.error_text import error as screen
from remediate.signature import canonical, signed
from remediate.store import keys, signatures
from remediate.store.files import rollback_path
from remediate.store.plans import save
from remediate.store.trust import load as load_trust

PLAN = plan_of(step("iam.group", "ops", to={"path": "/"}))
FORMS = [PrivateFormat.PKCS8, PrivateFormat.OpenSSH]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.plan.json"
    save(PLAN, path)
    return path


def counting(file: Path) -> int:
    """How many signatures beside the plan are good."""
    found, _ = signatures.beside(file)
    return sum(not one.fault for one in judge(PLAN, found, None))


# --- signatures -----------------------------------------------------------------------------------------------------


def test_what_is_written_is_read_and_nobody_else_reads_it(file: Path) -> None:
    signature = approve(PLAN, file, new_key())
    assert signatures.beside(file) == ([signature], [])
    (path,) = file.parent.glob("*.signature.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_every_byte_of_an_approval_counts(file: Path) -> None:
    approve(PLAN, file, new_key())
    (path,) = file.parent.glob("*.signature.json")
    content = path.read_bytes()
    assert counting(file) == 1
    for offset in range(len(content)):
        for flip in (0x01, 0x20):
            path.write_bytes(content[:offset] + bytes([content[offset] ^ flip]) + content[offset + 1 :])
            assert counting(file) == 0, (offset, flip)
    for length in range(len(content)):
        path.write_bytes(content[:length])
        assert counting(file) == 0, length
    for more in (b" ", b"\n", b"{}", b"\0"):
        path.write_bytes(content + more)
        assert counting(file) == 0, more


@pytest.mark.parametrize("content", [b"", b"null", b"{}", b"\xff", b'{"key": "\xff"}', b"[" * 60_000])
def test_what_is_no_signature_is_named_and_hides_no_other(file: Path, content: bytes) -> None:
    approve(PLAN, file, new_key())
    (path,) = file.parent.glob("*.signature.json")
    path.with_name("a.approver-0123456789ab.signature.json").write_bytes(content)
    found, broken = signatures.beside(file)
    assert len(found) == 1
    assert broken == ["a.approver-0123456789ab.signature.json: not a signature"]


def test_what_only_has_the_name_of_a_signature_is_passed_over(file: Path) -> None:
    """A folder, and a file of no approver's."""
    (file.parent / "a.approver-0123456789ab.signature.json").mkdir()
    (file.parent / "a.signature.json").write_text("{}")
    assert signatures.beside(file) == ([], [])


def test_approvals_of_many_stand_beside_each_other(file: Path) -> None:
    for _ in range(3):
        approve(PLAN, file, new_key())
    assert counting(file) == 3


def test_a_rollbacks_approvals_are_its_own(file: Path) -> None:
    save(PLAN, rollback_path(file))
    approve(PLAN, rollback_path(file), new_key())
    assert signatures.beside(file) == ([], [])
    assert counting(rollback_path(file)) == 1


@pytest.mark.parametrize("name", ["[a]*?.plan.json", "mine.json", ".plan.json", "a b.plan.json", "a\nb.plan.json"])
def test_any_name_of_a_plan(tmp_path: Path, name: str) -> None:
    save(PLAN, tmp_path / name)
    approve(PLAN, tmp_path / name, new_key())
    assert counting(tmp_path / name) == 1


def test_a_planner_and_an_approver_may_be_one_key_in_two_files(file: Path) -> None:
    key = new_key()
    approve(PLAN, file, key)
    signatures.save(signed(PLAN, "planner", key, PLAN.header.created + timedelta(hours=1)), file)
    assert {one.role for one in signatures.beside(file)[0]} == {"planner", "approver"}


# --- private keys ---------------------------------------------------------------------------------------------------


def never() -> str:
    raise AssertionError("nobody is to be asked")


@pytest.mark.parametrize("form", FORMS)
def test_a_key_as_openssl_or_ssh_keygen_writes_it(tmp_path: Path, form: PrivateFormat) -> None:
    public = key_file(tmp_path / "ana", form=form)
    assert keys.load(tmp_path / "ana", never).key == canonical(public)


@pytest.mark.parametrize("form", FORMS)
def test_blank_lines_around_a_key_are_no_part_of_it(tmp_path: Path, form: PrivateFormat) -> None:
    """As secrets come out of a vault."""
    file = tmp_path / "ana"
    public = key_file(file, form=form)
    file.write_bytes(b"\n \n" + file.read_bytes() + b"\n\n")
    assert keys.load(file, never).key == canonical(public)


@pytest.mark.parametrize("form", FORMS)
def test_a_key_with_a_passphrase(tmp_path: Path, form: PrivateFormat) -> None:
    if form is PrivateFormat.OpenSSH and not find_spec("bcrypt"):
        pytest.skip("OpenSSH's encrypted form needs bcrypt")
    public = key_file(tmp_path / "ana", "open sesame", form)
    assert keys.load(tmp_path / "ana", lambda: "open sesame").key == canonical(public)
    for wrong in ("", "open", "ö"):
        with pytest.raises(BadInput, match="passphrase does not open") as error:
            keys.load(tmp_path / "ana", lambda wrong=wrong: wrong)  # type: ignore[misc]
        assert "sesame" not in str(error.value)


@pytest.mark.skipif(not which("ssh-keygen"), reason="no ssh-keygen here")
def test_a_key_of_ssh_keygen_itself(tmp_path: Path) -> None:
    for name, passphrase in (("plain", ""), ("closed", "open sesame")):
        words = "ssh-keygen -q -t ed25519 -C ana@example.com -N".split()
        subprocess.run([*words, passphrase, "-f", tmp_path / name], check=True)
    assert keys.load(tmp_path / "plain", never).key == canonical((tmp_path / "plain.pub").read_text())
    if find_spec("bcrypt"):
        assert keys.load(tmp_path / "closed", lambda: "open sesame").key
    else:
        with pytest.raises(BadInput, match="bcrypt") as error:
            keys.load(tmp_path / "closed", lambda: "open sesame")
        assert "openssl genpkey" in error.value.remedy


@pytest.mark.parametrize("others", [0o640, 0o604, 0o660, 0o622, 0o777])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, others: int) -> None:
    key_file(tmp_path / "ana")
    (tmp_path / "ana").chmod(others)
    with pytest.raises(BadInput, match="others can read") as error:
        keys.load(tmp_path / "ana", never)
    assert "chmod 600" in error.value.remedy


def _pem(private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not a private key"),
        (b"ssh-ed25519 AAAA ana@example.com", "is not a private key"),
        (b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", "is not a private key"),
        (b"\xff" * 100, "is not a private key"),
        (b"x" * 70_000, "is not a private key"),
        (_pem(ec.generate_private_key(ec.SECP256R1())), "is not an ed25519 key"),
        (_pem(rsa.generate_private_key(65537, 2048)), "is not an ed25519 key"),
    ],
    ids=["empty", "public", "torn", "bytes", "long", "ecdsa", "rsa"],
)
def test_what_is_no_key_says_how_to_make_one(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "ana").write_bytes(content)
    (tmp_path / "ana").chmod(0o600)
    with pytest.raises(BadInput, match=said) as error:
        keys.load(tmp_path / "ana", never)
    assert "ssh-keygen -t ed25519" in error.value.remedy


def test_a_key_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(BadInput) as error:
            keys.load(path, never)
        assert "ssh-keygen" in error.value.remedy


# --- trusted keys ---------------------------------------------------------------------------------------------------

KEY = new_key().key
KMS = "arn:aws:kms:eu-west-1:111122223333:key/mrk-1234abcd"
MISTAKES: dict[str, tuple[str, int, str]] = {
    "no approvers": ("planners: []\n", 1, "missing required field approvers"),
    "nobody": ("# nobody yet\napprovers: []\n", 2, "approvers: Expected array of length >= 1"),
    "a list": ("- ana\n", 0, "is a mapping of keys to values"),
    "not yaml": ("approvers: [\n", 0, "not YAML"),
    "a key misspelled": ("approvers:\n  - name: Ana\n    kee: x\n", 3, "Did you mean key?"),
    "no key": ("approvers:\n  - name: Ana\n", 2, "missing required field key"),
    "no name": (f"approvers:\n  - key: {KEY}\n", 2, "missing required field name"),
    "an empty name": (f"approvers:\n  - key: {KEY}\n    name: ' '\n", 3, "a name says whose key it is"),
    "half a character": (f'approvers:\n  - key: {KEY}\n    name: "\\ud800"\n', 3, "half a character"),
    "a name that is a number": (f"approvers:\n  - name: 7\n    key: {KEY}\n", 2, "Expected str, got int"),
    "a torn key": (f"approvers:\n  - name: Ana\n    key: {KEY[:-5]}\n", 3, "not an ed25519 public key"),
    "an rsa key": ("approvers:\n  - name: Ana\n    key: ssh-rsa AAAA\n", 3, "not an ed25519 public key"),
    "an alias": (f"approvers:\n  - name: Ana\n    key: {KMS.replace('key/', 'alias/')}\n", 3, "an alias can be moved"),
    "a key twice": (
        f"approvers:\n  - name: Ana\n    key: {KEY}\n  - name: Bob\n    key: {KEY} bob\n",
        5,
        "the key of Ana stands here again",
    ),
    "a planner's key": (
        f"approvers:\n  - name: Ana\n    key: {KEY}\nplanners:\n  - name: Bob\n    key: x\n",
        6,
        "planners[0].key",
    ),
    "a name twice in one entry": (
        f"approvers:\n  - name: Ana\n    name: Bob\n    key: {KEY}\n",
        3,
        "stands here twice",
    ),
    "an unknown part": (f"approvers:\n  - {{name: Ana, key: {KEY}}}\napprover: []\n", 3, "Did you mean approvers?"),
}


@pytest.mark.parametrize(("text", "line", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_said_at_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    path = tmp_path / "trusted-keys.yaml"
    path.write_text(text)
    path.chmod(0o644)
    with pytest.raises(BadInput) as error:
        load_trust(path)
    shown = screen(error.value, colour=False)
    assert said in shown
    assert f"{path}:{line}:" in shown if line else str(path) in shown
    assert error.value.remedy
    assert "playbook" not in shown


NAMES_APPROVERS = "It names approvers, each with a name and a key: approvers: [{name: Ana, key: ssh-ed25519 AAAA…}]"
SAID = {
    "not a list": ("approvers: 3", "1: approvers: Expected array, got int", NAMES_APPROVERS),
    "half a character": (
        'approvers:\n- name: "\\uDFFF"\n  key: x',
        r"2: half a character (a surrogate, such as \ud800), which no file can hold",
        "Mend that line.",
    ),
    "no name": (
        "approvers:\n- name: ' '\n  key: x",
        "2: approvers[0].name: a name says whose key it is",
        NAMES_APPROVERS,
    ),
    "no key": (
        "approvers:\n- name: Ana\n  key: x",
        "3: approvers[0].key: "
        "not an ed25519 public key as ssh-keygen writes it (ssh-ed25519 AAAA…), nor a KMS key's ARN",
        "Copy the line that ssh-keygen wrote to the .pub file.",
    ),
    "twice": (
        f"approvers:\n- name: Ana\n  key: {KEY}\n- name: Bob\n  key: {KEY}",
        "5: approvers[1].key: the key of Ana stands here again",
        "Mend that line.",
    ),
}


@pytest.mark.parametrize(("text", "what", "remedy"), SAID.values(), ids=SAID)
def test_a_mistake_is_said_in_full(tmp_path: Path, text: str, what: str, remedy: str) -> None:
    path = tmp_path / "trusted-keys.yaml"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(BadInput) as error:
        load_trust(path)
    assert error.value.what == f"{path}:{what}"
    assert error.value.remedy == remedy


def test_keys_are_taken_as_ssh_keygen_writes_them(tmp_path: Path) -> None:
    path = trust_file(tmp_path / "t.yaml", {"Ana (security)": f"{KEY} ana@example.com", "release": KMS}, {"Bob": KEY})
    trust = load_trust(path)
    assert [(t.name, t.key) for t in trust.approvers] == [("Ana (security)", KEY), ("release", KMS)]
    assert [(t.name, t.key) for t in trust.planners] == [("Bob", KEY)]


def test_any_name_is_shown_harmless(tmp_path: Path) -> None:
    for name in BREAKERS:
        trust_file(tmp_path / "t.yaml", {name: "not a key", f"{name}2": KEY})
        with pytest.raises(BadInput) as error:
            load_trust(tmp_path / "t.yaml")
        assert all(line.isprintable() for line in screen(error.value, colour=False).splitlines()), name
    names = list(dict.fromkeys(name for name in BREAKERS if name.strip()))
    hostile = trust_file(tmp_path / "t.yaml", {name: new_key().key for name in names})
    assert [t.name for t in load_trust(hostile).approvers] == names


@pytest.mark.parametrize("mode", [0o666, 0o664, 0o620, 0o602])
def test_what_others_can_write_is_not_trusted(tmp_path: Path, mode: int) -> None:
    path = trust_file(tmp_path / "t.yaml", {"Ana": KEY})
    path.chmod(mode)
    with pytest.raises(BadInput, match="others can write") as error:
        load_trust(path)
    assert "chmod go-w" in error.value.remedy


def test_what_others_can_replace_is_not_trusted(tmp_path: Path) -> None:
    path = trust_file(tmp_path / "t.yaml", {"Ana": KEY})
    link = tmp_path / "link" / "t.yaml"
    link.parent.mkdir(mode=0o700)
    link.symlink_to(path)
    tmp_path.chmod(0o775)
    for name in (path, link):
        with pytest.raises(BadInput, match="others can replace"):
            load_trust(name)
    tmp_path.chmod(0o1777)  # as /tmp: nobody replaces a file of somebody else
    assert load_trust(path).approvers


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives a file away")
def test_what_belongs_to_another_user_is_not_trusted(tmp_path: Path) -> None:
    path = trust_file(tmp_path / "t.yaml", {"Ana": KEY})
    os.chown(path, 12345, -1)
    with pytest.raises(BadInput, match="belongs to another user"):
        load_trust(path)


def test_a_file_of_trusted_keys_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file") as error:
        load_trust(tmp_path / "none.yaml")
    assert "--trusted-keys" in error.value.remedy


def test_without_its_cipher_a_key_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """bcrypt, which opens a passphrase of ssh-keygen, is a package of its own."""

    def missing(*_: object, **__: object) -> bytes:
        raise UnsupportedAlgorithm("Need bcrypt module")  # as cryptography does without it

    key = ed25519.Ed25519PrivateKey.generate()
    path = tmp_path / "key"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, BestAvailableEncryption(b"pass")))
    path.chmod(0o600)
    monkeypatch.setattr("cryptography.hazmat.primitives.serialization.ssh._bcrypt_kdf", missing)
    with pytest.raises(BadInput, match="cannot be opened") as caught:
        keys.load(path, lambda: "pass")
    assert "pip install bcrypt" in caught.value.remedy


def test_a_signature_that_is_too_large_is_named(file: Path) -> None:
    approve(PLAN, file, new_key())
    (path,) = file.parent.glob("*.signature.json")
    path.write_bytes(path.read_bytes().ljust(signatures.MAX_BYTES + 1))
    found, broken = signatures.beside(file)
    assert found == []
    assert broken == [f"{path.name}: cannot be read: it is larger than {signatures.MAX_BYTES:,} bytes"]
