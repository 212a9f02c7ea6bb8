from __future__ import annotations

import pytest

from ansible_collections.refarch.aws.plugins.plugin_utils.rules.network import findings

FACTS = {
    "account_id": "123456789012",
    "region": "ap-northeast-2",
    "zones": ["ap-northeast-2a", "ap-northeast-2b", "ap-northeast-2c"],
    "regions": ["ap-northeast-2"],
}
GOOD = {
    "network_cidr": "10.0.0.0/16",
    "network_zone_count": 2,
    "network_availability_zones": ["ap-northeast-2a", "ap-northeast-2c"],
    "network_subnets": {},
    "network_web_port": 8080,
    "network_app_port": 8080,
    "network_database_port": 15432,
    "network_gateway_endpoints": ["s3", "dynamodb"],
    "network_interface_endpoints": ["ssm", "ssmmessages", "logs", "kms", "secretsmanager", "ecr.api", "ecr.dkr"],
}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"network_cidr": "192.168.7.0/24"},
        {"network_cidr": "100.64.0.0/16"},
        {"network_subnets": {"db": ["10.0.240.0/24", "10.0.241.0/24"]}},
        {"network_availability_zones": ["ap-northeast-2a", "ap-northeast-2b", "ap-northeast-2c"], "network_zone_count": 3},
        {"network_interface_endpoints": ["com.amazonaws.ap-northeast-2.brand-new"]},
    ],
)
def test_good_settings_have_no_findings(change):
    assert findings({**GOOD, **change}, FACTS) == []


@pytest.mark.parametrize(
    ("change", "variable", "sentence"),
    [
        ({"network_cidr": "10.0.0.0/33"}, "network_cidr", "is not an IPv4 block"),
        ({"network_cidr": "10.0.0.1/16"}, "network_cidr", "the block is 10.0.0.0/16"),
        ({"network_cidr": "10.0.0.0/8"}, "network_cidr", "must be a /16 to a /24"),
        ({"network_cidr": "10.0.0.0/28"}, "network_cidr", "must be a /16 to a /24"),
        ({"network_cidr": "8.8.0.0/16"}, "network_cidr", "public range"),
        ({"network_availability_zones": ["ap-northeast-2a"]}, "network_availability_zones", "1 zones are given"),
        ({"network_availability_zones": ["ap-northeast-2a"] * 2}, "network_availability_zones", "named twice"),
        ({"network_availability_zones": ["ap-northeast-2a", "us-east-1a"]}, "network_availability_zones", "not a zone of ap-northeast-2"),
        ({"network_zone_count": 4}, "network_zone_count", "has 3 zones, 4 are asked for"),
        ({"network_subnets": {"cache": []}}, "network_subnets", "not a tier"),
        ({"network_subnets": {"db": ["10.0.240.0/24"]}}, "network_subnets", "one block for each of the 2 zones"),
        ({"network_subnets": {"db": ["10.1.0.0/24", "10.0.241.0/24"]}}, "network_subnets", "outside of network_cidr"),
        ({"network_subnets": {"db": ["10.0.240.0/29", "10.0.241.0/24"]}}, "network_subnets", "must be a /16 to a /28"),
        ({"network_subnets": {"db": ["10.0.0.0/24", "10.0.241.0/24"]}}, "network_subnets", "overlap"),
        ({"network_web_port": 0}, "network_web_port", "between 1 and 65535"),
        ({"network_app_port": 65536}, "network_app_port", "between 1 and 65535"),
        ({"network_web_port": 22}, "network_web_port", "remote administration"),
        ({"network_app_port": 3389}, "network_app_port", "remote administration"),
        ({"network_database_port": 5432}, "network_database_port", "default port of PostgreSQL"),
        ({"network_database_port": 1000}, "network_database_port", "at least 1150"),
        ({"network_gateway_endpoints": ["kms"]}, "network_gateway_endpoints", "no gateway endpoint"),
        ({"network_interface_endpoints": ["smm"]}, "network_interface_endpoints", "not a known service"),
    ],
)
def test_bad_settings_are_named(change, variable, sentence):
    found = findings({**GOOD, **change}, FACTS)
    assert found and all(text.startswith(f"{variable}: ") for text in found)
    assert any(sentence in text for text in found), found
