"""The address that AWS sees: towards an endpoint in one's own network, and from whoever answers on the internet."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from remediate.aws import address
from remediate.aws.address import seen_by_aws


@contextmanager
def answering(body: bytes, status: int = 200, delay: threading.Event | None = None) -> Iterator[str]:
    """A service that answers everybody the same."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if delay:
                delay.wait(30)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        if delay:
            delay.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(autouse=True)
def _no_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


ANSWERS = {
    "an address": (b"203.0.113.9\n", 200, "203.0.113.9"),
    "an address of version 6": (b"2001:db8::9\n", 200, "2001:db8::9"),
    "an error": (b"203.0.113.9\n", 503, None),
    "a page": (b"<html>Sign in to the hotel's network</html>", 200, None),
    "nothing": (b"", 200, None),
    "no text": (b"\xff\xfe\x00", 200, None),
}


@pytest.mark.parametrize(("body", "status", "expected"), ANSWERS.values(), ids=ANSWERS)
def test_what_the_service_answers(body: bytes, status: int, expected: str | None) -> None:
    with answering(body, status) as url:
        assert seen_by_aws(None, url) == expected


def test_nobody_answers() -> None:
    with answering(b"") as url:
        pass
    assert seen_by_aws(None, url) is None
    assert seen_by_aws(None, "http://no-such-host.invalid") is None


def test_a_service_that_is_too_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address, "PATIENCE", 0.2)
    with answering(b"203.0.113.9\n", delay=threading.Event()) as url:
        assert seen_by_aws(None, url) is None


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:5000", "http://localhost:5000", "http://127.0.0.1"])
def test_an_endpoint_on_this_machine_sees_the_loopback_address(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(b"203.0.113.9\n") as url:
        assert seen_by_aws(endpoint, url) == "127.0.0.1" or "localhost" in endpoint
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        assert seen_by_aws(None, url) in ("127.0.0.1", "::1")


@pytest.mark.parametrize("endpoint", ["https://8.8.8.8", "https://no-such-host.invalid", "https://", "nonsense"])
def test_an_endpoint_on_the_internet_sees_what_everybody_there_sees(endpoint: str) -> None:
    with answering(b"203.0.113.9\n") as url:
        assert seen_by_aws(endpoint, url) == "203.0.113.9"


def test_the_service_is_awss_own() -> None:
    assert address.CHECK == "https://checkip.amazonaws.com"
