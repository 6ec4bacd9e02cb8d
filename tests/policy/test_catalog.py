"""The catalog of actions says what the package says that it is read from."""

import sys
from pathlib import Path

import pytest

from remediate.errors import RemediateError
from remediate.policy import catalog


@pytest.mark.parametrize("service", ["apigateway", "cloudwatch", "ec2", "iam", "s3", "sts"])
def test_each_action_is_as_the_package_tells_it(service: str) -> None:
    from policy_sentry.querying.actions import get_action_data, get_actions_for_service

    found = {action.name: action for action in catalog.actions().values() if action.name.startswith(f"{service}:")}
    for name in get_actions_for_service(service):
        rows = get_action_data(service, name.partition(":")[2])[service]
        arns = tuple(dict.fromkeys(row["resource_arn_format"] for row in rows))
        depends = tuple(dict.fromkeys(other for row in rows for other in row["dependent_actions"]))
        assert found.pop(name) == (name, rows[0]["access_level"], arns, name.lower(), depends)
    assert found == {}


def test_data_that_is_not_there_is_said_on_one_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version of the package may have it elsewhere."""
    (tmp_path / "policy_sentry").mkdir()
    (tmp_path / "policy_sentry/__init__.py").touch()
    monkeypatch.delitem(sys.modules, "policy_sentry", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        RemediateError, match=r"policy_sentry does not have its shared/data/iam-definition\.json"
    ) as stop:
        catalog.actions.__wrapped__()
    monkeypatch.delitem(sys.modules, "policy_sentry")
    assert "requirements.txt" in stop.value.remedy
