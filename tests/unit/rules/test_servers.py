from __future__ import annotations

import pytest

from ansible_collections.refarch.aws.plugins.plugin_utils.rules.servers import findings

ARM64 = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
X86 = ARM64.replace("arm64", "x86_64")
GOOD = {
    "servers_instance_types": {"web": "t4g.small", "app": "m7g.large"},
    "servers_image_parameter": ARM64,
    "servers_image_id": "",
    "servers_min_sizes": {"web": 2, "app": 2},
    "servers_max_sizes": {"web": 4, "app": 4},
    "servers_desired_capacities": {"web": 2, "app": 2},
    "servers_cpu_targets": {"web": 60, "app": 0},
    "servers_request_targets": {"web": 1000, "app": 0},
    "servers_start_timeout_seconds": 900,
    "servers_min_healthy_percentage": 100,
    "servers_max_healthy_percentage": 150,
    "servers_max_instance_lifetime_days": 0,
    "servers_volume_gib": 20,
    "servers_log_retention_days": 365,
}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"servers_instance_types": {"web": "t3a.small", "app": "c7i-flex.large"}, "servers_image_parameter": X86},
        {"servers_instance_types": {"web": "c7gn.large", "app": "a1.medium"}},
        {"servers_image_id": "ami-0123456789abcdef0", "servers_instance_types": {"web": "t3.small", "app": "t3.small"}},
        {"servers_min_sizes": {"web": 0, "app": 0}, "servers_desired_capacities": {"web": 0, "app": 0}},
    ],
)
def test_good_settings_have_no_findings(change):
    assert findings({**GOOD, **change}, {}) == []


@pytest.mark.parametrize(
    ("change", "variable", "sentence"),
    [
        ({"servers_instance_types": {"web": "t4g.small"}}, "servers_instance_types", "must have web and app"),
        ({"servers_min_sizes": {"web": 2, "app": 2, "db": 1}}, "servers_min_sizes", "must have web and app"),
        ({"servers_instance_types": {"web": "small", "app": "t4g.small"}}, "servers_instance_types", "no type"),
        ({"servers_instance_types": {"web": "t3.small", "app": "t4g.small"}}, "servers_instance_types", "another architecture"),
        ({"servers_image_parameter": X86}, "servers_instance_types", "another architecture"),
        ({"servers_image_parameter": "al2023"}, "servers_image_parameter", "begins with /"),
        ({"servers_image_id": "al2023"}, "servers_image_id", "is not the id"),
        ({"servers_min_sizes": {"web": 3, "app": 2}}, "servers_desired_capacities", "must lie between"),
        ({"servers_max_sizes": {"web": 1, "app": 4}}, "servers_desired_capacities", "must lie between"),
        ({"servers_max_sizes": {"web": "many", "app": 4}}, "servers_max_sizes", "must be a number"),
        ({"servers_cpu_targets": {"web": 101, "app": 60}}, "servers_cpu_targets", "100 percent"),
        ({"servers_start_timeout_seconds": 20}, "servers_start_timeout_seconds", "30 to 7200"),
        ({"servers_max_healthy_percentage": 201}, "servers_max_healthy_percentage", "100 to 200"),
        ({"servers_min_healthy_percentage": 40}, "servers_max_healthy_percentage", "at most 100 above"),
        ({"servers_max_healthy_percentage": 100}, "servers_max_healthy_percentage", "no instance could be replaced"),
        ({"servers_volume_gib": 4}, "servers_volume_gib", "8 to 65536"),
        ({"servers_log_retention_days": 100}, "servers_log_retention_days", "is not one of"),
    ],
)
def test_bad_settings_are_named(change, variable, sentence):
    found = findings({**GOOD, **change}, {})
    assert found and all(text.startswith(f"{variable}: ") for text in found), found
    assert any(sentence in text for text in found), found
