"""One key of a user and a secret for the next: what tests of issued keys begin with, and how it ought to end."""

import json
from pathlib import Path
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.httpsession import URLLib3Session
from moto.iam.models import iam_backends

from remediate.aws.resources import RESOURCES
from remediate.executor import Result
from remediate.model import Value, at
from support.aws import Aws
from support.contract.secrets import FIRST, HOLDER, USER, user_with_key
from support.engine import ACCOUNT, Runs, Step, Wire, plan_of
from support.faults import Call, Fault, Faults, _answer

REGION, NAME = "us-east-1", "remediate/svc/access-key"
SECRET_HERE, ISSUED_HERE = at("secretsmanager.secret", REGION, NAME), at("iam.issued_key", USER, f"{REGION}:{NAME}")
NEXT: Value = {"replaces": FIRST}


class Rotation:
    """A user with one key, a secret for the next, and a plan that issues it."""

    def __init__(self, aws: Aws, wire: Wire, folder: Path) -> None:
        aws.sandbox.reset()
        wire.faults = Faults()
        self.aws, self.wire = aws, wire
        user_with_key(FIRST)(aws.client)
        RESOURCES["secretsmanager.secret"].write(wire.session, SECRET_HERE, None, HOLDER)
        folder.mkdir(parents=True, exist_ok=True)
        self.runs = Runs(plan_of(Step(ISSUED_HERE, None, NEXT)), folder, wire)

    def run(self, *faults: tuple[str, Fault]) -> Result:
        """One run; each fault hits the first call of its operation."""
        chosen = Faults()
        for operation, fault in faults:
            chosen.nth(operation, 1, fault)
        return self.runs.run(chosen)

    def read(self) -> Value:
        return RESOURCES["iam.issued_key"].read(self.wire.session, ISSUED_HERE).get(ISSUED_HERE)


def keys_of(user: str = USER) -> dict[str, Any]:
    """Each key with what only its maker was told."""
    keys = iam_backends[ACCOUNT]["aws"].users[user].access_keys
    return {key.access_key_id: key for key in keys}


def stored(aws: Aws, region: str = REGION) -> dict[str, Any]:
    answer = aws.client("secretsmanager", region).get_secret_value(SecretId=NAME)
    value: dict[str, Any] = json.loads(answer["SecretString"])
    return value


def assert_rotated(aws: Aws) -> None:
    """The old key and one new one, and the secret holds the new one."""
    keys = keys_of()
    assert len(keys) == 2
    assert FIRST in keys
    [new] = keys.keys() - {FIRST}
    assert stored(aws) == {
        "UserName": USER,
        "AccessKeyId": new,
        "SecretAccessKey": keys[new].secret_access_key,
    }


def cut_short(call: Call) -> AWSResponse:
    """AWS carries it out and says so, and the end of the answer is missing: what came cannot be parsed."""
    answer = URLLib3Session().send(call.request)
    return _answer(call, answer.status_code, answer.content[:-40])
