"""Subscriptions by mail begin with an invitation.

AWS sends a mail, shows the subscription as pending without its ARN until the person follows the link in it, and lets
nobody delete it before; nor those of HTTP endpoints. Moto confirms all at once, and deletes what is not there. An
invitation that nobody accepts lapses on AWS after 48 hours, and never here; `confirmed = True` on moto's subscription
is the click on the link.
https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html, API_ListSubscriptionsByTopic,
https://docs.aws.amazon.com/sns/latest/dg/sns-delete-subscription-topic.html
"""

from typing import Any

from remediate.sandbox.strict.patch import Call, around, fail

INVITED = frozenset({"email", "email-json", "http", "https"})
PENDING = "PendingConfirmation"
OWN = {
    "SubscriptionArn": "arn",
    "Owner": "owner",
    "Protocol": "protocol",
    "Endpoint": "endpoint",
    "TopicArn": "topic_arn",
}


def install() -> None:
    from moto.sns.models import SNSBackend
    from moto.sns.responses import SNSResponse

    around(SNSBackend, "subscribe", _invite)
    around(SNSBackend, "unsubscribe", _delete)
    around(SNSResponse, "subscribe", _answer)
    for listing in ("list_subscriptions", "list_subscriptions_by_topic"):
        around(SNSResponse, listing, _listed)


def _invite(original: Any, sns: Any, call: Call) -> Any:
    subscription = original()
    subscription.confirmed = subscription.confirmed or call["protocol"] not in INVITED
    return subscription


def _answer(original: Any, response: Any, call: Call) -> Any:
    from moto.core.responses import ActionResult

    answer = original()
    subscription = response.backend.subscriptions[answer.result["SubscriptionArn"]]
    shown = subscription.confirmed or response._get_bool_param("ReturnSubscriptionArn")
    return answer if shown else ActionResult({"SubscriptionArn": "pending confirmation"})


def _listed(original: Any, response: Any, call: Call) -> Any:
    from moto.core.responses import ActionResult

    answer = original().result
    return ActionResult({**answer, "Subscriptions": [_shown(s) for s in answer["Subscriptions"]]})


def _shown(subscription: Any) -> dict[str, Any]:
    shown = {name: getattr(subscription, attribute) for name, attribute in OWN.items()}
    return shown if subscription.confirmed else {**shown, "SubscriptionArn": PENDING}


def _delete(original: Any, sns: Any, call: Call) -> None:
    arn = call["subscription_arn"]
    if not arn.startswith("arn:"):
        fail(
            "InvalidParameter", "Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 1"
        )
    subscription = sns.subscriptions.get(arn)
    if subscription and not subscription.confirmed:
        fail("InvalidParameter", "Invalid parameter: This subscription is pending confirmation and cannot be deleted")
    original()
