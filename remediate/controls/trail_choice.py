"""Which trail covers the account, or comes nearest to it: the same one every time."""

from collections.abc import Mapping

from remediate.account import Account, Trail
from remediate.controls.trail_documents import Names
from remediate.controls.trail_selectors import covers_management, records_more
from remediate.model import Value, at


def subject(account: Account, home: str, name: str, bucket: str) -> tuple[Names, Mapping[str, Value]]:
    """The trail that will do, and its value: empty for one that is still to be made. Raises Unreadable."""
    found = _best(account, home, name)
    live: Mapping[str, Value] = {}
    if found:
        home, name = found.home, found.name
        value = account.value(at("cloudtrail.trail", home, name))
        if not isinstance(value, Mapping):
            account.known(at("cloudtrail.trail", home, name))
        live = value if isinstance(value, Mapping) else {}
        account.known(at("cloudtrail.logging", home, name), at("cloudtrail.selectors", home, name))
    else:
        account.known(at("cloudtrail.trail", home))
    names = Names(
        where=account.where,
        home=home,
        trail=name,
        bucket=str(live.get("bucket") or bucket.format(account=account.id, region=home)),
        prefix=str(live.get("prefix", "")),
        organization=bool(live.get("organization")),
    )
    return names, live


def _best(account: Account, home: str, name: str) -> Trail | None:
    """The trail to keep or upgrade, the same one every time.

    A single-region trail that records data events is not upgraded: its price would multiply with the regions.
    """
    own = [t for t in account.trails if owner(t) == account.id]
    named = {t.arn for t in own if (t.home, t.name) == (home, name)}
    able = [t for t in own if t.multi_region or t.arn in named or not records_more(selectors_of(account, t))]

    def rank(trail: Trail) -> tuple[bool, bool, int, bool, str, str]:
        complete = _completeness(account, trail)
        logs = trail.logging is True
        return (not (logs and trail.multi_region), not logs, -complete, trail.arn not in named, trail.home, trail.name)

    return min(able, key=rank, default=None)


def _completeness(account: Account, trail: Trail) -> int:
    value = account.value(at("cloudtrail.trail", trail.home, trail.name))
    live = value if isinstance(value, Mapping) else {}
    parts = ("global_services", "validation", "kms_key", "log_group")
    return sum(bool(live.get(part)) for part in parts) + 2 * covers_management(selectors_of(account, trail))


def selectors_of(account: Account, trail: Trail) -> Value:
    name = trail.name if owner(trail) == account.id else trail.arn
    return account.value(at("cloudtrail.selectors", trail.home, name))


def owner(trail: Trail) -> str:
    return trail.arn.split(":")[4]


def organization_trail(account: Account) -> Trail | None:
    """The organization's trail that covers this account. Raises Unreadable where that cannot be told."""
    theirs = [t for t in account.trails if owner(t) != account.id and t.multi_region]
    found = [t for t in theirs if t.logging]
    own = any(owner(t) == account.id and t.multi_region and t.logging for t in account.trails)
    if not found and not own:
        account.known(*(at("cloudtrail.logging", t.home, t.arn) for t in theirs if t.logging is None))
    return min(found, key=lambda t: (-covers_management(selectors_of(account, t)), t.arn), default=None)
