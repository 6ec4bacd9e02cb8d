"""Users and roles as controls speak of them: the caller, and when somebody last worked."""

from datetime import datetime

from remediate.account import Account, User
from remediate.model import Address, at


def caller(account: Account) -> Address | None:
    """The user or role that this run works with; None for the root user."""
    kind, _, rest = account.caller.rpartition(":")[2].partition("/")
    if kind == "user":
        return at("iam.user", rest.rpartition("/")[2])
    return at("iam.role", rest.partition("/")[0]) if kind == "assumed-role" else None


def last_seen(user: User) -> datetime | None:
    """The last use of the user's password or of one of its keys, from the credential report."""
    used = [user.password.last_used if user.password else None, *(key.last_used for key in user.keys)]
    return max((moment for moment in used if moment), default=None)
