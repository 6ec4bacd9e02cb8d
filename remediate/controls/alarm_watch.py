"""What watches one log group: its metric filters, the alarms on their metrics, and who hears those."""

from collections.abc import Iterator, Mapping

from remediate.account import Account
from remediate.controls.alarm_patterns import Pattern, Wording
from remediate.controls.filter_pattern import canonical
from remediate.model import Address, Struct, Value, at

Entry = Mapping[str, Value]

PLAIN = frozenset({"filterPattern", "metricName", "metricNamespace", "metricValue", "defaultValue", "unit"})
"""A filter with more than these counts some of the events, or counts them apart."""
TOPIC = "sns"


class Watch(Struct, frozen=True, kw_only=True):
    account: Account
    region: str
    group: str
    topic: str
    """The ARN of the playbook's own."""
    wording: Wording

    def filter_at(self, name: str) -> Address:
        return at("logs.metric_filter", self.region, f"{self.group}:{name}")

    def alarm_at(self, name: str) -> Address:
        return at("cloudwatch.alarm", self.region, name)

    @property
    def filters(self) -> dict[str, Entry]:
        """Those of the log group, by name."""
        prefix = f"{self.group}:"
        names = self.account.under("logs.metric_filter", self.region)
        own = [name.removeprefix(prefix) for name in names if name.startswith(prefix)]
        return {name: entry(self.account.value(self.filter_at(name))) for name in own}

    @property
    def alarms(self) -> dict[str, Entry]:
        """Those of the region, by name."""
        names = self.account.under("cloudwatch.alarm", self.region)
        return {name: entry(self.account.value(self.alarm_at(name))) for name in names}

    def matching(self, pattern: Pattern) -> dict[str, Entry]:
        """The filters that count the events of this pattern, all of them and no others."""
        accepted = pattern.accepted(self.wording)
        found = {name: f for name, f in self.filters.items() if f.keys() <= PLAIN}
        return {name: f for name, f in found.items() if canonical(str(f["filterPattern"])) in accepted}

    def on(self, counted: Entry) -> dict[str, Entry]:
        """The alarms on a filter's metric."""
        return {name: alarm for name, alarm in self.alarms.items() if same_metric(alarm, counted)}

    def tells(self, alarm: Entry) -> bool:
        """Whether somebody hears the alarm, or will: the playbook's own topic is looked after by itself."""
        return any(topic == self.topic or self.confirmed(topic) for topic in topics(alarm))

    def undecided(self, alarm: Entry) -> bool:
        """Whether it cannot be seen who hears the alarm."""
        return any(any(self.account.gaps(at("sns.subscribers", topic))) for topic in topics(alarm))

    def subscribers(self, topic: str) -> Entry:
        """Each with whether it was confirmed: {"email:alice@example.com": "pending"}."""
        return entry(self.account.facts.get(at("sns.subscribers", topic)))

    def confirmed(self, topic: str) -> bool:
        return "confirmed" in self.subscribers(topic).values()


def entry(value: Value) -> Entry:
    return value if isinstance(value, Mapping) else {}


def same_metric(alarm: Entry, counted: Entry) -> bool:
    """Whether an alarm watches the metric that a filter counts in: alone, and not one dimension of it."""
    pairs = (("Namespace", "metricNamespace"), ("MetricName", "metricName"))
    return "Dimensions" not in alarm and all(alarm.get(here) == counted.get(there) for here, there in pairs)


def topics(alarm: Entry) -> Iterator[str]:
    """The ARNs of the topics that an alarm tells; none where its actions are switched off."""
    actions = alarm.get("AlarmActions")
    if alarm.get("ActionsEnabled", True) and isinstance(actions, list | tuple):
        yield from (str(action) for action in actions if str(action).split(":")[2:3] == [TOPIC])
