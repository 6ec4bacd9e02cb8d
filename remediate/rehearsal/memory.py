"""What a rehearsal has in place of a journal on disk and of a clock that makes people wait."""

from datetime import datetime, timedelta

from remediate.model import Event, Record
from remediate.protocols import Clock


class Notes:
    """A journal that ends with the rehearsal."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.records: list[Record] = []

    def add(
        self,
        event: Event,
        change: int = 0,
        address: str = "",
        *,
        plan: str = "",
        request_ids: tuple[str, ...] = (),
        detail: str = "",
    ) -> None:
        record = Record(
            seq=len(self.records) + 1,
            previous="",
            at=self._clock.now(),
            event=event,
            change=change,
            address=address,
            plan=plan,
            request_ids=request_ids,
            detail=detail,
        )
        self.records.append(record)


class Unhurried:
    """The clock, but that nobody waits: a sleep only moves it on. An emulator shows a change at once, or never."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._slept = timedelta()

    def now(self) -> datetime:
        return self._clock.now() + self._slept

    def sleep(self, seconds: float) -> None:
        self._slept += timedelta(seconds=seconds)
