"""Access keys of the root users of member accounts, reached from the organization's management account.

The way in is sts:AssumeRoot, limited by one of AWS's task policies. The one for deleting credentials allows
DeleteAccessKey and not UpdateAccessKey, so a root key can be deleted from here, and not be made inactive.
https://docs.aws.amazon.com/IAM/latest/UserGuide/security-iam-awsmanpol.html
"""

from collections.abc import Iterable

from remediate.aws.resources.base import Resource
from remediate.aws.session import Session, request_id
from remediate.errors import CallFailed
from remediate.model import AccountId, Address, Permission, Receipt, Reversal, Value, at, pair_of, when

AUDIT = "IAMAuditRootUserCredentials"
DELETE = "IAMDeleteRootUserCredentials"


def _may_assume(root: str, task: str, partition: str) -> Permission:
    """To be somebody's root user for one task. Without the condition it would be for all of them."""
    policy = f"arn:{partition}:iam::aws:policy/root-task/{task}"
    return Permission(action="sts:AssumeRoot", resource=root, condition=("ArnLike", "sts:TaskPolicyArn", policy))


class RootAccessKey(Resource):
    """`iam.root_access_key/<member account>/AKIA…`: "Active" or "Inactive". It can only be deleted from here."""

    kind = "iam.root_access_key"
    reading_also = (_may_assume("*", AUDIT, partition="*"),)

    def container(self, address: Address) -> str:
        return f"{self.kind}/{pair_of(address)[0]}"

    def reversal(self, before: Value, after: Value) -> tuple[Reversal, str]:
        return "impossible", "the root user's key: its secret cannot be made again"

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        root = f"arn:{where.partition}:iam::{pair_of(address)[0]}:root"
        return [_may_assume(root, task, where.partition) for task in (AUDIT, DELETE)]

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        account = pair_of(address)[0]
        pages = aws.as_root(account, AUDIT, lambda root: list(root.pages("iam", "list_access_keys")))
        keys = [key for page in pages for key in page["AccessKeyMetadata"]]
        return {at(self.kind, account, key["AccessKeyId"]): key["Status"] for key in keys}

    def evidence(self, aws: Session, address: Address) -> dict[str, Value]:
        account, key = pair_of(address)
        answer = aws.as_root(account, AUDIT, lambda root: root.read("iam", "get_access_key_last_used", AccessKeyId=key))
        return {"last_used": when(answer["AccessKeyLastUsed"].get("LastUsedDate"))}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        account, key = pair_of(address)
        if before is None or after is not None:
            why = "AWS lets a member's root key be deleted from another account, and nothing else"
            raise CallFailed("update_access_key", "NeverDone", why)
        answer = aws.as_root(account, DELETE, lambda root: root.write("iam", "delete_access_key", AccessKeyId=key))
        return Receipt(request_ids=(request_id(answer),))


RESOURCES: tuple[Resource, ...] = (RootAccessKey(),)
