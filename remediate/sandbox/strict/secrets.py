"""Secrets Manager refuses what concerns a deleted secret, and names that it does not take.

A secret that was deleted keeps its name until the recovery window is over: nothing may be done to it but restoring it,
and no other may be created in its place. Moto stores values in it, tags it and moves its labels, and says of the name
that it exists. A name has letters, digits and /_+=.@- alone; moto takes any. The empty KmsKeyId chooses Secrets
Manager's own key, which DescribeSecret leaves out; moto shows it as empty. GetSecretValue answers with the version that
has the label AWSCURRENT; after UpdateSecretVersionStage moto still answers with the one that was put last.
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html, API_DeleteSecret,
API_UpdateSecret, API_GetSecretValue
"""

import re
from typing import Any

from remediate.sandbox.strict.patch import Call, around, before, fail

NAME = re.compile(r"[\w/+=.@-]{1,512}", re.ASCII)


def install() -> None:
    from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend

    before(SecretsManagerBackend, "create_secret", _create)
    for name in ("put_secret_value", "update_secret_version_stage"):
        before(SecretsManagerBackend, name, lambda secrets, call: _usable(secrets, call["secret_id"]))
    for name in ("tag_resource", "untag_resource"):
        before(SecretsManagerBackend, name, lambda secrets, call: _usable(secrets, call["arn"]))
    around(SecretsManagerBackend, "update_secret_version_stage", _moved)
    around(FakeSecret, "to_dict", _described)


def _create(secrets: Any, call: Call) -> None:
    if not NAME.fullmatch(call["name"]):
        fail(
            "ValidationException",
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
        )
    if call["name"] in secrets.secrets and secrets.secrets[call["name"]].is_deleted():
        fail(
            "InvalidRequestException",
            "You can't create this secret because a secret with this name is already scheduled for deletion.",
        )


def _usable(secrets: Any, name: str) -> None:
    if name in secrets.secrets and secrets.secrets[name].is_deleted():
        fail(
            "InvalidRequestException",
            "You can't perform this operation on the secret because it was marked for deletion.",
        )


def _moved(original: Any, secrets: Any, call: Call) -> Any:
    answer = original()
    secret = secrets.secrets[call["secret_id"]]
    current = (id for id, version in secret.versions.items() if "AWSCURRENT" in version["version_stages"])
    secret.default_version_id = next(current, None)
    return answer


def _described(original: Any, secret: Any, call: Call) -> Any:
    answer = original()
    if not answer.get("KmsKeyId"):
        answer.pop("KmsKeyId", None)
    return answer
