"""Services that moto lacks, as plain boto3 sees them: their answers are parsed by botocore's own models."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.aws import Aws


@pytest.fixture
def analyzer(aws: Aws) -> Any:
    return aws.client("accessanalyzer", "eu-west-1")


def code(client: Any, operation: str, **parameters: Any) -> str:
    try:
        getattr(client, operation)(**parameters)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def test_an_analyzer_from_its_making_to_its_end(aws: Aws, analyzer: Any) -> None:
    arn = analyzer.create_analyzer(analyzerName="main", type="ACCOUNT", tags={"team": "x"})["arn"]
    assert arn == f"arn:aws:access-analyzer:eu-west-1:{aws.account_id}:analyzer/main"
    shown = analyzer.get_analyzer(analyzerName="main")["analyzer"]
    assert (shown["arn"], shown["type"], shown["status"], shown["tags"]) == (arn, "ACCOUNT", "ACTIVE", {"team": "x"})
    assert shown["createdAt"].tzinfo is not None
    assert analyzer.list_analyzers()["analyzers"] == [shown]
    assert aws.client("accessanalyzer").list_analyzers()["analyzers"] == []
    analyzer.delete_analyzer(analyzerName="main")
    assert analyzer.list_analyzers()["analyzers"] == []
    gone = {"analyzerName": "main"}
    assert {code(analyzer, f"{verb}_analyzer", **gone) for verb in ("get", "delete")} == {"ResourceNotFoundException"}


def test_a_name_is_taken_once_but_by_the_same_token(analyzer: Any) -> None:
    first = {"analyzerName": "main", "type": "ACCOUNT", "clientToken": "t"}
    arn = analyzer.create_analyzer(**first)["arn"]
    assert analyzer.create_analyzer(**first)["arn"] == arn
    with pytest.raises(ClientError) as refused:
        analyzer.create_analyzer(analyzerName="main", type="ORGANIZATION")
    assert refused.value.response["Error"]["Code"] == "ConflictException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409
    assert refused.value.response["resourceId"] == "main"  # type: ignore[typeddict-item]


QUOTAS = {
    "ACCOUNT": 1, "ACCOUNT_UNUSED_ACCESS": 1, "ACCOUNT_INTERNAL_ACCESS": 1,
    "ORGANIZATION": 5, "ORGANIZATION_UNUSED_ACCESS": 5, "ORGANIZATION_INTERNAL_ACCESS": 1,
}  # fmt: skip


@pytest.mark.parametrize(("type", "quota"), QUOTAS.items())
def test_so_many_a_region_and_type(analyzer: Any, type: str, quota: int) -> None:
    names: Iterator[str] = (f"a{n}" for n in count())
    for _ in range(quota):
        analyzer.create_analyzer(analyzerName=next(names), type=type)
    refused = code(analyzer, "create_analyzer", analyzerName=next(names), type=type)
    assert refused == "ServiceQuotaExceededException"
    other = "ORGANIZATION" if type == "ACCOUNT" else "ACCOUNT"
    assert code(analyzer, "create_analyzer", analyzerName=next(names), type=other) == ""


def test_pages_and_types(analyzer: Any) -> None:
    made = [f"o{n}" for n in range(5)]
    for name in made:
        analyzer.create_analyzer(analyzerName=name, type="ORGANIZATION")
    analyzer.create_analyzer(analyzerName="a", type="ACCOUNT")
    pages = list(analyzer.get_paginator("list_analyzers").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["analyzers"]) for page in pages] == [2, 2, 2]
    assert [a["name"] for page in pages for a in page["analyzers"]] == ["a", *made]
    assert [a["name"] for a in analyzer.list_analyzers(type="ORGANIZATION")["analyzers"]] == made


def test_a_reset_leaves_none(aws: Aws, analyzer: Any) -> None:
    analyzer.create_analyzer(analyzerName="main", type="ACCOUNT")
    aws.sandbox.reset()
    assert analyzer.list_analyzers()["analyzers"] == []


def test_what_is_missing_is_refused_at_once(analyzer: Any) -> None:
    assert code(analyzer, "list_findings", analyzerArn="arn:aws:access-analyzer:x") == "NotImplemented"
