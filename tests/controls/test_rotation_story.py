"""Rotations and shared users from their first plan to their last, with the days in between."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from moto.iam.models import iam_backends
from support.aws import Aws
from support.engine import Wire
from support.make import last_used
from support.snapshot import snapshot

from remediate.cli import applying, work
from remediate.errors import Partial
from remediate.model import Plan, Value
from remediate.store.plans import save

PLAYBOOK = """
principals: {applications: [{path: /apps/*}]}
controls:
  key-rotation: true
  unused-credentials: true
  shared-credentials:
    people:
      team: [{name: ann, group: ops}, {name: bob, group: ops}]
"""
NAME = "remediate/svc/access-key"
ISSUED = f"iam.issued_key/svc/us-east-1:{NAME}"


def ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


class Story:
    """An account whose days pass by editing what moto remembers."""

    def __init__(self, aws: Aws, wire: Wire, folder: Path) -> None:
        self.session = wire.session
        self.aws, self.iam, self.count = aws, aws.client("iam"), 0
        self.backend: Any = iam_backends[aws.account_id]["aws"]
        (folder / "mine.yaml").write_text(PLAYBOOK)

    def plan(self, *controls: str) -> Plan:
        self.backend.credential_report = None  # AWS makes a new one every four hours
        return work.make_plan(self.session, work.playbook_named("mine.yaml"), controls)[0]

    def apply(self, plan: Plan) -> Path:
        self.count += 1
        path = Path(f"{self.count}.plan.json")
        save(plan, path)
        applying.finish(plan, path, self.session, parallel=4, fail_fast=False, as_json=True)
        return path

    def take_back(self, plan: Plan, path: Path) -> None:
        back, place = applying.inverse_of(plan, path, None, self.session, 4)
        applying.finish(back, place, self.session, parallel=4, fail_fast=False, as_json=True)

    def key(self, number: int, made: float, used: float | None) -> str:
        key = self.backend.users["svc"].access_keys[number]
        key.create_date = ago(made)
        key.last_used = None if used is None else last_used(ago(used), "s3", "us-east-1")
        return str(key.access_key_id)

    def user(self, name: str, signed_in: float | None) -> None:
        user = self.backend.users[name]
        user.create_date = ago(400)
        if user.password:
            user.password_created = user.password_changed = ago(300)
        user.password_last_used = None if signed_in is None else ago(signed_in)

    def keys(self) -> dict[str, str]:
        return {key.access_key_id: key.status for key in self.backend.users["svc"].access_keys}

    def held(self) -> str:
        """The key in the secret."""
        value = self.aws.client("secretsmanager").get_secret_value(SecretId=NAME)["SecretString"]
        return next(key for key in self.keys() if f'"{key}"' in value)


@pytest.fixture
def story(aws: Aws, wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Story:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REMEDIATE_STATE_DIR", str(tmp_path))
    aws.client("iam").create_group(GroupName="ops")
    return Story(aws, wire, tmp_path)


@pytest.fixture
def svc(story: Story) -> str:
    """An application with a key of 100 days in use: the key's id."""
    story.iam.create_user(UserName="svc", Path="/apps/")
    story.iam.create_access_key(UserName="svc")
    story.backend.users["svc"].create_date = ago(400)
    return story.key(0, made=100, used=0)


def changes(plan: Plan) -> dict[str, Value]:
    return {str(change.address): change.after for change in plan.changes}


def test_from_the_first_key_to_the_third(story: Story, svc: str) -> None:
    first, today = svc, f"{ago(0):%Y-%m-%d}"
    old, tag = f"iam.access_key/svc/{first}", f"iam.user_tag/svc/remediate:inactive:{first}"
    rotating = f"iam.user_tag/svc/remediate:rotating:{first}"
    story.apply(story.plan())
    second = story.held()
    assert story.keys() == {first: "Active", second: "Active"}
    waiting = story.plan()
    assert (changes(waiting), len(waiting.manual)) == ({}, 1)

    story.key(0, made=115, used=8)
    story.key(1, made=15, used=1)
    done = story.plan()
    assert changes(done) == {old: "Inactive", tag: today, rotating: None}
    story.apply(done)
    assert story.keys() == {first: "Inactive", second: "Active"}
    assert changes(story.plan()) == {}

    story.iam.tag_user(UserName="svc", Tags=[{"Key": tag.split("/")[2], "Value": f"{ago(31):%Y-%m-%d}"}])
    story.key(0, made=150, used=40)
    over = story.plan()
    assert changes(over) == {old: None, tag: None}
    story.apply(over)
    assert story.keys() == {second: "Active"}

    story.key(0, made=100, used=0)
    again = story.plan()
    assert changes(again)[ISSUED] == {"replaces": second}
    assert f"secretsmanager.secret/us-east-1/{NAME}" not in changes(again)
    path = story.apply(again)
    assert story.held() not in (first, second)
    story.take_back(again, path)
    assert (story.held(), story.keys()) == (second, {second: "Active"})


def test_taken_back_nothing_is_left(story: Story, svc: str) -> None:
    before = snapshot(story.aws.client)
    plan = story.plan("key-rotation")
    path = story.apply(plan)
    assert snapshot(story.aws.client) != before
    story.take_back(plan, path)
    assert snapshot(story.aws.client) == before
    assert {change.reversal for change in plan.changes} == {"exact", "equivalent"}
    story.apply(story.plan("key-rotation"))  # the secret's name is taken by the deleted one
    assert story.held() in story.keys().keys() - {svc}


def test_a_new_key_in_use_stays_when_the_plan_is_taken_back(story: Story, svc: str) -> None:
    plan = story.plan("key-rotation")
    path = story.apply(plan)
    second = story.key(1, made=1, used=0)
    with pytest.raises(Partial):
        story.take_back(plan, path)
    assert (story.held(), story.keys()) == (second, {svc: "Active", second: "Active"})


def test_a_key_that_is_used_between_plan_and_apply_is_not_stopped(story: Story, svc: str) -> None:
    story.apply(story.plan("key-rotation"))
    story.key(0, made=115, used=8)
    story.key(1, made=15, used=1)
    plan = story.plan("key-rotation")
    assert f"iam.access_key/svc/{svc}" in changes(plan)
    story.key(0, made=115, used=0)
    with pytest.raises(Partial):
        story.apply(plan)
    assert story.keys()[svc] == "Active"


def test_from_a_shared_user_to_users_of_their_own(story: Story) -> None:
    story.iam.create_user(UserName="team")
    story.iam.create_login_profile(UserName="team", Password="correct horse battery staple")
    story.user("team", signed_in=0)
    plan = story.plan("shared-credentials")
    before = snapshot(story.aws.client)
    path = story.apply(plan)
    users = {"ann", "bob"}
    assert {u["UserName"] for u in story.iam.get_group(GroupName="ops")["Users"]} == users
    assert all(story.backend.users[name].password for name in users)
    assert changes(story.plan("shared-credentials")) == {}, "nobody has signed in yet"
    story.take_back(plan, path)
    assert snapshot(story.aws.client) == before

    story.apply(story.plan("shared-credentials"))
    for name in users:
        story.user(name, signed_in=2)
    story.user("team", signed_in=6)
    assert changes(story.plan("shared-credentials")) == {}, "somebody still signs in with it"
    story.user("team", signed_in=8)
    last = story.plan("shared-credentials")
    assert changes(last) == {"iam.login_profile/team": None}
    story.apply(last)
    assert not story.backend.users["team"].password
    assert story.plan("shared-credentials").findings == ()
