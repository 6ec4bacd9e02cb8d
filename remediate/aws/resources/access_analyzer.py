"""IAM Access Analyzer: analyzers, which are of one region each."""

from collections.abc import Iterable, Mapping

from remediate.aws.resources.base import Resource
from remediate.aws.session import Session, request_id
from remediate.errors import CallFailed
from remediate.model import AccountId, Address, Permission, Receipt, Reversal, Value, at, pair_of

EXTERNAL = frozenset({"ACCOUNT", "ORGANIZATION"})
"""Types whose analyzers find access from outside, and need nothing else to be said when they are made. Those for unused
and internal access are charged for.
https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_CreateAnalyzer.html"""
WORKING = frozenset({"ACTIVE", "CREATING"})
ROLE = "aws-service-role/access-analyzer.amazonaws.com/AWSServiceRoleForAccessAnalyzer"


class Analyzer(Resource):
    """`access_analyzer.analyzer/<region>/<name>`: {"type": "ACCOUNT"}; with "status" where it does not work: DISABLED,
    FAILED."""

    kind = "access_analyzer.analyzer"
    named_by = ("awsRegion", "analyzerName")
    reading = ("access-analyzer:ListAnalyzers",)
    sample: Value = {"type": "ACCOUNT"}

    def container(self, address: Address) -> str:
        return at(self.kind, pair_of(address)[0])

    def reversal(self, before: Value, after: Value) -> tuple[Reversal, str]:
        if before is None:
            return "equivalent", "the service-linked role that AWS makes with an account's first analyzer stays"
        if after is None:
            return "equivalent", "the analyzer's findings, which it finds again, and its archive rules"
        return "impossible", "an analyzer's type is fixed when it is made"

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        region, name = pair_of(address)
        analyzer = f"arn:{where.partition}:access-analyzer:{region}:{where.account}:analyzer/{name}"
        yield Permission(action="access-analyzer:ListAnalyzers")
        yield from (Permission(action=f"access-analyzer:{a}Analyzer", resource=analyzer) for a in ("Create", "Delete"))
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-using-service-linked-roles.html
        role = f"arn:{where.partition}:iam::{where.account}:role/{ROLE}"
        yield Permission(action="iam:CreateServiceLinkedRole", resource=role)

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        """Every analyzer of the region, of every type: their names are taken, too."""
        region = pair_of(address)[0]
        pages = aws.pages("accessanalyzer", "list_analyzers", region=region)
        found: dict[Address, Value] = {}
        for analyzer in (a for page in pages for a in page["analyzers"]):
            broken = {} if analyzer["status"] in WORKING else {"status": analyzer["status"]}
            found[at(self.kind, region, analyzer["name"])] = {"type": analyzer["type"], **broken}
        return found

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        region, name = pair_of(address)
        if after is None:
            answer = aws.write("accessanalyzer", "delete_analyzer", region=region, analyzerName=name)
            return Receipt(request_ids=(request_id(answer),))
        kind = after.get("type") if isinstance(after, Mapping) else None
        if before is not None or kind not in EXTERNAL:
            raise CallFailed("create_analyzer", "NeverDone", "only analyzers of external access are made here")
        answer = aws.write("accessanalyzer", "create_analyzer", region=region, analyzerName=name, type=kind)
        return Receipt(request_ids=(request_id(answer),))


RESOURCES: tuple[Resource, ...] = (Analyzer(),)
