"""One AWS session: every call of the program goes through `read`, `pages` or `write`; nothing else imports boto3."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from remediate import __version__
from remediate.aws.failures import translate
from remediate.errors import BadInput, CallFailed

if TYPE_CHECKING:
    from botocore.client import BaseClient

Answer = dict[str, Any]
"""What boto3 returns: JSON-like, shaped by the operation."""

READ_ATTEMPTS = 6
CONNECTIONS = 32


class Session:
    """Credentials, region and endpoint of one account, and a client for each service, region and purpose.

    Reads are retried by the SDK. Writes are sent once: no IAM mutation takes a client token, so a second send after a
    lost answer can make a second key. What a write's failure means is decided by whoever holds the journal.
    """

    def __init__(self, profile: str | None = None, region: str | None = None, endpoint_url: str | None = None) -> None:
        import boto3

        with translated("credentials"):
            self._boto = boto3.Session(profile_name=profile, region_name=region)
        self.region = self._boto.region_name or "us-east-1"
        self._endpoint = endpoint_url
        self._clients: dict[tuple[str, str, bool], BaseClient] = {}
        self._lock = threading.Lock()
        self.calls = 0
        self.on_call: Callable[[str], None] = lambda _operation: None

    def read(self, service: str, operation: str, *, region: str = "", **parameters: Any) -> Answer:
        """One reading call, retried by the SDK when it fails for a passing reason. Raises CallFailed."""
        return self._send(service, operation, region, parameters, once=False)

    def write(self, service: str, operation: str, *, region: str = "", **parameters: Any) -> Answer:
        """One changing call, sent once. Raises CallFailed; OutcomeUnknown when it may have been carried out."""
        self._refuse_implicit_user(service, operation, region, parameters)
        return self._send(service, operation, region, parameters, once=True)

    def pages(self, service: str, operation: str, *, region: str = "", **parameters: Any) -> Iterator[Answer]:
        """Every page of a listing, until AWS says that there are no more; short and empty pages are not the end."""
        with translated(operation):
            for page in self._client(service, region, once=False).get_paginator(operation).paginate(**parameters):
                self._count(operation)
                yield page

    def regions(self, service: str) -> tuple[str, ...]:
        """The regions botocore knows for a service in this partition, without asking AWS."""
        partition = self._boto.get_partition_for_region(self.region)
        return tuple(self._boto.get_available_regions(service, partition_name=partition))

    def access_key(self) -> str:
        """The id of the access key that signs the calls; not a secret. Raises CallFailed."""
        with translated("credentials"):
            credentials = self._boto.get_credentials()
            return str(credentials.access_key) if credentials else ""

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
            client: BaseClient = self._boto.client(  # type: ignore[call-overload]
                service, region_name=region, endpoint_url=self._endpoint, config=config
            )
        except ValueError as error:
            raise BadInput(
                f"no connection to {service} in {region}: {error}", remedy="Check --endpoint-url and --region."
            ) from None
        return client


@contextmanager
def translated(operation: str) -> Iterator[None]:
    """Turns what botocore raises into a CallFailed that says what it means; lets our own mistakes through."""
    try:
        yield
    except Exception as error:
        failure = translate(operation, error)
        if failure is None:
            raise
        raise failure from error


def request_id(answer: Answer) -> str:
    """AWS's id of the request, for the journal."""
    return str(answer.get("ResponseMetadata", {}).get("RequestId", ""))
