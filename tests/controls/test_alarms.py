"""The alarms on accounts written by hand: what counts, what is added, and what is left to people."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from support.accounts import ME, NOW, account

from remediate.account import Account, Trail
from remediate.cli import work
from remediate.controls import alarms, trail
from remediate.controls.alarm_patterns import PATTERNS, Name, Wording
from remediate.controls.alarms import Settings, control
from remediate.controls.filter_pattern import canonical
from remediate.errors import BadInput, Unreadable
from remediate.model import Address, Fault, Value, Want, at, kind_of
from remediate.playbook import Playbook
from remediate.playbook.scope import Scope

HOME, GROUP = "eu-west-1", "audit/trail"
TOPIC = f"arn:aws:sns:{HOME}:{ME}:security-alarms"
THEIRS = f"arn:aws:sns:{HOME}:{ME}:ops"
ALICE = "alice@example.com"
BY_NAME = {pattern.name: pattern for pattern in PATTERNS}
ROOT = BY_NAME["root-usage"].texts["cis"][0]
ONE = Settings(alarms=("root-usage",), emails=(ALICE,))
TRAIL: dict[str, Value] = {
    "bucket": "logs",
    "multi_region": True,
    "global_services": True,
    "validation": True,
    "organization": False,
    "log_group": f"arn:aws:logs:{HOME}:{ME}:log-group:{GROUP}:*",
    "role": f"arn:aws:iam::{ME}:role/delivery",
}
DELIVERED: Mapping[Address, Value] = {
    at("cloudtrail.trail", HOME, "main"): TRAIL,
    at("cloudtrail.logging", HOME, "main"): "logging",
    at("logs.group", HOME, GROUP): {"class": "STANDARD"},
}
FILTER, ALARM = at("logs.metric_filter", HOME, f"{GROUP}:root"), at("cloudwatch.alarm", HOME, "root")
OUR_FILTER, OUR_ALARM = (
    at("logs.metric_filter", HOME, f"{GROUP}:root-usage"),
    at("cloudwatch.alarm", HOME, "root-usage"),
)
TOPIC_AT, SUBSCRIPTION = at("sns.topic", TOPIC), at("sns.subscription", TOPIC, f"email:{ALICE}")


def facts(name: str = "main", *, owner: str = ME, multi: bool = True, logs: bool | None = True) -> Trail:
    arn = f"arn:aws:cloudtrail:{HOME}:{owner}:trail/{name}"
    return Trail(name=name, arn=arn, home=HOME, multi_region=multi, organization=owner != ME, logging=logs)


def counting(text: str = ROOT, metric: str = "Root", **more: Value) -> dict[str, Value]:
    return {"filterPattern": text, "metricName": metric, "metricNamespace": "Mine", "metricValue": "1", **more}


def ringing(*topics: str, metric: str = "Root", **more: Value) -> Value:
    return {"Namespace": "Mine", "MetricName": metric, "Threshold": 3, "AlarmActions": list(topics), **more}


def ours(metric: str = "Root", namespace: str = "Mine", **more: Value) -> dict[str, Value]:
    """The alarm that is made."""
    return {
        "AlarmDescription": "The root user being used (CIS 7.0 5.3, CIS 5.0 4.3, CloudWatch.1)",
        "Namespace": namespace,
        "MetricName": metric,
        "Statistic": "Sum",
        "Period": 300,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": [TOPIC],
        **more,
    }


OUR_COUNT = counting(metric="root-usage", metricNamespace="CISBenchmark")
OURS = ours("root-usage", "CISBenchmark")


def heard(topic: str, **who: str) -> dict[Address, Value]:
    """`heard(TOPIC, alice="pending")`."""
    return {at("sns.subscribers", topic): {f"email:{name}@example.com": state for name, state in who.items()}}


def scope(**controls: object) -> Scope:
    return Scope(playbook=Playbook(name="test", controls=controls), now=NOW)


def made(
    state: Mapping[Address, Value] | None = None,
    listening: Mapping[Address, Value] | None = None,
    trails: tuple[Trail, ...] = (facts(),),
    **more: Any,
) -> Account:
    entries = {a: v for a, v in {**DELIVERED, **(state or {})}.items() if v is not None}
    return account(entries, trails=trails, facts=listening or {}, region=HOME, **more)


def found(here: Account, settings: Settings = ONE, where: Scope | None = None) -> list[Fault]:
    where = where or scope()
    for _ in range(6):
        more = frozenset(control.asks(here, settings, where)) - here.asked
        if not more:
            return list(control.check(here, settings, where))
        here = msgspec.structs.replace(here, asked=here.asked | more)
    raise AssertionError("the control never stops asking")


def wants(faults: list[Fault]) -> dict[Address, Value]:
    each: list[Want] = [want for fault in faults for want in fault.wants]
    return {want.address: want.after for want in each}


TOLD = {TOPIC_AT: {}, **heard(TOPIC, alice="confirmed")}


@dataclass
class Case:
    title: str
    state: Mapping[Address, Value] = field(default_factory=dict)
    listening: Mapping[Address, Value] = field(default_factory=dict)
    expected: Mapping[Address, Value] = field(default_factory=dict)
    manual: str = ""
    settings: Settings = ONE


NEW_TOPIC: dict[Address, Value] = {TOPIC_AT: {}, SUBSCRIPTION: "subscribed"}
READY: dict[Address, Value] = {TOPIC_AT: {}}
CASES = [
    Case("nothing", expected={OUR_FILTER: OUR_COUNT, OUR_ALARM: OURS, **NEW_TOPIC}),
    Case(
        "all there, under our names",
        {OUR_FILTER: OUR_COUNT, OUR_ALARM: OURS, **READY},
        heard(TOPIC, alice="confirmed"),
    ),
    Case(
        "all there, under other names and in another writing",
        {
            FILTER: counting(ROOT.replace(" && ", "\n  &&").replace("{", "{ (").replace("}", ")  }")),
            ALARM: ringing(THEIRS),
        },
        heard(THEIRS, bob="confirmed"),
    ),
    Case("a filter without an alarm", {FILTER: counting(), **READY}, TOLD, {OUR_ALARM: ours()}),
    Case(
        "an alarm that tells nobody",
        {FILTER: counting(), ALARM: ringing(THEIRS), **READY},
        {**TOLD, **heard(THEIRS)},
        {OUR_ALARM: ours()},
    ),
    Case(
        "an alarm whose people did not confirm",
        {FILTER: counting(), ALARM: ringing(THEIRS), **READY},
        {**TOLD, **heard(THEIRS, bob="pending")},
        {OUR_ALARM: ours()},
    ),
    Case(
        "an alarm that is switched off",
        {FILTER: counting(), ALARM: ringing(THEIRS, ActionsEnabled=False), **READY},
        {**TOLD, **heard(THEIRS, bob="confirmed")},
        {OUR_ALARM: ours()},
    ),
    Case(
        "an alarm on one dimension",
        {FILTER: counting(), ALARM: ringing(THEIRS, Dimensions=[{"Name": "a", "Value": "b"}]), **READY},
        {**TOLD, **heard(THEIRS, bob="confirmed")},
        {OUR_ALARM: ours()},
    ),
    Case(
        "an alarm on another metric, and our name is taken by it",
        {FILTER: counting(), OUR_ALARM: ringing(THEIRS, metric="Other"), **READY},
        {**TOLD, **heard(THEIRS, bob="confirmed")},
        {at("cloudwatch.alarm", HOME, "root-usage-2"): ours()},
    ),
    Case(
        "a composite alarm has our name",
        {FILTER: counting(), OUR_ALARM: {"AlarmRule": "ALARM(x)"}, **READY},
        TOLD,
        {at("cloudwatch.alarm", HOME, "root-usage-2"): ours()},
    ),
    Case(
        "a filter on some of the events",
        {FILTER: counting(fieldSelectionCriteria="@aws.region = x"), ALARM: ringing(THEIRS), **READY},
        {**TOLD, **heard(THEIRS, bob="confirmed")},
        {OUR_FILTER: OUR_COUNT, OUR_ALARM: OURS},
    ),
    Case(
        "a filter that leaves something out, and our name is taken by it",
        {OUR_FILTER: counting(ROOT.replace("NOT EXISTS", "IS NULL")), **READY},
        TOLD,
        {at("logs.metric_filter", HOME, f"{GROUP}:root-usage-2"): OUR_COUNT, OUR_ALARM: OURS},
    ),
    Case(
        "our filter was changed",
        {OUR_FILTER: {**OUR_COUNT, "filterPattern": "{$.a=b}"}, OUR_ALARM: OURS, **READY},
        TOLD,
        {OUR_FILTER: OUR_COUNT},
    ),
    Case(
        "our alarm was changed; what people added to it stays",
        {OUR_FILTER: OUR_COUNT, OUR_ALARM: {**OURS, "Threshold": 9, "AlarmActions": [THEIRS, TOPIC]}, **READY},
        {**TOLD, **heard(THEIRS, bob="confirmed")},
        {OUR_ALARM: {**OURS, "AlarmActions": [THEIRS, TOPIC]}},
    ),
    Case(
        "our alarm was switched off",
        {OUR_FILTER: OUR_COUNT, OUR_ALARM: {**OURS, "ActionsEnabled": False}, **READY},
        TOLD,
        {OUR_ALARM: OURS},
    ),
    Case(
        "the playbook raises a threshold",
        {OUR_FILTER: OUR_COUNT, OUR_ALARM: OURS, **READY},
        TOLD,
        {OUR_ALARM: {**OURS, "Threshold": 5}},
        settings=msgspec.structs.replace(ONE, thresholds={"root-usage": 5}),
    ),
    Case(
        "the playbook names somebody else",
        {OUR_FILTER: OUR_COUNT, OUR_ALARM: OURS, **READY},
        heard(TOPIC, bob="confirmed"),
        {SUBSCRIPTION: "subscribed"},
    ),
    Case("the topic is gone", {OUR_FILTER: OUR_COUNT, OUR_ALARM: OURS}, {}, NEW_TOPIC),
    Case(
        "somebody has not confirmed",
        {OUR_FILTER: OUR_COUNT, OUR_ALARM: OURS, **READY},
        heard(TOPIC, alice="pending"),
        manual=f"{ALICE} has not confirmed",
    ),
    Case(
        "nobody is named",
        {OUR_FILTER: OUR_COUNT, OUR_ALARM: OURS, **READY},
        heard(TOPIC, bob="pending"),
        manual="nobody hears the alarms",
        settings=msgspec.structs.replace(ONE, emails=()),
    ),
    Case(
        "nobody is named, and somebody listens",
        {OUR_FILTER: OUR_COUNT, OUR_ALARM: OURS, **READY},
        heard(TOPIC, bob="confirmed"),
        settings=msgspec.structs.replace(ONE, emails=()),
    ),
    Case(
        "a topic that alarms cannot publish to",
        {OUR_FILTER: OUR_COUNT, OUR_ALARM: OURS, TOPIC_AT: {"KmsMasterKeyId": "alias/aws/sns"}},
        heard(TOPIC, alice="confirmed"),
        manual="alarms cannot publish to security-alarms",
    ),
    Case(
        "the log group was deleted",
        {at("logs.group", HOME, GROUP): None, **READY},
        TOLD,
        {at("logs.group", HOME, GROUP): {"class": "STANDARD"}, OUR_FILTER: OUR_COUNT, OUR_ALARM: OURS},
    ),
    Case(
        "a log group without metric filters",
        {at("logs.group", HOME, GROUP): {"class": "INFREQUENT_ACCESS"}},
        manual="runs no metric filters",
    ),
    Case(
        "an alarm of the same name in another region, and a filter in another log group",
        {
            at("logs.metric_filter", HOME, "audit:root"): counting(),
            at("logs.metric_filter", "us-east-1", f"{GROUP}:root"): counting(),
            at("cloudwatch.alarm", "us-east-1", "root-usage"): ringing(THEIRS),
            **READY,
        },
        TOLD,
        {OUR_FILTER: OUR_COUNT, OUR_ALARM: OURS},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case.title for case in CASES])
def test_what_is_found(case: Case) -> None:
    here = made(case.state, case.listening)
    faults = found(here, case.settings)
    assert wants(faults) == case.expected
    assert [f.manual.summary for f in faults if f.manual and case.manual in f.manual.summary][1:] == []
    assert bool(case.manual) == any(f.manual for f in faults)
    assert all(kind_of(address) in control.kinds for address in case.expected)


@pytest.mark.parametrize("case", CASES, ids=[case.title for case in CASES])
def test_what_was_brought_is_found_complete(case: Case) -> None:
    """After the wants were written and the people confirmed, nothing is left but what a person must do."""
    here = made(case.state, case.listening)
    after = {**here.state, **wants(found(here, case.settings))}
    listening = {**here.facts, at("sns.subscribers", TOPIC): {f"email:{ALICE}": "confirmed"}}
    again = found(msgspec.structs.replace(here, state=after, facts=listening, asked=frozenset()), case.settings)
    assert not wants(again)
    assert {f.manual.summary for f in again if f.manual} <= {
        f.manual.summary for f in found(here, case.settings) if f.manual
    }


def test_every_pattern_is_brought_at_once_and_shares_the_topic() -> None:
    faults = found(made(), Settings(emails=(ALICE, "bob@example.com")))
    brought = wants(faults)
    by_kind = {kind: [a for a in brought if kind_of(a) == kind] for kind in map(kind_of, brought)}
    assert {kind: len(each) for kind, each in by_kind.items()} == {
        "logs.metric_filter": 15, "cloudwatch.alarm": 15, "sns.topic": 1, "sns.subscription": 2,
    }  # fmt: skip
    noticed = {want.notice for fault in faults for want in fault.wants if want.notice}
    assert all(any(who in notice for notice in noticed) for who in (ALICE, "bob@example.com"))


def test_what_could_not_be_read_is_never_a_pass() -> None:
    seen: dict[Address, Value] = {FILTER: counting(), ALARM: ringing(THEIRS), TOPIC_AT: {}}
    here = made(seen, TOLD, unknown={str(at("sns.subscribers", THEIRS)): "denied"})
    assert found(here) == []  # neither a fault nor a pass: the planner names what this control asked for in vain
    assert at("sns.subscribers", THEIRS) in set(control.asks(here, ONE, scope()))
    for gap in (
        at("logs.group", HOME, GROUP), at("logs.metric_filter", HOME, GROUP), at("cloudwatch.alarm", HOME), TOPIC_AT,
        at("sns.subscribers", TOPIC),
    ):  # fmt: skip
        with pytest.raises(Unreadable):
            found(made(seen, TOLD, unknown={str(gap): "denied"}))


@pytest.mark.parametrize("part", ["trail", "logging", "selectors"])
def test_a_trail_that_cannot_be_read_could_be_the_one(part: str) -> None:
    gap = at(f"cloudtrail.{part}", HOME, "main")
    trails = (facts(logs=None if part == "logging" else True),)
    with pytest.raises(Unreadable):
        found(made({gap: None}, trails=trails, unknown={str(gap): "denied"}))


# Where alarms watch.

DATA_ONLY: Value = {"EventSelectors": [{"IncludeManagementEvents": False, "DataResources": [{}]}]}
UNDELIVERED: Value = {**TRAIL, "log_group": ""}
ELSEWHERE: Value = {**TRAIL, "log_group": f"arn:aws:logs:{HOME}:999999999999:log-group:{GROUP}:*"}
NOWHERE: Mapping[str, tuple[Mapping[Address, Value], tuple[Trail, ...], Mapping[str, object], str]] = {
    "no trail, and the control is off": ({}, (), {}, "the playbook has no control `trail`"),
    "a trail of one region": ({}, (facts(multi=False),), {}, "no control `trail`"),
    "a trail that is stopped": ({}, (facts(logs=False),), {}, "no control `trail`"),
    "no log group": ({at("cloudtrail.trail", HOME, "main"): UNDELIVERED}, (facts(),), {}, "no control"),
    "not all events": ({at("cloudtrail.selectors", HOME, "main"): DATA_ONLY}, (facts(),), {}, "no control `trail`"),
    "a log group of another account": ({at("cloudtrail.trail", HOME, "main"): ELSEWHERE}, (facts(),), {}, "no control"),
    "the same, and the control is on": (
        {at("cloudtrail.trail", HOME, "main"): ELSEWHERE}, (facts(),), {"trail": trail.Settings()}, "in this account",
    ),
    "the control asks for no log group": ({}, (), {"trail": trail.Settings(log_group=None)}, "nothing can be watched"),
    "an organization's trail": ({}, (facts(owner="999999999999"),), {"trail": trail.Settings()}, "the organization's"),
}  # fmt: skip


@pytest.mark.parametrize(("state", "trails", "controls", "says"), NOWHERE.values(), ids=NOWHERE)
def test_where_nothing_can_be_watched_a_person_is_told_why(
    state: Mapping[Address, Value], trails: tuple[Trail, ...], controls: Mapping[str, object], says: str
) -> None:
    (fault,) = found(made(state, trails=trails), where=scope(**controls))
    assert fault.manual and says in fault.summary
    assert not fault.wants
    if "organization" in says:
        assert "999999999999" in fault.manual.steps[0]


@pytest.mark.parametrize(
    "trails", [(), (facts(multi=False),), (facts(logs=False),)], ids=["none", "one region", "stopped"]
)
def test_a_trail_that_is_about_to_deliver_is_watched_in_the_same_plan(trails: tuple[Trail, ...]) -> None:
    """What the control `trail` wants is wanted with the same values, so that both may share a plan."""
    state: dict[Address, Value] = dict.fromkeys(DELIVERED)
    if trails:
        state = {at("cloudtrail.trail", HOME, "main"): {**TRAIL, "multi_region": False}}
    here, settings = made(state, trails=trails), trail.Settings()
    brought = wants(found(here, where=scope(trail=settings)))
    theirs = {w.address: w.after for f in trail.control.check(here, settings, scope()) for w in f.wants}
    assert theirs
    assert theirs.items() <= brought.items()
    assert {kind_of(a) for a in theirs} <= set(control.kinds)
    group = GROUP if trails else "aws-cloudtrail-logs"
    assert {
        at("logs.metric_filter", HOME, f"{group}:root-usage"),
        OUR_ALARM,
        TOPIC_AT,
    } <= brought.keys() - theirs.keys()
    asked = set(control.asks(here, ONE, scope(trail=settings)))
    assert set(trail.control.asks(here, settings, scope())) <= asked


def test_a_log_group_that_runs_no_filters_is_said_before_anything_is_made() -> None:
    state: dict[Address, Value] = dict.fromkeys(DELIVERED)
    state[at("logs.group", HOME, "aws-cloudtrail-logs")] = {"class": "INFREQUENT_ACCESS"}
    (fault,) = found(made(state, trails=()), where=scope(trail=trail.Settings()))
    assert fault.manual and "runs no metric filters" in fault.summary
    assert not fault.wants


def test_of_two_log_groups_the_one_that_is_watched_already() -> None:
    other: Value = {**TRAIL, "log_group": f"arn:aws:logs:us-east-1:{ME}:log-group:z:*"}
    both: dict[Address, Value] = {
        at("cloudtrail.trail", HOME, "second"): other,
        at("cloudtrail.logging", HOME, "second"): "logging",
        at("logs.group", "us-east-1", "z"): {"class": "STANDARD"},
    }
    trails = (facts(), facts("second"))
    assert OUR_FILTER in wants(found(made(both, trails=trails)))
    watched = {**both, at("logs.metric_filter", "us-east-1", "z:root"): counting()}
    brought = wants(found(made(watched, trails=trails)))
    assert set(brought) == {
        at("cloudwatch.alarm", "us-east-1", "root-usage"),
        at("sns.topic", TOPIC.replace(HOME, "us-east-1")),
        at("sns.subscription", TOPIC.replace(HOME, "us-east-1"), f"email:{ALICE}"),
    }


# The patterns.

BENCHMARK = {
    "unauthorized-api-calls": '{ ($.errorCode ="*UnauthorizedOperation") || ($.errorCode ="AccessDenied*") && '
    '($.sourceIPAddress!="delivery.logs.amazonaws.com") && ($.eventName!="HeadBucket") }',
    "console-sign-in-without-mfa": '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") }',
    "root-usage": '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != '
    '"AwsServiceEvent" }',
    "console-sign-in-failures": '{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }',
    "kms-key-disabling-or-deletion": "{($.eventSource = kms.amazonaws.com) && "
    "(($.eventName=DisableKey)||($.eventName=ScheduleKeyDeletion)) }",
    "config-changes": "{ ($.eventSource = config.amazonaws.com) && (($.eventName=StopConfigurationRecorder)||"
    "($.eventName=DeleteDeliveryChannel)||($.eventName=PutDeliveryChannel)||($.eventName=PutConfigurationRecorder)) }",
    "route-table-changes": "{ ($.eventName = CreateRoute) || ($.eventName = CreateRouteTable) || ($.eventName = "
    "ReplaceRoute) || ($.eventName = ReplaceRouteTableAssociation) || ($.eventName = DeleteRouteTable) || ($.eventName "
    "= DeleteRoute) || ($.eventName = DisassociateRouteTable) }",
}
"""As CIS 7.0 prints them."""
HUB = {
    "unauthorized-api-calls": '{($.errorCode="*UnauthorizedOperation") || ($.errorCode="AccessDenied*")}',
    "security-group-changes": "{($.eventName=AuthorizeSecurityGroupIngress) || "
    "($.eventName=AuthorizeSecurityGroupEgress) || ($.eventName=RevokeSecurityGroupIngress) || "
    "($.eventName=RevokeSecurityGroupEgress) || ($.eventName=CreateSecurityGroup) || "
    "($.eventName=DeleteSecurityGroup)}",
    "route-table-changes": "{($.eventSource=ec2.amazonaws.com) && (($.eventName=CreateRoute) || "
    "($.eventName=CreateRouteTable) || ($.eventName=ReplaceRoute) || ($.eventName=ReplaceRouteTableAssociation) || "
    "($.eventName=DeleteRouteTable) || ($.eventName=DeleteRoute) || ($.eventName=DisassociateRouteTable))}",
}
"""As Security Hub's documentation prints them."""


