"""Records that CloudTrail is asked for, stretch by stretch, and what they say put into the store."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from remediate.cli.gathering import Sums
from remediate.cli.reading import folder
from remediate.cli.records import Records
from remediate.errors import CallFailed, CredentialsEnded, RemediateError
from remediate.evidence.fold import Weeks, week_of
from remediate.evidence.gathered import Outcome, Report, Span, told
from remediate.evidence.logs import Log
from remediate.evidence.stretches import Stretch, log_of, stretches
from remediate.evidence.wire import encode
from remediate.store.evidence import Store


class Asking:
    """All that there is of a span and was not asked for before, into the store of its account."""

    def __init__(self, records: Records, source: str, span: Span, store: Store, report: Report) -> None:
        self._records, self._source, self._span, self._store, self._report = records, source, span, store, report
        self._sums = Sums(store, span)
        self._lock = threading.Lock()
        """Of all that threads share. They wait for answers most of the time."""
        self._ended = False

    def gather(self, begin: datetime, now: datetime, moved: Callable[[], None]) -> None:
        """`moved` is called for every page. The report names each place that cannot be asked.

        What was read until then is kept whatever it raises: CallFailed where nobody can be asked any more, and of the
        store BadInput and Refused.
        """
        with self._store.writing(self._source):
            todo = self._todo(begin, now)
            try:
                self._ask(todo, moved)
            except (CallFailed, RemediateError, KeyboardInterrupt):
                self._sums.keep()
                raise
            self._sums.keep()

    def _todo(self, begin: datetime, now: datetime) -> dict[str, list[tuple[Stretch, Log]]]:
        marks = self._store.marks()
        before: set[str] = set()

        def logs(place: str) -> Iterator[tuple[Stretch, Log]]:
            def known(stretch: Stretch) -> bool:
                mark = self._log(place, stretch).mark
                if mark in marks:
                    before.add(mark)
                return mark in marks

            wanted = (one for one in stretches(begin, now, known) if one.end - one.begin >= self._records.least)
            return ((stretch, self._log(place, stretch)) for stretch in wanted)

        found = {place: list(logs(place)) for place in self._records.places}
        self._report.known, self._report.unit = len(before), "stretches of time"
        return found

    def _log(self, place: str, stretch: Stretch) -> Log:
        return log_of(self._source, self._span.account, place, stretch)

    def _ask(self, todo: dict[str, list[tuple[Stretch, Log]]], moved: Callable[[], None]) -> None:
        with ThreadPoolExecutor(max(1, len(todo))) as pool:
            try:
                for one in [pool.submit(self._place, place, parts, moved) for place, parts in todo.items()]:
                    one.result()
            finally:
                self._ended = True

    def _place(self, place: str, todo: Sequence[tuple[Stretch, Log]], moved: Callable[[], None]) -> None:
        for stretch, log in todo:
            weeks: Weeks = {}
            try:
                outcome = self._stretch(place, stretch, log, weeks, moved)
            except CredentialsEnded:
                raise
            except CallFailed as error:  # other places may answer
                self._report.blind.append(f"{place}: {error.operation}: {error.code}: {error.message}")
                with self._lock:
                    self._sums.missed(place, stretch.end.date())
                return
            if self._ended:
                return
            for summary in weeks.values():
                summary.settle(self._span.account)
            with self._lock:
                self._sums.add({week: encode(one, frozenset()) for week, one in weeks.items()}, [outcome])
                self._report.add(outcome)
        with self._lock:
            self._sums.found(place)

    def _stretch(self, place: str, stretch: Stretch, log: Log, weeks: Weeks, moved: Callable[[], None]) -> Outcome:
        events = others = outside = 0
        passed: list[str] = []
        for page in self._records.pages(place, *stretch):
            if self._ended:
                break
            with self._lock:
                found = told(folder(self._span), page, weeks)
                moved()
            events += found.events
            others += found.others
            outside += found.outside
            passed += found.passed
        calls = events - others - outside - len(passed)
        return Outcome(log, week_of(stretch.begin), calls, others, outside, tuple(passed))
