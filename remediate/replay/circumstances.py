"""What a record tells of the circumstances of a call, as the condition keys that its request had.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import ip_address

from remediate.evidence.facts import Call
from remediate.guard.ways import AGE, BY_KEY, DIRECT, LASTING, MFA
from remediate.model import when
from remediate.policy.known import Known

ADDRESS, REGION, TIME, EPOCH = "aws:sourceip", "aws:requestedregion", "aws:currenttime", "aws:epochtime"
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
    try:
        ip_address(network)
    except ValueError:
        return DIRECT if "/" in network else {}
    return {**DIRECT, ADDRESS: network}


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
