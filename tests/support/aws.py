"""A running sandbox as plain boto3 sees it: what the `aws` fixture gives a test."""

import threading
from typing import Any

import boto3

from remediate.sandbox import Sandbox


class Aws:
    """A running sandbox as plain boto3 sees it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.account_id = sandbox.account_id
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()
        environment = sandbox.environment()
        self._session = boto3.Session(
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        )

    @property
    def url(self) -> str:
        return self.sandbox.url

    def environment(self) -> dict[str, str]:
        """What a subprocess needs to speak to the sandbox."""
        return self.sandbox.environment()

    def client(self, service: str, region: str = "us-east-1") -> Any:
        """A client, made once: botocore takes its time to load a service."""
        with self._lock:
            if (service, region) not in self._clients:
                make: Any = self._session.client
                self._clients[service, region] = make(service, region_name=region, endpoint_url=self.url)
            return self._clients[service, region]
