from __future__ import annotations

import pytest

from tests.unit.modules.delivery.conftest import operations

TAGS = {"Project": "shop"}
NAME = "shop-staging-build"


@pytest.fixture
def project(role, key):
    return {
        "name": NAME,
        "buildspec": "version: 0.2",
        "service_role_arn": role("codebuild"),
        "encryption_key_arn": key,
        "log_group_name": "/shop/staging/build",
        "environment_variables": {"STAGE": "staging"},
    }


def standing(aws):
    (found,) = aws("codebuild").batch_get_projects(names=[NAME])["projects"]
    return found


def test_created_as_asked(converge, aws, project):
    result = converge("codebuild_projects", projects=[project], tags=TAGS)
    assert operations(result) == ["CreateProject"]
    found = standing(aws)
    assert found["arn"] == result["projects"][0]["arn"]
    assert found["logsConfig"]["cloudWatchLogs"] == {"status": "ENABLED", "groupName": "/shop/staging/build"}
    assert found["environment"]["privilegedMode"] is False
    assert found["environment"]["environmentVariables"] == [{"name": "STAGE", "value": "staging", "type": "PLAINTEXT"}]
    assert (found["encryptionKey"], found["timeoutInMinutes"]) == (project["encryption_key_arn"], 30)
    assert found["tags"] == [{"key": "Project", "value": "shop"}]


@pytest.mark.parametrize(
    ("change", "member"),
    [
        ({"timeout_minutes": 45}, "timeoutInMinutes"),
        ({"privileged": True}, "environment"),
        ({"buildspec": "version: 0.2\n# other"}, "source"),
        ({"vpc": {"vpc_id": "vpc-1", "subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"]}}, "vpcConfig"),
        ({"environment_variables": {}}, "environment"),
        ({"tags": {"Tier": "x"}}, "tags"),
    ],
)
def test_a_changed_setting_is_the_one_change(converge, project, change, member):
    converge("codebuild_projects", projects=[project], tags=TAGS)
    result = converge("codebuild_projects", projects=[{**project, **change}], tags=TAGS)
    assert operations(result) == ["UpdateProject"]
    assert set(result["changes"][0]["parameters"]) == {"name", member}
    assert operations(converge("codebuild_projects", projects=[project], tags=TAGS)) == ["UpdateProject"]


def test_removed_once(converge, aws, project):
    converge("codebuild_projects", projects=[project])
    assert operations(converge("codebuild_projects", projects=[{"name": NAME}], state="absent")) == ["DeleteProject"]
    assert aws("codebuild").list_projects()["projects"] == []
    assert operations(converge("codebuild_projects", projects=[{"name": NAME}], state="absent")) == []


def test_what_is_missing_is_named(refusal):
    assert refusal("codebuild_projects", projects=[{"name": NAME, "buildspec": "x"}]) == (
        "projects: shop-staging-build needs service_role_arn, encryption_key_arn, log_group_name."
    )


def test_planned_without_its_role(run_module):
    unknown = "(known after apply)"
    planned = {"name": NAME, "buildspec": "x", "service_role_arn": unknown, "encryption_key_arn": unknown, "log_group_name": "/x"}
    assert operations(run_module("codebuild_projects", check=True, projects=[planned])) == ["CreateProject"]
