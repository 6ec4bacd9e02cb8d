"""A journal as a person reads it, and the verdict on many."""

from datetime import timedelta

import pytest

from remediate.audit import Step, Told
from remediate.errors import BadInput
from remediate.model import Event, Plan
from remediate.render.journal_text import Verdict, journal, verdicts
from remediate.render.text import columns
from render import plans


def told(plan: Plan, **outcomes: Event) -> Told:
    """A run in which every change took half a second."""
    steps = tuple(
        Step(
            change=change,
            outcome=outcomes.get(f"c{change.id}", "done"),
            at=plans.BEGUN + timedelta(seconds=n),
            seconds=0.5,
            sends=1 + (n == 1),
            request_ids=(f"4442587F-{n}",),
            detail="AccessDenied: no\x1b[2J" if f"c{change.id}" in outcomes else "",
        )
        for n, change in enumerate(plan.changes, start=1)
    )
    ended = plans.BEGUN + timedelta(seconds=46)
    return Told(caller=plan.header.caller, begun=plans.BEGUN, ended=ended, how="complete", steps=steps)


def test_who_when_what_before_after_and_request_id() -> None:
    plan = plans.plan()
    text = journal(plan, plans.PATH, [told(plan)], width=100, colour=False)
    lines = text.splitlines()
    assert lines[0] == "Plan: 10 changes to 123456789012 (acme-prod)"
    assert f"digest {plan.digest}" in lines
    assert f"Run 1 of 1, by {plan.header.caller}" in lines
    assert "  2026-11-23 10:15:00 UTC, 46 s: complete" in lines
    for change in plan.changes:
        assert f"  #{change.id}  done  10:15:" in text
        assert f"{change.sign} {change.address}" in text
    assert "      AWS request 4442587F-3" in lines
    assert any("sent 2 times" in line for line in lines)
    assert '      + {"path": "/"}' in lines or "      + member" in text


def test_one_address_or_change_alone() -> None:
    plan = plans.plan()
    for asked in (plan.changes[2].address, "#3", "3"):
        text = journal(plan, plans.PATH, [told(plan)], address=asked, width=100, colour=False)
        assert [n for n in range(1, 11) if f"  #{n}  done" in text] == [3]
    with pytest.raises(BadInput, match=r"iam\.group/none is not in this plan"):
        journal(plan, plans.PATH, [told(plan)], address="iam.group/none", width=100, colour=False)


def test_a_failure_says_why_and_a_run_that_broke_off_says_so() -> None:
    plan = plans.plan()
    run = told(plan, c4="failed")
    broken = Told(caller="x", begun=run.begun, ended=None, how="broke off", steps=())
    text = journal(plan, plans.PATH, [broken, run], width=80, colour=False)
    assert "  2026-11-23 10:15:00 UTC: broke off\n  nothing was done" in text
    assert r"      ! AccessDenied: no\x1b[2J" in text


@pytest.mark.parametrize("width", [80, 160])
@pytest.mark.parametrize("name", plans.HOSTILE)
def test_hostile_names_keep_their_lines(name: str, width: int) -> None:
    harmless, hostile = plans.named("harmless"), plans.named(name)
    shapes = []
    for plan in (harmless, hostile):
        text = journal(plan, plans.PATH, [told(plan)], width=width, colour=False)
        assert all(line.isprintable() for line in text.splitlines())
        shapes.append([line.split()[0] for line in text.splitlines() if line.startswith("  #")])
    assert shapes[0] == shapes[1]


def row(path: str = plans.PATH, *faults: str, head: str = "cee4da4ebcabb045" * 4, torn: int = 0) -> Verdict:
    return Verdict(plan=path, changes=10, records=1234 if head else 0, head=head, torn=torn, faults=faults)


def test_verdicts() -> None:
    text = verdicts(
        [row(), row("plans/b.plan.json", "line 3 is not a record"), row("plans/c.plan.json", head="", torn=7)], width=80
    )
    lines = text.splitlines()
    assert lines[1].split() == ["as", "written", "1,234", "records", "cee4da4ebcabb045", plans.PATH]
    assert lines[2].startswith("BROKEN")
    assert lines[3] == "  ! line 3 is not a record"
    assert lines[4].startswith("not applied")
    assert lines[5] == "  7 bytes of a record that a crash cut short: the next run drops them"
    assert verdicts([], width=80) == "No plans here: nothing to verify."
    assert all(columns(line) < 120 for line in lines)
