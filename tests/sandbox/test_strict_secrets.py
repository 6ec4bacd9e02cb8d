"""Secrets that wait for their deletion, names that AWS does not take, and which version is the current one."""

from typing import Any

import pytest
from support.aws import Aws
from support.make import Act, code

NAME, OLD, NEW = "a/b", "A" * 32, "B" * 32


@pytest.fixture
def secrets(aws: Aws) -> Any:
    return aws.client("secretsmanager", "eu-west-1")


REFUSED: dict[str, Act] = {
    "create": lambda s: s.create_secret(Name=NAME),
    "put": lambda s: s.put_secret_value(SecretId=NAME, SecretString="x"),
    "tag": lambda s: s.tag_resource(SecretId=NAME, Tags=[{"Key": "a", "Value": "b"}]),
    "untag": lambda s: s.untag_resource(SecretId=NAME, TagKeys=["a"]),
    "stage": lambda s: s.update_secret_version_stage(SecretId=NAME, VersionStage="x", MoveToVersionId=OLD),
    "update": lambda s: s.update_secret(SecretId=NAME, Description="x"),
    "delete": lambda s: s.delete_secret(SecretId=NAME),
}


@pytest.mark.parametrize("act", REFUSED.values(), ids=REFUSED)
def test_nothing_is_done_to_a_secret_that_waits_for_its_deletion(act: Act, secrets: Any) -> None:
    secrets.create_secret(Name=NAME, SecretString="x", ClientRequestToken=OLD)
    secrets.delete_secret(SecretId=NAME)
    assert secrets.describe_secret(SecretId=NAME)["DeletedDate"]
    assert code(lambda: act(secrets)) == "InvalidRequestException"
    secrets.restore_secret(SecretId=NAME)
    assert code(lambda: act(secrets)) == ("ResourceExistsException" if act is REFUSED["create"] else "")


@pytest.mark.parametrize(("name", "refused"), [("a,b", True), ("a b", True), ("ä", True), ("a/b_+=.@-c", False)])
def test_names(name: str, refused: bool, secrets: Any) -> None:
    answer = code(lambda: secrets.create_secret(Name=name))
    assert answer == ("ValidationException" if refused else "")


def test_the_services_own_key_is_left_out(secrets: Any) -> None:
    secrets.create_secret(Name=NAME, KmsKeyId="alias/mine")
    assert secrets.describe_secret(SecretId=NAME)["KmsKeyId"] == "alias/mine"
    secrets.update_secret(SecretId=NAME, KmsKeyId="")
    assert "KmsKeyId" not in secrets.describe_secret(SecretId=NAME)


def test_the_label_says_which_version_is_current(secrets: Any) -> None:
    secrets.create_secret(Name=NAME, SecretString="old", ClientRequestToken=OLD)
    secrets.put_secret_value(SecretId=NAME, SecretString="new", ClientRequestToken=NEW)
    assert secrets.get_secret_value(SecretId=NAME)["SecretString"] == "new"
    back = {"VersionStage": "AWSCURRENT", "RemoveFromVersionId": NEW, "MoveToVersionId": OLD}
    secrets.update_secret_version_stage(SecretId=NAME, **back)
    assert secrets.get_secret_value(SecretId=NAME)["SecretString"] == "old"
    stages = secrets.describe_secret(SecretId=NAME)["VersionIdsToStages"]
    assert stages == {OLD: ["AWSCURRENT"], NEW: ["AWSPREVIOUS"]}
