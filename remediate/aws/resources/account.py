"""AWS's way to reach the people behind an account.

The service has one endpoint in a partition, and botocore finds it from any region.
https://docs.aws.amazon.com/general/latest/gr/accounts.html
"""

from collections.abc import Iterable, Mapping

from remediate.aws.resources.base import Resource, absent_if
from remediate.aws.session import Session, request_id
from remediate.errors import CallFailed
from remediate.model import AccountId, Address, Permission, Receipt, Value, name_of

FIELDS: Mapping[str, str] = {"name": "Name", "title": "Title", "email": "EmailAddress", "phone": "PhoneNumber"}
"""https://docs.aws.amazon.com/accounts/latest/reference/API_PutAlternateContact.html"""


class AlternateContact(Resource):
    """`account.contact/SECURITY`: {"name": …, "title": …, "email": …, "phone": …}; also BILLING and OPERATIONS."""

    kind = "account.contact"
    named_by = ("alternateContactType",)
    reading = ("account:GetAlternateContact",)

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        names = ["GetAlternateContact", "PutAlternateContact"]
        names += ["DeleteAlternateContact"] if before is None or after is None else []
        return [Permission(action=f"account:{a}") for a in names]

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        try:
            answer = aws.read("account", "get_alternate_contact", AlternateContactType=name_of(address))
        except CallFailed as error:
            absent_if(error, "ResourceNotFoundException")
            return {}
        contact = answer["AlternateContact"]
        return {address: {field: contact.get(theirs, "") for field, theirs in FIELDS.items()}}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        type = {"AlternateContactType": name_of(address)}
        if not isinstance(after, Mapping):
            answer = aws.write("account", "delete_alternate_contact", **type)
        else:
            contact = {theirs: str(after[field]) for field, theirs in FIELDS.items()}
            answer = aws.write("account", "put_alternate_contact", **type, **contact)
        return Receipt(request_ids=(request_id(answer),))


RESOURCES: tuple[Resource, ...] = (AlternateContact(),)
