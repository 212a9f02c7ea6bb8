"""What the evidence is collected from: which alarm is fit, which secret waits for its address, which resources hold data."""

from __future__ import annotations

import json
import threading

import pytest
from moto.autoscaling.models import autoscaling_backends
from moto.ssm.models import ssm_backends

from ansible_collections.refarch.aws.plugins.modules.secretsmanager_secrets import placeholder_version
from emulator import machines
from emulator.services.ssm_management import associations_of

PREFIX, ACCOUNT, REGION = "shop-staging", "123456789012", "ap-northeast-2"
STACK = {"project": "shop", "environment": "staging"}
TAGS = [{"Key": "Project", "Value": "shop"}, {"Key": "Environment", "Value": "staging"}]
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{PREFIX}-notifier"
TRUST = json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]})


@pytest.fixture
def evidence(run_module):
    """``evidence(network={...})`` is the evidence of a stack that published this."""

    def look(alarm=True, check=True, alarm_name=None, **registry):
        found = run_module("stack_evidence", check=check, **STACK, registry=registry, alarm=alarm, alarm_name=alarm_name, requests=False)
        return found["evidence"]

    return look


@pytest.fixture
def alerting(aws):
    """What alerting publishes, with topics of which Slack hears the first two, and an address in the secret."""
    topics = {severity: aws("sns").create_topic(Name=f"{PREFIX}-{severity}")["TopicArn"] for severity in ("critical", "warning", "info")}
    for severity in ("critical", "warning"):
        aws("sns").subscribe(TopicArn=topics[severity], Protocol="lambda", Endpoint=FUNCTION)
    secret = aws("secretsmanager").create_secret(Name=f"{PREFIX}-slack-webhook", SecretString="https://hooks.example")["ARN"]
    return {"topic_arns": topics, "function_arn": FUNCTION, "webhook_secret_arn": secret}


@pytest.fixture
def alarms(aws, alerting):
    """``alarms(errors="critical")`` makes alarms that tell that topic, and returns what monitoring publishes."""

    def make(deployment=(), **severities):
        for name, severity in severities.items():
            actions = [alerting["topic_arns"][severity]] if severity else []
            aws("cloudwatch").put_metric_alarm(
                AlarmName=f"{PREFIX}-{name}", Namespace="shop", MetricName="m", Statistic="Sum", Period=60, EvaluationPeriods=1,
                Threshold=1, ComparisonOperator="GreaterThanThreshold", AlarmActions=actions,
            )  # fmt: skip
        names = {name: f"{PREFIX}-{name}" for name in severities}
        return {"alarm_names": names, "deployment_alarm_names": [names[name] for name in deployment]}

    return make


def chosen(aws, alerting, monitoring, monkeypatch, run_module, name=None):
    """The alarm that would be sent through, without sending it."""
    from ansible_collections.refarch.aws.plugins.modules import stack_evidence

    monkeypatch.setattr(stack_evidence.Evidence, "sent", lambda _self, alarm: {"would_send": alarm["AlarmName"]})
    registry = {"alerting": alerting, "monitoring": monitoring}
    return run_module("stack_evidence", **STACK, registry=registry, alarm=True, alarm_name=name, requests=False)["evidence"]["alarm"]


def test_the_least_severe_alarm_is_chosen(aws, alerting, alarms, monkeypatch, run_module):
    monitoring = alarms(a="critical", b="warning", c="info", d=None)
    assert chosen(aws, alerting, monitoring, monkeypatch, run_module) == {"would_send": f"{PREFIX}-b"}
    assert chosen(aws, alerting, monitoring, monkeypatch, run_module, f"{PREFIX}-a") == {"would_send": f"{PREFIX}-a"}
    # Slack does not hear of it.
    assert chosen(aws, alerting, monitoring, monkeypatch, run_module, f"{PREFIX}-c") == {"unfit": f"{PREFIX}-c is not one of them"}


def test_alarms_on_which_others_depend_are_left_alone(aws, alerting, alarms, monkeypatch, run_module):
    monitoring = alarms(deployment=["a"], a="warning", b="warning", c="warning", d="warning", e="critical")
    aws("cloudwatch").put_composite_alarm(AlarmName=f"{PREFIX}-whole", AlarmRule=f'ALARM("{PREFIX}-b")')
    aws("cloudwatch").set_alarm_state(AlarmName=f"{PREFIX}-c", StateValue="ALARM", StateReason="test")
    aws("cloudwatch").disable_alarm_actions(AlarmNames=[f"{PREFIX}-d"])
    assert chosen(aws, alerting, monitoring, monkeypatch, run_module) == {"would_send": f"{PREFIX}-e"}


def test_no_alarm_without_being_asked_nor_in_check_mode(evidence, alerting, alarms):
    monitoring = alarms(a="warning")
    assert evidence(False, alerting=alerting, monitoring=monitoring)["alarm"] == {"left_out": "verify_alarm is false"}
    assert "check mode" in evidence(alerting=alerting, monitoring=monitoring)["alarm"]["left_out"]
    assert evidence(alerting=alerting)["alarm"] == {"left_out": "no alarms stand yet"}


