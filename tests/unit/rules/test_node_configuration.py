from __future__ import annotations

import pytest

from ansible_collections.refarch.aws.plugins.plugin_utils.rules.node_configuration import findings

GOOD = {
    "node_configuration_architecture": "aarch64",
    "node_configuration_schedule": "rate(30 minutes)",
    "node_configuration_max_concurrency": "50%",
    "node_configuration_max_errors": "0",
    "node_configuration_timeout_seconds": 3600,
    "node_configuration_wait_timeout_seconds": 1800,
    "node_configuration_app_url": "",
    "node_configuration_certificate_authorities_url": "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem",
    "node_configuration_variables": {"web": {}, "app": {}},
    "servers_instance_types": {"web": "t4g.small", "app": "m7g.large"},
}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"node_configuration_schedule": "rate(1 hour)"},
        {"node_configuration_schedule": "cron(0 2 * * ? *)"},
        {"node_configuration_max_concurrency": "1", "node_configuration_max_errors": "10%"},
        {"node_configuration_app_url": "https://app.example.com:8443"},
        {"node_configuration_architecture": "x86_64", "servers_instance_types": {"web": "t3.small"}},
        # The image decides, of which nothing is known here.
        {"node_configuration_architecture": "x86_64", "servers_image_id": "ami-0123456789abcdef0"},
    ],
)
def test_good_settings_have_no_findings(change):
    assert findings({**GOOD, **change}, {}) == []


@pytest.mark.parametrize(
    ("change", "variable", "sentence"),
    [
        ({"node_configuration_schedule": "rate(29 minutes)"}, "node_configuration_schedule", "at least 30 minutes"),
        ({"node_configuration_schedule": "daily"}, "node_configuration_schedule", "neither cron"),
        ({"node_configuration_architecture": "x86_64"}, "node_configuration_architecture", "is not that of web's t4g.small"),
        ({"node_configuration_max_concurrency": "0"}, "node_configuration_max_concurrency", "a number from 1"),
        ({"node_configuration_max_concurrency": "150%"}, "node_configuration_max_concurrency", "a percentage"),
        ({"node_configuration_max_errors": "-1"}, "node_configuration_max_errors", "a number from 0"),
        ({"node_configuration_timeout_seconds": 0}, "node_configuration_timeout_seconds", "1 to 172800"),
        ({"node_configuration_wait_timeout_seconds": 172801}, "node_configuration_wait_timeout_seconds", "1 to 172800"),
        ({"node_configuration_app_url": "app.example.com"}, "node_configuration_app_url", "no address"),
        ({"node_configuration_certificate_authorities_url": "file:///etc"}, "node_configuration_certificate_authorities_url", "no address"),
        ({"node_configuration_variables": {"db": {}}}, "node_configuration_variables", "db is no tier"),
    ],
)
def test_bad_settings_are_named(change, variable, sentence):
    found = findings({**GOOD, **change}, {})
    assert found and all(text.startswith(f"{variable}: ") for text in found), found
    assert any(sentence in text for text in found), found
