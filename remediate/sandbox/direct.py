"""Asks the emulator without a connection: the server's own application, in the thread of whoever asks."""

import io
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from email.utils import formatdate
from typing import Any
from urllib.parse import unquote, urlsplit

Answer = tuple[int, Mapping[str, str], bytes]
"""Status, headers and body."""
Ask = Callable[[str, str, Mapping[str, str], bytes], Answer]
"""Method, URL, headers and body of a request."""


def ask_of(application: Callable[..., Iterable[bytes]]) -> Ask:
    """What asks this WSGI application, one request after the other. https://peps.python.org/pep-3333/

    Moto's tables bear no two changes at once; threads that ask wait for each other. Where moto itself fails, that is an
    answer, and no request is made again for it.
    """
    turn = threading.Lock()

    def ask(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        with turn:
            return asked(application, method, url, headers, body)

    return ask


def asked(
    application: Callable[..., Iterable[bytes]], method: str, url: str, headers: Mapping[str, str], body: bytes
) -> Answer:
    """What this WSGI application says to one request."""
    begun: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, answered: list[tuple[str, str]], _failure: Any = None) -> None:
        begun.append((status, answered))

    text = b"".join(_said(application, _environ(method, url, headers, body), start))
    status, answered = begun[-1]
    return int(status.split()[0]), {"Date": formatdate(usegmt=True), **dict(answered)}, text  # as a server adds it


def _said(application: Callable[..., Iterable[bytes]], environ: dict[str, Any], start: Any) -> Iterable[bytes]:
    from remediate.sandbox import wsgi

    try:
        return list(application(environ, start))
    except Exception as error:  # noqa: BLE001 - moto has no one type of its own for its mistakes
        what = f"the emulator failed: {type(error).__name__}: {error}"
        return wsgi.failed(environ, start, "400 Bad Request", "EmulatorFailed", what)


def _environ(method: str, url: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    parts = urlsplit(url)
    raw = f"{parts.path}?{parts.query}" if parts.query else parts.path
    given = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(parts.path, "latin-1"),
        "QUERY_STRING": parts.query,
        "REQUEST_URI": raw,
        "RAW_URI": raw,
        "SERVER_NAME": parts.hostname or "",
        "SERVER_PORT": str(parts.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": parts.hostname or "",
        "HTTP_HOST": parts.netloc,
        **given,
        "CONTENT_TYPE": given.pop("HTTP_CONTENT_TYPE", ""),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
