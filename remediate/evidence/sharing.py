"""Credentials that several may share, and work that is done through the wrong ones: what a summary says, with numbers.

Each reason counts hours, because hours are what a summary tells for certain: those in which something was so, beside
the number from which that is worth a look. A suspicion's score says how many times over, all its reasons together. It
proves nothing: somebody may travel, and a job may run in two places.

Weeks are to be given one by one. In a summary of several weeks, hours of different weeks cannot be told apart.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from ipaddress import ip_network
from typing import Annotated, Literal

from msgspec import Meta

from remediate.evidence.ladder import ANY
from remediate.evidence.summary import PLACES, Count, Summary, Use, Uses
from remediate.model import Struct

Rule = Literal["networks", "programs", "sign-in", "by hand", "root", "other account"]
Hours = Annotated[int, Meta(ge=1)]
Several = Annotated[int, Meta(ge=2)]

LONG_LIVED = "AKIA"
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids"""
SIGN_IN = "signin.amazonaws.com/ConsoleLogin"
ASSUME = "sts.amazonaws.com/AssumeRole"
BY_HAND = frozenset(("aws-cli", "awspowershell", "aws-shell", "aws-toolkit-for-vscode", "console.amazonaws.com"))
"""Programs that a person types into, or clicks in; small letters."""
RELATED = {4: 16, 6: 32}
"""Addresses with so many first bits in common count as one network: an office, a provider, a region of a cloud."""
OFTEN = 5
"""As many times as one reason counts at most: one loud reason is not five."""
NAMED = 4
"""Networks, programs and the like that a reason names."""


class Thresholds(Struct, frozen=True, kw_only=True):
    """From when on something is worth a look. What stays below is not told."""

    networks: Several = 2
    """Unrelated networks that use one key in the same hour."""
    network_hours: Hours = 3
    programs: Several = 3
    """Programs of different names that use one key in the same hour."""
    program_hours: Hours = 3
    sign_in_hours: Hours = 1
    """Hours in which somebody signed in to the console as an application."""
    by_hand_hours: Hours = 1
    """Hours in which people worked with an application's key, where none of its programs run."""
    root_hours: Hours = 1
    other_account_hours: Hours = 1
    """Hours in which a long-lived key of one account worked in another."""


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
    weeks: Iterable[Summary], account: str, applications: Collection[str], at: Thresholds
) -> list[Suspicion]:
    """The gravest first. `applications` are the ARNs of those that no person should work as."""
    found: dict[tuple[str, str], list[Reason]] = defaultdict(list)
    for principal, uses in _by_principal(weeks).items():
        for credential, reason in _reasons(principal, uses, account, principal in applications, at):
            if reason.hours >= reason.threshold:
                found[principal, credential].append(reason)
    told = (_suspicion(*who, reasons) for who, reasons in found.items())
    return sorted(told, key=lambda one: (-one.score, one.principal, one.credential))


