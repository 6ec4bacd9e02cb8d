"""Credentials that several may share, and work that is done through the wrong ones: what signs come to, with numbers.

Each reason counts hours, because hours are what a summary tells for certain: those in which something was so, beside
the number from which that is worth a look. A suspicion's score says how many times over, all its reasons together. It
proves nothing: somebody may travel, and a job may run in two places.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import Annotated

from msgspec import Meta

from remediate.evidence.ladder import ANY
from remediate.evidence.signs import Rule, Sign
from remediate.evidence.summary import PLACES
from remediate.model import Struct
from remediate.words import many

Hours = Annotated[int, Meta(ge=1)]
Several = Annotated[int, Meta(ge=2)]

OFTEN = 5
"""As many times as one reason counts at most: one loud reason is not five."""
NAMED = 4
"""Networks, programs and the like that a reason names."""


class Limit(Struct, frozen=True, kw_only=True):
    """From when on a sign is worth a look."""

    hours: int
    several: int = 1
    """Of how many at once, in each of these hours."""


LIMITS: Mapping[Rule, Limit] = {
    "networks": Limit(hours=3, several=2),
    "programs": Limit(hours=3, several=3),
    "sign-in": Limit(hours=1),
    "by hand": Limit(hours=1),
    "root": Limit(hours=1),
    "other account": Limit(hours=1),
}
"""Unless a playbook says otherwise. One hour may be an office whose line failed, and two programs a deployment and the
tool that it calls; what nobody should ever do counts from the first hour."""
OF_APPLICATIONS: frozenset[Rule] = frozenset(("sign-in", "by hand"))
"""What is wrong only where the principal is one: people sign in, and work by hand."""
WORDS: Mapping[Rule, str] = {
    "networks": "with {several} or more at once of {many} unrelated networks:",
    "programs": "with {several} or more at once of {many} programs:",
    "sign-in": "in which somebody signed in to the console as an application, or tried to: from",
    "by hand": "of work by hand, away from its programs: from",
    "root": "of work as the root user:",
    "other account": "of work across accounts: with",
}


class Reason(Struct, frozen=True, kw_only=True):
    """One thing that speaks for it."""

    rule: Rule
    hours: int
    threshold: int
    said: str
    """In words, the numbers included."""


class Suspicion(Struct, frozen=True, kw_only=True):
    """A credential, or a principal where it is not about one credential, and what speaks for it."""

    principal: str
    credential: str
    reasons: tuple[Reason, ...]
    score: int


def suspicions(
    found: Mapping[str, Iterable[Sign]], applications: Collection[str], limits: Mapping[Rule, Limit] = LIMITS
) -> list[Suspicion]:
    """The gravest first. `applications` are the ARNs of those that no person should work as; rules without a limit do
    not count."""
    judged = (_judged(who, signs, who in applications, limits) for who, signs in found.items())
    return sorted(chain.from_iterable(judged), key=lambda one: (-one.score, one.principal, one.credential))


def _judged(
    principal: str, signs: Iterable[Sign], application: bool, limits: Mapping[Rule, Limit]
) -> Iterable[Suspicion]:
    together: dict[str, dict[Rule, list[Sign]]] = defaultdict(lambda: defaultdict(list))
    for sign in signs:
        if sign.rule in limits and (application or sign.rule not in OF_APPLICATIONS):
            together[sign.credential][sign.rule].append(sign)
    for credential, rules in together.items():
        every = (_reason(rule, own, limits[rule]) for rule, own in rules.items())
        reasons = tuple(reason for reason in every if reason.hours >= reason.threshold)
        if reasons:
            score = sum(min(reason.hours // reason.threshold, OFTEN) for reason in reasons)
            yield Suspicion(principal=principal, credential=credential, reasons=reasons, score=score)


def _reason(rule: Rule, weeks: Sequence[Sign], limit: Limit) -> Reason:
    hours = sum(_shared(sign.hours, limit.several) for sign in weeks)
    names = sorted({name for sign in weeks for name in sign.hours if name != ANY})
    count = f"more than {PLACES}" if any(ANY in sign.hours for sign in weeks) else f"{len(names)}"
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    what = WORDS[rule].format(several=limit.several, many=count)
    said = f"{many(hours, 'hour')} {what} {', '.join(names[:NAMED])}{more}"
    return Reason(rule=rule, hours=hours, threshold=limit.hours, said=said.rstrip())


def _shared(groups: Mapping[str, str], several: int) -> int:
    """In how many hours there were so many of them. Of more than a summary tells apart, every hour counts."""
    if ANY in groups:
        return int(groups[ANY], 16).bit_count()
    at_least = [-1, *[0] * several]  # at n: the hours with n groups or more; -1 has every bit
    for hours in groups.values():
        for n in range(several, 0, -1):
            at_least[n] |= at_least[n - 1] & int(hours, 16)
    return at_least[several].bit_count()
