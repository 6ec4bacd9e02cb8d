"""The planner: wants become changes, what is unknown is said, and the same account gives the same plan."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date

import msgspec
import pytest
from support.accounts import (
    NOW,
    READ_ONLY,
    account,
    ago,
    document,
    holding,
    key,
    password,
    statement,
    user,
    with_settings,
)

from remediate import planner
from remediate.account import Account, Key
from remediate.aws.resources import RESOURCES
from remediate.controls import CONTROLS, groups
from remediate.controls.base import Control
from remediate.errors import BadInput, Refused
from remediate.model import Address, Exemption, Fault, Manual, Matcher, Risk, Struct, Unknown, Value, Want, at
from remediate.playbook import Playbook, Principals
from remediate.playbook.scope import Scope

SCOPE = Scope(playbook=Playbook(name="test"), now=NOW)
ANN = at("iam.user", "ann")
JUST_ANN = account(users=[user("ann")])
TAG = at("iam.user_tag", "ann", "team")


class Settings(Struct, frozen=True, kw_only=True):
    pass


def finds(id: str, *faults: Fault, needs: tuple[str, ...] = (), asks: tuple[Address, ...] = ()) -> Control[Struct]:
    """A control that always finds the same."""

    def check(now: Account, settings: Struct, scope: Scope) -> Iterator[Fault]:
        yield from faults
        now.known(*needs)

    def ask(now: Account, settings: Struct, scope: Scope) -> Iterable[Address]:
        now.known(*needs)
        return asks

    return Control(
        id=id,
        title=id,
        guideline="G0",
        security_hub=("CIS 0",),
        rollback="",
        changes="",
        settings=Settings,
        check=check,
        asks=ask,
        doc="",
    )


def fault(*wants: Want, address: Address = ANN, manual: Manual | None = None) -> Fault:
    return Fault(address=address, summary="s", severity="low", wants=wants, manual=manual)


def want(address: Address = TAG, after: Value = "x", risk: Risk = "neutral", **more: object) -> Want:
    return Want(address=address, after=after, **{"why": "because", "risk": risk, **more})  # type: ignore[arg-type]


def drafted(*controls: Control[Struct], now: Account = JUST_ANN, scope: Scope = SCOPE) -> planner.Draft:
    return planner.draft(now, [(c, Settings()) for c in controls], scope, RESOURCES)


def test_controls_that_disagree_are_named() -> None:
    with pytest.raises(BadInput, match=r"a, b want different things of iam\.user_tag/ann/team") as caught:
        drafted(finds("a", fault(want(after="x"))), finds("b", fault(want(after="y"))))
    assert "--control" in caught.value.remedy


def test_controls_that_agree_make_one_change_with_both_reasons() -> None:
    draft = drafted(
        finds("b", fault(want(risk="restrictive", notice="two", evidence={"e": 1}))),
        finds("a", fault(want(notice="one", evidence={"f": 2}))),
        finds("c", fault(want(notice="one"))),
    )
    (change,) = draft.changes
    assert [r.control for r in change.reasons] == ["a", "b", "c"]
    assert change.risk == "restrictive", "the worst of them"
    assert change.evidence == {"e": 1, "f": 2}
    assert change.notice == "one; two"
    assert [f.changes for f in draft.findings] == [(1,)] * 3
    assert draft.findings[0].standards == ("G0", "CIS 0")


def test_what_is_there_already_is_no_change_but_stays_a_finding() -> None:
    now = account({TAG: "x"}, users=[user("ann")])
    draft = drafted(finds("a", fault(want())), now=now)
    assert (draft.changes, len(draft.findings), draft.findings[0].changes) == ((), 1, ())


def test_what_is_only_needed_meanwhile_is_taken_away_again() -> None:
    draft = drafted(finds("a", fault(want(meanwhile=True))))
    assert [(c.before, c.after, c.needs) for c in draft.changes] == [(None, "x", ()), ("x", None, (1,))]
    assert draft.findings[0].changes == (1, 2)


def test_what_somebody_needs_for_good_stays() -> None:
    draft = drafted(finds("a", fault(want(meanwhile=True))), finds("b", fault(want())))
    assert [(c.before, c.after) for c in draft.changes] == [(None, "x")]
    assert [r.control for r in draft.changes[0].reasons] == ["b"]


def test_a_guarded_plan_or_none() -> None:
    now = account(holding("user", "ann", [READ_ONLY]))
    with pytest.raises(Refused):
        drafted(finds("a", fault(want(at("iam.user_policy", "ann", READ_ONLY), None))), now=now)


EXEMPT = Exemption(match=Matcher(name="ann"), controls=("a",), owner="o", reason="r", expires=date(2026, 12, 31))


def test_an_exemption_is_recorded_and_nothing_is_changed() -> None:
    scope = Scope(playbook=Playbook(name="t", exemptions=(EXEMPT,)), now=NOW)
    manual = Manual(address=ANN, summary="m", steps=(), check="")
    key_of = at("iam.access_key", "ann", "A")
    draft = drafted(
        finds("a", fault(want(), manual=manual), fault(want(key_of, "Inactive"), address=key_of)),
        finds("b", fault(want(at("iam.user_tag", "ann", "b")))),
        scope=scope,
    )
    assert [c.address for c in draft.changes] == ["iam.user_tag/ann/b"]
    assert [(e.control, e.address, e.expires) for e in draft.exempted] == [
        ("a", key_of, "2026-12-31"), ("a", ANN, "2026-12-31"),
    ]  # fmt: skip
    assert [f.control for f in draft.findings] == ["b"]
    assert draft.manual == ()


def test_an_exemption_that_ended_is_a_manual_step_and_protects_nobody() -> None:
    ended = msgspec.structs.replace(EXEMPT, expires=date(2026, 5, 31))
    draft = drafted(finds("a", fault(want())), scope=Scope(playbook=Playbook(name="t", exemptions=(ended,)), now=NOW))
    assert len(draft.changes) == 1
    assert [(m.control, m.address) for m in draft.manual] == [("exemptions", "playbook.exemption/o")]


def test_manual_steps_carry_their_control() -> None:
    manual = Manual(address=ANN, summary="m", steps=("s",), check="c")
    (step,) = drafted(finds("a", fault(manual=manual))).manual
    assert (step.control, step.address, step.steps) == ("a", ANN, ("s",))


GAPS = (
    "iam.user", "iam.group", "iam.policy", "iam.role", "iam.summary", "iam.password_policy", "credential-report",
    "cloudtrail", "cloudtrail.trail/us-east-1", "iam.access_key/ann", "iam.access_key/ann/A", "iam.login_profile/ann",
    "s3.bucket/logs",
    "iam.aws_policy/arn:aws:iam::aws:policy/AmazonS3FullAccess",
)  # fmt: skip
APPS = Principals(applications=(Matcher(path="/apps/*"),))
NEEDED = {
    "iam.user": {"groups", "unused-credentials", "application-passwords", "password-policy"},
    "iam.group": {"groups"},
    "iam.policy": {"groups"},
    "iam.password_policy": {"password-policy"},
    "credential-report": {"unused-credentials", "application-passwords", "password-policy"},
    "cloudtrail": {"trail"},
    "cloudtrail.trail/us-east-1": {"trail"},
    "iam.access_key/ann": {"unused-credentials"},
    "iam.access_key/ann/A": {"unused-credentials"},
    "iam.login_profile/ann": {"unused-credentials", "application-passwords"},
}


@pytest.mark.parametrize("gap", GAPS)
def test_what_could_not_be_read_is_said_and_never_a_pass(gap: str) -> None:
    """Each control that needs it is blind: it finds nothing, and the plan says so."""
    ann = user("ann", password=password(ago(400)), path="/apps/")
    scope = Scope(playbook=Playbook(name="t", principals=APPS), now=NOW)
    now = account(
        holding("user", "ann", (), {"p": document(statement("s3:Get"))}),
        users=[ann],
        keys={"ann": (key("A", "ann"),)},
        unknown={gap: "AccessDenied"},
    )
    draft = planner.draft(now, [(c, c.settings()) for c in CONTROLS.values()], scope, RESOURCES)
    (unknown,) = draft.unknowns
    assert (unknown.what, unknown.reason) == (gap, "AccessDenied")
    assert NEEDED.get(gap, set()) <= set(unknown.controls)
    assert not {f.control for f in draft.findings} & set(unknown.controls)


def test_a_control_that_misses_something_after_its_first_finding_finds_nothing() -> None:
    now = account(users=[user("ann")], unknown={"iam.user": "denied"})
    draft = drafted(finds("a", fault(want()), needs=("iam.user",)), finds("b", fault()), now=now)
    assert not draft.changes
    assert [f.control for f in draft.findings] == ["b"]
    assert [(u.what, u.controls) for u in draft.unknowns] == [("iam.user", ("a",))]


def test_one_region_that_cannot_be_read_hides_no_other() -> None:
    """A control that judges region by region finds what it sees, and is named beside the region it asked in vain."""
    west, east = at("ec2.instance", "eu-west-1"), at("ec2.instance", "us-east-1")
    now = account(users=[user("ann")], unknown={west: "denied", "x": "why"}, asked=frozenset({west, east}))
    draft = drafted(finds("a", fault(want()), asks=(west, east)), finds("b", asks=(east,)), now=now)
    assert [finding.control for finding in draft.findings] == ["a"]
    assert [(u.what, u.controls) for u in draft.unknowns] == [(west, ("a",)), ("x", ())]
    assert (list(now.gaps(east)), list(now.gaps(at("ec2.instance", "eu-west-1", "i-1")))) == ([], [west])


def test_an_unknown_that_nobody_needs_is_said_too() -> None:
    assert drafted(now=account(unknown={"x": "why"})).unknowns == (Unknown(what="x", reason="why"),)


def test_asked_is_what_controls_ask_and_was_not_asked_yet() -> None:
    one, two = at("iam.access_key", "a"), at("iam.access_key", "b")
    controls = [(c, Settings()) for c in (finds("a", asks=(one, two)), finds("b", asks=(TAG,), needs=("gone",)))]
    now = account(unknown={"gone": "denied"}, asked=frozenset({one}))
    assert planner.asked(now, controls, SCOPE) == {two}


def messy(shuffle: Callable[[list[str]], list[str]]) -> Account:
    """Many users with all sorts of faults, met in some order."""
    names = shuffle([f"u{n:02}" for n in range(12)])
    parts = [
        holding("user", name, [READ_ONLY][: int(name[1:]) % 2], {"p": document(statement(f"s3:Do{int(name[1:]) % 3}"))})
        for name in names
    ]
    people = [user(name, password=password(ago(300))) for name in names]
    keys: dict[str, tuple[Key, ...]] = {name: (key(f"K{name}", name, last_used=ago(200)),) for name in names}
    return account(*parts, users=people, keys=keys, sign_ins={name: ago(300) for name in names})


def test_two_runs_are_byte_identical_whatever_order_the_account_was_read_in() -> None:
    chosen = [(c, c.settings()) for c in CONTROLS.values() if c.id != "trail"]
    first, second, third = (
        msgspec.json.encode(planner.draft(messy(how), chosen, SCOPE, RESOURCES)) for how in (sorted, sorted, backwards)
    )
    assert first == second == third


def backwards(names: list[str]) -> list[str]:
    return sorted(names, reverse=True)


def test_what_stays_for_good_keeps_its_settings() -> None:
    """A rollback cannot take away a setting of what it cannot delete."""
    trail = CONTROLS["trail"]
    draft = planner.draft(account(regions=("us-east-1",)), with_settings(trail), SCOPE, RESOURCES)
    by_address = {c.address: c for c in draft.changes}
    for change in draft.changes:
        parent = RESOURCES[change.address.partition("/")[0]].parent(change.address)
        if parent in by_address and by_address[parent].reversal == "impossible":
            assert change.reversal == "impossible"
            assert change.loss == f"it stays with {parent}"


def test_numbers_follow_the_needs() -> None:
    now = account(holding("user", "ann", [READ_ONLY]))
    draft = planner.draft(now, with_settings(groups.control), SCOPE, RESOURCES)
    assert [c.id for c in draft.changes] == list(range(1, len(draft.changes) + 1))
    assert all(needed < c.id for c in draft.changes for needed in c.needs)
