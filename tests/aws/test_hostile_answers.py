"""R29: what AWS hands on was written by anybody: reports and documents of any shape are read, or said to be none."""

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support import accounts
from support.hostile import Damage, damage, json_values, names, paths_in, put
from support.stress import STRESS

from remediate import planner, policy
from remediate.aws.documents import as_text, held
from remediate.aws.documents import parsed as read_policy
from remediate.aws.reader.report import ROOT, Row, parsed
from remediate.aws.resources import RESOURCES
from remediate.controls import CONTROLS
from remediate.errors import BadInput, CallFailed, Refused
from remediate.model import Value, at
from remediate.playbook import Playbook
from remediate.playbook.scope import Scope
from remediate.policy import NotAPolicy
from remediate.render.json import json as to_json

FEW = 4000 if STRESS else 60
easy = settings(max_examples=FEW, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])

SLOT = "active last_rotated last_used_date last_used_region last_used_service".split()
COLUMNS = (
    *"user arn user_creation_time password_enabled password_last_used password_last_changed".split(),
    *"password_next_rotation mfa_active".split(),
    *(f"access_key_{n}_{name}" for n in (1, 2) for name in SLOT),
    *(f"cert_{n}_{name}" for n in (1, 2) for name in SLOT[:2]),
)
MOMENT = "2026-01-31T12:00:00+00:00"


def report(*rows: Mapping[str, str]) -> bytes:
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, restval="N/A")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode("utf-8", "surrogatepass")


ALICE = {"user": "alice", "password_enabled": "true", "password_last_used": MOMENT, "mfa_active": "false"}
KEYS = {"access_key_1_active": "true", "access_key_1_last_rotated": MOMENT, "access_key_2_last_rotated": MOMENT}
GOOD = report({"user": ROOT, "password_enabled": "not_supported"}, ALICE | KEYS)


def rows_of(content: bytes) -> Mapping[str, Row]:
    """The rows, with moments that can be compared; or nothing, where it is no report."""
    try:
        rows = parsed(content)
    except CallFailed as error:
        assert error.code == "BadReport"
        return {}
    for row in rows.values():
        moments = [row.password.last_used, row.password.changed] if row.password else []
        moments += [moment for key in row.keys for moment in (key.created, key.last_used)]
        assert all(moment is None or moment.tzinfo for moment in moments)
    return rows


def test_a_good_report() -> None:
    rows = rows_of(GOOD)
    assert {*rows} == {ROOT, "alice"}
    assert [key.active for key in rows["alice"].keys] == [True, False]


@easy
@given(hurt=damage())
def test_a_damaged_report_is_read_or_unreadable(hurt: Damage) -> None:
    rows_of(hurt(GOOD))


@easy
@given(row=st.dictionaries(st.sampled_from(COLUMNS), names), name=names)
@example(row={"access_key_1_last_rotated": "0001-01-01T00:00:00+23:59"}, name="a")
@example(row={"password_enabled": "true", "password_last_used": "2026-01-31"}, name="a")
@example(row={"user": "x" * 200_000}, name="a")
def test_hostile_cells_of_a_report(row: dict[str, str], name: str) -> None:
    rows_of(report({"user": name, **row}))


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"user\r\n", b"user\na\nb,c,d\n", b'"', GOOD.replace(b"mfa_active", b"x"), b"\0" * 99]
)
def test_what_is_no_report_says_nothing_of_anybody(content: bytes) -> None:
    assert rows_of(content) == {}


# --- documents ------------------------------------------------------------------------------------------------------

DOCUMENT: Any = {
    "Version": "2012-10-17",
    "Id": "x",
    "Statement": [
        {
            "Sid": "One",
            "Effect": "Allow",
            "Action": ["s3:Get*", "s3:List*"],
            "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"],
            "Principal": {"AWS": ["arn:aws:iam::111122223333:root"], "Service": "ec2.amazonaws.com"},
            "Condition": {"StringEquals": {"aws:SourceVpc": ["vpc-1"]}, "Bool": {"aws:SecureTransport": "true"}},
        },
        {"Effect": "Deny", "NotAction": "iam:*", "NotResource": "*", "NotPrincipal": "*"},
    ],
}
wild = json_values | st.tuples(st.sampled_from(list(paths_in(DOCUMENT))), json_values).map(
    lambda change: put(DOCUMENT, *change)
)
"""Any JSON, and policies with any JSON in one place."""
OURS = [{"Sid": "AWSCloudTrailWrite", "Effect": "Allow", "Action": "s3:PutObject"}]


