"""`remediate evidence --scheduler`: a cluster reads the files, and what they come to is the same."""

import asyncio
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

import dask
import pytest
from distributed import LocalCluster
from support import cloudtrail as ct
from support.aws import Aws
from support.engine import Wire

from remediate.cli import cluster, evidence, sources, work
from remediate.cli.cluster import there
from remediate.cli.gathering import gather
from remediate.cli.reading import BATCH, Fetch, Part, Piece, Reading, folder, read
from remediate.cli.sources import Folder
from remediate.errors import BadInput, RemediateError
from remediate.evidence.gathered import Report, Span, span
from remediate.evidence.logs import Log
from remediate.render.error_text import error as screen
from remediate.store.evidence import Store
from remediate.store.logs import content_of

ABOUT = span(ct.ACCOUNT, "aws", 30, datetime(2026, 11, 28, tzinfo=UTC))
FILES = 3 * BATCH + 1
SMALL: Mapping[str, Any] = {"processes": False, "dashboard_address": ":0"}


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """Of a cluster whose workers are threads of this process, two each."""
    with LocalCluster(**SMALL, n_workers=2, threads_per_worker=2) as started:
        yield started.scheduler_address


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of two weeks, one of which is damaged."""
    place = tmp_path_factory.mktemp("logs")
    for n in range(FILES):
        path = place / ct.file_name(n)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(ct.packed(list(ct.busy(20, n * 50))))
    path.write_bytes(b"no gzip")
    return place


def one_by_one(logs: Iterable[Log], about: Span) -> Iterator[Part]:
    return (read(about, [Piece(log)]) for log in logs)


def gathered(logs: Path, reading: Reading, kept: Path) -> Report:
    report = Report(account=ct.ACCOUNT, source="", since=ABOUT.since, until=ABOUT.end.date())
    found = Folder(logs).logs(ct.ACCOUNT, ABOUT.since)
    gather(found, reading, ABOUT, Store(kept, ct.ACCOUNT), report, lambda: None)
    return report


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob(f"{ct.ACCOUNT}/*.json*")}


def opened(log: Log) -> Piece:
    """What a worker does that brings a file."""
    return Piece(log, content_of(log.where))


@pytest.mark.parametrize("bring", [None, opened])
def test_it_comes_to_the_same_bytes(bring: Fetch | None, scheduler: str, logs: Path, tmp_path: Path) -> None:
    there_, here = tmp_path / "there", tmp_path / "here"
    report = gathered(logs, there(scheduler, bring), there_)
    assert report == gathered(logs, one_by_one, here)
    assert (report.files, report.failed, len(content(here))) == (FILES - 1, 1, 3)
    assert content(there_) == content(here)
    again = gathered(logs, there(scheduler, bring), there_)
    assert (again.files, again.known, content(there_)) == (0, FILES - 1, content(here))


def test_threads_of_a_worker_share_nothing() -> None:
    """What is remembered of records is numbered, and not for several at a time."""
    found = []
    other = Thread(target=lambda: found.append(folder(ABOUT)))
    other.start()
    other.join()
    assert folder(ABOUT) is folder(ABOUT) is not found[0]


def test_workers_read_a_bucket_themselves(
    aws: Aws, wire: Wire, scheduler: str, logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever types the command lists it, and fetches nothing."""
    monkeypatch.setattr(work, "connect", lambda *_: wire.session)
    aws.client("s3").create_bucket(Bucket="acme-trail")
    for path in sorted(logs.rglob("*.json.gz"))[:3]:
        key = str(path.relative_to(logs))
        aws.client("s3").put_object(Bucket="acme-trail", Key=key, Body=path.read_bytes())
    kept = tmp_path / "kept"
    evidence.evidence("s3://acme-trail", days=3650, folder=kept, scheduler=scheduler)
    assert (wire.faults.sends("ListObjectsV2") > 0, wire.faults.sends("GetObject")) == (True, 0)
    summary = Store(kept, ct.ACCOUNT).whole()
    assert sum(count.calls for uses in summary.people.values() for count in uses.values()) == 60
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "")
    monkeypatch.setattr(sources, "_bucket", sources._bucket.__wrapped__)  # a worker that was started just now
    with pytest.raises(RemediateError, match="a worker of the cluster has no credentials") as caught:
        evidence.evidence("s3://acme-trail", days=3650, folder=tmp_path / "other", scheduler=scheduler)
    assert "credentials of their own" in screen(caught.value, colour=False)


