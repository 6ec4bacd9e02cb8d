"""The other evaluator: `@cloud-copilot/iam-simulate`, a package of npm, in a process of its own."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from remediate.policy.evaluate import Outcome
from remediate.policy.request import Caller

HOME = Path(__file__).parents[1] / "policy" / "oracle"
ACCOUNT = "111122223333"
OUTCOMES: Mapping[str, Outcome] = {
    "Allowed": "allowed",
    "ImplicitlyDenied": "implicitly denied",
    "ExplicitlyDenied": "explicitly denied",
}


class Oracle:
    """Answers one question a line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def outcome(self, case: Mapping[str, Any], caller: Caller) -> Outcome:
        """What it makes of a case, as those of tests/policy/cases are written. Raises ValueError where it refuses."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(simulation(case, caller)) + "\n")
        self.process.stdin.flush()
        said = json.loads(self.process.stdout.readline())
        if not isinstance(said, str):
            raise ValueError(json.dumps(said))
        return OUTCOMES[said]


@contextmanager
def oracle() -> Iterator[Oracle]:
    command = ["node", "evaluate.mjs"]
    with subprocess.Popen(command, cwd=HOME, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Oracle(process)
        assert process.stdin
        process.stdin.close()


def simulation(case: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
    """The case as the other evaluator wants it."""
    asked = {
        "principal": {"type": "Anonymous"} if caller.kind == "anonymous" else caller.arn,
        "action": case.get("action", "s3:GetObject"),
        "resource": {
            "resource": case.get("resource_arn", "arn:aws:s3:::b/k"),
            "accountId": case.get("owner", ACCOUNT),
        },
        "contextVariables": {key: _text(value) for key, value in case.get("context", {}).items()},
    }
    version = case.get("version", "2012-10-17")
    return {
        "request": asked,
        "identityPolicies": _named(case.get("identity"), version),
        "serviceControlPolicies": _levels(case, "service_control"),
        "resourceControlPolicies": _levels(case, "resource_control"),
        **({"sessionPolicy": _document(case["session"])} if "session" in case else {}),
        **({"resourcePolicy": _document(case["resource"])} if "resource" in case else {}),
        **({"permissionBoundaryPolicies": _named(case["boundary"], version)} if "boundary" in case else {}),
    }


def _text(value: Any) -> str | list[str]:
    if isinstance(value, list | tuple):
        return list(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _document(body: Any, version: str = "2012-10-17") -> dict[str, Any]:
    return {"Version": version, "Statement": body}


def _named(body: Any, version: str) -> list[dict[str, Any]]:
    return [{"name": "policy", "policy": _document(body, version)}] if body is not None else []


def _levels(case: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
    """Of resource control policies it has the one that allows everything already, and takes no other that allows."""
    skipped = "Allow" if kind == "resource_control" else ""
    levels = [[one for one in level if one["Effect"] != skipped] for level in case.get(kind, [])]
    return [
        {"orgIdentifier": f"ou-{n}", "policies": _named(level, "2012-10-17") if level or not skipped else []}
        for n, level in enumerate(levels)
    ]
