from __future__ import annotations

import copy

import pytest

from tests.unit.modules.delivery.conftest import operations

TAGS = {"Project": "shop"}
NAME = "shop-staging-pipeline"
STAGES = [
    {
        "name": "Source",
        "actions": [
            {
                "name": "Source",
                "actionTypeId": {"category": "Source", "owner": "AWS", "provider": "CodeCommit", "version": "1"},
                "configuration": {"RepositoryName": "shop", "BranchName": "main"},
                "outputArtifacts": [{"name": "source"}],
            }
        ],
    },
    {
        "name": "Build",
        "actions": [
            {
                "name": "Build",
                "actionTypeId": {"category": "Build", "owner": "AWS", "provider": "CodeBuild", "version": "1"},
                "configuration": {"ProjectName": "shop"},
                "inputArtifacts": [{"name": "source"}],
            }
        ],
    },
]


@pytest.fixture
def pipeline(aws, role, key):
    aws("s3").create_bucket(Bucket="shop-artifacts", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
    return {
        "name": NAME,
        "role_arn": role("codepipeline"),
        "artifact_bucket_name": "shop-artifacts",
        "artifact_key_arn": key,
        "stages": STAGES,
    }


def standing(aws):
    return aws("codepipeline").get_pipeline(name=NAME)["pipeline"]


def test_created_as_v2_with_an_encrypted_store(converge, aws, pipeline):
    assert operations(converge("codepipeline_pipelines", pipelines=[pipeline], tags=TAGS)) == ["CreatePipeline"]
    found = standing(aws)
    assert (found["pipelineType"], found["executionMode"], found["version"]) == ("V2", "QUEUED", 1)
    assert found["artifactStore"]["encryptionKey"] == {"id": pipeline["artifact_key_arn"], "type": "KMS"}


def test_a_changed_stage_counts_the_version_up(converge, aws, pipeline):
    converge("codepipeline_pipelines", pipelines=[pipeline], tags=TAGS)
    stages = copy.deepcopy(STAGES)
    stages[1]["actions"][0]["configuration"]["ProjectName"] = "other"
    assert operations(converge("codepipeline_pipelines", pipelines=[{**pipeline, "stages": stages}], tags=TAGS)) == ["UpdatePipeline"]
    assert standing(aws)["version"] == 2


def test_triggers_come_and_go(converge, aws, pipeline):
    push = {"sourceActionName": "Source", "push": [{"branches": {"includes": ["main"]}}]}
    trigger = {"providerType": "CodeStarSourceConnection", "gitConfiguration": push}
    stages = copy.deepcopy(STAGES)
    stages[0]["actions"][0]["actionTypeId"]["provider"] = "CodeStarSourceConnection"
    connection = f"arn:aws:codeconnections:ap-northeast-2:123456789012:connection/{'0' * 8}-0000-0000-0000-{'0' * 12}"
    stages[0]["actions"][0]["configuration"] = {"ConnectionArn": connection, "FullRepositoryId": "shop/services", "BranchName": "main"}
    pipeline = {**pipeline, "stages": stages}
    converge("codepipeline_pipelines", pipelines=[{**pipeline, "triggers": [trigger]}], tags=TAGS)
    assert standing(aws)["triggers"] == [trigger]
    assert operations(converge("codepipeline_pipelines", pipelines=[pipeline], tags=TAGS)) == ["UpdatePipeline"]
    assert "triggers" not in standing(aws)


def test_tags(converge, pipeline):
    converge("codepipeline_pipelines", pipelines=[pipeline], tags=TAGS)
    assert operations(converge("codepipeline_pipelines", pipelines=[pipeline], tags={"Owner": "us"})) == ["TagResource", "UntagResource"]


def test_removed_once(converge, aws, pipeline):
    converge("codepipeline_pipelines", pipelines=[pipeline])
    assert operations(converge("codepipeline_pipelines", pipelines=[{"name": NAME}], state="absent")) == ["DeletePipeline"]
    assert aws("codepipeline").list_pipelines()["pipelines"] == []
    assert operations(converge("codepipeline_pipelines", pipelines=[{"name": NAME}], state="absent")) == []
