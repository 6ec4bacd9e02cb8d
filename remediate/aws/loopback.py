"""A session that speaks to an emulator in this process and to nothing else, without any connection: for rehearsals."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from remediate.aws.live import LiveAccount
from remediate.aws.quiet import withhold
from remediate.aws.sdk import boto_session
from remediate.aws.session import Answer, Session
from remediate.errors import CallFailed
from remediate.model import Address, Receipt, Value
from remediate.trial import Call

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest, AWSResponse
    from botocore.model import Shape

Ask = Callable[[str, str, Mapping[str, str], bytes], tuple[int, Mapping[str, str], bytes]]
"""Method, URL, headers and body of a request; status, headers and body of its answer."""
LOOPBACK = "127.0.0.1"
WITHHELD = "(withheld)"
"""In place of what botocore's models call sensitive: passwords, secrets, and how to reach people."""


class LoopbackSession(Session):
    """Signs with credentials that open nothing. Every request is answered here, or refused where it is for another
    address: botocore never comes to the point where it would connect.

    Whatever the environment says of proxies, endpoints, profiles or credentials is not asked.
    """

    def __init__(self, url: str, credentials: Mapping[str, str], region: str, caller_key: str, ask: Ask) -> None:
        """`ask` answers every request. `caller_key` is the id of the real caller's key: what this session says that it
        signs with."""
        from botocore.config import Config

        if urlsplit(url).hostname != LOOPBACK:
            raise ValueError(f"{url} is not on this machine")
        withhold()
        boto = boto_session(None, region)
        core = boto._session
        core.set_default_client_config(
            Config(
                proxies={},
                use_fips_endpoint=False,
                use_dualstack_endpoint=False,
                s3={"addressing_style": "path", "use_accelerate_endpoint": False},
            )
        )
        answer: Any = lambda **sent: answered(url, sent["request"], ask)  # noqa: E731
        core.register("before-send", answer)
        self.profile = None
        self._caller_key = caller_key
        self._turn = threading.local()
        self._open(boto, region, url, credentials)
        self.on_write = self._note

    def access_key(self) -> str:
        return self._caller_key

    @contextmanager
    def noting(self) -> Iterator[list[Call]]:
        """The changing calls that this thread sends meanwhile."""
        calls: list[Call] = []
        self._turn.calls = calls
        try:
            yield calls
        finally:
            del self._turn.calls

    def _note(self, service: str, operation: str, parameters: Answer) -> None:
        if not hasattr(self._turn, "calls"):
            return
        meta = self._client(service, "", once=True).meta
        name = meta.method_to_api_mapping[operation]
        shape = meta.service_model.operation_model(name).input_shape
        told: Any = shown(parameters, shape)
        self._turn.calls.append(Call(service=service, operation=name, parameters=told))


class NotingAccount(LiveAccount):
    """The account in the emulator, and by transition the calls that each change took."""

    def __init__(self, aws: LoopbackSession, workers: int) -> None:
        super().__init__(aws, workers)
        self._emulator = aws
        self._lock = threading.Lock()
        self.noted: list[tuple[Address, Value, Value, Call]] = []

    def write(self, address: Address, before: Value, after: Value) -> Receipt:
        with self._emulator.noting() as calls:
            try:
                return super().write(address, before, after)
            finally:
                with self._lock:
                    self.noted += [(address, before, after, call) for call in calls]


def shown(value: Any, shape: "Shape | None") -> Value:
    """A parameter as a person may see it: without what botocore's model of the service calls sensitive."""
    if shape is not None and shape.metadata.get("sensitive"):
        return WITHHELD
    if isinstance(value, Mapping):
        members = getattr(shape, "members", {})
        inner = getattr(shape, "value", None)
        return {str(key): shown(item, members.get(key, inner)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [shown(item, getattr(shape, "member", None)) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return WITHHELD if isinstance(value, bytes) else str(value)


def answered(url: str, request: "AWSPreparedRequest", ask: Ask) -> "AWSResponse":
    """The emulator's answer, in place of a connection: botocore makes none for a request that has an answer."""
    from botocore.awsrequest import AWSResponse, HeadersDict

    if not request.url.startswith(f"{url}/"):
        where = urlsplit(request.url).hostname
        raise CallFailed("rehearsal", "NotTheEmulator", f"a rehearsal sends nothing to {where}")
    headers = {name: _text(value) for name, value in request.headers.items()}
    status, answered, body = ask(str(request.method), request.url, headers, _bytes(request.body))
    raw: Any = _Raw(body)
    heads: Any = HeadersDict(answered)
    return AWSResponse(request.url, status, heads, raw)


class _Raw(BytesIO):
    """A body as urllib3 hands it on."""

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    return bytes(body.read() if hasattr(body, "read") else body)
