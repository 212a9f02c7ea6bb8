"""Hand rules that look at what stands: each lets its good calls pass and refuses its bad ones, once their ground is prepared.

test_rules.py judges the examples that a rule carries, on an empty account. A rule whose examples need something that stands has them here.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from emulator import services
from emulator.catalog import Call
from emulator.pipeline import Emulator
from emulator.strict import RULES, Context
from emulator.strict.judge import Judge, load_rules
from tests.in_process import serving

load_rules()
services.apply_all()
REGION, ACCOUNT = "ap-northeast-2", "123456789012"
ASSUME = "sts:AssumeRole"
#: Answers a client of a service: ``aws("rds")``, ``aws("logs", "us-east-1")``.
Aws = Callable[..., Any]
#: Calls that wait to be made: good ones and bad ones.
Examples = tuple[Sequence[Callable[[], Any]], Sequence[Callable[[], Any]]]
TABLE: dict[str, Callable[[Aws], Examples]] = {}


def example(rule: str) -> Callable[[Callable[[Aws], Examples]], Callable[[Aws], Examples]]:
    """Enters a function that prepares the ground for *rule* and answers its good and its bad calls."""

    def enter(prepare: Callable[[Aws], Examples]) -> Callable[[Aws], Examples]:
        assert rule not in TABLE
        TABLE[rule] = prepare
        return prepare

    return enter


class Watched(Judge):
    """Remembers the call that it judged last."""

    last: tuple[Call, Context]

    def rules(self, call: Call, context: Context) -> None:
        self.last = call, context
        super().rules(call, context)


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[Emulator, Watched, str]]:
    judge = Watched()
    emulator = Emulator(judge)
    with serving(emulator) as url:
        yield emulator, judge, url


@pytest.fixture
def aws(address, monkeypatch) -> Aws:
    """Clients of an emulator in which nothing stands yet."""
    from moto.moto_api._internal.models import moto_api_backend

    emulator, _judge, url = address
    moto_api_backend.reset()
    emulator.reset()
    for name, value in {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}.items():
        monkeypatch.setenv(name, value)
    config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, inject_host_prefix=False)

    def client(service: str, region: str = REGION) -> Any:
        return boto3.client(service, endpoint_url=url, region_name=region, config=config)

    return client


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str | list[str], resource: str | None, **principal: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action}
    return statement | ({"Resource": resource} if resource else {}) | ({"Principal": principal} if principal else {})


def role(aws: Aws, name: str, service: str) -> str:
    trust = document(allow(ASSUME, None, Service=service))
    return aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]


# -- the network, and what is launched into it -------------------------------------------------------------------------
def network(aws: Aws, block: str = "10.0.0.0/16", zones: str = "ac", gateway: bool = True) -> tuple[str, list[str]]:
    """A VPC and a subnet in each of *zones*."""
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock=block)["Vpc"]["VpcId"]
    made = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=block.replace(".0.0/16", f".{number}.0/24"), AvailabilityZone=f"{REGION}{zone}")["Subnet"]
        for number, zone in enumerate(zones)
    ]
    if gateway:
        way_in = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=way_in, VpcId=vpc)
    return vpc, [subnet["SubnetId"] for subnet in made]


@example("ec2.network_acl_quota")
def an_acl_with_nineteen_entries(aws: Aws) -> Examples:
    ec2 = aws("ec2")
    acl = ec2.create_network_acl(VpcId=network(aws)[0])["NetworkAcl"]["NetworkAclId"]
    entry = {"NetworkAclId": acl, "Protocol": "-1", "RuleAction": "allow", "CidrBlock": "10.0.0.0/16"}
    for number in range(1, 19):
        ec2.create_network_acl_entry(**entry, RuleNumber=number, Egress=False)
    put = partial(ec2.create_network_acl_entry, **entry)
    return [partial(put, RuleNumber=99, Egress=False), partial(put, RuleNumber=100, Egress=True)], [
        partial(put, RuleNumber=100, Egress=False)
    ]


@example("ec2.private_dns")
def vpcs_with_and_without_names(aws: Aws) -> Examples:
    ec2 = aws("ec2")
    (named, subnets), (nameless, others) = network(aws), network(aws, "10.1.0.0/16")
    ec2.modify_vpc_attribute(VpcId=named, EnableDnsHostnames={"Value": True})
    make = partial(ec2.create_vpc_endpoint, ServiceName=f"com.amazonaws.{REGION}.kms", VpcEndpointType="Interface", PrivateDnsEnabled=True)
    good = partial(make, VpcId=named, SubnetIds=subnets)
    without = partial(make, VpcId=nameless, SubnetIds=others)
    return [good, partial(without, PrivateDnsEnabled=False)], [without, good]


@example("ec2.endpoint_zones")
def two_subnets_in_one_zone(aws: Aws) -> Examples:
    vpc, subnets = network(aws, zones="aac")
    kind = {"VpcEndpointType": "Interface", "PrivateDnsEnabled": False}
    make = partial(aws("ec2").create_vpc_endpoint, VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.kms", **kind)
    return [partial(make, SubnetIds=subnets[1:])], [partial(make, SubnetIds=subnets[:2])]


@example("autoscaling.what_is_launched_exists")
def templates_that_name_things(aws: Aws) -> Examples:
    ec2 = aws("ec2")
    vpc, subnets = network(aws)
    aws("iam").create_instance_profile(InstanceProfileName="web")
    group = ec2.create_security_group(GroupName="web", Description="x", VpcId=vpc)["GroupId"]
    key = aws("kms").create_key()["KeyMetadata"]["Arn"]

    def launched(name: str, profile: str = "web", security_group: str = group, volume_key: str = key) -> Callable[[], Any]:
        volume = {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20, "Encrypted": True, "KmsKeyId": volume_key}}
        data = {
            "ImageId": "ami-0123456789abcdef0", "InstanceType": "t4g.small", "IamInstanceProfile": {"Name": profile},
            "SecurityGroupIds": [security_group], "BlockDeviceMappings": [volume],
        }  # fmt: skip
        template = ec2.create_launch_template(LaunchTemplateName=f"the-{name}", LaunchTemplateData=data)["LaunchTemplate"]
        given = {"LaunchTemplateId": template["LaunchTemplateId"], "Version": "1"}
        made = {"AutoScalingGroupName": name, "MinSize": 0, "MaxSize": 1, "VPCZoneIdentifier": ",".join(subnets)}
        return partial(aws("autoscaling").create_auto_scaling_group, **made, LaunchTemplate=given)

    absent = key.rpartition("/")[0] + "/11111111-2222-3333-4444-555555555555"
    return [launched("whole")], [launched("a", profile="app"), launched("b", security_group="sg-1"), launched("c", volume_key=absent)]


@example("autoscaling.notifications")
def a_group_and_a_topic(aws: Aws) -> Examples:
    _vpc, subnets = network(aws)
    data = {"ImageId": "ami-0123456789abcdef0", "InstanceType": "t4g.small"}
    template = aws("ec2").create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)["LaunchTemplate"]["LaunchTemplateId"]
    given = {"LaunchTemplateId": template, "Version": "1"}
    client = aws("autoscaling")
    name = {"AutoScalingGroupName": "web"}
    client.create_auto_scaling_group(**name, MinSize=0, MaxSize=1, VPCZoneIdentifier=subnets[0], LaunchTemplate=given)
    topic = aws("sns").create_topic(Name="shop")["TopicArn"]
    put = partial(client.put_notification_configuration, **name, TopicARN=topic, NotificationTypes=["autoscaling:EC2_INSTANCE_LAUNCH"])
    return [put], [partial(put, TopicARN=f"{topic}-absent"), partial(put, NotificationTypes=["launch"])]


# -- Elastic Load Balancing --------------------------------------------------------------------------------------------
def balancer(aws: Aws, subnets: list[str], name: str = "shop") -> str:
    return aws("elbv2").create_load_balancer(Name=name, Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]


def target_group(aws: Aws, vpc: str, name: str = "web") -> str:
    made = aws("elbv2").create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc)
    return made["TargetGroups"][0]["TargetGroupArn"]


def forward(group: str) -> list[dict[str, Any]]:
    return [{"Type": "forward", "TargetGroupArn": group}]


@example("elbv2.vpc_has_an_internet_gateway")
def vpcs_with_and_without_a_way_in(aws: Aws) -> Examples:
    open_to_all, closed = network(aws)[1], network(aws, "10.1.0.0/16", gateway=False)[1]
    make = aws("elbv2").create_load_balancer
    inside = partial(make, Name="inside", Subnets=closed, Scheme="internal")
    return [partial(make, Name="shop", Subnets=open_to_all), inside], [partial(make, Name="closed", Subnets=closed)]


@example("elbv2.target_group_has_one_load_balancer")
def two_load_balancers_and_two_vpcs(aws: Aws) -> Examples:
    (vpc, subnets), (elsewhere, _others) = network(aws), network(aws, "10.1.0.0/16")
    mine, other, group = balancer(aws, subnets), balancer(aws, subnets, "other"), target_group(aws, vpc)
    foreign = target_group(aws, elsewhere, "foreign")
    listen = partial(aws("elbv2").create_listener, Protocol="HTTP")
    good = [partial(listen, LoadBalancerArn=mine, Port=port, DefaultActions=forward(group)) for port in (80, 8080)]
    return good, [partial(listen, LoadBalancerArn=other, Port=80, DefaultActions=forward(one)) for one in (group, foreign)]


@example("elbv2.certificate_is_issued")
def certificates_of_two_names(aws: Aws) -> Examples:
    acm, route53 = aws("acm"), aws("route53")
    zone = route53.create_hosted_zone(Name="shop.example.com", CallerReference="one")["HostedZone"]["Id"]

    def certificate(name: str) -> str:
        return acm.request_certificate(DomainName=name, ValidationMethod="DNS")["CertificateArn"]

    issued, waiting = certificate("shop.example.com"), certificate("till.example.com")
    record = acm.describe_certificate(CertificateArn=issued)["Certificate"]["DomainValidationOptions"][0]["ResourceRecord"]
    written = {"Name": record["Name"], "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": record["Value"]}]}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": written}]})
    acm.get_waiter("certificate_validated").wait(CertificateArn=issued, WaiterConfig={"Delay": 1, "MaxAttempts": 5})
    vpc, subnets = network(aws)
    listen = partial(
        aws("elbv2").create_listener,
        LoadBalancerArn=balancer(aws, subnets),
        Protocol="HTTPS",
        DefaultActions=forward(target_group(aws, vpc)),
    )
    return [partial(listen, Port=443, Certificates=[{"CertificateArn": issued}])], [
        partial(listen, Port=8443, Certificates=[{"CertificateArn": waiting}])
    ]


# -- identities and trails ---------------------------------------------------------------------------------------------
@example("iam.attached_policies")
def owners_of_ten_policies(aws: Aws) -> Examples:
    iam = aws("iam")
    role(aws, "r", "ec2.amazonaws.com")
    iam.create_group(GroupName="g")
    iam.create_user(UserName="u")
    text = document(allow("s3:ListAllMyBuckets", "*"))
    arns = [iam.create_policy(PolicyName=f"p{number}", PolicyDocument=text)["Policy"]["Arn"] for number in range(11)]
    attaching = [
        partial(iam.attach_role_policy, RoleName="r"),
        partial(iam.attach_group_policy, GroupName="g"),
        partial(iam.attach_user_policy, UserName="u"),
    ]
    for attach in attaching:
        for arn in arns[:10]:
            attach(PolicyArn=arn)
    again, one_more = ([partial(attach, PolicyArn=arn) for attach in attaching] for arn in (arns[0], arns[10]))
    return again, one_more


@example("iam.groups_of_a_user")
def a_user_of_ten_groups(aws: Aws) -> Examples:
    iam = aws("iam")
    iam.create_user(UserName="u")
    for number in range(11):
        iam.create_group(GroupName=f"g{number}")
    for number in range(10):
        iam.add_user_to_group(GroupName=f"g{number}", UserName="u")
    add = partial(iam.add_user_to_group, UserName="u")
    return [partial(add, GroupName="g1")], [partial(add, GroupName="g10")]


@example("sts.role_arn")
def a_role_to_take(aws: Aws) -> Examples:
    arn = role(aws, "deployer", "ec2.amazonaws.com")
    take = partial(aws("sts").assume_role, RoleSessionName="run")
    wrong = [arn.replace(":role/", ":user/"), arn.replace(ACCOUNT, "1234")]
    return [partial(take, RoleArn=arn)], [partial(take, RoleArn=one) for one in wrong]


def log_bucket(aws: Aws, *paths: str) -> None:
    """The bucket ``log``, to which trails may write under *paths*."""
    s3 = aws("s3")
    s3.create_bucket(Bucket="log", CreateBucketConfiguration={"LocationConstraint": REGION})
    service = {"Service": "cloudtrail.amazonaws.com"}
    writing = [allow("s3:PutObject", f"arn:aws:s3:::log/{path}AWSLogs/{ACCOUNT}/*", **service) for path in paths]
    s3.put_bucket_policy(Bucket="log", Policy=document(allow("s3:GetBucketAcl", "arn:aws:s3:::log", **service), *writing))


@example("cloudtrail.bucket_lets_the_trail_write")
def a_bucket_that_lets_one_prefix_in(aws: Aws) -> Examples:
    log_bucket(aws, "x/")
    aws("s3").create_bucket(Bucket="bare", CreateBucketConfiguration={"LocationConstraint": REGION})
    make = partial(aws("cloudtrail").create_trail, Name="one", S3BucketName="log", S3KeyPrefix="x")
    return [make], [partial(make, Name="two", **change) for change in ({"S3KeyPrefix": "y"}, {"S3KeyPrefix": ""}, {"S3BucketName": "bare"})]


@example("cloudtrail.trails_of_a_region")
def four_trails(aws: Aws) -> Examples:
    log_bucket(aws, "")
    make = partial(aws("cloudtrail").create_trail, S3BucketName="log")
    for number in range(4):
        make(Name=f"trail-{number}")
    return [partial(make, Name="fifth")], [partial(make, Name="sixth")]


# -- logs --------------------------------------------------------------------------------------------------------------
TRANSFORMED = {"filterPattern": "x", "metricTransformations": [{"metricName": "m", "metricNamespace": "shop", "metricValue": "1"}]}


@example("logs.metric_filters_of_a_group")
def a_group_of_ninety_nine_filters(aws: Aws) -> Examples:
    logs = aws("logs")
    logs.create_log_group(logGroupName="g")
    put = partial(logs.put_metric_filter, logGroupName="g", **TRANSFORMED)
    for number in range(99):
        put(filterName=f"f{number}")
    return [partial(put, filterName="hundredth"), partial(put, filterName="f1")], [partial(put, filterName="one-more")]


@example("logs.resource_policies_of_a_region")
def nine_resource_policies(aws: Aws) -> Examples:
    text = document(allow("logs:PutLogEvents", "*", Service="route53.amazonaws.com"))
    put = partial(aws("logs").put_resource_policy, policyDocument=text)
    for number in range(9):
        put(policyName=f"p{number}")
    return [partial(put, policyName="tenth"), partial(put, policyName="p1")], [partial(put, policyName="one-more")]


@example("logs.class_takes_metric_filters")
def groups_of_two_classes(aws: Aws) -> Examples:
    logs = aws("logs")
    for name, kind in (("often", "STANDARD"), ("seldom", "INFREQUENT_ACCESS")):
        logs.create_log_group(logGroupName=name, logGroupClass=kind)
    put = partial(logs.put_metric_filter, filterName="f", **TRANSFORMED)
    return [partial(put, logGroupName="often")], [partial(put, logGroupName="seldom")]


@example("wafv2.log_group_exists")
def a_web_acl_and_its_log_group(aws: Aws) -> Examples:
    waf = aws("wafv2")
    seen = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "shop"}
    acl = waf.create_web_acl(Name="shop", Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=seen)["Summary"]["ARN"]
    aws("logs").create_log_group(logGroupName="aws-waf-logs-shop")
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:aws-waf-logs-shop"

    def put(destination: str) -> Callable[[], Any]:
        config = {"ResourceArn": acl, "LogDestinationConfigs": [destination]}
        return partial(waf.put_logging_configuration, LoggingConfiguration=config)

    return [put(group)], [put(f"{group}-absent")]


@example("route53.policy_lets_route53_write")
def groups_for_query_logs(aws: Aws) -> Examples:
    logs, route53 = aws("logs", "us-east-1"), aws("route53")
    arns = [f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/route53/{name}.example.com:*" for name in ("shop", "till")]
    for name in ("shop", "till"):
        logs.create_log_group(logGroupName=f"/aws/route53/{name}.example.com")
    writing = allow(["logs:CreateLogStream", "logs:PutLogEvents"], arns[0], Service="route53.amazonaws.com")
    logs.put_resource_policy(policyName="p", policyDocument=document(writing))
    zones = [
        route53.create_hosted_zone(Name=f"{name}.example.com", CallerReference=name)["HostedZone"]["Id"].rpartition("/")[2]
        for name in ("shop", "till")
    ]
    put = route53.create_query_logging_config
    good, bad = (partial(put, HostedZoneId=zone, CloudWatchLogsLogGroupArn=arn) for zone, arn in zip(zones, arns, strict=True))
    return [good], [bad]


# -- databases and backups ---------------------------------------------------------------------------------------------
INSTANCE = {
    "DBInstanceIdentifier": "shop-db", "DBInstanceClass": "db.t4g.medium", "Engine": "postgres", "EngineVersion": "17.5",
    "StorageType": "gp3", "AllocatedStorage": 20, "MasterUsername": "dbowner", "ManageMasterUserPassword": True,
    "DBSubnetGroupName": "shop-db",
}  # fmt: skip


def database(aws: Aws) -> Any:
    """A client of RDS, where the subnet group ``shop-db`` stands."""
    rds = aws("rds")
    rds.create_db_subnet_group(DBSubnetGroupName="shop-db", DBSubnetGroupDescription="x", SubnetIds=network(aws)[1])
    return rds


@example("rds.version_only_rises")
def an_instance_of_postgresql_17(aws: Aws) -> Examples:
    rds = database(aws)
    rds.create_db_instance(**INSTANCE)
    change = partial(rds.modify_db_instance, DBInstanceIdentifier="shop-db", ApplyImmediately=True)
    good = [partial(change, EngineVersion="17.6"), partial(change, EngineVersion="18", AllowMajorVersionUpgrade=True)]
    # After the good ones it is of version 18.
    return good, [partial(change, EngineVersion="17"), partial(change, EngineVersion="16", AllowMajorVersionUpgrade=True)]


@example("rds.parameter_group_is_of_the_family")
def parameter_groups_of_two_families(aws: Aws) -> Examples:
    rds = database(aws)
    for family in ("postgres16", "postgres17"):
        rds.create_db_parameter_group(DBParameterGroupName=family, DBParameterGroupFamily=family, Description="x")
    make = partial(rds.create_db_instance, **INSTANCE)
    old = partial(make, EngineVersion="16", DBParameterGroupName="postgres16", DBInstanceIdentifier="old-db")
    mixed = partial(make, DBParameterGroupName="postgres16", DBInstanceIdentifier="mixed-db")
    change = partial(rds.modify_db_instance, DBInstanceIdentifier="shop-db", DBParameterGroupName="postgres16")
    return [partial(make, DBParameterGroupName="postgres17"), old], [mixed, change]


@example("rds.storage_only_grows")
def an_instance_of_twenty_gibibytes(aws: Aws) -> Examples:
    rds = database(aws)
    rds.create_db_instance(**INSTANCE)
    change = partial(rds.modify_db_instance, DBInstanceIdentifier="shop-db", ApplyImmediately=True)
    good = [partial(change, AllocatedStorage=size) for size in (20, 30)]
    return good, [partial(change, AllocatedStorage=size) for size in (20, 31)]


@example("rds.source_of_a_replica_is_backed_up")
def instances_with_and_without_backups(aws: Aws) -> Examples:
    rds = database(aws)
    for name, days in (("kept-db", 7), ("bare-db", 0)):
        rds.create_db_instance(**{**INSTANCE, "DBInstanceIdentifier": name}, BackupRetentionPeriod=days)
    copy = rds.create_db_instance_read_replica
    good, bad = (partial(copy, DBInstanceIdentifier=f"{name}-replica", SourceDBInstanceIdentifier=name) for name in ("kept-db", "bare-db"))
    return [good], [bad]


@example("rds.replicas_of_an_instance")
def an_instance_of_fourteen_replicas(aws: Aws) -> Examples:
    rds = database(aws)
    rds.create_db_instance(**INSTANCE, BackupRetentionPeriod=7)
    copy = partial(rds.create_db_instance_read_replica, SourceDBInstanceIdentifier="shop-db")
    for number in range(14):
        copy(DBInstanceIdentifier=f"replica-{number}")
    return [partial(copy, DBInstanceIdentifier="fifteenth")], [partial(copy, DBInstanceIdentifier="sixteenth")]


@example("rds.topic_lets_rds_publish")
def topics_with_three_policies(aws: Aws) -> Examples:
    sns, rds = aws("sns"), aws("rds")
    topics = {name: sns.create_topic(Name=name)["TopicArn"] for name in ("default", "rds", "alarms")}
    for name, service in (("rds", "events.rds.amazonaws.com"), ("alarms", "cloudwatch.amazonaws.com")):
        text = document(allow("sns:Publish", topics[name], Service=service))
        sns.set_topic_attributes(TopicArn=topics[name], AttributeName="Policy", AttributeValue=text)
    put = {name: partial(rds.create_event_subscription, SubscriptionName=f"to-{name}", SnsTopicArn=arn) for name, arn in topics.items()}
    return [put["default"], put["rds"]], [put["alarms"]]


@example("rds.two_zones")
def three_subnets_in_two_zones(aws: Aws) -> Examples:
    rds = aws("rds")
    subnets = network(aws, zones="aac")[1]
    make = partial(rds.create_db_subnet_group, DBSubnetGroupDescription="x")
    return [partial(make, DBSubnetGroupName="two", SubnetIds=subnets)], [
        partial(make, DBSubnetGroupName="one", SubnetIds=some) for some in (subnets[:2], subnets[:1])
    ]


@example("rds.subnets_exist")
def subnets_of_two_vpcs(aws: Aws) -> Examples:
    here, there = network(aws)[1], network(aws, "10.1.0.0/16")[1]
    make = partial(aws("rds").create_db_subnet_group, DBSubnetGroupDescription="x")
    wrong = ([here[0], there[1]], [*here, "subnet-0123456789abcdef0"])
    return [partial(make, DBSubnetGroupName="one", SubnetIds=here)], [
        partial(make, DBSubnetGroupName="mixed", SubnetIds=some) for some in wrong
    ]


@example("rds.snapshot_exists")
def a_snapshot(aws: Aws) -> Examples:
    rds = database(aws)
    rds.create_db_instance(**INSTANCE)
    rds.create_db_snapshot(DBInstanceIdentifier="shop-db", DBSnapshotIdentifier="before")
    restore = partial(rds.restore_db_instance_from_db_snapshot, DBInstanceIdentifier="again-db", DBSubnetGroupName="shop-db")
    return [partial(restore, DBSnapshotIdentifier="before")], [partial(restore, DBSnapshotIdentifier="absent")]


def plan(vault: str, name: str = "shop") -> dict[str, Any]:
    return {"BackupPlanName": name, "Rules": [{"RuleName": "daily", "TargetBackupVaultName": vault}]}


@example("backup.target_vault_exists")
def a_vault(aws: Aws) -> Examples:
    backup = aws("backup")
    backup.create_backup_vault(BackupVaultName="shop")
    make = backup.create_backup_plan
    return [partial(make, BackupPlan=plan("shop"))], [partial(make, BackupPlan=plan("absent", "other"))]


@example("backup.role_trusts_backup")
def roles_for_two_services(aws: Aws) -> Examples:
    backup = aws("backup")
    backup.create_backup_vault(BackupVaultName="shop")
    made = backup.create_backup_plan(BackupPlan=plan("shop"))["BackupPlanId"]
    roles = [role(aws, name, f"{name}.amazonaws.com") for name in ("backup", "ec2")]
    good, bad = (
        partial(
            backup.create_backup_selection,
            BackupPlanId=made,
            BackupSelection={"SelectionName": f"all-{number}", "IamRoleArn": arn, "Resources": ["*"]},
        )
        for number, arn in enumerate(roles)
    )
    return [good], [bad]


# -- Shield Advanced ---------------------------------------------------------------------------------------------------
def protections(aws: Aws) -> tuple[Any, Callable[[], Any]]:
    """A client of Shield, and a call that protects a load balancer."""
    shield = aws("shield", "us-east-1")
    return shield, partial(shield.create_protection, Name="shop", ResourceArn=balancer(aws, network(aws)[1]))


@example("shield.needs_a_subscription")
def accounts_with_and_without_a_subscription(aws: Aws) -> Examples:
    shield, protect = protections(aws)
    shield.create_subscription()
    other = aws("shield", "us-east-1")
    # What moto calls the account of a caller whose key it does not know.
    other.meta.events.register("before-call.shield", lambda params, **_: params["headers"].update({"x-moto-account-id": "210987654321"}))
    hosted_zone = "arn:aws:route53:::hostedzone/Z1"
    without = [other.list_protections, partial(other.create_protection, Name="shop", ResourceArn=hosted_zone)]
    return [protect, shield.list_protections], without


@example("shield.health_check_stands")
def a_protection_and_a_health_check(aws: Aws) -> Examples:
    shield, protect = protections(aws)
    shield.create_subscription()
    config = {"Type": "HTTPS", "FullyQualifiedDomainName": "shop.example.com"}
    check = aws("route53").create_health_check(CallerReference="one", HealthCheckConfig=config)["HealthCheck"]["Id"]
    associate = partial(shield.associate_health_check, ProtectionId=protect()["ProtectionId"])
    return [partial(associate, HealthCheckArn=f"arn:aws:route53:::healthcheck/{check}")], [
        partial(associate, HealthCheckArn="arn:aws:route53:::healthcheck/11111111-2222-3333-4444-555555555555")
    ]


# -- the others --------------------------------------------------------------------------------------------------------
@example("lambda.role_may_use_the_destination")
def a_function_that_may_use_one_queue(aws: Aws) -> Examples:
    taken = role(aws, "notify", "lambda.amazonaws.com")
    arns = [f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}" for name in ("mine", "other")]
    aws("iam").put_role_policy(RoleName="notify", PolicyName="p", PolicyDocument=document(allow("sqs:SendMessage", arns[0])))
    client, packed = aws("lambda"), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.py", "def b(event, context): ...")
    code = {"ZipFile": packed.getvalue()}
    client.create_function(FunctionName="notify", Runtime="python3.13", Handler="a.b", Role=taken, Code=code)
    good, bad = (
        partial(client.put_function_event_invoke_config, FunctionName="notify", DestinationConfig={"OnFailure": {"Destination": arn}})
        for arn in arns
    )
    return [good], [bad]


@example("codedeploy.application_stands")
def an_application(aws: Aws) -> Examples:
    client = aws("codedeploy")
    client.create_application(applicationName="shop")
    taken = role(aws, "deploy", "codedeploy.amazonaws.com")
    make = partial(client.create_deployment_group, deploymentGroupName="web", serviceRoleArn=taken)
    return [partial(make, applicationName="shop")], [partial(make, applicationName="till")]


@example("resourcegroupstaggingapi.reserved_key")
def a_bucket_to_tag(aws: Aws) -> Examples:
    aws("s3").create_bucket(Bucket="shop", CreateBucketConfiguration={"LocationConstraint": REGION})
    tag = partial(aws("resourcegroupstaggingapi").tag_resources, ResourceARNList=["arn:aws:s3:::shop"])
    return [partial(tag, Tags={"Project": "shop"})], [partial(tag, Tags={"aws:mine": "x"})]


@example("ssm.type_stays")
def a_parameter_of_text(aws: Aws) -> Examples:
    put = partial(aws("ssm").put_parameter, Name="/shop", Value="x", Overwrite=True)
    aws("ssm").put_parameter(Name="/shop", Value="x", Type="String")
    return [put, partial(put, Type="String")], [partial(put, Type="SecureString")]


@example("ssm.tier_stays_advanced")
def an_advanced_parameter(aws: Aws) -> Examples:
    ssm = aws("ssm")
    for name, tier in (("/large", "Advanced"), ("/small", "Standard")):
        ssm.put_parameter(Name=name, Value="x", Type="String", Tier=tier)
    put = partial(ssm.put_parameter, Value="y", Overwrite=True)
    good = [partial(put, Name="/large", Tier="Advanced"), partial(put, Name="/small", Tier="Standard")]
    return good, [partial(put, Name="/large", Tier="Standard")]


# -- what is asserted --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", TABLE)
def test_good_is_accepted_and_bad_is_refused_by_this_rule(name, aws, address):
    judge = address[1]
    rule, others = RULES[name], Judge([name])
    good, bad = TABLE[name](aws)
    assert good and bad
    for call in good:
        call()
        assert judge.last[0].operation in rule.operations
    for call in bad:
        with pytest.raises(ClientError) as refused:
            call()
        judged, context = judge.last
        sentence = rule.judge(judged.parameters, context)
        assert judged.operation in rule.operations
        assert (refused.value.response["Error"]["Code"], refused.value.response["Error"]["Message"]) == (rule.code, sentence)
        others.form(judged)
        others.rules(judged, context)  # no other rule would have refused it


def test_every_rule_has_a_good_and_a_bad_example():
    assert set(TABLE) <= set(RULES)
    without = {name for name, rule in RULES.items() if name not in TABLE and not (rule.good and rule.bad)}
    assert without == set()
