"""A trust policy names nobody who is no more.

Of a deleted user or role, IAM shows the unique id where its ARN was, and refuses to write it again. Moto takes it.
https://repost.aws/knowledge-center/iam-trust-policy-error
"""

import json
from typing import Any

from remediate.sandbox.strict.documents import as_list, statements
from remediate.sandbox.strict.patch import before, fail


def install() -> None:
    from moto.iam.models import IAMBackend

    before(IAMBackend, "create_role", lambda _iam, call: _refuse(call["assume_role_policy_document"]))
    before(IAMBackend, "update_assume_role_policy", lambda _iam, call: _refuse(call["policy_document"]))


def _refuse(document: str) -> None:
    try:
        parsed: Any = json.loads(document)
    except ValueError:
        return  # `documents` says what is wrong with it
    for statement in statements(parsed) if isinstance(parsed, dict) else ():
        principal = statement.get("Principal")
        for name in as_list(principal.get("AWS", ())) if isinstance(principal, dict) else ():
            if str(name).startswith(("AIDA", "AROA")):
                fail("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{name}"')
