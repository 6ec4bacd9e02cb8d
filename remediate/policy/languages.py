"""Which texts there are, seen by what a few sets of patterns say of them.

Two patterns that look different may stand for the same texts, and many together for what one alone says. So nothing is
concluded from how they are written: all texts are walked through at once, character by character, each as the set of
places in the patterns that it may have come to. Texts that come to the same places go on alike, so that there are few
of them, and one stands for all. What is found is complete: a set of sets that no text is in is not there.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from remediate.policy.patterns import Pattern, Wild

SPARE = "xyzabcdefghijklmnopqrstuvwXYZ0123456789_-"
"""For a character that no pattern names: the first that none does."""

MOST_STATES = 200_000
"""Patterns of a size that IAM takes come to far fewer. Beyond, it is said that the question is too large."""


class TooLarge(Exception):
    """There are more sorts of texts than can be gone through."""


class Place(NamedTuple):
    """One step of a pattern."""

    step: str | Wild | None
    """The character or the wildcard that is next; None at the end."""
    group: int
    """The set of patterns that it belongs to."""
    within_segment: bool
    """Whether a wildcard stops at a colon, as in the first five parts of an ARN."""
    any_case: bool


class Text(NamedTuple):
    """A text of its sort, and the sets of patterns that it is in, as bits."""

    text: str
    groups: int


class Language(NamedTuple):
    """One set of patterns: a text is in it if any of them stands for it."""

    patterns: tuple[Pattern, ...]
    any_case: bool = False
    arn: bool = False


def texts(languages: Sequence[Language], within: Sequence[int] = ()) -> Iterator[Text]:
    """One text of every sort that there is. Raises TooLarge.

    `within`: sets of languages, as bits. Of each set, the text is in at least one; others are left out.
    """
    automaton = _automaton(tuple(languages))
    seen: set[int] = set()
    for text, places in automaton.walk(within):
        groups = automaton.ended(places)
        if groups not in seen and all(groups & wanted for wanted in within):
            seen.add(groups)
            yield Text(text, groups)


@lru_cache(maxsize=64)
def _automaton(languages: tuple[Language, ...]) -> "Automaton":
    return Automaton(languages)


class Automaton:
    """The places of all patterns, and how a character leads from one to the next."""

    def __init__(self, languages: Sequence[Language]) -> None:
        self.places: list[Place] = []
        self.starts: list[int] = []
        for group, language in enumerate(languages):
            for of in language.patterns:
                self.starts.append(len(self.places))
                self.places += _places(of, group, language)

    def walk(self, within: Sequence[int]) -> Iterator[tuple[str, frozenset[int]]]:
        """Every set of places that some text comes to, with such a text: to the end of one, then back to the next."""
        start = self._closed(self.starts)
        known = {start}
        open_ = [("", start)]
        while open_:
            text, places = open_.pop()
            yield text, places
            for character, reached in self._steps(places):
                if reached in known or not self._alive(reached, within):
                    continue
                if len(known) >= MOST_STATES:
                    raise TooLarge(f"more than {MOST_STATES:,} sorts of texts")
                known.add(reached)
                open_.append((text + character, reached))

    def ended(self, places: frozenset[int]) -> int:
        """The languages that a text is in which came to these places."""
        groups = 0
        for number in places:
            place = self.places[number]
            if place.step is None:
                groups |= 1 << place.group
        return groups

    def _alive(self, places: frozenset[int], within: Sequence[int]) -> bool:
        """Whether a text that came to these places may still come to be in a language of each set."""
        if not within:
            return True
        groups = 0
        for number in places:
            groups |= 1 << self.places[number].group
        return all(groups & wanted for wanted in within)

    def _steps(self, places: frozenset[int]) -> Iterator[tuple[str, frozenset[int]]]:
        named: dict[str, list[int]] = {}
        wild: list[int] = []
        stopping: list[int] = []
        for number in places:
            step, _, within_segment, any_case = self.places[number]
            if isinstance(step, Wild):
                (stopping if within_segment else wild).append(number if step is Wild.ANY else number + 1)
            elif step is not None:
                for character in _alike(step) if any_case else (step,):
                    named.setdefault(character, []).append(number + 1)
        if stopping:
            named.setdefault(":", [])
        for character in sorted(named):
            beside = wild if character == ":" else [*wild, *stopping]
            yield character, self._closed([*named[character], *beside])
        if wild or stopping:
            spare = next((c for c in SPARE if c not in named), None) or _beyond(named)
            yield spare, self._closed([*wild, *stopping])

    def _closed(self, numbers: Sequence[int]) -> frozenset[int]:
        """With the places behind each `*`, which may stand for nothing."""
        found = set()
        for first in numbers:
            number = first
            while number not in found:
                found.add(number)
                if self.places[number].step is not Wild.ANY:
                    break
                number += 1
        return frozenset(found)


def _alike(character: str) -> set[str]:
    """The characters that are the same in any case, as `str.lower` has it: the sign for kelvin is a k, too."""
    lower = character.lower()
    return {lower, character.upper(), character, *({"k": "\u212a", "å": "\u212b", "ω": "\u2126"}.get(lower, ""))}


def _beyond(named: dict[str, list[int]]) -> str:
    return next(c for c in map(chr, range(0x100, 0x10000)) if c not in named)


def _places(of: Pattern, group: int, language: Language) -> Iterator[Place]:
    """The steps of one pattern, to its end."""
    colons = 0
    for part in of:
        if isinstance(part, Wild):
            yield Place(part, group, language.arn and colons < 5, any_case=False)
            continue
        for character in str(part):
            colons += character == ":"
            yield Place(character, group, within_segment=False, any_case=language.any_case)
    yield Place(None, group, within_segment=False, any_case=False)
