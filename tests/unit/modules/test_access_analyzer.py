from __future__ import annotations

import pytest

NAME = "shop-staging-analyzer"
TAGS = {"Project": "shop", "Environment": "staging", "ManagedBy": "refarch", "Component": "identity"}


def operations(result):
    return [change["operation"] for change in result["changes"]]


@pytest.fixture
def standing(run_module):
    return run_module("access_analyzer", name=NAME, tags=TAGS)["analyzer_arn"]


def test_created_with_tags(converge, aws):
    result = converge("access_analyzer", name=NAME, tags=TAGS)
    assert operations(result) == ["CreateAnalyzer"]
    analyzer = aws("accessanalyzer").get_analyzer(analyzerName=NAME)["analyzer"]
    assert (analyzer["type"], analyzer["tags"], analyzer["arn"]) == ("ACCOUNT", TAGS, result["analyzer_arn"])


def test_tags_are_set_and_purged(converge, aws, standing):
    result = converge("access_analyzer", name=NAME, tags={"Project": "shop", "Owner": "us"})
    assert operations(result) == ["TagResource", "UntagResource"]
    assert aws("accessanalyzer").list_tags_for_resource(resourceArn=standing)["tags"] == {"Project": "shop", "Owner": "us"}


def test_one_of_others_is_adopted_and_left_alone(converge, aws):
    theirs = aws("accessanalyzer").create_analyzer(analyzerName="console", type="ACCOUNT")["arn"]
    result = converge("access_analyzer", name=NAME, tags=TAGS)
    assert (operations(result), result["analyzer_arn"], result["adopted"]) == ([], theirs, True)
    assert operations(converge("access_analyzer", name=NAME, tags=TAGS, state="absent")) == []


HEIR = {"Project": "shop", "Environment": "production"}


def test_left_to_another_stack_and_not_taken_back(converge, aws, standing):
    assert operations(converge("access_analyzer", name=NAME, state="absent", tags=TAGS, heir_tags=HEIR)) == ["TagResource"]
    assert aws("accessanalyzer").list_tags_for_resource(resourceArn=standing)["tags"] == {**TAGS, **HEIR}
    again = converge("access_analyzer", name=NAME, tags=TAGS)
    assert (operations(again), again["analyzer_arn"], again["adopted"]) == ([], standing, True)
    assert operations(converge("access_analyzer", name=NAME, state="absent", tags=TAGS)) == []
    heir = {"name": "shop-production-analyzer", "tags": {**TAGS, **HEIR}}
    assert operations(converge("access_analyzer", **heir)) == []
    assert operations(converge("access_analyzer", **heir, state="absent")) == ["DeleteAnalyzer"]


def test_without_tags_only_its_own_name_is_removed(converge, aws):
    aws("accessanalyzer").create_analyzer(analyzerName="console", type="ACCOUNT")
    assert operations(converge("access_analyzer", name=NAME, state="absent")) == []


def test_another_type_is_another_analyzer(converge, aws, standing):
    result = converge("access_analyzer", name="unused", type="ACCOUNT_UNUSED_ACCESS", tags=TAGS)
    assert operations(result) == ["CreateAnalyzer"]


def test_removed_only_if_it_is_ours(converge, standing, aws):
    assert operations(converge("access_analyzer", name=NAME, state="absent", tags={**TAGS, "Environment": "production"})) == []
    assert operations(converge("access_analyzer", name=NAME, state="absent", tags=TAGS)) == ["DeleteAnalyzer"]
    assert aws("accessanalyzer").list_analyzers()["analyzers"] == []
