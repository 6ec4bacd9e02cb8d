"""A role that is bound to a policy, and loses single permissions of it while it works."""

import json
from collections.abc import Mapping
from typing import Any

from remediate.aws.assumed_role import AssumedRole
from remediate.aws.session import Session
from remediate.model import Permission
from remediate.session_policy import READING, policies, text
from support.aws import Aws
from support.engine import ACCOUNT, Wire
from support.faults import Faults

NAME = "remediate-run"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/{NAME}"
PRINCIPAL = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": PRINCIPAL, "Action": "sts:AssumeRole"}],
}
Parts = Mapping[str, frozenset[Permission]]


def make_role(aws: Aws) -> None:
    aws.client("iam").create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps(TRUST))


class Bound(Wire):
    """A session of the role, which may do what its parts say until somebody takes a permission away."""

    def __init__(self, parts: Parts) -> None:
        self.faults = Faults()
        self.parts = parts
        texts = {name: [policy.text for policy in policies(held)] for name, held in parts.items()}
        self.session: AssumedRole = AssumedRole(Session(), ROLE, "remediate-test", texts, reading=READING)
        self._given = {name: one.policy for name, one in self._sessions().items()}

    @property
    def actions(self) -> list[str]:
        return sorted({permission.action for held in self.parts.values() for permission in held})

    def without(self, action: str) -> None:
        """From now on AWS refuses this action to every session; the others are as exact as they can be."""
        for name, one in self._sessions().items():
            one.policy = text(p for p in self.parts[name] if p.action != action)

    def restored(self) -> None:
        for name, one in self._sessions().items():
            one.policy = self._given[name]

    def _sessions(self) -> dict[str, Any]:
        from moto.sts.models import sts_backends

        known = {one.access_key_id: one for one in sts_backends[ACCOUNT]["aws"].assumed_roles}
        keys = {name: part.load_credentials().access_key for name, part in self.session._parts.items()}
        return {name: known[key] for name, key in keys.items()}
