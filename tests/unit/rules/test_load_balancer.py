from __future__ import annotations

import pytest

from ansible_collections.refarch.aws.plugins.plugin_utils.rules.load_balancer import findings

FACTS = {"account_id": "123456789012", "region": "ap-northeast-2"}
CERTIFICATE = "arn:aws:acm:ap-northeast-2:123456789012:certificate/11111111-2222-3333-4444-555555555555"
CHECK = {
    "path": "/health",
    "interval_seconds": 15,
    "timeout_seconds": 5,
    "healthy_threshold": 2,
    "unhealthy_threshold": 3,
    "matcher": "200",
}
GOOD = {
    "stack_project": "shop",
    "load_balancer_ssl_policy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
    "load_balancer_idle_timeout_seconds": 60,
    "load_balancer_client_keep_alive_seconds": 3600,
    "load_balancer_deregistration_delay_seconds": 60,
    "load_balancer_slow_start_seconds": 0,
    "load_balancer_algorithm": "least_outstanding_requests",
    "load_balancer_log_prefix": "elb",
    "load_balancer_health_check": CHECK,
    "load_balancer_response_headers": {"strict_transport_security": "max-age=31536000", "x_frame_options": "SAMEORIGIN"},
    "load_balancer_certificate_arn": CERTIFICATE,
}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"load_balancer_certificate_arn": ""},
        {"load_balancer_slow_start_seconds": 30, "load_balancer_algorithm": "round_robin"},
        {"load_balancer_health_check": {**CHECK, "matcher": "200,204-299"}},
    ],
)
def test_good_settings_have_no_findings(change):
    assert findings({**GOOD, **change}, FACTS) == []


@pytest.mark.parametrize(
    ("change", "variable", "sentence"),
    [
        ({"load_balancer_idle_timeout_seconds": 0}, "load_balancer_idle_timeout_seconds", "1 to 4000"),
        ({"load_balancer_client_keep_alive_seconds": 59}, "load_balancer_client_keep_alive_seconds", "60 to 604800"),
        ({"load_balancer_deregistration_delay_seconds": 3601}, "load_balancer_deregistration_delay_seconds", "0 to 3600"),
        ({"load_balancer_slow_start_seconds": 10}, "load_balancer_slow_start_seconds", "30 to 900"),
        ({"load_balancer_slow_start_seconds": 60}, "load_balancer_slow_start_seconds", "round_robin only"),
        ({"load_balancer_ssl_policy": "ELBSecurityPolicy-2016-08"}, "load_balancer_ssl_policy", "without TLS 1.0"),
        ({"load_balancer_log_prefix": "/elb"}, "load_balancer_log_prefix", "slashes"),
        ({"load_balancer_log_prefix": "x/AWSLogs"}, "load_balancer_log_prefix", "without AWSLogs"),
        ({"load_balancer_certificate_arn": "cert"}, "load_balancer_certificate_arn", "is not the ARN"),
        (
            {"load_balancer_certificate_arn": CERTIFICATE.replace("ap-northeast-2", "us-east-1")},
            "load_balancer_certificate_arn",
            "its own region",
        ),
        ({"stack_project": "internal-shop"}, "stack_project", "must not begin"),
        ({"load_balancer_health_check": {**CHECK, "timeout_seconds": 15}}, "load_balancer_health_check", "must be less than"),
        ({"load_balancer_health_check": {**CHECK, "interval_seconds": 4}}, "load_balancer_health_check", "5 to 300"),
        ({"load_balancer_health_check": {**CHECK, "path": "health"}}, "load_balancer_health_check", "must begin with /"),
        ({"load_balancer_health_check": {**CHECK, "matcher": "500"}}, "load_balancer_health_check", "200 to 499"),
        ({"load_balancer_response_headers": {"x_powered_by": "us"}}, "load_balancer_response_headers", "is not one of"),
        ({"load_balancer_response_headers": {"x_frame_options": "ALLOW"}}, "load_balancer_response_headers", "must match"),
    ],
)
def test_bad_settings_are_named(change, variable, sentence):
    found = findings({**GOOD, **change}, FACTS)
    assert found and all(text.startswith(f"{variable}: ") for text in found)
    assert any(sentence in text for text in found), found
