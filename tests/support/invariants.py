"""What must hold of every story of runs: the same rules for the model of the protocol and for the program itself.

A rule is asked at each entry of a story, with all that came before it, and answers with a sentence where the entry
breaks it. Rules know nothing of how a run comes to its decisions, so that they can judge whatever tells such stories.
"""

from collections.abc import Callable, Iterator

from support.story import (
    FINAL,
    SETTLED,
    Began,
    Checked,
    Edited,
    Entry,
    Looked,
    Recorded,
    Robbed,
    Sent,
    Story,
    alive,
    began,
    calls_of,
    change_of,
    changes_of,
    in_doubt,
    in_flight,
    records_of,
    same,
    seen_or_edited,
    touches,
    worker_of,
)

Rule = Callable[[Story, Entry], str]


def written_ahead(past: Story, entry: Entry) -> str:
    """Each call has an intent of its own on record before it; while AWS says "later", one intent is enough."""
    if not isinstance(entry, Sent) or in_flight(past, entry):
        return ""
    intents = [r for r in records_of(past, entry) if r.event == "intent"]
    calls = [s for s in calls_of(past, entry) if s.answer != "later"]
    return "" if len(intents) > len(calls) else f"#{entry.change} was sent without an intent on record"


def one_outcome(past: Story, entry: Entry) -> str:
    """A change is settled once, and nothing is recorded of it after that."""
    if not isinstance(entry, Recorded) or not entry.change:
        return ""
    settled = [r.event for r in records_of(past, entry) if r.event in SETTLED]
    return f"#{entry.change} is {entry.event} after it was {settled[0]}" if settled else ""


def never_again(past: Story, entry: Entry) -> str:
    """A settled change is not sent."""
    if not isinstance(entry, Sent) or in_flight(past, entry):
        return ""
    settled = any(r.event in SETTLED for r in records_of(past, entry))
    return f"#{entry.change} was sent again" if settled else ""


def needs_first(past: Story, entry: Entry) -> str:
    """What a change needs is settled before it is sent."""
    if not isinstance(entry, Sent) or in_flight(past, entry):
        return ""
    records = [r for r in past if isinstance(r, Recorded) and r.book == entry.book]
    settled = {r.change for r in records if r.event in SETTLED}
    missing = [n for n in change_of(past, entry).needs if n not in settled]
    return f"#{entry.change} was sent before #{missing[0]} was settled" if missing else ""


def looked_first(past: Story, entry: Entry) -> str:
    """What is sent was seen to be as planned from, and nothing but its intent came between that look and the call.

    So somebody else's value is overwritten only if it is set between the last look and the call: against that there is
    no defence, because AWS has no call that compares first. An entry without a third value may be looked at earlier.
    """
    if not isinstance(entry, Sent) or in_flight(past, entry):
        return ""
    own = [e for e in past if worker_of(e) == entry.worker and not isinstance(e, Checked)]
    last = max((n for n, e in enumerate(own) if isinstance(e, Looked) and same(e, entry)), default=-1)
    look = own[last] if own else entry
    if not isinstance(look, Looked) or look.value != change_of(past, entry).before:
        return f"#{entry.change} was sent and not seen to be as planned from"
    since = [e for e in own[last + 1 :] if not isinstance(e, Looked | Robbed)]
    two_valued = entry.change in began(past, entry.book).two_valued
    if any(isinstance(e, Sent) and same(e, entry) and not (two_valued and e.answer == "later") for e in since):
        return f"#{entry.change} was sent again without a look"
    late = any(not same(e, entry) for e in since) and not two_valued
    return f"#{entry.change} was sent long after the last look" if late else ""


def others_kept(past: Story, entry: Entry) -> str:
    """A value that somebody else set is overwritten only if it came after the last look."""
    if not isinstance(entry, Sent) or not entry.carried or in_flight(past, entry):
        return ""
    change = change_of(past, entry)
    if entry.found in (change.before, change.after):
        return ""
    look = max((n for n, e in enumerate(past) if isinstance(e, Looked) and same(e, entry)), default=-1)
    window = any(isinstance(e, Edited) and e.address == change.address for e in past[look + 1 :])
    return "" if window else f"#{entry.change} overwrote {entry.found}"


def done_is_seen(past: Story, entry: Entry) -> str:
    """`done` and `already` rest on a look that showed the planned value."""
    if not isinstance(entry, Recorded) or entry.event not in SETTLED:
        return ""
    looks = [e for e in past if isinstance(e, Looked) and e.worker == entry.worker and same(e, entry)]
    seen = bool(looks) and looks[-1].value == change_of(past, entry).after
    return "" if seen else f"#{entry.change} is {entry.event} and was not seen to be"


