"""Exempt means untouched: whatever the playbook exempts, no plan of any controls has a change that is about it."""

from collections.abc import Iterator
from datetime import date
from fnmatch import fnmatchcase

import msgspec
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from support import faults as f
from support.aws import Aws
from support.faults import Faults

from remediate import planner
from remediate.account import Account, Role, User
from remediate.aws.resources import RESOURCES
from remediate.aws.session import Session
from remediate.cli import work
from remediate.controls import CONTROLS
from remediate.errors import Refused
from remediate.model import Address, Change, Exemption, Matcher, kind_of
from remediate.planner import Chosen
from remediate.playbook import Playbook
from remediate.playbook.scope import Scope
from remediate.sandbox import fill
from remediate.sandbox.strict import settings as strict

PLAYBOOK = "acme"


@pytest.fixture(scope="module")
def surveyed(_clients: Aws) -> Iterator[tuple[Account, Chosen, Playbook]]:
    """The messy account with everything that the controls of the playbook ask."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _clients.environment().items():
            patch.setenv(name, value)
        _clients.sandbox.reset()
        fill()
        playbook = work.playbook_named(PLAYBOOK)
        account, chosen = work.survey(work.connect(None, None, None), playbook, ())
    yield account, chosen, playbook


def people(account: Account) -> list[User | Role]:
    return [*account.users.values(), *account.roles.values()]


@st.composite
def matchers(draw: st.DrawFn, account: Account) -> Matcher:
    """By name, path or tag, of somebody who is there, whole or in part."""
    everybody = people(account)
    who = draw(st.sampled_from(everybody) | st.sampled_from([one for one in everybody if one.tags]))
    cut = draw(st.integers(1, len(who.name)))
    lines: dict[str, object] = {}
    wanted = draw(st.sets(st.sampled_from(["name", "path", "tag"]), min_size=1))
    if "name" in wanted:
        lines["name"] = draw(st.sampled_from([who.name, who.name[:cut] + "*", "*" + who.name[-cut:]]))
    if "path" in wanted:
        lines["path"] = draw(st.sampled_from([who.path, "/*"]))
    if "tag" in wanted and who.tags:
        key = draw(st.sampled_from(sorted(who.tags)))
        lines["tag"] = {key: draw(st.sampled_from([who.tags[key], "*"]))}
    return Matcher(**(lines or {"name": who.name}))  # type: ignore[arg-type]


def fits(who: User | Role, matcher: Matcher) -> bool:
    return (
        fnmatchcase(who.name, matcher.name or "*")
        and fnmatchcase(who.path, matcher.path or "*")
        and all(key in who.tags and fnmatchcase(who.tags[key], v) for key, v in (matcher.tag or {}).items())
    )


def about(change: Change, account: Account) -> set[Address]:
    """Whom a change is about, by its address alone; of a group whose members notice, each of them."""
    kind, *names = change.address.split("/")
    if kind == "iam.group_member":
        return {Address(f"iam.user/{names[1]}")}
    if kind.startswith("iam.group") and change.risk != "neutral":
        return {Address(f"iam.user/{name}") for name in account.members_of(names[0])}
    if kind.startswith(("iam.user", "iam.login_profile", "iam.access_key", "iam.issued_key")):
        return {Address(f"iam.user/{names[0]}")}
    return {Address(f"iam.role/{names[0]}")} if kind.startswith("iam.role") else set()


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_plan_touches_who_is_exempt(surveyed: tuple[Account, Chosen, Playbook], data: st.DataObject) -> None:
    account, chosen, playbook = surveyed
    exempt = data.draw(st.lists(matchers(account), min_size=1, max_size=3))
    some = data.draw(st.sets(st.sampled_from(sorted(CONTROLS)), min_size=1))
    exemptions = tuple(
        Exemption(match=m, owner="ana", reason="the test says so", expires=date(2099, 1, 1)) for m in exempt
    )
    scope = Scope(
        playbook=Playbook(name="test", principals=playbook.principals, exemptions=exemptions),
        now=work.SystemClock().now(),
    )
    only = [(control, settings) for control, settings in chosen if control.id in some]
    try:
        changes = planner.draft(account, only, scope, RESOURCES).changes
    except Refused:
        event("refused")
        return
    untouched = {
        Address(f"iam.{'user' if isinstance(who, User) else 'role'}/{who.name}")
        for who in people(account)
        if any(fits(who, m) for m in exempt)
    }
    event(f"{len(untouched) > 0} exempt, {min(len(changes), 1)} changes")
    assert not [change.address for change in changes if about(change, account) & untouched]


def test_where_tags_could_not_be_read_everybody_is_left_alone(aws: Aws) -> None:
    """Somebody exempt by a tag that nobody saw is not "not exempt": unknown, and no change is about anybody.

    The second page of the listing is refused, so that some people were seen, and their tags with them.
    """
    fill()
    strict.page_size = 20
    refused = lambda call: call.operation == "GetAccountAuthorizationDetails" and call.n > 1  # noqa: E731
    playbook = work.playbook_named(PLAYBOOK)
    account, chosen = work.survey(Faults().when(refused, f.denied).watch(Session()), playbook, ())
    by_tag = Exemption(match=Matcher(tag={"*": "*"}), owner="ana", reason="says a tag", expires=date(2099, 1, 1))
    scope = Scope(playbook=msgspec.structs.replace(playbook, exemptions=(by_tag,)), now=work.SystemClock().now())
    plan = planner.draft(account, chosen, scope, RESOURCES)
    assert [
        change.address for change in plan.changes if RESOURCES[kind_of(change.address)].principal(change.address)
    ] == []
    assert [found.address for found in plan.findings if kind_of(found.address) in ("iam.user", "iam.role")] == []
    assert plan.exempted == ()
    unknown = next(unknown for unknown in plan.unknowns if unknown.what == "iam.user")
    assert {"groups", "mfa", "unused-credentials", "least-privilege"} <= set(unknown.controls)
    assert "AccessDenied" in unknown.reason
