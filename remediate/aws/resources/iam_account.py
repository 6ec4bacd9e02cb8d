"""Settings of IAM for the whole account."""

from collections.abc import Iterable, Mapping

from remediate.aws.resources.base import Resource, absent_if
from remediate.aws.session import Answer, Session, request_id
from remediate.errors import CallFailed
from remediate.model import AccountId, Address, Permission, Receipt, Reversal, Value

DERIVED = frozenset({"ExpirePasswords"})
"""Shown by IAM, and follows from MaxPasswordAge."""
OFF_BY_ABSENCE = frozenset({"MaxPasswordAge", "PasswordReusePrevention", "HardExpiry"})
"""No expiry and no history cannot be written as 0 or false: the setting is absent."""


def password_policy_value(policy: Answer) -> Value:
    """IAM's answer as a value: without what is derived, and without what can only be said by leaving it out."""
    return {k: v for k, v in policy.items() if k not in DERIVED and (v or k not in OFF_BY_ABSENCE)}


class PasswordPolicy(Resource):
    """`iam.password_policy`: every setting by IAM's name; absent where the account has none."""

    kind = "iam.password_policy"

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        names = ["GetAccountPasswordPolicy", "UpdateAccountPasswordPolicy"]
        names += ["DeleteAccountPasswordPolicy"] if before is None or after is None else []
        return [Permission(action=f"iam:{a}") for a in names]

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        try:
            return {address: password_policy_value(aws.read("iam", "get_account_password_policy")["PasswordPolicy"])}
        except CallFailed as error:
            absent_if(error, "NoSuchEntity")
            return {}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        if not isinstance(after, Mapping):
            answer = aws.write("iam", "delete_account_password_policy")
        else:
            # A full replacement: what is left out is reset, so the value is always whole.
            settings: Answer = dict(after)
            answer = aws.write("iam", "update_account_password_policy", **settings)
        return Receipt(request_ids=(request_id(answer),))


class AccountAlias(Resource):
    """`iam.account_alias`: the name that stands for the account's number in the address of its sign-in page.

    An account has one at most; a new one takes the place of the old one, whose address stops working. No two accounts
    share one. https://docs.aws.amazon.com/signin/latest/userguide/CreateAccountAlias.html
    """

    kind = "iam.account_alias"
    reading = ("iam:ListAccountAliases",)

    def reversal(self, before: Value, after: Value) -> tuple[Reversal, str]:
        return ("exact", "") if before is None else ("equivalent", f"until then any account may take the name {before}")

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        names = ["ListAccountAliases", "CreateAccountAlias"]
        names += ["DeleteAccountAlias"] if before is None or after is None else []
        return [Permission(action=f"iam:{a}") for a in names]

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        aliases = [alias for page in aws.pages("iam", "list_account_aliases") for alias in page["AccountAliases"]]
        return {address: aliases[0]} if aliases else {}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        operation, alias = ("delete_account_alias", before) if after is None else ("create_account_alias", after)
        return Receipt(request_ids=(request_id(aws.write("iam", operation, AccountAlias=alias)),))
