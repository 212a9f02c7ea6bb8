from __future__ import annotations

import pytest

from ansible_collections.refarch.aws.plugins.plugin_utils.rules.audit import findings

GOOD = {
    "audit_metric_filters": ["root-usage"],
    "audit_log_retention_days": 365,
    "audit_data_event_bucket_arns": ["arn:aws:s3:::shop-data", "arn:aws:s3:::shop-data/x/"],
    "audit_trail_name": "shop-staging-trail",
    "audit_log_group_name": "/shop/staging/cloudtrail",
    "audit_metric_namespace": "shop-staging/audit",
    "audit_log_bucket_prefix": "cloudtrail",
}


def test_sound_settings_have_no_findings():
    assert findings(GOOD, {}) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"audit_metric_filters": ["gopher"]}, "audit_metric_filters: gopher is not one of unauthorized-api-calls"),
        ({"audit_log_retention_days": 366}, "audit_log_retention_days: 366 is not one of 1, 3"),
        ({"audit_data_event_bucket_arns": ["shop-data"]}, "audit_data_event_bucket_arns: 'shop-data' is not the ARN"),
        ({"audit_data_event_bucket_arns": ["arn:aws:s3:::shop-data"] * 251}, "audit_data_event_bucket_arns: a trail takes 250"),
        ({"audit_trail_name": "shop--trail"}, "audit_trail_name: 'shop--trail' must be"),
        ({"audit_trail_name": "ab"}, "audit_trail_name: 'ab' must be"),
        ({"audit_log_group_name": "/shop staging"}, "audit_log_group_name: '/shop staging' must be"),
        ({"audit_metric_namespace": "AWS/audit"}, "audit_metric_namespace: 'AWS/audit' must be"),
        ({"audit_log_bucket_prefix": "x" * 201}, "audit_log_bucket_prefix: must be at most 200"),
    ],
)
def test_a_fault_is_one_sentence(change, sentence):
    (found,) = findings({**GOOD, **change}, {})
    assert found.startswith(sentence) and found.endswith(".")
