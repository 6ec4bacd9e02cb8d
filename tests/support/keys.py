"""Keys that sign plans, and files of trusted keys, for tests."""

from pathlib import Path

import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from remediate.approval import Trust, Trusted
from remediate.model import Plan, Signature
from remediate.signature import signed
from remediate.store import signatures
from remediate.store.keys import FileKey
from support.engine import MADE


def new_key() -> FileKey:
    return FileKey(Ed25519PrivateKey.generate())


def key_file(path: Path, passphrase: str = "", form: PrivateFormat = PrivateFormat.PKCS8) -> str:
    """Writes a new private key as openssl or ssh-keygen does; returns the public one as ssh-keygen writes it."""
    private = Ed25519PrivateKey.generate()
    secret: KeySerializationEncryption = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    path.write_bytes(private.private_bytes(Encoding.PEM, form, secret))
    path.chmod(0o600)
    return f"{FileKey(private).key} {path.stem}@example.com"


def trust(**approvers: str) -> Trust:
    """`trust(Ana=key)`"""
    return Trust(approvers=tuple(Trusted(name=name, key=key) for name, key in approvers.items()))


def trust_file(path: Path, approvers: dict[str, str], planners: dict[str, str] | None = None) -> Path:
    roles = {"approvers": approvers, **({"planners": planners} if planners else {})}
    content = {role: [{"name": name, "key": key} for name, key in keys.items()] for role, keys in roles.items()}
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    path.chmod(0o600)
    return path


def approve(plan: Plan, file: Path, key: FileKey) -> Signature:
    """An approval beside a plan."""
    signature = signed(plan, "approver", key, min(MADE, plan.header.expires))
    signatures.save(signature, file)
    return signature
