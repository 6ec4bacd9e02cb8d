"""Moto behind werkzeug: quiet, quick, and plain about what it lacks. To be imported only where moto is there."""

import io
import json
import socket
import threading
from collections.abc import Iterable
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

from moto.backends import list_of_moto_modules
from moto.core import responses
from moto.core.utils import method_names_from_class
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from remediate.sandbox import calls, services, strict

# Moto lists the methods of a class at each call: a fifth of the time that the call takes.
responses.method_names_from_class = cache(method_names_from_class)  # type: ignore[attr-defined]


class Quiet(MotoRequestHandler):
    """Answers, and does not write a line for each call."""

    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: Any) -> None:
        """Says nothing."""


class Dispatcher(DomainDispatcherApplication):
    """Finds the service that a call is for.

    Moto looks through its own directories at each call, which takes a third of the time. A service or an operation that
    it lacks answers as a plain error that nobody retries; moto's is a page of HTML, and boto3 tries again and again.
    """

    def __init__(self) -> None:
        super().__init__(_application)
        self._turn = threading.RLock()
        self._known: dict[str | None, Any] = {}

    def get_backend_for_host(self, host: str | None) -> Any:
        if host not in self._known:
            self._known[host] = self._find(host)
        return self._known[host]

    def _find(self, host: str | None) -> Any:
        """As moto does it, or one of our own; without a line on standard output for a service that is missing."""
        if host is None or host == "moto_api" or host in list_of_moto_modules():
            return host
        url = f"http://{host}"
        found = (service for service, pattern in self.backend_url_patterns if pattern.match(url))
        return next(found, None) or services.named(host)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """The answer; and what CloudTrail keeps of the call."""
        length = environ.get("CONTENT_LENGTH")
        chunks = "HTTP_TRANSFER_ENCODING" in environ  # werkzeug ends the input where the last one does
        body = environ["wsgi.input"].read() if chunks else environ["wsgi.input"].read(int(length or 0))
        begun: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], *failure: Any) -> Any:
            begun.append((status, headers))
            return start_response(status, headers, *failure)

        answer = b"".join(self._answer({**environ, "wsgi.input": io.BytesIO(body)}, start))
        if not begun[-1][0].startswith("501"):  # what is not there cannot tell of it
            calls.record(environ, body, *begun[-1], answer)
        return [answer]

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        try:
            with self._turn:  # moto's tables bear no two calls at once: one looks through what the other changes
                return list(super().__call__(environ, start_response))
        except NotImplementedError as error:
            return failed(environ, start_response, "501 Not Implemented", "NotImplemented", str(error))


def _application(service: Any) -> Any:
    if not service:
        raise NotImplementedError("The service has not been implemented")
    if service in services.SERVICES:
        return services.application(service)
    strict.install(service)
    application = create_backend_app(service)
    # Debugging, Flask makes a class for each request. What it is wanted for here: mistakes of moto's are raised.
    application.debug = False
    application.config["PROPAGATE_EXCEPTIONS"] = True
    return application


def failed(environ: dict[str, Any], start_response: Any, status: str, code: str, message: str) -> Iterable[bytes]:
    """An error as the service that was asked would write it."""
    if str(environ.get("CONTENT_TYPE", "")).startswith("application/x-www-form-urlencoded"):
        error = f"<Error><Type>Receiver</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        kind, text = "text/xml", f"<ErrorResponse>{error}</ErrorResponse>"
    else:
        kind, text = "application/json", json.dumps({"__type": code, "message": message})
    start_response(status, [("Content-Type", kind), ("X-Amzn-ErrorType", code)])
    return [text.encode()]


def server(listener: socket.socket) -> BaseWSGIServer:
    """A server on a listening socket, of which it takes a copy."""
    host, port = listener.getsockname()
    with listener:
        return make_server(host, port, Dispatcher(), threaded=True, request_handler=Quiet, fd=listener.fileno())
