"""The address that AWS sees this program's calls come from."""

import os
import socket
from ipaddress import ip_address
from urllib.parse import urlsplit

CHECK = "https://checkip.amazonaws.com"
"""AWS's own service that answers with the address of whoever asks.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/working-with-security-groups.html"""
PATIENCE = 5
"""Seconds."""


def seen_by_aws(endpoint_url: str | None, check: str = CHECK) -> str | None:
    """The address, or None where it cannot be found out.

    An endpoint in one's own network, such as a sandbox's, sees the address of this machine there; AWS sees the one
    behind which this machine is on the internet. A VPC endpoint on the way would show AWS another one.
    """
    endpoint = endpoint_url or os.environ.get("AWS_ENDPOINT_URL")
    own = _address_towards(endpoint) if endpoint else None
    return own or _asked(check)


def _address_towards(endpoint: str) -> str | None:
    """This machine's address on the way to an endpoint in its own network; None for one on the internet."""
    parts = urlsplit(endpoint)
    if not parts.hostname:
        return None  # no connection will come of it: the session says so
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_DGRAM)
        family, kind, protocol, _, target = found[0]
        if not ip_address(target[0]).is_private:
            return None
        with socket.socket(family, kind, protocol) as probe:
            probe.connect(target)  # a datagram socket sends nothing: the system only chooses the way
            return str(probe.getsockname()[0])
    except (OSError, ValueError):
        return None


def _asked(url: str) -> str | None:
    from botocore.awsrequest import AWSRequest
    from botocore.exceptions import BotoCoreError
    from botocore.httpsession import URLLib3Session
    from botocore.utils import get_environ_proxies

    session = URLLib3Session(timeout=PATIENCE, proxies=get_environ_proxies(url))  # as the calls themselves go
    try:
        answer = session.send(AWSRequest("GET", url).prepare())
    except BotoCoreError:  # no connection, no answer in time, no certificate
        return None
    finally:
        session.close()
    text = answer.content[:64].decode("ascii", "replace").strip()
    try:
        return str(ip_address(text)) if answer.status_code == 200 else None
    except ValueError:
        return None