@pytest.mark.parametrize(
    ("wording", "name", "text"),
    [("cis", *item) for item in BENCHMARK.items()] + [("security-hub", *item) for item in HUB.items()],
)
def test_the_patterns_are_those_of_the_documents(wording: Wording, name: Name, text: str) -> None:
    assert canonical(text) in BY_NAME[name].accepted(wording)


def test_security_hub_takes_no_other_wording_where_it_is_strict() -> None:
    differ = {p.number for p in PATTERNS if p.texts["cis"][0] not in p.texts["security-hub"]}
    assert differ == {1, 10}
    written = {p.number for p in PATTERNS if p.texts["cis"][0] != p.texts["security-hub"][0]}
    assert written == {1, 4, 10, 13}
    (fault,) = found(
        made({FILTER: counting(BY_NAME["security-group-changes"].texts["cis"][0]), ALARM: ringing(THEIRS)},
             {**TOLD, **heard(THEIRS, bob="confirmed")}),
        Settings(alarms=("security-group-changes",), patterns="security-hub", emails=(ALICE,)),
    )[:1]  # fmt: skip
    assert fault.wants[0].after["filterPattern"] == HUB["security-group-changes"]  # type: ignore[index, call-overload]


def test_the_table_is_whole_and_cloudwatch_takes_it() -> None:
    assert [p.name for p in PATTERNS] == list(get_args(Name))
    assert [p.number for p in PATTERNS] == list(range(1, 16))
    assert sorted(p.hub for p in PATTERNS if p.hub) == list(range(1, 15))
    texts = [text for p in PATTERNS for each in p.texts.values() for text in each]
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
    assert all(len(text) <= 1024 and canonical(text).startswith(("(", "$")) for text in texts)
    assert len({canonical(p.texts["cis"][0]) for p in PATTERNS}) == 15


