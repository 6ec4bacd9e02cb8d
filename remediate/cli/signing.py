"""What commands do with signatures: open the key that makes one, ask for those that a plan needs, say who signed."""

import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from remediate.cli import terminal
from remediate.cli.work import SystemClock
from remediate.errors import RemediateError
from remediate.model import Plan, Signature

if TYPE_CHECKING:
    from remediate.approval import Trust
    from remediate.aws.session import Session
    from remediate.signature import Signer

Connect = Callable[[], "Session"]
PASSPHRASE = "REMEDIATE_KEY_PASSPHRASE"  # noqa: S105 - the variable's name
TRUSTED_KEYS = Path("trusted-keys.yaml")


def signer(key: str, connect: Connect) -> "Signer":
    """The private key of that file, or the KMS key of that ARN. Raises BadInput, RemediateError."""
    from remediate.signature import is_kms

    if is_kms(key):
        from remediate.aws.signing import KmsKey

        return KmsKey(connect(), key)
    from remediate.store.keys import load

    return load(Path(key), lambda: _passphrase(key))


def _passphrase(key: str) -> str:
    if PASSPHRASE in os.environ:
        return os.environ[PASSPHRASE]
    if not sys.stdin.isatty():
        raise RemediateError(
            f"the key {key} has a passphrase, and there is no terminal to ask for it on",
            remedy=f"Set the variable {PASSPHRASE}, or sign with a key in KMS.",
        )
    from remediate.render.text import safe

    return str(typer.prompt(f"Passphrase of {safe(key)}", hide_input=True))


def save(plan: Plan, file: Path, planner: "Signer | None") -> None:
    """Writes a plan, and beside it the word of whoever made it if they sign. Raises BadInput, RemediateError."""
    from remediate.signature import signed
    from remediate.store import plans, signatures

    signature = signed(plan, "planner", planner, SystemClock().now()) if planner else None
    plans.save(plan, file)
    if signature:
        signatures.save(signature, file)


def require(plan: Plan, file: Path, trusted_keys: Path, connect: Connect) -> None:
    """Raises Refused unless a key that the operator trusts approved this plan; says whose it is.

    Nothing is asked of AWS but, for a key in KMS, whether a signature is its own.
    """
    from remediate.approval import approved
    from remediate.render.signatures_text import signatures
    from remediate.render.text import safe
    from remediate.store.signatures import beside

    session = cache(connect)

    def ask(signature: Signature, message: bytes) -> str:
        from remediate.aws.signing import fault

        return fault(session(), signature.key, signature.algorithm, message, signature.value)

    found, broken = beside(file)
    approval = approved(plan, str(file), found, trust(trusted_keys), ask, broken=broken)
    terminal.note(safe(signatures([approval])[0]))


def trust(path: Path) -> "Trust":
    """The operator's file of trusted keys. Raises BadInput."""
    from remediate.store.trust import load

    return load(path)


def show(plan: Plan, file: Path, trusted_keys: Path) -> None:
    """Prints who signed a plan."""
    from remediate.render.text import safe

    for line in lines(plan, file, trusted_keys):
        terminal.say(safe(line))


def lines(plan: Plan, file: Path, trusted_keys: Path) -> list[str]:
    """Who signed a plan, as far as that can be said without asking anybody. Nothing where nobody did."""
    from remediate.store.signatures import beside

    found, broken = beside(file)
    if not found and not broken:
        return []
    from remediate.approval import judge
    from remediate.render.signatures_text import signatures

    known = None if trusted_keys == TRUSTED_KEYS and not trusted_keys.exists() else trust(trusted_keys)
    return [*signatures(judge(plan, found, known)), *(f"! does not count: {why}" for why in broken)]
