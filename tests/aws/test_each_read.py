"""Whichever single call of planning is denied, or finds the credentials ended: an unknown or an error, never a pass.

`test_reader.py` denies each operation; here it is one call, and the others of its kind are answered. The default run
takes a sample of the calls; REMEDIATE_STRESS=1 takes them all.
"""

import time
from functools import cache

from support.aws import Aws
from support.faults import Call, Fault, Faults, denied, expired
from support.stress import STRESS

from remediate.aws.session import Session
from remediate.cli import work
from remediate.errors import CallFailed, CredentialsEnded, RemediateError
from remediate.model import Plan
from remediate.sandbox import fill

SAMPLE = 2
ONLY_FOR_PEOPLE = {"ListAccountAliases"}
"""Without the alias the account's number stands alone: nothing is concluded from it."""


def planned(faults: Faults) -> Plan:
    fill()
    return work.make_plan(faults.watch(Session()), work.playbook_named("guidelines"), ())[0]


@cache
def unhindered() -> tuple[Plan, int]:
    """The plan when everything can be read, and its calls: the same account each time, so it is made once."""
    faults = Faults()
    return planned(faults), len(faults.calls)


def struck(index: int, fault: Fault) -> tuple[Plan, Call] | Exception:
    """The plan when the index-th call meets the fault, or the error that ended it."""
    faults = Faults().when(lambda call: call.index == index, fault)
    try:
        plan = planned(faults)
    except (CallFailed, RemediateError) as error:
        return error
    return plan, faults.calls[index - 1]


def indices(count: int) -> range:
    return range(1, count + 1) if STRESS else range(count // SAMPLE, count + 1, count // SAMPLE)


def test_each_read_denied(aws: Aws) -> None:
    begun = time.monotonic()
    good, count = unhindered()
    for index in indices(count):
        aws.sandbox.reset()
        found = struck(index, denied)
        if isinstance(found, Exception):
            assert "AccessDenied" in str(found), index
            continue
        plan, call = found
        told = plan.unknowns or [text for text in plan.proof.open if "AccessDenied" in text]
        assert told or call.operation in ONLY_FOR_PEOPLE, f"{call.operation} was swallowed"
        assert all("AccessDenied" in unknown.reason for unknown in plan.unknowns)
        blind = {control for unknown in plan.unknowns for control in unknown.controls}
        unread = {tuple(unknown.what.split("/")[1:2]) for unknown in plan.unknowns}
        left = {(f.control, f.address) for f in good.findings} - {(f.control, f.address) for f in plan.findings}
        passed = {c for c, address in left if tuple(address.split("/")[1:2]) not in unread}
        assert passed <= blind, f"{call.operation} made faults pass"
    if STRESS:
        print(f"\nplan: {count} reads, each denied once, in {time.monotonic() - begun:.0f} s")


def test_credentials_that_end_at_each_read(aws: Aws) -> None:
    _, count = unhindered()
    for index in indices(count):
        aws.sandbox.reset()
        assert isinstance(struck(index, expired), CredentialsEnded), index
