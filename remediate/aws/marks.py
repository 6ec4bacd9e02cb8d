"""What a call looks like that changed an entry: from what its resource type says of its permissions and its names."""

from collections.abc import Iterator

from remediate.aws.resources.base import Resource
from remediate.aws.session import Session
from remediate.culprit import Marks, likely
from remediate.model import AccountId, Address, Value, kind_of

REGION = "awsRegion"
"""In place of a parameter, where an address begins with the region."""
HOMES = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""Where CloudTrail keeps what services without regions did.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html#cloudtrail-concepts-global-service-events"""


def marks(resource: Resource, aws: Session, address: Address, expected: Value, now: Value, where: AccountId) -> Marks:
    """The calls that can have made an entry what it is now. Asks AWS where a name is known to it alone; raises
    CallFailed."""
    texts = dict(zip(resource.named_by, resource.known_as(aws, address), strict=True))
    region = texts.pop(REGION, ("",))[0] or resource.told_in(aws, address)
    return Marks(
        region=region or HOMES.get(where.partition, aws.region),
        calls=likely(_changing(resource, address, expected, now, where), now),
        named=tuple((tuple(names.split("|")), said) for names, said in texts.items()),
        unless=resource.unless,
    )


def _changing(resource: Resource, address: Address, expected: Value, now: Value, where: AccountId) -> Iterator[str]:
    """The calls of the kind's own service that anybody's change of an entry takes, the opposite ones included."""
    service = kind_of(address).partition(".")[0].replace("_", "-")
    there = now if expected is None else expected
    for before, after in {0: (expected, now), 1: (there, there), 2: (None, now)}.values():
        for permission in resource.permissions(address, before, after, where):
            if permission.action.startswith(f"{service}:"):
                yield from resource.events.get(permission.action, (permission.action,))
    yield from resource.also_by
