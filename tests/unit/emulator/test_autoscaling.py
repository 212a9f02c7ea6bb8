"""The patches of EC2 Auto Scaling and of launch templates, each through boto3; and their hand rules on what stands."""

from __future__ import annotations

import base64
import pickle

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.autoscaling.models import autoscaling_backends

import emulator.services
from emulator import pickling
from emulator.services.autoscaling import METRICS, InstanceRefresh
from emulator.strict import RULES, Context
from emulator.strict.judge import load_rules

emulator.services.apply_all()
load_rules()
REGION = "ap-northeast-2"
ACCOUNT = "123456789012"
ALIAS = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
NAME = {"AutoScalingGroupName": "shop-web"}
TRACKING = {"PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}, "TargetValue": 60.0}


@pytest.fixture
def account(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield


@pytest.fixture
def ec2(account):
    return boto3.client("ec2", region_name=REGION)


@pytest.fixture
def asg(account):
    return boto3.client("autoscaling", region_name=REGION)


@pytest.fixture
def subnets(ec2):
    vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    return [
        ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"]["SubnetId"]
        for number, zone in enumerate("ab")
    ]


@pytest.fixture
def template(ec2, subnets):
    iam = boto3.client("iam", region_name=REGION)
    iam.create_instance_profile(InstanceProfileName="shop-web")
    data = {
        "ImageId": ALIAS, "InstanceType": "t4g.small", "IamInstanceProfile": {"Name": "shop-web"},
        "UserData": base64.b64encode(b"#!/bin/bash").decode(), "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20, "VolumeType": "gp3", "Encrypted": True}}],
        "TagSpecifications": [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": "shop-web"}]} for kind in ("instance", "volume")],
    }  # fmt: skip
    tags = [{"ResourceType": "launch-template", "Tags": [{"Key": "a", "Value": "b"}]}]
    made = ec2.create_launch_template(LaunchTemplateName="shop-web", LaunchTemplateData=data, TagSpecifications=tags)
    return made["LaunchTemplate"]["LaunchTemplateId"], data


@pytest.fixture
def group(asg, subnets, template):
    asg.create_auto_scaling_group(
        **NAME, MinSize=2, MaxSize=4, VPCZoneIdentifier=",".join(subnets), LaunchTemplate={"LaunchTemplateId": template[0], "Version": "1"},
        DefaultInstanceWarmup=60, InstanceMaintenancePolicy={"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150},
        LifecycleHookSpecificationList=[{"LifecycleHookName": "boot", "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING"}],
        Tags=[{"Key": "Tier", "Value": "web", "PropagateAtLaunch": True}],
    )  # fmt: skip
    return "shop-web"


def described(asg):
    return asg.describe_auto_scaling_groups(AutoScalingGroupNames=["shop-web"])["AutoScalingGroups"][0]


def code(call, **params):
    with pytest.raises(ClientError) as refused:
        call(**params)
    return refused.value.response["Error"]["Code"]


# -- launch templates -------------------------------------------------------------------------------------------------
def test_versions_come_and_go(ec2, template):
    template_id, data = template
    for size in ("medium", "large"):
        ec2.create_launch_template_version(LaunchTemplateId=template_id, LaunchTemplateData={**data, "InstanceType": f"t4g.{size}"})
    ec2.modify_launch_template(LaunchTemplateId=template_id, DefaultVersion="3")
    answer = ec2.delete_launch_template_versions(LaunchTemplateId=template_id, Versions=["1", "3"])
    assert [one["VersionNumber"] for one in answer["SuccessfullyDeletedLaunchTemplateVersions"]] == [1]
    assert [one["VersionNumber"] for one in answer["UnsuccessfullyDeletedLaunchTemplateVersions"]] == [3]
    made = ec2.create_launch_template_version(LaunchTemplateId=template_id, LaunchTemplateData=data)["LaunchTemplateVersion"]
    assert made["VersionNumber"] == 4
    found = ec2.describe_launch_template_versions(LaunchTemplateId=template_id)["LaunchTemplateVersions"]
    assert [(one["VersionNumber"], one["DefaultVersion"]) for one in found] == [(2, False), (3, True), (4, False)]
    missing = {"LaunchTemplateId": template_id, "Versions": ["1"]}
    assert code(ec2.describe_launch_template_versions, **missing) == "InvalidLaunchTemplateId.VersionNotFound"


def test_data_is_what_was_given(ec2, template):
    (version,) = ec2.describe_launch_template_versions(LaunchTemplateName="shop-web")["LaunchTemplateVersions"]
    assert [one["ResourceType"] for one in version["LaunchTemplateData"]["TagSpecifications"]] == ["instance", "volume"]
    ec2.create_tags(Resources=[template[0]], Tags=[{"Key": "c", "Value": "d"}])
    (standing,) = ec2.describe_launch_templates(LaunchTemplateNames=["shop-web"])["LaunchTemplates"]
    assert {tag["Key"] for tag in standing["Tags"]} == {"a", "c"}


# -- groups -----------------------------------------------------------------------------------------------------------
def test_a_group_keeps_its_settings(asg, group, template, subnets):
    found = described(asg)
    assert (found["DefaultInstanceWarmup"], found["InstanceMaintenancePolicy"]["MaxHealthyPercentage"]) == (60, 150)
    asg.update_auto_scaling_group(**NAME, MaxInstanceLifetime=86400, TerminationPolicies=["OldestInstance"])
    found = described(asg)
    assert (found["MaxInstanceLifetime"], found["TerminationPolicies"], found["MinSize"]) == (86400, ["OldestInstance"], 2)
    asg.update_auto_scaling_group(**NAME, MaxInstanceLifetime=0)
    assert "MaxInstanceLifetime" not in described(asg)
    again = {"MinSize": 1, "MaxSize": 1, "VPCZoneIdentifier": subnets[0], "LaunchTemplate": {"LaunchTemplateId": template[0]}}
    assert code(asg.create_auto_scaling_group, **NAME, **again) == "AlreadyExists"


def test_instances_are_what_their_template_says(asg, ec2, group, subnets):
    image = boto3.client("ssm", region_name=REGION).get_parameter(Name=ALIAS.removeprefix("resolve:ssm:"))["Parameter"]["Value"]
    ids = [instance["InstanceId"] for instance in described(asg)["Instances"]]
    instances = [one for found in ec2.describe_instances(InstanceIds=ids)["Reservations"] for one in found["Instances"]]
    assert sorted(one["SubnetId"] for one in instances) == sorted(subnets)
    for one in instances:
        assert (one["ImageId"], one["InstanceType"], one["MetadataOptions"]["HttpPutResponseHopLimit"]) == (image, "t4g.small", 1)
        assert one["IamInstanceProfile"]["Arn"].endswith("/shop-web")
        assert {"Name", "Tier", "aws:autoscaling:groupName", "aws:ec2launchtemplate:version"} <= {tag["Key"] for tag in one["Tags"]}
        (volume,) = ec2.describe_volumes(VolumeIds=[one["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]])["Volumes"]
        assert volume["Encrypted"], volume
        assert volume["Tags"] == [{"Key": "Name", "Value": "shop-web"}]


def test_hooks_come_with_the_group(asg, group):
    (hook,) = asg.describe_lifecycle_hooks(**NAME)["LifecycleHooks"]
    assert (hook["LifecycleHookName"], hook["HeartbeatTimeout"], "NotificationTargetARN" in hook) == ("boot", 3600, False)
    asg.put_lifecycle_hook(**NAME, LifecycleHookName="boot", HeartbeatTimeout=300)
    (hook,) = asg.describe_lifecycle_hooks(**NAME)["LifecycleHooks"]
    assert (hook["HeartbeatTimeout"], hook["LifecycleTransition"]) == (300, "autoscaling:EC2_INSTANCE_LAUNCHING")
    instance = described(asg)["Instances"][0]["InstanceId"]
    done = {**NAME, "LifecycleHookName": "boot", "LifecycleActionResult": "CONTINUE"}
    asg.complete_lifecycle_action(**done, InstanceId=instance)
    assert code(asg.complete_lifecycle_action, **done, InstanceId="i-0123456789abcdef0") == "ValidationError"


def test_policies_of_two_groups_may_have_one_name(asg, group, template, subnets):
    specification = {"LaunchTemplateId": template[0], "Version": "1"}
    asg.create_auto_scaling_group(
        AutoScalingGroupName="app", MinSize=0, MaxSize=1, VPCZoneIdentifier=subnets[0], LaunchTemplate=specification
    )
    for name in ("shop-web", "app"):
        policy = {"PolicyName": "cpu", "PolicyType": "TargetTrackingScaling", "TargetTrackingConfiguration": TRACKING}
        asg.put_scaling_policy(AutoScalingGroupName=name, **policy)
    asg.delete_policy(**NAME, PolicyName="cpu")
    (left,) = asg.describe_policies()["ScalingPolicies"]
    assert left["AutoScalingGroupName"] == "app" and left["TargetTrackingConfiguration"]["DisableScaleIn"] is False


def test_notifications_and_metrics(asg, group):
    topic = boto3.client("sns", region_name=REGION).create_topic(Name="t")["TopicArn"]
    asg.put_notification_configuration(**NAME, TopicARN=topic, NotificationTypes=["autoscaling:EC2_INSTANCE_LAUNCH_ERROR"])
    (entry,) = asg.describe_notification_configurations(AutoScalingGroupNames=["shop-web"])["NotificationConfigurations"]
    assert entry == {**NAME, "TopicARN": topic, "NotificationType": "autoscaling:EC2_INSTANCE_LAUNCH_ERROR"}
    asg.delete_notification_configuration(**NAME, TopicARN=topic)
    assert asg.describe_notification_configurations()["NotificationConfigurations"] == []
    asg.enable_metrics_collection(**NAME, Granularity="1Minute")
    assert {one["Metric"] for one in described(asg)["EnabledMetrics"]} == set(METRICS)
    asg.disable_metrics_collection(**NAME)
    assert described(asg)["EnabledMetrics"] == []


def test_a_refresh_replaces_instances_and_can_be_taken_back(asg, ec2, group, template, monkeypatch):
    template_id, data = template
    ec2.create_launch_template_version(LaunchTemplateId=template_id, LaunchTemplateData={**data, "InstanceType": "t4g.medium"})
    desired = {"LaunchTemplate": {"LaunchTemplateId": template_id, "Version": "2"}}
    first = {one["InstanceId"] for one in described(asg)["Instances"]}
    refresh = asg.start_instance_refresh(**NAME, DesiredConfiguration=desired)["InstanceRefreshId"]
    (found,) = asg.describe_instance_refreshes(**NAME)["InstanceRefreshes"]
    assert (found["InstanceRefreshId"], found["Status"], found["PercentageComplete"]) == (refresh, "Successful", 100)
    assert described(asg)["LaunchTemplate"]["Version"] == "2"
    second = {one["InstanceId"] for one in described(asg)["Instances"]}
    assert not first & second
    asg.start_instance_refresh(**NAME, DesiredConfiguration=desired, Preferences={"SkipMatching": True})
    assert {one["InstanceId"] for one in described(asg)["Instances"]} == second

    # One that is under way: the group still has the configuration before.
    def now(self):
        own = self.__dict__.get("own", "Cancelled")
        return "InProgress" if own == "Successful" else own

    status = property(now, lambda self, value: setattr(self, "own", value))
    monkeypatch.setattr(InstanceRefresh, "status", status, raising=False)
    asg.start_instance_refresh(**NAME, DesiredConfiguration={"LaunchTemplate": {"LaunchTemplateId": template_id, "Version": "1"}})
    assert described(asg)["LaunchTemplate"]["Version"] == "2"
    assert code(asg.start_instance_refresh, **NAME) == "InstanceRefreshInProgress"
    asg.rollback_instance_refresh(**NAME)
    assert asg.describe_instance_refreshes(**NAME)["InstanceRefreshes"][0]["Status"] == "RollbackSuccessful"
    assert described(asg)["LaunchTemplate"]["Version"] == "2"


def test_a_group_with_instances_needs_force(asg, group):
    assert code(asg.delete_auto_scaling_group, **NAME) == "ResourceInUse"
    asg.delete_auto_scaling_group(**NAME, ForceDelete=True)
    assert asg.describe_auto_scaling_groups()["AutoScalingGroups"] == []
    assert code(asg.delete_auto_scaling_group, **NAME, ForceDelete=True) == "ValidationError"
    assert code(asg.describe_lifecycle_hooks, **NAME) == "ValidationError"


def test_state_is_kept(asg, group):
    asg.start_instance_refresh(**NAME)
    backend = autoscaling_backends[ACCOUNT][REGION]
    kept = pickle.loads(pickling.dumps(backend.instance_refreshes))
    assert kept[0].status == "Successful" and kept[0].auto_scaling_group_name == "shop-web"


# -- hand rules -------------------------------------------------------------------------------------------------------
def judged(rule, **params):
    return RULES[f"autoscaling.{rule}"].judge(params, Context(ACCOUNT, REGION))


def test_a_template_must_be_whole(ec2, template):
    specification = {"LaunchTemplateId": template[0], "Version": "1"}
    assert judged("template_exists", **NAME, LaunchTemplate=specification) is None
    assert "version 9" in judged("template_exists", **NAME, LaunchTemplate={**specification, "Version": "9"})
    ec2.create_launch_template_version(LaunchTemplateId=template[0], LaunchTemplateData={"InstanceType": "t4g.small"})
    assert "ImageId" in judged("template_exists", **NAME, LaunchTemplate={**specification, "Version": "2"})


def test_an_alias_can_not_be_rolled_back(ec2, asg, group, template):
    refresh = {**NAME, "Preferences": {"AutoRollback": True}}
    template_id, data = template
    desired = {"LaunchTemplate": {"LaunchTemplateId": template_id, "Version": "1"}}
    assert "Systems Manager parameter" in judged("instance_refresh", **refresh, DesiredConfiguration=desired)
    fixed = {**data, "ImageId": "ami-0123456789abcdef0"}
    ec2.create_launch_template_version(LaunchTemplateId=template_id, LaunchTemplateData=fixed)
    desired = {"LaunchTemplate": {"LaunchTemplateId": template_id, "Version": "2"}}
    assert "Systems Manager parameter" in judged("instance_refresh", **refresh, DesiredConfiguration=desired)  # of the version before
    asg.start_instance_refresh(**NAME, DesiredConfiguration=desired)
    assert judged("instance_refresh", **refresh, DesiredConfiguration=desired) is None


def test_a_replaced_instance_is_no_target_any_more(asg, ec2, group, subnets):
    elbv2 = boto3.client("elbv2", region_name=REGION)
    vpc_id = ec2.describe_subnets(SubnetIds=subnets)["Subnets"][0]["VpcId"]
    arn = elbv2.create_target_group(Name="shop-web", Protocol="HTTP", Port=80, VpcId=vpc_id)["TargetGroups"][0]["TargetGroupArn"]
    asg.attach_load_balancer_target_groups(**NAME, TargetGroupARNs=[arn])

    def targets():
        return {item["Target"]["Id"] for item in elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]}

    gone = min(targets())
    asg.terminate_instance_in_auto_scaling_group(InstanceId=gone, ShouldDecrementDesiredCapacity=False)
    (now,) = asg.describe_auto_scaling_groups(AutoScalingGroupNames=["shop-web"])["AutoScalingGroups"]
    assert gone not in targets()
    assert targets() == {instance["InstanceId"] for instance in now["Instances"]}
