"""Roles that let in too many, policies that allow too much, and who used which services of them."""

import json
from collections.abc import Sequence
from typing import Any

from remediate.sandbox import bundles as b
from remediate.sandbox.builder import ACCOUNT, REGION, Builder

STRANGER = "555566667777"
GONE = "AIDACKCEVSQ6C2EXAMPLE"
"""A user who was deleted: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html"""
EC2 = {"Service": "ec2.amazonaws.com"}
EXPORTS = b.document(b.statement(["s3:*", "sqs:*", "dynamodb:*", "ec2:*"]))
USES = {
    "user/alice.meyer": {"iam": 3, "ec2": 0},
    "user/carla.nunez": {"iam": 20, "s3": 1},
    "user/dave.okafor": {"ec2": 320},
    "user/liam.oneill": {"ec2": 0, "s3": 0, "cloudwatch": 4},
    "user/mona.haas": {"iam": 210, "ec2": 1},
    "role/administrator": {"iam": 9, "organizations": 60},
    "role/build-server": {"ec2": 0, "ecr": 0, "s3": 2},
    "role/nightly-export": {"s3": 0, "sqs": 0, "dynamodb": 300},
    "role/batch-runner": {"batch": 1, "s3": 1, "logs": 1, "sqs": 170},
}
"""Days ago on which somebody last used a service. Everybody else's uses are those of their access keys."""


def trusts(account: Builder) -> None:
    """Everyone may assume one role, a stranger another; a third still names a user who is no more."""
    _role(account, "partner-sync", {"AWS": "*"}, used=12, attached=(f"{b.AWS}AmazonS3ReadOnlyAccess",))
    _role(account, "data-feed", {"AWS": f"arn:aws:iam::{STRANGER}:root"}, used=None, attached=(b.SQS_FULL,))
    _role(account, "old-deploy", {"AWS": [GONE, f"arn:aws:iam::{ACCOUNT}:root"]}, used=200, attached=(b.EC2_READ,))
    for name, used in (("vendor-audit", 5), ("administrator", 2)):
        _used(account, next(role for role in account.iam.roles.values() if role.name == name), used)


def wide(account: Builder) -> None:
    """Machines that may do far more than they do."""
    account.policy("export-jobs", EXPORTS, age=700)
    _role(account, "nightly-export", EC2, used=0, attached=("export-jobs",))
    _role(account, "build-server", EC2, used=0, attached=(b.ADMIN,))
    _role(account, "batch-runner", EC2, used=1).policies["whatever-it-needs"] = b.EVERYTHING


def uses(account: Builder) -> None:
    from remediate.sandbox.strict.last_accessed import used

    for name, services in USES.items():
        for service, days in services.items():
            used(account.iam, f"arn:aws:iam::{ACCOUNT}:{name}", service, account.ago(days))


def _role(
    account: Builder, name: str, principal: dict[str, Any], *, used: int | None, attached: Sequence[str] = ()
) -> Any:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    role = account.role(
        name, json.dumps({"Version": b.NEW, "Statement": [{**statement, "Principal": EC2}]}), tuple(attached)
    )
    # Written past the checks: IAM itself put the id where the ARN of a user was.
    role.assume_role_policy_document = json.dumps({"Version": b.NEW, "Statement": [statement]})
    if used is not None:
        _used(account, role, used)
    return role


def _used(account: Builder, role: Any, days: int) -> None:
    role.last_used, role.last_used_region = account.ago(days), REGION
