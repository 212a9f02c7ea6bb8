"""Launch templates and Auto Scaling groups, in a VPC of two zones with a load balancer."""

from __future__ import annotations

import base64

import pytest

from ansible_collections.refarch.aws.plugins.modules.autoscaling_groups import changed_settings, tracking
from ansible_collections.refarch.aws.plugins.modules.ec2_launch_templates import differs

UNKNOWN = "(known after apply)"
PARAMETER = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
HOOK = {"name": "boot", "heartbeat_seconds": 900}
CPU = {"name": "cpu", "metric": "ASGAverageCPUUtilization", "target_value": 60}


@pytest.fixture
def place(aws):
    ec2, elb = aws("ec2"), aws("elbv2")
    vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"ap-northeast-2{zone}")["Subnet"]["SubnetId"]
        for number, zone in enumerate("abc")
    ]
    group = ec2.create_security_group(GroupName="shop-web", Description="x", VpcId=vpc_id)["GroupId"]
    target = elb.create_target_group(Name="shop-web", Protocol="HTTP", Port=80, VpcId=vpc_id)["TargetGroups"][0]["TargetGroupArn"]
    balancer = elb.create_load_balancer(Name="shop-public", Subnets=subnets[:2])["LoadBalancers"][0]["LoadBalancerArn"]
    actions = [{"Type": "forward", "TargetGroupArn": target}]
    elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=actions)
    iam = aws("iam")
    iam.create_instance_profile(InstanceProfileName="shop-web")
    return {"subnets": subnets, "group": group, "target": target, "balancer": balancer}


@pytest.fixture
def template(place):
    return {
        "name": "shop-web",
        "image_parameter": PARAMETER,
        "user_data": "#!/bin/bash\ntrue\n",
        "data": {
            "InstanceType": "t4g.small",
            "IamInstanceProfile": {"Name": "shop-web"},
            "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
            "NetworkInterfaces": [{"DeviceIndex": 0, "AssociatePublicIpAddress": False, "Groups": [place["group"]]}],
            "TagSpecifications": [
                {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "shop-web"}]},
                {"ResourceType": "volume", "Tags": [{"Key": "Name", "Value": "shop-web"}]},
            ],
        },
    }


@pytest.fixture
def group(run_module, template, place):
    made = run_module("ec2_launch_templates", launch_templates=[template])["launch_templates"][0]
    return {
        "name": "shop-web",
        "launch_template_id": made["launch_template_id"],
        "launch_template_version": made["version"],
        "subnet_ids": place["subnets"][:2],
        "target_group_arns": [place["target"]],
        "lifecycle_hooks": [HOOK],
        "target_tracking_policies": [
            CPU,
            {"name": "requests", "metric": "ALBRequestCountPerTarget", "target_value": 500, "target_group_arn": place["target"]},
        ],
    }


def operations(result):
    return [change["operation"] for change in result["changes"]]


