"""A full picture of an account with plain boto3, and nothing of the product: is it the same as before?"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from botocore.exceptions import ClientError
from moto.iam.models import iam_backends

from support.organization import organization

ClientFactory = Callable[..., Any]
"""`client(service, region)`, as the `aws` fixture has it."""
Snapshot = dict[str, object]

DETAILS = {
    "Filter": ["User", "Group", "Role", "LocalManagedPolicy"],
    "PaginationConfig": {"PageSize": 1000},
}
USUAL_REGIONS = ("us-east-1", "eu-west-1")
"""Where keys and log groups are looked for, besides the homes of trails."""


def snapshot(client: ClientFactory) -> Snapshot:
    """Everything about the account that a plan may change. Equal accounts give equal snapshots."""
    iam = client("iam", "us-east-1")
    details = list(_pages(iam, "get_account_authorization_details", None, **DETAILS))
    regions = [r["RegionName"] for r in client("ec2", "us-east-1").describe_regions()["Regions"]]
    trails = dict(_trails(client, regions))
    places = sorted({name.split("/")[0] for name in trails} | set(USUAL_REGIONS))
    return {
        **_people(details, client("sts", "us-east-1").get_caller_identity()["Account"]),
        "roles": {role["RoleName"]: _role(iam, role) for page in details for role in page["RoleDetailList"]},
        "instance_profiles": {
            profile["InstanceProfileName"]: [role["RoleName"] for role in profile["Roles"]]
            for profile in _pages(iam, "list_instance_profiles", "InstanceProfiles")
        },
        "instances": {region: dict(_instances(client("ec2", region))) for region in USUAL_REGIONS},
        "certificates": sorted(
            found["ServerCertificateId"]
            for found in _pages(iam, "list_server_certificates", "ServerCertificateMetadataList")
        ),
        "alias": list(_pages(iam, "list_account_aliases", "AccountAliases")),
        "security_contact": _contact(client("account", "us-east-1")),
        "directories": {region: dict(_directories(client("ds", region))) for region in USUAL_REGIONS},
        "saml_providers": dict(_saml(iam)),
        "oidc_providers": dict(_oidc(iam)),
        "password_policy": _or_none(lambda: iam.get_account_password_policy()["PasswordPolicy"]),
        "organization": organization(client),
        "trails": trails,
        "buckets": dict(_buckets(client("s3", "us-east-1"))),
        "keys": {region: dict(_keys(client("kms", region))) for region in places},
        "aliases": {region: dict(_aliases(client("kms", region))) for region in places},
        "budgets": dict(_budgets(client("budgets", "us-east-1"), client("sts", "us-east-1"))),
        "anomalies": _anomalies(client("ce", "us-east-1")),
        "analyzers": {region: _analyzers(client("accessanalyzer", region)) for region in regions},
        "log_groups": {region: dict(_log_groups(client("logs", region))) for region in places},
        "metric_filters": {region: dict(_metric_filters(client("logs", region))) for region in places},
        "alarms": {region: dict(_alarms(client("cloudwatch", region))) for region in places},
        "topics": {region: dict(_topics(client("sns", region))) for region in places},
        "secrets": {region: dict(_secrets(client("secretsmanager", region))) for region in places},
    }


def people(client: ClientFactory) -> Snapshot:
    """Users, groups and the account's own policies: what `effective` looks at."""
    details = _pages(client("iam", "us-east-1"), "get_account_authorization_details", None, **DETAILS)
    return _people(list(details), client("sts", "us-east-1").get_caller_identity()["Account"])


def _people(details: Iterable[Mapping[str, Any]], account: str) -> Snapshot:
    memory = iam_backends[account]["aws"].users
    return {
        "users": {user["UserName"]: _user(memory, user) for page in details for user in page["UserDetailList"]},
        "groups": {
            group["GroupName"]: _holder("Group", group) for page in details for group in page["GroupDetailList"]
        },
        "policies": {policy["Arn"]: _policy(policy) for page in details for policy in page["Policies"]},
    }


