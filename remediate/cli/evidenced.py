"""An account together with what CloudTrail's records, as `remediate evidence` keeps them, say of it."""

from pathlib import Path

import msgspec

from remediate.account import Account
from remediate.evidence import signs
from remediate.evidence.facts import facts, unbroken
from remediate.store.evidence import HISTORY, Store


def with_evidence(account: Account, folder: Path) -> Account:
    """The account with what is known of who did what; as it is where nothing is. Raises BadInput."""
    store = Store(folder, account.id)
    weeks = store.weeks()
    if not weeks:
        return account
    summary = store.whole(unbroken(weeks))
    found = facts(account.id, summary, data=store.source != HISTORY, unread=store.unread.values())
    looked = signs.facts(signs.signs(store.by_week(), account.id))
    return msgspec.structs.replace(account, facts={**account.facts, **found, **looked})
