"""What CloudTrail's records show of those whom a policy reaches: which actions, on which resources.

A service is narrowed to its recorded calls only where they are all that there can be: the trail records every call of
it, or the playbook says that it does. Where last accessed data knows of use that no record shows, or a record's event
is not known, the service stays whole.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from datetime import datetime, timedelta
from functools import partial

from remediate.controls.privilege import View
from remediate.controls.wide_policies import exactly, width
from remediate.evidence.deeds import Deed, Done, done
from remediate.evidence.exceptions import SILENT
from remediate.evidence.facts import EVIDENCE, USE, calls, unread_since
from remediate.evidence.proposal import STEPS, Used, statements
from remediate.evidence.summary import everybody
from remediate.model import Address, Struct, Value, at
from remediate.policy import VERSION, catalog
from remediate.words import many

LATEST = timedelta(days=3)
"""How old the last record may be: of what was done since, there is none."""
RECORDED = frozenset(
    "access-analyzer acm autoscaling cloudformation cloudtrail config ec2 ecr elasticache elasticloadbalancing iam kms "
    "organizations rds route53 secretsmanager sts".split()
)
"""Services of which every call is a management event, which a trail records unless it is told not to.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-aws-service-specific-topics.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html"""


RARE = "no record shows its use, and its condition may be for rare days"


class Told(Struct, frozen=True, kw_only=True):
    """A document as small as the records allow, and how that came about."""

    document: Value
    used: Used = {}
    """What the narrowed services were used for."""
    calls: Mapping[str, int] = {}
    whole: Mapping[str, str] = {}
    """Services that stay as they are, each with the reason."""


def narrowed(view: View, document: Value, reached: Iterable[Address], fits: Callable[[Value], bool]) -> Told:
    """A document with the recorded calls in the place of whole services. It never allows more than before."""
    if obstacle(view) or not isinstance(document, Mapping) or document.get("Version") != VERSION:
        return Told(document=document)
    did = _done(view, reached)
    wide = width(document)
    whole = {service: why for service in (*wide.services, *wide.guarded) if (why := _whole(view, did, service))}
    whole |= {service: RARE for service in wide.guarded if not did.used.get(service)}
    exact = {*wide.services, *wide.guarded} - whole.keys()
    used = {action: on for service in sorted(exact) for action, on in did.used[service].items()}
    for step in range(STEPS) if exact else ():
        smaller = exactly(document, exact, partial(_statements, did, step))
        if fits(smaller):
            calls = {service: did.calls.get(service, 0) for service in sorted(exact)}
            return Told(document=smaller, used=used, calls=calls, whole=whole)
    longer = dict.fromkeys(exact, "what was done is longer than IAM allows")
    return Told(document=document, whole={**whole, **longer})


def recording(view: View) -> Mapping[str, Value] | None:
    """Of when there are records; None where there are none."""
    found = view.account.facts.get(at(EVIDENCE, view.account.id))
    return found if isinstance(found, Mapping) else None


def _statements(did: Done, step: int, services: Set[str]) -> list[dict[str, Value]]:
    """What allows the recorded use of these services."""
    return statements({action: on for service in sorted(services) for action, on in did.used[service].items()}, step)


def obstacle(view: View) -> str:
    """Why the records tell nothing; empty where they do."""
    found = recording(view)
    if found is None:
        return "there are no records"
    since, until = (datetime.fromisoformat(str(found[name])) for name in ("since", "until"))
    if since > view.scope.now - timedelta(days=view.settings.evidence_days - 1):  # the first of them is no round number
        return f"the records do not go back {many(view.settings.evidence_days, 'day')}"
    first = (view.scope.now - timedelta(days=view.settings.evidence_days)).date()
    if missing := unread_since(found, first):
        return f"{many(missing, 'log file or region', 'log files or regions')} could not be read"
    if until < view.scope.now - LATEST:
        return f"the records end on {until:%Y-%m-%d}"
    if not found["reads"]:
        return "the trail records no reads"
    return "the records do not tell people apart" if at(USE, everybody(view.account.id)) in view.account.facts else ""


def _done(view: View, reached: Iterable[Address]) -> Done:
    people = [who for address in reached if (who := view.principal(address))]
    facts = [view.account.facts.get(at(USE, who.arn)) for who in people]
    return done(deed for fact in facts for deed in deeds(fact))


def deeds(fact: Value) -> Iterator[Deed]:
    """What somebody did, wherever and whenever."""
    return (Deed(call.event, call.resource, call.calls) for call in calls(fact))


def _whole(view: View, did: Done, service: str) -> str:
    """Why a service stays whole; empty where its calls are all known."""
    if service not in RECORDED and not (service in view.settings.data_events and _has_data(view)):
        return "its data events may not be recorded"
    if unknown := sorted(did.unknown.get(service, set()) | did.unknown.get("*", set())):
        return f"it is not known what {', '.join(unknown[:3])} needed"
    return "" if did.used.get(service) else "its use left no record"


def _has_data(view: View) -> bool:
    """CloudTrail's event history has no data events, whatever a trail records."""
    found = recording(view)
    return found is not None and found["data"] is True


def silent(used: Used) -> dict[str, str]:
    """Actions that what was done may have needed and that leave no event of their own, each with what needs it."""
    found: dict[str, str] = {}
    for action in sorted(used):
        for other in (*catalog.actions()[action.lower()].depends, *SILENT.get(action, "").split()):
            if other not in used:
                found.setdefault(other, action)
    return found