def _instances(ec2: Any) -> Iterator[tuple[str, object]]:
    """Each instance's profile; those of `associations` and of the instances must be the same."""
    pages = _pages(ec2, "describe_iam_instance_profile_associations", "IamInstanceProfileAssociations")
    held = {found["InstanceId"]: found["IamInstanceProfile"]["Arn"] for found in pages}
    for reservation in _pages(ec2, "describe_instances", "Reservations"):
        for instance in reservation["Instances"]:
            shown = instance.get("IamInstanceProfile", {}).get("Arn")
            assert shown == held.get(instance["InstanceId"])
            yield instance["InstanceId"], shown


def _contact(account: Any) -> object:
    contact = _or_none(lambda: account.get_alternate_contact(AlternateContactType="SECURITY"))
    return contact and contact["AlternateContact"]


def _user(memory: Mapping[str, Any], user: Mapping[str, Any]) -> Snapshot:
    """What a user signs in with comes from moto's memory: three calls for each took more time than all others."""
    person = memory[user["UserName"]]
    return {
        **_holder("User", user),
        **_owner(user),
        "groups": sorted(user.get("GroupList", ())),
        "keys": {key.access_key_id: key.status for key in person.access_keys},
        "password": bool(person.password),
        "mfa": sorted(person.mfa_devices),
    }


def _role(iam: Any, role: Mapping[str, Any]) -> Snapshot:
    longest = iam.get_role(RoleName=role["RoleName"])["Role"].get("MaxSessionDuration")
    trust = _in_order(role["AssumeRolePolicyDocument"])
    return {**_holder("Role", role), **_owner(role), "trust": trust, "session": longest}


def _directories(ds: Any) -> Iterator[tuple[str, Snapshot]]:
    for found in _pages(ds, "describe_directories", "DirectoryDescriptions"):
        trusts = _pages(ds, "describe_trusts", "Trusts", DirectoryId=found["DirectoryId"])
        yield found["DirectoryId"], {"name": found["Name"], "trusts": sorted(t["RemoteDomainName"] for t in trusts)}


def _saml(iam: Any) -> Iterator[tuple[str, object]]:
    for found in iam.list_saml_providers()["SAMLProviderList"]:
        yield found["Arn"], iam.get_saml_provider(SAMLProviderArn=found["Arn"])["SAMLMetadataDocument"]


def _oidc(iam: Any) -> Iterator[tuple[str, object]]:
    for found in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]:
        about = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=found["Arn"])
        yield found["Arn"], (sorted(about["ClientIDList"]), sorted(about["ThumbprintList"]))


def _in_order(trust: Mapping[str, Any]) -> Any:
    """A trust policy with its principals sorted: IAM shows them in any order."""
    body = trust["Statement"]
    for statement in body if isinstance(body, list) else [body]:
        principal = statement.get("Principal")
        for names in principal.values() if isinstance(principal, dict) else ():
            if isinstance(names, list):
                names.sort()
    return trust


def _owner(item: Mapping[str, Any]) -> Snapshot:
    return {
        "boundary": item.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        "tags": {tag["Key"]: tag["Value"] for tag in item.get("Tags", ())},
    }


def _holder(kind: str, item: Mapping[str, Any]) -> Snapshot:
    """Path, attached and inline policies of a user, group or role."""
    return {
        "path": item["Path"],
        "attached": sorted(policy["PolicyArn"] for policy in item.get("AttachedManagedPolicies", ())),
        "inline": {p["PolicyName"]: p["PolicyDocument"] for p in item.get(f"{kind}PolicyList", ())},
    }


def _policy(policy: Mapping[str, Any]) -> Snapshot:
    [default] = [version for version in policy["PolicyVersionList"] if version["IsDefaultVersion"]]
    return {"path": policy["Path"], "document": default["Document"]}


