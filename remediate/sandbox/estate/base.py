"""Groups, policies, roles, buckets and trails."""

import json
from datetime import datetime
from typing import Any

from remediate.sandbox import bundles as b
from remediate.sandbox.builder import ACCOUNT, Builder
from remediate.sandbox.cast import PROJECTS

VENDOR = "999988887777"


def permissions(account: Builder) -> None:
    """The groups and the account's own policies: some of what a tidy account needs, under awkward names."""
    for team in b.TEAMS:
        account.policy(f"team-{team}", b.team_policy(team))
    account.policy("contractor-boundary", b.BOUNDARY)
    account.policy("unused-everything", b.EVERYTHING, age=1400)
    account.group("legacy-admins", (b.ADMIN,))
    account.group("developers", (b.EC2_READ,), {"logs": b.LOG_READER})
    account.group("readonlyusers", inline={"only-buckets": b.BUCKETS})
    account.group("log-readers", inline={"logs": b.LOG_READER})
    for name in PROJECTS:
        account.group(name, inline={"queue": b.queue_access(name)})


def roles(account: Builder) -> None:
    """One for administrators, one for machines, and one that lets a vendor in without an external id."""
    account.role("administrator", trust({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}), (b.ADMIN,))
    account.role("vendor-audit", trust({"AWS": f"arn:aws:iam::{VENDOR}:root"}), (b.AUDIT,))
    web = account.role("web-server", trust({"Service": "ec2.amazonaws.com"}), inline={"uploads": b.UPLOADS})
    account.iam.create_instance_profile("web-server", "/", [web.name]).create_date = web.create_date


def trust(principal: dict[str, str]) -> str:
    return json.dumps(
        {"Version": b.NEW, "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]}
    )


def settings(account: Builder) -> None:
    """The alias, a weak password policy, and a root user with a key and without MFA."""
    from moto.iam import models

    from remediate.sandbox.strict import settings as strict

    iam: Any = account.iam
    iam.account_aliases = ["acme-prod"]
    policy: Any = models.AccountPasswordPolicy
    iam.account_password_policy = policy(
        allow_change_password=False,
        hard_expiry=False,
        max_password_age=0,
        minimum_password_length=6,
        password_reuse_prevention=None,
        require_lowercase_characters=True,
        require_numbers=False,
        require_symbols=False,
        require_uppercase_characters=False,
    )
    iam.account_summary._account_access_keys_present = 1
    iam.account_summary._account_mfa_enabled = 0
    strict.root_used = account.ago(40)


def trails(account: Builder) -> None:
    """Two trails of one region each, of which one was stopped; neither bucket keeps the public out."""
    auditors = {
        "Sid": "AuditTeam",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{VENDOR}:root"},
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::acme-cloudtrail-logs/*",
    }
    _bucket("acme-cloudtrail-logs", "us-east-1", auditors)
    _bucket("acme-trail-eu", "eu-west-1")
    stopped = _trail("default-trail", "us-east-1", "acme-cloudtrail-logs", account.ago(900))
    stopped.status.is_logging, stopped.status.stopped = False, account.ago(75)
    _trail("eu-audit", "eu-west-1", "acme-trail-eu", account.ago(400))


def _bucket(name: str, region: str, *others: dict[str, Any]) -> None:
    from moto.s3.models import s3_backends

    bucket: Any = s3_backends[ACCOUNT]["aws"].create_bucket(name, region)
    arn, service = f"arn:aws:s3:::{name}", {"Service": "cloudtrail.amazonaws.com"}
    acl = {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}
    statements = [
        *others,
        b.statement("s3:GetBucketAcl", arn, Sid="AWSCloudTrailAclCheck20150319", Principal=service),
        b.statement(
            "s3:PutObject",
            f"{arn}/AWSLogs/{ACCOUNT}/*",
            Sid="AWSCloudTrailWrite20150319",
            Principal=service,
            Condition=acl,
        ),
    ]
    bucket.policy = json.dumps({"Version": b.NEW, "Statement": statements}).encode()


def _trail(name: str, region: str, bucket: str, started: datetime) -> Any:
    from moto.cloudtrail.models import cloudtrail_backends

    cloudtrail: Any = cloudtrail_backends[ACCOUNT][region]
    unset = dict.fromkeys(("s3_key_prefix", "sns_topic_name", "cw_log_group_arn", "cw_role_arn", "kms_key_id"))
    flags = {"is_global": True, "is_multi_region": False, "log_validation": False, "is_org_trail": False}
    trail = cloudtrail.create_trail(name=name, bucket_name=bucket, tags_list=[], **flags, **unset)
    trail.start_logging()
    trail.status.started = started
    return trail
