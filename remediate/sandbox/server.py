"""Moto's server in a thread of this process, on the loopback address only.

In this process, so that tests can edit its backends directly (old dates, last uses) while the command line runs as a
real subprocess. Moto is imported when a sandbox starts, never before: the base install does not have it.
"""

import logging
import os
import socket
import threading
from collections.abc import Callable, Iterable
from importlib.metadata import version
from importlib.util import find_spec
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from remediate.errors import BadInput

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer

HOST = "127.0.0.1"
ACCOUNT = "123456789012"
REGION = "us-east-1"
THREAD = "sandbox"
SEED = 42
"""Moto draws every id from one generator: the same seed and the same calls give the same ids."""

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",  # AWS's own example, which is no key of anybody
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
"""Credentials that open nothing, and no way to others: a sandbox must never reach a real account."""

MOTO = {
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
    "MOTO_DISABLE_GLOBAL_CORS": "true",
}
"""Without the first, AWS's own policies do not exist; without the second, the first EC2 call reads 3 MB of images; the
third leaves out headers that only browsers look at."""


class SandboxMissing(BadInput):
    """The sandbox needs moto, which is an extra."""

    def __init__(self) -> None:
        super().__init__(
            "the sandbox needs moto, which is not installed", remedy="pip install 'remediate-aws[sandbox]'"
        )


def emulator() -> str:
    """What emulates AWS here, with its version. Raises SandboxMissing, and imports nothing."""
    if find_spec("moto") is None:
        raise SandboxMissing
    return f"moto {version('moto')}"


class Sandbox:
    """A running account. Every start and every reset gives an empty one with the same ids.

    One at a time in a process: moto keeps its accounts in global tables. `strict` adds what AWS refuses and moto does
    not. Raises SandboxMissing, and BadInput when the port is taken, or another one runs in this process.
    """

    account_id = ACCOUNT

    def __init__(self, port: int = 0, strict: bool = True) -> None:
        self._port = port
        self._strict = strict
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None
        self._level = logging.NOTSET

    @property
    def application(self) -> Callable[..., Iterable[bytes]]:
        """The WSGI application that answers; a test may put another one in front of it while the sandbox runs."""
        if not self._server:
            raise RuntimeError("the sandbox is not running")
        return self._server.app

    @application.setter
    def application(self, application: Callable[..., Iterable[bytes]]) -> None:
        if self._server:
            self._server.app = application

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._port}"

    def environment(self) -> dict[str, str]:
        """What a subprocess or boto3 needs to speak to this account, and to no other."""
        return {**ENVIRONMENT, "AWS_ENDPOINT_URL": self.url}

    def reset(self) -> None:
        """An empty account again."""
        from remediate.sandbox import calls, policies
        from remediate.sandbox.strict import settings

        policies.load()  # before the seed: reading AWS's own policies draws ids as well
        _clear()
        calls.forget()
        settings.reset()
        settings.on = self._strict

    def __enter__(self) -> Self:
        _prepare()
        from remediate.sandbox import wsgi

        listener = _listen(self._port)
        if any(thread.name == THREAD for thread in threading.enumerate()):
            listener.close()
            raise BadInput("an embedded AWS runs in this process already, and there can be only one")
        self._port = listener.getsockname()[1]
        self.reset()
        # The log belongs to werkzeug, and one sandbox must not silence it for good.
        log = logging.getLogger("werkzeug")
        self._level = log.level
        log.setLevel(logging.CRITICAL + 1)
        self._server = wsgi.server(listener)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name=THREAD, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server and self._thread:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
        self._server = self._thread = None
        logging.getLogger("werkzeug").setLevel(self._level)


def _prepare() -> None:
    """Imports moto with the settings it reads on import, and makes it strict."""
    os.environ.update(MOTO)
    try:
        import moto.server  # noqa: F401
    except ImportError as error:
        raise SandboxMissing from error
    from remediate.sandbox import policies, strict

    policies.install()
    strict.install("iam")  # tests work on these backends directly


def _listen(port: int) -> socket.socket:
    """A socket of our own: werkzeug ends the process when the port is taken."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise BadInput(
            f"port {port} of {HOST} cannot be used: {error.strerror}", remedy="choose another --port, or none"
        ) from error
    return listener


def _clear() -> None:
    """Moto's own reset builds every backend anew before it throws it away; this only throws away."""
    from moto.core.base_backend import BackendDict, BaseBackend, backend_lock
    from moto.core.model_instances import reset_model_data
    from moto.moto_api._internal import mock_random

    with backend_lock:
        running: Any = BackendDict._instances  # type: ignore[misc]
        for service in running:
            for _, _, backend in list(service.iter_backends()):
                if type(backend).reset is not BaseBackend.reset:
                    backend.reset()  # closes files
            service.clear()
        running.clear()
    reset_model_data()
    mock_random.seed(SEED)
