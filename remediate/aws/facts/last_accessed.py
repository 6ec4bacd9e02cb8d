"""Which services were used, by whom and when: IAM's service last accessed data, asked for one ARN at a time.

A report on a user or role says what that one used; on a group, its members; on a policy, whoever it is attached to.
All attempts count, also those that were refused. They appear within four hours, and are kept for at least 400 days.
Passing a role to a service (iam:PassRole) is no call, and is in no report.
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html
"""

from collections import defaultdict
from collections.abc import Iterator

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential

from remediate.account import Account
from remediate.aws.facts.base import Fact
from remediate.aws.session import Answer, Session
from remediate.errors import CallFailed, NotYet
from remediate.model import Address, Value, name_of, pair_of, when

PATIENCE = 60
"""Seconds to wait for AWS to make a report."""
PAGE = 1000
GENERATE = "iam:GenerateServiceLastAccessedDetails"


class ServiceUse(Fact):
    """`iam.service_use/<arn>`: {"s3": "2026-05-01T09:00:00Z", "ec2": null}, for every service that its policies allow.

    The ARN is a user's, a group's, a role's or a managed policy's.
    """

    kind = "iam.service_use"
    actions = (GENERATE, "iam:GetServiceLastAccessedDetails")

    def read(self, aws: Session, account: Account, asked: Address) -> dict[Address, Value]:
        answers = _Report(aws, name_of(asked), "get_service_last_accessed_details").pages()
        rows = [row for answer in answers for row in answer["ServicesLastAccessed"]]
        return {asked: {row["ServiceNamespace"]: when(row.get("LastAuthenticated")) for row in rows}}


class ServiceUsers(Fact):
    """`iam.service_users/account,iam/<arn>`: {"<arn of a user>": {"account": null, "iam": "2026-05-01T09:00:00Z"}}.

    The ARN is a group's or a managed policy's: its members, or those it is attached to, which may be roles. One report
    answers for all the services that the address names.
    """

    kind = "iam.service_users"
    actions = (GENERATE, "iam:GetServiceLastAccessedDetailsWithEntities")

    def read(self, aws: Session, account: Account, asked: Address) -> dict[Address, Value]:
        services, arn = pair_of(asked)
        report = _Report(aws, arn, "get_service_last_accessed_details_with_entities")
        found: dict[str, dict[str, Value]] = defaultdict(dict)
        for service in services.split(","):
            for answer in report.pages(ServiceNamespace=service):
                for row in answer["EntityDetailsList"]:
                    found[row["EntityInfo"]["Arn"]][service] = when(row.get("LastAuthenticated"))
        return {asked: found}


class PolicyVersions(Fact):
    """`iam.policy_versions/<arn>`: {"count": 3, "since": "2024-05-01T09:00:00Z"}: since when the default one is that.

    A version that was made default again later is older than that says.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_PolicyVersion.html
    """

    kind = "iam.policy_versions"
    actions = ("iam:ListPolicyVersions",)

    def read(self, aws: Session, account: Account, asked: Address) -> dict[Address, Value]:
        pages = aws.pages("iam", "list_policy_versions", PolicyArn=name_of(asked))
        versions = [version for page in pages for version in page["Versions"]]
        [default] = [version for version in versions if version["IsDefaultVersion"]]
        return {asked: {"count": len(versions), "since": when(default["CreateDate"])}}


class _Report:
    """A report that is being made. Raises CallFailed, also where AWS cannot make it, or not within a minute."""

    def __init__(self, aws: Session, arn: str, operation: str) -> None:
        self.aws = aws
        self.operation = operation
        self.job = aws.read("iam", "generate_service_last_accessed_details", Arn=arn)["JobId"]

    def pages(self, **parameters: str) -> Iterator[Answer]:
        waiting = Retrying(
            retry=retry_if_exception_type(NotYet),
            wait=wait_exponential(multiplier=0.25, max=4),
            stop=stop_after_delay(PATIENCE),
            reraise=True,
        )
        answer = waiting(self._page, **parameters)
        yield answer
        while answer.get("IsTruncated"):
            answer = self._page(Marker=answer["Marker"], **parameters)
            yield answer

    def _page(self, **parameters: str) -> Answer:
        answer = self.aws.read("iam", self.operation, JobId=self.job, MaxItems=PAGE, **parameters)
        if answer["JobStatus"] == "IN_PROGRESS":
            raise NotYet(self.operation, "ReportInProgress", "AWS has not made the report within a minute")
        if answer["JobStatus"] != "COMPLETED":
            error = answer.get("Error", {})
            raise CallFailed(self.operation, error.get("Code", "Failed"), error.get("Message", "AWS made no report"))
        return answer


FACTS: tuple[Fact, ...] = (ServiceUse(), ServiceUsers(), PolicyVersions())
