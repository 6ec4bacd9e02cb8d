"""The recorded calls that a change stops by what they were made with: an access key, a password, or a whole user."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from remediate.account import Account
from remediate.evidence.facts import Call
from remediate.model import Change, kind_of, name_of, pair_of

SIGN_IN = "signin.amazonaws.com/ConsoleLogin"
"""https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html"""
KINDS = frozenset({"iam.access_key", "iam.login_profile", "iam.role", "iam.user"})


class Ended(NamedTuple):
    """Whose calls a change stops, and which of them."""

    change: Change
    arn: str
    stops: Callable[[Call], bool]


def ended(account: Account, changes: Sequence[Change]) -> Iterator[Ended]:
    """What each change ends. Sessions that were begun with a key or a password are told apart from neither."""
    for change in changes:
        kind, (name, key) = kind_of(change.address), pair_of(change.address)
        if kind == "iam.access_key" and change.before == "Active" and change.after != "Active":
            yield from _of_user(account, change, name, partial(_made_with, key))
        elif kind == "iam.login_profile" and change.after is None:
            yield from _of_user(account, change, name, lambda call: call.event == SIGN_IN)
        elif kind in ("iam.user", "iam.role") and change.before is not None and change.after is None:
            yield from _whole(account, change)


def _made_with(key: str, call: Call) -> bool:
    return call.credential == key


def _of_user(account: Account, change: Change, name: str, stops: Callable[[Call], bool]) -> Iterator[Ended]:
    if user := account.users.get(name):
        yield Ended(change, user.arn, stops)


def _whole(account: Account, change: Change) -> Iterator[Ended]:
    of = account.users if kind_of(change.address) == "iam.user" else account.roles
    if one := of.get(name_of(change.address)):
        yield Ended(change, one.arn, lambda _call: True)
