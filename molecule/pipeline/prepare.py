"""Makes what the pipeline stands on, and prints it as JSON: a bucket, a topic, and for each tier a group and an alarm."""

from __future__ import annotations

import json
import os

import boto3

PREFIX = os.environ["STACK_PREFIX"]
REGION = os.environ.get("AWS_REGION", "ap-northeast-2")
TIERS = ("app", "web")


def client(service: str):
    return boto3.client(service, region_name=REGION)


bucket = f"{PREFIX}-artifact-123456789012"
client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
topic = client("sns").create_topic(Name=f"{PREFIX}-info")["TopicArn"]

ec2, scaling, watch = client("ec2"), client("autoscaling"), client("cloudwatch")
subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
image = ec2.describe_images(Owners=["amazon"], Filters=[{"Name": "name", "Values": ["amzn2-ami-hvm*"]}])["Images"][0]["ImageId"]
template = f"{PREFIX}-tier"
ec2.create_launch_template(LaunchTemplateName=template, LaunchTemplateData={"ImageId": image, "InstanceType": "t3.micro"})
for tier in TIERS:
    scaling.create_auto_scaling_group(
        AutoScalingGroupName=f"{PREFIX}-{tier}", MinSize=0, MaxSize=1, VPCZoneIdentifier=subnet,
        LaunchTemplate={"LaunchTemplateName": template, "Version": "1"},
    )  # fmt: skip
    watch.put_metric_alarm(
        AlarmName=f"{PREFIX}-{tier}-deployment", Namespace="AWS/ApplicationELB", MetricName="HTTPCode_Target_5XX_Count", Statistic="Sum",
        Period=60, EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
print(json.dumps({"bucket_name": bucket, "topic_arn": topic}))
