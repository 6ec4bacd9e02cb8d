"""IAM's dates have whole seconds.

Moto's have microseconds in some answers and none in the credential report, where AWS's are equal.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKeyMetadata.html
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from remediate.sandbox.strict.state import settings


def install() -> None:
    from moto.iam import models

    iam: Any = models
    iam.utcnow = _whole(iam.utcnow)


def _whole(original: Callable[[], datetime]) -> Callable[[], datetime]:
    return lambda: original().replace(microsecond=0) if settings.on else original()
