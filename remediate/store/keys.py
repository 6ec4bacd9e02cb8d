"""Private keys in files, as ssh-keygen and openssl write them."""

import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from remediate.errors import BadInput
from remediate.signature import ED25519

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

MAX_BYTES = 64 * 1024
OTHERS = stat.S_IRWXG | stat.S_IRWXO
MAKE = "Make a key of your own: ssh-keygen -t ed25519 -f remediate.key"
NEEDS_BCRYPT = (
    "For a key of ssh-keygen with a passphrase, `pip install bcrypt`; or make one with "
    "`openssl genpkey -algorithm ed25519 -aes256 -out remediate.key`."
)
"""`cryptography` opens OpenSSH's encrypted form with that package's help."""
OPENSSH = b"-----BEGIN OPENSSH PRIVATE KEY-----"


class FileKey:
    """An ed25519 key that was read from a file."""

    algorithm = ED25519

    def __init__(self, private: "Ed25519PrivateKey") -> None:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        self._private = private
        self.key = private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)


def load(path: Path, passphrase: Callable[[], str]) -> FileKey:
    """The key in a file; `passphrase` is asked if it has one. Raises BadInput, also where others can read the file."""
    content = _content(path)
    try:
        return _read(content, None, path)
    except TypeError:  # what `cryptography` raises for a key that needs a passphrase
        pass
    try:
        return _read(content, passphrase().encode(), path)
    except (ValueError, TypeError):
        raise BadInput(f"the passphrase does not open the key {path}", remedy="Try again.") from None


def _content(path: Path) -> bytes:
    try:
        found = path.stat()
        if found.st_size > MAX_BYTES or not stat.S_ISREG(found.st_mode):
            raise BadInput(f"{path} is not a private key", remedy=f"{MAKE}.")
        if found.st_mode & OTHERS:
            raise BadInput(
                f"others can read the key {path}: anybody may have signed with it",
                remedy=f"Take that from them (chmod 600 {path}), or make a new key: ssh-keygen -t ed25519",
            )
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"the key {path} cannot be read: {error.strerror}", remedy=f"{MAKE}.") from None


def _read(content: bytes, password: bytes | None, path: Path) -> FileKey:
    """Raises TypeError for a key with a passphrase where none was given, and ValueError for a wrong one."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

    read = load_ssh_private_key if content.lstrip().startswith(OPENSSH) else load_pem_private_key
    try:
        private = read(content, password)
    except UnsupportedAlgorithm as error:
        raise BadInput(f"the key {path} cannot be opened: {error}", remedy=NEEDS_BCRYPT) from None
    except ValueError:
        if password is None:
            raise BadInput(f"{path} is not a private key", remedy=f"{MAKE}.") from None
        raise
    if not isinstance(private, Ed25519PrivateKey):
        raise BadInput(f"the key {path} is not an ed25519 key", remedy=f"{MAKE}.")
    return FileKey(private)
