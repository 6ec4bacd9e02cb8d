"""Roles that several accounts may assume: IAM gives their principals back in an order of its own."""

from remediate.model import Value, at
from support.contract.case import Case

FRIEND, VENDOR = (f"arn:aws:iam::{number}:root" for number in ("222233334444", "999988887777"))


def trust(names: Value, condition: Value = None) -> Value:
    statement: dict[str, Value] = {"Effect": "Allow", "Principal": {"AWS": names}, "Action": "sts:AssumeRole"}
    more: dict[str, Value] = {"Condition": condition} if condition else {}
    return {"path": "/", "trust": {"Version": "2012-10-17", "Statement": [{**statement, **more}]}}


CASES: tuple[Case, ...] = (
    Case(
        at("iam.role", "partners"),
        (
            None,
            trust([FRIEND, VENDOR]),
            trust([FRIEND, VENDOR], {"StringEquals": {"sts:ExternalId": "agreed"}}),
            trust(VENDOR),
            None,
        ),
        name="iam.role for several accounts",
    ),
)
