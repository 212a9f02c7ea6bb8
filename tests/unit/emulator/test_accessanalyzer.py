"""Access Analyzer, which moto lacks, through boto3 over HTTP, as products talk to it."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def analyzer(emulator):
    """A client of a region of this test's own, since tests share the emulator."""
    client = emulator.client("accessanalyzer", region="eu-north-1")
    yield client
    for found in client.list_analyzers()["analyzers"]:
        client.delete_analyzer(analyzerName=found["name"])


def code(call, **params):
    with pytest.raises(ClientError) as refused:
        call(**params)
    return refused.value.response["Error"]["Code"]


def test_made_listed_and_deleted(analyzer):
    arn = analyzer.create_analyzer(analyzerName="one", type="ACCOUNT", tags={"a": "b"})["arn"]
    assert arn == "arn:aws:access-analyzer:eu-north-1:123456789012:analyzer/one"
    (found,) = analyzer.list_analyzers(type="ACCOUNT")["analyzers"]
    assert (found["arn"], found["status"], found["tags"], found["createdAt"].year > 2000) == (arn, "ACTIVE", {"a": "b"}, True)
    assert analyzer.list_analyzers(type="ORGANIZATION")["analyzers"] == []
    analyzer.delete_analyzer(analyzerName="one")
    assert code(analyzer.get_analyzer, analyzerName="one") == "ResourceNotFoundException"
    assert code(analyzer.delete_analyzer, analyzerName="one") == "ResourceNotFoundException"


def test_one_of_a_type(analyzer):
    analyzer.create_analyzer(analyzerName="one", type="ACCOUNT")
    assert code(analyzer.create_analyzer, analyzerName="two", type="ACCOUNT") == "ServiceQuotaExceededException"
    assert code(analyzer.create_analyzer, analyzerName="one", type="ACCOUNT_UNUSED_ACCESS") == "ConflictException"
    analyzer.create_analyzer(analyzerName="two", type="ACCOUNT_UNUSED_ACCESS")


def test_tags(analyzer):
    arn = analyzer.create_analyzer(analyzerName="one", type="ACCOUNT", tags={"a": "b"})["arn"]
    analyzer.tag_resource(resourceArn=arn, tags={"c": "d"})
    analyzer.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert analyzer.list_tags_for_resource(resourceArn=arn)["tags"] == {"c": "d"}
