"""Faults between botocore and AWS: the n-th call of an operation is lost, refused, throttled, or answered with rubbish.

They come in at botocore's `before-send` event, so that everything above it is the product's real code, retries of the
SDK included. `Faults.watch` is the one seam: it registers the hook on a session before its first client is made.
"""

import io
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from botocore.httpsession import URLLib3Session

from remediate.aws.session import Session

READING = ("Get", "List", "Describe", "Generate", "Head", "Lookup")
REQUEST_ID = "4442587F-FAULT"
REST_JSON = frozenset({"accessanalyzer", "account"})
"""Services that speak JSON without naming the operation in a header."""


@dataclass(frozen=True)
class Call:
    """One call on its way: `iam`, `CreateUser`, the n-th of its operation, the index-th of all (both from 1)."""

    service: str
    operation: str
    n: int
    index: int
    request: AWSPreparedRequest

    @property
    def body(self) -> str:
        return str(self.request.body)

    @property
    def writes(self) -> bool:
        return not self.operation.startswith(READING)


Fault = Callable[[Call], AWSResponse | None]
"""Answers in AWS's place, raises what a broken connection raises, or lets the call through (None)."""
Chooser = Callable[[Call], bool]


def listen(events: Any, hook: Callable[..., AWSResponse | None]) -> None:
    """Calls the hook before each attempt to send; what it returns is the answer."""
    events.register_first("before-send", hook)


class Faults:
    """What goes wrong on the sessions that it watches, and everything they tried to send, in order."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.arrived: list[Call] = []
        """Those that AWS was given, whatever became of the answer."""
        self.before: Callable[[Call], None] = lambda _call: None
        """Runs before each call, such as somebody else's edit of the account."""
        self.send: Fault = lambda _call: None
        """Carries out a call to which nothing happens; None: botocore does."""
        self._count: Counter[str] = Counter()
        self._rules: list[tuple[Chooser, Fault]] = []
        self._lock = threading.Lock()

    def watch(self, session: Session) -> Session:
        listen(session._boto.events, self.hook)
        return session

    def when(self, chooser: Chooser, fault: Fault) -> "Faults":
        self._rules.append((chooser, fault))
        return self

    def nth(self, operation: str, n: int, fault: Fault) -> "Faults":
        return self.when(lambda call: call.operation == operation and call.n == n, fault)

    def sends(self, operation: str) -> int:
        return self._count[operation]

    @property
    def writes(self) -> list[str]:
        return [call.operation for call in self.calls if call.writes]

    def hook(self, request: AWSPreparedRequest, event_name: str, **_more: Any) -> AWSResponse | None:
        _, service, operation = event_name.split(".")
        with self._lock:
            self._count[operation] += 1
            call = Call(service, operation, self._count[operation], len(self.calls) + 1, request)
            self.calls.append(call)
        self.before(call)
        fault = next((fault for chosen, fault in self._rules if chosen(call)), None)
        if fault is None or fault in CARRIED_OUT:
            self.arrived.append(call)
        return (fault or self.send)(call)


def lost_on_the_way(call: Call) -> AWSResponse | None:
    """The call never arrives, and the caller cannot know: a time-out."""
    raise ReadTimeoutError(endpoint_url=call.request.url)


def unreachable(call: Call) -> AWSResponse | None:
    """The connection is never made, and the caller knows."""
    raise ConnectTimeoutError(endpoint_url=call.request.url)


def answer_lost(call: Call) -> AWSResponse | None:
    """The call is carried out, and its answer never comes back."""
    deliver(call)
    raise ReadTimeoutError(endpoint_url=call.request.url)


def rubbish(call: Call) -> AWSResponse | None:
    """The call is carried out, and a proxy in between answers something that is not AWS's."""
    deliver(call)
    return _answer(call, 200, b"<html>Bad Gateway</html")


def cut_short(call: Call) -> AWSResponse | None:
    """AWS answers, and the connection ends before the whole body is there."""
    answer = _answer(call, 200, b"the first half")
    answer.headers["Content-Length"] = "28"
    return answer


def server_error(call: Call) -> AWSResponse | None:
    """The call is carried out, and AWS fails while it answers."""
    deliver(call)
    return refusal("ServiceFailure", 500)(call)


def refusal(code: str, status: int = 400, message: str = "because the test says so") -> Fault:
    """AWS refuses to carry the call out, in the service's own format."""

    def fault(call: Call) -> AWSResponse | None:
        if "X-Amz-Target" in call.request.headers or call.service in REST_JSON:
            return _answer(call, status, f'{{"__type": "{code}", "message": "{message}"}}'.encode())
        error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        if call.service == "s3":
            return _answer(call, status, error.encode())
        if call.service == "ec2":
            return _answer(call, status, f"<Response><Errors>{error}</Errors></Response>".encode())
        body = f"<ErrorResponse>{error}<RequestId>{REQUEST_ID}</RequestId></ErrorResponse>"
        return _answer(call, status, body.encode())

    return fault


def answering(body: str) -> Fault:
    """AWS answers this."""
    return lambda call: _answer(call, 200, body.encode())


throttled = refusal("Throttling", 400, "Rate exceeded")
denied = refusal("AccessDenied", 403)
expired = refusal("ExpiredToken", 403)
unavailable = refusal("ServiceUnavailable", 503)
"""AWS fails before it carries the call out; the caller cannot know."""
absent = refusal("NoSuchEntity", 404)
CARRIED_OUT = (answer_lost, rubbish, server_error)


def every(share: float) -> Chooser:
    """That share of all calls, spread evenly and the same each time."""
    return lambda call: int(call.index * share) != int((call.index - 1) * share)


def deliver(call: Call) -> None:
    answer = URLLib3Session().send(call.request)
    assert answer.status_code < 500, answer.text  # a refusal can be lost like any other answer


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        while chunk := self.read(1 << 16):
            yield chunk


def _answer(call: Call, status: int, body: bytes) -> AWSResponse:
    headers = HTTPHeaders.from_pairs([("x-amzn-RequestId", REQUEST_ID), ("Content-Length", str(len(body)))])
    return AWSResponse(call.request.url, status, headers, _Raw(body))
