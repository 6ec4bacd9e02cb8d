"""Every kind of fact that a control may ask for. A new kind is a class in one of these modules, and a line here."""

from collections.abc import Mapping

from remediate.aws.facts import aws_policies, budgets, directory, ec2, keys, last_accessed, root, service_control, sns
from remediate.aws.facts.base import Fact

KINDS: tuple[Fact, ...] = (
    *aws_policies.FACTS,
    *budgets.FACTS,
    *directory.FACTS,
    *ec2.FACTS,
    *keys.FACTS,
    *last_accessed.FACTS,
    *root.FACTS,
    *service_control.FACTS,
    *sns.FACTS,
)

FACTS: Mapping[str, Fact] = {fact.kind: fact for fact in KINDS}
