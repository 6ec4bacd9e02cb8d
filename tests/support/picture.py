"""IAM as moto has it in its memory, in the program's addresses, and what each user may do there.

Written apart from the product's reader: a mistake in one of them shows as a difference. It costs no calls, so that a
test can look after every single write.
"""

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from moto.iam.models import iam_backends

from remediate.model import Address, Value, at
from support.engine import ACCOUNT
from support.evaluator import allowed
from support.snapshot import effective

Entries = dict[Address, Value]
PROBES = (
    ("s3:GetObject", "arn:aws:s3:::bucket/key"),
    ("s3:DeleteObject", "arn:aws:s3:::bucket/key"),
    ("ec2:StopInstances", "*"),
    ("iam:CreateUser", "*"),
)
ACCOUNT_IN_ARN = f":{ACCOUNT}:"
ANYTHING = ("anything:AtAll", "*")
"""Who may do this may do everything."""


def backend() -> Any:
    return iam_backends[ACCOUNT]["aws"]


def entries() -> Entries:
    """Users, groups and the account's own policies, with everything that a plan may change of them."""
    iam = backend()
    found: Entries = {}
    for user in list(iam.users.values()):
        found[at("iam.user", user.name)] = {"path": user.path}
        found |= dict(_held("user", user.name, user))
        if user.password:
            found[at("iam.login_profile", user.name)] = "password"
        for key in user.access_keys:
            found[at("iam.access_key", user.name, key.access_key_id)] = key.status
        for tag in iam.tagger.list_tags_for_resource(user.arn)["Tags"]:
            found[at("iam.user_tag", user.name, tag["Key"])] = tag["Value"]
    for group in list(iam.groups.values()):
        found[at("iam.group", group.name)] = {"path": group.path}
        found |= dict(_held("group", group.name, group))
        found |= {at("iam.group_member", group.name, user.name): "member" for user in group.users}
    for arn, policy in _own_policies(iam).items():
        found[at("iam.policy", arn)] = {"path": policy.path, "document": json.loads(_document(policy))}
    return found


def _held(kind: str, name: str, holder: Any) -> Iterator[tuple[Address, Value]]:
    for arn in holder.managed_policies:
        yield at(f"iam.{kind}_policy", name, arn), "attached"
    for policy, document in list(holder.policies.items()):
        yield at(f"iam.{kind}_inline", name, policy), json.loads(document)


def _own_policies(iam: Any) -> dict[str, Any]:
    """By their ARNs, which moto makes anew each time that one of AWS's 1,582 policies is asked for its own."""
    return {arn: policy for arn, policy in list(iam.managed_policies.items()) if ACCOUNT_IN_ARN in arn}


def _document(policy: Any) -> str:
    return str(next(v.document for v in policy.versions if v.version_id == policy.default_version_id))


class Access:
    """Who may do what, at one moment."""

    def __init__(self) -> None:
        iam = backend()
        self.users = list(iam.users)
        account = {
            "users": {u.name: {**_shown(u), "groups": _groups(u), "boundary": None} for u in list(iam.users.values())},
            "groups": {g.name: _shown(g) for g in list(iam.groups.values())},
            "policies": {arn: {"document": json.loads(_document(p))} for arn, p in _own_policies(iam).items()},
        }
        self.statements = {name: effective(account, name) for name in self.users}
        """Everything that reaches a user, from whatever source."""
        texts = {name: _texts(name) for name in self.users}
        self.may = {name: frozenset(_allowed(texts[name], name)) for name in self.users}
        """The probes that are allowed, with and without MFA."""
        self.administrators = {n for n in self.users if _decided(texts[n], n, *ANYTHING, "true") and _usable(n)}


def _shown(holder: Any) -> Mapping[str, Any]:
    inline = {name: json.loads(document) for name, document in list(holder.policies.items())}
    return {"attached": sorted(holder.managed_policies), "inline": inline}


def _groups(user: Any) -> list[str]:
    return sorted(g.name for g in backend().groups.values() if any(u.name == user.name for u in g.users))


def _usable(name: str) -> bool:
    user = backend().users[name]
    return bool(user.password) or any(key.status == "Active" for key in user.access_keys)


def _allowed(texts: frozenset[str], name: str) -> Iterator[tuple[str, str, str]]:
    for action, resource in PROBES:
        for mfa in ("true", "false"):
            if _decided(texts, name, action, resource, mfa):
                yield action, resource, mfa


def _texts(name: str) -> frozenset[str]:
    """Every policy that reaches a user."""
    iam = backend()
    user = iam.users[name]
    holders = [user, *(iam.groups[group] for group in _groups(user))]
    texts = {text for holder in holders for text in list(holder.policies.values())}
    texts |= {_document(policy) for holder in holders for policy in list(holder.managed_policies.values())}
    return frozenset(texts)


@lru_cache(maxsize=20_000)
def _decided(texts: frozenset[str], name: str, action: str, resource: str, mfa: str) -> bool:
    bodies = [json.loads(text)["Statement"] for text in texts]
    statements = [s for body in bodies for s in (body if isinstance(body, list) else [body])]
    context = {"username": name, "MultiFactorAuthPresent": mfa, "SourceIp": "203.0.113.7"}
    return allowed({"Statement": statements}, action, resource, **context)
