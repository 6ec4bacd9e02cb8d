"""The playbook's topic: who is to be subscribed, who has not confirmed, and whether anybody hears it."""

from collections.abc import Iterator, Sequence
from shlex import quote

from remediate.controls.alarm_patterns import Pattern
from remediate.controls.alarm_watch import Watch, entry, topics
from remediate.model import Fault, Manual, Want, at, kind_of

AWS_KEY = "alias/aws/sns"
"""AWS's own key, which nobody can let CloudWatch use.
https://repost.aws/knowledge-center/cloudwatch-receive-sns-for-alarm-trigger"""
HOURS = 48
"""https://docs.aws.amazon.com/sns/latest/dg/sns-delete-subscription-topic.html"""


def topic_faults(
    watch: Watch, patterns: Sequence[Pattern], found: Sequence[Fault], emails: Sequence[str]
) -> Iterator[Fault]:
    """What the topic lacks, if an alarm tells it or is about to."""
    if not _used(watch, patterns, found):
        return
    topic = watch.account.value(at("sns.topic", watch.topic))
    if topic is None:
        yield _absent(watch)
    live = watch.subscribers(watch.topic)
    for email in dict.fromkeys(emails):
        state = live.get(f"email:{email}")
        if state != "confirmed":
            yield _pending(watch, email) if state else _missing(watch, email)
    if not emails and not watch.confirmed(watch.topic):
        yield _nobody(watch)
    if entry(topic).get("KmsMasterKeyId") == AWS_KEY:
        yield _silent(watch)


def _used(watch: Watch, patterns: Sequence[Pattern], found: Sequence[Fault]) -> bool:
    wanted = any(kind_of(want.address) == "cloudwatch.alarm" for fault in found for want in fault.wants)
    alarms = (a for pattern in patterns for f in watch.matching(pattern).values() for a in watch.on(f).values())
    return wanted or any(watch.topic in topics(alarm) for alarm in alarms)


def _absent(watch: Watch) -> Fault:
    address = at("sns.topic", watch.topic)
    want = Want(address=address, after={}, why="who is to be told of alarms subscribes here", risk="additive")
    summary = f"there is no topic {_name(watch)} in {watch.region}"
    return Fault(address=address, severity="medium", summary=summary, wants=(want,))


def _missing(watch: Watch, email: str) -> Fault:
    address = at("sns.subscription", watch.topic, f"email:{email}")
    return Fault(
        address=address,
        severity="medium",
        summary=f"{email} is not subscribed to {_name(watch)}",
        wants=(
            Want(
                address=address,
                after="subscribed",
                why=f"the playbook has {email} told",
                risk="additive",
                notice=f"a mail from AWS asks {email} to confirm within {HOURS} hours",
            ),
        ),
    )


def _pending(watch: Watch, email: str) -> Fault:
    address = at("sns.subscription", watch.topic, f"email:{email}")
    summary = f"{email} has not confirmed, and is not told of anything yet"
    steps = (
        f"{email} opens the mail `AWS Notification - Subscription Confirmation` and follows the link in it.",
        f"{HOURS} hours after it was sent AWS forgets the invitation, and the next plan sends another.",
    )
    check = "The next plan finds the subscription confirmed."
    manual = Manual(address=address, summary=summary, steps=steps, check=check)
    return Fault(address=address, severity="medium", summary=summary, manual=manual)


def _nobody(watch: Watch) -> Fault:
    address = at("sns.topic", watch.topic)
    summary = f"nobody hears the alarms: {_name(watch)} has no subscriber who confirmed, and the playbook names none"
    here = f"--region {quote(watch.region)} --topic-arn {quote(watch.topic)}"
    steps = (
        "Name somebody in the playbook, under `emails:` of the control `alarms`, and make a new plan.",
        f"Or subscribe something else, such as a chat: aws sns subscribe {here} --protocol https "
        "--notification-endpoint 'https://…'",
    )
    check = "The next plan finds a subscription that was confirmed."
    manual = Manual(address=address, summary=summary, steps=steps, check=check)
    return Fault(address=address, severity="medium", summary=summary, manual=manual)


def _silent(watch: Watch) -> Fault:
    address = at("sns.topic", watch.topic)
    summary = f"alarms cannot publish to {_name(watch)}: it is encrypted with AWS's own key for SNS"
    here = f"--region {quote(watch.region)} --topic-arn {quote(watch.topic)}"
    steps = (
        "Encrypt it with a key of your own whose policy lets cloudwatch.amazonaws.com use kms:GenerateDataKey* and "
        "kms:Decrypt.",
        f"Or not at all: aws sns set-topic-attributes {here} --attribute-name KmsMasterKeyId --attribute-value ''",
    )
    check = "The next plan finds another key, or none."
    manual = Manual(address=address, summary=summary, steps=steps, check=check)
    return Fault(address=address, severity="medium", summary=summary, manual=manual)


def _name(watch: Watch) -> str:
    return watch.topic.rpartition(":")[2]
