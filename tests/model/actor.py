"""One run of the program that says before each step what it is about to do, and waits to be told to do it."""

import queue
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session
from support import faults as f
from support.engine import MADE, Wire
from support.faults import Faults
from support.mutations import OWN, READ_ONLY, document
from support.story import Book

from model.steps import Call, Check, Open, Read, Record, Step, Value, Wait
from remediate.aws.live import LiveAccount
from remediate.model import Address, Receipt, at
from remediate.model import Value as Real
from remediate.store.journal import Journal

if TYPE_CHECKING:
    from model.replay import RealAccount

TAG, ATTACHED = at("iam.user_tag", "alice", "team"), at("iam.user_policy", "alice", READ_ONLY)
ADDRESSES = (at("iam.policy", OWN), TAG, ATTACHED)
REAL: tuple[Mapping[Value, Real], ...] = (
    {"old": None, "new": {"path": "/", "document": document()}, "other": {"path": "/", "document": document("s3:*")}},
    {"old": "red", "new": "blue", "other": "theirs"},
    {"old": "attached", "new": None},
)
"""What the model's values stand for."""
Told = tuple[object, ...]
"""A step in a form in which the model's and the program's can be compared."""


def told(step: Step) -> Told:
    """What the model is about to do."""
    match step:
        case Read(changes):
            return ("read", *sorted(c.address for c in changes))
        case Record(event, change, refused):
            return "record", event, change, refused
        case Call(change):
            return "call", change.address
        case Wait(seconds):
            return "wait", seconds
        case Open(changes):
            return ("open", *(c.address for c in changes))
        case Check():
            return ("check",)


class Crash(BaseException):
    """The process ends here."""


class Actor(threading.Thread):
    """One run of the program, that does nothing unless it is told to."""

    def __init__(self, world: "RealAccount", number: int, book: Book, wire: Wire) -> None:
        super().__init__(daemon=True)
        self.world, self.number, self.book, self.wire = world, number, book, wire
        self.about: Told | None = None
        self.error: BaseException | None = None
        self.free = False
        """Runs on by itself: it has lost its lock, and may only find that out."""
        self._ahead = 0.0
        self._said: queue.Queue[Told | None] = queue.Queue()
        self._orders: queue.Queue[str] = queue.Queue()
        self._dead = False
        self._armed = ""

    def run(self) -> None:
        try:
            self.world.run(self)
        except (Crash, Exception) as error:  # noqa: BLE001 (the test says what it makes of it)
            self.error = error
        self._said.put(None)

    def listen(self) -> None:
        """Until the next step is said, or the run has ended."""
        self.about = self._said.get(timeout=30)

    def order(self, what: str) -> None:
        self._orders.put(what)
        self.listen()

    def wait(self, seconds: float) -> None:
        """Sleeps for so long; what it looks at in between is as it was."""
        until = self.world.seconds + seconds
        while self.world.seconds < until:
            self.order("go")
            if self.about and self.about[0] == "read" and self.world.seconds < until:
                self.order("go")

    def step(self, *about: object) -> None:
        """Called by the run, before it does something."""
        if self._dead:
            raise Crash
        if self.free:
            return
        self._said.put(about)
        order = self._orders.get(timeout=30)
        if order == "crash":
            self._dead = True
            raise Crash
        self._armed = order

    # --- the seams of the program -------------------------------------------------------------------------------

    def now(self) -> datetime:
        return MADE + timedelta(seconds=self.world.seconds + self._ahead)

    def sleep(self, seconds: float) -> None:
        self.step("wait", round(seconds, 1))
        if self.free:
            self._ahead += seconds
        else:
            self.world.seconds = round(self.world.seconds + seconds, 1)

    def call(self, call: f.Call) -> None:
        if call.writes:
            self.step("call", self.world.writing[self.number])
            self.world.sent += 1

    def faults(self) -> Faults:
        kinds: dict[str, f.Fault] = {"lost": delivered, "missing": f.lost_on_the_way, "denied": f.denied}
        found = Faults()
        found.before = self.call
        for kind, fault in kinds.items():
            found.when(lambda call, kind=kind: call.writes and self._armed == kind, fault)  # type: ignore[misc]
        return found

    def fence(self, check: Callable[[], None]) -> Callable[[], None]:
        def fence() -> None:
            self.step("check")
            check()

        return fence


def delivered(call: f.Call) -> AWSResponse | None:
    """The call arrives, and nobody hears what AWS says to it."""
    URLLib3Session().send(call.request)
    raise ReadTimeoutError(endpoint_url=call.request.url)


class Watched(LiveAccount):
    """The live account, asked step by step."""

    actor: Actor

    def read(self, addresses: Iterable[Address]) -> dict[Address, Real | Exception]:
        wanted = list(addresses)
        self.actor.step("read", *sorted(ADDRESSES.index(a) for a in wanted))
        return super().read(wanted)

    def write(self, address: Address, before: Real, after: Real) -> Receipt:
        self.actor.world.writing[self.actor.number] = ADDRESSES.index(address)
        return super().write(address, before, after)


class Noted(Journal):
    """A journal that is written step by step."""

    actor: Actor

    def add(self, event: Any, change: int = 0, address: str = "", **more: Any) -> None:
        self.actor.step("record", event, change, event == "failed" and bool(more.get("request_ids")))
        super().add(event, change, address, **more)
