"""Why a table of Athena cannot be asked, and what whoever asks needs: one action on one resource.

Athena reads the table, the logs and its results with the permissions of whoever asks.
https://docs.aws.amazon.com/athena/latest/ug/security-iam-athena.html
"""

import re
from collections.abc import Mapping

from remediate.aws.bucket_errors import NEEDED
from remediate.errors import BadInput, CallFailed, Denied, RemediateError

PERMISSIONS = (
    "glue:GetTable, glue:GetPartitions, athena:StartQueryExecution, athena:GetQueryExecution, athena:GetQueryResults; "
    "s3:GetBucketLocation, s3:ListBucket and s3:GetObject for the logs, and with s3:PutObject for the results; "
    "kms:Decrypt and kms:GenerateDataKey where they are encrypted"
)
ACTIONS: Mapping[str, str] = {
    "get_table": "glue:GetTable",
    "start_query_execution": "athena:StartQueryExecution",
    "get_query_execution": "athena:GetQueryExecution",
    "get_query_results": "athena:GetQueryResults",
}
_REFUSED = re.compile("(access|permission) ?denied|not authorized|insufficient .*permission|status code: 403", re.I)
"""What a query says that failed because something was not allowed."""
_PATH = re.compile(r"s3://[^\s,;()]*[^\s,;().]")
_PLACE = re.compile("no output location|output bucket", re.IGNORECASE)


def explained(error: CallFailed, where: str, group: str, region: str) -> RemediateError:
    """What a failed call, or a failed query, means to whoever asks."""
    if error.code == "EntityNotFoundException":
        return BadInput(f"there is no table {where} in {region}", details=[error.message], remedy="Check --region.")
    if _PLACE.search(error.message):
        return BadInput(
            f"the workgroup {group} has no place for results that can be used",
            details=[error.message],
            remedy=f"Give it one, or name another: athena:{where}@WORKGROUP",
        )
    if isinstance(error, Denied) or _REFUSED.search(error.message):
        return _denied(error, where, group)
    return RemediateError(
        f"{where} could not be asked in Athena: {error.operation}: {error.code}",
        details=[error.message],
        remedy="Run it again: what was read until now is kept. --print-sql prints the query.",
    )


def _denied(error: CallFailed, where: str, group: str) -> RemediateError:
    """AWS often says which action on which resource; else it is what was asked for."""
    told = NEEDED.search(error.message)
    path = _PATH.search(error.message)
    action = told[1] if told else ACTIONS.get(error.operation, "") if isinstance(error, Denied) else _of_query(error)
    asked = f"the table {where}" if action.startswith("glue:") else f"the workgroup {group}"
    resource = (told and told[2]) or (path and path[0]) or asked
    return RemediateError(
        f"AWS does not let you ask {where} in Athena: {action} is needed",
        details=[f"action    {action}", f"resource  {resource}", error.message],
        remedy=f"In all it takes {PERMISSIONS}.",
    )


def _of_query(error: CallFailed) -> str:
    """What a query was not allowed."""
    if "lake formation" in error.message.lower():
        return "lakeformation:GetDataAccess, and SELECT in Lake Formation,"
    return "s3:PutObject" if re.search("writ|output", error.message) else "s3:GetObject"
