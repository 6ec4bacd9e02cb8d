"""What watches the account, and what does not: analyzers, and alerts about the bill."""

from typing import Any

from remediate.sandbox.builder import ACCOUNT, Builder


def analyzers(account: Builder) -> None:
    """External access is looked for in one region; in another somebody took the analyzer of unused access for it."""
    from remediate.sandbox.services.access_analyzer import access_analyzer_backends

    here = access_analyzer_backends[ACCOUNT]
    here["eu-west-1"].create("console-analyzer", "ACCOUNT", createdAt=account.ago(410))
    unused = {"configuration": {"unusedAccess": {"unusedAccessAge": 90}}}
    here["us-east-1"].create("external-access", "ACCOUNT_UNUSED_ACCESS", createdAt=account.ago(120), **unused)


def budget(account: Builder) -> None:
    """A budget that tells nobody, of a time when the account was small."""
    from moto.budgets.models import budgets_backends

    made = account.ago(1300).timestamp()
    old = {
        "BudgetName": "aws-2022",
        "BudgetLimit": {"Amount": "200", "Unit": "USD"},
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "TimePeriod": {"Start": made, "End": 3706473600},
    }
    budgets: Any = budgets_backends[ACCOUNT]["aws"]
    budgets.create_budget(ACCOUNT, old, [])
    budgets.budgets[ACCOUNT]["aws-2022"].budget["LastUpdatedTime"] = made


def anomalies(account: Builder) -> None:
    """One team watches its own costs, and nobody everybody's."""
    from moto.ce.models import ce_backends

    from remediate.sandbox.strict.cost_explorer import monitors_of, subscriptions_of

    costs, arn = ce_backends[ACCOUNT]["aws"], f"arn:aws:ce::{ACCOUNT}:anomaly"
    monitor, subscription = (
        f"{arn}{noun}/5f1b6c1e-0000-4000-8000-{n:012}" for noun, n in (("monitor", 1), ("subscription", 2))
    )
    tag = {"Tags": {"Key": "team", "Values": ["web"]}}
    monitors_of(costs)[monitor] = {
        "MonitorArn": monitor,
        "MonitorName": "web",
        "MonitorType": "CUSTOM",
        "MonitorSpecification": tag,
    }
    subscriptions_of(costs)[subscription] = {
        "SubscriptionArn": subscription,
        "AccountId": ACCOUNT,
        "SubscriptionName": "web",
        "MonitorArnList": [monitor],
        "Subscribers": [{"Address": "web@acme.example", "Type": "EMAIL", "Status": "CONFIRMED"}],
        "Frequency": "WEEKLY",
        "Threshold": 50.0,
    }
