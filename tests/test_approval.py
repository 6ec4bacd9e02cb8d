"""Whether a plan may be applied: whose word counts, for which plan, and what is refused.

Mallory made the plan, or got hold of it, and wants it applied. Ana's key is trusted; hers is not.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from support.engine import MADE, plan_of, step
from support.keys import new_key, trust

from remediate.approval import Trust, Trusted, approved, judge
from remediate.errors import Refused
from remediate.model import Plan, Role, Signature
from remediate.render.error_text import error as screen
from remediate.signature import DOMAIN, UNASKED, canonical, fault, fingerprint, message, same_key, signed, unasked
from remediate.store.keys import FileKey
from remediate.store.plans import sealed

ANA, BOB, MALLORY = new_key(), new_key(), new_key()
STEPS = (step("iam.group", "ops", to={"path": "/"}), step("iam.group_member", "ops", "zoë", to="member", needs=(1,)))
PLAN = plan_of(*STEPS, created=MADE)
OTHER = plan_of(*STEPS[:1], created=MADE)
TRUST = trust(Ana=ANA.key, Bob=BOB.key)
KMS = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555"


def by(key: FileKey, plan: Plan = PLAN, role: Role = "approver", after: timedelta = timedelta(hours=1)) -> Signature:
    return signed(plan, role, key, MADE + after)


def edited(signature: Signature, **fields: Any) -> Signature:
    return msgspec.structs.replace(signature, **fields)


def planned_by(key: str, plan: Plan = PLAN) -> Plan:
    return sealed(msgspec.structs.replace(plan, header=msgspec.structs.replace(plan.header, planner=key)))


def check(plan: Plan, *signatures: Signature, by_trust: Trust = TRUST) -> str:
    """The name of whoever approved; raises Refused."""
    return approved(plan, "a.plan.json", signatures, by_trust, unasked).name


def refusal(plan: Plan, *signatures: Signature, by_trust: Trust = TRUST) -> str:
    with pytest.raises(Refused) as refused:
        check(plan, *signatures, by_trust=by_trust)
    assert refused.value.exit_code == 3
    assert refused.value.remedy
    text = screen(refused.value, colour=False)
    assert len(text.splitlines()) <= 24
    return text


def test_one_trusted_approval_is_enough() -> None:
    assert check(PLAN, by(ANA)) == "Ana"
    assert check(PLAN, by(MALLORY), by(BOB, OTHER), by(ANA)) == "Ana"
    assert check(planned_by(BOB.key), by(BOB, planned_by(BOB.key), "planner"), by(ANA, planned_by(BOB.key))) == "Ana"


def test_whom_to_ask_is_said() -> None:
    assert "Ask one of: Ana, Bob. They run `remediate approve a.plan.json --key KEY`" in refusal(PLAN)
    mine = planned_by(BOB.key)
    assert "Ask one of: Ana. They run" in refusal(mine, by(BOB, mine, "planner"))
    under_two_names = Trust(approvers=TRUST.approvers, planners=(Trusted(name="Robert", key=BOB.key),))
    assert "Ask one of: Ana. They run" in refusal(mine, by(BOB, mine, "planner"), by_trust=under_two_names)
    assert "Every trusted approver made this plan" in refusal(
        mine, by(BOB, mine, "planner"), by_trust=trust(Bob=BOB.key)
    )


BY_MALLORY = planned_by(MALLORY.key)
BY_BOB = planned_by(BOB.key)
WITH_COMMENT = planned_by(f"{ANA.key} comment")
LATER = sealed(
    msgspec.structs.replace(
        PLAN, header=msgspec.structs.replace(PLAN.header, expires=PLAN.header.expires + timedelta(days=365))
    )
)
ATTACKS: dict[str, tuple[Plan, tuple[Signature, ...], str]] = {
    "nobody approved": (PLAN, (), "no trusted key has approved"),
    "an untrusted key": (PLAN, (by(MALLORY),), "none of the trusted keys"),
    "an approval of another plan": (PLAN, (by(ANA, OTHER),), "another plan"),
    "an approval of another plan, renamed": (PLAN, (edited(by(ANA, OTHER), plan=PLAN.digest),), "not what that key"),
    "the plan prolonged after its approval": (LATER, (by(ANA),), "another plan"),
    "both prolonged": (
        LATER,
        (edited(by(ANA), plan=LATER.digest, expires=LATER.header.expires),),
        "not what that key",
    ),
    "approved after it expired": (PLAN, (by(ANA, after=timedelta(hours=25)),), "after the plan had expired"),
    "Ana's key and Mallory's signature": (PLAN, (edited(by(MALLORY), key=ANA.key),), "not what that key"),
    "a signature that is empty": (PLAN, (edited(by(ANA), value=b""),), "not what that key"),
    "another algorithm": (PLAN, (edited(by(ANA), algorithm="none"),), "not what that key"),
    "a planner's word for an approval": (BY_BOB, (by(BOB, BY_BOB, "planner"),), "no trusted key has approved"),
    "a planner's word, renamed": (
        BY_BOB,
        (by(BOB, BY_BOB, "planner"), edited(by(ANA, BY_BOB, "planner"), role="approver")),
        "not what that key",
    ),
    "the planner's own approval": (BY_BOB, (by(BOB, BY_BOB, "planner"), by(BOB, BY_BOB)), "made the plan"),
    "a planner who did not sign": (BY_BOB, (by(ANA, BY_BOB),), "not proven"),
    "a planner who only approved": (BY_BOB, (by(BOB, BY_BOB), by(ANA, BY_BOB)), "not proven"),
    "another planner than the plan says": (
        BY_BOB,
        (by(MALLORY, BY_BOB, "planner"), by(ANA, BY_BOB)),
        "another planner",
    ),
    "her own key, spelled differently": (
        WITH_COMMENT,
        (edited(by(ANA, WITH_COMMENT, "planner"), key=f"{ANA.key} comment"), by(ANA, WITH_COMMENT)),
        "not proven",
    ),
    "a planner's KMS key that nobody trusts": (
        planned_by(KMS),
        (edited(by(MALLORY, planned_by(KMS), "planner"), key=KMS), by(ANA, planned_by(KMS))),
        "none of the trusted keys",
    ),
}


@pytest.mark.parametrize(("plan", "signatures", "why"), ATTACKS.values(), ids=ATTACKS)
def test_what_is_refused(plan: Plan, signatures: tuple[Signature, ...], why: str) -> None:
    assert why in refusal(plan, *signatures)


def named(*planners: tuple[str, str]) -> Trust:
    trusted = tuple(Trusted(name=name, key=key) for name, key in planners)
    return Trust(approvers=TRUST.approvers, planners=trusted)


def test_where_planners_are_named_only_they_make_plans() -> None:
    carol = new_key()
    plan = planned_by(carol.key)
    good = (by(carol, plan, "planner"), by(ANA, plan))
    assert check(plan, *good, by_trust=named(("Carol", carol.key))) == "Ana"
    text = refusal(PLAN, by(ANA), by_trust=named(("Carol", carol.key)))
    assert "no planner's signature" in text
    assert "One of these makes a plan: Carol. They run: remediate plan --key KEY" in text
    assert "not proven" in refusal(plan, good[1], by_trust=named(("Carol", carol.key)))
    assert "none of the trusted keys" in refusal(plan, *good, by_trust=named(("Dave", new_key().key)))
    assert "none of the trusted keys" in refusal(
        BY_MALLORY, by(MALLORY, BY_MALLORY, "planner"), by_trust=named(*[("C", carol.key)])
    )


@pytest.mark.parametrize("name", ["Ana", "ana", " ANA ", "\uff21na"])
def test_one_person_with_two_keys_does_not_approve_their_own_plan(name: str) -> None:
    second = new_key()
    plan = planned_by(second.key)
    signatures = (by(second, plan, "planner"), by(ANA, plan))
    text = refusal(plan, *signatures, by_trust=named((name, second.key)))
    assert "the same person made the plan" in text
    assert "Ask one of: Bob." in text
    assert check(plan, *signatures, by(BOB, plan), by_trust=named((name, second.key))) == "Bob"


OTHERWISE: dict[str, Callable[[Any], Any]] = {
    "format": lambda _: 2,
    "role": lambda _: "planner",
    "plan": lambda _: OTHER.digest,
    "account": lambda _: "999988887777",
    "expires": lambda expires: expires + timedelta(seconds=1),
    "at": lambda at: at + timedelta(seconds=1),
    "key": lambda _: BOB.key,
    "algorithm": lambda _: "ED25519",
    "value": lambda value: bytes([value[0] ^ 1]) + value[1:],
}


@pytest.mark.parametrize("name", Signature.__struct_fields__)
def test_every_field_of_an_approval_counts(name: str) -> None:
    good = by(ANA)
    assert fault(PLAN, good, unasked) == ""
    assert fault(PLAN, edited(good, **{name: OTHERWISE[name](getattr(good, name))}), unasked)


@pytest.mark.parametrize(
    "said", [{"account": "999988887777"}, {"expires": MADE + timedelta(days=400)}, {"algorithm": "none"}, {"format": 2}]
)
def test_what_a_trusted_key_really_signed_must_fit_the_plan_too(said: dict[str, Any]) -> None:
    unsigned = edited(by(ANA), value=b"", **said)
    assert fault(PLAN, edited(unsigned, value=ANA.sign(message(unsigned))), unasked)


def test_every_field_is_in_what_is_signed() -> None:
    good = by(ANA)
    for name in set(Signature.__struct_fields__) - {"value"}:
        assert message(edited(good, **{name: OTHERWISE[name](getattr(good, name))})) != message(good), name


def test_what_a_key_signed_for_another_purpose_is_no_approval() -> None:
    unsigned = edited(by(ANA), value=b"")
    assert message(unsigned).startswith(DOMAIN)
    elsewhere = edited(unsigned, value=ANA.sign(message(unsigned).removeprefix(DOMAIN)))
    assert fault(PLAN, elsewhere, unasked)


def test_kms_is_asked_only_about_trusted_keys_and_only_if_no_other_approval_counts() -> None:
    asked: list[str] = []

    def ask(signature: Signature, signed: bytes) -> str:
        assert signed == message(signature)
        asked.append(signature.key)
        return ""

    mine, stranger = edited(by(ANA), key=KMS), edited(by(ANA), key=KMS.replace("1111", "9999"))
    both = trust(Ana=ANA.key, release=KMS)
    assert approved(PLAN, "x", [stranger, mine, by(ANA)], both, ask).name == "Ana"
    assert asked == []
    assert approved(PLAN, "x", [stranger, mine], both, ask).name == "release"
    assert asked == [KMS]


def test_without_asking_a_signature_by_kms_is_not_called_good() -> None:
    (one,) = judge(PLAN, [edited(by(ANA), key=KMS)], trust(release=KMS))
    assert (one.name, one.fault) == ("release", UNASKED)


def test_a_multi_region_key_is_one_key() -> None:
    replica = KMS.replace("eu-west-1", "us-east-1")
    assert same_key(KMS, replica)
    assert not same_key(KMS, KMS.replace("111122223333", "999988887777"))
    plan = planned_by(replica)
    assert fault(plan, edited(by(ANA, plan), key=KMS), unasked) == "the same key made the plan"


PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHew+1fWnXqqXHH66vz+0/l8V4rNdBkIEfqjAaX89aGK"


def test_a_fingerprint_is_the_one_of_ssh_keygen() -> None:
    assert fingerprint(PUBLIC) == "SHA256:E9xHK80KUwrgSJW4DtJ9b0iJ4uWKoBS5UFtokKJhxwk"
    assert fingerprint(KMS) == KMS
    assert fingerprint("ssh-ed25519 ?") == "ssh-ed25519 ?"


@pytest.mark.parametrize(
    "key",
    [
        "",
        "ssh-ed25519",
        "ssh-ed25519 AAAA",
        "ana@example.com",
        PUBLIC[:-4],
        PUBLIC.replace("ed25519", "rsa"),
        "arn:aws:kms:eu-west-1:111122223333:alias/release",
        "arn:aws:iam::111122223333:user/ana",
        KMS + "\n",
    ],
)
def test_what_is_no_key(key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        canonical(key)


def test_a_key_has_one_form() -> None:
    assert canonical(f"{PUBLIC} ana@example.com") == PUBLIC == canonical(PUBLIC)
    assert canonical(KMS) == KMS
