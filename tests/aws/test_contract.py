"""What every resource type keeps, whatever it is: the cases are in `support/contract`.

absent, a, b, absent: each step by the real executor, as it is; repeated; taken back where the kind says that this is
exact; and with each of its changing calls lost on the way, carried out and its answer lost, throttled, denied, with
expired credentials, without a connection, and failed in AWS. `test_faults.py` proves that no call is left out.
"""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from support.actions import action_of
from support.aws import Aws
from support.contract import CASES, Case
from support.contract.calls import CALLS
from support.contract.walker import Walker, changing, interruptions, meets
from support.engine import ACCOUNT, Wire, outcomes
from support.faults import (
    Fault,
    Faults,
    answer_lost,
    denied,
    expired,
    lost_on_the_way,
    rubbish,
    server_error,
    throttled,
    unavailable,
    unreachable,
)
from support.stress import STRESS

from remediate.aws.resources import RESOURCES
from remediate.errors import CallFailed
from remediate.model import AccountId, kind_of

WHERE = AccountId(partition="aws", account=ACCOUNT)
NOT_DECISIVE = {
    "secretsmanager:UntagResource": "the key is stored by then: a mark that stays counts for minutes alone",
}
"""Calls whose failure does not fail the change."""
RENEWED = {
    "iam.root_access_key": "a member's root session is not the run's: another one is opened, and the call sent in it",
}
"""Kinds whose calls are not signed with the credentials of the run."""
SENT_ANEW = {
    "iam.issued_key": "a key whose secret could not be stored is deleted, and another one made",
}
"""Kinds that make something again, after they have cleaned away what the first attempt made."""
every = pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
LOST = (answer_lost, lost_on_the_way, *((rubbish, server_error, unavailable) if STRESS else ()))


@every
def test_there_and_back_and_again(case: Case, aws: Aws, wire: Wire, tmp_path: Path) -> None:
    walker = Walker(case, aws, wire, tmp_path)
    transitions = list(pairwise(case.values))
    exact = [walker.kind.reversal(*transition)[0] == "exact" for transition in transitions]
    for (before, after), calls, back in zip(transitions, CALLS[case.id], exact, strict=True):
        assert walker.read() == before
        done, faults = walker.step(before, after)
        assert (done, walker.read()) == (["done"], after)
        assert dict.fromkeys(changing(faults.calls)) == dict.fromkeys(calls.split())
        ours = [call for call in faults.calls if "X-Amz-Security-Token" not in call.request.headers]
        called = {action_of(call.service, call.operation) for call in ours} - {"sts:GetCallerIdentity"}
        allowed = {p.action for p in walker.kind.permissions(walker.address, before, after, WHERE)}
        assert called <= allowed, called - allowed
        again, faults = walker.step(before, after)
        assert (again, faults.writes, walker.read()) == (["already"], [], after)
        if back and not all(exact):
            walker.goes(after, before)
            walker.goes(before, after)
    for before, after in reversed(transitions if all(exact) else ()):
        walker.goes(after, before)


@every
@pytest.mark.parametrize("fault", LOST)
def test_interrupted_at_each_call(case: Case, fault: Fault, aws: Aws, wire: Wire, tmp_path: Path) -> None:
    """Nobody knows whether it was carried out: the account is asked, and the change is made once."""
    for it in interruptions(case, aws, wire, tmp_path):
        runs = it.walker.runs(it.before, it.after)
        result = runs.run(meets(it.call, fault, nth=it.nth))
        assert (outcomes(result), it.walker.read()) == (["done"], it.after), it


@every
def test_refused_at_each_call(case: Case, aws: Aws, wire: Wire, tmp_path: Path) -> None:
    """Denied: the change has failed. Expired: the run stops. Not yet, no connection, failed: it is done, and done once.

    One plan meets them in this order, a run each for the first two: whatever was half done, the same plan goes on.
    """
    for it in interruptions(case, aws, wire, tmp_path):
        runs, kind = it.walker.runs(it.before, it.after), it.walker.kind.kind
        arrived: Counter[str] = Counter()
        if it.call not in NOT_DECISIVE:
            result = runs.run(meets(it.call, denied, nth=it.nth))
            assert (outcomes(result), "AccessDenied" in result.details[1]) == (["failed"], True), it
            arrived.update(changing(wire.faults.arrived))
            result = runs.run(meets(it.call, expired))
            arrived.update(changing(wire.faults.arrived))
            ended = "ExpiredToken" in result.stopped and runs.records[-1].detail == result.stopped
            assert ended or (kind in RENEWED and outcomes(result) == ["done"]), it
        result = runs.run(meets(it.call, throttled, unreachable, unavailable, server_error))
        arrived.update(changing(wire.faults.arrived))
        assert (outcomes(result), it.walker.read()) == (["done"], it.after), it
        assert runs.events().count("done") == 1
        assert arrived == Counter(it.calls) or kind in SENT_ANEW, it


@every
def test_says_what_it_needs_and_refuses_what_it_never_does(case: Case, aws: Aws, wire: Wire, tmp_path: Path) -> None:
    address = case.address if isinstance(case.address, str) else Walker(case, aws, wire, tmp_path).address
    kind = RESOURCES[kind_of(address)]
    for before, after in pairwise(case.values):
        wanted = list(kind.permissions(address, before, after, WHERE))
        assert wanted
        assert all(":" in p.action and (p.resource == "*" or p.resource.startswith("arn:aws:")) for p in wanted)
        assert all(kind_of(used) in RESOURCES for used in (*kind.uses(address, after), *kind.uses(address, before)))
        label, loss = kind.reversal(before, after)
        assert bool(loss) == (label != "exact")
    parent = kind.parent(address)
    assert parent is None or (parent != address and kind_of(parent) in RESOURCES)
    for before, after in case.never:
        wire.faults = Faults()
        with pytest.raises(CallFailed, match="NeverDone"):
            kind.write(wire.session, address, before, after)
        assert wire.faults.writes == []  # before any call
        assert kind.reversal(after, before)[0] == "impossible"


def test_every_kind_has_a_case() -> None:
    kinds = {kind_of(case.address) if isinstance(case.address, str) else case.id.partition("/")[0] for case in CASES}
    assert kinds == RESOURCES.keys()