@pytest.mark.parametrize(
    ("typed", "fake", "words"),
    [
        (
            "tcp://127.0.0.1:1",
            {"PATIENCE": 0.2},
            ["no scheduler of Dask answers at tcp://127.0.0.1:1", "tcp://HOST:8786"],
        ),
        ("nonsense://x", {}, ["no scheduler of Dask answers at nonsense://x"]),
        ("", {"__version__": "9.9"}, ["2 of 2 workers do not have remediate 9.9", ": 0.1.0", "remediate-aws==9.9"]),
        ("", {"PACKAGE": "none"}, ["2 of 2 workers do not have remediate", "No package metadata"]),
    ],
)
def test_a_cluster_that_cannot_read(
    typed: str,
    fake: Mapping[str, str | float],
    words: Sequence[str],
    scheduler: str,
    logs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in fake.items():
        monkeypatch.setattr(cluster, name, value)
    with pytest.raises(BadInput) as caught:
        gathered(logs, there(typed or scheduler, None), tmp_path)
    shown = screen(caught.value, colour=False)
    assert [word for word in words if word not in shown] == []


def test_what_a_cluster_needs(logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with LocalCluster(**SMALL, n_workers=0) as empty, pytest.raises(BadInput, match="has no workers"):
        gathered(logs, there(empty.scheduler_address, None), tmp_path)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(BadInput, match="no Dask here") as caught:
        evidence.evidence(str(logs), scheduler="tcp://127.0.0.1:1", folder=tmp_path)
    assert "remediate-aws[cluster]" in caught.value.remedy
    with pytest.raises(BadInput, match="only files are read by a cluster"):
        evidence.evidence("cloudtrail:", scheduler="tcp://127.0.0.1:1")


async def never(**_: Any) -> None:
    """As a machine answers that hangs."""
    await asyncio.sleep(60)


@pytest.mark.parametrize("who", ["scheduler", "worker"])
def test_a_cluster_that_does_not_answer(who: str, logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with LocalCluster(**SMALL, n_workers=1) as started:
        hung = started.scheduler if who == "scheduler" else started.workers[0]
        monkeypatch.setitem(hung.handlers, "ncores" if who == "scheduler" else "run", never)
        monkeypatch.setattr(cluster, "PATIENCE", 0.5)
        with pytest.raises(RemediateError, match="or one of its workers does not answer"):
            gathered(logs, there(started.scheduler_address, None), tmp_path)


RUNNING: list[LocalCluster] = []
LOST: list[str] = []


def loses_a_worker(log: Log) -> Piece:
    """The first that is asked is gone before it has read."""
    if not LOST:
        LOST.append(log.where)
        busy = next(one for one in RUNNING[-1].workers.values() if one.state.executing_count)
        busy.loop.add_callback(busy.close, nanny=False)
        end = time.monotonic() + 10
        while busy.address in RUNNING[-1].scheduler.workers and time.monotonic() < end:
            time.sleep(0.01)
    return opened(log)


def loses_the_scheduler(log: Log) -> Piece:
    """As it looks from here: the connection ends."""
    scheduler = RUNNING[-1].scheduler
    for stream in scheduler.client_comms.values():
        scheduler.loop.add_callback(stream.comm.abort)
    time.sleep(0.2)
    return opened(log)


@contextmanager
def running(losses: int) -> Iterator[str]:
    """A cluster that gives up on what takes more workers with it."""
    with dask.config.set({"distributed.scheduler.allowed-failures": losses}):
        started = LocalCluster(**SMALL, n_workers=2, threads_per_worker=1)
    LOST.clear()
    with started:
        RUNNING.append(started)
        yield started.scheduler_address


def test_what_a_lost_worker_had_in_hand_goes_to_another(logs: Path, tmp_path: Path) -> None:
    with running(losses=1) as scheduler:
        report = gathered(logs, there(scheduler, loses_a_worker), tmp_path / "there")
    assert (len(LOST), report.files) == (1, FILES - 1)
    gathered(logs, one_by_one, tmp_path / "here")
    assert content(tmp_path / "there") == content(tmp_path / "here")


@pytest.mark.parametrize(
    ("bring", "words"),
    [(loses_a_worker, "workers were lost again and again"), (loses_the_scheduler, "the scheduler at .* is gone")],
)
def test_a_cluster_that_is_lost(bring: Fetch, words: str, logs: Path, tmp_path: Path) -> None:
    with running(losses=0) as scheduler, pytest.raises(RemediateError, match=words):
        gathered(logs, there(scheduler, bring), tmp_path)
