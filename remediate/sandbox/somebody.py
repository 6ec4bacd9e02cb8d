"""Somebody else at the sandbox's account: a user with an access key and the AWS CLI, who asks nobody."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from remediate.sandbox.server import Sandbox

AGENT = "aws-cli/2.15.30 Python/3.11.8 Linux/6.5 exe/x86_64"
TARGET = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101"


class Somebody:
    """A user of the running sandbox, with the first of the user's keys that is active."""

    def __init__(self, sandbox: "Sandbox", user: str) -> None:
        from moto.iam.models import iam_backends

        from remediate.sandbox.direct import ask_of

        iam: Any = iam_backends[sandbox.account_id]["aws"]
        self._key = next(k.access_key_id for k in iam.users[user].access_keys if k.status == "Active")
        self._ask = ask_of(sandbox.application)
        self._url = sandbox.url

    def iam(self, action: str, parameters: Mapping[str, object]) -> None:
        plain = {name: str(value).lower() if isinstance(value, bool) else value for name, value in parameters.items()}
        body = urlencode({"Action": action, "Version": "2010-05-08", **plain})
        self._call("us-east-1", "iam", {"Content-Type": "application/x-www-form-urlencoded"}, body)

    def cloudtrail(self, region: str, action: str, trail: str) -> None:
        head = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"{TARGET}.{action}"}
        self._call(region, "cloudtrail", head, f'{{"Name": "{trail}"}}')

    def _call(self, region: str, service: str, headers: Mapping[str, str], body: str) -> None:
        """Signed with the key's name alone: that is all that the sandbox looks at."""
        scope = f"{self._key}/20260101/{region}/{service}/aws4_request"
        signed = {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, Signature=none", "User-Agent": AGENT}
        host = {"Host": f"{service}.{region}.amazonaws.com"}
        status, _, text = self._ask("POST", f"{self._url}/", {**headers, **signed, **host}, body.encode())
        if status >= 400:
            raise RuntimeError(f"the sandbox refused: {text.decode()}")