def described(aws, name="shop-web"):
    return aws("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]


# -- launch templates -------------------------------------------------------------------------------------------------
def test_template_is_made_with_the_image_of_the_parameter(converge, aws, template):
    result = converge("ec2_launch_templates", launch_templates=[template], tags={"Project": "shop"})
    assert operations(result) == ["CreateLaunchTemplate"]
    (version,) = aws("ec2").describe_launch_template_versions(LaunchTemplateName="shop-web")["LaunchTemplateVersions"]
    image = aws("ssm").get_parameter(Name=PARAMETER)["Parameter"]["Value"]
    assert version["LaunchTemplateData"]["ImageId"] == image == result["launch_templates"][0]["image_id"]
    assert base64.b64decode(version["LaunchTemplateData"]["UserData"]).decode() == template["user_data"]
    (standing,) = aws("ec2").describe_launch_templates(LaunchTemplateNames=["shop-web"])["LaunchTemplates"]
    assert standing["Tags"] == [{"Key": "Project", "Value": "shop"}]
    assert [one["ResourceType"] for one in version["LaunchTemplateData"]["TagSpecifications"]] == ["instance", "volume"]


def test_other_data_is_a_version_that_becomes_the_default(run_module, converge, aws, template):
    run_module("ec2_launch_templates", launch_templates=[template])
    larger = {**template, "data": {**template["data"], "InstanceType": "t4g.medium"}}
    result = converge("ec2_launch_templates", launch_templates=[larger])
    assert operations(result) == ["CreateLaunchTemplateVersion", "ModifyLaunchTemplate"]
    assert result["launch_templates"][0]["version"] == "2"
    (standing,) = aws("ec2").describe_launch_templates(LaunchTemplateNames=["shop-web"])["LaunchTemplates"]
    assert (standing["DefaultVersionNumber"], standing["LatestVersionNumber"]) == (2, 2)
    assert operations(converge("ec2_launch_templates", launch_templates=[larger], tags={"a": "b"})) == ["CreateTags"]


def test_an_interrupted_change_is_completed(run_module, converge, aws, template):
    run_module("ec2_launch_templates", launch_templates=[template])
    larger = {**template, "data": {**template["data"], "InstanceType": "t4g.medium"}}
    data = {**larger["data"], "ImageId": aws("ssm").get_parameter(Name=PARAMETER)["Parameter"]["Value"]}
    data["UserData"] = base64.b64encode(template["user_data"].encode()).decode()
    aws("ec2").create_launch_template_version(LaunchTemplateName="shop-web", LaunchTemplateData=data)
    assert operations(converge("ec2_launch_templates", launch_templates=[larger])) == ["ModifyLaunchTemplate"]


def test_a_newer_image_counts_only_where_asked(run_module, converge, template):
    run_module("ec2_launch_templates", launch_templates=[{**template, "image_id": "ami-00000000000000001"}])
    assert operations(converge("ec2_launch_templates", launch_templates=[template])) == []
    result = converge("ec2_launch_templates", launch_templates=[template], update_images=True)
    assert operations(result) == ["CreateLaunchTemplateVersion", "ModifyLaunchTemplate"]
    assert result["launch_templates"][0]["image_id"] != "ami-00000000000000001"


def test_only_the_latest_versions_are_kept(run_module, aws, template):
    for size in ("nano", "micro", "small", "medium", "large"):
        result = run_module(
            "ec2_launch_templates", keep_versions=3, launch_templates=[{**template, "data": {"InstanceType": f"t4g.{size}"}}]
        )
    assert "DeleteLaunchTemplateVersions" in operations(result)
    found = aws("ec2").describe_launch_template_versions(LaunchTemplateName="shop-web")["LaunchTemplateVersions"]
    assert sorted(version["VersionNumber"] for version in found) == [3, 4, 5]


def test_templates_are_removed_and_removed_again(run_module, converge, template):
    run_module("ec2_launch_templates", launch_templates=[template])
    result = converge("ec2_launch_templates", state="absent", launch_templates=[{"name": "shop-web"}, {"name": "shop-app"}])
    assert operations(result) == ["DeleteLaunchTemplate"]


def test_bad_templates_are_refused(refusal, template):
    assert "is no SSM parameter" in refusal("ec2_launch_templates", launch_templates=[{**template, "image_parameter": "/absent"}])
    assert "needs data" in refusal("ec2_launch_templates", launch_templates=[{"name": "shop-web"}])
    assert "2 or more" in refusal("ec2_launch_templates", launch_templates=[template], keep_versions=1)


def test_an_unknown_profile_or_key_is_a_plan(run_module, template):
    data = {**template["data"], "IamInstanceProfile": {"Arn": UNKNOWN}}
    planned = run_module("ec2_launch_templates", check=True, launch_templates=[{**template, "data": data}])
    assert planned["launch_templates"][0]["launch_template_id"] == UNKNOWN


def test_what_means_the_same_is_no_difference():
    now = {"MetadataOptions": {"State": "applied", "HttpTokens": "required"}, "SecurityGroupIds": ["b", "a"]}
    assert not differs(now, {"MetadataOptions": {"HttpTokens": "required"}, "SecurityGroupIds": ["a", "b"], "KeyName": None})
    assert differs(now, {"MetadataOptions": {"HttpTokens": "optional"}, "SecurityGroupIds": ["a", "b"]})
    assert differs({"EbsOptimized": True}, {})


# -- groups -----------------------------------------------------------------------------------------------------------
def test_group_is_made_with_all_settings(converge, aws, group, place):
    topic = aws("sns").create_topic(Name="shop-info")["TopicArn"]
    result = converge(
        "autoscaling_groups", auto_scaling_groups=[{**group, "notification_topic_arn": topic}], tags={"Project": "shop"}, wait=True
    )
    assert operations(result) == [
        "CreateAutoScalingGroup", "EnableMetricsCollection", "PutScalingPolicy", "PutScalingPolicy", "PutNotificationConfiguration",
    ]  # fmt: skip
    found = described(aws)
    assert (found["MinSize"], found["MaxSize"], found["DesiredCapacity"], found["HealthCheckType"]) == (2, 4, 2, "ELB")
    assert (found["DefaultInstanceWarmup"], found["TerminationPolicies"]) == (120, ["OldestLaunchTemplate", "Default"])
    assert found["InstanceMaintenancePolicy"] == {"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150}
    assert len({instance["AvailabilityZone"] for instance in found["Instances"]}) == 2 and len(found["EnabledMetrics"]) == 20
    (hook,) = aws("autoscaling").describe_lifecycle_hooks(AutoScalingGroupName="shop-web")["LifecycleHooks"]
    assert (hook["HeartbeatTimeout"], hook["DefaultResult"], "RoleARN" in hook) == (900, "ABANDON", False)
    policies = aws("autoscaling").describe_policies(AutoScalingGroupName="shop-web")["ScalingPolicies"]
    labels = [policy["TargetTrackingConfiguration"]["PredefinedMetricSpecification"].get("ResourceLabel") for policy in policies]
    assert labels == [None, f"{place['balancer'].partition('loadbalancer/')[2]}/{place['target'].rpartition(':')[2]}"]
    assert all(tag["PropagateAtLaunch"] for tag in found["Tags"])


def test_instances_are_what_the_template_says(run_module, aws, group, place):
    run_module("autoscaling_groups", auto_scaling_groups=[group], tags={"Project": "shop"})
    ids = [instance["InstanceId"] for instance in described(aws)["Instances"]]
    instances = [one for found in aws("ec2").describe_instances(InstanceIds=ids)["Reservations"] for one in found["Instances"]]
    for instance in instances:
        tags = {tag["Key"]: tag["Value"] for tag in instance["Tags"]}
        assert tags["Name"] == "shop-web" and tags["Project"] == "shop" and tags["aws:autoscaling:groupName"] == "shop-web"
        assert instance["IamInstanceProfile"]["Arn"].endswith("/shop-web")
        assert instance["MetadataOptions"]["HttpTokens"] == "required" and "PublicIpAddress" not in instance
        assert [entry["GroupId"] for entry in instance["SecurityGroups"]] == [place["group"]]
    health = aws("elbv2").describe_target_health(TargetGroupArn=place["target"])["TargetHealthDescriptions"]
    assert {one["Target"]["Id"] for one in health} == set(ids)


@pytest.mark.parametrize(
    ("change", "operation"),
    [
        ({"max_size": 6}, "UpdateAutoScalingGroup"),
        ({"health_check_grace_period_seconds": 120}, "UpdateAutoScalingGroup"),
        ({"default_instance_warmup_seconds": 60}, "UpdateAutoScalingGroup"),
        ({"min_healthy_percentage": 90}, "UpdateAutoScalingGroup"),
        ({"max_instance_lifetime_seconds": 604800}, "UpdateAutoScalingGroup"),
        ({"termination_policies": ["Default"]}, "UpdateAutoScalingGroup"),
        ({"metrics": False}, "DisableMetricsCollection"),
        ({"lifecycle_hooks": [{**HOOK, "heartbeat_seconds": 300}]}, "PutLifecycleHook"),
        ({"target_group_arns": []}, "DetachLoadBalancerTargetGroups"),
        ({"target_tracking_policies": [CPU]}, "DeletePolicy"),
        ({"tags": {"Tier": "web"}}, "CreateOrUpdateTags"),
    ],
)
def test_a_changed_setting_of_a_group_is_that_change(run_module, converge, group, change, operation):
    run_module("autoscaling_groups", auto_scaling_groups=[group])
    assert operations(converge("autoscaling_groups", auto_scaling_groups=[{**group, **change}])) == [operation]


def test_a_changed_policy_subnet_and_topic(run_module, converge, aws, group, place):
    first, second = (aws("sns").create_topic(Name=name)["TopicArn"] for name in ("one", "two"))
    group = {**group, "notification_topic_arn": first}
    run_module("autoscaling_groups", auto_scaling_groups=[group])
    for change, expected in (
        ({"target_tracking_policies": [{**CPU, "target_value": 50}, group["target_tracking_policies"][1]]}, ["PutScalingPolicy"]),
        ({"subnet_ids": list(reversed(group["subnet_ids"]))}, []),
        ({"subnet_ids": place["subnets"]}, ["UpdateAutoScalingGroup"]),
        ({"notification_topic_arn": second}, ["PutNotificationConfiguration", "DeleteNotificationConfiguration"]),
    ):
        group = {**group, **change}
        assert operations(converge("autoscaling_groups", auto_scaling_groups=[group])) == expected, change


def test_capacity_belongs_to_the_policies(run_module, converge, aws, group):
    run_module("autoscaling_groups", auto_scaling_groups=[{**group, "desired_capacity": 2}])
    aws("autoscaling").set_desired_capacity(AutoScalingGroupName="shop-web", DesiredCapacity=4)
    assert operations(converge("autoscaling_groups", auto_scaling_groups=[{**group, "desired_capacity": 2}])) == []
    assert described(aws)["DesiredCapacity"] == 4


def test_hooks_of_others_are_left_alone(run_module, converge, aws, group):
    run_module("autoscaling_groups", auto_scaling_groups=[group])
    owner = {"AutoScalingGroupName": "shop-web", "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING"}
    aws("autoscaling").put_lifecycle_hook(**owner, LifecycleHookName="CodeDeploy-managed-hook")
    assert operations(converge("autoscaling_groups", auto_scaling_groups=[group])) == []


@pytest.fixture
def newer(run_module, group, template):
    """The group with another version of its template."""
    data = {**template["data"], "InstanceType": "t4g.medium"}
    made = run_module("ec2_launch_templates", launch_templates=[{**template, "data": data}])["launch_templates"][0]
    return {**group, "launch_template_version": made["version"]}


def test_another_version_is_rolled_out_and_can_be_taken_back(run_module, converge, aws, group, newer):
    run_module("autoscaling_groups", auto_scaling_groups=[group])
    before = {instance["InstanceId"] for instance in described(aws)["Instances"]}
    result = converge("autoscaling_groups", auto_scaling_groups=[newer], wait_for_refresh=True)
    assert operations(result) == ["StartInstanceRefresh"]
    given = result["changes"][0]["parameters"]
    assert given["DesiredConfiguration"]["LaunchTemplate"] == {"LaunchTemplateId": group["launch_template_id"], "Version": "2"}
    assert (given["Preferences"]["AutoRollback"], given["Preferences"]["SkipMatching"], given["Preferences"]["MinHealthyPercentage"]) == (
        True, True, 100,
    )  # fmt: skip
    found = described(aws)
    assert found["LaunchTemplate"]["Version"] == "2" and not before & {instance["InstanceId"] for instance in found["Instances"]}
    assert {instance["LaunchTemplate"]["Version"] for instance in found["Instances"]} == {"2"}


def test_a_refresh_under_way_is_not_started_again(run_module, aws, group, newer, monkeypatch):
    from emulator.services.autoscaling import InstanceRefresh

    run_module("autoscaling_groups", auto_scaling_groups=[group])
    status = property(
        lambda self: self.__dict__["own"] if self.__dict__["own"] != "Successful" else "InProgress",
        lambda self, v: self.__dict__.update(own=v),
    )
    monkeypatch.setattr(InstanceRefresh, "status", status, raising=False)
    assert operations(run_module("autoscaling_groups", auto_scaling_groups=[newer])) == ["StartInstanceRefresh"]
    assert described(aws)["LaunchTemplate"]["Version"] == "1"
    for check in (True, False):
        again = run_module("autoscaling_groups", check=check, auto_scaling_groups=[newer])
        assert operations(again) == [] and again["auto_scaling_groups"][0]["refreshing"] is True
    # One of an earlier version gives way.
    result = run_module("autoscaling_groups", auto_scaling_groups=[{**newer, "launch_template_version": "1"}])
    assert operations(result) == []


def test_groups_are_removed_with_their_instances(run_module, converge, aws, group):
    run_module("autoscaling_groups", auto_scaling_groups=[group])
    ids = [instance["InstanceId"] for instance in described(aws)["Instances"]]
    result = converge("autoscaling_groups", state="absent", auto_scaling_groups=[{"name": "shop-web"}, {"name": "shop-app"}])
    assert operations(result) == ["DeleteAutoScalingGroup"]
    states = aws("ec2").describe_instances(InstanceIds=ids)["Reservations"]
    assert {one["State"]["Name"] for found in states for one in found["Instances"]} == {"terminated"}


def test_bad_groups_are_refused(refusal, aws, group):
    for change, sentence in (
        ({"min_size": 5}, "min_size <= desired_capacity <= max_size"),
        ({"subnet_ids": []}, "needs subnet_ids"),
        ({"target_tracking_policies": [{"name": "r", "metric": "ALBRequestCountPerTarget", "target_value": 1}]}, "needs target_group_arn"),
    ):
        assert sentence in refusal("autoscaling_groups", check=True, auto_scaling_groups=[{**group, **change}])


def test_all_unknown_is_a_plan(run_module, group):
    policies = [{**group["target_tracking_policies"][1], "target_group_arn": UNKNOWN}]
    unknown = {"launch_template_id": UNKNOWN, "launch_template_version": UNKNOWN, "subnet_ids": [UNKNOWN], "target_group_arns": [UNKNOWN]}
    wanted = {**group, **unknown, "notification_topic_arn": UNKNOWN, "target_tracking_policies": policies}
    planned = run_module("autoscaling_groups", check=True, auto_scaling_groups=[wanted], wait=True)
    assert operations(planned)[0] == "CreateAutoScalingGroup"
    label = planned["changes"][2]["parameters"]["TargetTrackingConfiguration"]["PredefinedMetricSpecification"]["ResourceLabel"]
    assert label == UNKNOWN


def test_pure_comparisons():
    wanted = {"VPCZoneIdentifier": "a,b", "MaxInstanceLifetime": 0}
    assert changed_settings({"VPCZoneIdentifier": "b,a"}, wanted) == {}
    assert changed_settings({"VPCZoneIdentifier": "a"}, wanted) == {"VPCZoneIdentifier": "a,b"}
    assert tracking({"metric": "m", "target_value": 60, "scale_in": True}, None) == {
        "PredefinedMetricSpecification": {"PredefinedMetricType": "m"}, "TargetValue": 60.0, "DisableScaleIn": False,
    }  # fmt: skip
