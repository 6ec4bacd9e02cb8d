"""Analyzers at the wire: the exact requests, and what is read from the exact answers."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from remediate.aws.resources.access_analyzer import Analyzer
from remediate.aws.session import Session
from remediate.errors import CallFailed, Denied
from remediate.model import Value, at

REGION = "eu-west-1"
ADDRESS = at("access_analyzer.analyzer", REGION, "external-access")
ARN = f"arn:aws:access-analyzer:{REGION}:123456789012:analyzer/external-access"


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    return Session(region="us-east-1")


def stubbed(session: Session, *, once: bool) -> Stubber:
    return Stubber(session._client("accessanalyzer", REGION, once=once))


def shown(name: str, type: str, status: str) -> dict[str, Any]:
    arn = ARN.replace("external-access", name)
    return {"arn": arn, "name": name, "type": type, "status": status, "createdAt": datetime(2026, 1, 1, tzinfo=UTC)}


def test_what_is_sent(session: Session) -> None:
    with stubbed(session, once=True) as aws:
        aws.add_response("create_analyzer", {"arn": ARN}, {"analyzerName": "external-access", "type": "ACCOUNT"})
        aws.add_response("delete_analyzer", {}, {"analyzerName": "external-access"})
        Analyzer().write(session, ADDRESS, None, {"type": "ACCOUNT"})
        Analyzer().write(session, ADDRESS, {"type": "ACCOUNT"}, None)
        aws.assert_no_pending_responses()


def test_every_page_of_a_region_is_read(session: Session) -> None:
    """One that is being made counts as made: it works within seconds, and a second one would be refused."""
    first = [shown("a", "ACCOUNT", "CREATING"), shown("b", "ORGANIZATION", "DISABLED")]
    with stubbed(session, once=False) as aws:
        aws.add_response("list_analyzers", {"analyzers": first, "nextToken": "n"}, {})
        aws.add_response("list_analyzers", {"analyzers": [shown("c", "ACCOUNT", "ACTIVE")]}, {"nextToken": "n"})
        values: dict[str, Value] = {
            "a": {"type": "ACCOUNT"},
            "b": {"type": "ORGANIZATION", "status": "DISABLED"},
            "c": {"type": "ACCOUNT"},
        }
        found = Analyzer().read(session, at("access_analyzer.analyzer", REGION))
        assert found == {at("access_analyzer.analyzer", REGION, name): value for name, value in values.items()}


def test_a_denied_region_is_denied(session: Session) -> None:
    with stubbed(session, once=False) as aws:
        aws.add_client_error("list_analyzers", "AccessDeniedException", "no", 403)
        with pytest.raises(Denied):
            Analyzer().read(session, ADDRESS)


def test_only_analyzers_of_external_access_are_made(session: Session) -> None:
    with pytest.raises(CallFailed, match="NeverDone"):
        Analyzer().write(session, ADDRESS, None, {"type": "ACCOUNT_UNUSED_ACCESS"})
