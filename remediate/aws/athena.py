"""Queries of a table of Athena: started, waited for, read page by page.

They are paid for by what they read. https://docs.aws.amazon.com/athena/latest/ug/cloudtrail-logs.html
"""

import re
from collections.abc import Iterator, Sequence
from functools import partial

from remediate.aws.athena_errors import explained
from remediate.aws.queries import ended
from remediate.aws.session import Answer, Session
from remediate.errors import BadInput, CallFailed, CredentialsEnded
from remediate.protocols import Clock

NAME = re.compile(r"([\w-]+)\.([\w-]+)(?:@([\w.-]+))?", re.ASCII)
CATALOG = "AwsDataCatalog"
Rows = Sequence[Sequence[str | None]]
GROUP = "primary"
"""The workgroup that every account has. It says where results are put, and how much a query may read."""


def parts(name: str) -> tuple[str, str, str]:
    """The database, the table and the workgroup of `DATABASE.TABLE[@WORKGROUP]`. Raises BadInput."""
    found = NAME.fullmatch(name)
    if not found:
        raise BadInput(f"{name} names no table", remedy="athena:DATABASE.TABLE, or athena:DATABASE.TABLE@WORKGROUP")
    return found[1], found[2], found[3] or GROUP


class Athena:
    """One table, and a workgroup to ask it in."""

    def __init__(self, aws: Session, clock: Clock, name: str) -> None:
        """Raises BadInput."""
        self.database, self.table, self._group = parts(name)
        self._aws, self._clock = aws, clock
        self.region = aws.region

    def described(self) -> Answer:
        """The table, as Glue has it. Raises RemediateError, CredentialsEnded."""
        try:
            found: Answer = self._aws.read("glue", "get_table", DatabaseName=self.database, Name=self.table)["Table"]
        except CallFailed as error:
            raise self._explained(error) from None
        return found

    def rows(self, statement: str) -> Iterator[Rows]:
        """What a query answers, page by page. Raises RemediateError, CredentialsEnded."""
        try:
            yield from self._rows(statement)
        except CallFailed as error:
            raise self._explained(error) from None

    def _rows(self, statement: str) -> Iterator[Rows]:
        where = {"Catalog": CATALOG, "Database": self.database}
        started = self._aws.read(
            "athena", "start_query_execution", QueryString=statement, QueryExecutionContext=where, WorkGroup=self._group
        )
        query = str(started["QueryExecutionId"])
        ask = partial(self._aws.read, "athena", "get_query_execution", QueryExecutionId=query)
        status = _status(ended(self._clock, ask, lambda answer: str(_status(answer)["State"])))
        if status["State"] != "SUCCEEDED":
            raise CallFailed("get_query_execution", str(status["State"]), str(status.get("StateChangeReason", "")))
        head = 1
        """Rows: the names of the columns come first, and once."""
        for page in self._aws.pages("athena", "get_query_results", QueryExecutionId=query):
            yield [[cell.get("VarCharValue") for cell in row["Data"]] for row in page["ResultSet"]["Rows"][head:]]
            head = 0

    def _explained(self, error: CallFailed) -> Exception:
        if isinstance(error, CredentialsEnded):
            return error
        return explained(error, f"{self.database}.{self.table}", self._group, self.region)


def _status(answer: Answer) -> Answer:
    status: Answer = answer["QueryExecution"]["Status"]
    return status
