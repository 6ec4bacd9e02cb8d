"""SNS: topics, and who is subscribed to them. Both are named by the topic's ARN, which tells region and account.

A subscription by mail begins with an invitation: SNS shows it as pending until the person follows the link in it, lets
nobody withdraw it, and forgets it after 48 hours. An entry is the subscription, pending or not; whether it was
confirmed is a fact (`sns.subscribers`), because no change can bring it about.
https://docs.aws.amazon.com/sns/latest/dg/sns-delete-subscription-topic.html
"""

from collections.abc import Iterable, Iterator, Mapping

from remediate.aws.resources.base import Resource, absent_if
from remediate.aws.session import Answer, Session, request_id
from remediate.errors import CallFailed
from remediate.model import AccountId, Address, Permission, Receipt, Reversal, Value, at, name_of, pair_of

GONE = "NotFound"
KEY = "KmsMasterKeyId"


def region_of(topic: str) -> str:
    return topic.split(":")[3]


def subscriptions(aws: Session, topic: str) -> Iterator[Answer]:
    """The topic's subscriptions, those that wait for an answer among them, and none that was deleted.

    Raises CallFailed with the code `NotFound` where there is no such topic.
    """
    for page in aws.pages("sns", "list_subscriptions_by_topic", region=region_of(topic), TopicArn=topic):
        yield from (s for s in page["Subscriptions"] if s["SubscriptionArn"] != "Deleted")


class Topic(Resource):
    """`sns.topic/<ARN>`: {} or {"KmsMasterKeyId": "…"}. A new one has SNS's own access policy, which lets the account's
    alarms publish.
    https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html"""

    kind = "sns.topic"
    named_by = ("topicArn|name",)
    unless: Mapping[str, tuple[str, Value]] = {"sns:SetTopicAttributes": ("attributeName", KEY)}
    shared = True
    reading = ("sns:GetTopicAttributes",)

    def told_in(self, aws: Session, address: Address) -> str:
        return region_of(name_of(address))

    def held_by(self, address: Address) -> Iterable[Address]:
        topic = name_of(address)
        return (at("sns.subscription", topic), at("cloudwatch.alarm", region_of(topic)))

    def reversal(self, before: Value, after: Value) -> tuple[Reversal, str]:
        if after is None:
            return "equivalent", "the topic's subscriptions, access policy and tags"
        return "exact", ""

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        topic = name_of(address)
        yield Permission(action="sns:GetTopicAttributes", resource=_resource(topic))
        if before is not None and after is not None:
            yield Permission(action="sns:SetTopicAttributes", resource=_resource(topic))
            return
        for action in ("CreateTopic", "DeleteTopic", "ListSubscriptionsByTopic"):
            yield Permission(action=f"sns:{action}", resource=_resource(topic))
        yield Permission(action="cloudwatch:DescribeAlarms")

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        topic = name_of(address)
        try:
            shown = aws.read("sns", "get_topic_attributes", region=region_of(topic), TopicArn=topic)["Attributes"]
        except CallFailed as error:
            absent_if(error, GONE)
            return {}
        return {address: {KEY: shown[KEY]} if shown.get(KEY) else {}}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        topic = name_of(address)
        region = region_of(topic)
        if not isinstance(after, Mapping):
            answer = aws.write("sns", "delete_topic", region=region, TopicArn=topic)
        elif before is None:
            name = topic.rpartition(":")[2]
            answer = aws.write("sns", "create_topic", region=region, Name=name, Attributes=dict(after))
        else:
            key = {"AttributeName": KEY, "AttributeValue": after.get(KEY, "")}
            answer = aws.write("sns", "set_topic_attributes", region=region, TopicArn=topic, **key)
        return Receipt(request_ids=(request_id(answer),))


class Subscription(Resource):
    """`sns.subscription/<topic's ARN>/<protocol>:<endpoint>`, or the ARN alone for all of a topic: "subscribed",
    confirmed or not."""

    kind = "sns.subscription"
    events: Mapping[str, tuple[str, ...]] = {"sns:Subscribe": ()}  # CloudTrail hides whom
    binary = True
    within = True

    def told_in(self, aws: Session, address: Address) -> str:
        return region_of(pair_of(address)[0])

    def container(self, address: Address) -> str:
        return at(self.kind, pair_of(address)[0])

    def parent(self, address: Address) -> Address | None:
        return at("sns.topic", pair_of(address)[0])

    def uses(self, address: Address, value: Value) -> Iterable[Address]:
        return (at("sns.topic", pair_of(address)[0]),)

    def reversal(self, before: Value, after: Value) -> tuple[Reversal, str]:
        return "impossible", (
            "it ends with its topic; on a topic that stays, an invitation that nobody confirms lapses after 48 hours, "
            "and each mail has a link to unsubscribe"
        )

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        topic = _resource(pair_of(address)[0])
        return [Permission(action=f"sns:{a}", resource=topic) for a in ("ListSubscriptionsByTopic", "Subscribe")]

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        topic = pair_of(address)[0]
        try:
            found = list(subscriptions(aws, topic))
        except CallFailed as error:
            absent_if(error, GONE)
            return {}
        return {at(self.kind, topic, f"{s['Protocol']}:{s['Endpoint']}"): "subscribed" for s in found}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        if after is None:
            raise CallFailed("unsubscribe", "NeverDone", "who confirmed a subscription ends it; AWS forgets the others")
        topic, subscriber = pair_of(address)
        protocol, _, endpoint = subscriber.partition(":")
        who = {"Protocol": protocol, "Endpoint": endpoint}
        answer = aws.write("sns", "subscribe", region=region_of(topic), TopicArn=topic, **who)
        return Receipt(request_ids=(request_id(answer),))


def _resource(topic: str) -> str:
    """The topic as a policy names it."""
    return topic if topic.startswith("arn:") else "*"


RESOURCES: tuple[Resource, ...] = (Topic(), Subscription())
