"""An instance takes an instance profile that exists and holds a role, while it runs or is stopped.

Moto gives an instance any profile in any state, says of one that does not exist what IAM would say, and shows the old
one on an instance whose profile was replaced. An association can be replaced on a running instance only. The errors are
the ones that Terraform's AWS provider waits for (internal/service/ec2, ec2_instance.go): EC2's reference names none.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateIamInstanceProfile.html,
API_ReplaceIamInstanceProfileAssociation
"""

from typing import Any

from remediate.sandbox.strict.lag import seen
from remediate.sandbox.strict.patch import Call, around, before, fail


def install() -> None:
    from moto.ec2.models import EC2Backend

    before(EC2Backend, "associate_iam_instance_profile", _associate)
    around(EC2Backend, "replace_iam_instance_profile_association", _replace)


def _associate(ec2: Any, call: Call) -> None:
    instance = ec2.get_instance(call["instance_id"])
    if instance.state not in ("running", "stopped"):
        fail("IncorrectInstanceState", f"The instance '{instance.id}' is not in the 'running' or 'stopped' states.")
    _usable(ec2, call)


def _replace(original: Any, ec2: Any, call: Call) -> Any:
    _usable(ec2, call)
    for held in ec2.iam_instance_profile_associations.values():
        if held.association_id == call["association_id"] and held.instance.state != "running":
            fail("IncorrectInstanceState", f"The instance '{held.instance_id}' is not in the 'running' state.")
    association = original()
    profile = {"Arn": association.iam_instance_profile.arn, "Id": association.association_id}
    ec2.modify_instance_attribute(association.instance_id, "iam_instance_profile", profile)
    return association


def _usable(ec2: Any, call: Call) -> None:
    from moto.iam.models import iam_backends

    iam: Any = iam_backends[ec2.account_id][ec2.partition]
    name, arn = call["iam_instance_profile_name"], call["iam_instance_profile_arn"]
    with seen(iam):
        found = next((p for p in iam.instance_profiles.values() if name == p.name or arn == p.arn), None)
    if found is None:
        what, value = ("ARN", arn) if arn else ("name", name)
        wrong = f"Value ({value}) for parameter iamInstanceProfile.{what.lower()} is invalid."
        fail("InvalidParameterValue", f"{wrong} Invalid IAM Instance Profile {what}")
    if not found.roles:
        fail("InvalidParameterValue", f'IAM Instance Profile "{found.arn}" has no associated IAM Roles')
