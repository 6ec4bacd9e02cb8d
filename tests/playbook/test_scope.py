"""Who matches, who is exempt, and until when."""

from datetime import date

import msgspec
import pytest
from support.accounts import NOW, role, user

from remediate.account import Role, User
from remediate.model import Exemption, Matcher
from remediate.playbook import Playbook
from remediate.playbook.scope import Scope, matches

ANN = user("svc-ann", path="/apps/x/", tags={"type": "service", "empty": "", "a:b": "c/d"})
MATCHES = [
    (Matcher(), False),
    (Matcher(name="svc-ann"), True),
    (Matcher(name="svc-*"), True),
    (Matcher(name="svc-???"), True),
    (Matcher(name="svc-??"), False),
    (Matcher(name="SVC-ANN"), False),
    (Matcher(name="svc"), False),
    (Matcher(name="svc-[a]nn"), False),
    (Matcher(path="/apps/*"), True),
    (Matcher(path="/apps/"), False),
    (Matcher(tag={"type": "service"}), True),
    (Matcher(tag={"type": "*"}), True),
    (Matcher(tag={"empty": "*"}), True),
    (Matcher(tag={"type": "person"}), False),
    (Matcher(tag={"absent": "*"}), False),
    (Matcher(tag={"type": "serv*", "a:b": "c?d"}), True),
    (Matcher(tag={"type": "serv*", "a:b": "x"}), False),
    (Matcher(name="svc-*", path="/people/*"), False),
    (Matcher(name="svc-*", path="/apps/*", tag={"type": "*"}), True),
]


@pytest.mark.parametrize(("matcher", "expected"), MATCHES)
def test_every_line_must_fit(matcher: Matcher, expected: bool) -> None:
    assert matches(matcher, ANN) is expected


def test_brackets_are_text() -> None:
    """Paths may hold them, and only `*` and `?` stand for something else."""
    odd = user("x", path="/team[a]/")
    assert matches(Matcher(path="/team[a]/"), odd)
    assert matches(Matcher(path="/team[*]/"), odd)
    assert not matches(Matcher(path="/team[a-z]/"), odd)


EXEMPT = Exemption(match=Matcher(name="svc-*"), controls=("groups",), owner="o", reason="r", expires=NOW.date())
ALL = Exemption(match=Matcher(name="svc-*"), owner="all", reason="r", expires=date(2027, 1, 1))


def scope(*exemptions: Exemption) -> Scope:
    return Scope(playbook=Playbook(name="t", exemptions=exemptions), now=NOW)


@pytest.mark.parametrize("who", [ANN, role("svc-role")])
def test_an_exemption_holds_through_its_last_day(who: User | Role) -> None:
    assert scope(EXEMPT).exemption("groups", who) == EXEMPT
    ended = msgspec.structs.replace(EXEMPT, expires=date(2026, 5, 31))
    assert scope(ended).exemption("groups", who) is None
    assert scope(ended, EXEMPT).expired() == (ended,)


def test_an_exemption_is_for_its_controls_or_for_all() -> None:
    assert scope(EXEMPT).exemption("trail", ANN) is None
    assert scope(ALL).exemption("trail", ANN) == ALL
    assert scope(EXEMPT, ALL).exemption("groups", ANN) == EXEMPT, "the first that holds"
    assert scope(EXEMPT, ALL).exemption("trail", ANN) == ALL
    assert scope(ALL).exemption("groups", user("somebody")) is None
