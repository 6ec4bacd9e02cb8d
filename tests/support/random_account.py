"""Random accounts: people and programs with policies of their own, groups, passwords, MFA and keys of all ages."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from hypothesis import strategies as st

from remediate.sandbox.builder import Builder, Key, Password, Person
from support.accounts import document, statement

ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
MANAGED = (ADMIN, "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess", "arn:aws:iam::aws:policy/AWSDenyAll", "own")
INLINE = {
    "read": json.dumps(document(statement("s3:GetObject", "arn:aws:s3:::bucket/*"))),
    "all": json.dumps(document(statement("*"))),
    "keep": json.dumps(document({**statement("s3:Delete*"), "Effect": "Deny"})),
    "ops": json.dumps(document(statement(["ec2:Stop*", "ec2:Start*"]))),
}
DAYS = st.sampled_from((1, 44, 46, 89, 91, 200, 600))
SPARED = "spared"
"""Exempt from every control by the playbook."""


class Drawn(NamedTuple):
    people: tuple[Person, ...]
    groups: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]
    """Attached policies, and names of inline ones."""


passwords = st.builds(Password, made=st.just(700), used=st.none() | DAYS, mfa=st.booleans())
keys = st.builds(Key, made=st.just(650), used=st.none() | DAYS, active=st.booleans(), tagged=st.none() | DAYS)
some_inline = st.sets(st.sampled_from(sorted(INLINE)), max_size=2)
attached = st.sets(st.sampled_from(MANAGED), max_size=2).map(lambda held: tuple(sorted(held)))


@st.composite
def person(draw: st.DrawFn, name: str, groups: tuple[str, ...]) -> Person:
    return Person(
        name=name,
        path=draw(st.sampled_from(("/", "/", "/apps/"))),
        password=draw(st.none() | passwords),
        keys=tuple(draw(st.lists(keys, max_size=2))),
        inline={n: INLINE[n] for n in sorted(draw(some_inline))},
        attached=draw(attached),
        groups=tuple(sorted(draw(st.sets(st.sampled_from(groups), max_size=2)))) if groups else (),
    )


@st.composite
def accounts(draw: st.DrawFn) -> Drawn:
    names = ("dev", "ops")[: draw(st.integers(0, 2))]
    groups = {n: (draw(attached), tuple(sorted(draw(some_inline)))) for n in names}
    users = ("ann", "bob", "cy", SPARED)[-draw(st.integers(2, 4)) :]
    return Drawn(tuple(draw(person(name, names)) for name in users), groups)


def build(drawn: Drawn) -> tuple[str, str]:
    """Makes the account, with a caller who may do everything; returns the caller's access key and its secret."""
    account = Builder(datetime.now(UTC))
    account.policy("own", json.dumps(document(statement("s3:PutObject", "arn:aws:s3:::bucket/*"))))
    for name, (held, inline) in drawn.groups.items():
        account.group(name, held, {n: INLINE[n] for n in inline})
    account.person(Person(name="caller", keys=(Key(made=9, used=0),), attached=(ADMIN,)))
    [(id, key)] = account.iam.access_keys.items()
    for one in drawn.people:
        account.person(one)
    return str(id), str(key.secret_access_key)
