"""The live account for the executor: many addresses in few reads, and writes that are sent once."""

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from remediate.aws.reader.details import read_details
from remediate.aws.resources import RESOURCES
from remediate.aws.session import Session
from remediate.errors import CallFailed
from remediate.model import Address, Receipt, State, Value, kind_of

DETAIL_KINDS = frozenset(
    "iam.user iam.user_tag iam.user_policy iam.user_inline iam.group iam.group_policy iam.group_inline "
    "iam.group_member iam.policy iam.role_policy iam.role_inline".split()
)
"""Kinds that one listing of IAM tells whole."""

BULK_FROM = 24
"""Single reads from which one listing of the account is cheaper. A listing of 1,000 users takes 1 to 10 calls."""


class LiveAccount:
    """remediate.model.Live over an AWS session."""

    def __init__(self, aws: Session, workers: int, *, listed: State | None = None) -> None:
        """`listed` is a listing of the account made a moment ago, to be used instead of another one."""
        self._listing = listed
        self._aws = aws
        self._workers = workers
        self._asking = threading.Lock()
        self._known: dict[str, tuple[str, str]] = {}

    def identity(self) -> tuple[str, str]:
        """The account and ARN of the credentials in hand. An access key belongs to one account: AWS is asked once."""
        with self._asking:
            key = self._aws.access_key()
            if key not in self._known:
                caller = self._aws.read("sts", "get_caller_identity")
                self._known[key] = str(caller["Account"]), str(caller["Arn"])
            return self._known[key]

    def read(self, addresses: Iterable[Address]) -> dict[Address, Value | Exception]:
        wanted = sorted(set(addresses))
        containers: dict[str, list[Address]] = defaultdict(list)
        for address in wanted:
            containers[RESOURCES[kind_of(address)].container(address)].append(address)
        found: dict[Address, Value | Exception] = {}
        bulk = [c for c, held in containers.items() if kind_of(held[0]) in DETAIL_KINDS]
        if len(bulk) >= BULK_FROM:
            found.update(self._listed([a for c in bulk for a in containers.pop(c)]))
        with ThreadPoolExecutor(self._workers) as pool:
            for part in pool.map(self._container, containers.values()):
                found.update(part)
        return found

    def evidence(self, address: Address) -> Mapping[str, Value]:
        return RESOURCES[kind_of(address)].evidence(self._aws, address)

    def write(self, address: Address, before: Value, after: Value) -> Receipt:
        return RESOURCES[kind_of(address)].write(self._aws, address, before, after)

    def _listed(self, addresses: list[Address]) -> dict[Address, Value | Exception]:
        try:
            state = self._listing if self._listing is not None else read_details(self._aws).state
        except CallFailed as error:
            return dict.fromkeys(addresses, error)
        return {address: state.get(address) for address in addresses}

    def _container(self, addresses: list[Address]) -> dict[Address, Value | Exception]:
        try:
            state = RESOURCES[kind_of(addresses[0])].read(self._aws, addresses[0])
        except CallFailed as error:
            return dict.fromkeys(addresses, error)
        return {address: state.get(address) for address in addresses}
