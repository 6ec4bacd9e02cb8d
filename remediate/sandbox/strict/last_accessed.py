"""Reports of which services were used, by whom and when.

AWS makes one in the background for a user, group, role or managed policy: every service that its policies allow, and
the last attempt; of a group by its members, of a policy by those it is attached to. Moto has none of these operations.

Who used what is state of the account: an access key's last use, and `used` for everything else.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_GenerateServiceLastAccessedDetails.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetServiceLastAccessedDetails.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetServiceLastAccessedDetailsWithEntities.html
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

from remediate.sandbox.strict.documents import as_list, statements
from remediate.sandbox.strict.paging import page
from remediate.sandbox.strict.patch import Call, fail, instead
from remediate.sandbox.strict.state import settings

SERVICES = tuple(
    "access-analyzer account acm apigateway athena autoscaling batch cloudformation cloudfront cloudtrail "
    "cloudwatch codebuild cognito-idp config dax dynamodb ec2 ecr ecs eks elasticache elasticloadbalancing es "
    "events firehose glue guardduty iam kinesis kms lambda logs organizations rds redshift route53 s3 "
    "s3-object-lambda sagemaker secretsmanager securityhub ses sns sqs ssm states sts support tag wafv2 xray".split()
)
"""Namespaces of services; AWS knows more than 400.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html"""


@dataclass
class Job:
    """A report as it was ordered; `rounds` calls later it can be read."""

    arn: str
    made: datetime
    rounds: int


def install() -> None:
    from moto.iam.responses import IamResponse

    instead(IamResponse, "generate_service_last_accessed_details", _generate)
    instead(IamResponse, "get_service_last_accessed_details", _services)
    instead(IamResponse, "get_service_last_accessed_details_with_entities", _entities)


def used(iam: Any, arn: str, service: str, moment: datetime) -> None:
    """Records that a user or role used a service: the last time counts."""
    seen = _recorded(iam).setdefault(arn, {})
    seen[service] = max(moment, seen.get(service, moment))


def _recorded(iam: Any) -> dict[str, dict[str, datetime]]:
    """On the backend, so that a reset forgets it."""
    if not hasattr(iam, "service_uses"):
        iam.service_uses = {}
    recorded: dict[str, dict[str, datetime]] = iam.service_uses
    return recorded


def _generate(response: Any, call: Call) -> Any:
    from moto.core.responses import ActionResult
    from moto.moto_api._internal import mock_random

    iam, arn = response.backend, response._get_param("Arn")
    if not any(item.arn == arn for item in _named(iam)):
        fail("NoSuchEntity", f"The ARN {arn} was not found.")
    job = str(mock_random.uuid4())
    _jobs(iam)[job] = Job(arn, datetime.now(UTC).replace(microsecond=0), settings.access_rounds)
    return ActionResult({"JobId": job})


def _jobs(iam: Any) -> dict[str, Job]:
    if not hasattr(iam, "access_jobs"):
        iam.access_jobs = {}
    jobs: dict[str, Job] = iam.access_jobs
    return jobs


def _services(response: Any, call: Call) -> Any:
    def rows(iam: Any, arn: str) -> list[dict[str, Any]]:
        holders, granted = _reached(iam, arn), _granted(iam, arn)
        return [_service(service, _uses(iam, holders, service) | _told(iam, arn, service)) for service in granted]

    return _answer(response, "ServicesLastAccessed", rows)


def _service(service: str, uses: Mapping[str, datetime]) -> dict[str, Any]:
    row: dict[str, Any] = {"ServiceName": service, "ServiceNamespace": service, "TotalAuthenticatedEntities": len(uses)}
    if uses:
        last = max(uses, key=lambda arn: (uses[arn], arn))
        row |= {
            "LastAuthenticated": uses[last],
            "LastAuthenticatedEntity": last,
            "LastAuthenticatedRegion": "us-east-1",
        }
    return row


def _entities(response: Any, call: Call) -> Any:
    service = response._get_param("ServiceNamespace")

    def rows(iam: Any, arn: str) -> list[dict[str, Any]]:
        if service not in _granted(iam, arn):
            fail("InvalidInput", f"{service} is no service that {arn} allows.")
        holders = _reached(iam, arn)
        uses = _uses(iam, holders, service)
        recent = sorted(holders, key=lambda h: (-uses[h.arn].timestamp() if h.arn in uses else 0, h.arn))
        return [{"EntityInfo": _entity(h), "LastAuthenticated": uses.get(h.arn)} for h in recent]

    return _answer(response, "EntityDetailsList", rows)


def _entity(holder: Any) -> dict[str, Any]:
    kind = "ROLE" if ":role/" in holder.arn else "USER"
    return {"Arn": holder.arn, "Name": holder.name, "Type": kind, "Id": holder.id, "Path": holder.path}


def _answer(response: Any, name: str, rows: Any) -> Any:
    from moto.core.responses import ActionResult

    iam = response.backend
    job = _jobs(iam).get(response._get_param("JobId")) or fail("NoSuchEntity", "There is no job of that id.")
    about: dict[str, Any] = {"JobCreationDate": job.made, "JobType": "SERVICE_LEVEL"}
    job.rounds -= 1
    if job.rounds >= 0:
        return ActionResult({"JobStatus": "IN_PROGRESS", name: [], **about})
    about["JobCompletionDate"] = job.made
    if settings.access_error:
        error = {"Code": "ServiceFailure", "Message": settings.access_error}
        return ActionResult({"JobStatus": "FAILED", name: [], "Error": error, **about})
    items, rest = page(rows(iam, job.arn), response._get_param("Marker"), response._get_param("MaxItems"))
    return ActionResult({"JobStatus": "COMPLETED", name: items, **about, **rest})


def _named(iam: Any) -> Iterator[Any]:
    yield from (*iam.users.values(), *iam.groups.values(), *iam.roles.values(), *iam.managed_policies.values())


def _reached(iam: Any, arn: str) -> list[Any]:
    """The users and roles whose uses a report on that ARN is about."""
    principals = [*iam.users.values(), *iam.roles.values()]
    for group in iam.groups.values():
        if group.arn == arn:
            return list(group.users)
    return [holder for holder in principals if holder.arn == arn or arn in holder.managed_policies]


def _uses(iam: Any, holders: Iterable[Any], service: str) -> dict[str, datetime]:
    """When each of them last used a service."""
    found = {}
    for holder in holders:
        moments = [m for s, m in _recorded(iam).get(holder.arn, {}).items() if s == service]
        keys = [key.last_used for key in getattr(holder, "access_keys", ()) if key.last_used]
        moments += [used.timestamp for used in keys if used.service == service]
        if moments:
            found[holder.arn] = max(moments)
    return found


def _told(iam: Any, arn: str, service: str) -> dict[str, datetime]:
    """What is recorded of a group or policy itself: a twin knows a report, and not always which holder it was."""
    found = _recorded(iam).get(arn, {})
    return {arn: found[service]} if service in found else {}


def _granted(iam: Any, arn: str) -> list[str]:
    """The services that an entity's policies allow something of, sorted."""
    documents = list(_documents(iam, arn))
    allowed = [s for text in documents for s in statements(json.loads(text)) if s["Effect"] == "Allow"]
    known = sorted(getattr(iam, "service_names", ())) or SERVICES  # a twin knows the names that AWS's reports had
    return [service for service in known if any(_allows(statement, service) for statement in allowed)]


def _documents(iam: Any, arn: str) -> Iterator[str]:
    if arn in iam.managed_policies:
        yield _default(iam.managed_policies[arn])
        return
    [holder] = [item for item in _named(iam) if item.arn == arn]
    groups = [group for group in iam.groups.values() if holder in group.users]
    for each in (holder, *groups):
        yield from each.policies.values()
        yield from map(_default, each.managed_policies.values())


def _default(policy: Any) -> str:
    return next(str(version.document) for version in policy.versions if version.is_default_version)


def _allows(statement: Mapping[str, Any], service: str) -> bool:
    if "NotAction" in statement:
        return f"{service}:*" not in as_list(statement["NotAction"])
    return any(fnmatchcase(service, action.partition(":")[0].lower()) for action in as_list(statement["Action"]))
