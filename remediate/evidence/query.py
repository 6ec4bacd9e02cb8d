"""The SQL that folds a day of an account's log files where they are, and what its rows say.

Rows are records, without what no summary keeps, and each stands for all calls of an hour that differ in nothing else.
They come to the same summary as the files, but for what the table lacks: the documented one has no source identities,
and does not tell null from absent, so that records count which have null where a text must be.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from remediate.evidence.record import Told
from remediate.evidence.resource import DEEPEST
from remediate.evidence.sessions import BEGINNINGS
from remediate.evidence.tables import Table
from remediate.evidence.tally import COMPARED

BEGUN = ", ".join(f"'{name}'" for name in sorted(BEGINNINGS))
BLANKED = r"\w+token|marker|starttime|endtime"
"""Parameters that differ from call to call, and name nothing that a call is about."""
_NUMBERS = r"""regexp_replace(requestparameters, '"(\w+)":\s*-?[0-9][-+.0-9eE]*', '"$1":0')"""
"""Numbers name nothing either."""
PARAMETERS = rf"""regexp_replace({_NUMBERS}, '(?i)"({BLANKED})":\s*"[^"\\a][^"\\]*"', '"$1":""')"""
"""What may be an ARN is left as it is, and so are texts with escapes."""
DEEP = rf"regexp_replace(r.arn, '(?s)^(arn:[^:]*:s3:::([^/]*/){{{DEEPEST + 1}}}).+', '$1*')"
"""An object that lies deep is known by its folder, as `resource.shortened` has it."""
ARNS = (
    f"CASE WHEN cardinality(resources) <= {COMPARED} THEN transform(resources, r -> {DEEP}) "
    "ELSE transform(resources, r -> r.arn) END"
)
IDENTITY = (
    "type",
    "arn",
    "accountId",
    "accessKeyId",
    "userName",
    "invokedBy",
    "sessionContext.sessionIssuer.arn",
    "sessionContext.attributes.mfaAuthenticated",
)
SOURCE = "sessionContext.sourceIdentity"
PLAIN = ("eventSource", "eventName", "awsRegion", "sourceIPAddress", "errorCode", "recipientAccountId")
COMPUTED: Mapping[str, str] = {
    "userAgent": "regexp_extract(useragent, '^[^ ]*')",
    "resources": f"CASE WHEN cardinality(resources) > 0 THEN json_format(CAST({ARNS} AS JSON)) END",
    "requestParameters": f"CASE WHEN coalesce(cardinality(resources), 0) = 0 OR eventname IN ({BEGUN})\n"
    f"       THEN {PARAMETERS} END",
    "responseElements.credentials.accessKeyId": f"CASE WHEN eventname IN ({BEGUN})\n"
    "       THEN json_extract_scalar(responseelements, '$.credentials.accessKeyId') END",
    "responseElements.ConsoleLogin": "CASE WHEN eventname = 'ConsoleLogin' "
    "THEN json_extract_scalar(responseelements, '$.ConsoleLogin') END",
}


def columns(table: Table) -> Mapping[str, str]:
    """What rows tell of a record: where it has it, and the SQL for it."""
    identity = (*IDENTITY, *([SOURCE] if table.sources else []))
    return {
        **{f"userIdentity.{path}": f"useridentity.{path.lower()}" for path in identity},
        **{name: name.lower() for name in PLAIN},
        **COMPUTED,
    }


def statement(table: Table, account: str, day: date) -> str:
    """The query of the files that CloudTrail delivered on a day: those that have it in their names."""
    told = columns(table)
    where = [
        table.day.format(day),
        *([f"{table.account} = '{account}'"] if table.account else []),
        f"coalesce(nullif(recipientaccountid, ''), useridentity.accountid) = '{account}'",
    ]
    lines = [*told.values(), "substr(eventtime, 1, 13), count(*), min(eventtime), max(eventtime)"]
    return "\n".join(
        [
            "SELECT " + ",\n       ".join(lines),
            f"FROM {table.name}",
            "WHERE " + "\n  AND ".join(where),
            "GROUP BY " + ", ".join(str(n + 1) for n in range(len(told) + 1)),
        ]
    )


def records(table: Table, rows: Sequence[Sequence[str | None]]) -> Iterator[Told]:
    """The record that each row is, and how many it stands for."""
    paths = tuple(columns(table))
    for row in rows:
        *cells, _, calls, first, last = row
        record: dict[str, Any] = {"userIdentity": {}, "eventTime": first}
        for path, text in zip(paths, cells, strict=True):
            if text is not None:
                _set(record, path.split("."), _value(path, text))
        yield Told(msgspec.json.encode(record), int(calls or 0), last or "")


def _set(record: dict[str, Any], path: Sequence[str], value: object) -> None:
    *above, name = path
    for part in above:
        record = record.setdefault(part, {})
    record[name] = value


def _value(path: str, text: str) -> object:
    if path == "requestParameters":
        return msgspec.Raw(text.encode())
    if path == "resources":
        return [{"ARN": arn} if arn else {} for arn in msgspec.json.decode(text, type=list[str | None])]
    return text
