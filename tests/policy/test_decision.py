"""What a decision says beside its outcome: which statements it is owed to, and why it is not known."""

from typing import Any

import pytest
from support.policy_cases import CALLERS

from remediate.policy import statements
from remediate.policy.evaluate import Policies, decide
from remediate.policy.request import Request, context
from remediate.policy.rules import rule


def written(*body: Any) -> tuple[str, ...]:
    return statements({"Version": "2012-10-17", "Statement": list(body)})


def allow(action: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": "*", **more}


def deny(action: str, **more: Any) -> dict[str, Any]:
    return {**allow(action, **more), "Effect": "Deny"}


READ, STAR, STOP = allow("s3:Get*"), allow("*"), allow("ec2:Stop*")
NO_S3, NO_GET = deny("s3:*"), deny("s3:Get*")
ODD = allow("s3:*", Condition={"StringResembles": {"aws:username": "alice"}})
VAGUE = deny("s3:*", Condition={"NumericLessThan": {"s3:max-keys": "ten"}})
TO_ALL = allow("s3:*", Principal="*")
NO_ONE = deny("s3:*", NotPrincipal={"AWS": "arn:aws:iam::111122223333:user/alice"})

SAYS: dict[str, tuple[Policies, tuple[str, ...], str]] = {
    "every statement that allows, and no other": (
        Policies(identity=written(READ, STAR, STOP)),
        written(READ, STAR),
        "",
    ),
    "the bucket policy's": (Policies(identity=written(STOP), resource=written(TO_ALL)), written(TO_ALL), ""),
    "nothing": (Policies(identity=written(STOP)), (), ""),
    "every Deny of the first kind of policy that has one": (
        Policies(identity=written(STAR, NO_S3, NO_GET), boundary=written(NO_GET)),
        written(NO_S3, NO_GET),
        "",
    ),
    "what is not understood": (Policies(identity=written(ODD, STOP)), written(ODD), "operator StringResembles"),
    "what may deny": (Policies(identity=written(STAR, VAGUE)), written(VAGUE), "cannot compare s3:max-keys with 'ten'"),
    "what may deny alone, where something allows": (
        Policies(identity=written(STAR, ODD, VAGUE)),
        written(VAGUE),
        "NumericLessThan",
    ),
    "whom it may name": (
        Policies(identity=written(STAR), resource=written(NO_ONE)),
        written(NO_ONE),
        "whether it names",
    ),
    "what a resource's policy lacks": (Policies(resource=written(ODD)), written(ODD), "operator StringResembles"),
    "that it lacks a Principal": (Policies(resource=written(READ)), written(READ), "says whom it is about"),
    "that it should have none": (Policies(identity=written(TO_ALL)), written(TO_ALL), "has no Principal"),
    "the first thing that is wrong with it": (
        Policies(identity=written({**ODD, "Principal": "*"})),
        written({**ODD, "Principal": "*"}),
        "operator StringResembles",
    ),
}


@pytest.mark.parametrize(("policies", "expected", "reason"), SAYS.values(), ids=SAYS)
def test_a_decision_says_which_statements_and_why(policies: Policies, expected: tuple[str, ...], reason: str) -> None:
    keys = context({"s3:max-keys": 9, "aws:username": "alice"})
    asked = Request(action="s3:GetObject", resource="arn:aws:s3:::b/k", context=keys, caller=CALLERS["user"])
    decision = decide(policies, asked)
    assert decision.statements == expected
    assert reason in decision.reason
    assert bool(decision.reason) == (decision.outcome == "unknown")
    assert decision.allowed == (decision.outcome == "allowed")


@pytest.mark.parametrize(
    ("statement", "services"),
    [
        (allow("S3:Get*"), {"s3"}),
        ({**allow("s3:*"), "Action": ["s3:*", "ec2:*"]}, {"s3", "ec2"}),
        (allow("?3:*"), None),
        ({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}, None),
    ],
)
def test_a_statement_is_asked_about_its_services_alone(statement: Any, services: set[str] | None) -> None:
    assert rule(written(statement)[0]).services == services


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"AWS:UserName": "alice"}, {"aws:username": "alice"}),
        ({"aws:SecureTransport": True}, {"aws:securetransport": "true"}),
        ({"s3:max-keys": 10}, {"s3:max-keys": "10"}),
        ({"aws:TagKeys": ["a", "b"]}, {"aws:tagkeys": ("a", "b")}),
    ],
)
def test_a_context_is_text_under_keys_in_lower_case(given: dict[str, Any], expected: dict[str, Any]) -> None:
    assert context(given) == expected


def test_many_asterisks_take_no_longer_than_one() -> None:
    """Text that is meant to harm: a regular expression of so many `.*` would go on for years."""
    hard = allow("s3:GetObject", Resource="arn:aws:s3:::" + "*a" * 40 + "b")
    long = Request(action="s3:GetObject", resource="arn:aws:s3:::" + "a" * 2000)
    assert decide(Policies(identity=written(hard)), long).outcome == "implicitly denied"
    assert decide(Policies(identity=written({**hard, "Resource": "*" + "*a" * 40})), long).allowed
