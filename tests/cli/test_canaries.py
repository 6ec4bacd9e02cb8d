"""R28: nothing secret is on disk, in a log or in the output, with every debug log of this process turned on.

What is secret is taken from the wire, where it has to be: the passwords and keys that the program sent to AWS, and
those that AWS sent back.
"""

import base64
import html
import json
import logging
import os
import re
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, quote, quote_plus

import pytest
from support import debug_driver
from support.aws import Aws
from support.contract.directories import MICROSOFT, network
from support.contract.root import member_key, member_with_a_key
from support.contract.secrets import FIRST, USER, user_with_key
from support.engine import Step, plan_of, step
from support.issued import ISSUED_HERE, NAME, NEXT, REGION
from support.latency import _operation
from support.organization import AUDIT

from remediate.aws.quiet import SDK, Withheld, withhold
from remediate.aws.session import Session
from remediate.cli.main import app
from remediate.errors import CallFailed
from remediate.model import Value, at
from remediate.sandbox.estate.root import MEMBER
from remediate.store.plans import save

CALLER = {
    "AWS_SECRET_ACCESS_KEY": "CANARY/secret+access/key/0123456789abcdef",
    "AWS_SESSION_TOKEN": "CANARYsessiontoken0123456789//abcdef==",
}
DIRECTORIES = {
    "REMEDIATE_PASSWORD_CORP_EXAMPLE_COM": "Canary-horse-7-battery",
}
STORED = "Canary-staple-8-correct"
FIELDS = ("Password", "SecretAccessKey", "SessionToken", "SecretString", "TrustPassword", "Base32StringSeed")


