"""The process is killed before and after every call and every record; the same command again ends where it would have.

The plan changes an entry of every kind there is, and the rollback takes back what can be taken back. The default run
takes a sample of the points. REMEDIATE_STRESS=1 takes them all, but that of points between which only the program
itself was at work, one stands for the others: a process that is killed leaves an account and a journal, which are the
same at each of them. It prints how many there were.
"""

import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support.stress import STRESS

from remediate.aws.resources import RESOURCES

TESTS = Path(__file__).parents[1]
LANES = 2 if STRESS else 1
"""Worlds side by side."""
SINGLE = 2
"""Points of the default run, evenly apart, at each of which a process dies once."""
LIVES = 12
"""Deaths of the default run that come one after the other, each in the life after the last."""
LOOKS = ("Get", "List", "Describe")
"""How the calls begin that leave everything as it is."""


class World:
    """The account and the plan in a process of their own: see `support.crash_driver`."""

    def __init__(self, mode: str, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "support.crash_driver", mode, str(folder)],
            cwd=TESTS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        about = self._line()
        self.kinds: set[str] = set(about["kinds"])
        self.kept: dict[str, str] = about["kept"]
        """Kinds of which an entry stays in a rollback, and why."""
        whole = self._told([0], [None])
        self.points: list[str] = whole["deaths"][0]
        """What a run without an accident passes."""
        self.account: list[str] = whole["endings"][0]["account"]

    def goes_on(self, deaths: Sequence[int], cuts: Sequence[int | None] = (None,)) -> dict[str, Any]:
        """Dies at each of these points, one life after the other; with the last record whole, or cut at any of these
        bytes, the next run ends with the same account, and one outcome for each change."""
        told = self._told(deaths, cuts)
        for cut, end in zip(cuts, told.pop("endings"), strict=True):
            where = f"killed {[life[-1] for life in told['deaths']]}, cut at {cut}"
            assert (end["outcomes"], end["settled once"], end["end"]) == (["done"], True, "complete"), where
            assert end["account"] == self.account, where
        return told

    def _told(self, deaths: Sequence[int], cuts: Sequence[int | None]) -> dict[str, Any]:
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"deaths": deaths, "cuts": cuts}) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = self._line()
        assert "error" not in answer, answer["error"]
        return answer

    def _line(self) -> Any:
        assert self.process.stdout
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


class Worlds:
    """Worlds that are alike: a number of things happens in them, each in one of them."""

    def __init__(self, mode: str, folders: Iterable[Path]) -> None:
        self.mode = mode
        with ThreadPoolExecutor() as pool:
            self.all = list(pool.map(lambda folder: World(mode, folder), folders))

    @property
    def first(self) -> World:
        return self.all[0]

    def each(self, what: str, do: Callable[[World, Any], Any], things: Sequence[Any]) -> list[Any]:
        """What came of each thing; the numbers are printed where all is done that can be done."""
        begun, lanes = time.monotonic(), len(self.all)
        with ThreadPoolExecutor(lanes) as pool:
            parts = list(pool.map(lambda n: [do(self.all[n], thing) for thing in things[n::lanes]], range(lanes)))
        found = [parts[n % lanes][n // lanes] for n in range(len(things))]
        if STRESS:
            print(f"\n{self.mode}: {len(things)} {what} in {time.monotonic() - begun:.0f} s")
        return found


@pytest.fixture(scope="module", params=["apply", "rollback"])
def worlds(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    found = Worlds(request.param, [tmp_path_factory.mktemp("world") for _ in range(LANES)])
    yield found
    for world in found.all:
        world.close()


def test_the_plan_has_every_kind(worlds: Worlds) -> None:
    world = worlds.first
    assert world.kinds | world.kept.keys() == RESOURCES.keys()
    assert all("cannot be taken back" in why for why in world.kept.values())
    assert not world.kinds & world.kept.keys()
    assert len(world.kept) < (1 if worlds.mode == "apply" else 8)
    assert all(other.account == world.account for other in worlds.all)


def test_killed_once_it_goes_on(worlds: Worlds) -> None:
    count = len(worlds.first.points)
    points = told_apart(worlds.first.points)
    sides = Counter(" ".join(worlds.first.points[n - 1].split()[:2]) for n in points)
    assert sides.keys() == {"before call", "after call", "before record", "after record"}
    if not STRESS:
        points = [n * count // (SINGLE + 1) + n % 2 for n in range(1, SINGLE + 1)]
    what = f"deaths and resumes, for the {count} points between calls and records"
    lives = worlds.each(what, lambda world, n: world.goes_on([n]), points)
    places = [life["deaths"][0][0] for life in lives]
    assert places == [worlds.first.points[n - 1] for n in points]
    if STRESS:
        print(dict(sides))


def told_apart(points: Sequence[str]) -> list[int]:
    """One of the points for each state of the account and the journal: of two states the first, of two the last, so
    that it is after all sorts of things that were done, and before all sorts that are to come."""
    begins = [1, *(n for n, place in enumerate(points, start=1) if n > 1 and _leaves_something(place))]
    ends = [*(begin - 1 for begin in begins[1:]), len(points)]
    return [(begin, end)[n // 2 % 2] for n, (begin, end) in enumerate(zip(begins, ends, strict=True))]


def _leaves_something(place: str) -> bool:
    side, what, name = place.split()[:3]
    return side == "after" and not (what == "call" and name.partition(":")[2].startswith(LOOKS))


def test_one_point_stands_for_those_between_which_nothing_is_written() -> None:
    points = (
        "before record intent iam.user",  # of what there was
        "after record intent iam.user",
        "before call iam:GetUser",
        "after call iam:GetUser",
        "before call iam:CreateUser",  # of the intent
        "after call iam:CreateUser",  # of the user
        "before record done iam.user",
        "after record done iam.user",
        "before call iam:GenerateCredentialReport",  # of the outcome
        "after call iam:GenerateCredentialReport",  # of the report
    )
    assert told_apart(points) == [1, 2, 7, 9, 10]


def test_killed_again_and_again_it_goes_on(worlds: Worlds) -> None:
    """Some lives end before anything more is done, most a little further on."""
    dice = random.Random(1)
    deaths = [[dice.randint(20, 240) for _ in range(LIVES)] for _ in range(10 if STRESS else 1)]
    told = worlds.each(f"times {LIVES} deaths in a row", lambda world, some: world.goes_on(some), deaths)
    places = [life[0] for story in told for life in story["deaths"] if len(life) == 1]
    assert len(places) > LIVES // 2
    assert len({place.rpartition(" ")[2] for place in places}) > LIVES // 3  # of many kinds and calls


@pytest.mark.parametrize(("event", "cut"), [("intent", 40), ("sent", -1), ("done", 1), ("end", 0)])
def test_the_last_record_cut_at_any_byte(event: str, cut: int, worlds: Worlds) -> None:
    """Killed right after a record, the last of its kind: it may be torn anywhere."""
    if worlds.mode == "rollback" and not STRESS:
        pytest.skip("a journal is a journal: the stress run cuts this one too")
    points = worlds.first.points
    last = max(n for n, place in enumerate(points, start=1) if place.startswith(f"after record {event}"))
    length = worlds.first.goes_on([last], [cut])["record"]
    if STRESS:
        told = worlds.first.goes_on([last], list(range(length + 1)))
        print(f"\n{worlds.mode}: `{event}` cut at each of {length} bytes leaves {told['ran']} journals")
        assert told["ran"] == 2