@easy
@given(document=wild)
@example(document={"Statement": {"Sid": ["x"], "Effect": "Allow"}})
@example(document={"Statement": [{"Effect": ["Allow"]}]})
@example(document={"Statement": [{"Effect": "Allow", "Principal": {"AWS": [["x"], {"y": 1}]}}]})
def test_a_document_of_any_shape_is_a_policy_or_not(document: Value) -> None:
    try:
        policy.statements(document)
        policy.statements(policy.modern(document))
    except NotAPolicy as error:
        assert str(error)
    policy.size(document)
    policy.on_everything(document, "Allow")
    merged: Any = policy.merge(document, OURS)
    assert merged["Statement"][-1] == OURS[0]
    policy.steady(document)
    policy.lets_people_in(document)
    policy.deleted_principals(document)
    for item in policy.trust_statements(document):
        policy.aws_principals(item)
        policy.federated_principals(item)


def account_with(document: Value, name: str) -> Any:
    """Somebody put the document, and names of their choice, everywhere a document can stand."""
    trusting = accounts.role("trusting")
    trusting = type(trusting)(
        **{field: getattr(trusting, field) for field in trusting.__struct_fields__} | {"trust": document}
    )
    return accounts.account(
        accounts.holding("user", "alice", [accounts.mine("wild")], {name.replace("/", "") or "x": document}),
        accounts.holding("group", "g", [accounts.mine("wild")], {"own": document}),
        accounts.holding("role", "trusting", [accounts.ADMIN], {"own": document}),
        accounts.members(g="alice bob"),
        accounts.policies(wild=document),
        {
            at("iam.role", "trusting"): {"path": "/", "trust": document},
            at("iam.user_tag", "alice", name or "x"): name,
            at("s3.bucket_policy", "b"): document,
        },
        roles=[trusting],
    )


@easy
@given(document=wild, name=names, control=st.sampled_from(sorted(CONTROLS)))
def test_every_control_judges_any_document(document: Value, name: str, control: str) -> None:
    """It finds what it finds, or the plan is refused: a hostile document does not stop the others' plan."""
    chosen: Any = accounts.with_settings(CONTROLS[control])
    scope = Scope(playbook=Playbook(name="test"), now=accounts.NOW)
    try:
        draft = planner.draft(account_with(document, name), chosen, scope, RESOURCES)
    except (Refused, BadInput) as error:
        assert error.what
    else:
        assert to_json(draft)


@pytest.mark.parametrize(
    "document",
    [{"a": "\ud800"}, {"\udfff": 1}, {"a": [{"b": ["x\udc00"]}]}, "no JSON", None],
)
def test_a_document_that_fits_no_file_is_held_and_sent_as_text(document: Any) -> None:
    text = held(document)
    assert isinstance(text, str)
    assert json.loads(to_json({"a": text})) == {"a": text}
    assert as_text(text) == text
    if isinstance(document, dict):
        assert json.loads(text) == document


@easy
@given(hurt=damage())
@example(hurt=lambda _: b"[" * 20_000)
@example(hurt=lambda _: b'{"a":"\\ud800"}')
def test_a_policy_of_which_ours_become_a_part_is_read_or_unreadable(hurt: Damage) -> None:
    """It is never taken for an empty one, which would be written over it."""
    text = hurt(json.dumps(DOCUMENT).encode()).decode("utf-8", "replace")
    try:
        document = read_policy("get_bucket_policy", text)
    except CallFailed as error:
        assert error.code == "BadDocument"
    else:
        assert json.loads(text) == document
        assert json.loads(as_text(document)) == document
