"""Where the passwords of directories and of trusts are found when they are needed: names alone, never a password.

A plan names no password and no place of one: the place follows from the directory's name. It is an environment
variable of whoever applies the plan, or else a secret of AWS Secrets Manager in the directory's region.
"""

import re

from remediate.model import Struct


class Place(Struct, frozen=True, kw_only=True):
    variable: str
    """An environment variable; it is looked at first."""
    secret: str
    """A secret: the password as it is, or JSON with the key `password`."""

    def __str__(self) -> str:
        return f"the environment variable {self.variable}, or the secret {self.secret}"


def of_directory(name: str) -> Place:
    """The administrator's password of a directory; of an AD Connector its service account's."""
    return Place(variable=_variable(name), secret=f"remediate/directory/{name}")


def of_trust(directory: str, domain: str) -> Place:
    """The password of a trust, the same on both sides of it."""
    secret = f"{of_directory(directory).secret}/trust/{domain}"
    return Place(variable=f"{_variable(directory)}_TRUST_{_upper(domain)}", secret=secret)


def _variable(directory: str) -> str:
    return f"REMEDIATE_PASSWORD_{_upper(directory)}"


def _upper(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", name.upper())
