"""R29 from end to end: an account full of names and documents that IAM admits, through every command."""

import csv
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from support.aws import Aws
from support.snapshot import snapshot

from remediate.cli.main import main
from remediate.render.csv import FORMULA

USERS = ("=cmd+1@x", "-rf", "@SUM", "+1,2.3_=")
PATH = "/<script>alert(1)</script>|`rm`[a](javascript:x)/"
"""https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html: any printable ASCII between two slashes."""
TAGS = {"=1+1": "\u2028\u3000=x", "-k": "@y", "k:/=+-@": "\u00a0z"}
"""Letters, digits, separators of every kind, and _.:/=+-@: API_Tag.html."""
TEXTS = (
    "\x1b]0;owned\x07",
    "\u202e\u2066gnp",
    "</script><b>",
    "|`x`|",
    "[a](javascript:x)",
    "=1+1",
    "\x9b2J",
    "{{7*7}}",
)
"""A document is checked as JSON: what its strings escape is anybody's choice."""


def document(*more: Any) -> str:
    statement = {
        "Effect": "Allow",
        "Action": ["s3:GetObject"],
        "Resource": "arn:aws:s3:::bucket/*",
        "Condition": {"StringEquals": {"aws:PrincipalTag/a": [*TEXTS, *more]}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def hostile(aws: Aws) -> Aws:
    iam = aws.client("iam")
    iam.create_group(GroupName="=g+1@h", Path=PATH)
    for n, name in enumerate(USERS):
        iam.create_user(UserName=name, Path=PATH, Tags=[{"Key": k, "Value": v} for k, v in TAGS.items()])
        iam.put_user_policy(UserName=name, PolicyName=f"=p+{n}@q", PolicyDocument=document(n))
        iam.add_user_to_group(GroupName="=g+1@h", UserName=name)
    for name, odd in (("half-a-character", '"\\ud800"'), ("beyond-64-bits", "1" + "0" * 400)):
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="odd", PolicyDocument=document("ODD").replace('"ODD"', odd))
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
    }
    iam.create_role(
        RoleName="=r+1@s", Path=PATH, AssumeRolePolicyDocument=json.dumps(trust), Description="two\nlines\r\t=1"
    )
    return aws


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """One command in this process: its exit code and its output, which moves no terminal."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["remediate", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    for line in (out + err).split("\n"):
        assert line.isprintable(), ascii(line)
    return int(ended.value.code or 0), out


def test_a_hostile_account_through_every_command(
    hostile: Aws, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REMEDIATE_STATE_DIR", str(tmp_path / "state"))
    before = snapshot(hostile.client)
    code, _ = told(capsys, "plan", "-o", "a.plan.json", "--control", "groups", "--control", "unused-credentials")
    assert code == 0
    plan = json.loads(Path("a.plan.json").read_text())
    addresses = [change["address"] for change in plan["changes"]]
    assert any("iam.user_inline/=cmd+1@x" in address for address in addresses)
    for arguments in ((), ("--who",), ("--manual",), ("--address", addresses[0]), ("--address", "1")):
        assert told(capsys, "show", "a.plan.json", *arguments)[0] == 0
    assert json.loads(told(capsys, "show", "a.plan.json", "--json")[1]).items() >= plan.items()
    rows = list(csv.reader(io.StringIO(told(capsys, "show", "a.plan.json", "--format", "csv")[1]), strict=True))
    assert len(rows) > len(addresses)
    assert not [cell for row in rows for cell in row if cell.lstrip().startswith(FORMULA)]
    page = told(capsys, "show", "a.plan.json", "--format", "html")[1]
    assert page.count("<script") == 1
    assert not re.search(r"<b>[^0-9]", page)
    markdown = told(capsys, "show", "a.plan.json", "--format", "markdown")[1]
    parts = [part for token in MarkdownIt().enable("table").parse(markdown) for part in token.children or ()]
    assert not [part for part in parts if part.type in ("link_open", "image")]
    assert told(capsys, "apply", "a.plan.json", "--yes")[0] == 0
    for command in ("runs", "runs --json", "drift --control groups"):
        assert told(capsys, *command.split())[0] in (0, 2)
    assert told(capsys, "rollback", "a.plan.json", "--yes")[0] == 0
    assert snapshot(hostile.client) == before


def test_what_fits_no_file_keeps_nobody_from_planning(
    hostile: Aws, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a character, or a number beyond 64 bits, in somebody's policy: all the others are still looked at."""
    monkeypatch.chdir(tmp_path)
    code, _ = told(capsys, "plan", "-o", "a.plan.json")
    assert code == 0
    assert not [u for u in json.loads(Path("a.plan.json").read_text())["unknowns"] if u["what"].startswith("iam.")]
