from __future__ import annotations

import pytest

from ansible_collections.refarch.aws.plugins.plugin_utils.rules.hosted_zones import findings

KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
GOOD = {
    "hosted_zones_domain_name": "staging.example.com",
    "hosted_zones_public_zone_id": "Z0123456789ABCDEFGHIJ",
    "hosted_zones_private_zone_name": "staging.internal",
    "hosted_zones_peer_vpcs": [{"vpc_id": "vpc-0a1b2c3d", "region": "ap-northeast-2"}],
    "hosted_zones_query_log_retention_days": 365,
    "hosted_zones_query_log_group_name": "/aws/route53/staging.example.com",
    "hosted_zones_query_log_key_arn": KEY,
}


@pytest.mark.parametrize("given", [GOOD, {}, {**GOOD, "hosted_zones_domain_name": "", "hosted_zones_public_zone_id": ""}])
def test_sound_settings_have_no_findings(given):
    assert findings(given, {}) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"hosted_zones_domain_name": "Staging.example.com"}, "hosted_zones_domain_name: 'Staging.example.com' must be a domain"),
        ({"hosted_zones_private_zone_name": "internal"}, "hosted_zones_private_zone_name: 'internal' must be a domain"),
        ({"hosted_zones_private_zone_name": "staging.example.com"}, "hosted_zones_private_zone_name: staging.example.com is the public"),
        ({"hosted_zones_public_zone_id": "/hostedzone/Z1"}, "hosted_zones_public_zone_id: '/hostedzone/Z1' must be the id"),
        ({"hosted_zones_domain_name": ""}, "hosted_zones_public_zone_id: a zone is given"),
        ({"hosted_zones_peer_vpcs": [{"vpc_id": "shop", "region": "x"}]}, "hosted_zones_peer_vpcs: 'shop' is not the id of a VPC"),
        ({"hosted_zones_query_log_retention_days": 366}, "hosted_zones_query_log_retention_days: 366 is not one of 1, 3"),
        ({"hosted_zones_query_log_group_name": "a b"}, "hosted_zones_query_log_group_name: 'a b' must be"),
        ({"hosted_zones_query_log_key_arn": KEY.replace("us-east-1", "eu-west-1")}, "hosted_zones_query_log_key_arn: 'arn:aws:kms:eu-"),
    ],
)
def test_a_fault_is_one_sentence(change, sentence):
    (found,) = findings({**GOOD, **change}, {})
    assert found.startswith(sentence) and found.endswith(".")