def test_a_secret_that_waits_for_its_address(aws, evidence, alerting, alarms):
    name = f"{PREFIX}-other"
    arn = aws("secretsmanager").create_secret(Name=name, SecretString="x", ClientRequestToken=placeholder_version(name))["ARN"]
    found = evidence(alerting={**alerting, "webhook_secret_arn": arn}, monitoring=alarms(a="warning"))["alarm"]
    assert found == {"no_address": name}
    aws("secretsmanager").put_secret_value(SecretId=name, SecretString="https://hooks.example")
    assert "no_address" not in evidence(alerting={**alerting, "webhook_secret_arn": arn}, monitoring=alarms(a="warning"))["alarm"]


def test_what_cannot_be_read_is_told_in_its_place(evidence):
    found = evidence(certificate={"certificate_arn": "no-arn"}, network={"vpc_id": "vpc-1"})
    assert found["security_groups"] == {"groups": []}
    assert set(found["certificate"]) == {"error"} and found["certificate"]["error"].startswith("Could not describe certificate no-arn: ")


def test_what_holds_data(aws, evidence):
    aws("s3").create_bucket(Bucket=f"{PREFIX}-data", CreateBucketConfiguration={"LocationConstraint": REGION})
    aws("s3").put_bucket_tagging(Bucket=f"{PREFIX}-data", Tagging={"TagSet": [*TAGS, {"Key": "Backup", "Value": "x"}]})
    for name, tags in (("mine", TAGS), ("theirs", [])):
        aws("dynamodb").create_table(
            TableName=name, KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST", Tags=tags,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )  # fmt: skip
    data = {"bucket_arns": {"data": f"arn:aws:s3:::{PREFIX}-data", "log": f"arn:aws:s3:::{PREFIX}-log"}, "bucket_names": {}}
    found = evidence(backup={}, storage=data)["backup"]["resources"]
    assert [item["arn"] for item in found] == [f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/mine", f"arn:aws:s3:::{PREFIX}-data"]
    assert found[1]["tags"]["Backup"] == "x"


def test_only_the_stacks_own_roles_are_simulated(aws, evidence):
    secret = aws("secretsmanager").create_secret(Name="rds-db-1", SecretString="x")["ARN"]
    for name, tags in (
        (f"{PREFIX}-server-app", TAGS),
        (f"{PREFIX}-server-web", TAGS),
        (f"{PREFIX}-eu-server-app", [{"Key": "Project", "Value": "shop"}, {"Key": "Environment", "Value": "staging-eu"}]),
    ):
        aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST, Tags=tags)
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": secret}]}
    aws("iam").put_role_policy(RoleName=f"{PREFIX}-server-app", PolicyName="p", PolicyDocument=json.dumps(allow))
    found = evidence(database={"master_user_secret_arn": secret}, servers={"instance_role_names": {"app": f"{PREFIX}-server-app"}})
    decisions = {role["name"]: role["decisions"] for role in found["master_secret"]["roles"]}
    assert decisions == {
        f"{PREFIX}-server-app": {"secretsmanager:GetSecretValue": "allowed", "kms:Decrypt": "implicitDeny"},
        f"{PREFIX}-server-web": {"secretsmanager:GetSecretValue": "implicitDeny", "kms:Decrypt": "implicitDeny"},
    }


@pytest.fixture
def server(aws, monkeypatch):
    """A web server in service whose agent is connected, without a machine, and what its stack published."""
    vpc = aws("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = aws("ec2").create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    image = aws("ec2").describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    aws("ec2").create_launch_template(LaunchTemplateName="web", LaunchTemplateData={"ImageId": image, "InstanceType": "t3.micro"})
    group = {"AutoScalingGroupName": "web", "LaunchTemplate": {"LaunchTemplateName": "web"}, "VPCZoneIdentifier": subnet}
    aws("autoscaling").create_auto_scaling_group(**group, MinSize=1, MaxSize=1)
    (found,) = autoscaling_backends[ACCOUNT][REGION].autoscaling_groups["web"].instance_states
    found.lifecycle_state = "InService"
    name = found.instance.id
    monkeypatch.setitem(machines.CONNECTED, name, machines.Node(None, ACCOUNT, REGION, tags={tag["Key"]: tag["Value"] for tag in TAGS}))
    targets = [{"Key": "tag:Tier", "Values": ["web"]}]
    made = aws("ssm").create_association(Name="AWS-RunPatchBaseline", Targets=targets, Parameters={"Operation": ["Scan"]})
    ids = {"configure": made["AssociationDescription"]["AssociationId"]}
    published = {"association_names": {"web": "configure"}, "association_ids": ids}
    return name, {"node_configuration": published, "servers": {"auto_scaling_group_names": {"web": "web"}}}


def test_what_becomes_of_a_servers_configuration_is_waited_for(run_module, server):
    """It is reported some seconds after the server has come into service."""
    name, registry = server

    def look(seconds):
        given = {"registry": registry, "requests": False, "wait_timeout_seconds": seconds}
        (found,) = run_module("stack_evidence", **STACK, **given)["evidence"]["server_configuration"]["servers"]
        return found

    assert look(1) == {"id": name, "tier": "web", "connected": True, "status": ""}
    (association,) = associations_of(ssm_backends[ACCOUNT][REGION]).values()
    reported = threading.Timer(1, association.update, [{"applied": {name: {"status": "Failed"}}}])
    reported.start()
    assert look(20) == {"id": name, "tier": "web", "connected": True, "status": "NON_COMPLIANT"}
    reported.join()
