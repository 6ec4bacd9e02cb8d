"""A group is moved to another path; moto takes the new path, and changes nothing unless there is a new name too.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateGroup.html
"""

from typing import Any

from remediate.sandbox.strict.patch import Call, around


def install() -> None:
    from moto.iam.models import IAMBackend

    around(IAMBackend, "update_group", _moved)


def _moved(original: Any, iam: Any, call: Call) -> None:
    group = iam.get_group(call["group_name"])
    original()
    if call["new_path"]:
        group.path = call["new_path"]
