"""What a summary says about shared credentials and misplaced work, against counting hour by hour."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.stress import STRESS

from remediate.evidence.sharing import LIMITS, OFTEN, Limit, Suspicion, suspicions
from remediate.evidence.signs import SIGNS, Rule, Sign, facts, network_of, program_of, signs
from remediate.evidence.summary import Count, Summary, Use, add

ME, THEM = "111122223333", "999999999999"
APP, ANN, ROOT = f"arn:aws:iam::{ME}:user/app", f"arn:aws:iam::{ME}:user/ann", f"arn:aws:iam::{ME}:root"
STRANGER = f"arn:aws:iam::{THEM}:user/eve"
KEY, SESSION = "AKIAFIRST", "web/ASIA1"
OFFICE, HOME, CLOUD = "198.51.100.7", "203.0.113.9", "192.0.2.1"
AT: Mapping[Rule, Limit] = {
    **LIMITS,
    "networks": Limit(hours=1, several=2),
    "programs": Limit(hours=1, several=2),
}
MONDAY = date(2026, 6, 1)


class Did(NamedTuple):
    """What one principal did in one hour of one week."""

    hour: int
    network: str = OFFICE
    agent: str = "Boto3/1.34"
    event: str = "s3.amazonaws.com/GetObject"
    credential: str = KEY
    resource: str = ""
    week: int = 0
    who: str = APP


def summaries(done: Iterable[Did]) -> list[tuple[date, Summary]]:
    """One a week, with the weeks between that nobody did anything in left out."""
    weeks: dict[int, Summary] = defaultdict(Summary)
    for did in done:
        use = Use(did.event, "", did.resource, "eu-west-1", did.network, did.agent, did.credential, "")
        add(weeks[did.week].uses(did.who), use, Count(1, did.hour, did.hour, 1 << did.hour))
    for week in weeks.values():
        week.settle(ME)
    return [(MONDAY + timedelta(weeks=number), weeks[number]) for number in sorted(weeks)]


def found(*done: Did, at: Mapping[Rule, Limit] = AT, applications: Iterable[str] = (APP,)) -> list[Suspicion]:
    return suspicions(signs(summaries(done), ME), frozenset(applications), at)


def hours(told: Iterable[Suspicion]) -> dict[str, int]:
    return {reason.rule: reason.hours for one in told for reason in one.reasons}


def many(n: int, hour: int = 0) -> list[Did]:
    return [Did(hour, network=f"{10 + n // 250}.{n % 250}.0.1") for n in range(n)]


CASES: dict[str, tuple[tuple[Did, ...], dict[str, int]]] = {
    "one key, two networks, one hour": ((Did(1), Did(1, HOME)), {"networks": 1}),
    "one after the other": ((Did(1), Did(2, HOME)), {}),
    "in the same hour of another week": ((Did(1), Did(1, HOME, week=1)), {}),
    "in several weeks": ((*(Did(5, n, week=w) for n in (OFFICE, HOME) for w in (0, 1)),), {"networks": 2}),
    "related networks": ((Did(1), Did(1, "198.51.7.7")), {}),
    "another key": ((Did(1), Did(1, HOME, credential="AKIASECOND")), {}),
    "a session, which is nobody's to share": ((Did(1, credential=SESSION), Did(1, HOME, credential=SESSION)), {}),
    "a service of AWS on its behalf": ((Did(1), Did(1, "athena.amazonaws.com")), {}),
    "more networks than can be told apart": (tuple(many(70, hour=3)), {"networks": 1}),
    "two programs at once": ((Did(1), Did(1, agent="Terraform/1.5")), {"programs": 1}),
    "two versions of one": ((Did(1), Did(1, agent="Boto3/1.35")), {}),
    "by hand, where no program of its own runs": (
        (Did(1), Did(4, HOME, agent="aws-cli/2.15"), Did(5, HOME, agent="aws-cli/2.15")),
        {"by hand": 2},
    ),
    "by hand, where its programs run": ((Did(1), Did(4, agent="aws-cli/2.15")), {}),
    "by hand, where AWS went on with it": ((Did(1), Did(4, "athena.amazonaws.com", agent="aws-cli/2.15")), {}),
    "a script of the CLI": ((Did(1, agent="aws-cli/2.15"), Did(2, HOME, agent="aws-cli/2.15")), {}),
    "by hand, as a person": ((Did(1, who=ANN), Did(4, HOME, agent="aws-cli/2.15", who=ANN)), {}),
    "signed in as an application": (
        (Did(7, event="signin.amazonaws.com/ConsoleLogin", credential=""),),
        {"sign-in": 1},
    ),
    "signed in as oneself": ((Did(7, event="signin.amazonaws.com/ConsoleLogin", credential="", who=ANN),), {}),
    "root": ((Did(7, who=ROOT, credential=""), Did(7, HOME, who=ROOT, credential="")), {"root": 1}),
    "root, by a service": ((Did(7, "support.amazonaws.com", who=ROOT, credential=""),), {}),
    "another account's root": ((Did(7, who=ROOT.replace(ME, THEM), credential=""),), {}),
    "another account's key here": ((Did(7, who=STRANGER), Did(8, who=STRANGER)), {"other account": 2}),
    "another account's session here": ((Did(7, who=STRANGER, credential=SESSION),), {}),
    "a role of another account": (
        (Did(7, event="sts.amazonaws.com/AssumeRole", resource=f"arn:aws:iam::{THEM}:role/x"),),
        {"other account": 1},
    ),
    "a role of this one": ((Did(7, event="sts.amazonaws.com/AssumeRole", resource=f"arn:aws:iam::{ME}:role/x"),), {}),
    "something of another account": ((Did(7, resource=f"arn:aws:sqs:eu-west-1:{THEM}:q"),), {}),
}


@pytest.mark.parametrize(("done", "expected"), CASES.values(), ids=CASES)
def test_what_is_suspected(done: tuple[Did, ...], expected: dict[str, int]) -> None:
    assert hours(found(*done)) == expected


def test_it_explains_itself_and_the_gravest_is_first() -> None:
    shared = [Did(hour, network) for hour in range(9) for network in (OFFICE, HOME, CLOUD)]
    told = found(*shared, Did(1, who=ROOT, credential=""), at=LIMITS)
    assert [(one.principal, one.credential, one.score) for one in told] == [(APP, KEY, 3), (ROOT, "", 1)]
    [why] = told[0].reasons
    assert why.threshold == 3
    assert why.said == (
        "9 hours with 2 or more at once of 3 unrelated networks: 192.0.0.0/16, 198.51.0.0/16, 203.0.0.0/16"
    )
    assert told[1].reasons[0].said == "1 hour of work as the root user: s3.amazonaws.com/GetObject"
    loud = found(*(Did(hour, network) for hour in range(100) for network in (OFFICE, HOME)))
    assert loud[0].score == OFTEN
    [crowd] = found(*many(70))
    assert "of more than 64 unrelated networks" in crowd.reasons[0].said


@pytest.mark.parametrize("rule", LIMITS)
def test_one_under_a_threshold_is_silence(rule: Rule) -> None:
    done = next(done for done, expected in CASES.values() if rule in expected)
    for more in (0, 1):
        limit = replace(AT[rule], hours=hours(found(*done))[rule] + more)
        assert (rule in hours(found(*done, at={**AT, rule: limit}))) == (more == 0)
    assert rule not in hours(found(*done, at={other: AT[other] for other in AT if other != rule}))


@pytest.mark.parametrize("rule", ["networks", "programs"])
def test_one_fewer_at_once_is_silence(rule: Rule) -> None:
    networks, agents = (OFFICE, HOME, CLOUD), ("Boto3/1", "Terraform/1", "Pulumi/1")
    done = [Did(1, network, agent) for network, agent in zip(networks, agents, strict=True)]
    for several, expected in ((3, True), (4, False)):
        at = {**AT, rule: Limit(hours=1, several=several)}
        assert (rule in hours(found(*done, at=at))) == expected


def test_facts_of_an_account_hold_the_same() -> None:
    told = signs(summaries([Did(1), Did(1, HOME, week=0), Did(2, who=ROOT, credential=""), Did(3, who=ANN)]), ME)
    assert told.keys() == {APP, ROOT}
    kept = facts(told)
    assert {at: msgspec.convert(kept[at], list[Sign]) for at in kept} == {f"{SIGNS}/{who}": told[who] for who in told}
    assert msgspec.json.decode(msgspec.json.encode(kept)) == kept


NETWORKS: Mapping[str, str] = {
    "198.51.100.7": "198.51.0.0/16",
    "198.51.100.0/24": "198.51.0.0/16",
    "198.51.0.0/16": "198.51.0.0/16",
    "2001:db8:1:2::7": "2001:db8::/32",
    "2001:db8:100::/40": "2001:db8::/32",
    "*": "*",
    "athena.amazonaws.com": "",
    "AWS Internal": "",
    "": "",
    "999.1.1.1": "",
}


@pytest.mark.parametrize(("text", "network"), NETWORKS.items())
def test_which_network_an_address_belongs_to(text: str, network: str) -> None:
    assert network_of(text) == network


did = st.builds(
    Did,
    hour=st.integers(0, 167) | st.integers(0, 2),
    network=st.sampled_from([OFFICE, "198.51.7.7", HOME, CLOUD, "2001:db8::1", "s3.amazonaws.com"]),
    agent=st.sampled_from(["Boto3/1", "Boto3/2", "aws-cli/2", "Terraform/1", "*"]),
    event=st.sampled_from(["s3.amazonaws.com/GetObject", "signin.amazonaws.com/ConsoleLogin"]),
    credential=st.sampled_from([KEY, "AKIASECOND", SESSION, ""]),
    week=st.integers(0, 2),
    who=st.sampled_from([APP, ANN, ROOT, STRANGER]),
)


@settings(max_examples=2000 if STRESS else 25)
@given(st.lists(did, max_size=40), st.randoms())
def test_the_hours_are_those_that_one_counts(done: list[Did], random: Any) -> None:
    told = found(*done)
    assert found(*random.sample(done, len(done))) == told
    networks: dict[tuple[str, str, int, int], set[str]] = defaultdict(set)
    for one in done:
        if one.credential.startswith("AKIA") and network_of(one.network):
            networks[one.who, one.credential, one.week, one.hour].add(network_of(one.network))
    counted: dict[tuple[str, str], int] = defaultdict(int)
    for (who, credential, _, _), seen in networks.items():
        counted[who, credential] += len(seen) >= AT["networks"].several
    said = {(s.principal, s.credential): r.hours for s in told for r in s.reasons if r.rule == "networks"}
    assert said == {key: hours for key, hours in counted.items() if hours}
    root = {(d.week, d.hour) for d in done if d.who == ROOT and network_of(d.network)}
    assert hours(s for s in told if s.credential == "" and s.principal == ROOT).get("root", 0) == len(root)
    assert all(s.score >= 1 and s.reasons for s in told)


@settings(max_examples=2000 if STRESS else 25)
@given(st.lists(did, max_size=30), did)
def test_more_of_it_is_never_less_suspicious(done: list[Did], more: Did) -> None:
    """But for work by hand: where the key's own programs run is known better then."""
    before, after = found(*done), found(*done, more)
    rules = {(s.principal, s.credential, r.rule): r.hours for s in after for r in s.reasons}
    for one in before:
        for reason in one.reasons:
            if reason.rule != "by hand":
                assert rules[one.principal, one.credential, reason.rule] >= reason.hours


def test_a_program_without_its_version() -> None:
    assert [program_of(agent) for agent in ("aws-cli/2.15", "Boto3", "*")] == ["aws-cli", "boto3", "*"]
