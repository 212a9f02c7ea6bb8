from __future__ import annotations

import pytest

from ansible_collections.refarch.aws.plugins.plugin_utils.rules.monitoring import findings


@pytest.mark.parametrize(
    "thresholds",
    [{}, None, {"database": {"free_storage_gib": 5, "connections": 400}}, {"target": {"latency_p95_seconds": 0.5, "periods": 10}}],
)
def test_good_settings_have_no_findings(thresholds):
    assert findings({"monitoring_thresholds": thresholds, "monitoring_database_identifier": "shop-staging-db"}, {}) == []


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"monitoring_thresholds": {"databse": {}}}, "'databse' is not one of"),
        ({"monitoring_thresholds": {"database": 5}}, "must be thresholds by name"),
        ({"monitoring_thresholds": {"database": {"cpu": 5}}}, "'cpu', which is not one of"),
        ({"monitoring_thresholds": {"database": {"cpu_percent": "high"}}}, "must be a number"),
        ({"monitoring_thresholds": {"database": {"cpu_percent": True}}}, "must be a number"),
        ({"monitoring_thresholds": {"database": {"cpu_percent": -1}}}, "must be a number of 0 or more"),
        ({"monitoring_thresholds": {"database": {"cpu_percent": 101}}}, "at most 100"),
        ({"monitoring_thresholds": {"database": {"periods": 0}}}, "must be 1 to 1440"),
        ({"monitoring_thresholds": {"database": {"periods": 1.5}}}, "must be 1 to 1440"),
        ({"monitoring_database_identifier": "x" * 64}, "at most 63 characters"),
    ],
)
def test_bad_settings_are_one_sentence(variables, sentence):
    (found,) = findings(variables, {})
    assert found.startswith(next(iter(variables)) + ":") and sentence in found
