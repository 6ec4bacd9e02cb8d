"""Users, groups, roles and customer managed policies: everything IAM tells in one listing.

GetAccountAuthorizationDetails replaces six calls a user. AWS's own policies are left out: they are the same in every
account, there are more than a thousand, and their ARN says which one it is.
"""

from remediate.account import Role, User
from remediate.aws.documents import held
from remediate.aws.reader.part import Part
from remediate.aws.session import Answer, Session
from remediate.model import Address, Value, at
from remediate.policy import steady

FILTER = ["User", "Group", "Role", "LocalManagedPolicy"]
PAGE = 1000


def read_details(aws: Session) -> Part:
    """Every page of the account's authorization details. Raises CallFailed."""
    state: dict[Address, Value] = {}
    users: dict[str, User] = {}
    roles: dict[str, Role] = {}
    pages = aws.pages("iam", "get_account_authorization_details", Filter=FILTER, PaginationConfig={"PageSize": PAGE})
    for page in pages:
        for item in page.get("UserDetailList", ()):
            users[item["UserName"]] = _user(item, state)
        for item in page.get("GroupDetailList", ()):
            _group(item, state)
        for item in page.get("RoleDetailList", ()):
            roles[item["RoleName"]] = _role(item, state)
        for item in page.get("Policies", ()):
            _policy(item, state)
    return Part(state=state, users=users, roles=roles)


def _user(item: Answer, state: dict[Address, Value]) -> User:
    name = item["UserName"]
    state[at("iam.user", name)] = {"path": item["Path"]}
    _policies("user", name, item, state)
    for group in item.get("GroupList", ()):
        state[at("iam.group_member", group, name)] = "member"
    tags = _tags(item)
    for key, value in tags.items():
        state[at("iam.user_tag", name, key)] = value
    return User(
        name=name, arn=item["Arn"], path=item["Path"], created=item["CreateDate"], tags=tags, boundary=_boundary(item)
    )


def _group(item: Answer, state: dict[Address, Value]) -> None:
    state[at("iam.group", item["GroupName"])] = {"path": item["Path"]}
    _policies("group", item["GroupName"], item, state)


def _role(item: Answer, state: dict[Address, Value]) -> Role:
    name, trust = item["RoleName"], steady(held(item["AssumeRolePolicyDocument"]))
    value = {"path": item["Path"], "trust": trust}
    state[at("iam.role", name)] = value
    _policies("role", name, item, state)
    for profile in item.get("InstanceProfileList", ()):
        state[at("iam.instance_profile", profile["InstanceProfileName"])] = {"path": profile["Path"]}
        state[at("iam.instance_profile_role", profile["InstanceProfileName"], name)] = "member"
    return Role(
        name=name,
        arn=item["Arn"],
        path=item["Path"],
        trust=trust,
        tags=_tags(item),
        boundary=_boundary(item),
        created=item["CreateDate"],
        last_used=item.get("RoleLastUsed", {}).get("LastUsedDate"),
    )


def _policies(holder: str, name: str, item: Answer, state: dict[Address, Value]) -> None:
    for policy in item.get("AttachedManagedPolicies", ()):
        state[at(f"iam.{holder}_policy", name, policy["PolicyArn"])] = "attached"
    for policy in item.get(f"{holder.title()}PolicyList", ()):
        state[at(f"iam.{holder}_inline", name, policy["PolicyName"])] = held(policy["PolicyDocument"])


def _policy(item: Answer, state: dict[Address, Value]) -> None:
    default = next(v for v in item["PolicyVersionList"] if v["IsDefaultVersion"])
    state[at("iam.policy", item["Arn"])] = {"path": item["Path"], "document": held(default["Document"])}


def _tags(item: Answer) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in item.get("Tags", ())}


def _boundary(item: Answer) -> str:
    return str(item.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""))
