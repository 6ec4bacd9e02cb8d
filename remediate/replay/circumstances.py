"""What a record tells of the circumstances of a call, as the condition keys that its request had.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import ip_network

from remediate.evidence.facts import Call
from remediate.guard.ways import AGE, BY_KEY, DIRECT, LASTING, MFA
from remediate.model import when
from remediate.policy import values
from remediate.policy.branches import Literal
from remediate.policy.known import Known
from remediate.policy.statement import Condition
from remediate.policy.values import Network

ADDRESS, REGION, TIME, EPOCH = "aws:sourceip", "aws:requestedregion", "aws:currenttime", "aws:epochtime"
WITHIN = "aws:vpcsourceip"
"""In the place of aws:SourceIp, which a request through a VPC's endpoint does not have."""
OF_VPCS = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")))
"""Addresses that come from nowhere else: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html"""
TIMES = frozenset({TIME, EPOCH})
WEEK = timedelta(weeks=1)
HOURS = 7 * 24
Hour = Sequence[Sequence[Known]]
"""When an hour of the week comes again: its first and last second, this time and the next. What a holiday stops in one
of two weeks is not what was recorded."""
MFA_SAID = {"yes": "true", "no": "false"}


def told(call: Call) -> Known:
    """What is known of a call's request but for the time. A key that is not here may have been anything.

    What an AWS service called on somebody's behalf has no address of theirs.
    """
    return _told(call.network, call.credential.startswith(LASTING), call.mfa, call.region)


@lru_cache(maxsize=65536)
def _told(network: str, lasting: bool, mfa: str, region: str) -> Known:
    known = dict(_by(network))
    if lasting:
        known |= {key: value for key, value in BY_KEY.items() if key not in DIRECT}
    elif mfa:
        known[MFA] = MFA_SAID[mfa]
        if mfa == "no":
            known[AGE] = None
    if "*" not in region:
        known[REGION] = region
    return known


def _by(network: str) -> Known:
    """By the address that a call came from, or the network that is left of it, or the service."""
    if network.endswith(".amazonaws.com"):
        return {"aws:viaawsservice": "true"}
    if (found := _range(network)) is None:
        return {}
    key = _key(found)
    known = {**DIRECT, **({ADDRESS: None} if key == WITHIN else {})}
    return known if "/" in network else {**known, key: network}


def placed(network: str, literals: Iterable[Literal]) -> Known:
    """Where all that is left of an address is its network: one address that stands for all of it, if these conditions
    tell none of its addresses apart. Nothing where they do, or where the address is known."""
    found = _range(network) if "/" in network else None
    if found is None:
        return {}
    key = _key(found)
    about = [one for one in literals if isinstance(one, Condition) and one.key == key and one.operator != "Null"]
    edges = [values.network(text) if "IpAddress" in one.operator else None for one in about for text in one.values]
    if any(edge is None or (edge.overlaps(found) and not _inside(found, edge)) for edge in edges):
        return {}
    return {key: str(found.network_address)}


def _range(text: str) -> Network | None:
    """A network, or an address as a network of one; None for any other text."""
    try:
        return ip_network(text)
    except ValueError:
        return None


def _key(found: Network) -> str:
    """Which condition key has it: an address of no VPC's, or one that came through a VPC's endpoint."""
    return WITHIN if any(_inside(found, network) for network in OF_VPCS) else ADDRESS


def _inside(found: Network, network: Network) -> bool:
    return found.version == network.version and network.supernet_of(found)  # type: ignore[arg-type]  # the same version


@lru_cache(maxsize=4096)
def again(hours: str, now: datetime) -> Sequence[Hour]:
    """When each hour of the week comes again in which calls were made."""
    bits = int(hours, 16)
    monday = (now - timedelta(days=now.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    return [_coming(monday + timedelta(hours=bit), now) for bit in range(HOURS) if bits >> bit & 1]


def _coming(begin: datetime, now: datetime) -> Hour:
    """An hour of this week, or of the next where this week's has begun; and a week later."""
    first = begin if begin > now else begin + WEEK
    return [[_at(time), _at(time + timedelta(minutes=59, seconds=59))] for time in (first, first + WEEK)]


def _at(moment: datetime) -> Known:
    return {TIME: str(when(moment)), EPOCH: str(int(moment.timestamp()))}
