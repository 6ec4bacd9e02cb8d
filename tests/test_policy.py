"""Policy documents: what is the same, what is not, and what must never change."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.stress import examples

from remediate.model import Value
from remediate.policy import NotAPolicy, canonical_json, digest, merge, modern, on_everything, size, statements

OLD = "2008-10-17"
BASE: dict[str, Value] = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}


def doc(*body: Any, version: str | None = "2012-10-17") -> dict[str, Any]:
    return {**({"Version": version} if version else {}), "Statement": list(body)}


def when(**operators: Any) -> dict[str, Value]:
    return {**BASE, "Condition": operators}


VARIABLE = {**BASE, "Resource": "arn:aws:s3:::b/${aws:username}/*"}
LITERAL = {**BASE, "Resource": "arn:aws:s3:::b/${$}{aws:username}/*"}
TWO = {"Effect": "Deny", "Action": ["s3:A", "s3:B"], "Resource": ["x", "y"]}

SAME = {
    "one statement and a list of one": (doc(BASE), {"Version": "2012-10-17", "Statement": BASE}),
    "text and a list of one": (doc(BASE), doc({**BASE, "Action": ["s3:GetObject"], "Resource": [BASE["Resource"]]})),
    "order of keys": (doc(BASE), doc(dict(reversed(BASE.items())))),
    "order of lists": (doc(TWO), doc({**TWO, "Action": ["s3:B", "s3:A"], "Resource": ["y", "x"]})),
    "order of statements": (doc(BASE, TWO), doc(TWO, BASE)),
    "repeated values": (doc(TWO), doc({**TWO, "Action": ["s3:A", "s3:B", "S3:a"]})),
    "repeated statements": (doc(BASE), doc(BASE, {**BASE, "Sid": "Again"})),
    "case of actions": (doc(BASE), doc({**BASE, "Action": "S3:getobject"})),
    "case of not-actions": (doc({"Effect": "Deny", "NotAction": "IAM:*", "Resource": "*"}),
                            doc({"Effect": "Deny", "NotAction": ["iam:*"], "Resource": ["*"]})),
    "sid": (doc(BASE), doc({**BASE, "Sid": "Read"})),
    "id of the document": (doc(BASE), {**doc(BASE), "Id": "x"}),
    "old version without variables": (doc(BASE), doc(BASE, version=OLD)),
    "no version is the old one": (doc(VARIABLE, version=OLD), doc(VARIABLE, version=None)),
    "old version with variables means them literally": (doc(LITERAL), doc(VARIABLE, version=OLD)),
    "case of condition keys": (doc(when(StringEquals={"aws:username": "a"})),
                               doc(when(StringEquals={"aws:UserName": ["a"]}))),
    "true as text": (doc(when(Bool={"aws:SecureTransport": True})), doc(when(Bool={"aws:SecureTransport": "true"}))),
    "numbers as text": (doc(when(NumericLessThan={"k": 5})), doc(when(NumericLessThan={"k": ["5"]}))),
    "principals": (doc({**BASE, "Principal": {"AWS": ["1", "2"]}}), doc({**BASE, "Principal": {"AWS": ["2", "1"]}})),
    "one principal": (doc({**BASE, "Principal": {"AWS": "1"}}), doc({**BASE, "Principal": {"AWS": ["1"]}})),
}  # fmt: skip
DIFFERENT = {
    "effect": (doc(BASE), doc({**BASE, "Effect": "Deny"})),
    "action": (doc(BASE), doc({**BASE, "Action": "s3:GetObjects"})),
    "case of resources": (doc(BASE), doc({**BASE, "Resource": "arn:aws:s3:::B/*"})),
    "not-action": (doc(BASE), doc({"Effect": "Allow", "NotAction": "s3:GetObject", "Resource": BASE["Resource"]})),
    "not-resource": (doc(BASE), doc({"Effect": "Allow", "Action": "s3:GetObject", "NotResource": BASE["Resource"]})),
    "condition dropped": (doc(when(StringEquals={"k": "v"})), doc(BASE)),
    "condition's operator": (doc(when(StringEquals={"k": "v"})), doc(when(StringLike={"k": "v"}))),
    "condition's value": (doc(when(StringEquals={"k": "v"})), doc(when(StringEquals={"k": "V"}))),
    "condition's key": (doc(when(StringEquals={"k": "v"})), doc(when(StringEquals={"j": "v"}))),
    "old version with variables": (doc(VARIABLE), doc(VARIABLE, version=OLD)),
    "old version with a variable in a condition": (
        doc(when(StringLike={"s3:prefix": "${aws:username}"})),
        doc(when(StringLike={"s3:prefix": "${aws:username}"}), version=OLD),
    ),
    "missing statement": (doc(BASE, TWO), doc(BASE)),
    "kind of principal": (doc({**BASE, "Principal": {"AWS": "1"}}), doc({**BASE, "Principal": {"Service": "1"}})),
    "not-principal": (doc({**BASE, "Principal": {"AWS": "1"}}), doc({**BASE, "NotPrincipal": {"AWS": "1"}})),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_documents_that_say_the_same(one: Value, other: Value) -> None:
    assert statements(one) == statements(other)
    assert statements(modern(other)) == statements(one)


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_documents_that_say_something_else(one: Value, other: Value) -> None:
    assert statements(one) != statements(other)


@pytest.mark.parametrize(
    "document",
    [None, "text", [], {}, {"Version": "2012-10-17"}, doc("text"), doc({"Effect": "Perhaps", "Action": "*"}),
     doc({"Action": "*"}), doc(when(StringEquals="v")), doc(when(StringEquals={"k": "v", "K": "w"}))],
)  # fmt: skip
def test_what_is_no_policy_is_said_to_be_none(document: Value) -> None:
    with pytest.raises(NotAPolicy):
        statements(document)


def test_a_modern_document_stays_as_it_is() -> None:
    document = doc({**VARIABLE, "Sid": "Own"})
    assert modern(document) is document
    assert modern(doc(VARIABLE, version=OLD))["Statement"] == [LITERAL]


@pytest.mark.parametrize("value", [{}, {"a": "b c\td"}, {"a": [1, 2], "b": {"c": True}}, {"é": "\u2003x\u00a0"}])
def test_size_counts_characters_but_no_white_space(value: Value) -> None:
    text = json.dumps(value, ensure_ascii=False)
    assert size(value) == len("".join(text.split()))
    assert size(json.loads(json.dumps(value, indent=8))) == size(value)


STAR = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (doc(STAR), True),
        ({"Statement": STAR}, True),
        (doc(BASE, {**STAR, "Action": ["s3:*", "*:*"], "Resource": ["x", "*"]}), True),
        (doc({**STAR, "Effect": "Deny"}), False),
        (doc({**STAR, "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}), False),
        (doc({**STAR, "Condition": {}}), True),
        (doc({**STAR, "Resource": "arn:aws:s3:::*"}), False),
        (doc({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}), False),
        (doc({**STAR, "Action": "s3:*"}), False),
        ("text", False),
        (None, False),
        (doc("text"), False),
        ({"Version": "2012-10-17"}, False),
    ],
)
def test_an_administrators_policy(document: Value, expected: bool) -> None:
    assert on_everything(document, "Allow") is expected


def test_a_policy_that_denies_everything() -> None:
    assert on_everything(doc({**STAR, "Effect": "Deny"}), "Deny")
    assert not on_everything(doc(STAR), "Deny")


texts = st.text(st.characters(codec="utf-8"), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
foreign = st.dictionaries(texts, values, max_size=4) | st.builds(lambda sid: {**BASE, "Sid": sid}, texts)
ours = st.lists(st.sampled_from(["Mine1", "Mine2", "Mine3"]), unique=True).map(
    lambda sids: [{**TWO, "Sid": sid} for sid in sids]
)


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(foreign, max_size=5), ours, st.dictionaries(texts, values, max_size=3), st.booleans())
def test_merge_keeps_what_others_wrote_byte_for_byte(
    theirs: list[Any], mine: list[dict[str, Value]], head: dict[str, Value], stale: bool
) -> None:
    old = [{**s, "Action": "s3:Old"} for s in mine] if stale else []
    document = {**head, "Version": OLD, "Statement": [*old, *theirs]}
    before = canonical_json(document)
    result = merge(document, mine)
    sids = {s["Sid"] for s in mine}
    kept = [s for s in theirs if not (isinstance(s.get("Sid"), str) and s["Sid"] in sids)]
    assert canonical_json(result["Statement"]) == canonical_json([*kept, *mine])
    assert {k: v for k, v in result.items() if k != "Statement"} == {**head, "Version": OLD}
    assert merge(result, mine) == result
    assert canonical_json(document) == before, "the document that was read is not touched"


def test_merge_into_nothing_and_into_one_statement() -> None:
    mine = [{**TWO, "Sid": "Mine"}]
    assert merge(None, mine) == {"Version": "2012-10-17", "Statement": mine}
    assert merge({"Version": OLD, "Statement": BASE}, mine) == {"Version": OLD, "Statement": [BASE, *mine]}


def test_digests_and_canonical_json_ignore_the_order_of_keys_alone() -> None:
    assert canonical_json({"b": 1, "a": [2, 1]}) == b'{"a":[2,1],"b":1}'
    assert digest({"b": 1, "a": 2}) == digest({"a": 2, "b": 1}) != digest({"a": 1, "b": 2})
