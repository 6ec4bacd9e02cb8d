"""Playbooks: what is read, what is merged, and what is refused with file, line and a way out."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from remediate.controls import CONTROLS, SETTINGS, chosen, groups, password_policy, unused_credentials
from remediate.errors import BadInput
from remediate.model import Exemption, Matcher
from remediate.playbook import Playbook, yaml_lines
from remediate.playbook.load import load, shipped_folder
from remediate.playbook.yaml_lines import read_yaml


def written(folder: Path, text: str, name: str = "mine.yaml") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def read(folder: Path, text: str) -> Playbook:
    return load(written(folder, text), SETTINGS)


BEYOND = {name for name, control in CONTROLS.items() if not control.guideline} | {"key-rotation"}
"""What the guidelines do not ask for: their playbook switches it off by name. G2 does not ask for new keys."""


LEFT_OUT = {"guidelines": BEYOND, "security-hub": {"central-root-access"}}
"""What a shipped playbook does not switch on: Security Hub has no control for central root access."""


@pytest.mark.parametrize("name", sorted(p.stem for p in shipped_folder().glob("*.yaml")))
def test_every_shipped_playbook_loads_with_every_control(name: str) -> None:
    playbook = load(name, SETTINGS)
    assert playbook.name == name
    assert playbook.description
    assert playbook.controls.keys() == CONTROLS.keys() - LEFT_OUT.get(name, set())
    assert all(isinstance(playbook.controls[c], SETTINGS[c]) for c in playbook.controls)


def test_the_default_playbook_says_what_the_defaults_are() -> None:
    for control, settings in load("guidelines", SETTINGS).controls.items():
        assert settings == SETTINGS[control](), control


def test_the_default_playbook_names_what_it_leaves_out() -> None:
    raw, _ = read_yaml(shipped_folder() / "guidelines.yaml")
    controls = raw["controls"]
    assert isinstance(controls, dict)
    assert {name for name, settings in controls.items() if settings is False} == BEYOND


def test_a_short_playbook(tmp_path: Path) -> None:
    playbook = read(tmp_path, "controls: {groups: }\n")
    assert playbook == Playbook(name="mine", controls={"groups": groups.Settings()})


def test_extends_merges_key_by_key_and_replaces_lists(tmp_path: Path) -> None:
    written(tmp_path, """
