"""Reads every trail that covers the account, wherever its home is: regions + 2 calls a trail, and one a KMS key."""

from collections.abc import Sequence
from concurrent.futures import Executor

from remediate.account import Trail
from remediate.aws.reader.part import Part
from remediate.aws.resources.cloudtrail import account_of, selectors_value, trail_value
from remediate.aws.session import Answer, Session
from remediate.errors import CallFailed, CredentialsEnded
from remediate.model import Address, Value, at

DISABLED = frozenset({"UnrecognizedClientException", "InvalidClientTokenId", "AuthFailure"})
"""How a region answers that the account has not enabled: as if it had never heard of the caller.
https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html"""


def read_regions(aws: Session) -> tuple[str, ...]:
    """The regions that the account has enabled, sorted. Raises CallFailed."""
    wanted = {"Name": "opt-in-status", "Values": ["opt-in-not-required", "opted-in"]}
    regions = aws.read("ec2", "describe_regions", Filters=[wanted])["Regions"]
    return tuple(sorted(r["RegionName"] for r in regions if r.get("OptInStatus") != "not-opted-in"))


def read_trails(aws: Session, account_id: str, regions: Sequence[str], pool: Executor) -> Part:
    """Every trail once, however many regions show it. A region that cannot be read is unknown.

    Raises CredentialsEnded. Runs in the pool and waits for it, so it must not be called from one of its threads.
    """
    trails: dict[str, Answer] = {}
    unknown: dict[str, str] = {}
    for region, found in zip(regions, pool.map(lambda region: _described(aws, region), regions), strict=True):
        if isinstance(found, CallFailed):
            unknown[at("cloudtrail.trail", region)] = _reason(found)
        else:
            trails.update({trail["TrailARN"]: trail for trail in found})
    chosen = [trails[arn] for arn in sorted(trails)]
    parts = list(pool.map(lambda trail: _whole(aws, account_id, trail), chosen))
    return Part(
        state={address: value for part in parts for address, value in part.state.items()},
        trails=tuple(trail for part in parts for trail in part.trails),
        unknown={**unknown, **{what: why for part in parts for what, why in part.unknown.items()}},
    )


def _described(aws: Session, region: str) -> list[Answer] | CallFailed:
    """The trails that this region shows: its own, and the shadows of those that cover all regions."""
    try:
        answer = aws.read("cloudtrail", "describe_trails", region=region, includeShadowTrails=True)
    except CredentialsEnded as error:
        if error.code not in DISABLED:
            raise
        return error
    except CallFailed as error:
        return error
    return [trail for trail in answer["trailList"] if trail.get("HomeRegion")]


def _whole(aws: Session, account_id: str, trail: Answer) -> Part:
    """One trail with its status and its selectors, asked in its home region."""
    arn, home = trail["TrailARN"], trail["HomeRegion"]
    ours = account_of(arn) == account_id
    names = (home, trail["Name"] if ours else arn)
    state: dict[Address, Value] = {}
    unknown: dict[str, str] = {}
    try:
        state[at("cloudtrail.trail", *names)] = trail_value(aws if ours else None, trail)
    except CallFailed as error:
        unknown[at("cloudtrail.trail", *names)] = _reason(error)
    status = _asked(aws, "get_trail_status", home, Name=arn)
    selectors = _asked(aws, "get_event_selectors", home, TrailName=arn)
    logging = None
    if isinstance(status, CallFailed):
        unknown[at("cloudtrail.logging", *names)] = _reason(status)
    else:
        logging = bool(status["IsLogging"])
        state.update({at("cloudtrail.logging", *names): "logging"} if logging else {})
    if isinstance(selectors, CallFailed):
        unknown[at("cloudtrail.selectors", *names)] = _reason(selectors)
    else:
        value = selectors_value(selectors)
        state.update({at("cloudtrail.selectors", *names): value} if value is not None else {})
    return Part(state=state, trails=(_facts(trail, logging),), unknown=unknown)


def _facts(trail: Answer, logging: bool | None) -> Trail:
    return Trail(
        name=trail["Name"],
        arn=trail["TrailARN"],
        home=trail["HomeRegion"],
        multi_region=bool(trail.get("IsMultiRegionTrail")),
        organization=bool(trail.get("IsOrganizationTrail")),
        logging=logging,
    )


def _asked(aws: Session, operation: str, home: str, **name: str) -> Answer | CallFailed:
    try:
        return aws.read("cloudtrail", operation, region=home, **name)
    except CredentialsEnded as error:
        if error.code not in DISABLED:
            raise
        return error
    except CallFailed as error:
        return error


def _reason(error: CallFailed) -> str:
    return f"{error.operation}: {error.code}: {error.message}"
