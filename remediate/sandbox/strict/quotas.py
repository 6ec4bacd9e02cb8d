"""How many and how big: the quotas of an account.

AWS answers LimitExceeded; moto has only two of them, keys a user and versions a policy. The figures are those that
GetAccountSummary shows, so a test that changes `account_summary` changes both. Sizes leave white space out.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from typing import Any

from remediate.sandbox.strict.patch import Call, before, fail, instead

TAGS = 50


def install() -> None:
    from moto.iam.models import IAMBackend

    before(IAMBackend, "create_user", _new_user)
    before(IAMBackend, "create_group", lambda iam, _: _count(iam, "groups"))
    before(IAMBackend, "create_role", _new_role)
    before(IAMBackend, "create_instance_profile", lambda iam, _: _count(iam, "instance_profiles"))
    before(IAMBackend, "create_policy", _new_policy)
    before(IAMBackend, "create_policy_version", lambda iam, call: _policy_size(iam, call["policy_document"]))
    before(IAMBackend, "update_assume_role_policy", lambda iam, call: _trust_size(iam, call["policy_document"]))
    before(IAMBackend, "add_user_to_group", _groups_a_user)
    before(IAMBackend, "tag_user", _tags)
    for kind in ("user", "group", "role"):
        instead(IAMBackend, f"attach_{kind}_policy", _attach(kind))
        before(IAMBackend, f"put_{kind}_policy", _inline_size(kind))


def _over(name: str, quota: int) -> None:
    fail("LimitExceeded", f"Cannot exceed quota for {name}: {quota}")


def _count(iam: Any, what: str) -> None:
    quota = getattr(iam.account_summary, f"_{what}_quota")
    if len(getattr(iam, what)) >= quota:
        _over(f"{what.title().replace('_', '')}PerAccount", quota)


def _new_user(iam: Any, call: Call) -> None:
    _count(iam, "users")
    if len(call["tags"] or ()) > TAGS:
        _over("TagsPerUser", TAGS)


def _new_role(iam: Any, call: Call) -> None:
    _count(iam, "roles")
    _trust_size(iam, call["assume_role_policy_document"])


def _new_policy(iam: Any, call: Call) -> None:
    quota = iam.account_summary._policies_quota
    if iam.account_summary._policies >= quota:
        _over("PoliciesPerAccount", quota)
    _policy_size(iam, call["policy_document"])


def _size(document: str) -> int:
    return sum(not c.isspace() for c in document)


def _policy_size(iam: Any, document: str) -> None:
    quota = iam.account_summary._policy_size_quota
    if _size(document) > quota:
        _over("PolicySize", quota)


def _trust_size(iam: Any, document: str) -> None:
    quota = iam.account_summary._assume_role_policy_size_quota
    if _size(document) > quota:
        _over("ACLSizePerRole", quota)


def _groups_a_user(iam: Any, call: Call) -> None:
    user = iam.get_user(call["user_name"])
    others = [g for g in iam.groups.values() if user in g.users and g.name != call["group_name"]]
    quota = iam.account_summary._groups_per_user_quota
    if len(others) >= quota:
        _over("GroupsPerUser", quota)


def _tags(iam: Any, call: Call) -> None:
    user = iam.get_user(call["name"])
    kept = {tag["Key"] for tag in user.tags or ()}
    if len(kept | {tag["Key"] for tag in call["tags"]}) > TAGS:
        _over("TagsPerUser", TAGS)


def _attach(kind: str) -> Any:
    """A second attachment of one policy changes nothing; moto counts it twice."""

    def attach(iam: Any, call: Call) -> None:
        holder = getattr(iam, f"get_{kind}")(call[f"{kind}_name"])
        policy = iam.managed_policies.get(call["policy_arn"])
        if not policy:
            fail("NoSuchEntity", f"Policy {call['policy_arn']} does not exist or is not attachable.")
        if policy.arn in holder.managed_policies:
            return
        quota = getattr(iam.account_summary, f"_attached_policies_per_{kind}_quota")
        if len(holder.managed_policies) >= quota:
            _over(f"PoliciesPer{kind.title()}", quota)
        policy.attach_to(holder)

    return attach


def _inline_size(kind: str) -> Any:
    """All inline policies of one holder count together."""

    def check(iam: Any, call: Call) -> None:
        holder = getattr(iam, f"get_{kind}")(call[f"{kind}_name"])
        after = {**holder.policies, call["policy_name"]: call["policy_json"]}
        quota = getattr(iam.account_summary, f"_{kind}_policy_size_quota")
        if sum(map(_size, after.values())) > quota:
            fail("LimitExceeded", f"Maximum policy size of {quota} bytes exceeded for {kind} {holder.name}")

    return check
