"""Managed policies, and the two ways in which users, groups and roles hold policies: attached and inline."""

from collections.abc import Iterable, Mapping

from remediate.aws.documents import as_text, held
from remediate.aws.resources.base import Resource, absent_if
from remediate.aws.resources.entity import on_entity
from remediate.aws.session import Answer, Session, request_id
from remediate.errors import CallFailed
from remediate.model import AccountId, Address, Permission, Receipt, Reversal, Value, at, name_of, pair_of

MAX_VERSIONS = 5


def is_aws_managed(arn: str) -> bool:
    """AWS's own policies are the same in every account and known by their ARN."""
    return arn.split(":")[4] == "aws"


class ManagedPolicy(Resource):
    """`iam.policy/<arn>`: {"path": "/", "document": {…}}, the default version's document."""

    kind = "iam.policy"
    named_by = ("policyArn|policyName",)
    also_by = ("iam:SetDefaultPolicyVersion",)
    unless: Mapping[str, tuple[str, Value]] = {"iam:CreatePolicyVersion": ("setAsDefault", True)}
    events: Mapping[str, tuple[str, ...]] = {"iam:DeletePolicyVersion": ()}  # never the default one
    shared = True
    access = True

    def makes_another(self, before: Value, after: Value) -> bool:
        """CreatePolicyVersion does."""
        return before is not None and after is not None

    def reversal(self, before: Value, after: Value) -> tuple[Reversal, str]:
        if after is None:
            return "equivalent", "the ids of the policy's versions"
        return "exact", ""

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        arn = name_of(address)
        names = ["GetPolicy", "GetPolicyVersion", "ListPolicyVersions", "DeletePolicyVersion"]
        names += ["CreatePolicy", "DeletePolicy"] if before is None or after is None else ["CreatePolicyVersion"]
        return [Permission(action=f"iam:{a}", resource=arn) for a in names]

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        arn = name_of(address)
        try:
            policy = aws.read("iam", "get_policy", PolicyArn=arn)["Policy"]
            version = aws.read("iam", "get_policy_version", PolicyArn=arn, VersionId=policy["DefaultVersionId"])
        except CallFailed as error:
            absent_if(error, "NoSuchEntity")
            return {}
        return {address: {"path": policy["Path"], "document": held(version["PolicyVersion"]["Document"])}}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        arn = name_of(address)
        if after is None:
            return _receipt(*self._drop_versions(aws, arn, keep=0), aws.write("iam", "delete_policy", PolicyArn=arn))
        document, path = _parts(after)
        if before is None:
            name = arn.rpartition("/")[2]
            return _receipt(aws.write("iam", "create_policy", PolicyName=name, Path=path, PolicyDocument=document))
        dropped = self._drop_versions(aws, arn, keep=MAX_VERSIONS - 2)
        return _receipt(
            *dropped,
            aws.write("iam", "create_policy_version", PolicyArn=arn, PolicyDocument=document, SetAsDefault=True),
        )

    def _drop_versions(self, aws: Session, arn: str, keep: int) -> list[Answer]:
        """Deletes the oldest versions that are not the default, so that `keep` of them are left."""
        pages = aws.pages("iam", "list_policy_versions", PolicyArn=arn)
        others = [v["VersionId"] for page in pages for v in page["Versions"] if not v["IsDefaultVersion"]]
        old = sorted(others, key=lambda id: int(id[1:]), reverse=True)[keep:]  # v12 is newer than v9
        return [answer for id in old if (answer := _drop(aws, arn, id))]


def _drop(aws: Session, arn: str, version: str) -> Answer | None:
    """None where it is gone: one that was deleted a moment ago is still listed."""
    try:
        return aws.write("iam", "delete_policy_version", PolicyArn=arn, VersionId=version)
    except CallFailed as error:
        absent_if(error, "NoSuchEntity")
        return None


def _parts(value: Value) -> tuple[str, str]:
    body = value if isinstance(value, Mapping) else {}
    return as_text(body.get("document")), str(body.get("path", "/"))


class OfPrincipal(Resource):
    """A policy that one user, group or role holds; the first name is the holder's."""

    access = True

    def __init__(self, holder: str) -> None:
        self.holder = holder
        self.name_key = f"{holder.title()}Name"

    def principal(self, address: Address) -> Address | None:
        return at(f"iam.{self.holder}", pair_of(address)[0])

    def parent(self, address: Address) -> Address | None:
        return self.principal(address)

    def on_holder(self, address: Address, where: AccountId, *actions: str) -> list[Permission]:
        return on_entity(where, self.holder, pair_of(address)[0], *actions)


class Attached(OfPrincipal):
    """`iam.user_policy/alice/<policy arn>`: "attached"."""

    binary = True

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.kind = f"iam.{holder}_policy"
        self.named_by = (f"{holder}Name", "policyArn")

    def container(self, address: Address) -> str:
        return f"{self.kind}/{pair_of(address)[0]}"

    def uses(self, address: Address, value: Value) -> Iterable[Address]:
        holder, arn = pair_of(address)
        return (at(f"iam.{self.holder}", holder), at("iam.policy", arn))

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        title = self.holder.title()
        names = (f"ListAttached{title}Policies", f"Attach{title}Policy", f"Detach{title}Policy")
        return self.on_holder(address, where, *names)

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        holder = pair_of(address)[0]
        try:
            pages = list(aws.pages("iam", f"list_attached_{self.holder}_policies", **{self.name_key: holder}))
        except CallFailed as error:
            absent_if(error, "NoSuchEntity")
            return {}
        arns = [policy["PolicyArn"] for page in pages for policy in page["AttachedPolicies"]]
        return {at(self.kind, holder, arn): "attached" for arn in arns}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        holder, arn = pair_of(address)
        verb = "detach" if after is None else "attach"
        return _receipt(aws.write("iam", f"{verb}_{self.holder}_policy", **{self.name_key: holder, "PolicyArn": arn}))


class Inline(OfPrincipal):
    """`iam.user_inline/alice/read`: the document."""

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.kind = f"iam.{holder}_inline"
        self.named_by = (f"{holder}Name", "policyName")

    def uses(self, address: Address, value: Value) -> Iterable[Address]:
        return (at(f"iam.{self.holder}", pair_of(address)[0]),)

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        return self.on_holder(address, where, *(f"{a}{self.holder.title()}Policy" for a in ("Get", "Put", "Delete")))

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        holder, name = pair_of(address)
        try:
            answer = aws.read("iam", f"get_{self.holder}_policy", **{self.name_key: holder, "PolicyName": name})
        except CallFailed as error:
            absent_if(error, "NoSuchEntity")
            return {}
        return {address: held(answer["PolicyDocument"])}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        holder, name = pair_of(address)
        who = {self.name_key: holder, "PolicyName": name}
        if after is None:
            return _receipt(aws.write("iam", f"delete_{self.holder}_policy", **who))
        return _receipt(aws.write("iam", f"put_{self.holder}_policy", **who, PolicyDocument=as_text(after)))


def _receipt(*answers: dict[str, object]) -> Receipt:
    return Receipt(request_ids=tuple(request_id(a) for a in answers))
