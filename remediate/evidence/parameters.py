"""What the parts of ARNs are called in the parameters of calls: the exceptions to the rule in `arns`.

The rule is that a part has the name of a parameter: `${RepositoryName}` is `repositoryName`. Names here are in lower
case. Each service's page says what its ARNs look like, under
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import re
from collections.abc import Mapping

ASIDE = re.compile(r"accesspoint/|:s3-object-lambda:|/index/|/stream/|function:\$\{FunctionName\}[:/]|\$\{StreamType\}")
"""Forms of ARNs that stand for a way to what another form is about, or for a part of it: the call is about that too."""

CALLED: Mapping[str, str] = {
    "autoscaling:GroupFriendlyName": "autoscalinggroupname",
    "athena:WorkGroupName": "workgroup",
    "cloudtrail:TrailName": "name trailname",
    "cloudwatch:AlarmName": "alarmname alarmnames",
    "ecs:ClusterName": "cluster clustername",
    "ecs:ServiceName": "service servicename",
    "ecs:TaskId": "task",
    "eks:ClusterName": "clustername name",
    "events:RuleName": "rule name",
    "iam:GroupNameWithPath": "groupname",
    "iam:InstanceProfileNameWithPath": "instanceprofilename",
    "iam:PolicyNameWithPath": "policyname",
    "iam:RoleNameWithPath": "rolename",
    "iam:UserNameWithPath": "username",
    "iam:CertificateNameWithPath": "servercertificatename",
    "kms:KeyId": "keyid targetkeyid",
    "logs:LogGroupName": "loggroupname loggroupidentifier",
    "rds:ClusterSnapshotName": "dbclustersnapshotidentifier",
    "rds:DbClusterInstanceName": "dbclusteridentifier",
    "rds:DbInstanceName": "dbinstanceidentifier",
    "rds:ParameterGroupName": "dbparametergroupname",
    "rds:SnapshotName": "dbsnapshotidentifier",
    "rds:SubnetGroupName": "dbsubnetgroupname",
    "redshift:ClusterName": "clusteridentifier",
    "route53:Id": "id hostedzoneid",
    "s3:ObjectName": "key",
    "secretsmanager:SecretId": "secretid name",
    "ssm:DocumentName": "name documentname",
    "ssm:ParameterNameWithoutLeadingSlash": "name names",
    "states:StateMachineName": "name",
}
"""By the service and the part of the ARN."""

GUID = "????????-????-????-????-????????????"
MADE_UP: Mapping[str, str] = {
    "autoscaling:GroupId": GUID,
    "autoscaling:Id": GUID,
    "cloudformation:Id": GUID,
}
"""Parts that AWS makes up, and no call names: of a known length.
https://docs.aws.amazon.com/autoscaling/ec2/userguide/security_iam_service-with-iam.html"""

ALIKE: Mapping[str, re.Pattern[str]] = {
    "events:EventBusName": re.compile("(?!default$).+"),  # the rules of the default bus have no bus in their ARNs
    "kms:KeyId": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32}"),
}
"""What a value must look like. A key that is called by its alias is known by its id to policies alone.
https://docs.aws.amazon.com/kms/latest/developerguide/key-management.html#what-is-cmk-alias"""
