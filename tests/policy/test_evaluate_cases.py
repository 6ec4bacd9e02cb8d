"""The evaluator against AWS's documentation, case by case: `tests/policy/cases`, each with the page it comes from."""

from collections import Counter
from typing import Any

import msgspec
import pytest
from support.policy_cases import cases, policies, request, topics

from remediate.policy import statements
from remediate.policy.conditions import holds
from remediate.policy.evaluate import Policies, decide
from remediate.policy.statement import parse
from remediate.policy.unclear import unclear

ALL = {f"{topic}: {name}": case for topic in topics() for name, case in cases(topic).items()}
CONDITIONS = {name: case for name, case in ALL.items() if "when" in case}
DECISIONS = {name: case for name, case in ALL.items() if "decision" in case}


@pytest.mark.parametrize("case", CONDITIONS.values(), ids=CONDITIONS)
def test_a_condition_holds_as_the_page_says(case: dict[str, Any]) -> None:
    """Alone, in a statement that allows, and in one that denies."""
    asked = request(case)
    allow, deny = (_when(effect, case["when"], case.get("version")) for effect in ("Allow", "Deny"))
    every = _when("Allow", {})
    expected = case["holds"]
    outcome = {True: "allowed", False: "implicitly denied", "unclear": "unknown"}[expected]
    assert decide(Policies(identity=allow), asked).outcome == outcome
    outcome = {True: "explicitly denied", False: "allowed", "unclear": "unknown"}[expected]
    assert decide(Policies(identity=(*deny, *every)), asked).outcome == outcome
    conditions = parse(allow[0]).conditions
    if expected == "unclear":
        assert any(unclear(condition, asked.context) for condition in conditions)
    else:
        assert all(holds(condition, asked.context) for condition in conditions) is expected
        assert not all(unclear(condition, asked.context) for condition in conditions) or not conditions


def _when(effect: str, condition: Any, version: str | None = None) -> tuple[str, ...]:
    body = {"Effect": effect, "Action": "s3:GetObject", "Resource": "*", "Condition": condition}
    return statements({"Version": version or "2012-10-17", "Statement": body})


@pytest.mark.parametrize("case", DECISIONS.values(), ids=DECISIONS)
def test_a_request_is_decided_as_the_page_says(case: dict[str, Any]) -> None:
    decision = decide(policies(case), request(case))
    assert decision.outcome == case["decision"]
    if "layer" in case:
        assert decision.layer == case["layer"]


def test_every_case_is_one_or_the_other_and_names_its_page() -> None:
    assert len(CONDITIONS) + len(DECISIONS) == len(ALL)
    assert not CONDITIONS.keys() & DECISIONS.keys()
    for name, case in ALL.items():
        assert case["page"].startswith("https://docs.aws.amazon.com/"), name


def test_there_are_hundreds_and_no_two_are_the_same() -> None:
    asked = {msgspec.json.encode({**case, "name": "", "page": ""}, order="sorted") for case in ALL.values()}
    twice = Counter(msgspec.json.encode({**case, "name": ""}, order="sorted") for case in ALL.values())
    assert [case for case, times in twice.items() if times > 1] == []
    assert len(asked) >= 500
