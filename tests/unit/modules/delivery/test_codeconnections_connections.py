from __future__ import annotations

from tests.unit.modules.delivery.conftest import operations

ONE = {"name": "shop-staging-github"}


def test_pending_until_somebody_completes_it_and_found_again(converge, aws):
    result = converge("codeconnections_connections", connections=[ONE], tags={"Project": "shop"})
    assert operations(result) == ["CreateConnection"]
    (found,) = aws("codeconnections").list_connections()["Connections"]
    assert (found["ConnectionArn"], found["ConnectionStatus"]) == (result["connections"][0]["arn"], "PENDING")
    assert operations(converge("codeconnections_connections", connections=[ONE], tags={"Owner": "us"})) == ["TagResource", "UntagResource"]
    tags = aws("codeconnections").list_tags_for_resource(ResourceArn=found["ConnectionArn"])["Tags"]
    assert tags == [{"Key": "Owner", "Value": "us"}]


def test_removed_once(converge, aws):
    converge("codeconnections_connections", connections=[ONE])
    assert operations(converge("codeconnections_connections", connections=[ONE], state="absent")) == ["DeleteConnection"]
    assert aws("codeconnections").list_connections()["Connections"] == []
    assert operations(converge("codeconnections_connections", connections=[ONE], state="absent")) == []


def test_another_provider_is_refused(converge, refusal):
    converge("codeconnections_connections", connections=[ONE])
    assert "stands for GitHub" in refusal("codeconnections_connections", connections=[{**ONE, "provider_type": "GitLab"}])


def test_too_long_a_name_is_refused(refusal):
    assert "1 to 32 characters" in refusal("codeconnections_connections", connections=[{"name": "x" * 33}])
