"""What controls need to know of the records, as facts of an account."""

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from remediate.evidence.deeds import allowed
from remediate.model import Address, Value, at, when

EVIDENCE = "cloudtrail.evidence"
"""The kind of the fact that says from when to when there are records of an account, and whether of reads too."""
USE = "cloudtrail.use"
"""The kind of the facts that say what somebody did, by their ARN: events, resources and how many calls, as lists."""
_READ = re.compile("/(Describe|Get|List|Lookup|Search)")


class Row(NamedTuple):
    """Calls that somebody made."""

    principal: str
    event: str
    error: str
    resource: str
    calls: int


def facts(account: str, rows: Iterable[Row], since: datetime, until: datetime) -> dict[Address, Value]:
    """Of an account's records from one moment to another."""
    did: dict[str, dict[tuple[str, str], int]] = defaultdict(lambda: defaultdict(int))
    reads = False
    for row in rows:
        reads = reads or _READ.search(row.event) is not None
        if allowed(row.error):
            did[row.principal][row.event, row.resource] += row.calls
    found: dict[Address, Value] = {
        at(USE, principal): [[event, resource, calls] for (event, resource), calls in sorted(deeds.items())]
        for principal, deeds in did.items()
    }
    return {**found, at(EVIDENCE, account): {"since": when(since), "until": when(until), "reads": reads}}
