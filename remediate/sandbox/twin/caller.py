"""Who calls: the sandbox's own key belongs to the twin, and stands for whoever called when the account was read."""

from typing import Any

from remediate.sandbox.twin.base import Twin


def key(twin: Twin) -> None:
    """A key of nobody's: signing with one of the account's would be a use of it, and change its date."""
    from moto.iam.models import AccessKey

    from remediate.sandbox.server import ENVIRONMENT

    kind: Any = AccessKey
    own = kind(user_name=None, prefix="AKIA", account_id=twin.account.id)
    own.access_key_id = ENVIRONMENT["AWS_ACCESS_KEY_ID"]
    own.stands_for = twin.account.caller
    twin.iam.access_keys[own.access_key_id] = own
