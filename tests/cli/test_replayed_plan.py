"""A plan that would have denied recorded calls: refused, or told where that is meant; and never corrected by itself."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support import cloudtrail as ct
from support.aws import Aws
from support.engine import Wire

from remediate.cli import drift, work
from remediate.cli.evidence import evidence
from remediate.cli.plan import plan
from remediate.cli.show import show
from remediate.errors import Refused
from remediate.model import Plan, kind_of
from remediate.render.html import html
from remediate.render.markdown import markdown
from remediate.store.plans import load

NOW = datetime.now(UTC)
FILE = Path("made.plan.json")
ONLY = ["cross-account-roles"]
BOOK = "name: mine\nextends: guidelines\napprove: [neutral, additive, restrictive]\nmax_denied: {}\n"
SAID = "would have denied 3 of 4 calls in 16 days"


@pytest.fixture(autouse=True)
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, aws: Aws, wire: Wire) -> None:
    """Somebody of another account assumed a role three times, which everybody may assume, and somebody of this once."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REMEDIATE_STATE_DIR", str(tmp_path))
    everyone = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [everyone]}
    aws.client("iam").create_role(RoleName="partner-sync", AssumeRolePolicyDocument=json.dumps(trust))
    dan = ct.user("dan", account="444455556666")
    for day in (1, 6, 11, 16):
        who = ct.user("alice") if day == 16 else dan
        at = NOW - timedelta(days=day)
        record = {**ct.assumed("partner-sync", "sync", f"ASIA{day:016d}", who), "eventTime": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
        path = Path("logs", ct.file_name(day, at=at))
        path.parent.mkdir(parents=True)
        path.write_bytes(ct.packed([record]))
    evidence("logs")


def planned(most: int | None = None, book: str = "guidelines") -> Plan:
    plan(playbook=book, output=FILE, control=ONLY, max_denied=most)
    return load(FILE)


def test_it_is_refused_with_the_people_and_the_ways_out() -> None:
    with pytest.raises(Refused) as caught:
        planned()
    assert "it would have denied 3 of 4 calls recorded in 16 days, the limit is 0" in caught.value.what
    [line] = caught.value.details
    assert line.startswith("arn:aws:iam::444455556666:user/dan: 3 calls of sts:AssumeRole on arn:aws:iam::")
    assert "by #1 iam.role/partner-sync" in line
    assert "--max-denied 3." in caught.value.remedy
    assert not FILE.exists()


def test_it_is_made_and_told_where_that_is_meant(capsys: pytest.CaptureFixture[str]) -> None:
    made = planned(3)
    printed = capsys.readouterr().out
    assert made.replay
    assert (made.replay.denied, made.replay.perhaps) == (3, 0)
    assert f"the plan {SAID}" in " ".join(printed.split())
    assert "arn:aws:iam::444455556666:user/dan" in printed
    change = next(change for change in made.changes if kind_of(change.address) == "iam.role")
    show(FILE, address=f"#{change.id}")
    shown = " ".join(capsys.readouterr().out.split())
    assert "would have denied 3 of 4 calls of theirs in 16 days" in shown
    show(FILE, who=True)
    shown = " ".join(capsys.readouterr().out.split())
    assert f"The plan {SAID}, by CloudTrail's records: {NOW - timedelta(days=16):%Y-%m-%d} to" in shown
    assert "? they have no data events" in shown
    assert SAID in html(made)
    assert SAID in markdown(made)


def test_the_playbook_may_allow_it() -> None:
    Path("mine.yaml").write_text(BOOK.format(3))
    assert planned(book="mine.yaml").changes
    with pytest.raises(Refused):
        planned(2, "mine.yaml")


@pytest.mark.parametrize(("most", "corrected"), [(2, False), (3, True)])
def test_drift_tells_and_corrects_only_what_stops_nobody(
    most: int, corrected: bool, wire: Wire, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("mine.yaml").write_text(BOOK.format(most))
    code = drift._once(
        wire.session, work.playbook_named("mine.yaml"), ONLY, correct=lambda: True, parallel=4, as_json=False
    )
    said = " ".join(capsys.readouterr().err.split())
    refused = "Nothing was corrected: it would have denied 3 of 4 calls recorded in 16 days, the limit is 2"
    assert (refused in said) is not corrected
    assert code == (0 if corrected else 2)


def test_without_records_the_plan_says_how_to_have_some(capsys: pytest.CaptureFixture[str]) -> None:
    work.EVIDENCE.rename("elsewhere")
    assert planned().replay is None
    assert "would have denied" not in capsys.readouterr().out
    show(FILE, who=True)
    assert "? No records of CloudTrail are at hand" in capsys.readouterr().out
