"""One pattern: what it lacks for somebody to be told, and what would bring that."""

from collections.abc import Container, Mapping
from itertools import chain, count

from remediate.controls.alarm_patterns import Name, Pattern
from remediate.controls.alarm_watch import Entry, Watch, topics
from remediate.model import Fault, Struct, Value, Want

SECONDS = 300
KEPT = ("AlarmActions", "OKActions", "InsufficientDataActions", "AlarmDescription")
"""What people may add to an alarm that was made here."""


class Made(Struct, frozen=True, kw_only=True):
    """What the playbook says of filters and alarms that are made."""

    namespace: str
    thresholds: Mapping[Name, int]


def pattern_fault(watch: Watch, pattern: Pattern, made: Made) -> Fault | None:
    """None where somebody is told, or where that cannot be seen: then the planner names what could not be read."""
    filters = watch.matching(pattern)
    name, counted = (min(filters), filters[min(filters)]) if filters else _filter(watch, pattern, made)
    alarms = {n: alarm for c in (*filters.values(), counted) for n, alarm in watch.on(c).items()}
    told = any(watch.tells(alarm) for alarm in alarms.values())
    ours = pattern.name if watch.topic in _actions(alarms.get(pattern.name, {})) else ""
    if not (told or ours) and any(watch.undecided(alarm) for alarm in alarms.values()):
        return None
    wants = []
    if not filters:
        why = f"counts {pattern.title} in {watch.group}"
        wants.append(Want(address=watch.filter_at(name), after=counted, why=why, risk="additive"))
    if ours:
        wants += _as_wanted(watch, pattern, made, alarms[ours])
    elif not told:
        alarm = watch.alarm_at(_free(pattern.name, watch.alarms))
        why = f"tells {watch.topic.rpartition(':')[2]} of {pattern.title}"
        wants.append(Want(address=alarm, after=_alarm(watch, pattern, made, counted), why=why, risk="additive"))
    if not wants:
        return None
    return Fault(
        address=watch.filter_at(name),
        severity="low" if told and filters else "medium",
        summary=_summary(pattern, name if filters else "", alarms, told),
        evidence={"standards": pattern.standards, "alarms": {n: _actions(a) for n, a in sorted(alarms.items())}},
        wants=tuple(wants),
    )


def _summary(pattern: Pattern, counting: str, alarms: Mapping[str, Entry], told: bool) -> str:
    if not counting:
        return f"nobody is told of {pattern.title}: no filter counts them"
    if told:
        return f"the alarm {pattern.name} is not as the playbook has it"
    silent = f"the alarm {min(alarms)} tells nobody" if alarms else f"the filter {counting} has no alarm"
    return f"nobody is told of {pattern.title}: {silent}"


def _as_wanted(watch: Watch, pattern: Pattern, made: Made, live: Entry) -> list[Want]:
    """An alarm that was made here, known by its name and its topic, as the playbook has it."""
    counted = {"metricNamespace": live["Namespace"], "metricName": live["MetricName"]}
    after = {**_alarm(watch, pattern, made, counted), **{key: live[key] for key in KEPT if key in live}}
    want = Want(address=watch.alarm_at(pattern.name), after=after, why="as the playbook has it", risk="neutral")
    return [want] if after != live else []


def _actions(alarm: Entry) -> list[Value]:
    """The topics of an alarm, its actions switched on or off."""
    return list(topics({**alarm, "ActionsEnabled": True}))


def _filter(watch: Watch, pattern: Pattern, made: Made) -> tuple[str, Entry]:
    """Name and value of the filter to be made, or of the one that was made here and no longer says the same."""
    after: Entry = {
        "filterPattern": pattern.texts[watch.wording][0],
        "metricName": pattern.name,
        "metricNamespace": made.namespace,
        "metricValue": "1",
    }
    live = watch.filters.get(pattern.name, {})
    ours = all(live.get(key) == after[key] for key in ("metricName", "metricNamespace"))
    return pattern.name if ours else _free(pattern.name, watch.filters), after


def _alarm(watch: Watch, pattern: Pattern, made: Made, counted: Entry) -> Entry:
    """One event in five minutes is enough, unless the playbook says otherwise; no event is no reason to worry."""
    return {
        "AlarmDescription": f"{pattern.title[0].upper()}{pattern.title[1:]} ({pattern.standards})",
        "Namespace": counted["metricNamespace"],
        "MetricName": counted["metricName"],
        "Statistic": "Sum",
        "Period": SECONDS,
        "EvaluationPeriods": 1,
        "Threshold": made.thresholds.get(pattern.name, 1),
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": [watch.topic],
    }


def _free(name: str, taken: Container[str]) -> str:
    """The name, or the first with a number that is free."""
    names = chain((name,), (f"{name}-{n}" for n in count(2)))
    return next(n for n in names if n not in taken)
