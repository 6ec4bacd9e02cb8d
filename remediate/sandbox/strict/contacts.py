"""An account's alternate contacts: what AWS takes for an address and a number, and no deletion of what is not there.

Moto takes any text, and deletes nothing without a word.
https://docs.aws.amazon.com/accounts/latest/reference/API_PutAlternateContact.html, API_DeleteAlternateContact
"""

import re
from typing import Any

from remediate.sandbox.strict.patch import Call, before, fail

LONGEST = {"email_address": 254, "name": 64, "phone_number": 25, "title": 50}
EMAIL = re.compile(r"\s*[\w+=.#|!&-]+@[\w.-]+\.\w+\s*")
PHONE = re.compile(r"[\s0-9()+-]+")


def install() -> None:
    from moto.account.models import AccountBackend

    before(AccountBackend, "put_alternate_contact", _valid)
    before(AccountBackend, "delete_alternate_contact", _there)


def _there(backend: Any, call: Call) -> None:
    """Moto's own reading says that there is none."""
    backend.get_alternate_contact(call["alternate_contact_type"])


def _valid(backend: Any, call: Call) -> None:
    for field, longest in LONGEST.items():
        if not 1 <= len(call[field] or "") <= longest:
            fail("ValidationException", f"The length of {field} is not between 1 and {longest}")
    for field, pattern in (("email_address", EMAIL), ("phone_number", PHONE)):
        if not pattern.fullmatch(call[field]):
            fail("ValidationException", f"{field} failed to satisfy constraint: {pattern.pattern}")
