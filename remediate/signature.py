"""What is signed of a plan, by which keys, and whether a signature is what its key made.

A signature counts for one plan, by its digest, and as long as that is valid. Keys are ed25519 ones, as ssh-keygen and
openssl make them, checked here; or they are in KMS, which signs and checks itself.
"""

import hashlib
import re
from base64 import b64encode
from binascii import Error, a2b_base64
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import msgspec

from remediate.model import Plan, Role, Signature

FORMAT = 1
DOMAIN = b"remediate signature v1\n"
"""Stands before what is signed, so that what a key signed for another purpose never counts here, nor the reverse."""
ED25519 = "ed25519"
KMS_KEY = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:(\d{12}):key/([\w-]+)", re.ASCII)
"""A key's own ARN. An alias can be moved to another key: it names none."""

Ask = Callable[[Signature, bytes], str]
"""What KMS has against a signature by one of its keys over a message; empty for nothing."""
UNASKED = "KMS was not asked"


def unasked(signature: Signature, signed: bytes) -> str:
    """For those who have nobody to ask."""
    return UNASKED


class Signer(Protocol):
    """A private key, wherever it is."""

    @property
    def key(self) -> str:
        """What can check its signatures: see `Signature.key`."""
        ...

    @property
    def algorithm(self) -> str: ...

    def sign(self, message: bytes) -> bytes: ...


def signed(plan: Plan, role: Role, signer: Signer, now: datetime) -> Signature:
    """A key's word on a plan."""
    unsigned = Signature(
        format=FORMAT,
        role=role,
        plan=plan.digest,
        account=plan.header.account,
        expires=plan.header.expires,
        at=now.replace(microsecond=0),
        key=signer.key,
        algorithm=signer.algorithm,
        value=b"",
    )
    return msgspec.structs.replace(unsigned, value=signer.sign(message(unsigned)))


def message(signature: Signature) -> bytes:
    """What is signed: everything in the signature but its value, in canonical JSON."""
    return DOMAIN + msgspec.json.encode(msgspec.structs.replace(signature, value=b""), order="sorted")


def is_kms(key: str) -> bool:
    return key.startswith("arn:")


def fingerprint(key: str) -> str:
    """A key as people compare it: as `ssh-keygen -l` shows it, or the ARN."""
    if is_kms(key):
        return key
    blob = _blob(key)
    return "SHA256:" + b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=") if blob else key


def _blob(key: str) -> bytes:
    try:
        return a2b_base64(key.partition(" ")[2].partition(" ")[0], strict_mode=True)
    except Error:
        return b""


def canonical(key: str) -> str:
    """The one way in which a key is written: without comment, and never as an alias. Raises ValueError."""
    if is_kms(key):
        if not KMS_KEY.fullmatch(key):
            raise ValueError("a KMS key is named by its own ARN (arn:aws:kms:…:key/…): an alias can be moved")
        return key
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_public_key

    try:
        public = load_ssh_public_key(key.encode())
    except (ValueError, UnsupportedAlgorithm):
        public = None
    if not isinstance(public, Ed25519PublicKey):
        raise ValueError("not an ed25519 public key as ssh-keygen writes it (ssh-ed25519 AAAA…), nor a KMS key's ARN")
    return public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def same_key(one: str, other: str) -> bool:
    """Whether two keys are one. A multi-Region key of KMS has an ARN in each of its regions.

    https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
    """
    a, b = KMS_KEY.fullmatch(one), KMS_KEY.fullmatch(other)
    return a.groups() == b.groups() if a and b else one == other


def fault(plan: Plan, signature: Signature, ask: Ask) -> str:
    """Why a signature says nothing of this plan, whoever it is from; empty if it does."""
    if signature.format != FORMAT:
        return f"it has format {signature.format}, and this version reads {FORMAT}"
    if signature.plan != plan.digest:
        return "it is for another plan, or for this one as it was before"
    if (signature.account, signature.expires) != (plan.header.account, plan.header.expires):
        return "it is for another account, or another time"
    if signature.at > plan.header.expires:
        return "it was made after the plan had expired"
    if (signature.role == "planner") != same_key(signature.key, plan.header.planner):
        return "the plan names another planner" if signature.role == "planner" else "the same key made the plan"
    return ask(signature, message(signature)) if is_kms(signature.key) else _ed25519(signature)


def _ed25519(signature: Signature) -> str:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key

    try:
        if signature.algorithm != ED25519 or canonical(signature.key) != signature.key:
            raise ValueError
        public = load_ssh_public_key(signature.key.encode())
        assert isinstance(public, Ed25519PublicKey)
        public.verify(signature.value, message(signature))
    except (ValueError, InvalidSignature):
        return "it is not what that key signed"
    return ""
