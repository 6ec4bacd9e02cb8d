"""Calls that take as long as they do on the real thing, and are counted.

A botocore hook: it works in this process on any session. For a subprocess, `Slow` wraps the sandbox's application.
"""

import io
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs


class Calls:
    """How often each operation was called."""

    def __init__(self) -> None:
        self.by_operation: Counter[str] = Counter()
        self.at_once = 0
        """The most calls that were under way at one time."""
        self._running = 0
        self._lock = threading.Lock()

    @property
    def total(self) -> int:
        return self.by_operation.total()

    @contextmanager
    def one(self, operation: str) -> Iterator[None]:
        with self._lock:
            self.by_operation[operation] += 1
            self._running += 1
            self.at_once = max(self.at_once, self._running)
        try:
            yield
        finally:
            with self._lock:
                self._running -= 1


def slow_client(client: Any, milliseconds: float = 0) -> Calls:
    """Delays each call of a boto3 client, retries included, and counts it."""
    calls = Calls()

    def before_send(request: Any, event_name: str, **_: Any) -> None:
        with calls.one(event_name.rpartition(".")[2]):
            time.sleep(milliseconds / 1000)

    client.meta.events.register_first("before-send", before_send)
    return calls


class Slow:
    """A WSGI application with a delay in front: `with latency(sandbox, 40) as calls`."""

    def __init__(self, application: Callable[..., Iterable[bytes]], milliseconds: float) -> None:
        self.application = application
        self.seconds = milliseconds / 1000
        self.calls = Calls()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with self.calls.one(_operation(environ)):
            time.sleep(self.seconds)
            return self.application(environ, start_response)


@contextmanager
def latency(sandbox: Any, milliseconds: float = 0) -> Iterator[Calls]:
    """Every call to the sandbox takes so much longer, whoever makes it."""
    fast = sandbox.application
    slow = Slow(fast, milliseconds)
    sandbox.application = slow
    try:
        yield slow.calls
    finally:
        sandbox.application = fast


def _operation(environ: dict[str, Any]) -> str:
    """The operation as the wire names it: JSON services in a header, IAM in the body, S3 as method and path."""
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        return str(target).rpartition(".")[2]
    if str(environ.get("CONTENT_TYPE", "")).startswith("application/x-www-form-urlencoded"):
        return _action(environ)
    return f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"


def _action(environ: dict[str, Any]) -> str:
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return parse_qs(body.decode()).get("Action", ["?"])[0]
