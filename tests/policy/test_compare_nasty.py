"""Comparison against the evaluator where it is hard: what is called equal is decided alike, and a witness differs."""

import json
from collections import Counter
from random import Random

import msgspec
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from support.nasty import KNOWN, pair, requests, whole
from support.stress import STRESS

from remediate.policy import canonical_json
from remediate.policy.compare import Policies, Relation, compare
from remediate.policy.evaluate import decide
from remediate.policy.request import Request
from remediate.policy.statement import Condition, parse
from remediate.policy.unclear import unclear
from remediate.policy.witness import bearing, shows

REQUESTS = 30
VOLUME = 60_000 if STRESS else 0


def allowed(of: Policies, request: Request) -> bool:
    """What the evaluator says; never that it does not know."""
    decision = decide(bearing(of), request)
    assert decision.outcome != "unknown", decision
    return decision.allowed


def settled(of: Policies, request: Request, chance: Random, truths: dict[Condition, bool]) -> Policies:
    """The policies with whatever AWS does not say of this request decided, here or before, in one way or the other."""
    return {layer: frozenset(_settled(text, request, chance, truths) for text in held) for layer, held in of.items()}


def _settled(text: str, request: Request, chance: Random, truths: dict[Condition, bool]) -> str:
    item = json.loads(text)
    lines = [(name, key) for name, tests in item.get("Condition", {}).items() for key in tests]
    for (name, key), condition in zip(lines, parse(text).conditions, strict=True):
        if unclear(condition, request.context):
            del item["Condition"][name][key]
            if not truths.setdefault(condition, chance.random() < 0.5):
                item["Condition"]["Null"] = {**item["Condition"].get("Null", {}), "never:there": ["false"]}
    return canonical_json(item).decode()


def judge(chance: Random) -> Relation:
    sides = pair(chance)
    found = compare(*sides, KNOWN)
    for difference, more, less in (*((d, *sides) for d in found.lost), *((d, *sides[::-1]) for d in found.gained)):
        assert difference.request is None or shows(difference.request, more, less, KNOWN), (sides, difference)
    for asked in requests(sides, chance, REQUESTS):
        request, truths = msgspec.structs.replace(asked, context=whole(asked)), dict[Condition, bool]()
        before, after = (allowed(settled(side, request, chance, truths), request) for side in sides)
        assert found.lost or not before or after, (sides, request, truths)
        assert found.gained or not after or before, (sides, request, truths)
    return found.relation


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**64))
def test_nothing_is_called_equal_that_is_decided_differently(seed: int) -> None:
    event(judge(Random(seed)))


@pytest.mark.skipif(not STRESS, reason="make stress")
def test_many_more() -> None:
    relations = Counter(judge(Random(seed)) for seed in range(VOLUME))
    assert min(relations.values()) > VOLUME // 100, relations
