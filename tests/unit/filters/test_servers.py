from __future__ import annotations

import json

from ansible_collections.refarch.aws.plugins.filter.server_groups import server_groups
from ansible_collections.refarch.aws.plugins.filter.server_role import server_role
from ansible_collections.refarch.aws.plugins.filter.server_template import server_template

PLACE = {
    "region": "ap-northeast-2",
    "account_id": "123456789012",
    "project": "shop",
    "environment": "staging",
    "artifact_bucket_name": "shop-staging-artifact",
    "key_arn": "arn:aws:kms:ap-northeast-2:123456789012:key/k",
    "log_group_name": "/shop/staging/servers/web",
    "auto_scaling_group_name": "shop-staging-web",
    "bundle_key_prefix": "nodes/web",
    "target_group_arn": "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/shop-staging-web/0123456789abcdef",
}


def statements(policies):
    return {statement["Sid"]: statement for policy in policies.values() for statement in policy["Statement"]}


def test_a_template_is_strict():
    data = server_template("shop-staging-web", "t4g.small", "profile", ["sg-1"], "key", tags={"Tier": "web"})
    assert data["MetadataOptions"] == {"HttpEndpoint": "enabled", "HttpTokens": "required", "HttpPutResponseHopLimit": 1}
    (interface,) = data["NetworkInterfaces"]
    assert (interface["AssociatePublicIpAddress"], interface["Groups"]) == (False, ["sg-1"])
    (volume,) = data["BlockDeviceMappings"]
    assert (volume["Ebs"]["Encrypted"], volume["Ebs"]["KmsKeyId"], volume["Ebs"]["VolumeType"]) == (True, "key", "gp3")
    assert "KeyName" not in data and data["EbsOptimized"] is True
    for specification in data["TagSpecifications"]:
        assert {tag["Key"]: tag["Value"] for tag in specification["Tags"]} == {"Tier": "web", "Name": "shop-staging-web"}


def test_one_group_may_be_given_as_text():
    assert server_template("n", "t", "p", "sg-1", "k")["NetworkInterfaces"][0]["Groups"] == ["sg-1"]


def test_a_server_without_a_database_has_none_of_it():
    policies = server_role("web", PLACE)
    assert set(policies) == {"start"}
    text = json.dumps(policies)
    assert "secretsmanager" not in text and "rds" not in text
    assert statements(policies)["ReadBundles"]["Resource"] == "arn:aws:s3:::shop-staging-artifact/nodes/web/*"
    assert statements(policies)["LeaveTargetGroup"]["Resource"] == PLACE["target_group_arn"]
    assert statements(policies)["SayThatItStarted"]["Resource"].endswith("autoScalingGroupName/shop-staging-web")


def test_the_password_of_its_own_database_only():
    found = statements(server_role("app", PLACE, "shop-staging-db", "shop_staging_app"))
    tag = "secretsmanager:ResourceTag/aws:rds:primaryDBInstanceArn"
    owner = found["ReadMasterPassword"]["Condition"]["StringEquals"][tag]
    assert owner == "arn:aws:rds:ap-northeast-2:123456789012:db:shop-staging-db"
    assert found["LogIn"]["Resource"].endswith(":dbuser:*/shop_staging_app")


def test_no_action_and_no_resource_is_everything():
    for statement in statements(server_role("app", PLACE, "db", "user")).values():
        assert not any(action.endswith("*") for action in statement["Action"]), statement
        if statement["Sid"] == "SeeTargetGroups":  # AWS knows no resources for what describes
            assert all(":Describe" in action for action in statement["Action"])
            continue
        assert "*" not in (statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]])
        if statement["Action"] == ["kms:Decrypt"]:
            assert "kms:ViaService" in statement["Condition"]["StringEquals"]


TIER = {
    "name": "shop-staging-web",
    "subnet_ids": ["subnet-1", "subnet-2"],
    "target_group_arn": "arn",
    "launch_hook_name": "first-start",
    "min_size": 2,
    "max_size": 4,
    "desired_capacity": 2,
    "cpu_target": 60,
    "request_target": 0,
}


def test_a_group_for_each_tier_with_the_policies_that_are_wanted():
    templates = [{"launch_template_id": "lt-1", "version": "3"}, {"launch_template_id": "lt-2", "version": "1"}]
    tiers = {"web": TIER, "app": {**TIER, "name": "shop-staging-app", "cpu_target": 0, "request_target": 500}}
    web, app = server_groups(templates, tiers, {"min_healthy_percentage": 90, "launch_hook_heartbeat_seconds": 900})
    assert (web["launch_template_id"], web["launch_template_version"], web["min_healthy_percentage"]) == ("lt-1", "3", 90)
    assert [policy["name"] for policy in web["target_tracking_policies"]] == ["cpu"]
    assert web["lifecycle_hooks"] == [{"name": "first-start", "heartbeat_seconds": 900, "default_result": "ABANDON"}]
    assert "launch_hook_heartbeat_seconds" not in web
    assert app["target_tracking_policies"] == [
        {"name": "requests", "metric": "ALBRequestCountPerTarget", "target_value": 500.0, "target_group_arn": "arn"}
    ]
    assert app["tags"] == {"Tier": "app"} and app["target_group_arns"] == ["arn"]
