"""Plan files: canonical JSON, sealed by a digest over everything in them."""

import hashlib
from pathlib import Path

import msgspec

from remediate.errors import BadInput, Refused
from remediate.model import Plan
from remediate.store.files import OR_OUTPUT, journal_path, read_whole, write_new

FORMAT = 1
MAX_BYTES = 256 * 1024 * 1024


def sealed(plan: Plan) -> Plan:
    """The plan with its digest: SHA-256 of the canonical JSON of everything else in it."""
    return msgspec.structs.replace(plan, digest=_digest(plan))


def encode(plan: Plan) -> bytes:
    """The one way this plan is written: sorted keys, one value a line so that two plans can be compared."""
    return msgspec.json.format(msgspec.json.encode(plan, order="sorted"), indent=1) + b"\n"


def save(plan: Plan, path: Path) -> None:
    """Writes a plan. Raises BadInput, also where a journal tells of another plan in this file."""
    if journal_path(path).exists():
        raise BadInput(
            f"{path} holds a plan that was applied: its journal {journal_path(path)} stands beside it",
            remedy="Give another name with -o.",
        )
    write_new(path, encode(plan), OR_OUTPUT)


def load(path: Path) -> Plan:
    """The plan in a file, exactly as it was written. Raises BadInput, or Refused where it was altered."""
    try:
        content = read_whole(path, MAX_BYTES)
    except OSError as error:
        raise BadInput(
            f"the plan {path} cannot be read: {error.strerror}",
            remedy="`remediate runs` lists the plans that are here.",
        ) from None
    _check_format(content, path)
    try:
        plan = msgspec.json.decode(content, type=Plan)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _altered(path, str(error)) from None
    if plan.digest != _digest(plan) or content != encode(plan):
        raise _altered(path, "its digest does not fit its content")
    return plan


def _digest(plan: Plan) -> str:
    blank = msgspec.structs.replace(plan, digest="")
    return hashlib.sha256(msgspec.json.encode(blank, order="sorted")).hexdigest()


class _Format(msgspec.Struct):
    format: int


def _check_format(content: bytes, path: Path) -> None:
    try:
        found = msgspec.json.decode(content, type=_Format).format
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadInput(f"{path} is not a plan", remedy="Give a file that `remediate plan` wrote.") from None
    if found != FORMAT:
        raise Refused(
            f"{path} has format {found}, and this version reads {FORMAT}",
            remedy="Apply it with the version of remediate that wrote it, or make a new plan.",
        )


def _altered(path: Path, detail: str) -> Refused:
    return Refused(
        f"{path} was altered after it was written: {detail}",
        details=["Nothing was read from or written to the account."],
        remedy="Make a new plan: remediate plan",
    )
