"""Old keys in use get a successor; the old one goes when nobody needs it; what is in use is never stopped."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.accounts import NOW, account, ago, key, slot, user, with_settings

from remediate import planner
from remediate.account import Account, Key
from remediate.aws.resources import RESOURCES
from remediate.cli import work
from remediate.controls import unused_credentials
from remediate.controls.key_rotation import Settings, asks, check, control, secret_of
from remediate.errors import BadInput, Unreadable
from remediate.model import Exemption, Fault, Matcher, Value, at
from remediate.playbook import Playbook, Principals
from remediate.playbook.scope import Scope

PRINCIPALS = Principals(applications=(Matcher(path="/apps/*"),), people=(Matcher(path="/people/*"),))
PLAYBOOK = Playbook(name="test", principals=PRINCIPALS)
SCOPE = Scope(playbook=PLAYBOOK, now=NOW)
TODAY = f"{NOW:%Y-%m-%d}"
NAME = "remediate/svc/access-key"
SECRET = at("secretsmanager.secret", "us-east-1", NAME)
ISSUED = at("iam.issued_key", "svc", f"us-east-1:{NAME}")
ROTATING, QUARANTINE = (at("iam.user_tag", "svc", f"remediate:{word}:OLD") for word in ("rotating", "inactive"))
OLD = at("iam.access_key", "svc", "OLD")
MARK = {"remediate:rotating:OLD": "2026-05-01"}
FULL = {f"tag{n}": "x" for n in range(50)}
USED = ago(1)


def old(**facts: Any) -> Key:
    return key("OLD", "svc", **{"last_used": USED, **facts})


def new(**facts: Any) -> Key:
    return key("NEW", "svc", **{"created": ago(20), "last_used": USED, **facts})


HELD: Mapping[Any, Value] = {SECRET: {"user": "svc"}}
MOVING: Mapping[Any, Value] = {**HELD, ISSUED: {"replaces": "OLD"}}
NEXT: dict[Any, Value] = {SECRET: {"user": "svc"}, ISSUED: {"replaces": "OLD"}, ROTATING: TODAY}
AGAIN: dict[Any, Value] = {ISSUED: {"replaces": "OLD"}, ROTATING: TODAY}
STOPPED: dict[Any, Value] = {OLD: "Inactive", QUARANTINE: TODAY}


@dataclass(frozen=True)
class Case:
    keys: tuple[Key, ...] = ()
    state: Mapping[Any, Value] = field(default_factory=dict)
    wants: Mapping[Any, Value] = field(default_factory=dict)
    manual: str = ""
    found: bool = True
    facts: Mapping[str, Any] = field(default_factory=dict)
    caller_key: str = ""


CASES = {
    "old and in use": Case((old(),), wants=NEXT),
    "at the limit": Case((old(created=ago(90)),), found=False),
    "a moment older": Case((old(created=ago(90.01)),), wants=NEXT),
    "old and idle": Case((old(last_used=ago(90.1)),), found=False),
    "old and never used": Case((old(last_used=None),), found=False),
    "old and inactive": Case((old(active=False),), found=False),
    "old by the report alone": Case((old(asked=False),), found=False),
    "of a person": Case((old(),), found=False, facts={"path": "/people/"}),
    "an application by evidence": Case((old(),), wants=NEXT, facts={"path": "/"}),
    "the key of this run": Case((old(),), caller_key="OLD", manual="this program itself works with it"),
    "the key of this run, with a successor": Case(
        (old(last_used=ago(8)), new()), MOVING, caller_key="OLD", manual="this program itself works with it"
    ),
    "a second key in use": Case((old(), new()), HELD, manual="there is a second one, NEW"),
    "a second key that was never used": Case((old(), new(last_used=None)), manual="there is a second one, NEW"),
    "a second key that is inactive": Case((old(), new(active=False)), manual="there is a second one, NEW"),
    "the secret is there": Case((old(),), HELD, wants=AGAIN),
    "the secret holds this key": Case((old(),), {**HELD, ISSUED: {"replaces": "OLDER"}}, wants=AGAIN),
    "the secret is somebody else's": Case((old(),), {SECRET: {"user": "bob"}}, manual=f"secret {NAME} in us-east-1"),
    "the secret is nobody's": Case((old(),), {SECRET: {"user": ""}}, manual=f"the secret {NAME} in us-east-1"),
    "the secret has a key of one's own": Case(
        (old(),), {SECRET: {"user": "svc", "kms": "K"}}, wants={**AGAIN, ISSUED: {"replaces": "OLD", "kms": "K"}}
    ),
    "no room for the tag": Case((old(),), facts={"tags": FULL}, manual="no room for another tag"),
    "the last room for the tag": Case((old(),), facts={"tags": dict(list(FULL.items())[1:])}, wants=NEXT),
    "the successor was never used": Case((old(), new(last_used=None)), MOVING, manual="nobody has used its successor"),
    "the successor is inactive": Case((old(), new(active=False)), MOVING, manual="its successor NEW is inactive"),
    "the old one is in use": Case((old(last_used=ago(2)), new()), MOVING, manual="it was still used on 2026-05-30"),
    "the old one rests since yesterday": Case((old(last_used=ago(6.9)), new()), MOVING, manual="still used"),
    "the old one was used later": Case((old(last_used=ago(8)), new(last_used=ago(9))), MOVING, manual="still used"),
    "the owner has time left": Case((old(last_used=ago(8)), new(created=ago(13.9))), MOVING, manual="until 2026-06-01"),
    "the move is done": Case((old(last_used=ago(8)), new()), MOVING, wants=STOPPED),
    "the move is done, at the limits": Case((old(last_used=ago(7)), new(created=ago(14))), MOVING, wants=STOPPED),
    "the move is done, and the tag is there": Case(
        (old(last_used=ago(8)), new()), MOVING, wants={**STOPPED, ROTATING: None}, facts={"tags": MARK}
    ),
    "the move is done, with the last tag": Case(
        (old(last_used=ago(8)), new()),
        MOVING,
        wants={**STOPPED, ROTATING: None},
        facts={"tags": {**dict(list(FULL.items())[1:]), **MARK}},
    ),
    "the move is done, and there is no room for the tag": Case(
        (old(last_used=ago(8)), new()), MOVING, facts={"tags": FULL}, manual="no room for the tag"
    ),
    "the old one was stopped otherwise": Case(
        (old(active=False), new()), MOVING, wants={ROTATING: None}, facts={"tags": MARK}
    ),
    "the old one is gone": Case((new(),), MOVING, wants={ROTATING: None}, facts={"tags": MARK}),
    "the old one is inactive, and the new one old": Case(
        (old(active=False), new(created=ago(100))), MOVING, manual="there is a second one, OLD"
    ),
}  # fmt: skip


def situation(case: Case, **facts: Any) -> Account:
    slots = tuple(slot(k.active, k.created, k.last_used) for k in case.keys)
    svc = user("svc", **{"path": "/apps/", "keys": slots, **case.facts})
    entries = {at("iam.access_key", "svc", k.id): "Active" if k.active else "Inactive" for k in case.keys}
    entries |= {at("iam.user_tag", "svc", name): value for name, value in svc.tags.items()}
    keys = {"svc": case.keys}
    return account(entries, dict(case.state), users=[svc], keys=keys, caller_key=case.caller_key, **facts)


def faults(case: Case) -> list[Fault]:
    return list(check(situation(case), Settings(), SCOPE))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_wanted(case: Case) -> None:
    now = situation(case)
    found = faults(case)
    assert bool(found) == case.found
    wants = {w.address: w.after for fault in found for w in fault.wants if w.after != now.value(w.address)}
    assert wants == case.wants
    manual = [f"{fault.manual.summary} {fault.manual.steps}" for fault in found if fault.manual]
    assert len(manual) == bool(case.manual)
    assert case.manual in "".join(manual)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_plan_passes_the_guard_and_a_key_is_stopped_on_evidence_alone(case: Case) -> None:
    draft = planner.draft(situation(case), with_settings(control), SCOPE, RESOURCES)
    for change in draft.changes:
        if change.address == OLD:
            assert change.evidence == {"last_used": f"{case.keys[0].last_used:%Y-%m-%dT%H:%M:%SZ}"}
            assert (change.risk, bool(change.notice)) == ("restrictive", True)
        elif change.after is not None and not change.address.startswith("iam.user_tag"):
            assert change.risk == "additive"


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_two_controls_never_want_different_things_of_one_key(case: Case) -> None:
    """The planner refuses a plan in which they do."""
    chosen = [*with_settings(control), *with_settings(unused_credentials.control)]
    planner.draft(situation(case), chosen, SCOPE, RESOURCES)


def test_the_order_of_a_rotation_is_secret_then_key() -> None:
    draft = planner.draft(situation(CASES["old and in use"]), with_settings(control), SCOPE, RESOURCES)
    by_address = {change.address: change for change in draft.changes}
    assert by_address[ISSUED].needs == (by_address[SECRET].id,)
    assert "fetch it" in by_address[ISSUED].notice


def test_one_plan_never_makes_a_key_and_stops_the_old_one() -> None:
    for case in CASES.values():
        kinds = {w.address.partition("/")[0] for fault in faults(case) for w in fault.wants}
        assert not {"iam.issued_key", "iam.access_key"} <= kinds


ASKED = {SECRET, ISSUED}
ASKS: dict[str, tuple[dict[str, Any], tuple[Key, ...] | None, set[Any]]] = {
    "nobody": ({"keys": (slot(last_used=ago(100)),)}, None, set()),
    "a young key": ({"keys": (slot(created=ago(80), last_used=USED),)}, None, set()),
    "a person": ({"path": "/people/", "keys": (slot(last_used=USED),)}, None, set()),
    "an old key in use": ({"keys": (slot(last_used=USED),)}, None, {*ASKED, at("iam.access_key", "svc")}),
    "its keys": (
        {"keys": (slot(last_used=USED), slot(last_used=USED))},
        (old(asked=False), new(asked=False)),
        {*ASKED, OLD, at("iam.access_key", "svc", "NEW")},
    ),
    "a key that is being rotated": ({"tags": MARK}, None, {at("iam.access_key", "svc")}),
    "no inactive key": ({"keys": (slot(last_used=USED),)}, (old(), new(asked=False, active=False)), ASKED),
}


@pytest.mark.parametrize(("facts", "keys", "expected"), ASKS.values(), ids=ASKS)
def test_what_is_asked(facts: dict[str, Any], keys: tuple[Key, ...] | None, expected: set[Any]) -> None:
    now = account(users=[user("svc", **{"path": "/apps/", **facts})], keys={} if keys is None else {"svc": keys})
    assert set(asks(now, Settings(), SCOPE)) == expected


@pytest.mark.parametrize("gap", ["iam.user", "credential-report", "iam.access_key/svc", OLD, SECRET, ISSUED])
def test_what_could_not_be_read_is_never_a_pass(gap: str) -> None:
    with pytest.raises(Unreadable):
        list(check(situation(CASES["old and in use"], unknown={gap: "denied"}), Settings(), SCOPE))


def test_the_exempt_are_recorded_and_untouched() -> None:
    who = Exemption(match=Matcher(name="svc"), owner="o", reason="r", expires=date(2027, 1, 1))
    scope = Scope(playbook=Playbook(name="t", principals=PRINCIPALS, exemptions=(who,)), now=NOW)
    draft = planner.draft(situation(CASES["old and in use"]), with_settings(control), scope, RESOURCES)
    assert (draft.changes, draft.findings) == ((), ())
    assert [e.address for e in draft.exempted] == [OLD]


KMS = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
NAMES = {
    ("svc", "remediate/{user}/access-key"): "remediate/svc/access-key",
    ("a,b", "remediate/{user}/access-key"): "remediate/a/b/access-key",
    ("svc-mailer", "keys/{user}"): "keys/svc-mailer_",  # Secrets Manager could take -mailer for the end of an ARN
    ("svc-billing", "keys/{user}"): "keys/svc-billing",
    ("x+y=z@w_.-", "k/{user}.key"): "k/x+y=z@w_.-.key",
}


@pytest.mark.parametrize(("names", "expected"), NAMES.items())
def test_names_of_secrets(names: tuple[str, str], expected: str) -> None:
    assert secret_of(account(), Settings(secret=names[1]), names[0]) == ("us-east-1", expected)


def test_where_secrets_are_and_what_encrypts_them() -> None:
    assert secret_of(account(region="eu-west-3"), Settings(), "svc")[0] == "eu-west-3"
    assert secret_of(account(), Settings(region="eu-north-1"), "svc")[0] == "eu-north-1"
    assert secret_of(account(), Settings(kms_key=KMS), "svc")[0] == "eu-west-1"
    wants = [w for f in check(situation(Case((old(),))), Settings(kms_key=KMS), SCOPE) for w in f.wants]
    assert [w.after for w in wants[:2]] == [{"user": "svc", "kms": KMS}, {"replaces": "OLD", "kms": KMS}]


def test_the_command_that_fetches_the_key_is_quoted() -> None:
    hostile = user("a;b", path="/apps/", keys=(slot(last_used=USED), slot(last_used=USED)))
    name = "remediate/a;b/access-key"
    state: dict[Any, Value] = {
        at("secretsmanager.secret", "us-east-1", name): {"user": "a;b"},
        at("iam.issued_key", "a;b", f"us-east-1:{name}"): {"replaces": "OLD"},
    }
    keys = {"a;b": (key("OLD", "a;b", last_used=USED), key("NEW", "a;b"))}
    (fault,) = check(account(state, users=[hostile], keys=keys), Settings(), SCOPE)
    assert fault.manual and f"--secret-id '{name}'" in fault.manual.steps[0]


REFUSED = {
    "no user in the name": ("secret: keys/all", "secret: every user needs a secret"),
    "another word in braces": ("secret: 'keys/{user}/{name}'", "secret: every user needs a secret"),
    "the user twice": ("secret: 'keys/{user}/{user}'", "secret: every user needs a secret"),
    "a name that AWS does not take": ("secret: 'keys {user}'", "secret: Expected str matching regex"),
    "no time": ("grace_days: 0", "grace_days: Expected int >= 1"),
    "an alias": ("kms_key: alias/mine", "kms_key: Expected str matching regex"),
    "a key in another region": (f"region: us-east-1\n    kms_key: {KMS}", "region: a secret and the key that encrypts"),
    "a region that is none": ("region: Ireland", "region: Expected str matching regex"),
    "a misspelt setting": ("max_days: 90", "max_days: unknown key max_days"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_bad_settings_are_refused_at_their_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"controls:\n  key-rotation:\n    {text}\n")
    with pytest.raises(BadInput) as caught:
        work.playbook_named(str(path))
    assert f"{path}:3: controls.key-rotation.{message}" in str(caught.value)
