"""The smallest statements that allow what was done."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.evidence.deeds import Deed, Done, allowed, done
from remediate.evidence.proposal import STEPS, statements
from remediate.model import Value
from remediate.policy import statements as canonical
from remediate.policy.compare import compare
from remediate.policy.evaluate import Policies, decide
from remediate.policy.request import Request

ME = "111122223333"
S3 = "s3.amazonaws.com/"
TABLE = f"arn:aws:dynamodb:eu-west-1:{ME}:table"
QUEUE = f"arn:aws:sqs:eu-west-1:{ME}:"


def objects(*keys: object) -> frozenset[str]:
    return frozenset(f"arn:aws:s3:::b/{key}" for key in keys)


STATEMENTS: list[tuple[dict[str, Iterable[str]], int, list[tuple[str, str]]]] = [
    # what was used on the same stands together
    (
        {"s3:PutObject": objects("k"), "s3:GetObject": objects("k"), "s3:ListBucket": ["arn:aws:s3:::b"]},
        0,
        [("s3:GetObject s3:PutObject", "arn:aws:s3:::b/k"), ("s3:ListBucket", "arn:aws:s3:::b")],
    ),
    # many below one prefix
    ({"s3:GetObject": objects(*range(16))}, 0, [("s3:GetObject", " ".join(sorted(objects(*range(16)))))]),
    ({"s3:GetObject": objects(*range(17))}, 0, [("s3:GetObject", "arn:aws:s3:::b/*")]),
    ({"s3:GetObject": objects("a/1", "a/2", "c")}, 2, [("s3:GetObject", "arn:aws:s3:::b/*")]),
    ({"s3:GetObject": objects("a/1", "a/2")}, 2, [("s3:GetObject", "arn:aws:s3:::b/a/*")]),
    ({"s3:GetObject": objects("a/*", "a/1", "c")}, 0, [("s3:GetObject", "arn:aws:s3:::b/a/* arn:aws:s3:::b/c")]),
    # buckets, tables and queues do not lie beside each other before the last but one step
    ({"s3:ListBucket": {f"arn:aws:s3:::{n}" for n in "abc"}}, 2,
     [("s3:ListBucket", "arn:aws:s3:::a arn:aws:s3:::b arn:aws:s3:::c")]),
    ({"dynamodb:Query": {f"{TABLE}/a", f"{TABLE}/b"}}, 2, [("dynamodb:Query", f"{TABLE}/a {TABLE}/b")]),
    ({"dynamodb:Query": {f"{TABLE}/a/index/1", f"{TABLE}/a/index/2"}}, 2, [("dynamodb:Query", f"{TABLE}/a/index/*")]),
    ({"dynamodb:Query": {f"{TABLE}/a", f"{TABLE}/b"}}, 3, [("dynamodb:Query", f"{TABLE}/*")]),
    ({"sqs:SendMessage": {f"{QUEUE}a", f"{QUEUE}b"}}, 2, [("sqs:SendMessage", f"{QUEUE}a {QUEUE}b")]),
    ({"sqs:SendMessage": {f"{QUEUE}a", f"{QUEUE}b"}}, 3, [("sqs:SendMessage", f"{QUEUE}*")]),
    ({"s3:GetObject": objects("k"), "s3:ListBucket": ["arn:aws:s3:::b"]}, 3,
     [("s3:GetObject", "arn:aws:s3:::b/*"), ("s3:ListBucket", "arn:aws:s3:::b")]),
    # any
    ({"s3:GetObject": objects("k"), "s3:ListBucket": ["arn:aws:s3:::b"]}, 4, [("s3:GetObject s3:ListBucket", "*")]),
    ({"s3:GetObject": {"*", "arn:aws:s3:::b/k"}}, 0, [("s3:GetObject", "*")]),
    # a name that looks like a variable
    ({"s3:GetObject": objects("${aws:username}")}, 0, [("s3:GetObject", "arn:aws:s3:::b/${$}{aws:username}")]),
    ({}, 0, []),
]  # fmt: skip


@pytest.mark.parametrize(("used", "step", "expected"), STATEMENTS)
def test_what_the_statements_are(used: dict[str, Iterable[str]], step: int, expected: list[tuple[str, str]]) -> None:
    made = statements({action: frozenset(on) for action, on in used.items()}, step)
    assert made == [{"Effect": "Allow", "Action": a.split(), "Resource": r.split()} for a, r in expected]


NAMES = st.sampled_from("a b a/1 a/2 a/1/x a/1/y c/${aws:username} d/e:f ?".split())
ARNS = st.one_of(
    NAMES.map("arn:aws:s3:::b/{}".format),
    st.sampled_from("abcd").map("arn:aws:s3:::{}".format),
    NAMES.map((TABLE + "/{}").format),
    st.sampled_from("abcd").map((QUEUE + "{}").format),
    st.sampled_from(["*", "no arn", f"arn:aws:iam::{ME}:user/*/bob", "arn:aws:s3:::b/a/*", "arn:aws:s3:::*"]),
)
USED = st.dictionaries(
    st.sampled_from(["s3:GetObject", "s3:PutObject", "dynamodb:Query"]), st.frozensets(ARNS, min_size=1, max_size=7)
)


def policy(made: list[dict[str, Value]]) -> tuple[str, ...]:
    return canonical({"Version": "2012-10-17", "Statement": list[Value](made)})


@given(USED, st.integers(0, STEPS - 1))
def test_at_every_degree_of_detail_all_of_it_is_allowed(used: dict[str, frozenset[str]], step: int) -> None:
    said = policy(statements(used, step))
    for action, arns in used.items():
        for arn in arns:
            asked = Request(action=action, resource=arn.replace("*", "z").replace("?", "y"))
            assert decide(Policies(identity=said), asked).allowed, arn


@given(USED, st.integers(0, STEPS - 2))
def test_a_coarser_step_allows_at_least_as_much(used: dict[str, frozenset[str]], step: int) -> None:
    fine, coarse = ({"identity": frozenset(policy(statements(used, n)))} for n in (step, step + 1))
    assert compare(fine, coarse, {}).relation in ("equal", "wider")


ERRORS = {
    "": True,
    "NoSuchKey": True,
    "ThrottlingException": True,
    "*": True,
    "AccessDenied": False,
    "AccessDeniedException": False,
    "Client.UnauthorizedOperation": False,
    "AuthorizationError": False,
    "NotAuthorized": False,
    "UnauthorizedException": False,
}


@pytest.mark.parametrize(("error", "expected"), ERRORS.items())
def test_who_was_refused_did_nothing(error: str, expected: bool) -> None:
    assert allowed(error) is expected


def test_what_was_done() -> None:
    deeds = [
        Deed("s3.amazonaws.com/PutObject", "arn:aws:s3:::b/k", 3),
        Deed("s3.amazonaws.com/PutObject", "arn:aws:s3:::b/l", 1),
        Deed("s3.amazonaws.com/CopyObject", "arn:aws:s3:::b/m", 2),
        Deed("s3.amazonaws.com/ListBuckets", "", 1),
        Deed("s3.amazonaws.com/*", "", 1),
        Deed("sts.amazonaws.com/GetCallerIdentity", "", 9),
        Deed("signin.amazonaws.com/SwitchRole", "", 1),
        Deed("new.amazonaws.com/DoIt", "", 1),
    ]
    assert done(deeds) == Done(
        used={
            "s3": {"s3:PutObject": objects("k", "l", "m"), "s3:GetObject": {"*"}, "s3:ListAllMyBuckets": {"*"}},
            "sts": {"sts:AssumeRole": {"*"}},
        },
        calls={"s3": 7, "sts": 1},
        unknown={"s3": {"s3.amazonaws.com/*"}, "new": {"new.amazonaws.com/DoIt"}},
    )