def done_is_ours(past: Story, entry: Entry) -> str:
    """`done` only if a call of ours did it, or may have: it was about to be sent, and no refusal came back."""
    if not isinstance(entry, Recorded) or entry.event != "done":
        return ""
    carried = any(s.carried for s in calls_of(past, entry))
    return "" if carried or in_doubt(past, entry) else f"#{entry.change} is done, and somebody else did it"


def already_is_theirs(past: Story, entry: Entry) -> str:
    """`already` only if no call of ours was carried out; rollback would leave it."""
    if not isinstance(entry, Recorded) or entry.event != "already":
        return ""
    carried = any(s.carried for s in calls_of(past, entry))
    return f"#{entry.change} is already there, and it was us" if carried else ""


def rollback_takes_ours(past: Story, entry: Entry) -> str:
    """A rollback writes only what the plan's journal calls done, or what a run may have done before it died."""
    if not isinstance(entry, Sent) or entry.book != "rollback" or in_flight(past, entry):
        return ""
    back = change_of(past, entry)
    same = (back.address, back.after, back.before)
    forward = next(c for c in changes_of(past, "apply") if (c.address, c.before, c.after) == same)
    of = Recorded(entry.worker, "apply", "", forward.id)
    outcome = [r.event for r in records_of(past, of)][-1:]
    if outcome == ["done"] or (outcome != ["already"] and in_doubt(past, of)):
        return ""
    return f"{back.address} was taken back, and the plan never did it"


def rollback_is_whole(past: Story, entry: Entry) -> str:
    """A rollback takes back all that the plan did, but for what it says that it keeps and what others changed since."""
    if not isinstance(entry, Began) or entry.book != "rollback":
        return ""
    covered = {c.address for c in entry.changes} | entry.kept
    for change in changes_of(past, "apply"):
        told = [n for n, e in enumerate(past) if touches(e, "apply", change) and not isinstance(e, Looked)]
        last = past[told[-1]] if told else entry
        ours = isinstance(last, Sent) and not in_flight(past[: told[-1]], last)
        if ours and change.address not in covered:
            return f"#{change.id} was done, and the rollback leaves it"
    return ""


def one_run_at_a_time(past: Story, entry: Entry) -> str:
    """Only the run that holds the lock records anything."""
    if isinstance(entry, Began):
        other = [w for w in alive(past) if w != entry.worker]
        return f"run {entry.worker} began beside run {other[0]}" if other else ""
    if isinstance(entry, Recorded) and entry.worker not in alive(past):
        return f"run {entry.worker} recorded {entry.event} without the lock"
    return ""


def fenced(past: Story, entry: Entry) -> str:
    """A run that lost its lock sends nothing, but for the one call that had passed the check when it did.

    AWS knows no lock, so that a call on its way cannot be called back: to the run that took over it is one more edit by
    somebody else, and the other rules do not judge it.
    """
    if not isinstance(entry, Sent) or entry.worker in alive(past) or in_flight(past, entry):
        return ""
    return f"run {entry.worker} sent #{entry.change} without the lock"


def complete_at_last(past: Story, entry: Entry) -> str:
    """A run that nobody disturbs leaves each change with an outcome, or with one that it needs and that is not settled.

    What it calls settled the account has, unless somebody else has changed it since that was seen.
    """
    if not isinstance(entry, Recorded) or entry.event != "end":
        return ""
    outcome = {r.change: r.event for r in past if isinstance(r, Recorded) and r.book == entry.book and r.change}
    for change in changes_of(past, entry.book):
        event, blocked = outcome.get(change.id), any(outcome.get(n) not in SETTLED for n in change.needs)
        if event not in FINAL and not blocked:
            return f"the run ended, and #{change.id} has no outcome"
        told = max((n for n, e in enumerate(past) if touches(e, entry.book, change)), default=-1)
        again = any(c.address == change.address and c.id > change.id for c in changes_of(past, entry.book))
        if event in SETTLED and not again and not seen_or_edited(past, told, change.after):
            return f"the run ended, #{change.id} is {event}, and the account does not have it"
    return ""


RULES: tuple[Rule, ...] = (
    written_ahead,
    one_outcome,
    never_again,
    needs_first,
    looked_first,
    others_kept,
    done_is_seen,
    done_is_ours,
    already_is_theirs,
    rollback_takes_ours,
    rollback_is_whole,
    one_run_at_a_time,
    fenced,
    complete_at_last,
)


def broken_by(past: Story, entry: Entry) -> Iterator[str]:
    """`rule: sentence` for each rule that this entry breaks."""
    for rule in RULES:
        if found := rule(past, entry):
            yield f"{rule.__name__}: {found}"


def broken(story: Story) -> list[str]:
    return [found for n, entry in enumerate(story) for found in broken_by(story[:n], entry)]
