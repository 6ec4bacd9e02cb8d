"""Who made a call, and with which credential.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
"""

from typing import NamedTuple

import msgspec

from remediate.evidence.ladder import plain
from remediate.evidence.record import Context, Identity

UNKNOWN = "unknown"
_CONTEXT = msgspec.json.Decoder(Context | None)


class Who(NamedTuple):
    """Whoever made a call."""

    principal: str
    """The ARN of a user, a role or the root user; the name of an AWS service; else the kind of identity and a name."""
    credential: str
    """A long-lived access key; of a session its name and its key, `name/ASIA…`; empty where the record has none."""
    mfa: str
    """`yes` or `no`, as the session says; empty for a long-lived key, which says nothing."""
    source: str
    """The source identity that somebody gave the session, which nobody behind it can change; mostly empty.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html"""


def who(identity: Identity) -> Who:
    """Raises msgspec.DecodeError where the session is not as CloudTrail writes it."""
    context = _CONTEXT.decode(identity.sessionContext) or Context()
    given = context.attributes.mfaAuthenticated if context.attributes else ""
    mfa = {"true": "yes", "false": "no"}.get(given, "")
    issuer = context.sessionIssuer.arn if context.sessionIssuer else ""
    if issuer or identity.type == "AssumedRole":
        credential = f"{plain(_session_name(identity.arn))}/{plain(identity.accessKeyId)}"
        return Who(plain(issuer or _role(identity.arn)), credential, mfa, plain(context.sourceIdentity))
    return Who(_name(identity), plain(identity.accessKeyId), mfa, plain(context.sourceIdentity))


def _name(identity: Identity) -> str:
    if identity.arn:
        return plain(identity.arn)
    if identity.type == "AWSService":
        return plain(identity.invokedBy or UNKNOWN)
    name = identity.userName or identity.accountId
    return plain(f"{identity.type or UNKNOWN}:{name}" if name else identity.type or UNKNOWN)


def _session_name(arn: str) -> str:
    """`arn:aws:sts::111122223333:assumed-role/name/session` and `…:federated-user/session`."""
    return arn.rpartition("/")[2]


def _role(arn: str) -> str:
    """The role of a session whose record does not say who issued it: without its path, which no session's ARN has."""
    head, _, rest = arn.partition(":assumed-role/")
    return f"{head.replace(':sts:', ':iam:')}:role/{rest.partition('/')[0]}" if rest else arn or UNKNOWN
