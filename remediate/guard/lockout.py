"""Nobody is locked out: the caller can finish and roll back, administrators keep working, and everybody can sign in."""

from collections.abc import Iterator
from datetime import datetime

from remediate.guard import administrators, caller, expiry, sign_in
from remediate.guard.carriers import Access
from remediate.protocols import Resources


def violations(access: Access, resources: Resources, now: datetime) -> Iterator[str]:
    """Every change that would lock somebody out, in whatever order."""
    yield from caller.violations(access, resources)
    yield from administrators.violations(access)
    yield from sign_in.violations(access)
    yield from expiry.violations(access, now)
