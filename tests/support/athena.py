"""A table of Athena over CloudTrail's logs: as AWS documents it, as Glue describes it, and one that answers queries.

https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table-org-wide-trail.html
Queries are translated from Athena's dialect into DuckDB's by sqlglot, which leaves what replaces a match as it is:
there `$1` is `\\1`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import sqlglot

COLUMNS: Mapping[str, str] = {
    "eventversion": "string",
    "useridentity": "struct<type:string,principalid:string,arn:string,accountid:string,invokedby:string,"
    "accesskeyid:string,username:string,sessioncontext:struct<attributes:struct<mfaauthenticated:string,"
    "creationdate:string>,sessionissuer:struct<type:string,principalid:string,arn:string,accountid:string,"
    "username:string>,ec2roledelivery:string>>",
    **dict.fromkeys(
        "eventtime eventsource eventname awsregion sourceipaddress useragent errorcode errormessage requestparameters "
        "responseelements additionaleventdata requestid eventid readonly".split(),
        "string",
    ),
    "resources": "array<struct<arn:string,accountid:string,type:string>>",
    "eventtype": "string",
    "recipientaccountid": "string",
}
SOURCES = {
    **COLUMNS,
    "useridentity": COLUMNS["useridentity"].replace("ec2roledelivery", "sourceidentity:string,ec2roledelivery"),
}
"""With a field that the documentation leaves out, and CloudTrail writes."""
BY_DAY = {
    "projection.enabled": "true",
    "projection.timestamp.type": "date",
    "projection.timestamp.format": "yyyy/MM/dd",
}
Rows = list[list[str | None]]


def described(
    columns: Mapping[str, str] = COLUMNS,
    keys: Sequence[str] = ("account", "region", "timestamp"),
    parameters: Mapping[str, str] = BY_DAY,
    kind: str = "string",
) -> dict[str, Any]:
    """A table as Glue describes it, and takes it."""
    return {
        "Name": "logs",
        "TableType": "EXTERNAL_TABLE",
        "PartitionKeys": [{"Name": key, "Type": kind} for key in keys],
        "Parameters": dict(parameters),
        "StorageDescriptor": {"Columns": [{"Name": name, "Type": kind} for name, kind in columns.items()]},
    }


def answer(statement: str, records: Iterable[Mapping[str, Any]], partition: Mapping[str, str], folder: Path) -> Rows:
    """What a query of `"default"."logs"` answers; `partition` is the one that all records lie in."""
    types = {name: sqlglot.exp.DataType.build(kind, dialect="hive").sql("duckdb") for name, kind in SOURCES.items()}
    path = folder / "logs.jsonl"
    path.write_text("".join(f"{json.dumps(_row(one))}\n" for one in records))
    keys = ", ".join(f"'{value}' AS \"{key}\"" for key, value in partition.items())
    with duckdb.connect() as database:
        database.execute('CREATE SCHEMA "default"')
        database.execute(
            f'CREATE TABLE "default"."logs" AS SELECT *, {keys} '
            f"FROM read_json('{path}', format = 'newline_delimited', columns = {types})"
        )
        text = sqlglot.transpile(statement, read="athena", write="duckdb")[0].replace("$1", "\\1")
        found = database.execute(text).fetchall()
    return [[None if cell is None else str(cell) for cell in row] for row in found]


def _row(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record as the table has it: names in lower case, and JSON as text where that is what a column holds."""
    return {
        name.lower(): json.dumps(value, separators=(",", ":"))
        if SOURCES.get(name.lower()) == "string" and not isinstance(value, str | None)
        else _lower(value)
        for name, value in record.items()
    }


def _lower(value: Any) -> Any:
    if isinstance(value, dict):
        return {name.lower(): _lower(one) for name, one in value.items()}
    return [_lower(one) for one in value] if isinstance(value, list) else value
