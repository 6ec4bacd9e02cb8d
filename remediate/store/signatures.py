"""Signatures stand beside their plan, one file each, so that people can add theirs at the same time."""

import hashlib
import re
from pathlib import Path

import msgspec

from remediate.model import Role, Signature
from remediate.store.files import read_whole, signature_path, write_new

MAX_BYTES = 64 * 1024
NAME = re.compile(r".*\.((?:approver|planner)-[0-9a-f]{12})\.signature\.json", re.DOTALL)


def path_of(plan_file: Path, role: Role, key: str) -> Path:
    """`<plan>.approver-3f2a9c1b77de.signature.json`"""
    return signature_path(plan_file, f"{role}-{hashlib.sha256(key.encode()).hexdigest()[:12]}")


def save(signature: Signature, plan_file: Path) -> Path:
    """Writes a signature beside its plan, over an earlier one by the same key. Raises BadInput."""
    path = path_of(plan_file, signature.role, signature.key)
    write_new(path, encode(signature))
    return path


def encode(signature: Signature) -> bytes:
    """The one way in which a signature is written."""
    return msgspec.json.format(msgspec.json.encode(signature, order="sorted"), indent=1) + b"\n"


def beside(plan_file: Path) -> tuple[list[Signature], list[str]]:
    """The signatures beside a plan, and what is wrong with those that are not as they were written."""
    found: list[Signature] = []
    broken: list[str] = []
    for path in sorted(plan_file.parent.glob("*.signature.json")):
        name = NAME.fullmatch(path.name)
        if not name or not path.is_file() or path.name != signature_path(plan_file, name[1]).name:
            continue  # of another plan, such as this one's rollback
        try:
            content = read_whole(path, MAX_BYTES)
            signature = msgspec.json.decode(content, type=Signature)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            broken.append(f"{path.name}: not a signature")
        except OSError as error:
            broken.append(f"{path.name}: cannot be read: {error.strerror}")
        else:
            if content == encode(signature):
                found.append(signature)
            else:
                broken.append(f"{path.name}: altered after it was written")
    return found, broken
