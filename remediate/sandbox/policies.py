"""AWS's own 1,582 policies, read once in a process.

Moto reads them again for each partition and at each reset, 0.1 s a time and eight partitions at the first call. Here
only `aws` has them, and a reset copies the ones that were read: what changes about them is who uses them.
"""

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from moto.iam.models import IAMBackend


@cache
def load() -> tuple[Any, ...]:
    """The policies as moto reads them, without anybody attached."""
    import json

    from moto.iam.aws_managed_policies import aws_managed_policies_data
    from moto.iam.models import AWSManagedPolicy

    data = json.loads(aws_managed_policies_data)
    return tuple(AWSManagedPolicy.from_data(name, "aws", "aws", item) for name, item in data.items())


@cache
def install() -> None:
    from moto.iam.models import IAMBackend

    IAMBackend._init_aws_policies = _copies  # type: ignore[method-assign, assignment]


def _copies(backend: "IAMBackend") -> list[Any]:
    if backend.partition != "aws":
        return []
    return [_copy(policy, backend.account_id) for policy in load()]


def _copy(policy: Any, account: str) -> Any:
    """As copy.copy does it, in a quarter of the time."""
    kind: Any = type(policy)
    twin = object.__new__(kind)
    twin.__dict__.update(policy.__dict__, account_id=account)
    return twin
