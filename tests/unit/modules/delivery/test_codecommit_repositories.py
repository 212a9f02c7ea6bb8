from __future__ import annotations

from tests.unit.modules.delivery.conftest import operations

TAGS = {"Project": "shop"}
ONE = {"name": "shop-staging", "description": "the services"}


def standing(aws, name="shop-staging"):
    return aws("codecommit").get_repository(repositoryName=name)["repositoryMetadata"]


def test_created_with_key_and_tags(converge, aws, key):
    result = converge("codecommit_repositories", repositories=[{**ONE, "kms_key_arn": key, "tags": {"Tier": "all"}}], tags=TAGS)
    assert operations(result) == ["CreateRepository"]
    found = standing(aws)
    assert (found["repositoryDescription"], found["kmsKeyId"], found["Arn"]) == ("the services", key, result["repositories"][0]["arn"])
    assert result["repositories"][0]["clone_url_http"] == found["cloneUrlHttp"]
    assert aws("codecommit").list_tags_for_resource(resourceArn=found["Arn"])["tags"] == {"Project": "shop", "Tier": "all"}


def test_each_setting_is_changed_by_itself(converge, aws, key):
    converge("codecommit_repositories", repositories=[ONE], tags=TAGS)
    assert operations(converge("codecommit_repositories", repositories=[{**ONE, "description": "x"}], tags=TAGS)) == [
        "UpdateRepositoryDescription"
    ]
    changed = {**ONE, "description": "x", "kms_key_arn": key}
    assert operations(converge("codecommit_repositories", repositories=[changed], tags=TAGS)) == ["UpdateRepositoryEncryptionKey"]
    assert standing(aws)["kmsKeyId"] == key
    assert operations(converge("codecommit_repositories", repositories=[changed], tags={"Owner": "us"})) == ["TagResource", "UntagResource"]
    assert aws("codecommit").list_tags_for_resource(resourceArn=standing(aws)["Arn"])["tags"] == {"Owner": "us"}


def test_removed_once(converge, aws):
    converge("codecommit_repositories", repositories=[ONE])
    assert operations(converge("codecommit_repositories", repositories=[ONE], state="absent")) == ["DeleteRepository"]
    assert aws("codecommit").list_repositories()["repositories"] == []
    assert operations(converge("codecommit_repositories", repositories=[ONE], state="absent")) == []
