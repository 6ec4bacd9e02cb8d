"""The sandbox of this process, asked without a connection: each call takes half as long, and all else is the same.

Programs that tests start speak HTTP to it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from unittest.mock import patch

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session

from remediate.aws.loopback import answered
from remediate.sandbox import Sandbox
from remediate.sandbox.direct import Answer, asked


@contextmanager
def direct(sandbox: Sandbox) -> Iterator[None]:
    """For every client of boto3, in the place of the connection: after whatever a test put on the way."""
    connected = URLLib3Session.send

    def ask(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        return asked(sandbox.application, method, url, headers, body)

    def send(self: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
        ours = request.url.startswith(f"{sandbox.url}/")
        return answered(sandbox.url, request, ask) if ours else connected(self, request)

    with patch.object(URLLib3Session, "send", send):
        yield
