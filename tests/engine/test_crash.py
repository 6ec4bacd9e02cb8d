"""The process is killed before and after every call and every record; the same command again ends where it would have.

The plan changes an entry of every kind there is, and the rollback takes back what can be taken back. The default run
takes a sample of the points; REMEDIATE_STRESS=1 takes them all, and prints how many there were.
"""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from support.stress import STRESS

from remediate.aws.resources import RESOURCES

TESTS = Path(__file__).parents[1]
SINGLE = {"apply": 5, "rollback": 3}
"""Points of the default run, evenly apart, at each of which a process dies once."""
LIVES = 14
"""Deaths of the default run that come one after the other, each in the life after the last."""
CUTS = (1, 40, -1)
"""Where the last record is cut in the default run, in bytes from its beginning or its end."""
NOT_TAKEN_BACK = {
    *("ds.directory", "iam.root_access_key", "iam.server_certificate"),
    *("kms.key", "kms.rotation", "logs.group", "logs.retention", "s3.bucket", "sns.subscription"),
    *("s3.bucket_encryption", "s3.bucket_lifecycle", "s3.bucket_logging", "s3.bucket_policy"),
    *("s3.bucket_public_access", "s3.bucket_versioning"),
    *("iam.oidc_audience", "iam.oidc_provider", "iam.oidc_thumbprints"),
}
"""Kinds whose entries stay in this account, with what stands in them: they cannot be deleted, or others use them."""


class World:
    """The account and the plan in a process of their own: see `support.crash_driver`."""

    def __init__(self, mode: str, folder: Path) -> None:
        self.mode = mode
        self.process = subprocess.Popen(
            [sys.executable, "-m", "support.crash_driver", mode, str(folder)],
            cwd=TESTS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.kinds = set(self._line())
        whole = self.story([0])
        self.points = int(whole["deaths"][0].split()[1])
        self.account = whole["account"]

    def story(self, deaths: Sequence[int], cut: int | None = None) -> dict[str, Any]:
        """Dies at each of these points, one life after the other; the last record may be cut; runs to its end."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"deaths": deaths, "cut": cut}) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = self._line()
        assert "error" not in answer, answer["error"]
        return answer

    def goes_on(self, deaths: Sequence[int], cut: int | None = None) -> dict[str, Any]:
        """And ends with the same account, and one outcome for each change."""
        told = self.story(deaths, cut)
        where = f"killed {told['deaths']}, cut at {cut}"
        assert (told["outcomes"], told["settled once"], told["end"]) == (["done"], True, "complete"), where
        assert told["account"] == self.account, where
        return told

    def _line(self) -> Any:
        assert self.process.stdout
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


@pytest.fixture(scope="module", params=["apply", "rollback"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    found = World(request.param, tmp_path_factory.mktemp("world"))
    yield found
    found.close()


def test_the_plan_has_every_kind(world: World) -> None:
    missing = set(RESOURCES) - world.kinds
    assert missing == (set() if world.mode == "apply" else NOT_TAKEN_BACK)


def test_killed_once_it_goes_on(world: World) -> None:
    begun, step = time.monotonic(), 1 if STRESS else max(1, world.points // SINGLE[world.mode] - 1)
    points = range(1, world.points + 1, step | 1)  # odd, so that both before and after are met
    died = Counter(world.goes_on([point])["deaths"][0].split(" ")[1] for point in points)
    assert died.total() == len(points)
    if STRESS:
        print(f"\n{world.mode}: {world.points} points, {died.total()} deaths and resumes ({dict(died)})", end=" ")
        print(f"in {time.monotonic() - begun:.0f} s")


def test_killed_again_and_again_it_goes_on(world: World) -> None:
    deaths = [2 + (n * 37) % 61 for n in range(200 if STRESS else LIVES)]
    told = world.goes_on(deaths)
    assert any(not said.startswith("ended") for said in told["deaths"])


def test_the_last_record_cut_at_any_byte(world: World) -> None:
    """Killed right after the record of an intent: it may be torn anywhere."""
    length = int(world.goes_on([18])["record"])
    cuts = range(length) if STRESS else [cut % length for cut in CUTS]
    for cut in cuts:
        world.goes_on([18], cut)