name: base
description: of the base
principals: {applications: [{path: /apps/*}, {name: svc-*}], people: [{path: /people/*}]}
controls:
  password-policy: {minimum_length: 12, symbols: false}
  groups: true
  unused-credentials: {idle_days: 45}
""", "base.yaml")  # fmt: skip
    playbook = read(tmp_path, """
extends: base.yaml
principals: {applications: [{path: /robots/*}]}
controls:
  password-policy: {minimum_length: 14}
  groups: false
""")  # fmt: skip
    assert (playbook.name, playbook.description) == ("mine", "of the base")
    assert playbook.principals.applications == (Matcher(path="/robots/*"),)
    assert playbook.principals.people == (Matcher(path="/people/*"),)
    assert playbook.controls == {
        "password-policy": password_policy.Settings(minimum_length=14, symbols=False),
        "unused-credentials": unused_credentials.Settings(idle_days=45),
    }


def test_extends_a_shipped_one_through_several_folders(tmp_path: Path) -> None:
    (tmp_path / "team").mkdir()
    written(tmp_path, "extends: guidelines\nvalid_hours: 2\n", "company.yaml")
    playbook = load(written(tmp_path / "team", "extends: ../company.yaml\ncontrols: {trail: false}\n"), SETTINGS)
    assert playbook.valid_hours == 2
    assert set(playbook.controls) == set(CONTROLS) - BEYOND - {"trail"}


def test_true_takes_the_defaults_even_over_a_base(tmp_path: Path) -> None:
    written(tmp_path, "controls: {password-policy: {minimum_length: 30}}", "base.yaml")
    assert read(tmp_path, "extends: base.yaml\ncontrols: {password-policy: true}").controls == {
        "password-policy": password_policy.Settings()
    }


def test_false_is_switched_on_again_above(tmp_path: Path) -> None:
    written(tmp_path, "controls: {groups: false}", "base.yaml")
    assert "groups" in read(tmp_path, "extends: base.yaml\ncontrols: {groups: {path: /x/}}").controls


def test_exemptions_are_read_with_their_dates(tmp_path: Path) -> None:
    playbook = read(tmp_path, """
exemptions:
  - match: {tag: {"remediate:exempt": "*"}}
    controls: [groups]
    owner: security@example.com
    reason: break-glass
    expires: 2027-06-30
""")  # fmt: skip
    assert playbook.exemptions == (
        Exemption(
            match=Matcher(tag={"remediate:exempt": "*"}), controls=("groups",), owner="security@example.com",
            reason="break-glass", expires=date(2027, 6, 30),
        ),
    )  # fmt: skip


EXEMPTION = "exemptions:\n  - match: {name: x}\n    owner: o\n    reason: r\n    expires: "
REFUSED: Mapping[str, tuple[str, str, str]] = {
    # what is wrong: the text, what the message says, and what the remedy says
    "unknown key": ("name: x\nvalid_hour: 3\n", "mine.yaml:2: valid_hour: unknown key valid_hour", "mean valid_hours?"),
    "unknown key of a control": (
        "controls:\n  password-policy:\n    symbols: true\n    minimum_lenght: 8\n",
        "mine.yaml:4: controls.password-policy.minimum_lenght: unknown key",
        "mean minimum_length?",
    ),
    "unknown key of an exemption": (
        "exemptions:\n  - match: {name: x}\n    ownr: o\n    reason: r\n    expires: 2027-01-01\n",
        "mine.yaml:3: exemptions[0].ownr",
        "mean owner?",
    ),
    "unknown key of a matcher": (
        "principals:\n  people:\n    - name: x\n    - tags: {a: b}\n",
        "mine.yaml:4: principals.people[1].tags",
        "mean tag?",
    ),
    "unknown control": (
        "controls:\n  group: true\n",
        "mine.yaml:2: controls.group: there is no control group",
        "mean groups?",
    ),
    "a merge key": ("controls:\n  <<: {}\n", "mine.yaml:2:", ""),
    "wrong type": ("valid_hours: soon\n", "mine.yaml:1: valid_hours: Expected int, got str", ""),
    "wrong type of a control": ("controls:\n  groups: often\n", "mine.yaml:2: controls.groups: Expected object", ""),
    "a number that is true": ("controls:\n  groups: 1\n", "mine.yaml:2: controls.groups: Expected object", ""),
    "a number that is false": ("controls:\n  groups: 0\n", "mine.yaml:2: controls.groups: Expected object", ""),
    "text for a number in a control": (
        "controls:\n  unused-credentials:\n\n    idle_days: '90'\n",
        "mine.yaml:4: controls.unused-credentials.idle_days: Expected int",
        "",
    ),
    "text for a list": ("approve: neutral\n", "mine.yaml:1: approve: Expected array", ""),
    "unknown risk": ("approve: [neutral, harmles]\n", "mine.yaml:1: approve[1]: Invalid enum value", ""),
    "reuse of 25": (
        "controls:\n  password-policy:\n    reuse_prevention: 25\n",
        "mine.yaml:3: controls.password-policy.reuse_prevention: Expected int <= 24",
        "",
    ),
    "expiry of 0": (
        "controls:\n  password-policy:\n    expire_days: 0\n",
        "mine.yaml:3: controls.password-policy.expire_days: Expected int >= 1",
        "",
    ),
    "share of 2": ("limits:\n  share: 2\n", "mine.yaml:2: limits.share: Expected float <= 1", ""),
    "share of nothing": ("limits:\n  share: .nan\n", "mine.yaml:2: limits.share", ""),
    "share of everything": ("limits:\n  share: .inf\n", "mine.yaml:2: limits.share: Expected float <= 1", ""),
    "valid for ever": ("valid_hours: 169\n", "mine.yaml:1: valid_hours: Expected int <= 168", ""),
    "a number beyond all bounds": ("valid_hours: 99999999999999999999999999\n", "mine.yaml:1: valid_hours", ""),
    "a tag that is no text": (
        "principals:\n  people:\n    - name: x\n      tag:\n        team: 5\n",
        "mine.yaml:4: principals.people[0].tag",
        "",
    ),
    "no tags": ("principals:\n  people:\n    - tag: {}\n", "mine.yaml:3: principals.people[0].tag", ""),
    "a group that is no text": (
        "controls:\n  groups:\n    path: /\n    groups:\n      A: [B]\n",
        "mine.yaml:4: controls.groups.groups",
        "",
    ),
    "a group name that IAM does not take": (
        "controls:\n  groups:\n    groups:\n      All Admins: AdministratorAccess\n",
        "mine.yaml:3: controls.groups.groups",
        "",
    ),
    "a path that is none": ("controls:\n  groups: {path: people}\n", "mine.yaml:2: controls.groups.path", ""),
    "a role name that IAM does not take": (
        "controls:\n  instance-roles: {name: no permissions}\n",
        "mine.yaml:2: controls.instance-roles.name",
        "",
    ),
    "trust in a name alone": (
        "controls:\n  support-role:\n    trusted:\n      - '111122223333'\n      - ann\n",
        "mine.yaml:5: controls.support-role.trusted[1]",
        "",
    ),
    "an account's number without quotes": (
        "controls:\n  support-role: {trusted: [111122223333]}\n",
        "mine.yaml:2: controls.support-role.trusted[0]: Expected str, got int",
        "",
    ),
    "certificates that go before their end": (
        "controls:\n  expired-certificates:\n    grace_days: -1\n",
        "mine.yaml:3: controls.expired-certificates.grace_days: Expected int >= 0",
        "",
    ),
    "a contact without a number": (
        "controls:\n  security-contact:\n    security: {name: Ann, title: CISO, email: ann@acme.example}\n",
        "mine.yaml:3: controls.security-contact.security: Object missing required field phone",
        "",
    ),
    "an address that is none": (
        "controls:\n  security-contact:\n    security: {name: A, title: B, email: ann, phone: '1'}\n",
        "mine.yaml:3: controls.security-contact.security.email",
        "",
    ),
    "a number to call that is none": (
        "controls:\n  security-contact:\n    security: {name: A, title: B, email: a@b.example, phone: ask Ann}\n",
        "mine.yaml:3: controls.security-contact.security.phone",
        "",
    ),
    "an alias that nobody can have": (
        "controls:\n  security-contact: {alias: Acme--Prod}\n",
        "mine.yaml:2: controls.security-contact.alias",
        "",
    ),
    "empty name": ("name: ''\n", "mine.yaml:1: name: Expected str of length >= 1", ""),
    "an account number that is a number": (
        "controls:\n  root-access-keys:\n    member_accounts:\n      - '111122223333'\n      - 210987654321\n",
        "mine.yaml:5: controls.root-access-keys.member_accounts[1]: Expected str, got int",
        "",
    ),
    "an account number that is too short": (
        "controls:\n  root-access-keys:\n    member_accounts: ['11112222333']\n",
        "mine.yaml:3: controls.root-access-keys.member_accounts[0]: Expected str matching regex",
        "",
    ),
    "an account number with a line after it": (
        'controls:\n  root-access-keys:\n    member_accounts: ["111122223333\\n"]\n',
        "mine.yaml:3: controls.root-access-keys.member_accounts[0]: Expected str",
        "",
    ),
    "an account's ARN": (
        "controls:\n  root-access-keys:\n    member_accounts: ['arn:aws:iam::111122223333:root']\n",
        "mine.yaml:3: controls.root-access-keys.member_accounts[0]: Expected str",
        "",
    ),
    "a quarantine of no days": (
        "controls:\n  root-access-keys: {quarantine_days: 0}\n",
        "mine.yaml:2: controls.root-access-keys.quarantine_days: Expected int >= 1",
        "",
    ),
    "hardware that may be": (
        "controls:\n  root-mfa: {hardware: maybe}\n",
        "mine.yaml:2: controls.root-mfa.hardware: Expected bool",
        "",
    ),
    "root use within no days": (
        "controls:\n  root-usage:\n    days: 0\n",
        "mine.yaml:3: controls.root-usage.days: Expected int >= 1",
        "",
    ),
    "a setting of central root access": (
        "controls:\n  central-root-access: {features: [RootSessions]}\n",
        "mine.yaml:2: controls.central-root-access.features: unknown key",
        "",
    ),
    "missing owner": (
        "exemptions:\n  - match: {name: x}\n    reason: r\n    expires: 2027-01-01\n",
        "mine.yaml:2: exemptions[0]: Object missing required field owner",
        "",
    ),
    "empty reason": (
        "exemptions:\n  - match: {name: x}\n    owner: o\n    reason: ''\n    expires: 2027-01-01\n",
        "mine.yaml:4: exemptions[0].reason",
        "",
    ),
    "bad date": (EXEMPTION + "2027-13-45\n", "mine.yaml:5:", ""),
    "no date": (EXEMPTION + "someday\n", "mine.yaml:5: exemptions[0].expires: Invalid RFC3339", ""),
    "unknown control in an exemption": (
        EXEMPTION + "2027-01-01\n    controls:\n      - groups\n      - groop\n",
        "mine.yaml:8: exemptions[0].controls[1]: there is no control groop",
        "mean groups?",
    ),
    "the same key twice": ("name: x\nlimits: {}\nname: y\n", "mine.yaml:3: name stands here twice", ""),
    "the same key twice, below": (
        "controls:\n  groups: true\n  groups: false\n",
        "mine.yaml:3: groups stands here twice",
        "",
    ),
    "a key that is no text": ("? [a, b]\n: c\n", "mine.yaml:1: a key must be text", ""),
    "an alias inside itself": ("controls: &a\n  groups: *a\n", "mine.yaml:1: an alias inside itself", ""),
    "an alias bomb": (
        "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"{n}: &{n} [{', '.join([f'*{p}'] * 10)}]\n" for p, n in zip("abcdefgh", "bcdefghi", strict=True)),
        "more than 20000 values",
        "",
    ),
    "nested without end": ("[" * 5000, "nested too deeply", ""),
    "too long": ("# " + "x" * 1_000_001, "longer than 1000000 characters", ""),
    "a list": ("- a\n", "mine.yaml: a playbook is a mapping", "init"),
    "nothing": ("", "mine.yaml: a playbook is a mapping", "init"),
    "text": ("hello\n", "mine.yaml: a playbook is a mapping", "init"),
    "several documents": ("a: 1\n---\nb: 2\n", "mine.yaml: not YAML", ""),
    "no YAML": ("a: [\n", "mine.yaml: not YAML", "line"),
    "a tab": ("a:\n\t- b\n", "not YAML", ""),
    "an object": ("name: !!python/object/apply:os.system [true]\n", "mine.yaml:1: the tag", ""),
    "an object in a text": ("name: !!python/name:os.system x\n", "mine.yaml:1:", ""),
    "a truth that is none": ("controls:\n  groups: !!bool perhaps\n", "mine.yaml:2:", ""),
    "a number that is none": ("valid_hours: !!int ''\n", "mine.yaml:1:", ""),
    "a moment that is none": ("name: !!timestamp x\n", "mine.yaml:1:", ""),
    "extends a number": ("extends: 5\n", "mine.yaml:1: extends", ""),
    "extends itself": ("extends: mine.yaml\n", "extends itself", "circle"),
    "extends nothing": ("extends: other.yaml\n", "there is no playbook other.yaml", "guidelines"),
    "extends a folder": ("extends: .\n", "there is no playbook .", ""),
}


@pytest.mark.parametrize(("text", "message", "remedy"), REFUSED.values(), ids=REFUSED)
def test_what_is_wrong_is_refused(tmp_path: Path, text: str, message: str, remedy: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(tmp_path, text)
    assert message in str(caught.value)
    assert str(tmp_path) in str(caught.value) or "there is no playbook" in message
    assert remedy in caught.value.remedy


def test_a_fault_in_the_base_is_named_there(tmp_path: Path) -> None:
    base = written(tmp_path, "name: base\ncontrols:\n  groups: {pth: /}\n", "base.yaml")
    with pytest.raises(BadInput, match="unknown key pth") as caught:
        read(tmp_path, "extends: base.yaml\nvalid_hours: 3\n")
    assert f"{base}:3" in str(caught.value)


def test_a_circle_of_three(tmp_path: Path) -> None:
    written(tmp_path, "extends: b.yaml\n", "a.yaml")
    written(tmp_path, "extends: c.yaml\n", "b.yaml")
    written(tmp_path, "extends: a.yaml\n", "c.yaml")
    with pytest.raises(BadInput, match="extends itself"):
        load(str(tmp_path / "a.yaml"), SETTINGS)


def test_a_missing_file_names_the_shipped_ones() -> None:
    with pytest.raises(BadInput, match="there is no playbook guidlines") as caught:
        load("guidlines", SETTINGS)
    assert "guidelines" in caught.value.remedy


def test_no_utf_8(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_bytes(b"name: \xff\xfe\n")
    with pytest.raises(BadInput, match="not YAML"):
        load(str(tmp_path / "mine.yaml"), SETTINGS)


def test_a_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: Path, most: int) -> str:
        raise PermissionError(13, "Permission denied")

    path = written(tmp_path, "name: x\n")
    monkeypatch.setattr(yaml_lines, "read_text", denied)
    with pytest.raises(BadInput, match="cannot be read: Permission denied"):
        load(path, SETTINGS)


@pytest.mark.parametrize("depth", range(100, 1000, 30))
@pytest.mark.parametrize("pattern", ["[", "{a: "])
def test_depth_is_refused_at_every_depth(tmp_path: Path, depth: int, pattern: str) -> None:
    close = "]" if pattern == "[" else "}"
    with pytest.raises(BadInput):
        read(tmp_path, "name: " + pattern * depth + close * depth)


def test_controls_are_chosen_by_name(tmp_path: Path) -> None:
    playbook = read(tmp_path, "controls: {groups: true, trail: true}")
    assert [control.id for control, _ in chosen(playbook)] == ["trail", "groups"]
    assert [control.id for control, _ in chosen(playbook, ["groups"])] == ["groups"]
    with pytest.raises(BadInput, match="is not in this playbook"):
        chosen(playbook, ["password-policy"])
    with pytest.raises(BadInput, match="does not exist"):
        chosen(playbook, ["nonsense"])