class Wire:
    """Everything secret that went over the wire, by the operation it belongs to."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._inner: Callable[..., Iterable[bytes]] = aws.sandbox.application
        self.secrets: dict[str, set[str]] = {}
        self.cut = ""
        """The operation whose first answer loses its end."""

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        operation = _operation(environ)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = _Again(body)
        answer = b"".join(self._inner(environ, start_response))
        self._keep(operation, {value for text in (body, answer) for value in _secrets(text.decode("utf-8", "replace"))})
        if operation == self.cut:
            self.cut = ""
            return [answer[: len(answer) - 40].ljust(len(answer))]
        return [answer]

    def _keep(self, operation: str, found: set[str]) -> None:
        if found:
            self.secrets.setdefault(operation, set()).update(found)

    @contextmanager
    def tapped(self) -> Iterator["Wire"]:
        self._aws.sandbox.application = self
        try:
            yield self
        finally:
            self._aws.sandbox.application = self._inner


class _Again:
    def __init__(self, body: bytes) -> None:
        self._rest = body

    def read(self, size: int = -1) -> bytes:
        size = len(self._rest) if size < 0 else size
        part, self._rest = self._rest[:size], self._rest[size:]
        return part


def _secrets(text: str) -> Iterator[str]:
    """In XML, in a form, or in JSON, the JSON within JSON included."""
    for field in FIELDS:
        yield from map(html.unescape, re.findall(rf"<{field}>(.*?)</{field}>", text, re.DOTALL))
        yield from parse_qs(text).get(field, ()) if not text.startswith(("{", "<")) else ()
    if text.startswith("{"):
        try:
            found = json.loads(text)
        except ValueError:
            return
        for field in FIELDS:
            if value := found.get(field):
                yield str(value)
                yield from _secrets(str(value))


def forms(secret: str) -> set[str]:
    """As it is, and as logs, URLs, JSON, XML and headers write it."""
    encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
    quoted = {
        json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
        html.escape(secret),
        quote(secret, safe=""),
        quote_plus(secret),
    }
    return {secret, encoded, *quoted}


def holding(folder: Path, texts: set[str]) -> list[str]:
    """The files below a folder that hold one of the texts, in their content or in their name."""
    files = [Path(place, name) for place, _, names in os.walk(folder) for name in names]
    needles = [text.encode() for text in texts]
    return [str(f) for f in files if any(n in f.read_bytes() or n in os.fsencode(f) for n in needles)]


class Told(NamedTuple):
    stdout: str
    stderr: str

    @property
    def all(self) -> str:
        return self.stdout + self.stderr

    @property
    def exits(self) -> list[str]:
        return re.findall(r"^EXIT (.*)$", self.stdout, re.M)


def commands(folder: Path, *lines: str, hook: str = "", umask: int = 0o022, **environment: str) -> Told:
    """Several commands in one process with every log turned on, at home in the folder."""
    arguments = [sys.executable, debug_driver.__file__, json.dumps([line.split() for line in lines])]
    home = {"HOME": str(folder / "home"), "TMPDIR": str(folder), "REMEDIATE_STATE_DIR": str(folder / "state" / "deep")}
    done = subprocess.run(
        [*arguments, *([hook] if hook else [])],
        cwd=folder,
        env={**os.environ, **CALLER, **DIRECTORIES, **home, **environment},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=300,
        check=False,
        umask=umask,
    )
    return Told(done.stdout, done.stderr)


@pytest.fixture
def account(aws: Aws, tmp_path: Path) -> Iterator[Wire]:
    """Somebody without a password, somebody with one and a key, an organization, and a network for directories."""
    (tmp_path / "home").mkdir()
    iam = aws.client("iam")
    member_with_a_key(aws.client)
    user_with_key(FIRST)(aws.client)
    for name in ("alice", "bob"):
        iam.create_user(UserName=name)
    iam.create_login_profile(UserName="bob", Password="Bobs-own-Password-1")
    network(aws.client)
    secrets = aws.client("secretsmanager", REGION)
    secrets.create_secret(Name=NAME, Tags=[{"Key": "remediate:user", "Value": USER}])
    secrets.create_secret(Name="remediate/directory/far.example.com", SecretString=json.dumps({"password": STORED}))
    with Wire(aws).tapped() as wire:
        yield wire


def story() -> tuple[Step, ...]:
    """One change for each way in which a secret passes through the program."""
    directory = dict(MICROSOFT) if isinstance(MICROSOFT, dict) else {}
    far: Value = {**directory, "short_name": "FAR"}
    return (
        step("iam.login_profile", "alice", to="password"),
        step("iam.login_profile", "bob", was="password", to=None),
        Step(ISSUED_HERE, None, NEXT),
        step("ds.directory", REGION, "corp.example.com", to=MICROSOFT),
        step("ds.directory", REGION, "far.example.com", to=far),
    )


def root_key() -> Step:
    address = at("iam.root_access_key", MEMBER, member_key().access_key_id)
    return Step(address, "Active", None, evidence={"last_used": "2025-04-26T18:47:00Z"}, risk="destructive")


def without_logs(told: Told) -> str:
    said = (line for line in told.stderr.splitlines() if not re.search(r"LOG|\[(DEBUG|INFO)\]", line))
    return told.stdout.partition("RUN apply")[2][:2500] + "\n".join(said)[-3000:]


def nowhere(wire: Wire, told: Iterable[Told], folder: Path, shown: Iterable[str] = ()) -> None:
    """No secret in a file or in what was said; what people must be told stands there once, as they need it."""
    output = "".join(one.all for one in told)
    once = set(shown)
    known = {*CALLER.values(), *DIRECTORIES.values(), STORED, *(s for found in wire.secrets.values() for s in found)}
    for secret in known:
        assert holding(folder, forms(secret)) == []
        if secret in once:
            assert output.count(secret) == 1
        else:
            assert not [form for form in forms(secret) if form in output]


def test_the_whole_story_with_every_log_turned_on(account: Wire, tmp_path: Path) -> None:
    save(plan_of(*story(), root_key()), tmp_path / "a.plan.json")
    shows = [f"show a.plan.json --format {how}" for how in ("table", "json", "csv", "markdown", "html")]
    first = commands(tmp_path, "plan", *shows, "apply a.plan.json --yes", "runs", "runs --json", "drift")
    assert first.exits == [*["0"] * 9, "2"], without_logs(first)
    second = commands(
        tmp_path, "apply a.plan.json --yes", "rollback a.plan.json --yes --json", "show a.rollback.plan.json", "runs"
    )
    assert "EXIT traceback" not in second.stdout
    assert second.exits[0] == "0"
    # Every secret that there can be went over the wire, and the logs were on.
    assert len(account.secrets["CreateLoginProfile"]) == 2
    assert {"CreateAccessKey", "PutSecretValue", "AssumeRoot", "CreateMicrosoftAD", "GetSecretValue"} <= {
        *account.secrets
    }
    assert STORED in account.secrets["CreateMicrosoftAD"]
    assert "LOG urllib3.connectionpool" in first.stderr
    assert not re.search(r"botocore\S* \[DEBUG\]", first.stderr + second.stderr)
    nowhere(account, (first, second), tmp_path, account.secrets["CreateLoginProfile"])


@pytest.mark.parametrize(
    ("operation", "steps"),
    [
        ("create_login_profile", slice(0, 1)),
        ("create_access_key", slice(2, 3)),
        ("put_secret_value", slice(2, 3)),
        ("create_microsoft_ad", slice(3, 4)),
        ("get_secret_value", slice(4, 5)),
        ("assume_root", None),
    ],
)
def test_a_mistake_of_our_own_shows_no_secret(
    operation: str, steps: slice | None, account: Wire, tmp_path: Path
) -> None:
    """It breaks while it holds one; what Python says of that holds lines of the program, and no values."""
    save(plan_of(*(story()[steps] if steps else (root_key(),))), tmp_path / "a.plan.json")
    told = commands(tmp_path, "apply a.plan.json --yes", hook=operation)
    assert "a mistake of our own" in told.all
    passwords = [p for p in account.secrets.get("CreateLoginProfile", ()) if p in told.all]
    nowhere(account, [told], tmp_path, passwords)


@pytest.mark.parametrize("operation", ["AssumeRoot", "CreateLoginProfile", "GetSecretValue"])
def test_an_answer_that_cannot_be_read_is_not_quoted(operation: str, account: Wire, tmp_path: Path) -> None:
    save(plan_of(*story(), root_key()), tmp_path / "a.plan.json")
    account.cut = operation
    told = commands(tmp_path, "apply a.plan.json --yes", "runs")
    assert account.cut == ""
    passwords = [p for p in account.secrets.get("CreateLoginProfile", ()) if p in told.all]
    nowhere(account, [told], tmp_path, passwords)


# --- files ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_nobody_else_can_read_what_is_written(umask: int, account: Wire, tmp_path: Path) -> None:
    """Every file 0600 and every folder 0700, whatever the shell's mask."""
    work = tmp_path / "work"
    work.mkdir()
    save(plan_of(*story()[:2]), tmp_path / "a.plan.json")
    arguments = ("init mine.yaml", "plan --control password-policy", "plan --control groups -o deep/er/b.plan.json")
    told = commands(tmp_path, *arguments, "apply a.plan.json --yes", "rollback a.plan.json --yes", umask=umask)
    assert told.exits == ["0"] * 5, without_logs(told)
    seen = {p for p in tmp_path.rglob("*") if p not in (work, tmp_path / "home")}
    names = {p.name for p in seen}
    assert {"mine.yaml", "b.plan.json", "a.journal.jsonl", "a.rollback.plan.json", "deep", "plans"} <= names
    assert any(name.endswith(".lock") for name in names)
    for path in seen:
        assert oct(path.stat().st_mode & 0o777) == ("0o700" if path.is_dir() else "0o600"), path


