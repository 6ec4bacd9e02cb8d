"""Who will notice a plan, and what: in the words of the controls, and shown by requests that the proof found."""

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from remediate.model import RISKS, Change, Effect, Plan, Risk, Witness, kind_of
from remediate.render import facts, replay_text


class Noticed(NamedTuple):
    """Somebody who will notice, and what."""

    who: str
    user: bool
    notices: tuple[str, ...]


def noticed(plan: Plan) -> list[Noticed]:
    """Who will notice something, the gravest first: what controls say of it, then what requests show."""
    grave: dict[tuple[str, bool], int] = defaultdict(int)
    notices: dict[tuple[str, bool], list[str]] = defaultdict(list)
    for change in plan.changes:
        if change.notice:
            whom = facts.person(change.address)
            grave[whom] = max(grave[whom], RISKS.index(change.risk))
            notices[whom].append(change.notice)
    for stopped in plan.replay.stopped if plan.replay else ():
        whom = stopped.name, stopped.name != stopped.who and ":user/" in stopped.who
        notices[whom].append(replay_text.told(stopped))
        grave[whom] = max(grave[whom], RISKS.index("restrictive"))
    for effect in plan.proof.effects:
        for address in () if effect.changes else effect.who:
            notices[facts.person(address)] += told(effect)
            grave[facts.person(address)] = max(grave[facts.person(address)], RISKS.index(_risk(effect)))
    people = sorted(notices, key=lambda whom: (-grave[whom], not whom[1], whom))
    return [Noticed(who, user, tuple(dict.fromkeys(notices[who, user]))) for who, user in people]


def _risk(effect: Effect) -> Risk:
    return "restrictive" if effect.loses else "additive"


def unchanged(plan: Plan) -> list[str]:
    """The users whose entries the plan changes, and who will notice nothing."""
    concerned = {
        who for change in plan.changes for who, user in [facts.person(change.address)] if user and _there(change)
    }
    return sorted(concerned - {someone.who for someone in noticed(plan)})


def _there(change: Change) -> bool:
    """Whether it is about a user that there is already."""
    return kind_of(change.address) != "iam.user" or change.before is not None


def told(effect: Effect) -> Iterator[str]:
    """What is lost and what is gained, each in a line: `loses s3:GetObject on arn:aws:s3:::b/x`."""
    for verb, found in (("loses", effect.loses), ("gains", effect.gains)):
        if found:
            yield f"{verb} {request(found[0])}" + (f", and {len(found) - 1} more like it" if len(found) > 1 else "")


def request(witness: Witness) -> str:
    """A request in words."""
    if not witness.action:
        return f"something, as far as can be told ({witness.doubt})"
    place = f" on {witness.resource}" if witness.resource not in ("", "*") else ""
    keys = [f"{key} is {_value(value)}" for key, value in sorted(witness.context.items())]
    keys += [f"there is no {key}" for key in witness.absent]
    return f"{witness.action}{place}{' while ' if keys else ''}{' and '.join(keys)}"


def _value(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else f"[{', '.join(value)}]"


def by_change(plan: Plan, change: Change) -> Iterator[str]:
    """What one change means for people's access, and would have meant for the calls they made."""
    for effect in plan.proof.effects:
        for concerned in (c for c in effect.changes if c.change == change.id):
            names = [facts.person(address)[0] for address in concerned.who]
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            yield from (f"{', '.join(names[:3])}{more}: {line}" for line in told(effect))
    yield from replay_text.by_change(plan, change)


def short(someone: Noticed) -> Noticed:
    """With the ids of keys as people tell them apart: `AKIA…7EX2`."""
    return someone._replace(notices=tuple(facts.KEY_ID.sub(r"\1…\2", notice) for notice in someone.notices))
