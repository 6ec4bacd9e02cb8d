"""A rehearsal: each call as it would be, what came of it, and the one line of it that a plan shows."""

from collections.abc import Iterator, Mapping, Sequence

from remediate.model import Plan, Value, brief
from remediate.render import facts
from remediate.render.text import fit, safe, wrap
from remediate.trial import Call, Rehearsal
from remediate.words import many

FEW = 5
"""Gaps that are told; the rest are counted, and `--json` has them all."""

PLACE = " " * 17
"""Under the text of a line that begins with a word."""


def line(plan: Plan) -> list[str]:
    """What a plan says of its rehearsal, if it has one."""
    if plan.rehearsal is None:
        return []
    done = plan.rehearsal
    when = f"rehearsed {done.at:%Y-%m-%d %H:%M} UTC on {done.emulator}"
    if not done.passed:
        return [f"{when}: FAILED: {done.failures[0]}"]
    parts = [f"{done.changes:,} of {many(len(plan.changes), 'change')} applied", *_outcome(done)]
    if done.skipped:
        parts.append(f"{many(len(done.skipped), 'change')} NOT rehearsed")
    return [f"{when}: {', '.join(parts)}"]


def _outcome(done: Rehearsal) -> Iterator[str]:
    if done.left is not None:
        yield "nothing left to change"
    yield "taken back" if not done.kept else f"taken back but for {many(done.kept, 'entry', 'entries')}"


def calls(sent: Sequence[tuple[int, Call]], width: int) -> str:
    """`#12  iam AttachGroupPolicy GroupName=Admins PolicyArn=arn:…`, one line a call."""
    wide = max((len(f"#{number}") for number, _ in sent), default=0)
    return "\n".join(fit(f"{f'#{number}':<{wide}}  {_words(call)}", width) for number, call in sent)


def _words(call: Call) -> str:
    return " ".join([call.service, call.operation, *_parameters(call.parameters)])


def _parameters(given: Mapping[str, Value]) -> Iterator[str]:
    for name, value in given.items():
        plain = isinstance(value, str) and value and not any(c.isspace() for c in value)
        yield f"{name}={value if plain else brief(value, 400)}"


def summary(plan: Plan, done: Rehearsal, sent: int, seconds: float, width: int) -> str:
    """What came of it, for a person: what was tried, and what was not."""
    total = many(len(plan.changes), "change")
    lines = [
        wrap(f"Rehearsed {done.changes:,} of {total} to {facts.account(plan.header)} in {seconds:.0f} s", width),
        *(wrap(text, width, first, PLACE) for first, text in _told(done, sent)),
        *gaps(done, width),
        "Nothing was written to the account.",
    ]
    return "\n".join(lines)


def _told(done: Rehearsal, sent: int) -> Iterator[tuple[str, str]]:
    yield (
        "  applied        ",
        f"{many(sent, 'call')} to {done.emulator}, in this process, on a twin of the account",
    )
    if done.left is not None:
        yield "  planned again  ", "nothing left to change"
    if done.restored is not None:
        stay = f", but for {many(done.kept, 'entry', 'entries')} that the plan says stay" if done.kept else ""
        yield "  taken back     ", f"everything is as it was{stay}"


def gaps(done: Rehearsal, width: int) -> Iterator[str]:
    """What the rehearsal does not cover."""
    if done.skipped:
        yield f"! {many(len(done.skipped), 'change')} NOT rehearsed: {_numbers(done.skipped)}"
    if done.uncovered:
        yield "? not as it is in the account:"
    for gap in done.uncovered[:FEW]:
        numbers = f" ({_numbers(gap.changes)})" if gap.changes else ""
        yield wrap(safe(f"{gap.what}: {gap.reason}{numbers}"), width, "    ", "      ")
    if len(done.uncovered) > FEW:
        yield f"    …and {len(done.uncovered) - FEW} more: --json"


def _numbers(changes: Sequence[int]) -> str:
    shown = " ".join(f"#{number}" for number in changes[:8])
    return f"{shown} …" if len(changes) > 8 else shown
