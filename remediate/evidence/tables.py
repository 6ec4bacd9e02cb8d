"""Tables of Athena over CloudTrail's log files, as AWS's documentation has them: which partitions a day is in.

https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table-partition-projection.html
https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table-org-wide-trail.html
"""

from collections.abc import Mapping
from typing import Any

from remediate.errors import BadInput
from remediate.model import Struct

DOCUMENTED = "https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table-partition-projection.html"
COLUMNS = frozenset(
    "useridentity eventtime eventsource eventname awsregion sourceipaddress useragent errorcode requestparameters "
    "responseelements resources recipientaccountid".split()
)
ACCOUNTS = ("account", "accountid", "account_id")
"""What a partition key by account is called."""
DAY = "yyyy/MM/dd"
"""As the folders of CloudTrail's files are named."""
PARTS = {"year": "%Y", "month": "%m", "day": "%d"}


class Table(Struct, frozen=True, kw_only=True):
    """A table of CloudTrail's logs."""

    name: str
    """As SQL has it, with its database."""
    day: str
    """What is true of the partitions of a day, as a format of it."""
    account: str
    """The partition key by account; empty where it has none."""
    sources: bool
    """Whether it has the source identities of sessions."""


def table(database: str, name: str, described: Mapping[str, Any]) -> Table:
    """What Glue describes. Raises BadInput where it is no table of CloudTrail's logs, or has no partitions by day.

    https://docs.aws.amazon.com/glue/latest/webapi/API_Table.html
    """
    types = {str(column["Name"]): str(column["Type"]) for column in described["StorageDescriptor"]["Columns"]}
    missing = sorted(COLUMNS - set(types))
    if missing:
        raise BadInput(
            f"{database}.{name} is no table of CloudTrail's logs",
            details=[f"it has no {', '.join(missing)}"],
            remedy=f"{DOCUMENTED} shows how to make one.",
        )
    keys = {str(key["Name"]): str(key["Type"]) for key in described.get("PartitionKeys", ())}
    day = _day(keys, described.get("Parameters", {}))
    if not day:
        raise BadInput(
            f"{database}.{name} has no partitions by day: every query would read, and cost, all of it",
            details=[f"it is partitioned by {', '.join(keys)}"] if keys else [],
            remedy=f"{DOCUMENTED} shows how to make one that has: by {DAY}, or by year, month and day.",
        )
    account = next((key for key in ACCOUNTS if key in keys), "")
    return Table(
        name=f'"{database}"."{name}"', day=day, account=account, sources="sourceidentity:" in types["useridentity"]
    )


def _day(keys: Mapping[str, str], parameters: Mapping[str, str]) -> str:
    if set(PARTS) <= set(keys):
        return " AND ".join(f"{key} = {_part(form, keys[key])}" for key, form in PARTS.items())
    named = next((key for key in keys if parameters.get(f"projection.{key}.format") == DAY), "")
    return f"\"{named}\" = '{{0:%Y/%m/%d}}'" if named else ""


def _part(form: str, kind: str) -> str:
    text = f"'{{0:{form}}}'"
    return text if kind == "string" else f"CAST({text} AS {kind})"
