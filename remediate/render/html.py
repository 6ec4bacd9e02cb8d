"""A plan as one page of HTML that needs nothing else: to be mailed, printed, or kept with an audit."""

from collections.abc import Sequence

from remediate.model import Change, Plan, kind_of
from remediate.render import facts, replay_text
from remediate.render.diff import diff
from remediate.render.noticed import by_change, noticed
from remediate.render.text import safe
from remediate.words import many

WIDTH = 100
"""Characters of a value on one line; a narrower window breaks it."""


def html(plan: Plan, signed: Sequence[str] = ()) -> str:
    """The whole plan as a page; `signed` says who signed it.

    Each name is made printable, and then escaped by the template.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    def shown(value: object) -> object:
        return safe(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    page = Environment(
        autoescape=True,
        loader=PackageLoader("remediate.render"),
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template("plan.html.j2")
    return page.render(
        plan=plan,
        header=plan.header,
        word="Rollback" if plan.header.rolls_back else "Plan",
        nothing=facts.nothing(plan),
        facts=facts,
        many=many,
        people=noticed(plan),
        by_change=by_change,
        recorded=replay_text.line(plan),
        unsaid=replay_text.unsaid(plan),
        kind_of=kind_of,
        difference=_difference,
        signed=signed,
    )


def _difference(change: Change) -> list[tuple[str, str]]:
    return list(diff(change.before, change.after, WIDTH))