# --- how ------------------------------------------------------------------------------------------------------------


def test_tracebacks_hold_no_values() -> None:
    """Typer's own would print the variables of every frame."""
    assert app.pretty_exceptions_enable is False


def test_every_logger_of_the_sdk_is_held_back(aws: Aws) -> None:
    """Also those that are turned on one by one, and those that come with a client."""
    session = Session()
    for service in ("iam", "sts", "s3", "secretsmanager", "ds"):
        session._client(service, "us-east-1", once=True)
    loggers = {name: logger for name, logger in logging.root.manager.loggerDict.items() if name.split(".")[0] in SDK}
    assert {"botocore.endpoint", "botocore.parsers", "botocore.auth", "boto3.resources.model"} & {*loggers}
    for name, logger in loggers.items():
        if isinstance(logger, logging.Logger):
            assert [type(f) for f in logger.filters] == [Withheld], name
    withhold()
    record = logging.LogRecord("botocore", logging.WARNING, "", 0, "for people", (), None)
    assert Withheld().filter(record)


def test_what_botocore_quotes_is_dropped_with_its_exception(aws: Aws, account: Wire) -> None:
    account.cut = "AssumeRoot"
    with pytest.raises(CallFailed) as caught:
        Session().read("sts", "assume_root", TargetPrincipal=MEMBER, TaskPolicyArn=AUDIT)
    notes = "".join(getattr(caught.value, "__notes__", ()))
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + notes
    assert "the answer cannot be read" in told
    assert not any(secret in told for secret in account.secrets["AssumeRoot"])
