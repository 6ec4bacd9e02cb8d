"""What all readers of facts share."""

from abc import ABC, abstractmethod

from remediate.account import Account
from remediate.aws.session import Session
from remediate.model import Address, Value


class Fact(ABC):
    """One kind of fact about the account: something that no change can write, and that a control asks for by address.

    A control's `asks` names an address, or a prefix such as one region; the answer is in `Account.facts`, and a reading
    that fails is in `Account.unknown` under the address that was asked.
    """

    kind: str
    actions: tuple[str, ...]
    """The IAM actions of `read`."""

    @abstractmethod
    def read(self, aws: Session, account: Account, asked: Address) -> dict[Address, Value]:
        """Every fact at that address and below it. Raises CallFailed."""
        ...
