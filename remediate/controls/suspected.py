"""What CloudTrail's records let controls suspect of somebody, and what nobody can see without them."""

from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import datetime, timedelta

import msgspec

from remediate.account import Account
from remediate.evidence.facts import EVIDENCE, USE
from remediate.evidence.sharing import Limit, Suspicion, suspicions
from remediate.evidence.signs import SIGNS, Rule, Sign
from remediate.evidence.summary import everybody
from remediate.model import Severity, Value, at, name_of
from remediate.words import many

LATEST = timedelta(days=3)
"""How old the last record may be: of what was done since, there is none."""
GRAVE = 5
"""From this score on it is that many times over what the playbook allows."""
Limits = Mapping[Rule, Limit]


def suspected(
    account: Account,
    principal: str,
    begin: datetime,
    limits: Limits,
    *,
    application: bool,
    known: Set[str] = frozenset(),
) -> list[Suspicion]:
    """What the records show of one principal since the week of `begin`, by its ARN; the gravest first.

    Work in accounts that are `known` is no sign of anything.
    """
    fact = account.facts.get(at(SIGNS, principal), [])
    signs = [sign for sign in msgspec.convert(fact, list[Sign]) if sign.week > begin.date() - timedelta(days=7)]
    telling = [left for sign in signs if (left := _unknown(sign, known)).hours]
    return suspicions({principal: telling}, {principal} if application else (), limits)


def _unknown(sign: Sign, known: Set[str]) -> Sign:
    left = {name: hours for name, hours in sign.hours.items() if name not in known}
    return msgspec.structs.replace(sign, hours=left) if sign.rule == "other account" else sign


def strangers(account: Account) -> Iterator[str]:
    """The ARNs of principals of other accounts that left signs here."""
    for address, _ in account.facts_of(SIGNS):
        arn = name_of(address)
        parts = arn.split(":")
        if len(parts) > 5 and parts[4] not in ("", account.id):
            yield arn


def evidence(found: Sequence[Suspicion]) -> dict[str, Value]:
    """The score, and each reason with the number from which it counts; nothing where nothing was found."""
    told = [(one, reason) for one in found for reason in one.reasons]
    reasons: list[Value] = [f"{reason.said} (counts from {reason.threshold})" for _, reason in told]
    return {"score": sum(one.score for one in found), "reasons": reasons} if told else {}


def severity(one: Suspicion) -> Severity:
    return "high" if one.score >= GRAVE else "medium"


def unseen(account: Account, now: datetime, days: int) -> str:
    """Why the records of so many days do not tell all; empty where they do."""
    found = account.facts.get(at(EVIDENCE, account.id))
    if not isinstance(found, Mapping):
        return "there are no records of CloudTrail: `remediate evidence` reads them"
    since, until = (datetime.fromisoformat(str(found[name])) for name in ("since", "until"))
    if until < now - LATEST:
        return f"CloudTrail's records end on {until:%Y-%m-%d}: `remediate evidence` reads newer ones"
    if since > now - timedelta(days=days - 1):  # the first of them is no round number
        return f"CloudTrail's records begin on {since:%Y-%m-%d}, and {many(days, 'day')} count"
    crowd = at(USE, everybody(account.id)) in account.facts
    return "CloudTrail's records do not tell the people of this account apart" if crowd else ""


def is_gone(account: Account, user: str, key: str) -> bool:
    """Whether the key was deleted or made inactive since; its user's keys were asked for."""
    return account.value(at("iam.access_key", user, key)) != "Active"
