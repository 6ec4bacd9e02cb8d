"""What watches the account, as far as it is not simply written: buckets of trails, topics, analyzers, anomalies."""

import json
from collections.abc import Mapping
from typing import Any

from remediate.model import at, name_of
from remediate.sandbox.twin.base import Twin


def buckets(twin: Twin) -> None:
    """Trails deliver to buckets that nobody asked about, or that belong to another account: for those stands an empty
    one, which lets CloudTrail write."""
    from moto.s3.models import s3_backends

    for region, _, value in twin.pairs("cloudtrail.trail"):
        name = str(value["bucket"]) if isinstance(value, Mapping) else ""
        if name and at("s3.bucket", name) not in {*twin.account.state, *twin.account.asked}:
            s3: Any = s3_backends[twin.account.id][twin.account.partition]
            bucket = s3.buckets.get(name) or s3.create_bucket(name, region)
            bucket.policy = json.dumps(_delivery(name, twin.account.partition)).encode()
            twin.gaps[at("s3.bucket", name)] = "it was not read, nor whose it is: an empty one stands for it"


def _delivery(bucket: str, partition: str) -> dict[str, Any]:
    """The least that CloudTrail asks of a bucket:
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html"""
    arn, service = f"arn:{partition}:s3:::{bucket}", {"Service": "cloudtrail.amazonaws.com"}
    rights = (("s3:GetBucketAcl", arn), ("s3:PutObject", f"{arn}/*"))
    allowed = [{"Effect": "Allow", "Principal": service, "Action": a, "Resource": r} for a, r in rights]
    return {"Version": "2012-10-17", "Statement": allowed}


def topics(twin: Twin) -> None:
    """Topics that are only asked who listens to them; who does, is there when the subscriptions are written."""
    from moto.sns.models import sns_backends

    for address, _ in twin.facts("sns.subscribers"):
        arn = name_of(address).split(":")
        if at("sns.topic", name_of(address)) not in twin.account.state:
            sns: Any = sns_backends[twin.account.id][arn[3]]
            sns.create_topic(arn[5])


def analyzers(twin: Twin) -> None:
    from remediate.sandbox.services.access_analyzer import access_analyzer_backends

    for region, name, value in twin.pairs("access_analyzer.analyzer"):
        if isinstance(value, Mapping):
            access_analyzer_backends[twin.account.id][region].create(name, str(value["type"]))


def anomalies(twin: Twin) -> None:
    """Cost Explorer's monitors and subscriptions, those too that are of a kind which is not written any more."""
    from moto.ce.models import ce_backends

    from remediate.sandbox.strict.cost_explorer import monitors_of, subscriptions_of

    costs, arn = (
        ce_backends[twin.account.id][twin.account.partition],
        f"arn:{twin.account.partition}:ce::{twin.account.id}:anomaly",
    )
    for name, value in twin.entries("ce.anomaly_monitor"):
        rest = {f"Monitor{part.capitalize()}": v for part, v in value.items()} if isinstance(value, Mapping) else {}
        own = {"MonitorArn": f"{arn}monitor/{name}", "MonitorName": name}
        monitors_of(costs)[own["MonitorArn"]] = {**own, **rest}
    for name, value in twin.entries("ce.anomaly_subscription"):
        about: Any = value
        subscriptions_of(costs)[f"{arn}subscription/{name}"] = {
            "SubscriptionArn": f"{arn}subscription/{name}",
            "AccountId": twin.account.id,
            "SubscriptionName": name,
            "MonitorArnList": [f"{arn}monitor/{monitor}" for monitor in about["monitors"]],
            "Subscribers": [{"Status": "CONFIRMED", **found} for found in about["subscribers"]],
            "Frequency": about["frequency"],
            **({"ThresholdExpression": about["threshold"]} if "threshold" in about else {"Threshold": 0.0}),
        }
