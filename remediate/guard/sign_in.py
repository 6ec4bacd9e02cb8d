"""Who is asked for MFA and has no device can enrol one, and choose the new password that a first sign-in asks for.

A policy that denies what is asked without MFA, ours or anybody's, has to leave all that takes: or nobody who has no
device yet ever gets one, and who must change the password cannot sign in.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_aws_my-sec-creds-self-manage.html
"""

from collections.abc import Iterator, Mapping, Sequence

from remediate import enrolling
from remediate.account import User
from remediate.effective import facts_of
from remediate.guard import ways
from remediate.guard.allowed import Allowed, Call
from remediate.guard.carriers import Access, Carrier, begun, standing
from remediate.guard.timeline import Timeline
from remediate.model import Address, Change, at, kind_of, name_of
from remediate.policy.known import Known, denies, prepared


def violations(access: Access) -> Iterator[str]:
    """The changes after which somebody could never sign in to enrol a device."""
    return (f"#{change.id} {change.address} {what}" for change, what in found(access))


def found(access: Access) -> Iterator[tuple[Change, str]]:
    """The same, each with what it would do."""
    timeline, account = access.timeline, access.timeline.account
    made = {name_of(c.address): c for c in timeline.of_kind("iam.login_profile") if c.after is not None}
    users = {name_of(who) for who in access.concerned() if kind_of(who) == "iam.user"} | made.keys()
    for user in (account.users[name] for name in sorted(users) if name in account.users):
        if not user.mfa and (user.password or user.name in made):
            yield from _shut_out(access, user, made.get(user.name))


def _shut_out(access: Access, user: User, made: Change | None) -> Iterator[tuple[Change, str]]:
    timeline, principal = access.timeline, at("iam.user", user.name)
    facts = facts_of(timeline.account, principal)
    asking = [held for held in _asking(access, principal, facts) if made or not any(map(standing, held))]
    ways_in = [way for held in asking for way in held if timeline.can_coexist(way)]
    if not ways_in:
        return
    allowed = Allowed(access, principal, {**facts, **ways.WITHOUT_MFA})
    calls = [Call(*call) for call in enrolling.calls(timeline.account, user)]
    for way in ways_in:
        since = [span.made for span in way if span.made is not None] + ([made.id] if made else [])
        change = begun(timeline, [way]) or made
        if change is None or _open(timeline, allowed, calls, since, way):
            continue
        stopped = next((call for call in calls if not _open(timeline, allowed, [call], since, way)), calls[0])
        yield (
            change,
            f"would shut {user.name} out, who has no MFA device: {stopped.action}, which a first sign-in or "
            "enrolling a device needs, is not allowed without one",
        )
        return


def _asking(access: Access, principal: Address, facts: Known) -> Iterator[list[Carrier]]:
    """How each statement arrives that denies what is asked without MFA, and not with it."""
    for held in access.layers(principal).values():
        for text, carriers in held.items():
            if denies(text) and "multifactorauth" in text.lower() and _for_mfa(text, facts):
                yield carriers


def _for_mfa(text: str, facts: Known) -> bool:
    with_it, without = ({**facts, **way} for way in (ways.WITH_MFA, ways.WITHOUT_MFA))
    return any(True for _ in prepared(text, without)) and not any(True for _ in prepared(text, with_it))


def _open(timeline: Timeline, allowed: Allowed, calls: Sequence[Call], since: Sequence[int], way: Carrier) -> bool:
    """Whether calls are allowed wherever the statement counts: from some place at least, and at some time."""
    asked = allowed.asked(calls, since, way)
    for number, call in enumerate(calls):
        if call.action in enrolling.PASSWORD and _everybody_may(timeline):
            asked = asked.given("identity", number)
    return asked.possibly("after")


def _everybody_may(timeline: Timeline) -> bool:
    """Whether the password policy lets everybody change their own, throughout."""
    address = at("iam.password_policy")
    values = [timeline.account.value(address), *(c.after for c in timeline.of_kind(address))]
    return all(isinstance(value, Mapping) and value.get("AllowUsersToChangePassword") is True for value in values)
