"""How far each journal had come when this machine last closed it, kept where locks are.

A chain of hashes shows every change but one: an end that was cut off or written anew. Whoever puts an old copy of a
journal back would have its run begin again as if what it did since were somebody else's.
"""

from contextlib import suppress

import msgspec

from remediate.errors import BadInput, Refused
from remediate.model import Struct
from remediate.store.files import write_new
from remediate.store.lock import state_folder


class Head(Struct, frozen=True, kw_only=True):
    """The last record of a journal: its number and its hash."""

    seq: int
    hash: str


def keep(plan: str, head: Head) -> None:
    """Notes how far the journal of the plan with this digest has come."""
    with suppress(BadInput):  # the journal itself is on disk; without its head it is as good as on another machine
        write_new(state_folder() / "heads" / f"{plan}.json", msgspec.json.encode(head))


def known(plan: str) -> Head | None:
    """How far this machine has seen that journal; None where it never closed it."""
    try:
        return msgspec.json.decode((state_folder() / "heads" / f"{plan}.json").read_bytes(), type=Head)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def check(place: str, plan: str, hashes: list[str]) -> None:
    """Raises Refused where a journal of these records' hashes ends before, or other than, this machine has seen it."""
    head = known(plan)
    if head and not hashes:
        raise Refused(
            f"there is no journal {place}: this machine has seen {head.seq} records of it, so the plan was applied",
            details=[f"record {head.seq} had the hash {head.hash}"],
            remedy="If the plan was moved, copied or renamed: give the one that its journal stands beside, or move "
            "both. If the journal is lost: put it back from your version control or backup, or make a new plan.",
        )
    if head and (len(hashes) < head.seq or hashes[head.seq - 1] != head.hash):
        raise Refused(
            f"the journal {place} does not end as it was written: this machine has seen {head.seq} records of it",
            details=[f"now {len(hashes)} records", f"record {head.seq} had the hash {head.hash}"],
            remedy="Put the whole journal back from your version control or backup; without it, make a new plan.",
        )
