"""Policy documents are read when they are written.

AWS answers MalformedPolicyDocument to what is no policy, and to a trust in a user or role that is not there. Moto takes
anything as a new role's trust.

Version 2008-10-17, also where it is only the default, is refused for managed policies alone; inline policies and trust
documents may have it. Moto refuses it everywhere.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
"""

import json
import re
from typing import Any

from remediate.sandbox.strict.patch import Call, before, fail, instead

VERSIONS = ("2008-10-17", "2012-10-17")
PRINCIPAL = re.compile(r"arn:aws:iam::(\d{12}):(user|role)/(?:.*/)?([^/]+)")


def install() -> None:
    from moto.iam.models import IAMBackend

    for kind in ("user", "group", "role"):
        instead(IAMBackend, f"put_{kind}_policy", _inline(kind))
    before(IAMBackend, "create_role", lambda iam, call: _trust(iam, call["assume_role_policy_document"]))
    instead(IAMBackend, "update_assume_role_policy", _new_trust)


def _inline(kind: str) -> Any:
    def put(iam: Any, call: Call) -> None:
        from moto.iam.policy_validation import IAMPolicyDocumentValidator

        holder = getattr(iam, f"get_{kind}")(call[f"{kind}_name"])
        IAMPolicyDocumentValidator(_as_2012(call["policy_json"])).validate()
        holder.put_policy(call["policy_name"], call["policy_json"])

    return put


def _new_trust(iam: Any, call: Call) -> None:
    role = iam.get_role(call["role_name"])
    _trust(iam, call["policy_document"])
    role.assume_role_policy_document = call["policy_document"]


def _trust(iam: Any, document: str) -> None:
    from moto.iam.policy_validation import IAMTrustPolicyDocumentValidator

    IAMTrustPolicyDocumentValidator(_as_2012(document)).validate()
    for statement in statements(json.loads(document)):
        principal = statement.get("Principal")
        if not principal:
            fail("MalformedPolicyDocument", "Missing required field Principal")
        for arn in as_list(principal.get("AWS", ())) if isinstance(principal, dict) else ():
            if not _exists(iam, arn):
                fail("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{arn}"')


def _exists(iam: Any, arn: str) -> bool:
    """Whether a user or role of this account is there; nobody else's are known."""
    match = PRINCIPAL.fullmatch(arn)
    if not match or match[1] != iam.account_id:
        return True
    names = iam.users if match[2] == "user" else {role.name for role in iam.roles.values()}
    return match[3] in names


def _as_2012(document: str) -> str:
    """The same document as moto takes it; moto refuses everything else about it."""
    try:
        parsed = json.loads(document)
    except ValueError:
        return document
    if isinstance(parsed, dict) and parsed.get("Version", VERSIONS[0]) in VERSIONS:
        return json.dumps({**parsed, "Version": VERSIONS[1]})
    return document


def statements(document: Any) -> list[dict[str, Any]]:
    """A document's statements, be it a list of them or one."""
    return [s for s in as_list(document.get("Statement", ())) if isinstance(s, dict)]


def as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
