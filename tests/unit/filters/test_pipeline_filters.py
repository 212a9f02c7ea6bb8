from __future__ import annotations

import json
from pathlib import Path

import cfnlint
import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.refarch.aws.plugins.filter.pipeline_roles import pipeline_roles
from ansible_collections.refarch.aws.plugins.filter.pipeline_stages import pipeline_stages

STAGES = {
    "source": {"repository": "shop", "branch": "main"},
    "build_project": "shop-build",
    "application": "shop",
    "deployment_groups": ["app", "web"],
    "approval_topic_arn": "arn:aws:sns:ap-northeast-2:123456789012:shop-info",
}
ROLES = {
    "prefix": "shop-staging",
    "path": "/refarch/",
    "account_id": "123456789012",
    "region": "ap-northeast-2",
    "boundary_arn": "arn:aws:iam::123456789012:policy/shop-staging-boundary",
    "key_arn": "arn:aws:kms:ap-northeast-2:123456789012:key/1",
    "bucket_name": "shop-artifact",
    "pipeline_arn": "arn:aws:codepipeline:ap-northeast-2:123456789012:shop-staging-pipeline",
    "project_arn": "arn:aws:codebuild:ap-northeast-2:123456789012:project/shop-staging-build",
    "report_group_arn": "arn:aws:codebuild:ap-northeast-2:123456789012:report-group/shop-staging-tests",
    "application_name": "shop-staging",
    "log_group_name": "/shop/staging/build",
    "repository_arn": "arn:aws:codecommit:ap-northeast-2:123456789012:shop-staging",
    "connection_arn": "",
    "auto_scaling_group_names": ["shop-staging-web", "shop-staging-app"],
    "approval_topic_arn": "arn:aws:sns:ap-northeast-2:123456789012:shop-info",
}
REFERENCE = json.loads((Path(cfnlint.__file__).parent / "data/AdditionalSpecs/Policies.json").read_text(encoding="utf-8"))


def names(stages):
    return [stage["name"] for stage in stages]


def test_source_build_approval_and_the_tiers_in_order():
    stages = pipeline_stages(STAGES)
    assert names(stages) == ["Source", "Build", "Approve", "Deploy-app", "Deploy-web"]
    made = {artifact["name"] for stage in stages for action in stage["actions"] for artifact in action.get("outputArtifacts", [])}
    used = {artifact["name"] for stage in stages for action in stage["actions"] for artifact in action.get("inputArtifacts", [])}
    assert used == made == {"source", "app", "web"}


def test_nobody_is_asked_without_a_topic():
    assert "Approve" not in names(pipeline_stages({**STAGES, "approval_topic_arn": ""}))


def test_from_a_connection():
    source = {"connection_arn": "arn:aws:codeconnections:x", "repository": "acme/shop", "branch": "main"}
    (action,) = pipeline_stages({**STAGES, "source": source})[0]["actions"]
    assert action["actionTypeId"]["provider"] == "CodeStarSourceConnection"
    assert action["configuration"]["FullRepositoryId"] == "acme/shop"


@pytest.mark.parametrize("missing", ["source", "build_project", "application", "deployment_groups"])
def test_what_is_missing_is_named(missing):
    with pytest.raises(AnsibleFilterError, match=missing):
        pipeline_stages({**STAGES, missing: None})


@pytest.mark.parametrize("connection", ["", "arn:aws:codeconnections:ap-northeast-2:123456789012:connection/*"])
def test_every_action_is_one_that_iam_knows_and_none_is_a_pattern(connection):
    for role in pipeline_roles({**ROLES, "connection_arn": connection}):
        for statement in role["inline_policies"]["least"]["Statement"]:
            for action in statement["Action"]:
                prefix, _, name = action.partition(":")
                assert name.lower() in REFERENCE[prefix]["Actions"], action


def test_only_looking_is_allowed_everywhere():
    for role in pipeline_roles(ROLES):
        wide = [statement for statement in role["inline_policies"]["least"]["Statement"] if statement["Resource"] == "*"]
        for statement in wide:
            assert all(action.partition(":")[2].startswith(("Describe", "Get")) for action in statement["Action"]), statement


def test_nothing_starts_a_pipeline_that_has_its_own_trigger():
    with_connection = pipeline_roles({**ROLES, "connection_arn": "arn:aws:codeconnections:x"})
    assert [role["name"] for role in with_connection] == ["shop-staging-pipeline", "shop-staging-build", "shop-staging-deploy"]
    assert [role["name"] for role in pipeline_roles(ROLES)][-1] == "shop-staging-pipeline-push"
