"""The password policy is read, merged and written whole, and never weaker than it was (R19)."""

from collections.abc import Mapping
from itertools import product

import msgspec
import pytest
from support.accounts import NOW, account, ago, password, user

from remediate.controls.password_policy import ADDRESS, Settings, control, merged
from remediate.errors import Unreadable
from remediate.model import Fault, Value
from remediate.playbook import Playbook
from remediate.playbook.scope import Scope

SCOPE = Scope(playbook=Playbook(name="test"), now=NOW)
FLAGS = (
    "RequireUppercaseCharacters", "RequireLowercaseCharacters", "RequireNumbers", "RequireSymbols",
    "AllowUsersToChangePassword",
)  # fmt: skip
STRICT: Mapping[str, Value] = {
    **dict.fromkeys(FLAGS, True),
    "MinimumPasswordLength": 20,
    "MaxPasswordAge": 30,
    "PasswordReusePrevention": 24,
    "HardExpiry": True,
}
WEAK: Mapping[str, Value] = {
    **dict.fromkeys(FLAGS, False),
    "MinimumPasswordLength": 6,
    "MaxPasswordAge": 1000,
    "PasswordReusePrevention": 1,
}
NONE = Settings(
    minimum_length=6, upper_case=False, lower_case=False, numbers=False, symbols=False, change_own=False,
    expire_days=None, reuse_prevention=None,
)  # fmt: skip
MASKS = [
    frozenset(name for name, there in zip(STRICT, mask, strict=True) if there) for mask in product((0, 1), repeat=9)
]


def figures(policy: Mapping[str, Value]) -> dict[str, float]:
    """Each setting as a number: the larger, the stricter."""
    age, length, reuse = (policy.get(n) for n in ("MaxPasswordAge", "MinimumPasswordLength", "PasswordReusePrevention"))
    return {
        **{name: float(bool(policy.get(name))) for name in (*FLAGS, "HardExpiry")},
        "MaxPasswordAge": -float(age) if isinstance(age, int) and age else -9999.0,
        "MinimumPasswordLength": float(length) if isinstance(length, int) else 0.0,
        "PasswordReusePrevention": float(reuse) if isinstance(reuse, int) else 0.0,
    }


def wanted(settings: Settings) -> dict[str, Value]:
    """What the playbook asks, as IAM names it."""
    flags = (settings.upper_case, settings.lower_case, settings.numbers, settings.symbols, settings.change_own)
    figures: dict[str, Value] = {
        "MinimumPasswordLength": settings.minimum_length,
        "MaxPasswordAge": settings.expire_days,
        "PasswordReusePrevention": settings.reuse_prevention,
    }
    return {**dict(zip(FLAGS, flags, strict=True)), **{k: v for k, v in figures.items() if v}}


@pytest.mark.parametrize(
    "settings", [Settings(), NONE, Settings(minimum_length=14, reuse_prevention=24, expire_days=None)]
)
@pytest.mark.parametrize("values", [STRICT, WEAK], ids=["strict", "weak"])
def test_every_mask_of_absent_settings_is_never_weaker_in_any(values: Mapping[str, Value], settings: Settings) -> None:
    assert len(MASKS) == 512
    for mask in MASKS:
        live = {k: v for k, v in values.items() if k in mask}
        result = merged(live, settings)
        asked, before, after = figures(wanted(settings)), figures(live), figures(result)
        for name in after:
            assert after[name] == max(before[name], asked[name]), (name, live)
        assert {*FLAGS, "MinimumPasswordLength"} <= result.keys(), "written whole: what is left out is reset"
        assert all(result[k] for k in ("MaxPasswordAge", "PasswordReusePrevention", "HardExpiry") if k in result)


def found(live: Mapping[str, Value] | None, settings: Settings = Settings(), **facts: object) -> list[Fault]:  # noqa: B008
    now = account({ADDRESS: live} if live is not None else {})
    return list(control.check(msgspec.structs.replace(now, **facts), settings, SCOPE))


@pytest.mark.parametrize("settings", [Settings(), NONE, Settings(expire_days=30)])
@pytest.mark.parametrize("values", [STRICT, WEAK], ids=["strict", "weak"])
def test_every_mask_is_settled_by_one_write_or_left_to_a_person(
    values: Mapping[str, Value], settings: Settings
) -> None:
    for mask in MASKS:
        live = {k: v for k, v in values.items() if k in mask}
        faults = found(live, settings)
        assert len(faults) <= 1
        after = next((w.after for f in faults for w in f.wants), live)
        assert isinstance(after, Mapping)
        assert all(figures(after)[name] >= figures(live)[name] for name in figures(live)), live
        again = found(after, settings)
        assert not [w for f in again for w in f.wants]
        assert all(f.manual and "hard expiry" in f.manual.summary for f in again)


def test_no_policy_and_a_clean_one() -> None:
    (fault,) = found(None)
    assert fault.summary == "the account has no password policy"
    assert fault.wants[0].after == {
        **dict.fromkeys(FLAGS, True), "MinimumPasswordLength": 8, "MaxPasswordAge": 90, "PasswordReusePrevention": 4,
    }  # fmt: skip
    assert found(fault.wants[0].after) == []
    assert found(STRICT) == []


def test_hard_expiry_and_a_shorter_expiry_would_lock_people_out() -> None:
    (fault,) = found({**STRICT, "MaxPasswordAge": 180})
    assert fault.manual and fault.wants == ()
    assert fault.summary == "weak: MaxPasswordAge"
    (fault,) = found({**STRICT, "MaxPasswordAge": 180, "MinimumPasswordLength": 6})
    assert fault.manual
    after = fault.wants[0].after
    assert isinstance(after, Mapping)
    assert (after["MaxPasswordAge"], after["MinimumPasswordLength"], after["HardExpiry"]) == (180, 8, True)
    without = {k: v for k, v in STRICT.items() if k != "MaxPasswordAge"}
    (fault,) = found(without)
    assert fault.manual and not fault.wants


def test_people_with_old_passwords_are_told_and_the_change_is_restrictive() -> None:
    users = {
        name: user(name, password=password(NOW, changed))
        for name, changed in (("old", ago(200)), ("unknown", None), ("new", ago(3)))
    }
    without = {k: v for k, v in STRICT.items() if k not in ("MaxPasswordAge", "HardExpiry")}
    (fault,) = found(without, users=users)
    (want,) = fault.wants
    said = "2 users must choose a new password at the next sign-in (older than 90 days)"
    assert (want.risk, want.notice) == ("restrictive", said)
    (fault,) = found(without, users={"old": users["old"]})
    assert fault.wants[0].notice.startswith("1 user must choose")
    (fault,) = found(without, users={"new": users["new"]})
    assert (fault.wants[0].risk, fault.wants[0].notice) == ("neutral", "")
    (fault,) = found({**STRICT, "RequireNumbers": False}, users=users)
    assert (fault.wants[0].risk, fault.wants[0].notice) == ("neutral", "")


@pytest.mark.parametrize("gap", ["iam.password_policy", "iam.user", "credential-report"])
def test_what_could_not_be_read_is_never_a_pass(gap: str) -> None:
    """Without the users nobody knows whom a new expiry concerns."""
    with pytest.raises(Unreadable):
        found(None, unknown={gap: "denied"})
