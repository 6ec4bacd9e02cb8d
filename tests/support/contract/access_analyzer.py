"""Analyzers of IAM Access Analyzer."""

from remediate.model import Value, at
from support.contract.case import Case

ACCOUNT: Value = {"type": "ACCOUNT"}
ORGANIZATION: Value = {"type": "ORGANIZATION"}
UNUSED: Value = {"type": "ACCOUNT_UNUSED_ACCESS"}

CASES: tuple[Case, ...] = (
    Case(
        at("access_analyzer.analyzer", "eu-west-1", "external-access"),
        (None, ACCOUNT, None, ORGANIZATION, None),
        never=((ACCOUNT, ORGANIZATION),),
    ),
)
