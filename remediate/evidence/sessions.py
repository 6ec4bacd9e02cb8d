"""Who stands behind the session of a role.

The call that begins a session says who made it, and its answer names the session's access key, which every record of
the session carries. Where a summary no longer tells the sessions of a role apart by their keys, their names lead back,
and where it does not tell those apart either, everybody who began one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

import msgspec
from msgspec import Struct

from remediate.evidence.ladder import plain
from remediate.evidence.record import Event
from remediate.evidence.summary import Link

OF_ROLES = frozenset(("AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"))
"""By these somebody takes a role, whose trust policy lets them."""
BEGINNINGS = OF_ROLES | {"AssumeRoot"}
"""Calls that begin a session: https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html"""
LONGEST_CHAIN = 8
Links = Mapping[str, Sequence[Link]]


class Credentials(Struct):
    accessKeyId: str = ""


class Answer(Struct):
    credentials: Credentials | None = None


class Asked(Struct):
    roleArn: str = ""
    roleSessionName: str = ""


_ASKED = msgspec.json.Decoder(Asked | None)
_ANSWER = msgspec.json.Decoder(Answer | None)


def begun(event: Event) -> Iterator[tuple[str, str]]:
    """The role and the session that a call began; nothing where it was refused, or the record does not say."""
    try:
        asked = _ASKED.decode(event.requestParameters)
        answer = _ANSWER.decode(event.responseElements)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    if asked and asked.roleArn and answer and answer.credentials and answer.credentials.accessKeyId:
        name, key = plain(asked.roleSessionName), plain(answer.credentials.accessKeyId)
        yield plain(asked.roleArn), f"{name}/{key}"


def by_role(links: Iterable[Link]) -> Links:
    """Who began which sessions, by the role."""
    found: dict[str, list[Link]] = {}
    for link in links:
        found.setdefault(link.role, []).append(link)
    return found


def behind(role: str, credential: str, links: Links) -> Sequence[str]:
    """Whoever may have begun a session of a role, led back through the roles in between."""
    found: set[str] = set()
    at, seen = {(role, credential)}, set[tuple[str, str]]()
    for _ in range(LONGEST_CHAIN):
        seen |= at
        before = {(link.by, link.credential) for role, session in at for link in _of(session, links.get(role, ()))}
        found |= {by for by, _ in before if by not in links}
        at = {one for one in before if one[0] not in found} - seen
    return sorted(found)


def _of(credential: str, own: Sequence[Link]) -> Sequence[Link]:
    """Of the links of a role those of a session: by its key, else by its name, else all."""
    name = credential.partition("/")[0]
    return (
        [link for link in own if link.session == credential]
        or [link for link in own if link.session.partition("/")[0] == name]
        or [link for link in own if fnmatchcase(credential, link.session)]
        or (own if credential.startswith("*") else [])
    )
