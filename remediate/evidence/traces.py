"""Who may have changed an entry, by the records: what is left to tell where CloudTrail itself tells no more.

A summary knows which calls somebody made in a week, about which resource and when the last of them was, and none of
their parameters: that somebody attached a policy to a user, and not which. So it names those whose calls can have done
it, and whoever it names may have done something else.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from fnmatch import fnmatchcase

from remediate.culprit import Marks, Trace, agent_name, says
from remediate.evidence.actions import service_of
from remediate.evidence.ladder import ANY
from remediate.evidence.sessions import Links, behind, by_role
from remediate.evidence.summary import Count, Summary, Use

WEEK = timedelta(days=7)


def suspects(marks: Iterable[Marks], since: datetime, weeks: Iterable[tuple[date, Summary]]) -> list[Trace]:
    """Whoever made a call that can have changed an entry after that second, with the last of these calls from one place
    by one program; the latest first. `marks` are what such calls look like."""
    wanted = list(marks)
    young = (summary for week, summary in weeks if week + WEEK > since.date())
    found = [_trace(*did) for summary in young for did in _did(summary, wanted, since)]
    latest = {(t.by, t.behind, t.call, t.source, t.agent): t for t in sorted(found, key=lambda trace: trace.at)}
    return sorted(latest.values(), key=lambda trace: (-trace.at.timestamp(), trace.by, trace.call, trace.source))


def _did(summary: Summary, marks: list[Marks], since: datetime) -> Iterator[tuple[str, Use, Count, Links]]:
    links = by_role(summary.links)
    for who, uses in summary.people.items():
        for use, count in uses.items():
            if count.last > int(since.timestamp()) and any(can_have(one, use) for one in marks):
                yield who, use, count, links


def can_have(marks: Marks, use: Use) -> bool:
    """Whether these calls succeeded, and can be ones that changed the entry."""
    return (
        not use.error
        and use.region in (marks.region, ANY)
        and any(fnmatchcase(call, name) for call in marks.calls for name in _names(use.event))
        and (not marks.named or any(_about(use.resource, text) for _, texts in marks.named for text in texts))
    )


def _names(event: str) -> tuple[str, str]:
    """An event as `Call.name` has it: CloudTrail calls some services otherwise than policies do."""
    host, _, name = event.partition("/")
    return f"{host.removesuffix('.amazonaws.com')}:{name}", f"{service_of(event)}:{name}"


def _about(resource: str, text: str) -> bool:
    """Whether a resource, or a pattern of several, can be what a name of the entry says. It may not be told."""
    if not resource or resource == ANY:
        return True
    own = resource.replace(":", "/").rpartition("/")[2]
    return says(resource, text) or fnmatchcase(text, resource) or (ANY in own and fnmatchcase(text, own))


def _trace(who: str, use: Use, count: Count, links: Links) -> Trace:
    return Trace(
        at=datetime.fromtimestamp(count.last, UTC),
        by=who,
        source=use.network,
        call=use.event.partition("/")[2],
        agent=agent_name(use.agent),
        region=use.region,
        event_id="",
        behind=tuple(behind(who, use.credential, links)),
    )
