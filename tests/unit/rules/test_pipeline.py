from __future__ import annotations

import pytest

from ansible_collections.refarch.aws.plugins.plugin_utils.rules.pipeline import findings

GOOD = {
    "pipeline_source": "codecommit",
    "pipeline_github_repository": "",
    "pipeline_branch": "release/1.0",
    "pipeline_tiers": ["app", "web"],
    "pipeline_deployment_config_name": "CodeDeployDefault.OneAtATime",
    "pipeline_execution_mode": "QUEUED",
    "pipeline_build_timeout_minutes": 30,
    "pipeline_log_retention_days": 365,
    "pipeline_role_path": "/refarch/",
}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"pipeline_source": "github", "pipeline_github_repository": "acme/shop"},
        {"pipeline_deployment_config_name": "shop-quarter-at-a-time"},
        {"pipeline_tiers": ["web"]},
    ],
)
def test_good_settings_have_no_findings(change):
    assert findings({**GOOD, **change}, {}) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"pipeline_source": "github"}, "pipeline_github_repository: '' must be owner/name"),
        ({"pipeline_source": "github", "pipeline_github_repository": "https://github.com/acme/shop"}, "must be owner/name"),
        ({"pipeline_branch": "a branch"}, "pipeline_branch: 'a branch' is no name of a branch"),
        ({"pipeline_tiers": ["web", "web"]}, "pipeline_tiers: ['web', 'web'] must name each tier once"),
        ({"pipeline_tiers": []}, "pipeline_tiers: [] must name"),
        ({"pipeline_deployment_config_name": "CodeDeployDefault.Slowly"}, "CodeDeployDefault.Slowly is not one of"),
        ({"pipeline_execution_mode": "PARALLEL"}, "pipeline_execution_mode: PARALLEL can't roll a stage back"),
        ({"pipeline_build_timeout_minutes": 4}, "pipeline_build_timeout_minutes: 4 must be 5 to 2160"),
        ({"pipeline_log_retention_days": 42}, "pipeline_log_retention_days: 42 is not one of"),
        ({"pipeline_role_path": "refarch"}, "pipeline_role_path: must begin"),
    ],
)
def test_each_fault_has_one_sentence(change, sentence):
    (found,) = findings({**GOOD, **change}, {})
    assert sentence in found
