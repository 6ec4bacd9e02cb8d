"""What is recorded of an account's people, as its facts say it."""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property

from remediate.account import Account
from remediate.effective import facts_of
from remediate.evidence.facts import EVIDENCE, USE, Call, calls
from remediate.evidence.sessions import OF_ROLES
from remediate.evidence.summary import everybody
from remediate.model import Address, Value, at, kind_of, name_of
from remediate.policy.known import Known

DATA = re.compile(
    r"s3\.amazonaws\.com/(Get|Put|Delete|Head|Copy)Objects?$|lambda\.amazonaws\.com/Invoke(Execution)?$"
    r"|dynamodb\.amazonaws\.com/(((Batch|Transact)?(Get|Put|Update|Delete|Write)Items?)|Query|Scan)$"
    r"|sqs\.amazonaws\.com/(Send|Receive)Message|sns\.amazonaws\.com/Publish"
)
"""Events that a trail records only where it is told to.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html"""


ASSUMING = frozenset(f"sts.amazonaws.com/{name}" for name in OF_ROLES)


class Records:
    """The calls that were made and allowed."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._addresses = {
            **{user.arn: at("iam.user", user.name) for user in account.users.values()},
            **{role.arn: at("iam.role", role.name) for role in account.roles.values()},
        }
        self._facts = {name_of(address): fact for address, fact in account.facts_of(USE)}

    @cached_property
    def said(self) -> Mapping[str, Value] | None:
        """What is said of the records; None where there are none."""
        found = self._account.facts.get(at(EVIDENCE, self._account.id))
        return found if isinstance(found, Mapping) else None

    def of(self, arn: str) -> Sequence[Call]:
        """What somebody did."""
        return calls(self._facts.get(arn))

    def perhaps_of(self, arn: str) -> Sequence[Call]:
        """What somebody may have done, where an account has too many people for the records to tell them apart."""
        return () if arn in self._facts else self.of(everybody(self._account.id))

    @cached_property
    def assuming(self) -> Sequence[tuple[str, Call]]:
        """The calls by which somebody assumed a role, each with whose it was: an ARN, or another name."""
        found = (arn for arn, fact in self._facts.items() if not ASSUMING.isdisjoint(_events(fact)))
        return [(arn, call) for arn in found for call in self.of(arn) if call.event in ASSUMING]

    def facts(self, arn: str) -> Known:
        """What every request of theirs says of them."""
        address = self._addresses.get(arn)
        return facts_of(self._account, address) if address else {}

    def arn(self, principal: Address) -> str:
        """Of a user or role of the account."""
        of = self._account.users if kind_of(principal) == "iam.user" else self._account.roles
        return of[name_of(principal)].arn

    def total(self) -> int:
        """How many calls there are: of the account's people, and of others in it."""
        return sum(call.calls for arn in self._facts for call in self.of(arn))

    def data(self) -> bool:
        """Whether any of them is of the kind that trails leave out."""
        return any(DATA.match(event) for event in {event for fact in self._facts.values() for event in _events(fact)})


def _events(fact: Value) -> set[str]:
    return {call.event for call in calls(fact)}
