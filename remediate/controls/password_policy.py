"""A strong password policy for the account.

Reads the account's password policy, merges the playbook's figures into it and writes it whole, because
UpdateAccountPasswordPolicy resets every setting that is left out. Where the live setting is already stricter, it
stays: a longer minimum, a shorter expiry, a longer history.

An expiry takes effect at once: whoever has an older password must choose a new one at the next sign-in. Where the
policy forbids that (hard expiry), bringing in an expiry would lock those people out, so it is left to a person.
Where there was no policy, rollback deletes it.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated

from msgspec import Meta

from remediate.account import Account
from remediate.controls.base import Control
from remediate.model import Address, Fault, Manual, Struct, Value, Want
from remediate.playbook.scope import Scope
from remediate.words import many

ADDRESS = Address("iam.password_policy")


class Settings(Struct, frozen=True, kw_only=True):
    """Bounds: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html"""

    minimum_length: Annotated[int, Meta(ge=6, le=128)] = 8
    upper_case: bool = True
    lower_case: bool = True
    numbers: bool = True
    symbols: bool = True
    change_own: bool = True
    expire_days: Annotated[int, Meta(ge=1, le=1095)] | None = 90
    """Days after which a password must be changed; `null` asks for no expiry."""
    reuse_prevention: Annotated[int, Meta(ge=1, le=24)] | None = 4
    """How many of the last passwords may not come again; `null` asks for none."""


def merged(live: Mapping[str, Value], settings: Settings) -> dict[str, Value]:
    """The stricter of the live policy and the playbook, setting by setting."""
    flags = {
        "RequireUppercaseCharacters": settings.upper_case,
        "RequireLowercaseCharacters": settings.lower_case,
        "RequireNumbers": settings.numbers,
        "RequireSymbols": settings.symbols,
        "AllowUsersToChangePassword": settings.change_own,
    }
    policy: dict[str, Value] = {name: bool(live.get(name)) or wanted for name, wanted in flags.items()}
    policy["MinimumPasswordLength"] = max(_number(live, "MinimumPasswordLength"), settings.minimum_length)
    ages = [n for n in (_number(live, "MaxPasswordAge"), settings.expire_days or 0) if n]
    reuse = max(_number(live, "PasswordReusePrevention"), settings.reuse_prevention or 0)
    # IAM takes neither 0: without an expiry or a history, the setting is absent.
    policy.update({"MaxPasswordAge": min(ages)} if ages else {})
    policy.update({"PasswordReusePrevention": reuse} if reuse else {})
    policy.update({"HardExpiry": True} if live.get("HardExpiry") else {})
    return policy


def check(account: Account, settings: Settings, scope: Scope) -> Iterator[Fault]:
    account.known(ADDRESS)
    value = account.value(ADDRESS)
    live = value if isinstance(value, Mapping) else {}
    target = merged(live, settings)
    weak = sorted(k for k, v in target.items() if live.get(k) != v)
    manual = None
    if live.get("HardExpiry") and "MaxPasswordAge" in weak:
        manual = _hard_expiry(target)
        target = {k: v for k, v in target.items() if k != "MaxPasswordAge"}
        target |= {k: v for k, v in live.items() if k == "MaxPasswordAge"}
    if weak:
        yield Fault(
            address=ADDRESS,
            severity="medium",
            summary="the account has no password policy" if value is None else f"weak: {', '.join(weak)}",
            evidence={"live": value},
            wants=(_want(account, live, target, scope),) if target != live else (),
            manual=manual,
        )


def _want(account: Account, live: Mapping[str, Value], target: dict[str, Value], scope: Scope) -> Want:
    age = target.get("MaxPasswordAge")
    notice = ""
    if isinstance(age, int) and age != live.get("MaxPasswordAge"):
        account.known("iam.user", "credential-report")  # whom it concerns
        passwords = [u.password for u in account.users.values() if u.password]
        old = [p for p in passwords if p.changed is None or (scope.now - p.changed).days >= age]
        must = f"{many(len(old), 'user')} must choose a new password at the next sign-in"
        notice = f"{must} (older than {many(age, 'day')})" if old else ""
    return Want(
        address=ADDRESS,
        after=target,
        why="passwords are at least as strong as the playbook asks; stricter live settings stay",
        risk="restrictive" if notice else "neutral",
        notice=notice,
    )


def _hard_expiry(target: Mapping[str, Value]) -> Manual:
    return Manual(
        address=ADDRESS,
        summary="hard expiry is on: a new or shorter expiry would lock out everyone with an older password",
        steps=(
            "Ask everybody with an older password to change it, or switch hard expiry off.",
            f"Then set the expiry: `remediate plan` proposes {target.get('MaxPasswordAge')} days once that is safe.",
        ),
        check="The next plan finds hard expiry off, or the expiry in place.",
    )


def _number(live: Mapping[str, Value], name: str) -> int:
    value = live.get(name)
    return value if isinstance(value, int) else 0


control = Control(
    id="password-policy",
    title="A strong password policy",
    guideline="G6",
    cis_7=("2.8", "2.9"),
    cis_5=("1.7", "1.8"),
    security_hub=tuple(f"IAM.{n}" for n in (7, *range(10, 18))),
    changes="the account's password policy",
    kinds=("iam.password_policy",),
    rollback="exact",
    settings=Settings,
    check=check,
    doc=__doc__,
)