def _trails(client: ClientFactory, regions: Iterable[str]) -> Iterator[tuple[str, Snapshot]]:
    for region in regions:
        cloudtrail = client("cloudtrail", region)
        for trail in cloudtrail.describe_trails(includeShadowTrails=False)["trailList"]:
            name = trail["Name"]
            chosen = cloudtrail.get_event_selectors(TrailName=name)
            yield (
                f"{region}/{name}",
                {
                    "settings": {key: value for key, value in trail.items() if value not in ("", None)},
                    "logging": cloudtrail.get_trail_status(Name=name)["IsLogging"],
                    "selectors": [chosen.get(kind) or [] for kind in ("EventSelectors", "AdvancedEventSelectors")],
                },
            )


SETTINGS = {
    "policy": ("get_bucket_policy", "Policy"),
    "public_access": ("get_public_access_block", "PublicAccessBlockConfiguration"),
    "versioning": ("get_bucket_versioning", "Status"),
    "encryption": ("get_bucket_encryption", "ServerSideEncryptionConfiguration"),
    "lifecycle": ("get_bucket_lifecycle_configuration", "Rules"),
    "logging": ("get_bucket_logging", "LoggingEnabled"),
    "region": ("get_bucket_location", "LocationConstraint"),
}


def _buckets(s3: Any) -> Iterator[tuple[str, Snapshot]]:
    for bucket in s3.list_buckets()["Buckets"]:
        name = bucket["Name"]
        found: Snapshot = {}
        for setting, (operation, key) in SETTINGS.items():
            answer = _or_none(partial(getattr(s3, operation), Bucket=name)) or {}
            found[setting] = answer.get(key)
        found["policy"] = json.loads(str(found["policy"])) if found["policy"] else None
        yield name, found


def _aliases(kms: Any) -> Iterator[tuple[str, object]]:
    for alias in _pages(kms, "list_aliases", "Aliases"):
        if not alias["AliasName"].startswith("alias/aws/"):
            yield alias["AliasName"], alias.get("TargetKeyId")


def _keys(kms: Any) -> Iterator[tuple[str, Snapshot]]:
    for key in _pages(kms, "list_keys", "Keys"):
        about = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        if about["KeyManager"] == "CUSTOMER":
            policy = kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"]
            rotates = kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"]
            yield key["KeyId"], {"state": about["KeyState"], "policy": policy, "rotates": rotates}


SPENT = ("CalculatedSpend", "LastUpdatedTime")
"""What a budget shows and nobody sets."""


def _budgets(budgets: Any, sts: Any) -> Iterator[tuple[str, Snapshot]]:
    account = {"AccountId": sts.get_caller_identity()["Account"]}
    for budget in _pages(budgets, "describe_budgets", "Budgets", **account):
        of = {**account, "BudgetName": budget["BudgetName"]}
        told = {}
        for found in _pages(budgets, "describe_notifications_for_budget", "Notifications", **of):
            subscribers = _pages(
                budgets, "describe_subscribers_for_notification", "Subscribers", **of, Notification=found
            )
            told[json.dumps(found, sort_keys=True)] = sorted(s["Address"] for s in subscribers)
        settings = {key: value for key, value in budget.items() if key not in SPENT}
        yield budget["BudgetName"], {"settings": settings, "told": told}


def _anomalies(costs: Any) -> Snapshot:
    return {
        "monitors": costs.get_anomaly_monitors()["AnomalyMonitors"],
        "subscriptions": costs.get_anomaly_subscriptions()["AnomalySubscriptions"],
    }


def _analyzers(analyzer: Any) -> Snapshot:
    return {found["name"]: found["type"] for found in _pages(analyzer, "list_analyzers", "analyzers")}


def _log_groups(logs: Any) -> Iterator[tuple[str, object]]:
    for group in _pages(logs, "describe_log_groups", "logGroups"):
        yield group["logGroupName"], group.get("retentionInDays")


