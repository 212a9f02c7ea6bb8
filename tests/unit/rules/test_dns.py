from __future__ import annotations

import pytest

from ansible_collections.refarch.aws.plugins.plugin_utils.rules.dns import findings

GOOD = {
    "dns_public_names": {"@": "public", "www": "public", "*.shop": "public"},
    "dns_private_names": {"app": "internal", "web": "public"},
    "dns_database_name": "db",
    "dns_ttl_seconds": 60,
    "dns_health_check_path": "/health",
    "dns_health_check_failure_threshold": 3,
    "dns_health_check_regions": ["us-east-1", "eu-west-1", "ap-northeast-1"],
}


@pytest.mark.parametrize("given", [GOOD, {}])
def test_sound_settings_have_no_findings(given):
    assert findings(given, {}) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"dns_public_names": {"WWW": "public"}}, "dns_public_names: 'WWW' must be a name"),
        ({"dns_public_names": {"www": "internal"}}, "dns_public_names: www leads to 'internal'"),
        ({"dns_private_names": {"app": "other"}}, "dns_private_names: app leads to 'other'"),
        ({"dns_private_names": {"app..x": "internal"}}, "dns_private_names: 'app..x' must be a name"),
        ({"dns_database_name": "@"}, "dns_database_name: '@' must be"),
        ({"dns_database_name": "app"}, "dns_database_name: app is one of dns_private_names"),
        ({"dns_ttl_seconds": 86401}, "dns_ttl_seconds: 86401 must be"),
        ({"dns_health_check_path": "health"}, "dns_health_check_path: 'health' must begin with /"),
        ({"dns_health_check_failure_threshold": 0}, "dns_health_check_failure_threshold: 0 must be"),
        ({"dns_health_check_regions": ["us-east-1", "us-east-1", "eu-west-1"]}, "dns_health_check_regions: Route 53 wants 3"),
    ],
)
def test_a_fault_is_one_sentence(change, sentence):
    (found,) = findings({**GOOD, **change}, {})
    assert found.startswith(sentence) and found.endswith(".")
