from __future__ import annotations

import json

import pytest

from ansible_collections.refarch.aws.plugins.filter.log_delivery_statements import LOAD_BALANCER_ACCOUNTS, log_delivery_statements

ACCOUNT = "123456789012"


def statements(region="ap-northeast-2"):
    found = log_delivery_statements("shop-log", ACCOUNT, region, "shop-trail", "shop")
    return {statement["Sid"]: statement for statement in found}


@pytest.mark.parametrize("region", ["ap-northeast-2", "us-east-1", "ap-southeast-4", "cn-north-1"])
def test_each_service_delivers_for_the_account_only(region):
    for statement in statements(region).values():
        assert statement["Effect"] == "Allow"
        if "Service" in statement["Principal"]:
            assert ACCOUNT in json.dumps(statement["Condition"])


@pytest.mark.parametrize("region", ["ap-northeast-2", "ap-southeast-4"])
def test_the_account_of_load_balancers_is_there_in_old_regions(region):
    found = statements(region).get("LoadBalancersOfTheRegion")
    assert (found is not None) == (region in LOAD_BALANCER_ACCOUNTS)
    assert region != "ap-northeast-2" or found["Principal"] == {"AWS": "arn:aws:iam::600734575887:root"}


def test_the_trail_is_the_stacks_own():
    trail = "arn:aws:cloudtrail:ap-northeast-2:123456789012:trail/shop-trail"
    for sid in ("CloudTrail", "CloudTrailAclCheck"):
        assert statements()[sid]["Condition"]["StringEquals"]["aws:SourceArn"] == trail


def test_the_policy_fits_into_a_bucket():
    assert len(json.dumps(list(statements().values()))) < 20480  # Amazon S3 User Guide, "Bucket policies": 20 KB


def test_partition_follows_the_region():
    assert all("arn:aws:" not in json.dumps(statement) for statement in statements("cn-north-1").values())
