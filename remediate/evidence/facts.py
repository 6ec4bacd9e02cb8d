"""What controls need to know of the records, as facts of an account."""

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from remediate.evidence.deeds import allowed
from remediate.evidence.summary import Count, Summary
from remediate.model import Address, Value, at, when

EVIDENCE = "cloudtrail.evidence"
"""The kind of the fact that says from when to when there are records of an account, and whether of reads too."""
USE = "cloudtrail.use"
"""The kind of the facts that say what somebody did, by their ARN: events, resources and how many calls, as lists."""
_READ = re.compile("/(Describe|Get|List|Lookup|Search)")


def facts(account: str, summary: Summary) -> dict[Address, Value]:
    """Of what an account's records say; none where they say nothing."""
    counts = [count for uses in summary.people.values() for count in uses.values()]
    if not counts:
        return {}
    did: dict[str, dict[tuple[str, str], int]] = defaultdict(lambda: defaultdict(int))
    for principal, uses in summary.people.items():
        for use, count in uses.items():
            if allowed(use.error):
                did[principal][use.event, use.resource] += count.calls
    found: dict[Address, Value] = {
        at(USE, principal): [[event, resource, calls] for (event, resource), calls in sorted(deeds.items())]
        for principal, deeds in did.items()
    }
    since, until = (datetime.fromtimestamp(moment, UTC) for moment in _span(counts))
    reads = any(_READ.search(use.event) for uses in summary.people.values() for use in uses)
    return {**found, at(EVIDENCE, account): {"since": when(since), "until": when(until), "reads": reads}}


def _span(counts: Collection[Count]) -> tuple[int, int]:
    return min(count.first for count in counts), max(count.last for count in counts)


def unbroken(weeks: Sequence[date]) -> date:
    """The first of the weeks after which none is missing: from before that, the records do not tell all. In order."""
    breaks = [later for week, later in pairwise(weeks) if later - week > timedelta(days=7)]
    return breaks[-1] if breaks else weeks[0]
