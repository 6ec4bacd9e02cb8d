"""One AWS session: every call of the program goes through `read`, `pages` or `write`; nothing else imports boto3."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from remediate import __version__
from remediate.aws.failures import UNREADABLE, translate
from remediate.aws.quiet import withhold
from remediate.aws.sdk import boto_session
from remediate.errors import BadInput, CallFailed, CredentialsEnded

if TYPE_CHECKING:
    import boto3
    from botocore.client import BaseClient

T = TypeVar("T")

Answer = dict[str, Any]
"""What boto3 returns: JSON-like, shaped by the operation."""

READ_ATTEMPTS = 6
CONNECTIONS = 32
ROOT_SECONDS = 900
"""The longest that AWS lets a session of a member's root user last."""
ROOT_MARGIN = timedelta(seconds=60)
"""So long before its end such a session begins no more calls."""


class Session:
    """Credentials, region and endpoint of one account, and a client for each service, region and purpose.

    Reads are retried by the SDK. Writes are sent once: no IAM mutation takes a client token, so a second send after a
    lost answer can make a second key. What a write's failure means is decided by whoever holds the journal.
    """

    def __init__(self, profile: str | None = None, region: str | None = None, endpoint_url: str | None = None) -> None:
        withhold()
        with translated("credentials"):
            boto = boto_session(profile, region)
        self.profile = profile
        self._open(boto, boto.region_name or "us-east-1", endpoint_url, {})

    def _open(self, boto: "boto3.Session", region: str, endpoint: str | None, given: Mapping[str, str]) -> None:
        """`given` are credentials to use in place of those that the SDK finds."""
        self._boto = boto
        self.region = region
        self._endpoint = endpoint
        self._given = given
        self._clients: dict[tuple[str, str, bool], BaseClient] = {}
        self._lock = threading.Lock()
        self._roots: dict[tuple[str, str], RootSession] = {}
        self._turns: dict[tuple[str, str], threading.Lock] = {}
        self.calls = 0
        self.on_call: Callable[[str], None] = lambda _operation: None
        self.fence: Callable[[], None] = lambda: None
        """Called before every changing call: raises where this run may change nothing any more."""
        self.on_write: Callable[[str, str, Answer], None] = lambda _service, _operation, _parameters: None
        """Told of every changing call right before it is sent."""

    def read(self, service: str, operation: str, *, region: str = "", **parameters: Any) -> Answer:
        """One reading call, retried by the SDK when it fails for a passing reason. Raises CallFailed."""
        return self._send(service, operation, region, parameters, once=False)

    def write(self, service: str, operation: str, *, region: str = "", **parameters: Any) -> Answer:
        """One changing call, sent once. Raises CallFailed; OutcomeUnknown when it may have been carried out."""
        self.fence()
        self._refuse_implicit_user(service, operation, region, parameters)
        self.on_write(service, operation, parameters)
        return self._send(service, operation, region, parameters, once=True)

    def pages(self, service: str, operation: str, *, region: str = "", **parameters: Any) -> Iterator[Answer]:
        """Every page of a listing, until AWS says that there are no more; short and empty pages are not the end."""
        with translated(operation):
            for page in self._client(service, region, once=False).get_paginator(operation).paginate(**parameters):
                self._count(operation)
                yield page

    @property
    def endpoint(self) -> str | None:
        """Where all calls go, where that is not AWS."""
        return self._endpoint

    def regions(self, service: str) -> tuple[str, ...]:
        """The regions botocore knows for a service in this partition, without asking AWS."""
        return tuple(self._boto.get_available_regions(service, partition_name=self.partition()))

    def partition(self) -> str:
        """`aws`, `aws-cn`, `aws-us-gov`."""
        return str(self._boto.get_partition_for_region(self.region))

    def as_root(self, account: str, task: str, act: "Callable[[RootSession], T]") -> T:
        """What `act` does as the root user of a member account of this caller's organization, limited to one task.

        `task` is one of AWS's root-task policies. `act` runs again, once, where AWS no longer takes the credentials of
        the first time: it refuses such calls before it does anything. Raises CallFailed.
        """
        root = self._root_of(account, task)
        try:
            return act(root)
        except CredentialsEnded:
            root = self._root_of(account, task, fresh=True)
        with _of_root():
            return act(root)

    def _root_of(self, account: str, task: str, *, fresh: bool = False) -> "RootSession":
        """Made once for all threads, and anew when it ends."""
        key = (account, task)
        with self._lock:
            turn = self._turns.setdefault(key, threading.Lock())
        with turn:
            if fresh or key not in self._roots or self._roots[key].ended():
                self._roots[key] = RootSession(self, account, task)
            return self._roots[key]

    def access_key(self) -> str:
        """The id of the access key that signs the calls; not a secret. Raises CallFailed."""
        with translated("credentials"):
            credentials = self._boto.get_credentials()
            return str(credentials.access_key) if credentials else ""

    def behind(self) -> tuple[str, str]:
        """Who assumed the role that this session works as, and with which access key; empty where nobody did."""
        return "", ""

    def _send(self, service: str, operation: str, region: str, parameters: Answer, *, once: bool) -> Answer:
        self._count(operation)
        with translated(operation):
            answer: Answer = getattr(self._client(service, region, once=once), operation)(**parameters)
            return answer

    def _refuse_implicit_user(self, service: str, operation: str, region: str, parameters: Answer) -> None:
        """IAM takes a call without UserName as one on the caller itself; nothing here ever means that."""
        meta = self._client(service, region, once=True).meta
        shape = meta.service_model.operation_model(meta.method_to_api_mapping[operation]).input_shape
        if service == "iam" and shape and "UserName" in shape.members and not parameters.get("UserName"):
            raise CallFailed(operation, "ImplicitUser", "a change without UserName would act on the caller")

    def _count(self, operation: str) -> None:
        with self._lock:
            self.calls += 1
        self.on_call(operation)

    def _client(self, service: str, region: str, *, once: bool) -> "BaseClient":
        key = (service, region or self.region, once)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._new_client(*key)
            return self._clients[key]

    def _boto_for(self, service: str, *, once: bool) -> "boto3.Session":
        """Whose credentials sign the calls to a service; `once` means those that change something."""
        return self._boto

    def _new_client(self, service: str, region: str, once: bool) -> "BaseClient":
        from botocore.config import Config

        config = Config(
            retries={"total_max_attempts": 1 if once else READ_ATTEMPTS, "mode": "standard"},
            max_pool_connections=CONNECTIONS,
            connect_timeout=10,
            read_timeout=60,
            user_agent_extra=f"remediate/{__version__}",
        )
        try:
            client: BaseClient = self._boto_for(service, once=once).client(  # type: ignore[call-overload]
                service, region_name=region, endpoint_url=self._endpoint, config=config, **self._given
            )
        except ValueError as error:
            raise BadInput(
                f"no connection to {service} in {region}: {error}", remedy="Check --endpoint-url and --region."
            ) from None
        withhold()
        return client


