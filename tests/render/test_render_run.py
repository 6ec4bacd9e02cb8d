"""What is said around a run: the question, the outcome, passwords, errors, drift, past runs."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from remediate.culprit import Trace
from remediate.drift import Drifted
from remediate.errors import BadInput, Partial, Refused, RemediateError
from remediate.executor import Result
from remediate.model import Address, Event, Plan, Value, at
from remediate.render.drift_text import drift
from remediate.render.error_text import error
from remediate.render.run_text import applied, duration, question, secrets
from remediate.render.runs_text import runs
from remediate.render.text import columns
from remediate.standing import Run
from render import plans

JOURNAL = plans.PATH.replace(".plan.json", ".journal.jsonl")


def result(plan: Plan, event: Event = "done", **others: Event) -> Result:
    found: dict[int, Event] = {change.id: event for change in plan.changes}
    return Result(outcomes=found | {int(number[1:]): other for number, other in others.items()})


def test_the_question_says_the_risks_and_what_cannot_be_taken_back() -> None:
    assert question(plans.plan(), 10).splitlines() == [
        "Apply 10 changes to account 123456789012 (acme-prod): 7 neutral, 2 restrictive, 1 destructive.",
        "! 1 cannot be taken back:",
        "  iam.access_key/dave/AKIAI44QH8DHBEXAMPLE: the key: its secret cannot be made again",
    ]


def test_the_question_of_a_rest_and_of_a_rollback() -> None:
    rest = question(plans.plan(), 4)
    assert rest.startswith("Apply the 4 of 10 changes that are left to account 123456789012 (acme-prod): in all 7")
    assert question(plans.rollback(), 2).startswith("Take back 2 changes in account 123456789012 (acme-prod): 1 neu")


def test_everything_applied() -> None:
    plan = plans.plan()
    assert applied(plan, result(plan), plans.PATH, JOURNAL, 46.2).splitlines() == [
        "Applied 10 of 10 in 46 s.",
        "Journal: plans/20261123T101500Z-123456789012.journal.jsonl",
        "Undo: remediate rollback plans/20261123T101500Z-123456789012.plan.json",
    ]


def test_trouble_is_named_with_the_ways_on_and_back() -> None:
    plan = plans.plan()
    came = result(plan, c2="already", c3="conflict", c4="failed", c5="intent")
    del came.outcomes[10]
    came.details = {3: "now 8, planned from 6", 4: "UpdateAccessKey: AccessDenied: no\x1b[2J"}
    came.stopped = "a change failed (--fail-fast)"
    text = applied(plan, came, plans.PATH, JOURNAL, 1.23)
    for line in (
        "Applied 6 of 10 in 1.2 s.",
        "  1 change of these somebody else had made already; rollback leaves them.",
        "Stopped: a change failed (--fail-fast)",
        "! #3 conflict  ~ iam.password_policy",
        "    now 8, planned from 6",
        "! #4 failed  ~ iam.access_key/ci-legacy/AKIAIOSFODNN7EXAMPLE",
        r"    UpdateAccessKey: AccessDenied: no\x1b[2J",
        "1 change without a known outcome: the next run asks the account.",
        "1 change not started: what they need is not done.",
        f"Go on: remediate apply {plans.PATH}",
        f"Undo: remediate rollback {plans.PATH}",
    ):
        assert line in text.splitlines(), line


def test_many_failures_are_counted() -> None:
    plan = plans.big()
    text = applied(plan, result(plan, "failed"), plans.PATH, JOURNAL, 125)
    assert text.count("! #") == 10
    assert "…and 490 more changes failed or in conflict: the journal names them." in text
    assert "Applied 0 of 500 in 2 min 5 s" in text
    assert "Undo" not in text


def test_a_rollback_says_what_stays() -> None:
    plan = plans.rollback()
    text = applied(plan, result(plan), plans.PATH, JOURNAL, 3, rolled_back=True)
    assert text.startswith("Took back 2 of 2 in 3.0 s")
    assert "2 entries left as they are:" in text
    assert "Undo" not in text


@pytest.mark.parametrize(("seconds", "text"), [(0.04, "0.0 s"), (9.94, "9.9 s"), (59.4, "59 s"), (61, "1 min 1 s")])
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_passwords_stand_beside_their_owners_and_nowhere_else() -> None:
    came = Result(outcomes={})
    came.secrets = [(at("iam.login_profile", "alice"), "s3cret/one"), (at("iam.login_profile", "b\x1b"), "s3cret/two")]
    assert secrets(came).splitlines()[1:] == ["  alice  s3cret/one", r"  b\x1b  s3cret/two"]
    assert "s3cret" not in applied(plans.plan(), came, plans.PATH, JOURNAL, 1)


@pytest.mark.parametrize(
    ("stop", "screen"),
    [
        (RemediateError("it broke"), "Error: it broke\nexit 1"),
        (
            Refused(
                "the account changed",
                address="iam.user/a\x1b",
                details=["  now  1", "x"],
                remedy="Plan: remediate plan",
            ),
            "Refused: the account changed\n  iam.user/a\\x1b\n    now  1\n  x\nPlan: remediate plan\nexit 3",
        ),
        (Partial("2 are left", remedy="Again."), "Partly applied: 2 are left\nAgain.\nexit 4"),
    ],
)
def test_an_error_names_the_thing_the_reason_and_the_way_out(stop: RemediateError, screen: str) -> None:
    assert error(stop, colour=False) == screen
    assert error(stop, colour=True).startswith("\x1b[31m")


def test_an_error_is_one_screen() -> None:
    stop = BadInput("x" * 1000, details=[f"detail {n} {'y' * 1000}" for n in range(100)], remedy="z " * 1000)
    lines = error(stop, colour=False).split("\n")
    assert len(lines) <= 20
    assert max(map(len, lines)) <= 400
    assert "  …and 86 more lines" in lines


def drifted(expected: Value, now: Value, name: str = "iam.user_inline/bob/read") -> Drifted:
    return Drifted(address=Address(name), expected=expected, now=now, plan=plans.PATH, since=plans.BEGUN)


def test_no_drift() -> None:
    assert drift([], None, known=40, width=80) == "No drift: 40 settings of past runs, as they left them."
    none = drift([], None, known=0, width=80)
    assert none == "No run on this account is on record here: only what the playbook wants is\ncompared."
    assert drift([], plans.empty(), known=40, width=80).endswith("The playbook guidelines would change nothing.")


def test_drift_shows_what_was_set_what_is_there_and_the_plan() -> None:
    text = drift([drifted("on", None)], None, known=40, width=80)
    assert text.splitlines() == [
        "Drift: 1 setting is not what a run left it at",
        "  ~ iam.user_inline/bob/read",
        '    expected  "on"',
        "    now       (absent)",
        f"    set by    {plans.PATH}",
    ]


WHO = Trace(
    at=plans.BEGUN,
    by=f"arn:aws:iam::{plans.empty().header.account}:user/bob",
    source="203.0.113.9",
    call="DeleteUserPolicy",
    agent="aws-cli",
    region="us-east-1",
    event_id="e",
)
OTHER = "arn:aws:sts::999999999999:assumed-role/ops/eve"
NAMED: dict[str, tuple[Trace | None, str, str]] = {
    "a user of the account": (WHO, "", "UTC by user/bob from 203.0.113.9 (DeleteUserPolicy, aws-cli)"),
    "somebody of another account": (
        replace(WHO, by=OTHER, agent=""),
        "",
        f"by {OTHER} from 203.0.113.9 (DeleteUserPolicy)",
    ),
    "a session of a role": (
        replace(WHO, behind=(WHO.by, OTHER)),
        "",
        f"by user/bob, taken by user/bob or {OTHER}, from 203.0.113.9 (DeleteUserPolicy, aws-cli)",
    ),
    "of whom there are many": (replace(WHO, behind=("a", "b", "c", "d")), "", "(DeleteUserPolicy, aws-cli)"),
    "long names": (replace(WHO, **dict.fromkeys(("by", "source", "call", "agent"), "x" * 300)), "", "xxx)"),
    "nobody knows": (None, "LookupEvents: AccessDenied: no", "nobody knows by whom: LookupEvents: AccessDenied: no"),
}


@pytest.mark.parametrize(("who", "unknown", "said"), NAMED.values(), ids=NAMED)
def test_drift_names_who_made_it(who: Trace | None, unknown: str, said: str) -> None:
    item = replace(drifted("on", None), who=who, nobody_knows=unknown)
    lines = drift([item], plans.empty(), known=40, width=80).split("\n\n")[0].splitlines()
    assert " ".join(" ".join(lines[5:]).split()).endswith(said)
    assert lines[5].startswith("    changed   ")
    assert max(map(len, lines)) <= 80


def test_drift_of_a_document_shows_the_lines_that_differ() -> None:
    text = drift([drifted({"a": 1, "b": 2}, {"a": 1, "b": 3})], None, known=40, width=80)
    assert '      -   "b": 2\n      +   "b": 3' in text
    long = drift([drifted({str(n): n for n in range(50)}, {str(n): -n for n in range(50)})], None, known=40, width=80)
    assert "more lines" in long


def test_drift_and_what_the_playbook_would_change() -> None:
    text = drift([drifted(1, 2)] * 30, plans.plan(), known=40, width=80)
    assert "…and 10 more: --json names them all" in text
    assert "would make 10 changes: 7 neutral, 2 restrictive, 1 destructive" in text
    assert "#9" in text
    assert "✋ 1 thing by hand" in text
    assert "? cloudtrail could not be read, which is not a pass" in text
    assert "…and 480 more: in the plan" in drift([], plans.big(), known=40, width=80)
    unknown = plans.plan((), findings=())
    assert "would change nothing of what could be read." in drift([], unknown, known=40, width=80)


def run(number: int) -> Run:
    return Run(
        plan=plans.PATH,
        account="123456789012",
        alias="acme-prod" if number % 2 else "",
        playbook="guidelines",
        caller=plans.header().caller if number % 2 else "arn:aws:iam::123456789012:user/people/alice",
        created=plans.BEGUN + timedelta(hours=number),
        kind="plan",
        changes=551,
        done=number,
        state=("partly applied", "partly rolled back")[number % 2],
        unknown=number // 2 * 500,
    )


@pytest.mark.parametrize("width", [80, 120, 160])
def test_runs_name_each_plan_whole(width: int) -> None:
    text = runs([run(n) for n in range(4)], width=width)
    assert text.count(plans.PATH) == 4
    assert max(map(columns, text.splitlines())) <= width
    assert "2026-11-23 11:15" in text
    assert "Admin/carol" in text
    assert "partly applied" in text
    assert "partly rolled back" in text
    assert "1/551  " in text
    assert "3/551 500?" in text


def test_no_runs() -> None:
    assert runs([], width=80) == "No plans here yet. Make one: remediate plan"


@pytest.mark.parametrize("name", plans.HOSTILE)
def test_hostile_names_are_inert(name: str) -> None:
    plan = plans.named(name)
    came = result(plan, "failed")
    came.details = {1: name}
    came.stopped = name
    came.secrets = [(at("iam.login_profile", name), "secret")]
    row = Run(
        plan=name,
        account=name,
        alias=name,
        playbook=name,
        caller=name,
        created=plans.BEGUN,
        kind="plan",
        changes=1,
        done=0,
        state="planned",
    )
    for text in (
        question(plan, 4),
        applied(plan, came, name, name, 1),
        secrets(came),
        error(Refused(name, address=name, details=[name], remedy=name), colour=False),
        drift([drifted(name, {"a": name}, name), drifted({name: name}, {name: 1}, name)], plan, known=40, width=80),
        runs([row], width=80),
        runs([row], width=160),
    ):
        assert all(line.isprintable() for line in text.split("\n"))
