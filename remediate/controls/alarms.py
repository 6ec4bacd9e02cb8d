"""Somebody is told when something happens that should not.

For each of the fifteen events that the CIS benchmark names, from the root user being used to a change of an
organization, there is a metric filter on the log group that a trail of all regions delivers to, an alarm on the
filter's metric, and a topic with a subscriber who confirmed. What is there counts, under whatever name: a filter whose
pattern says the same, and any alarm on its metric that tells a topic to which somebody listens. What lacks is added
beside it; nothing of other people's is changed. Alarms and filters that this control made are kept as the playbook has
them: it knows them by their names.

Events must arrive before they can be watched. Where no trail delivers yet and the playbook has the control `trail`,
that control's changes are part of the plan, also with `--control alarms`: one plan makes the trail, its log group, the
filters, the topic and the alarms. Where the playbook has none, or an organization's trail delivers to another account,
this is left to a person. A log group that lives in another account cannot be seen from here.

Addresses in `emails` are subscribed to the topic. Each gets a mail from AWS and must follow the link in it within 48
hours: until then every plan says so, and afterwards the next plan invites again. Without `emails` the alarms are made,
and a step says that nobody hears them. The topic is not encrypted, because alarms cannot publish to one with AWS's own
key for SNS; a mail says which alarm went off, and nothing of the event.

An alarm goes off at one event in five minutes. The first of them, calls that AWS refuses, is loud in most accounts:
`thresholds` sets another number. AWS Security Hub looks for a wording of its own in four patterns: `patterns:
security-hub` writes that one.

Rollback deletes the alarms, the filters and the topic. A topic that others subscribed to since, or that other alarms
tell, stays. An invitation cannot be withdrawn: it ends with the topic, or lapses.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, get_args

from msgspec import Meta

from remediate.account import Account
from remediate.controls import trail
from remediate.controls.alarm_parts import Made, pattern_fault
from remediate.controls.alarm_patterns import PATTERNS, Name, Pattern, Wording
from remediate.controls.alarm_place import Place, delivering, nowhere, place_asks, planned
from remediate.controls.alarm_topic import topic_faults
from remediate.controls.alarm_watch import Watch, topics
from remediate.controls.base import Complaint, Control, Moment
from remediate.controls.billing_alerts import EMAIL
from remediate.model import Address, Fault, Manual, Struct, Want, at
from remediate.playbook.scope import Scope

STANDARD = {"class": "STANDARD"}


class Settings(Struct, frozen=True, kw_only=True):
    topic: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]+$", max_length=256)] = "security-alarms"
    """Name of the SNS topic that new alarms tell, in the region of the trail; made if it is not there.
    https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html"""
    emails: tuple[str, ...] = ()
    """Who is to be told. Each address gets an invitation that must be confirmed."""
    alarms: tuple[Name, ...] = get_args(Name)
    """Which of the events matter; all of them unless you say."""
    thresholds: Mapping[Name, Annotated[int, Meta(ge=1, le=1_000_000)]] = {}
    """Events in five minutes at which an alarm goes off, where that is not 1."""
    patterns: Wording = "cis"
    """Whose wording is written: the benchmark's, or Security Hub's, which accepts no other."""
    namespace: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._/#-]+$", max_length=255)] = "CISBenchmark"
    """Of the metrics in CloudWatch."""


def refuses(settings: Settings, _moment: Moment) -> Iterator[Complaint]:
    for i, address in enumerate(settings.emails):
        if not re.fullmatch(EMAIL, address):
            yield f"emails[{i}]", f"{address} is no mail address"
    for name in settings.thresholds:
        if name not in settings.alarms:
            yield f"thresholds.{name}", f"{name} is not among the alarms of this playbook"


def asks(account: Account, settings: Settings, scope: Scope) -> Iterator[Address]:
    """The log groups, then the alarms of the region, then who listens to the topics that matter."""
    yield from place_asks(account, scope)
    places = _places(account, scope)
    for place in places:
        yield from _of_group(place)
    if places:
        watch = _watch(account, settings, places)
        yield from _of_region(watch)
        for pattern in _chosen(settings):
            alarms = (a for counted in watch.matching(pattern).values() for a in watch.on(counted).values())
            yield from (at("sns.subscribers", topic) for alarm in alarms for topic in topics(alarm))


def check(account: Account, settings: Settings, scope: Scope) -> Iterator[Fault]:
    places = _places(account, scope)
    if not places:
        yield nowhere(account, scope)
        return
    account.known(*(address for place in places for address in _of_group(place)))
    watch = _watch(account, settings, places)
    account.known(*_of_region(watch))
    place = next(p for p in places if (p.region, p.group) == (watch.region, watch.group))
    group = account.value(at("logs.group", place.region, place.group))
    if group not in (None, STANDARD):
        yield _no_filters(place)
        return
    if group is None or place.wants:
        yield _not_delivered(place)
    made = Made(namespace=settings.namespace, thresholds=settings.thresholds)
    found = [fault for pattern in _chosen(settings) if (fault := pattern_fault(watch, pattern, made))]
    yield from found
    yield from topic_faults(watch, _chosen(settings), found, settings.emails)


def _places(account: Account, scope: Scope) -> Sequence[Place]:
    now = delivering(account)
    later = None if now else planned(account, scope)
    return [later] if later else now


def _chosen(settings: Settings) -> list[Pattern]:
    return [pattern for pattern in PATTERNS if pattern.name in settings.alarms]


def _watch(account: Account, settings: Settings, places: Sequence[Place]) -> Watch:
    """The log group that is watched best already, the same one every time."""

    def of(place: Place) -> Watch:
        topic = f"arn:{account.partition}:sns:{place.region}:{account.id}:{settings.topic}"
        return Watch(account=account, region=place.region, group=place.group, topic=topic, wording=settings.patterns)

    def rank(watch: Watch) -> tuple[int, str, str]:
        return (-sum(bool(watch.matching(pattern)) for pattern in _chosen(settings)), watch.region, watch.group)

    return min(map(of, places), key=rank)


def _of_group(place: Place) -> tuple[Address, ...]:
    return (at("logs.group", place.region, place.group), at("logs.metric_filter", place.region, place.group))


def _of_region(watch: Watch) -> tuple[Address, ...]:
    return (
        at("cloudwatch.alarm", watch.region),
        at("sns.topic", watch.topic),
        at("sns.subscribers", watch.topic),
    )


def _not_delivered(place: Place) -> Fault:
    """Without its log group a trail delivers nothing; the control `trail` wants the group as well, where it is on."""
    group = at("logs.group", place.region, place.group)
    wanted = Want(address=group, after=STANDARD, why="alarms watch the events that arrive here", risk="additive")
    summary = f"no trail of all regions is delivered to CloudWatch Logs: {place.trail} will be"
    return Fault(
        address=at("cloudtrail.trail", place.region, place.trail),
        severity="medium",
        summary=summary if place.wants else f"the log group {place.group} of the trail {place.trail} is gone",
        wants=place.wants or (wanted,),
    )


def _no_filters(place: Place) -> Fault:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch_Logs_Log_Classes.html"""
    address = at("logs.group", place.region, place.group)
    summary = f"the log group {place.group} is of a class on which CloudWatch runs no metric filters"
    steps = (f"Have the trail {place.trail} deliver to a log group of the class STANDARD.",)
    check = "The next plan finds the trail delivering to such a group."
    manual = Manual(address=address, summary=summary, steps=steps, check=check)
    return Fault(address=address, severity="medium", summary=summary, manual=manual)


control = Control(
    id="alarms",
    title="Somebody is told when something happens that should not",
    guideline="G14",
    cis_7=tuple(f"5.{pattern.number}" for pattern in PATTERNS),
    cis_5=tuple(f"4.{pattern.number}" for pattern in PATTERNS),
    security_hub=tuple(f"CloudWatch.{n}" for n in range(1, 15)),
    changes="metric filters, alarms, a topic and its subscribers; and a trail to watch, where none delivers",
    kinds=("logs.metric_filter", "cloudwatch.alarm", "sns.topic", "sns.subscription", *trail.control.kinds),
    rollback="exact, but for an invitation by mail, which lapses, and for what is kept of a trail",
    settings=Settings,
    check=check,
    asks=asks,
    refuses=refuses,
    doc=__doc__,
)
