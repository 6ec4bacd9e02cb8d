"""What holds of every decision, on random policies and requests."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support.policy_strategies import bodies, contexts, requests, statements_of
from support.stress import STRESS

from remediate.policy import canonical_json, modern, statements
from remediate.policy.evaluate import Decision, Policies, decide
from remediate.policy.request import Request

EXAMPLES = 20_000 if STRESS else 40
many = settings(max_examples=EXAMPLES, deadline=None)
OLD = "2008-10-17"


def document(body: Any, version: str = "2012-10-17") -> dict[str, Any]:
    return {"Version": version, "Statement": body}


def given_by(body: Any) -> tuple[str, ...]:
    return statements(document(body))


def same(one: Decision, other: Decision) -> bool:
    return (one.outcome, one.layer, set(one.statements)) == (other.outcome, other.layer, set(other.statements))


@many
@given(bodies(), st.randoms(use_true_random=False), requests)
def test_neither_order_nor_repetition_of_statements_matters(body: list[Any], chance: Any, request: Request) -> None:
    shuffled = chance.sample(given_by(body) * 2, len(given_by(body)) * 2)
    every = given_by({"Effect": "Allow", "Action": "*", "Resource": "*"})
    for first, again in (
        (Policies(identity=given_by(body)), Policies(identity=tuple(shuffled))),
        (Policies(identity=every, boundary=given_by(body)), Policies(identity=every, boundary=tuple(shuffled))),
        (Policies(identity=every, session=given_by(body)), Policies(identity=every, session=tuple(shuffled))),
    ):
        assert same(decide(first, request), decide(again, request))


@many
@given(bodies(), statements_of(), requests)
def test_one_more_deny_never_allows_more(body: list[Any], more: dict[str, Any], request: Request) -> None:
    before = decide(Policies(identity=given_by(body)), request)
    after = decide(Policies(identity=given_by([*body, {**more, "Effect": "Deny"}])), request)
    assert before.allowed or not after.allowed
    assert after.outcome in (before.outcome, "explicitly denied")


@many
@given(bodies(), statements_of(), requests)
def test_one_more_allow_never_allows_less(body: list[Any], more: dict[str, Any], request: Request) -> None:
    before = decide(Policies(identity=given_by(body)), request)
    after = decide(Policies(identity=given_by([*body, {**more, "Effect": "Allow"}])), request)
    assert after.allowed or not before.allowed


@many
@given(bodies(), bodies(), requests)
def test_a_boundary_only_takes_away(body: list[Any], limit: list[Any], request: Request) -> None:
    free = decide(Policies(identity=given_by(body)), request)
    bound = decide(Policies(identity=given_by(body), boundary=given_by(limit)), request)
    alone = decide(Policies(identity=given_by(limit)), request)
    assert bound.allowed == (free.allowed and alone.allowed)


@many
@given(bodies(), requests)
def test_the_canonical_form_decides_as_what_it_stands_for(body: list[Any], request: Request) -> None:
    """Written again from its canonical form, a document decides the same, however it was written before."""
    first = given_by(body)
    again = given_by([json.loads(one) for one in first])
    loose = [
        {**one, "Sid": f"S{n}", "Action": one["Action"][0]} if _one_action(one) else one for n, one in enumerate(body)
    ]
    assert first == again == given_by(loose)
    assert same(decide(Policies(identity=first), request), decide(Policies(identity=given_by(loose)), request))


def _one_action(statement: dict[str, Any]) -> bool:
    return len(statement.get("Action", ())) == 1


SPELLED_OUT = ("arn:aws:s3:::b/${aws:username}/k", "arn:aws:s3:::b/${aws:PrincipalTag/team, 'bob'}/k")
spelling = st.builds(
    lambda request, resource, name: Request(
        action=request.action, resource=resource, context={**request.context, "aws:username": name}
    ),
    requests,
    st.sampled_from(SPELLED_OUT),
    st.sampled_from(("alice", "${aws:PrincipalTag/team}", "${*}")),
)


@many
@given(bodies(), requests | spelling)
def test_the_old_version_decides_as_the_text_that_it_is(body: list[Any], request: Request) -> None:
    """A document of 2008 is the document of 2012 in whose place the dollar of every variable is a plain one: so it is
    evaluated by its own rules, where nothing but wildcards is special, in requests that spell the variables out."""
    old = statements(document(body, OLD))
    spelled = json.loads(canonical_json(body).decode().replace("${", "<"))
    marked = Request(
        action=request.action,
        resource=request.resource.replace("${", "<"),
        context={key: _marked(value) for key, value in request.context.items()},
        caller=request.caller,
    )
    direct = decide(Policies(identity=given_by(spelled)), marked)
    through = decide(Policies(identity=old), request)
    assert (direct.outcome, direct.layer) == (through.outcome, through.layer)
    assert statements(modern(document(body, OLD))) == old


def _marked(value: str | tuple[str, ...]) -> str | tuple[str, ...]:
    return value.replace("${", "<") if isinstance(value, str) else tuple(one.replace("${", "<") for one in value)


@many
@given(bodies(), contexts(), requests)
def test_keys_that_no_statement_asks_for_do_not_matter(body: list[Any], more: dict[str, Any], request: Request) -> None:
    policies = Policies(identity=given_by(body))
    other = {**request.context, **{f"other/{key.lower()}": value for key, value in more.items()}}
    wider = Request(action=request.action, resource=request.resource, context=other, caller=request.caller)
    assert same(decide(policies, request), decide(policies, wider))


@many
@given(bodies(), requests)
def test_what_is_documented_is_never_unknown(body: list[Any], request: Request) -> None:
    assert decide(Policies(identity=given_by(body)), request).outcome != "unknown"