def _suspicion(principal: str, credential: str, reasons: list[Reason]) -> Suspicion:
    score = sum(min(reason.hours // reason.threshold, OFTEN) for reason in reasons)
    return Suspicion(principal=principal, credential=credential, reasons=tuple(reasons), score=score)


def _by_principal(weeks: Iterable[Summary]) -> Mapping[str, list[Uses]]:
    found: dict[str, list[Uses]] = defaultdict(list)
    for week in weeks:
        for principal, uses in week.people.items():
            found[principal].append(uses)
    return found


def _reasons(
    principal: str, weeks: list[Uses], account: str, application: bool, at: Thresholds
) -> Iterator[tuple[str, Reason]]:
    for key, uses in _by_key(weeks).items():
        yield key, _networks(uses, at)
        yield key, _programs(uses, at)
        yield key, _other_account(principal, uses, account, at)
        if application:
            yield key, _by_hand(uses, at)
    if application:
        yield "", _sign_in(weeks, at)
    if principal.endswith(f"::{account}:root"):
        yield "", _root(weeks, at)


def _by_key(weeks: list[Uses]) -> Mapping[str, list[Uses]]:
    """The uses of each long-lived key that the summary tells apart, week by week."""
    found: dict[str, list[Uses]] = defaultdict(list)
    for uses in weeks:
        here: dict[str, Uses] = defaultdict(dict)
        for use, count in uses.items():
            if use.credential.startswith(LONG_LIVED):
                here[use.credential][use] = count
        for key, own in here.items():
            found[key].append(own)
    return found


def network_of(text: str) -> str:
    """The network that an address belongs to; `*` for any; empty for a service of AWS, which has no address."""
    if text == ANY:
        return ANY
    try:
        found = ip_network(text)
    except ValueError:
        return ""
    return str(found.supernet(new_prefix=min(found.prefixlen, RELATED[found.version])))


def program_of(agent: str) -> str:
    """A program without its version, in small letters; `*` for any."""
    return agent.partition("/")[0].lower()


def _networks(weeks: list[Uses], at: Thresholds) -> Reason:
    groups = [_by(uses, lambda use: network_of(use.network)) for uses in weeks]
    return _at_once("networks", "unrelated networks", groups, at.networks, at.network_hours)


def _programs(weeks: list[Uses], at: Thresholds) -> Reason:
    groups = [_by(uses, lambda use: program_of(use.agent)) for uses in weeks]
    return _at_once("programs", "programs", groups, at.programs, at.program_hours)


def _by(uses: Uses, of: Callable[[Use], str]) -> Mapping[str, int]:
    """The hours in which there was each of these, as bits."""
    found: dict[str, int] = defaultdict(int)
    for use, count in uses.items():
        if group := of(use):
            found[group] |= count.hours
    return found


def _at_once(rule: Rule, what: str, weeks: list[Mapping[str, int]], several: int, threshold: int) -> Reason:
    """The hours that had several of them. In a week that had more than a summary tells apart, every hour counts."""
    hours = sum(_shared(groups, several) for groups in weeks)
    names = sorted({name for groups in weeks for name in groups if name != ANY})
    many = f"more than {PLACES}" if any(ANY in groups for groups in weeks) else f"{len(names)}"
    return _reason(rule, hours, threshold, f"with {several} or more at once of {many} {what}:", names)


def _shared(groups: Mapping[str, int], several: int) -> int:
    if ANY in groups:
        return groups[ANY].bit_count()
    at_least = [-1, *[0] * several]  # at n: the hours with n groups or more; -1 has every bit
    for hours in groups.values():
        for n in range(several, 0, -1):
            at_least[n] |= at_least[n - 1] & hours
    return at_least[several].bit_count()


def _by_hand(weeks: list[Uses], at: Thresholds) -> Reason:
    """Only where the key has programs of its own: a script of AWS's CLI is an application, too."""
    home = {network_of(use.network) for uses in weeks for use in uses if program_of(use.agent) not in BY_HAND} - {""}

    def away(use: Use) -> bool:
        return bool(home) and program_of(use.agent) in BY_HAND and network_of(use.network) not in {*home, "", ANY}

    names = sorted({use.network for uses in weeks for use in uses if away(use)})
    said = "of work by hand, away from its programs: from"
    return _reason("by hand", _when(weeks, away), at.by_hand_hours, said, names)


def _sign_in(weeks: list[Uses], at: Thresholds) -> Reason:
    def signs(use: Use) -> bool:
        return use.event == SIGN_IN

    names = sorted({use.network for uses in weeks for use in uses if signs(use)})
    said = "in which somebody signed in to the console as an application, or tried to: from"
    return _reason("sign-in", _when(weeks, signs), at.sign_in_hours, said, names)


def _root(weeks: list[Uses], at: Thresholds) -> Reason:
    """What AWS's services did in the root user's name is nobody's work."""

    def works(use: Use) -> bool:
        return bool(network_of(use.network))

    names = sorted({use.event for uses in weeks for use in uses if works(use)})
    return _reason("root", _when(weeks, works), at.root_hours, "of work as the root user:", names)


def _other_account(principal: str, weeks: list[Uses], account: str, at: Thresholds) -> Reason:
    """The key of another account's user at work here, or one of ours that took a role elsewhere."""
    home = _account_of(principal) or account

    def other(use: Use) -> str:
        there = home if home != account else _account_of(use.resource) if use.event == ASSUME else ""
        return "" if there == account else there

    names = sorted({there for uses in weeks for use in uses if (there := other(use))})
    hours = _when(weeks, lambda use: bool(other(use)))
    return _reason("other account", hours, at.other_account_hours, "of work across accounts: with", names)


def _account_of(arn: str) -> str:
    """Empty where the text is no ARN, or does not tell."""
    parts = arn.split(":")
    return parts[4] if len(parts) > 5 and parts[4].isdecimal() else ""


def _when(weeks: list[Uses], counts: Callable[[Use], bool]) -> int:
    """In how many hours there was a use that counts."""
    return sum(_bits(count for use, count in uses.items() if counts(use)).bit_count() for uses in weeks)


def _bits(counts: Iterable[Count]) -> int:
    hours = 0
    for count in counts:
        hours |= count.hours
    return hours


def _reason(rule: Rule, hours: int, threshold: int, what: str, names: list[str]) -> Reason:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    listed = f" {', '.join(names[:NAMED])}{more}" if names else ""
    unit = "hour" if hours == 1 else "hours"
    return Reason(rule=rule, hours=hours, threshold=threshold, said=f"{hours} {unit} {what}{listed}")
