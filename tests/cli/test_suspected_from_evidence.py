"""From CloudTrail's log files to findings: a shared key, an application's in a person's hands, root at work."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support import cloudtrail as ct
from support.aws import Aws
from support.cli import run
from support.engine import Wire

from remediate.cli import work
from remediate.evidence.actions import names
from remediate.evidence.arns import tells
from remediate.evidence.fold import Folder, Weeks
from remediate.render.drift_text import drift
from remediate.render.html import html
from remediate.render.markdown import markdown
from remediate.render.plan_text import summary
from remediate.sandbox.builder import Builder, Key, Person
from remediate.store.evidence import Store

NOW = datetime.now(UTC)
CONTROLS = ["application-logins", "root-usage", "shared-credentials"]
BOOK = "name: mine\nextends: guidelines\ncontrols:\n  shared-credentials:\n    network_hours: 4\n"
ROOT = {"type": "Root", "arn": f"arn:aws:iam::{ct.ACCOUNT}:root", "accountId": ct.ACCOUNT}
OFFICE, HOME = "198.51.100.7", "203.0.113.9"


def records(keys: dict[str, str], day: int) -> Iterator[ct.Event]:
    """What one day saw: a key in two places, an application; once somebody with its key, and the root user."""
    about: dict[str, Any] = {"eventTime": f"{NOW - timedelta(days=day):%Y-%m-%dT%H:%M:%SZ}"}
    ann, robot, program = ct.user("ann", keys["ann"]), ct.user("robot", keys["robot"]), {"userAgent": "Boto3/1.44.5"}
    for address in (OFFICE, HOME) if day < 15 else (OFFICE,):
        yield ct.event("s3", "ListBuckets", ann, **about, **program, sourceIPAddress=address)
    yield ct.event("s3", "ListBuckets", robot, **about, **program, sourceIPAddress=OFFICE)
    if day == 6:
        yield ct.event("s3", "ListBuckets", robot, **about, sourceIPAddress=HOME)
        yield ct.event("s3", "ListBuckets", ROOT, **about, **program, sourceIPAddress=HOME)


@pytest.fixture
def keys(aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Two users with a key in use, and what `remediate evidence` keeps of 95 days, in `elsewhere`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REMEDIATE_STATE_DIR", str(tmp_path))
    builder = Builder(NOW)
    for name in ("ann", "robot"):
        builder.person(Person(name=name, keys=(Key(made=400, used=1),)))
    made = {name: next(iter(builder.iam.users[name].access_keys)).access_key_id for name in ("ann", "robot")}
    reader = Folder(ct.ACCOUNT, NOW - timedelta(days=100), NOW, names(), tells(ct.ACCOUNT, "aws"))
    weeks: Weeks = {}
    for day in range(1, 96, 5):
        reader.file(ct.packed(list(records(made, day))), weeks)
    for week in weeks.values():
        week.settle(ct.ACCOUNT)
    Store(Path("elsewhere"), ct.ACCOUNT).keep({monday: (week, frozenset()) for monday, week in weeks.items()})
    return made


def test_it_is_found_by_plan_and_drift_until_it_is_put_right(aws: Aws, wire: Wire, keys: dict[str, str]) -> None:
    shared, hands, root = f"iam.access_key/ann/{keys['ann']}", f"iam.access_key/robot/{keys['robot']}", "root.user/use"
    book = work.playbook_named("guidelines")
    plan, _ = work.make_plan(wire.session, book, CONTROLS, evidence=Path("elsewhere"))
    assert {finding.address for finding in plan.findings} == {shared, hands, root}
    assert {manual.address for manual in plan.manual} == {shared, hands, root}
    assert (plan.changes, plan.unseen) == ((), ())

    aws.client("iam").update_access_key(UserName="robot", AccessKeyId=keys["robot"], Status="Inactive")
    Path("mine.yaml").write_text(BOOK)  # three hours are found, and four are asked for
    words = [word for control in CONTROLS for word in ("--control", control)]
    watched = run("drift", "-p", "mine.yaml", *words, "--evidence", "elsewhere", "--json", cwd=Path())
    assert [finding["address"] for finding in json.loads(watched.stdout)["plan"]["findings"]] == [root], watched.stderr


def test_without_records_the_plan_says_that_nobody_looked(aws: Aws, wire: Wire, keys: dict[str, str]) -> None:
    plan, _ = work.make_plan(wire.session, work.playbook_named("guidelines"), CONTROLS)
    assert plan.findings == ()
    for text in (summary(plan, "x.plan.json"), drift([], plan, known=0, width=80), markdown(plan), html(plan)):
        said = " ".join(text.lower().split())
        assert said.index("not looked into") < said.index("what the root user called") < said.index("no records of")
    assert max(map(len, summary(plan, "x.plan.json").splitlines())) <= 80
