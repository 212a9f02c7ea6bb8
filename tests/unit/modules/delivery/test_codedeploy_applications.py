from __future__ import annotations

import pytest

from tests.unit.modules.delivery.conftest import operations

TAGS = {"Project": "shop"}
NAME = "shop-staging"


@pytest.fixture
def group(aws, role):
    ec2, autoscaling = aws("ec2"), aws("autoscaling")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    image = ec2.describe_images(Owners=["amazon"], Filters=[{"Name": "name", "Values": ["amzn2-ami-hvm*"]}])["Images"][0]["ImageId"]
    ec2.create_launch_template(LaunchTemplateName="shop", LaunchTemplateData={"ImageId": image, "InstanceType": "t3.micro"})
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="shop-web", MinSize=0, MaxSize=1, VPCZoneIdentifier=subnet,
        LaunchTemplate={"LaunchTemplateName": "shop", "Version": "1"},
    )  # fmt: skip
    aws("cloudwatch").put_metric_alarm(
        AlarmName="shop-web-deployment", MetricName="HTTPCode_Target_5XX_Count", Namespace="AWS/ApplicationELB", Statistic="Sum",
        Period=60, EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    return {
        "name": "web",
        "service_role_arn": role("codedeploy"),
        "auto_scaling_groups": ["shop-web"],
        "target_group_names": ["shop-web"],
        "alarm_names": ["shop-web-deployment"],
    }


def application(*groups):
    return {"name": NAME, "deployment_groups": list(groups)}


def standing(aws, name="web"):
    return aws("codedeploy").get_deployment_group(applicationName=NAME, deploymentGroupName=name)["deploymentGroupInfo"]


def test_created_with_its_guards(converge, aws, group):
    result = converge("codedeploy_applications", applications=[application(group)], tags=TAGS)
    assert operations(result) == ["CreateApplication", "CreateDeploymentGroup"]
    found = standing(aws)
    assert found["deploymentStyle"] == {"deploymentType": "IN_PLACE", "deploymentOption": "WITH_TRAFFIC_CONTROL"}
    assert found["loadBalancerInfo"]["targetGroupInfoList"] == [{"name": "shop-web"}]
    assert found["autoRollbackConfiguration"]["enabled"] and len(found["autoRollbackConfiguration"]["events"]) == 3
    assert found["alarmConfiguration"]["alarms"] == [{"name": "shop-web-deployment"}]
    assert [asg["name"] for asg in found["autoScalingGroups"]] == ["shop-web"]


def test_a_changed_group_is_one_change(converge, aws, group):
    converge("codedeploy_applications", applications=[application(group)], tags=TAGS)
    changed = {**group, "deployment_config_name": "CodeDeployDefault.HalfAtATime"}
    assert operations(converge("codedeploy_applications", applications=[application(changed)], tags=TAGS)) == ["UpdateDeploymentGroup"]
    assert standing(aws)["deploymentConfigName"] == "CodeDeployDefault.HalfAtATime"
    without = {**group, "alarm_names": []}
    converge("codedeploy_applications", applications=[application(without)], tags=TAGS)
    assert "DEPLOYMENT_STOP_ON_ALARM" not in standing(aws)["autoRollbackConfiguration"]["events"]


def test_an_application_without_its_group_is_completed(converge, aws, group):
    converge("codedeploy_applications", applications=[application()], tags=TAGS)
    assert operations(converge("codedeploy_applications", applications=[application(group)], tags=TAGS)) == ["CreateDeploymentGroup"]


def test_tags_of_both(converge, aws, group):
    converge("codedeploy_applications", applications=[application(group)], tags=TAGS)
    assert (
        operations(converge("codedeploy_applications", applications=[application(group)], tags={"Owner": "us"}))
        == [
            "TagResource",
            "UntagResource",
        ]
        * 2
    )


def test_removed_with_its_groups_once(converge, aws, group):
    converge("codedeploy_applications", applications=[application(group)], tags=TAGS)
    assert operations(converge("codedeploy_applications", applications=[{"name": NAME}], state="absent")) == ["DeleteApplication"]
    assert aws("codedeploy").list_applications()["applications"] == []
    assert operations(converge("codedeploy_applications", applications=[{"name": NAME}], state="absent")) == []
