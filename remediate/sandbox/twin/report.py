"""The credential report as the account had it, made from what the twin's users are at that moment."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime

from remediate.account import KeySlot, Root
from remediate.sandbox.twin.base import Twin


def keep(twin: Twin) -> None:
    """Makes the report now; IAM gives the same one again for four hours. Without a root user there was none to copy."""
    from remediate.sandbox.strict import report

    if not twin.account.root:
        return
    rows = list(csv.reader(io.StringIO(report.text(twin.iam))))
    rows[1] = list(_root(rows[1], twin.account.root))
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(rows)
    twin.iam.credential_report = report.Report(file.getvalue(), datetime.now(UTC), 0)


def _root(row: list[str], root: Root) -> Iterator[str]:
    from remediate.sandbox.strict.report import COLUMNS

    known = dict(zip(COLUMNS, row, strict=True)) | {"mfa_active": str(root.mfa).lower()}
    for n in (1, 2):
        slot = root.keys[n - 1] if n <= len(root.keys) else None
        known |= {f"access_key_{n}_{name}": text for name, text in _slot(slot)}
    return (known[name] for name in COLUMNS)


def _slot(slot: KeySlot | None) -> Iterator[tuple[str, str]]:
    yield "active", str(bool(slot and slot.active)).lower()
    yield "last_rotated", slot.created.isoformat() if slot else "N/A"
    yield "last_used_date", slot.last_used.isoformat() if slot and slot.last_used else "N/A"
