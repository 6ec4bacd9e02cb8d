"""What one reading contributes to the account: entries, facts, and what it could not read."""

from collections.abc import Mapping
from datetime import datetime

from remediate.account import Key, Role, Trail, User
from remediate.model import State, Struct


class Part(Struct, frozen=True, kw_only=True):
    """A piece of an Account; pieces are joined by `remediate.aws.reader`. Fields are Account's own."""

    state: State = {}
    users: Mapping[str, User] = {}
    roles: Mapping[str, Role] = {}
    keys: Mapping[str, tuple[Key, ...]] = {}
    sign_ins: Mapping[str, datetime | None] = {}
    trails: tuple[Trail, ...] = ()
    summary: Mapping[str, int] = {}
    facts: State = {}
    unknown: Mapping[str, str] = {}
