"""Whatever stands in a playbook, or in a file that it names: it is loaded, or refused with the file and the line.

Never another exception, a wait or a flood of memory: a playbook may come from somebody else.
"""

import base64
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support.hostile import Damage, damage, json_values, names, paths_in, put, raw_names, within
from support.saml import certificate, metadata
from support.stress import STRESS

from remediate.cli.main import main
from remediate.cli.terminal import as_value
from remediate.controls import CONTROLS, SETTINGS, saml_metadata
from remediate.controls.base import Moment
from remediate.controls.saml_metadata import NotMetadata
from remediate.errors import BadInput
from remediate.playbook import Playbook
from remediate.playbook.load import load, shipped_folder
from remediate.playbook.yaml_lines import MAX_CHARACTERS
from remediate.policy import digest
from remediate.render.error_text import error as screen

FEW = 3000 if STRESS else 40
SECONDS = 20
LINES = 24
NOW = datetime(2030, 1, 1, tzinfo=UTC)
MOMENT = Moment(now=NOW, address=lambda: None)
easy = settings(max_examples=FEW, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

TEXT = """\
name: acme
extends: guidelines
description: what we hold ourselves to
valid_hours: 12
principals:
  applications: [{name: "svc-*"}, {path: /apps/*}, {tag: {type: service}}]
  people: [{tag: {type: person}}]
exemptions:
  - match: {name: legacy-ci}
    controls: [groups, mfa]
    owner: ops@example.com
    reason: goes away with the old build farm
    expires: 2027-01-31
limits: {changes: 20, share: 0.05}
approve: [neutral]
controls:
  groups: true
  password-policy: {min_length: 16}
  unused-credentials:
  federation:
    saml: [{name: Okta, metadata: okta.xml, roles: [{name: readers, policies: [ReadOnlyAccess]}]}]
"""
CONTENT = TEXT.encode()
NAMES_A_FILE = "controls: {federation: {saml: [{name: a, metadata: FILE, roles: [{name: b}]}]}}"
VALUE: Any = yaml.safe_load(TEXT.replace("2027-01-31", '"2027-01-31"'))


def loaded(folder: Path, content: bytes, *, line: bool = False) -> Playbook | None:
    """The playbook, of which a plan can be made, or one error of one screen that names the file, and the line where it
    is YAML at all."""
    path = folder / "mine.yaml"
    path.write_bytes(content)
    try:
        with within(SECONDS):
            playbook = load(str(path), SETTINGS, lambda control, given: CONTROLS[control].refuses(given, MOMENT))
            assert digest(as_value(playbook))
            return playbook
    except BadInput as error:
        shown = screen(error, colour=False)
        named = re.search(r"mine\.yaml:\d+: " if line else r"mine\.yaml", error.what)
        assert named or error.what.startswith("there is no playbook"), error.what
        assert len(shown.split("\n")) <= LINES
        assert all(line.isprintable() for line in shown.split("\n"))
        return None


def as_yaml(value: Any) -> bytes:
    return yaml.safe_dump(value, allow_unicode=True).encode("utf-8", "surrogatepass")


def chained(depth: int) -> str:
    """Each key refers to the one above it: flat as text, deep as a value."""
    return "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, depth))


def laughs(wide: int, deep: int) -> str:
    """https://en.wikipedia.org/wiki/Billion_laughs_attack"""
    lists = (f"b{n}: &b{n} [{', '.join([f'*b{n - 1}'] * wide)}]" for n in range(1, deep))
    return "b0: &b0 [lol]\n" + "\n".join(lists)


BOMBS: Mapping[str, str] = {
    "a billion laughs": laughs(9, 12),
    "laughs by keys": "a: &a {x: 1}\n" + "".join(f"k{n}: &k{n} {{<<: *a, y: *a}}\n" for n in range(9)),
    "a chain of aliases": chained(2000),
    "a shorter chain": chained(195),
    "itself": "controls: &a [*a]\n",
    "brackets": "[" * MAX_CHARACTERS,
    "braces": "{a: " * (MAX_CHARACTERS // 4),
    "dashes": "- " * (MAX_CHARACTERS // 2),
    "questions": "? " * (MAX_CHARACTERS // 2),
    "steps": "".join(" " * n + "a:\n" for n in range(1000)),
    "10 MB of brackets": "[" * 10_000_000,
    "a long line": "name: " + "x" * (MAX_CHARACTERS - 10),
    "a long key": "? " + "k" * 900_000 + "\n: [" + "b," * 19_000 + "]",
    "many values": "a: [" + "b," * (MAX_CHARACTERS // 2 - 5) + "]",
    "many keys": "".join(f"k{n}: b\n" for n in range(100_000))[:MAX_CHARACTERS],
    "a number in base 60": "valid_hours: 1" + ":59" * (MAX_CHARACTERS // 3 - 10),
    "a float in base 60": "valid_hours: 1" + ":59" * 1000 + ".5",
    "a long number": "valid_hours: 1" + "0" * (MAX_CHARACTERS - 20),
    "a long hexadecimal": "valid_hours: 0x1" + "0" * (MAX_CHARACTERS - 20),
    "before time": "exemptions: [{expires: 0001-01-01T00:00:00+23:59}]",
    "after time": "exemptions: [{expires: 9999-12-31T23:59:59-23:59}]",
    "no month": "exemptions: [{expires: 2027-13-45}]",
    "no number": "limits: {share: .nan}",
    "without end": "limits: {share: .inf, changes: 1e400}",
    "a large number": "limits: {changes: 123456789012345678901234567890}",
    "a negative number": "valid_hours: -9223372036854775809",
    "python": "name: !!python/object/apply:os.system [id]",
    "python's names": "name: !!python/name:os.system",
    "a tag of one's own": "name: !x y",
    "half a tag": "name: ! y",
    "a tag that does not fit": "name: !!set [a]\ndescription: !!omap x\nvalid_hours: !!int ''",
    "a date that is none": "name: !!timestamp x",
    "bytes": "name: !!binary '!!!!'",
    "many directives": "%YAML 1.1\n" * 10_000,
    "many documents": "---\n" * 10_000,
    "two documents": "a: 1\n---\nb: 2\n",
    "keys that are no text": "? [a, b]\n: c\n? {d: e}\n: f\n",
    "a key twice": "name: a\nname: b\n",
    "half an anchor": "a: &",
    "an alias of nothing": "a: *b",
    "nothing": "",
    "zeros": "\0" * 1000,
    "controls": "\x1b[2J: x",
    "a byte order mark": "\ufeffname: x\n",
    "a name that breaks paths": 'extends: "\\0"',
    "a long name": "extends: " + "x" * 5000,
    "a surrogate": 'extends: "\\ud800"',
    "a surrogate in a reason": 'exemptions: [{match: {name: a}, owner: a, reason: "\\udfff", expires: 2099-01-01}]',
    "a surrogate in a key": 'exemptions: [{match: {tags: {"\\ud800": b}}, owner: a, reason: b, expires: 2099-01-01}]',
    "surrogates": 'name: "\\ud800\\udc00"',
    "a file that never ends": NAMES_A_FILE.replace("FILE", "/dev/zero"),
    "a file of names": NAMES_A_FILE.replace("FILE", "/etc/passwd"),
    "a file with a zero in its name": NAMES_A_FILE.replace("FILE", '"a\\0b"'),
    "a file with a long name": NAMES_A_FILE.replace("FILE", "x" * 5000),
    "a folder": NAMES_A_FILE.replace("FILE", "."),
    "places in keys": 'controls: {"a` - at `$.b": {"$.c[0]": {"..": 1}}}',
    "a key like an error": '"x` - at `$.y": 1',
    "a pattern": "exemptions: [{match: {name: '" + "*a" * 5000 + "'}, owner: a, reason: b, expires: 2099-01-01}]",
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_bombs_do_not_go_off(text: str, tmp_path: Path) -> None:
    loaded(tmp_path, text.encode("utf-8", "surrogatepass"))


@easy
@given(content=st.binary(max_size=100) | (raw_names | names).map(lambda n: n.encode("utf-8", "surrogatepass")))
@example(content=CONTENT.decode().encode("utf-16"))
@example(content=b"\xff\xfe\x00")
def test_what_is_no_playbook_is_refused(tmp_path: Path, content: bytes) -> None:
    loaded(tmp_path, content)


@easy
@given(hurt=damage())
def test_a_damaged_playbook_is_loaded_or_refused(tmp_path: Path, hurt: Damage) -> None:
    (tmp_path / "okta.xml").write_text(metadata())
    loaded(tmp_path, hurt(CONTENT))


@easy
@given(at=st.sampled_from([path for path in paths_in(VALUE) if path]), new=json_values)
def test_another_value_is_loaded_or_refused_with_its_line(tmp_path: Path, at: tuple[str | int, ...], new: Any) -> None:
    (tmp_path / "okta.xml").write_text(metadata())
    loaded(tmp_path, as_yaml(put(VALUE, at, new)), line=True)


@easy
@given(control=st.sampled_from(sorted(SETTINGS)), value=json_values, text=names)
def test_settings_of_every_control(tmp_path: Path, control: str, value: Any, text: str) -> None:
    fields = [field.encode_name for field in msgspec.structs.fields(SETTINGS[control])]
    for wild in (value, *({field: value} for field in fields), *({field: text} for field in fields)):
        loaded(tmp_path, as_yaml({"controls": {control: wild}}), line=True)


@pytest.mark.parametrize("name", sorted(path.name for path in shipped_folder().glob("*.yaml")))
def test_every_line_of_a_shipped_playbook_may_be_lost(name: str, tmp_path: Path) -> None:
    """What is left is a playbook, or refused."""
    lines = (shipped_folder() / name).read_bytes().splitlines(keepends=True)
    step = 1 if STRESS else 25
    for n in range(0, len(lines), step):
        loaded(tmp_path, b"".join(lines[:n] + lines[n + 1 :]))
        loaded(tmp_path, b"".join(lines[:n]) + lines[n][: len(lines[n]) // 2])


def told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["remediate", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return int(ended.value.code or 0), err


REFUSED = ("a billion laughs", "a number in base 60", "python", "controls", "a name that breaks paths", "a folder")


@pytest.mark.parametrize("bomb", REFUSED)
def test_the_command_line_says_it_on_one_screen(
    bomb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(BOMBS[bomb])
    code, shown = told(["plan", "-p", "mine.yaml"], capsys)
    assert code == 1
    assert "mine.yaml" in shown or "there is no playbook" in shown
    assert len(shown.splitlines()) <= LINES


# --- SAML metadata --------------------------------------------------------------------------------------------------

GOOD = metadata()


def metadata_in(text: str) -> None:
    with within(SECONDS):
        try:
            found = saml_metadata.read(saml_metadata.tidy(text))
            assert found.ends.tzinfo
            found.evidence()
        except NotMetadata as error:
            assert len(str(error)) < 2000
        assert saml_metadata.same(text, text)
        saml_metadata.same(text, GOOD)
        saml_metadata.same(GOOD, text)


@easy
@given(hurt=damage())
def test_damaged_metadata_is_read_or_refused(hurt: Damage) -> None:
    metadata_in(hurt(GOOD.encode()).decode("utf-8", "surrogateescape"))


@easy
@given(hurt=damage())
def test_a_damaged_certificate_is_read_or_refused(hurt: Damage) -> None:
    """Byte by byte inside of its DER, where other parsers crashed before."""
    der = hurt(base64.b64decode(certificate(datetime(2056, 1, 1, tzinfo=UTC))))
    metadata_in(metadata(base64.b64encode(der).decode()) + "<!--" + "x" * 1000 + "-->")


@easy
@given(entity=raw_names, more=raw_names, use=raw_names)
def test_hostile_texts_in_metadata(entity: str, more: str, use: str) -> None:
    metadata_in(metadata(entity=entity, more=f' validUntil="{more}"', use=f' use="{use}"'))


XML: Mapping[str, str] = {
    "laughs": '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>' + GOOD,
    "a document type further on": GOOD.replace("?>", "?><!DOCTYPE x SYSTEM 'http://evil.example/x.dtd'>"),
    "a document type in other letters": GOOD.replace("?>", "?><!doctype x>"),
    "in another encoding": GOOD.replace("UTF-8", "UTF-7"),
    "in UTF-16, it says": GOOD.replace("UTF-8", "UTF-16"),
    "in UTF-32, it says": GOOD.replace("UTF-8", "UTF-32"),
    "XML 1.1": GOOD.replace('version="1.0"', 'version="1.1"'),
    "an entity that is not declared": GOOD.replace("acme", "&xxe;"),
    "many attributes": GOOD.replace(
        "<md:NameIDFormat", "<md:NameIDFormat" + "".join(f" a{n}=''" for n in range(20_000))
    ),
    "one attribute twice": GOOD.replace("entityID=", "entityID='x' entityID="),
    "prefixes without names": GOOD.replace("md:", "zz:"),
    "an included file": GOOD.replace(
        "</md:Ent", '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd"/></md:Ent'
    ),
    "a style sheet": GOOD.replace("?>", '?><?xml-stylesheet href="http://evil.example"?>', 1),
    "many certificates": metadata(*[certificate(datetime(2056, 1, 1, tzinfo=UTC))] * 300),
    "a long certificate": metadata("A" * 5_000_000),
    "a moment without end": metadata(more=' validUntil="' + "9" * 100_000 + '"'),
    "a moment before time": metadata(more=' validUntil="0001-01-01T00:00:00+23:59"'),
    "a moment after time": metadata(more=' validUntil="9999-12-31T23:59:59-23:59"'),
}


@pytest.mark.parametrize("text", XML.values(), ids=XML)
def test_xml_that_is_meant_to_harm(text: str) -> None:
    metadata_in(text)