def _secrets(secrets: Any) -> Iterator[tuple[str, Snapshot]]:
    """What secrets are like and which versions they hold; those that wait for their deletion are left out."""
    for secret in _pages(secrets, "list_secrets", "SecretList"):
        found = secrets.describe_secret(SecretId=secret["Name"])
        yield secret["Name"], {key: found.get(key) for key in ("Tags", "KmsKeyId", "VersionIdsToStages")}


def _metric_filters(logs: Any) -> Iterator[tuple[str, object]]:
    for found in _pages(logs, "describe_metric_filters", "metricFilters"):
        settings = (found["filterPattern"], found["metricTransformations"])
        yield f"{found['logGroupName']}:{found['filterName']}", settings


def _alarms(cloudwatch: Any) -> Iterator[tuple[str, object]]:
    """Without what changes by itself, such as the state."""
    for alarm in _pages(cloudwatch, "describe_alarms", "MetricAlarms"):
        changing = ("State", "AlarmConfigurationUpdated", "AlarmArn")
        yield alarm["AlarmName"], {key: value for key, value in alarm.items() if not key.startswith(changing)}


def _topics(sns: Any) -> Iterator[tuple[str, Snapshot]]:
    for topic in _pages(sns, "list_topics", "Topics"):
        arn = topic["TopicArn"]
        about = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
        listed = _pages(sns, "list_subscriptions_by_topic", "Subscriptions", TopicArn=arn)
        who = sorted((s["Protocol"], s["Endpoint"], s["SubscriptionArn"]) for s in listed)
        yield arn, {"policy": about["Policy"], "key": about.get("KmsMasterKeyId"), "subscribers": who}


def _pages(client: Any, operation: str, key: str | None, **parameters: Any) -> Iterator[Any]:
    """Every item of a listing, or every page where no key is named."""
    for page in client.get_paginator(operation).paginate(**parameters):
        yield from page[key] if key else [page]


def _or_none(read: Callable[[], Any]) -> Any:
    """The answer, or None where AWS says that there is none."""
    try:
        return read()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code.startswith("NoSuch") or code.endswith(("NotFoundError", "NotFoundException")):
            return None
        raise


def effective(account: Mapping[str, Any], user: str) -> frozenset[str]:
    """What the user is granted and denied, from whatever source: statements in one writing, AWS's policies by ARN.

    Two accounts in which this is equal treat the user alike. The boundary belongs to it: it bounds every grant.
    """
    person = account["users"][user]
    found = {f"boundary {person['boundary']}"}
    for holder in (person, *(account["groups"][group] for group in person["groups"])):
        for document in holder["inline"].values():
            found.update(_statements(document))
        for arn in holder["attached"]:
            own = account["policies"].get(arn)
            found.update(_statements(own["document"]) if own else (arn,))
    return frozenset(found)


def _statements(document: Mapping[str, Any]) -> Iterator[str]:
    """Canonical statements. Variables count in the newer version alone; in the older one they are plain text."""
    body = document["Statement"]
    if document.get("Version") != "2012-10-17":
        body = json.loads(json.dumps(body).replace("${", "${$}{"))
    for statement in body if isinstance(body, list) else [body]:
        plain = {key: _plain(key, value) for key, value in statement.items() if key != "Sid"}
        yield json.dumps(plain, sort_keys=True)


def _plain(key: str, value: Any) -> Any:
    if key in ("Action", "NotAction", "Resource", "NotResource"):
        items = value if isinstance(value, list) else [value]
        return sorted({item.lower() if "Action" in key else item for item in items})
    if key == "Condition":
        return {
            operator: {
                name.lower(): sorted({str(item) for item in (tests if isinstance(tests, list) else [tests])})
                for name, tests in by_key.items()
            }
            for operator, by_key in value.items()
        }
    return value
