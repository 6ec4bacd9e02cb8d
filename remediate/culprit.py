"""Who changed an entry: the newest call in CloudTrail that can have made it what it is now, and is not one of ours.

What calls change an entry, and by which parameters they name it, its resource type says: see `Trail`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from remediate.values import Struct, Value

TAKES = tuple("Delete Remove Detach Disassociate Stop Untag Revoke Unsubscribe Terminate".split())
"""Calls that leave nothing where they were."""
GIVES = tuple("Create Add Attach Associate Start Tag Upload Restore Connect".split())
"""Calls that leave something. All others, such as Put, may do either."""
READS = tuple("Get List Describe View Lookup Head Generate Decrypt Encrypt Pass".split())
HIDDEN = 12
"""How deep parameters are looked into: AWS's own end long before."""
AGENTS = tuple(
    "remediate aws-cli Terraform Pulumi CDK CloudFormation Ansible aws-sdk Boto3 Botocore PowerShell "
    "console.amazonaws.com signin.amazonaws.com".split()
)
"""What people know by name, and not by all that a user agent says; the first that is in it counts."""


class Call(Struct, frozen=True, kw_only=True):
    """One call as CloudTrail recorded it.
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html"""

    at: datetime
    name: str
    """Service and call, as `iam:DetachUserPolicy`; the service is what comes before `.amazonaws.com`."""
    region: str
    by: str
    """An ARN, or what else AWS says of the caller."""
    source: str
    """The caller's address, or the AWS service that called."""
    agent: str
    request_id: str
    event_id: str
    failed: bool
    parameters: Value
    """The request's, and the answer's as far as the record has it."""


class Trace(Struct, frozen=True, kw_only=True):
    """Who changed an entry, when, from where, and by which call."""

    at: datetime
    by: str
    source: str
    call: str
    agent: str
    region: str
    event_id: str
    behind: tuple[str, ...] = ()
    """Of a role's session whoever may have begun it, as far as records that are kept tell."""


class Marks(Struct, frozen=True, kw_only=True):
    """What a call looks like that changed an entry."""

    region: str
    calls: tuple[str, ...]
    """As `Call.name` has them."""
    named: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()
    """Parameters, and the texts of which one must stand in one of them; all of these must hold."""
    unless: Mapping[str, tuple[str, Value]] = {}
    """Calls that change nothing without this parameter at this value."""


class Asked(Struct, frozen=True, kw_only=True):
    """An entry that somebody changed after `since`, and how it is now."""

    address: str
    expected: Value
    now: Value
    since: datetime


def likely(names: Iterable[str], now: Value) -> tuple[str, ...]:
    """Those calls that can have left an entry as it is now: no reading, and none that did the opposite."""
    opposite = GIVES if now is None else TAKES
    return tuple(sorted({name for name in names if not name.partition(":")[2].startswith((*READS, *opposite))}))


def culprit(marks: Marks, since: datetime, ours: Collection[str], calls: Iterable[Call]) -> Trace | None:
    """The last call that changed the entry, if it was not one of our own requests.

    Where one of ours is among them, whatever came before it was overwritten: AWS's order decides, not our clock.
    """
    found = [call for call in calls if matches(marks, call)]
    last = max(found, key=lambda call: call.at, default=None)
    seen = any(call.request_id in ours for call in found)
    if last is None or last.request_id in ours or not (seen or last.at >= since.replace(microsecond=0)):
        return None
    return _trace(last)


def _trace(call: Call) -> Trace:
    return Trace(
        at=call.at,
        by=call.by,
        source=call.source,
        call=call.name.partition(":")[2],
        agent=agent_name(call.agent),
        region=call.region,
        event_id=call.event_id,
    )


def matches(marks: Marks, call: Call) -> bool:
    """Whether the call succeeded, was one of these, and was about this entry."""
    if call.failed or call.region != marks.region or call.name not in marks.calls:
        return False
    needed = marks.unless.get(call.name)
    if needed and needed[1] not in list(values(call.parameters, needed[:1])):
        return False
    return all(
        any(says(value, text) for value in values(call.parameters, keys) for text in texts)
        for keys, texts in marks.named
    )


def values(parameters: Value, keys: Sequence[str], depth: int = 0) -> Iterator[Value]:
    """What stands in parameters of these names, at any depth, each item of a list; EC2 begins them large."""
    if depth > HIDDEN:
        return
    if isinstance(parameters, Mapping):
        for name, part in parameters.items():
            if name[:1].lower() + name[1:] in keys:
                yield from part if isinstance(part, list | tuple) else (part,)
            yield from values(part, keys, depth + 1)
    elif isinstance(parameters, list | tuple):
        for part in parameters:
            yield from values(part, keys, depth + 1)


def says(value: Value, text: str) -> bool:
    """Whether a parameter names what the text does, where one of the two may be an ARN or a URL, and the other its end.

    Secrets Manager's ARNs end in a hyphen and six characters of its own.
    """
    if isinstance(value, int | float):
        return f"{value:.12g}" == text
    if not isinstance(value, str) or not value or not text:
        return False
    if value == text:
        return True
    ends = (f"/{text}", f":{text}")
    if value.startswith(("arn:", "https://")) and (value.endswith(ends) or value[:-7].endswith(ends)):
        return True
    return text.startswith("arn:") and text.endswith((f"/{value}", f":{value}"))


def agent_name(agent: str) -> str:
    """`aws-cli` of `aws-cli/2.15.0 Python/3.11 …`."""
    known = next((name for name in AGENTS if name.lower() in agent.lower()), "")
    return known or agent.strip("[ ").partition("/")[0].partition(" ")[0]