class RootSession(Session):
    """The root user of one member account, for one task and at most 15 minutes: what sts:AssumeRoot gives.

    A call without UserName acts on whoever signs it. Here that is meant: there is no such session before
    GetCallerIdentity, signed with these very credentials, has said that they are that root user's. Even so it deletes
    an access key and writes nothing else. Made by `Session.as_root` alone.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user-privileged-task.html
    """

    def __init__(self, caller: Session, account: str, task: str) -> None:
        """Raises CallFailed, also where the credentials turn out to be somebody else's."""
        partition = caller.partition()
        made = caller.read(
            "sts",
            "assume_root",
            TargetPrincipal=account,
            TaskPolicyArn={"arn": f"arn:{partition}:iam::aws:policy/root-task/{task}"},
            DurationSeconds=ROOT_SECONDS,
        )["Credentials"]
        given = {
            "aws_access_key_id": made["AccessKeyId"],
            "aws_secret_access_key": made["SecretAccessKey"],
            "aws_session_token": made["SessionToken"],
        }
        self._caller = caller
        self._ends: datetime = made["Expiration"]
        self._open(caller._boto, caller.region, caller._endpoint, given)
        self.fence = lambda: caller.fence()  # noqa: PLW0108 (it may be set later)
        self.on_write = lambda *call: caller.on_write(*call)  # noqa: PLW0108 (the same)
        with _of_root():
            who = self.read("sts", "get_caller_identity")["Arn"]
        if who != f"arn:{partition}:iam::{account}:root":
            raise CallFailed("assume_root", "NotRoot", f"asked for the root user of {account}, and got {who}")

    def ended(self) -> bool:
        return datetime.now(UTC) >= self._ends - ROOT_MARGIN

    def access_key(self) -> str:
        return self._given["aws_access_key_id"]

    def _refuse_implicit_user(self, service: str, operation: str, region: str, parameters: Answer) -> None:
        if (service, operation) != ("iam", "delete_access_key") or "UserName" in parameters:
            raise CallFailed(operation, "NotForRoot", "a member's root user deletes its own access keys, and no more")

    def _count(self, operation: str) -> None:
        self._caller._count(operation)


@contextmanager
def _of_root() -> Iterator[None]:
    """Credentials that end in here are a member's root's: those of this run are as good as before."""
    try:
        yield
    except CredentialsEnded as error:
        raise CallFailed(error.operation, error.code, error.message, error.request_id) from error


@contextmanager
def translated(operation: str) -> Iterator[None]:
    """Turns what botocore raises into a CallFailed that says what it means; lets our own mistakes through."""
    try:
        yield
    except Exception as error:
        failure = translate(operation, error)
        if failure is None:
            raise
        raise failure from (None if failure.code == UNREADABLE else error)


def request_id(answer: Answer) -> str:
    """AWS's id of the request, for the journal."""
    return str(answer.get("ResponseMetadata", {}).get("RequestId", ""))
