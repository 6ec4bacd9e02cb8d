"""Which texts there are, seen by what a few sets of patterns say of them.

Two patterns that look different may stand for the same texts, and many together for what one alone says. So nothing is
concluded from how they are written: all texts are walked through at once, character by character, each as the set of
places in the patterns that it may have come to. Texts that come to the same places go on alike, so that there are few
of them, and one stands for all. What is found is complete: a set of sets that no text is in is not there.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from remediate.policy.patterns import Pattern, Wild

SPARE = "xyzabcdefghijklmnopqrstuvwXYZ0123456789_-"
"""For a character that no pattern names: the first that none does."""

MOST = 400_000
"""Places gone through. Patterns of a size that IAM takes come to far fewer. Beyond, it is said that the question is too
large."""


MOST_OF_A_PLAN = 20 * MOST
"""The same for all comparisons of one plan: half a minute. One for 5,000 users comes to less than a tenth of it."""


class TooLarge(Exception):
    """There are more sorts of texts than can be gone through."""


class Effort:
    """What may still be tried for one comparison, so that none takes more than some seconds; `whole` is what may be for
    all of a plan, where it is one of many."""

    def __init__(self, most: int, whole: "Effort | None" = None, *, of: str = "it takes") -> None:
        self.most = self.left = most
        self.whole = whole
        self.of = of

    def spend(self, what: int) -> None:
        """Raises TooLarge."""
        self.left -= what
        if self.left < 0:
            raise TooLarge(f"{self.of} more than {self.most:,} steps")
        if self.whole:
            self.whole.spend(what)


class Place(NamedTuple):
    """One step of a pattern."""

    step: str | Wild | None
    """The character or the wildcard that is next; None at the end."""
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
    """One text of every sort that there is, of few patterns: `Automaton.texts`. Raises TooLarge."""
    return _automaton(tuple(languages)).texts(within, Effort(MOST // 10))


@lru_cache(maxsize=16)
def _automaton(languages: tuple[Language, ...]) -> "Automaton":
    return Automaton(languages)


Places = frozenset[int]


class Automaton:
    """The places of all patterns, and how a character leads from one to the next; each way is looked for once."""

    def __init__(self, languages: Iterable[Language]) -> None:
        self.places: list[Place] = []
        self._group: list[int] = []
        """Of each place, the number of the language that it belongs to."""
        starts: list[int] = []
        self._ways: dict[Places, list[tuple[str, Places]]] = {}
        self._groups: dict[Places, int] = {}
        self._ends: dict[Places, int] = {}
        for group, language in enumerate(languages):
            for of in language.patterns:
                starts.append(len(self.places))
                self.places += _places(of, language.any_case, language.arn)
            self._group += [group] * (len(self.places) - len(self._group))
        self._start = self._closed(starts)

    def texts(self, within: Sequence[int], effort: Effort) -> Iterator[Text]:
        """One text of every sort that there is. Raises TooLarge.

        `within`: sets of languages, as bits. Of each set, the text is in at least one; others are left out.
        """
        seen: set[int] = set()
        for text, places in self._walk(within, effort):
            groups = self._ended(places)
            if groups not in seen and all(groups & wanted for wanted in within):
                seen.add(groups)
                yield Text(text, groups)

    def _walk(self, within: Sequence[int], effort: Effort) -> Iterator[tuple[str, Places]]:
        """Every set of places that some text comes to, with such a text: to the end of one, then back to the next."""
        known = {self._start}
        open_ = [("", self._start)]
        while open_:
            text, places = open_.pop()
            yield text, places
            if places not in self._ways:
                self._ways[places] = list(self._steps(places))
                effort.spend(len(places))
            for character, reached in self._ways[places]:
                if reached not in known and self._alive(reached, within):
                    known.add(reached)
                    open_.append((text + character, reached))
                    effort.spend(1 + len(reached) // 4)

    def _ended(self, places: Places) -> int:
        """The languages that a text is in which came to these places."""
        if places not in self._ends:
            self._ends[places] = bits_of(self._group[n] for n in places if self.places[n].step is None)
        return self._ends[places]

    def _alive(self, places: Places, within: Sequence[int]) -> bool:
        """Whether a text that came to these places may still come to be in a language of each set."""
        if not within:
            return True
        groups = self._groups.get(places)
        if groups is None:
            groups = self._groups[places] = bits_of({self._group[n] for n in places})
        for wanted in within:  # noqa: SIM110 (asked at every step of the walk: `all` takes three times as long)
            if not groups & wanted:
                return False
        return True

    def _steps(self, places: Places) -> Iterator[tuple[str, Places]]:
        named: dict[str, list[int]] = {}
        wild: list[int] = []
        stopping: list[int] = []
        for number in places:
            step, within_segment, any_case = self.places[number]
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

    def _closed(self, numbers: Sequence[int]) -> Places:
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


def bits_of(numbers: Iterable[int]) -> int:
    """The number in which these bits are set."""
    found = 0
    for number in numbers:
        found |= 1 << number
    return found


def _alike(character: str) -> set[str]:
    """The characters that are the same in any case, as `str.lower` has it: the sign for kelvin is a k, too."""
    lower = character.lower()
    return {lower, character.upper(), character, *({"k": "\u212a", "å": "\u212b", "ω": "\u2126"}.get(lower, ""))}


def _beyond(named: dict[str, list[int]]) -> str:
    return next(c for c in map(chr, range(0x100, 0x10000)) if c not in named)


@lru_cache(maxsize=16384)
def _places(of: Pattern, any_case: bool, arn: bool) -> tuple[Place, ...]:
    """The steps of one pattern, to its end: made once, for they took half the time of all comparisons of a plan."""
    colons = 0
    found: list[Place] = []
    for part in of:
        if isinstance(part, Wild):
            found.append(_place(part, arn and colons < 5, any_case=False))
            continue
        for character in str(part):
            colons += character == ":"
            found.append(_place(character, within_segment=False, any_case=any_case))
    return (*found, _place(None, within_segment=False, any_case=False))


@lru_cache(maxsize=4096)
def _place(step: str | Wild | None, within_segment: bool, any_case: bool) -> Place:
    """One object for all places of a sort."""
    return Place(step, within_segment, any_case)
