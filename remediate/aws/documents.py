"""Policy documents as AWS hands them on, which may hold whatever somebody wrote into them."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from remediate.errors import CallFailed
from remediate.model import Value
from remediate.policy import canonical_json


def held(value: Any) -> Value:
    r"""A document that botocore decoded. What is no JSON object, or cannot be held as one here, stays text.

    One half of a character, as `"\ud800"` escapes it, fits no file of ours: such a document is equal only to itself, is
    written back as it was, and keeps nobody from planning.
    """
    if not isinstance(value, Mapping):
        return str(value)
    try:
        canonical_json(value)
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"))
    return value


def as_text(document: Value) -> str:
    """A document as it is sent: the order of its keys as somebody wrote them, without white space."""
    return document if isinstance(document, str) else msgspec.json.encode(document).decode()


def parsed(operation: str, text: str) -> Value:
    """The document of a key or a bucket, of which statements of ours become a part. Raises CallFailed."""
    try:
        document: Value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise CallFailed(operation, "BadDocument", f"the policy cannot be read: {error}") from None
    return document
