"""The main job through the real command line: plan, show, apply, plan again, drift, roll back."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from support.aws import Aws
from support.cli import REMEDIATE, plan_file, run, started
from support.latency import latency
from support.snapshot import snapshot

from remediate.model import outcomes
from remediate.sandbox import fill
from remediate.sandbox.somebody import Somebody
from remediate.store.journal import read
from remediate.store.plans import load


@pytest.fixture
def messy(aws: Aws) -> Aws:
    fill()
    return aws


def test_plan_apply_plan_rollback(messy: Aws, tmp_path: Path) -> None:
    before = snapshot(messy.client)
    planned = run("plan", "--detailed-exitcode", cwd=tmp_path)
    assert planned.returncode == 2, planned.stderr
    assert snapshot(messy.client) == before  # planning changes nothing
    plan = plan_file(tmp_path)

    applied = run("apply", str(plan), "--yes", "--json", cwd=tmp_path)
    assert applied.returncode == 0, applied.stderr
    outcomes = json.loads(applied.stdout)["outcomes"]
    assert outcomes
    assert {o["outcome"] for o in outcomes} == {"done"}

    again = run("plan", "--detailed-exitcode", "--json", cwd=tmp_path)
    assert again.returncode == 0, again.stdout[:2000]
    assert json.loads(again.stdout)["changes"] == []

    twice = run("apply", str(plan), "--yes", cwd=tmp_path)
    assert twice.returncode == 0
    assert "Already applied" in twice.stderr

    back = run("rollback", str(plan), "--yes", "--json", cwd=tmp_path)
    assert back.returncode == 0, back.stderr
    assert run("apply", str(plan), "--yes", cwd=tmp_path).returncode == 3

    runs = json.loads(run("runs", "--json", cwd=tmp_path).stdout)
    assert [r["state"] for r in runs if r["kind"] == "plan"][-1] == "rolled back"


def test_every_view_of_a_plan(messy: Aws, tmp_path: Path) -> None:
    assert run("plan", cwd=tmp_path).returncode == 0
    plan = plan_file(tmp_path)
    changes = json.loads(plan.read_text())["changes"]
    for arguments, expected in (
        ((), f"#{changes[-1]['id']}"),
        (("--who",), "judy.ng"),
        (("--manual",), "break-glass"),
        (("--address", "iam.password_policy"), "MinimumPasswordLength"),
        (("--format", "markdown"), "password-policy"),
        (("--format", "html"), "<!doctype html>"),
        (("--format", "json"), '"digest"'),
    ):
        shown = run("show", str(plan), *arguments, cwd=tmp_path)
        assert shown.returncode == 0, shown.stderr
        assert expected.lower() in shown.stdout.lower(), arguments


def test_two_plans_of_one_account_are_the_same(messy: Aws, tmp_path: Path) -> None:
    for name, seed in (("one", "1"), ("two", "2")):  # sets come in another order
        assert run("plan", "-o", f"{name}.plan.json", cwd=tmp_path, PYTHONHASHSEED=seed).returncode == 0
    one, two = (json.loads((tmp_path / f"{name}.plan.json").read_text()) for name in ("one", "two"))
    for plan in (one, two):
        for field in ("created", "expires"):
            plan["header"].pop(field)
        plan.pop("digest")
    assert json.dumps(one) == json.dumps(two)


def test_drift_is_found_and_corrected(messy: Aws, tmp_path: Path) -> None:
    run("plan", "--control", "password-policy", cwd=tmp_path)
    assert run("apply", str(plan_file(tmp_path)), "--yes", cwd=tmp_path).returncode == 0
    iam = messy.client("iam")
    policy = iam.get_account_password_policy()["PasswordPolicy"]
    policy.pop("ExpirePasswords")
    Somebody(messy.sandbox, "bob.keller").iam("UpdateAccountPasswordPolicy", {**policy, "MinimumPasswordLength": 6})

    only = ("--control", "password-policy")
    found = run("drift", *only, "--json", cwd=tmp_path)
    assert found.returncode == 2, found.stderr
    [drifted] = json.loads(found.stdout)["drifted"]
    assert drifted["address"] == "iam.password_policy"
    assert drifted["who"]["by"] == f"arn:aws:iam::{messy.account_id}:user/bob.keller"
    assert (drifted["who"]["call"], drifted["who"]["agent"]) == ("UpdateAccountPasswordPolicy", "aws-cli")
    text = run("drift", *only, cwd=tmp_path, COLUMNS="80").stdout
    assert "by user/bob.keller from 127.0.0.1" in text
    assert max(map(len, text.splitlines())) <= 80

    corrected = run("drift", *only, "--correct", cwd=tmp_path)
    assert corrected.returncode == 0, corrected.stderr
    assert iam.get_account_password_policy()["PasswordPolicy"]["MinimumPasswordLength"] == 8
    assert run("drift", *only, cwd=tmp_path).returncode == 0


def test_correction_over_a_limit_leaves_everything_to_review(messy: Aws, tmp_path: Path) -> None:
    (tmp_path / "tight.yaml").write_text("extends: guidelines\nname: tight\nlimits: {changes: 1}\n")
    before = snapshot(messy.client)
    done = run("drift", "-p", "tight.yaml", "--correct", cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "Nothing was corrected" in done.stderr
    assert "Left to review" in done.stderr
    assert snapshot(messy.client) == before


def test_correction_never_does_what_is_not_approved(messy: Aws, tmp_path: Path) -> None:
    done = run("drift", "--correct", "--control", "unused-credentials", cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    left = json.loads(sorted(tmp_path.glob("plans/*.plan.json"))[-1].read_text())
    assert {"restrictive", "destructive"} >= {
        c["risk"] for c in left["changes"] if c["address"].startswith("iam.access")
    }
    assert messy.client("iam").list_access_keys(UserName="judy.ng")["AccessKeyMetadata"]


def test_watching_goes_on_until_sigterm_and_leaves_one_plan(messy: Aws, tmp_path: Path) -> None:
    environment = {**os.environ, "REMEDIATE_STATE_DIR": str(tmp_path / ".state")}
    only = ("--control", "unused-credentials")
    with subprocess.Popen(
        [REMEDIATE, "drift", "--every", "1s", *only], cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True
    ) as watching:
        assert watching.stderr
        seen = 0
        for line in watching.stderr:
            seen += line.startswith("Left to review")
            if seen == 2:
                watching.send_signal(signal.SIGTERM)
                break
        rest = watching.stderr.read()
        assert watching.wait(30) == 0, rest
    assert rest.rstrip().endswith("Stopped.")
    assert len(list(tmp_path.glob("plans/*.plan.json"))) == 1


@pytest.mark.parametrize(
    "words", [("--every", "6 hours"), ("--cron", "0 25 * * *"), ("--every", "1h", "--cron", "* * * * *")]
)
def test_a_bad_schedule_is_refused(aws: Aws, tmp_path: Path, words: tuple[str, ...]) -> None:
    done = run("drift", *words, cwd=tmp_path, timeout=20)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "--every" in done.stderr or "--cron" in done.stderr


def test_sigterm_while_reading_begins_no_correction(messy: Aws, tmp_path: Path) -> None:
    iam = messy.client("iam")
    before = iam.get_account_password_policy()["PasswordPolicy"]
    (tmp_path / "all.yaml").write_text("extends: guidelines\nname: all\napprove: [neutral, additive, restrictive]\n")
    words = ["drift", "--correct", "--every", "1h", "-p", "all.yaml", "--control", "password-policy"]
    environment = {**os.environ, "REMEDIATE_STATE_DIR": str(tmp_path / ".state")}
    with (
        latency(messy.sandbox, 200),
        subprocess.Popen(
            [REMEDIATE, *words], cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True
        ) as going,
    ):
        assert going.stderr
        next(line for line in going.stderr if line.startswith("-- "))
        going.send_signal(signal.SIGTERM)
        rest = going.stderr.read()
        assert going.wait(30) == 0, rest
    assert iam.get_account_password_policy()["PasswordPolicy"] == before
    assert "Left to review" in rest


def test_sigterm_in_the_middle_of_a_correction_finishes_what_is_in_hand(messy: Aws, tmp_path: Path) -> None:
    """And the plan of that correction, applied by hand, goes on."""
    book = "extends: guidelines\nname: all\napprove: [neutral, additive]\nlimits: {changes: 1000, share: 1}\n"
    (tmp_path / "all.yaml").write_text(book)
    words = ("drift", "--correct", "--every", "1h", "--parallel", "1", "-p", "all.yaml", "--control", "groups")
    with latency(messy.sandbox, 30) as calls:
        going = started(*words, cwd=tmp_path)
        while calls.by_operation["CreateGroup"] + calls.by_operation["CreatePolicy"] < 3:
            assert going.poll() is None
            time.sleep(0.01)
        going.send_signal(signal.SIGTERM)
        rest = going.communicate(timeout=60)[1]
    assert going.returncode == 0, rest
    assert rest.rstrip().endswith("Stopped.")
    assert "interrupted by SIGTERM" in rest
    (journal,) = tmp_path.glob("plans/*.journal.jsonl")
    part = journal.with_name(journal.name.replace(".journal.jsonl", ".plan.json"))
    records = read(journal).records
    assert (records[-1].event, records[-1].detail) == ("end", "interrupted by SIGTERM")
    assert set(outcomes(records).values()) <= {"done"}
    assert 0 < len(outcomes(records)) < len(load(part).changes)
    assert run("apply", str(part), "--yes", cwd=tmp_path).returncode == 0
    assert set(outcomes(read(journal).records).values()) == {"done"}


def test_drift_that_no_control_takes_back_is_still_said_after_a_correction(messy: Aws, tmp_path: Path) -> None:
    only = ("--control", "password-policy")
    run("plan", *only, cwd=tmp_path)
    assert run("apply", str(plan_file(tmp_path)), "--yes", cwd=tmp_path).returncode == 0
    iam = messy.client("iam")
    policy = iam.get_account_password_policy()["PasswordPolicy"]
    policy.pop("ExpirePasswords")
    iam.update_account_password_policy(**{**policy, "MinimumPasswordLength": 20})  # stricter: nothing to correct
    done = run("drift", *only, "--correct", cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "MinimumPasswordLength" in done.stdout
