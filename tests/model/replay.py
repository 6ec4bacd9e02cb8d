"""A trace of the model, done by the program: its executor, journal, lock and rollback, against moto on the wire.

Each run is a thread that stops before everything that the model calls a step, says what it is about to do, and waits to
be told: go on, die, or go on and lose the answer. So the model's order of events is the program's, and at each step the
program must be about to do what the model says.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from moto.iam.models import iam_backends
from support.aws import Aws
from support.engine import Wire, plan_of, step
from support.mutations import OWN, READ_ONLY
from support.story import Book

from model.actor import ADDRESSES, REAL, Actor, Noted, Watched
from model.steps import Value
from remediate import rollback
from remediate.aws.reader import read_account
from remediate.aws.resources import RESOURCES
from remediate.executor import Executor
from remediate.model import Plan
from remediate.store.files import journal_path, rollback_path
from remediate.store.journal import read
from remediate.store.lock import locked
from remediate.store.plans import load, save, sealed


def plan() -> Plan:
    values = [(REAL[n]["old"], REAL[n]["new"]) for n in range(3)]
    (kind, name), (tag, pair), (held, both) = (a.split("/", 1) for a in ADDRESSES)
    return plan_of(
        step(kind, name, was=values[0][0], to=values[0][1]),
        step(tag, pair, was=values[1][0], to=values[1][1], needs=(1,)),
        step(held, both, was=values[2][0], to=values[2][1]),
    )


class RealAccount:
    """An account of three entries, a plan, and the runs that are at work on them."""

    def __init__(self, aws: Aws, wires: list[Wire], folder: Path) -> None:
        folder.mkdir()
        self.aws, self.free_wires = aws, list(wires)
        self.seconds, self.sent = 0.0, 0
        self.writing: dict[int, int] = {}
        self.actors: dict[int, Actor] = {}
        self.state = folder / "state"
        self.plan, self.path = plan(), folder / "test.plan.json"
        save(self.plan, self.path)
        aws.sandbox.reset()
        iam = aws.client("iam")
        iam.create_user(UserName="alice")
        iam.tag_user(UserName="alice", Tags=[{"Key": "team", "Value": "red"}])
        iam.attach_user_policy(UserName="alice", PolicyArn=READ_ONLY)

    def run(self, actor: Actor) -> None:
        """What `apply` and `rollback` do, without the terminal and the checks before the first write."""
        session = actor.wire.session
        live = Watched(session, 1)
        live.actor = actor
        with locked(self.plan.header.account, "a replay") as lock:
            session.fence = actor.fence(lock.check)
            what, path = self.plan, self.path
            if actor.book == "rollback":
                what, path = self.back(live, actor), rollback_path(self.path)
            actor.step("open", *(ADDRESSES.index(c.address) for c in what.changes))
            journal = Noted(journal_path(path), actor.now, "tester", lock.check)
            journal.actor = actor
            Executor(what, live, RESOURCES, journal, actor, parallel=1).run()
            journal.close()

    def back(self, live: Watched, actor: Actor) -> Plan:
        path = rollback_path(self.path)
        if not journal_path(path).exists():
            done = rollback.settled(self.plan, read(journal_path(self.path)).records, live, actor)
            account = read_account(actor.wire.session)
            save(sealed(rollback.inverse(self.plan, done, account, RESOURCES, actor.now())), path)
        return load(path)

    def begin(self, number: int, book: Book) -> None:
        wire = self.free_wires.pop()
        actor = self.actors[number] = Actor(self, number, book, wire)
        wire.faults = actor.faults()
        actor.start()
        actor.listen()

    def rob(self) -> None:
        [lock] = self.state.glob("*.lock")
        lock.unlink()

    def leave(self, number: int) -> None:
        """A run that the model calls gone: it has ended, or may only find out that its lock is not its own."""
        actor = self.actors.pop(number)
        if actor.about is not None:
            sent, records = self.sent, self.journals()
            actor.free = True
            actor.order("go")
            assert (self.sent, self.journals()) == (sent, records)
            assert actor.error, "a run without its lock ended well"
        actor.join(30)
        assert not actor.is_alive()
        self.free_wires.append(actor.wire)

    def journals(self) -> dict[Book, list[tuple[str, int, bool]]]:
        paths: dict[Book, Path] = {"apply": self.path, "rollback": rollback_path(self.path)}
        return {
            book: [
                (r.event, r.change, r.event == "failed" and bool(r.request_ids))
                for r in read(journal_path(path)).records
            ]
            for book, path in paths.items()
        }

    def values(self) -> tuple[Value, ...]:
        """As moto has them in its memory."""
        backend: Any = iam_backends[self.aws.account_id]["aws"]
        alice, own = backend.users["alice"], backend.managed_policies.get(OWN)
        body = None if own is None else {"path": own.path, "document": json.loads(own.versions[0].document)}
        [tag] = backend.tagger.list_tags_for_resource(alice.arn)["Tags"]
        found = (body, tag["Value"], "attached" if READ_ONLY in alice.managed_policies else None)
        return tuple(next(v for v, r in REAL[n].items() if r == found[n]) for n in range(3))

    def edit(self, address: int, value: Value) -> None:
        """By somebody else."""
        iam, real = self.aws.client("iam"), REAL[address][value]
        if address == 1:
            iam.tag_user(UserName="alice", Tags=[{"Key": "team", "Value": real}])
        elif address == 2:
            change = iam.attach_user_policy if real else iam.detach_user_policy
            change(UserName="alice", PolicyArn=READ_ONLY)
        else:
            if self.values()[0] != "old":
                iam.delete_policy(PolicyArn=OWN)
            if isinstance(real, Mapping):
                iam.create_policy(PolicyName="own", PolicyDocument=json.dumps(real["document"]))
