"""The evaluator beside one that others wrote and that is no part of the program: `make stress` installs and asks it.

First on every case of tests/policy/cases, then on random policies. They may differ only where the documentation is on
our side: EXPLAINED says where, and the case itself names the page.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.policy_cases import CALLERS, cases, policies, request, topics
from support.policy_oracle import ACCOUNT, OUTCOMES, Oracle, oracle
from support.policy_strategies import bodies, comparable, contexts, statements_of
from support.stress import STRESS

from remediate.policy.evaluate import decide

pytestmark = pytest.mark.skipif(not STRESS, reason="asks an evaluator that `make stress` installs")

EXPLAINED = {
    "arns: a variable that is the whole ARN": "it cuts a policy's ARN at its colons, those of variables too",
    "arns: an ARN that is not like one with a variable without a value": "nothing differs from such a one there",
    "elements: an asterisk at the end of a part in the middle reaches on too": "its asterisks never reach over colons",
    "layers: root may do everything": "it knows no root user",
    "layers: a federated user's session without a session policy has nothing": "it lets one have what the user has",
    "layers: a bucket policy for the session is not limited by the boundary or the session policy": "session policies "
    "limit everything there",
    "layers: a bucket policy for the federated session is limited by neither": "the same",
    "principals: everybody whose role it is, by aws:PrincipalArn, is not limited by the boundary": "the same",
    "principals: a user by their id": "it compares principals with ARNs alone",
    "principals: a user by their id is not limited by the boundary": "the same",
    "principals: a service that is named as if it were an account's": "it takes whatever is named as the principal is",
    "principals: somebody whom Google vouches for": "it wants an identity policy of them",
    "sets: ForAllValues of an empty text": "an empty text is a value there",
    "sets: ForAnyValue of an empty text": "the same",
    "sets: ForAllValues of an empty set, guarded by Null": "an empty set is not null there",
    "strings: StringLike reaches over line ends": "its asterisk is JavaScript's `.*`, which does not",
    "values: seconds since 1970 in the request": "it compares seconds with milliseconds",
    "values: all addresses of IPv4": "it shifts by 32 bits, which JavaScript takes for none: /0 is /32 there",
    "values: addresses of IPv6 are compared and not their spelling": "it compares their spelling",
    "variables: a queue named for its user": "it takes the colon in a variable for one of the ARN",
    "variables: three tags in the name of a topic": "the same",
    "variables: everything differs from a variable without a value": "nothing does there",
    "variables: no resource is left out by a variable without a value": "every resource is there",
    "variables: the old version has no variables in resources": "it has variables in every version",
    "variables: in the old version they are text": "the same",
    "variables: an asterisk that is one where there are no wildcards": "it has `${*}` where it has wildcards alone",
}
"""Where the two differ and AWS's documentation says what we say, and why."""


@pytest.fixture(scope="module")
def other() -> Iterator[Oracle]:
    with oracle() as found:
        yield found


def test_every_case_comes_out_the_same_or_is_explained(other: Oracle) -> None:
    said: Counter[str] = Counter()
    differ: dict[str, str] = {}
    for topic in topics():
        for name, case in cases(topic).items():
            asked = request(case)
            ours = decide(policies(_whole(case)), asked).outcome
            if ours == "unknown":
                said["unknown to us"] += 1
                continue
            try:
                theirs = other.outcome(_whole(case), asked.caller)
            except ValueError:  # a key or an action that its data do not have together, or a policy that it refuses
                said["refused by it"] += 1
                continue
            said["compared"] += 1
            if theirs != ours:
                differ[f"{topic}: {name}"] = f"{ours}, not {theirs}"
    print(f"\ncases of the documentation beside the other evaluator: {dict(said)}, {len(differ)} differ")
    assert {name: how for name, how in differ.items() if name not in EXPLAINED} == {}
    assert EXPLAINED.keys() - differ.keys() == set(), "no longer different: strike them out"
    assert said["compared"] > 400


