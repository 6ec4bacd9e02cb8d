"""Signs of credentials that several share, and of work done through the wrong ones: which hours of a week had what.

A sign judges nothing: who is an application, how many networks are too many and in how many hours, is others' to say.
Weeks are told one by one, because in a summary of several weeks hours of different weeks cannot be told apart.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from ipaddress import ip_network
from itertools import combinations
from typing import Literal

import msgspec

from remediate.evidence.ladder import ANY
from remediate.evidence.summary import Summary, Use, Uses
from remediate.model import Address, Struct, Value, at

SIGNS = "cloudtrail.signs"
"""The kind of the facts that hold a principal's signs, by its ARN."""
Rule = Literal["networks", "programs", "sign-in", "by hand", "root", "other account"]
Weeks = Sequence[tuple[date, Uses]]

LONG_LIVED = "AKIA"
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids"""
SIGN_IN = "signin.amazonaws.com/ConsoleLogin"
ASSUME = "sts.amazonaws.com/AssumeRole"
BY_HAND = frozenset(("aws-cli", "awspowershell", "aws-shell", "aws-toolkit-for-vscode", "console.amazonaws.com"))
"""Programs that a person types into, or clicks in; small letters."""
RELATED = {4: 16, 6: 32}
"""Addresses with so many first bits in common count as one network: an office, a provider, a region of a cloud."""


class Sign(Struct, frozen=True, kw_only=True):
    """What one credential, or a principal where it is not about one credential, was used by or with in one week."""

    rule: Rule
    week: date
    """Its Monday."""
    credential: str
    hours: Mapping[str, str]
    """By network, program, event or account the hours it was there, as a hexadecimal number: bit 0 is Monday 0:00 UTC.
    `*` stands for more of them than a summary tells apart."""


def signs(weeks: Iterable[tuple[date, Summary]], account: str) -> dict[str, list[Sign]]:
    """By principal; those of whom there is none are left out."""
    people: dict[str, list[tuple[date, Uses]]] = defaultdict(list)
    for week, summary in weeks:
        for principal, uses in summary.people.items():
            people[principal].append((week, uses))
    found = {principal: list(_signs(principal, own, account)) for principal, own in people.items()}
    return {principal: own for principal, own in found.items() if own}


def facts(found: Mapping[str, Sequence[Sign]]) -> dict[Address, Value]:
    """The same as facts of an account."""
    return {at(SIGNS, principal): msgspec.to_builtins(own) for principal, own in found.items()}


def _signs(principal: str, weeks: Weeks, account: str) -> Iterator[Sign]:
    for key, own in _by_key(weeks).items():
        programs = {network_of(use.network) for _, uses in own for use in uses if program_of(use.agent) not in BY_HAND}
        away = partial(_away, home=programs - {""})
        elsewhere = partial(_elsewhere, principal=principal, account=account)
        for week, uses in own:
            yield from _at_once("networks", week, key, _by(uses, lambda use: network_of(use.network)))
            yield from _at_once("programs", week, key, _by(uses, lambda use: program_of(use.agent)))
            yield from _sign("by hand", week, key, _by(uses, away))
            yield from _sign("other account", week, key, _by(uses, elsewhere))
    for week, uses in weeks:
        yield from _sign("sign-in", week, "", _by(uses, lambda use: use.network if use.event == SIGN_IN else ""))
        if principal.endswith(f"::{account}:root"):
            yield from _sign("root", week, "", _by(uses, lambda use: use.event if network_of(use.network) else ""))


def _sign(rule: Rule, week: date, credential: str, groups: Mapping[str, int]) -> Iterator[Sign]:
    if groups:
        hours = {name: f"{bits:x}" for name, bits in sorted(groups.items())}
        yield Sign(rule=rule, week=week, credential=credential, hours=hours)


def _at_once(rule: Rule, week: date, credential: str, groups: Mapping[str, int]) -> Iterator[Sign]:
    """Only where two of them share an hour."""
    if ANY in groups or any(one & other for one, other in combinations(groups.values(), 2)):
        yield from _sign(rule, week, credential, groups)


def _by_key(weeks: Weeks) -> Mapping[str, Weeks]:
    """The uses of each long-lived key that the summary tells apart, week by week."""
    found: dict[str, list[tuple[date, Uses]]] = defaultdict(list)
    for week, uses in weeks:
        here: dict[str, Uses] = defaultdict(dict)
        for use, count in uses.items():
            if use.credential.startswith(LONG_LIVED):
                here[use.credential][use] = count
        for key, own in here.items():
            found[key].append((week, own))
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


def _by(uses: Uses, of: Callable[[Use], str]) -> Mapping[str, int]:
    """The hours in which there was each of these, as bits."""
    found: dict[str, int] = defaultdict(int)
    for use, count in uses.items():
        if group := of(use):
            found[group] |= count.hours
    return found


def _away(use: Use, home: set[str]) -> str:
    """From where somebody worked by hand, if none of the key's programs runs there.

    Only where the key has programs of its own: a script of AWS's CLI is an application, too.
    """
    by_hand = bool(home) and program_of(use.agent) in BY_HAND
    return use.network if by_hand and network_of(use.network) not in {*home, "", ANY} else ""


def _elsewhere(use: Use, principal: str, account: str) -> str:
    """The other account: of a key at work here that is its user's, or of a role there that one of ours took."""
    home = _account_of(principal) or account
    there = home if home != account else _account_of(use.resource) if use.event == ASSUME else ""
    return "" if there == account else there


def _account_of(arn: str) -> str:
    """Empty where the text is no ARN, or does not tell."""
    parts = arn.split(":")
    return parts[4] if len(parts) > 5 and parts[4].isdecimal() else ""
