"""Cases of AWS's documented evaluation logic, as data: `tests/policy/cases`."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from remediate.policy import statements
from remediate.policy.evaluate import Policies
from remediate.policy.request import Caller, Request, context

CASES = Path(__file__).parents[1] / "policy" / "cases"
ACCOUNT = "111122223333"
CALLERS = {
    "user": Caller(arn=f"arn:aws:iam::{ACCOUNT}:user/alice", account=ACCOUNT, id="AIDAALICE"),
    "session": Caller(
        kind="role session",
        arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/app/one",
        account=ACCOUNT,
        behind=f"arn:aws:iam::{ACCOUNT}:role/app",
        id="AROAAPP",
    ),
    "federated": Caller(
        kind="federated session",
        arn=f"arn:aws:sts::{ACCOUNT}:federated-user/alice",
        account=ACCOUNT,
        behind=f"arn:aws:iam::{ACCOUNT}:user/alice",
    ),
    "root": Caller(kind="root", arn=f"arn:aws:iam::{ACCOUNT}:root", account=ACCOUNT),
    "service": Caller(kind="service", arn="sns.amazonaws.com"),
    "provider": Caller(kind="provider", arn="accounts.google.com"),
    "saml": Caller(kind="provider", arn=f"arn:aws:iam::{ACCOUNT}:saml-provider/corp", account=ACCOUNT),
    "anonymous": Caller(kind="anonymous"),
}
"""Who asks in the cases, by the names that these have there."""


def cases(topic: str) -> dict[str, dict[str, Any]]:
    """The cases of one file, each with the page of AWS's documentation that it comes from."""
    groups = yaml.safe_load((CASES / f"{topic}.yaml").read_text(encoding="utf-8"))
    listed = [{"page": group["page"], **case} for group in groups for case in group["cases"]]
    named = {case["name"]: case for case in listed}
    assert len(named) == len(listed), f"{topic} names two cases alike"
    return named


def topics() -> Iterator[str]:
    yield from sorted(path.stem for path in CASES.glob("*.yaml"))


def request(case: Mapping[str, Any]) -> Request:
    return Request(
        action=case.get("action", "s3:GetObject"),
        resource=case.get("resource_arn", "arn:aws:s3:::b/k"),
        context=context(case.get("context", {})),
        caller=CALLERS[case.get("caller", "user")],
        owner=case.get("owner", ""),
    )


def policies(case: Mapping[str, Any]) -> Policies:
    """What a case says of each kind of policy; nothing means that there is none."""

    def layer(name: str) -> Any:
        return _statements(case[name], case.get("version")) if name in case else None

    return Policies(
        identity=layer("identity") or (),
        boundary=layer("boundary"),
        session=layer("session"),
        service_control=tuple(_statements(level) for level in case.get("service_control", [])),
        resource_control=tuple(_statements(level) for level in case.get("resource_control", [])),
        resource=layer("resource"),
        resource_decides=case.get("resource_decides", False),
    )


def _statements(body: Any, version: str | None = None) -> tuple[str, ...]:
    return statements({"Version": version or "2012-10-17", "Statement": body})
