"""Who listens to a topic."""

from remediate.account import Account
from remediate.aws.facts.base import Fact
from remediate.aws.resources.base import absent_if
from remediate.aws.resources.sns import GONE, subscriptions
from remediate.aws.session import Session
from remediate.errors import CallFailed
from remediate.model import Address, Value, name_of

PENDING = "PendingConfirmation"
"""What SNS shows in place of the ARN of a subscription that nobody has confirmed yet.
https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html"""


class Subscribers(Fact):
    """`sns.subscribers/<topic's ARN>`: {"email:alice@example.com": "confirmed"}, or "pending"; no entry where there is
    no such topic."""

    kind = "sns.subscribers"
    actions = ("sns:ListSubscriptionsByTopic",)

    def read(self, aws: Session, account: Account, asked: Address) -> dict[Address, Value]:
        try:
            found = list(subscriptions(aws, name_of(asked)))
        except CallFailed as error:
            absent_if(error, GONE)
            return {}
        who: dict[str, Value] = {
            f"{s['Protocol']}:{s['Endpoint']}": "pending" if s["SubscriptionArn"] == PENDING else "confirmed"
            for s in found
        }
        return {asked: who}


FACTS: tuple[Fact, ...] = (Subscribers(),)
