"""A trust policy names nobody who is no more, and its principals come back in an order of IAM's own.

Of a deleted user or role, IAM shows the unique id where its ARN was, and refuses to write it again. Moto takes it.
https://repost.aws/knowledge-center/iam-trust-policy-error

IAM keeps principals by their ids, and shows a list of them in any order. Moto keeps the text.
https://github.com/hashicorp/terraform-provider-aws/issues/11801
"""

import json
from typing import Any

from remediate.sandbox.strict.documents import as_list, statements
from remediate.sandbox.strict.patch import Call, Original, around, before, fail


def install() -> None:
    from moto.iam.models import IAMBackend

    before(IAMBackend, "create_role", lambda _iam, call: _refuse(call["assume_role_policy_document"]))
    before(IAMBackend, "update_assume_role_policy", lambda _iam, call: _refuse(call["policy_document"]))
    around(IAMBackend, "create_role", lambda original, _iam, _call: _reorder(original()))
    around(IAMBackend, "update_assume_role_policy", _update)


def _update(original: Original, iam: Any, call: Call) -> None:
    original()
    _reorder(iam.get_role(call["role_name"]))


def _reorder(role: Any) -> Any:
    """The names of each principal the other way round."""
    parsed = json.loads(role.assume_role_policy_document)
    lists = [
        names
        for statement in statements(parsed)
        if isinstance(principal := statement.get("Principal"), dict)
        for names in principal.values()
        if isinstance(names, list)
    ]
    for names in lists:
        names.sort(reverse=True)
    if lists:
        role.assume_role_policy_document = json.dumps(parsed)
    return role


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
