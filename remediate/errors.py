"""Every way this program stops, each with its exit code, what happened, to which address, and the way out."""

from collections.abc import Sequence


class RemediateError(Exception):
    """A stop that a person can act on. `str()` is one screen: what happened, where, what to do now."""

    exit_code = 1

    def __init__(self, what: str, *, address: str = "", remedy: str = "", details: Sequence[str] = ()) -> None:
        super().__init__(what)
        self.what = what
        self.address = address
        self.remedy = remedy
        self.details = tuple(details)


class BadInput(RemediateError):
    """A file or an argument cannot be used as it stands."""


class Refused(RemediateError):
    """Nothing was written because a check said no: stale, expired, altered, wrong account, guard, locked."""

    exit_code = 3


class Partial(RemediateError):
    """Some changes are applied and recorded, some are not; the same command goes on from here."""

    exit_code = 4


class Unreadable(Exception):
    """A pure function asked for a part of the account that could not be read.

    The planner turns it into an Unknown: a failed read is never a pass.
    """

    def __init__(self, prefix: str, reason: str) -> None:
        super().__init__(f"{prefix}: {reason}")
        self.prefix = prefix
        self.reason = reason


class CallFailed(Exception):
    """AWS answered a call with an error. `code` is AWS's own (`NoSuchEntity`, not a class name)."""

    def __init__(self, operation: str, code: str, message: str, request_id: str = "") -> None:
        super().__init__(f"{operation}: {code}: {message}")
        self.operation = operation
        self.code = code
        self.message = message
        self.request_id = request_id


class Denied(CallFailed):
    """The caller lacks a permission. Never retried."""


class NotYet(CallFailed):
    """AWS did nothing and said so, and the same call may succeed later: throttled, or not consistent yet."""


class OutcomeUnknown(CallFailed):
    """The call may or may not have been carried out: time-out, lost connection, 5xx. Read back before anything else."""


class CredentialsEnded(CallFailed):
    """The caller's credentials are missing, invalid or expired: every further call would fail too."""
