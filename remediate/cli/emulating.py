"""The stage of a rehearsal: an emulated AWS inside this process, and in it the twin of an account."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from remediate.cli.work import with_more
from remediate.effective import COMPARED
from remediate.model import Address, Plan, kind_of, pair_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remediate.account import Account
    from remediate.aws.loopback import LoopbackSession, NotingAccount
    from remediate.model import Value
    from remediate.passwords import Place
    from remediate.planner import Chosen
    from remediate.playbook.scope import Scope
    from remediate.trial import Call

WORKERS = 4
PASSWORDS = frozenset({"ds.directory", "ds.trust"})
STAND_IN = "Reh3arsal-of-nobody"


@contextmanager
def emulator(region: str, caller_key: str) -> "Iterator[LoopbackSession]":
    from remediate.aws.loopback import LoopbackSession
    from remediate.sandbox import Sandbox
    from remediate.sandbox.direct import ask_of

    with Sandbox() as server:
        own = server.environment()
        credentials = {
            "aws_access_key_id": own["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": own["AWS_SECRET_ACCESS_KEY"],
        }
        yield LoopbackSession(server.url, credentials, region, caller_key, ask_of(server.application))


class Emulated:
    """A `remediate.rehearsal.Stage`: the running sandbox's empty account becomes the twin of this one."""

    def __init__(
        self, aws: "LoopbackSession", plan: Plan, account: "Account", chosen: "Chosen", scope: "Scope"
    ) -> None:
        from remediate.aws.loopback import NotingAccount
        from remediate.sandbox import emulator

        self.emulator = emulator()
        self.live = NotingAccount(aws, WORKERS)
        self._aws = aws
        self._unknown = account.unknown
        self._of_aws = {a: said for a, said in account.facts.items() if kind_of(a) in COMPARED}
        self._chosen = chosen
        self._scope = scope
        self.gaps: Mapping[str, str] = {**_loaded(account, self.live), **_stand_ins(plan, aws)}

    def calls(self) -> "Sequence[tuple[Address, Value, Value, Call]]":
        return tuple(self.live.noted)

    def look(self, asked: Iterable[Address] = ()) -> "Account":
        from remediate import planner
        from remediate.aws.reader import read_account

        account = self.more(self._given(read_account(self._aws)), asked)
        while wanted := planner.asked(account, self._chosen, self._scope):
            account = self.more(account, wanted)
        return account

    def look_back(self, made: Iterable[Address]) -> "Account":
        from remediate.aws.reader import read_account
        from remediate.aws.resources import RESOURCES

        holders = {holder for address in made for holder in RESOURCES[kind_of(address)].held_by(address)}
        return self.more(self._given(read_account(self._aws)), holders)

    def more(self, account: "Account", asked: Iterable[Address]) -> "Account":
        """The account with what is asked besides."""
        return self._given(with_more(self._aws, account, frozenset(asked) - self._of_aws.keys() - self._unknown.keys()))

    def _given(self, account: "Account") -> "Account":
        """With what is the same in the twin, whatever happens to it: what could not be read, AWS's own policies, the
        organization's."""
        return msgspec.structs.replace(
            account,
            unknown={**account.unknown, **self._unknown},
            facts={**account.facts, **self._of_aws},
            asked=account.asked | self._of_aws.keys(),
        )


def _loaded(account: "Account", live: "NotingAccount") -> Mapping[str, str]:
    from remediate.aws.resources import RESOURCES
    from remediate.rehearsal.writing import write
    from remediate.sandbox import twin

    gaps = twin.load(account)
    rest = {a: value for a, value in account.state.items() if kind_of(a) not in twin.LOADED}
    gaps |= write(rest, live, RESOURCES, twin.lenient)
    live.noted.clear()
    return gaps


def _stand_ins(plan: Plan, aws: "LoopbackSession") -> Mapping[str, str]:
    """Passwords that changes read when they are sent: the account's own stay where they are."""
    said: dict[str, str] = {}
    for region, place in sorted({_place(c.address) for c in plan.changes if kind_of(c.address) in PASSWORDS}, key=str):
        if place.variable not in os.environ:
            aws.write("secretsmanager", "create_secret", region=region, Name=place.secret, SecretString=STAND_IN)
            said[f"secret {place.secret}"] = "passwords are not read for a rehearsal: another one was sent"
    return said


def _place(address: Address) -> "tuple[str, Place]":
    from remediate.passwords import of_directory, of_trust

    region, rest = pair_of(address)
    directory, _, domain = rest.partition("/")
    return region, of_trust(directory, domain) if domain else of_directory(directory)
