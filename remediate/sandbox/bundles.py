"""What people may do in the messy account: policy documents, some of them alike but written differently."""

import json
from collections.abc import Sequence
from typing import Any

NEW, OLD = "2012-10-17", "2008-10-17"

AWS = "arn:aws:iam::aws:policy/"
ADMIN, POWER, READ_ONLY = f"{AWS}AdministratorAccess", f"{AWS}PowerUserAccess", f"{AWS}ReadOnlyAccess"
S3_FULL, EC2_READ, BILLING = f"{AWS}AmazonS3FullAccess", f"{AWS}AmazonEC2ReadOnlyAccess", f"{AWS}job-function/Billing"
SQS_FULL, DYNAMO_READ, AUDIT = f"{AWS}AmazonSQSFullAccess", f"{AWS}AmazonDynamoDBReadOnlyAccess", f"{AWS}SecurityAudit"

TEAMS = "billing search checkout mobile data platform support growth".split()


def statement(actions: str | Sequence[str], resources: str | Sequence[str] = "*", **more: Any) -> dict[str, Any]:
    """One statement, an Allow unless told otherwise."""
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def document(*statements: dict[str, Any], version: str = NEW) -> str:
    return json.dumps({"Version": version, "Statement": list(statements)})


READ_LOGS = ["s3:GetObject", "s3:ListBucket"]
LOGS = ["arn:aws:s3:::acme-logs", "arn:aws:s3:::acme-logs/*"]

LOG_READER = document(statement(READ_LOGS, LOGS))
LOG_READER_OTHER_ORDER = json.dumps(
    {"Statement": [{"Resource": LOGS[::-1], "Effect": "Allow", "Action": READ_LOGS[::-1]}], "Version": NEW}, indent=4
)
LOG_READER_SPACED = json.dumps(
    {"Version": NEW, "Statement": {"Sid": "Logs", "Effect": "Allow", "Action": READ_LOGS, "Resource": LOGS}}, indent=8
)
BUCKETS = document(statement(["s3:ListAllMyBuckets"], ["*"]))
BUCKETS_AS_TEXT = document(statement("s3:ListAllMyBuckets", "*"))

NO_DELETION = document(statement(["s3:*"]), statement(["s3:DeleteBucket", "s3:DeleteObject*"], Effect="Deny"))
FROM_OFFICE = document(
    statement(["ec2:Describe*", "ec2:StopInstances"], Condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})
)
OWN_FOLDER = document(
    statement("s3:ListBucket", "arn:aws:s3:::acme-home", Condition={"StringLike": {"s3:prefix": "${aws:username}/*"}}),
    statement("s3:*", "arn:aws:s3:::acme-home/${aws:username}/*"),
)
FROM_2008 = document(statement("sqs:*", "arn:aws:sqs:us-east-1:123456789012:orders"), version=OLD)
TERMINAL = document(statement("s3:GetObject", "arn:aws:s3:::acme-\u001b[2J\u001b]0;owned\u0007/*", Sid="Escape"))
BOUNDARY = document(statement(["s3:*", "ec2:*", "logs:*", "cloudwatch:*"]))
UPLOADS = document(statement(["s3:PutObject"], "arn:aws:s3:::acme-uploads/*"))
EVERYTHING = document(statement("*"))


def team_policy(team: str) -> str:
    """A team's customer managed policy."""
    return document(
        statement(["dynamodb:GetItem", "dynamodb:Query"], f"arn:aws:dynamodb:us-east-1:123456789012:table/{team}-*"),
        statement(
            ["logs:FilterLogEvents", "logs:GetLogEvents"], f"arn:aws:logs:*:123456789012:log-group:/acme/{team}:*"
        ),
    )


def queue_access(team: str) -> str:
    """What somebody once put on each member of a team by hand."""
    return document(statement(["sqs:SendMessage", "sqs:ReceiveMessage"], f"arn:aws:sqs:*:123456789012:{team}-*"))
