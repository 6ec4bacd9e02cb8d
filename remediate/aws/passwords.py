"""Passwords that a change needs, read when it is sent: from the environment or from AWS Secrets Manager.

A password lives in the one call that sends it. It is in no entry, no journal and no message: what AWS says of a call
that it refuses is searched for it first.
"""

import os
import re
from typing import Any

import msgspec

from remediate.aws.session import Answer, Session
from remediate.errors import CallFailed
from remediate.model import AccountId, Permission
from remediate.passwords import Place

SERVICE = "secretsmanager"


def permission(region: str, place: Place, where: AccountId) -> Permission:
    """AWS adds a hyphen and six characters to a secret's name."""
    arn = f"arn:{where.partition}:{SERVICE}:{region}:{where.account}:secret:{place.secret}-??????"
    return Permission(action=f"{SERVICE}:GetSecretValue", resource=arn)


def write_with(
    aws: Session, operation: str, region: str, place: Place, field: str, fits: re.Pattern[str], **parameters: Any
) -> Answer:
    """One changing call of Directory Service with a password in `field`. Raises CallFailed, never with the password.

    A password that is missing, or that AWS would refuse, is refused before the call.
    """
    password = _read(aws, operation, region, place)
    if not fits.fullmatch(password):
        raise CallFailed(operation, "BadPassword", f"AWS would refuse the password in {place}: see its rules for one")
    try:
        return aws.write("ds", operation, region=region, **{field: password}, **parameters)
    except CallFailed as error:
        if password not in str(error):
            raise
        clean = type(error)(*(said.replace(password, "…") for said in (operation, error.code, error.message)))
    raise clean  # outside of the handler: the error that it replaces is not to be shown beside it


def _read(aws: Session, operation: str, region: str, place: Place) -> str:
    given = os.environ.get(place.variable)
    if given:
        return given
    try:
        secret = aws.read(SERVICE, "get_secret_value", region=region, SecretId=place.secret)
    except CallFailed as error:
        if error.code != "ResourceNotFoundException":
            raise
        why = f"{place.variable} is not set, and there is no secret {place.secret} in {region}"
        raise CallFailed(operation, "NoPassword", why) from None
    return _plain(str(secret.get("SecretString", "")))


def _plain(text: str) -> str:
    """A secret is a text, or as the console makes them JSON with keys."""
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
    return str(found["password"]) if isinstance(found, dict) and "password" in found else text