# Bad input, at the wire of the program.

REFUSED: Mapping[str, tuple[str, str]] = {
    "no mail address": (
        "emails:\n      - a@b.example\n      - bob at example.com\n",
        "mine.yaml:5: controls.alarms.emails[1]: bob at example.com is no mail address",
    ),
    "a name for a list": ("emails: bob@example.com\n", "mine.yaml:3: controls.alarms.emails: Expected array"),
    "an alarm that is none": (
        "alarms: [root-usage, rootusage]\n",
        "mine.yaml:3: controls.alarms.alarms[1]: Invalid enum value",
    ),
    "a threshold of nothing": ("thresholds: {root-usage: 0}\n", "mine.yaml:3: controls.alarms.thresholds"),
    "a threshold for nothing": ("thresholds: {rootusage: 2}\n", "mine.yaml:3: controls.alarms.thresholds"),
    "a threshold of an alarm that is left out": (
        "alarms: [vpc-changes]\n    thresholds:\n      root-usage: 2\n",
        "mine.yaml:5: controls.alarms.thresholds.root-usage: root-usage is not among the alarms of this playbook",
    ),
    "a topic's ARN": (f"topic: {TOPIC}\n", "mine.yaml:3: controls.alarms.topic: Expected str matching"),
    "a namespace with a colon": ("namespace: 'a:b'\n", "mine.yaml:3: controls.alarms.namespace: Expected str matching"),
    "another wording": ("patterns: mine\n", "mine.yaml:3: controls.alarms.patterns: Invalid enum value"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_bad_settings_are_refused_at_their_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"controls:\n  alarms:\n    {text}", encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        work.playbook_named(str(path))
    assert message in str(caught.value)


def test_the_settings_that_people_read() -> None:
    assert set(alarms.Settings().alarms) == set(get_args(Name))
