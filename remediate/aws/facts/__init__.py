"""Every kind of fact that a control may ask for. A new kind is a class in one of these modules, and a line here."""

from collections.abc import Mapping

from remediate.aws.facts.base import Fact

KINDS: tuple[Fact, ...] = ()

FACTS: Mapping[str, Fact] = {fact.kind: fact for fact in KINDS}