def _whole(case: dict[str, Any]) -> dict[str, Any]:
    if "when" not in case:
        return case
    body = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": case["when"]}
    return {**case, "identity": [body]}


ALICE, APP, OTHER = CALLERS["user"], CALLERS["session"], "222222222222"
NAMED: dict[str, tuple[Any, ...]] = {
    "user": (
        {"AWS": ALICE.arn},
        {"AWS": [f"{ALICE.arn}2", ACCOUNT]},
        "*",
        {"AWS": OTHER},
        {"Service": "s3.amazonaws.com"},
    ),
    "session": ({"AWS": APP.arn}, {"AWS": APP.behind}, {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, {"AWS": f"{APP.arn}2"}),
    "limited session": ({"AWS": APP.behind}, {"AWS": ACCOUNT}, {"AWS": OTHER}, {"AWS": [f"{APP.behind}2", OTHER]}),
    "service": ({"Service": "sns.amazonaws.com"}, {"Service": ["sqs.amazonaws.com", "sns.amazonaws.com"]}, "*"),
    "anonymous": ("*", {"AWS": "*"}, {"AWS": ACCOUNT}, {"Service": "sns.amazonaws.com"}),
}
"""Whom policies of resources name. With a session policy nobody directly: what then holds, it does not know."""
OBJECTS = ("arn:aws:s3:::b/alice/k", "arn:aws:s3:::b/bob/k", "arn:aws:s3:::c/alice")


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    """A case as those of tests/policy/cases, with as many kinds of policies as there can be."""
    kind = draw(st.sampled_from(tuple(NAMED)))
    case: dict[str, Any] = {
        "caller": kind.removeprefix("limited "),
        "action": draw(st.sampled_from(("s3:GetObject", "s3:PutObject", "s3:DeleteObject"))),
        "resource_arn": draw(st.sampled_from(OBJECTS)),
        "context": draw(contexts()),
    }
    if kind not in ("service", "anonymous"):
        case |= {
            "identity": [*draw(bodies(3)), *draw(_everything())],
            "owner": draw(st.sampled_from((ACCOUNT, ACCOUNT, OTHER))),
        }
        if draw(st.booleans()):
            case["boundary"] = [*draw(bodies(2)), *draw(_everything())]
        if draw(st.booleans()):
            case["service_control"] = [[*draw(bodies(1)), *draw(_everything())] for _ in range(draw(st.integers(1, 2)))]
    if kind == "limited session":
        case["session"] = [*draw(bodies(2)), *draw(_everything())]
    if draw(st.booleans()):
        given = {"Effect": "Allow", "Principal": draw(st.sampled_from(NAMED[kind])), "Action": "s3:*", "Resource": "*"}
        case["resource"] = [*draw(bodies(2, NAMED[kind])), *draw(st.sampled_from(([], [given])))]
    if draw(st.integers(0, 3)) == 0:
        deny = {**draw(statements_of(("*",))), "Effect": "Deny", "Action": draw(st.sampled_from(("s3:*", "s3:Get*")))}
        deny.pop("NotAction", None)
        passes = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
        case["resource_control"] = [[passes], [passes, deny]]
    return comparable(case)


def _everything() -> st.SearchStrategy[list[dict[str, str]]]:
    return st.sampled_from(([], [{"Effect": "Allow", "Action": "*", "Resource": "*"}]))


def test_random_policies_come_out_the_same(other: Oracle) -> None:
    said: Counter[str] = Counter()

    @settings(max_examples=12_000, deadline=None)
    @given(worlds())
    def compare(case: dict[str, Any]) -> None:
        asked = request(case)
        ours = decide(policies(case), asked)
        said[ours.outcome] += 1
        assert ours.outcome == other.outcome(case, asked.caller)

    compare()
    print(f"\nrandom policies beside the other evaluator: {dict(said)}")
    assert said["unknown"] == 0
    assert min(said[outcome] for outcome in OUTCOMES.values()) > 1_000
