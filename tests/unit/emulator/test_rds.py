"""The patches of Amazon RDS, each through boto3; and its hand rules on what stands."""

from __future__ import annotations

import json
import pickle
import time

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.rds.models import rds_backends

import emulator.services
from emulator import pickling
from emulator.latency import LateState
from emulator.strict import RULES, Context
from emulator.strict.judge import load_rules

emulator.services.apply_all()
load_rules()
REGION = "ap-northeast-2"
ACCOUNT = "123456789012"
BASE = {
    "DBInstanceIdentifier": "shop-db", "DBInstanceClass": "db.t4g.medium", "Engine": "postgres", "EngineVersion": "17",
    "StorageType": "gp3",
    "AllocatedStorage": 20, "MasterUsername": "dbowner", "ManageMasterUserPassword": True, "DBSubnetGroupName": "shop-db",
    "BackupRetentionPeriod": 7, "PreferredBackupWindow": "18:00-18:30", "PreferredMaintenanceWindow": "sun:19:00-sun:19:30",
}  # fmt: skip


@pytest.fixture
def account(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield


@pytest.fixture
def subnets(account):
    ec2 = boto3.client("ec2", region_name=REGION)
    vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    return [
        ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"]["SubnetId"]
        for number, zone in enumerate("bbc")
    ]


@pytest.fixture
def rds(subnets):
    client = boto3.client("rds", region_name=REGION)
    client.create_db_subnet_group(DBSubnetGroupName="shop-db", DBSubnetGroupDescription="x", SubnetIds=subnets[1:])
    return client


def code(call, **params):
    with pytest.raises(ClientError) as refused:
        call(**params)
    return refused.value.response["Error"]["Code"]


def described(rds, name="shop-db"):
    return rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]


def test_an_instance_is_complete(rds):
    rds.create_db_instance(**BASE, EnablePerformanceInsights=True, MultiAZ=True)
    rds.create_db_instance(**{**BASE, "DBInstanceIdentifier": "till-db"})
    found = described(rds)
    assert found["DbiResourceId"] != described(rds, "till-db")["DbiResourceId"] and len(found["DbiResourceId"]) == 29
    assert (found["EngineVersion"], found["LicenseModel"], found["DBParameterGroups"][0]["DBParameterGroupName"]) == (
        "17.6", "postgresql-license", "default.postgres17",
    )  # fmt: skip
    assert (found["Iops"], found["StorageThroughput"], found["PerformanceInsightsRetentionPeriod"]) == (3000, 125, 7)
    assert (found["AvailabilityZone"], found["SecondaryAvailabilityZone"]) == (f"{REGION}b", f"{REGION}c")
    assert found["Endpoint"]["Port"] == 5432 and found["PubliclyAccessible"] is False
    assert found["CACertificateIdentifier"] == "rds-ca-rsa2048-g1"


def test_the_secret_is_the_master_users(rds):
    rds.create_db_instance(**BASE)
    rds.create_db_instance(**{**BASE, "DBInstanceIdentifier": "till-db"})
    secrets = boto3.client("secretsmanager", region_name=REGION)

    def secret(name):
        arn = described(rds, name)["MasterUserSecret"]["SecretArn"]
        tags = {tag["Key"]: tag["Value"] for tag in secrets.describe_secret(SecretId=arn)["Tags"]}
        assert tags["aws:rds:primaryDBInstanceArn"] == described(rds, name)["DBInstanceArn"]
        return json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"])

    assert secret("shop-db")["username"] == "dbowner" and secret("shop-db")["password"] != secret("till-db")["password"]
    arn = described(rds)["MasterUserSecret"]["SecretArn"]
    rds.modify_db_instance(DBInstanceIdentifier="shop-db", ManageMasterUserPassword=True)
    assert described(rds)["MasterUserSecret"]["SecretArn"] == arn


def test_creating_then_backing_up_then_available(rds, monkeypatch):
    from moto.rds.models import DBInstance

    late = LateState("status", {"available": ("backing-up", 2), "backing-up": ("creating", 1)})
    monkeypatch.setattr(DBInstance, "status", late, raising=False)
    rds.create_db_instance(**BASE)
    seen = []
    end = time.monotonic() + 30
    while "available" not in seen and time.monotonic() < end:
        found = described(rds)
        seen.append(found["DBInstanceStatus"])
        assert ("Endpoint" in found) == (found["DBInstanceStatus"] != "creating")
        time.sleep(0.02)
    assert list(dict.fromkeys(seen)) == ["creating", "backing-up", "available"]
    rds.create_db_instance_read_replica(DBInstanceIdentifier="shop-db-replica-1", SourceDBInstanceIdentifier="shop-db")
    assert described(rds, "shop-db-replica-1")["DBInstanceStatus"] == "creating"
    replica = {"DBInstanceIdentifier": "shop-db-replica-1"}
    assert code(rds.modify_db_instance, **replica, MultiAZ=True) == "InvalidDBInstanceState"


def test_changes_wait_for_the_window(rds):
    rds.create_db_instance(**BASE)
    change = {"DBInstanceIdentifier": "shop-db", "DBInstanceClass": "db.m7g.large", "BackupRetentionPeriod": 14, "DBPortNumber": 15432}
    rds.modify_db_instance(**change)
    found = described(rds)
    assert found["PendingModifiedValues"] == {"DBInstanceClass": "db.m7g.large", "Port": 15432}
    assert (found["DBInstanceClass"], found["BackupRetentionPeriod"], found["Endpoint"]["Port"]) == ("db.t4g.medium", 14, 5432)
    rds.modify_db_instance(**change, ApplyImmediately=True)
    found = described(rds)
    assert (found["DBInstanceClass"], found["Endpoint"]["Port"], found["PendingModifiedValues"]) == ("db.m7g.large", 15432, {})


def test_a_replica_is_its_own(rds):
    rds.create_db_instance(**BASE, Tags=[{"Key": "a", "Value": "b"}])
    rds.create_db_instance_read_replica(DBInstanceIdentifier="shop-db-replica-1", SourceDBInstanceIdentifier="shop-db")
    replica, source = described(rds, "shop-db-replica-1"), described(rds)
    assert replica["DbiResourceId"] != source["DbiResourceId"] and replica["DBInstanceArn"].endswith(":shop-db-replica-1")
    assert (replica["BackupRetentionPeriod"], replica["TagList"], "MasterUserSecret" in replica) == (0, [], False)
    assert source["ReadReplicaDBInstanceIdentifiers"] == ["shop-db-replica-1"]
    again = {"DBInstanceIdentifier": "shop-db-replica-1", "SourceDBInstanceIdentifier": "shop-db"}
    assert code(rds.create_db_instance_read_replica, **again) == "DBInstanceAlreadyExists"


def test_parameters_of_a_group(rds):
    rds.create_db_parameter_group(DBParameterGroupName="shop", DBParameterGroupFamily="postgres17", Description="x")
    parameter = {"ParameterName": "log_statement", "ParameterValue": "ddl", "ApplyMethod": "immediate"}
    rds.modify_db_parameter_group(DBParameterGroupName="shop", Parameters=[parameter])
    every = {one["ParameterName"]: one for one in rds.describe_db_parameters(DBParameterGroupName="shop")["Parameters"]}
    assert every["rds.force_ssl"]["Source"] == "engine-default" and every["max_connections"]["ApplyType"] == "static"
    (own,) = rds.describe_db_parameters(DBParameterGroupName="shop", Source="user")["Parameters"]
    assert (own["ParameterValue"], own["ApplyType"]) == ("ddl", "dynamic")
    rds.reset_db_parameter_group(DBParameterGroupName="shop", Parameters=[{"ParameterName": "log_statement", "ApplyMethod": "immediate"}])
    assert rds.describe_db_parameters(DBParameterGroupName="shop", Source="user")["Parameters"] == []
    defaults = rds.describe_engine_default_parameters(DBParameterGroupFamily="mysql8.4")["EngineDefaults"]["Parameters"]
    assert "require_secure_transport" in [one["ParameterName"] for one in defaults]


def test_groups_are_found_exactly_and_stay_while_used(rds, subnets):
    assert code(rds.describe_db_parameter_groups, DBParameterGroupName="absent") == "DBParameterGroupNotFound"
    rds.create_db_parameter_group(DBParameterGroupName="shop", DBParameterGroupFamily="postgres17", Description="x")
    rds.create_db_instance(**BASE, DBParameterGroupName="shop")
    assert code(rds.delete_db_parameter_group, DBParameterGroupName="shop") == "InvalidDBParameterGroupState"
    assert code(rds.delete_db_subnet_group, DBSubnetGroupName="shop-db") == "InvalidDBSubnetGroupStateFault"
    rds.modify_db_subnet_group(DBSubnetGroupName="shop-db", SubnetIds=subnets)
    assert len(rds.describe_db_subnet_groups(DBSubnetGroupName="shop-db")["DBSubnetGroups"][0]["Subnets"]) == 3
    again = {"DBSubnetGroupName": "shop-db", "DBSubnetGroupDescription": "x", "SubnetIds": subnets}
    assert code(rds.create_db_subnet_group, **again) == "DBSubnetGroupAlreadyExists"
    rds.delete_db_instance(DBInstanceIdentifier="shop-db", SkipFinalSnapshot=True)
    rds.delete_db_parameter_group(DBParameterGroupName="shop")
    rds.delete_db_subnet_group(DBSubnetGroupName="shop-db")


def test_backups_are_retained_until_they_are_deleted(rds):
    rds.create_db_instance(**BASE)
    rds.delete_db_instance(DBInstanceIdentifier="shop-db", SkipFinalSnapshot=True, DeleteAutomatedBackups=False)
    (backup,) = rds.describe_db_instance_automated_backups(DBInstanceIdentifier="shop-db")["DBInstanceAutomatedBackups"]
    assert backup["Status"] == "retained"
    rds.create_db_instance(**BASE)  # within the same minute
    rds.delete_db_instance(DBInstanceIdentifier="shop-db", SkipFinalSnapshot=True, DeleteAutomatedBackups=False)
    rds.delete_db_instance_automated_backup(DbiResourceId=backup["DbiResourceId"])
    assert rds.describe_db_instance_automated_backups()["DBInstanceAutomatedBackups"] == []


def test_a_subscription_is_changed(rds):
    topic = boto3.client("sns", region_name=REGION).create_topic(Name="t")["TopicArn"]
    name = {"SubscriptionName": "s"}
    rds.create_event_subscription(**name, SnsTopicArn=topic, SourceType="db-instance", EventCategories=["failure"])
    rds.modify_event_subscription(**name, Enabled=False, SourceType="db-instance", EventCategories=["maintenance"])
    rds.add_source_identifier_to_subscription(**name, SourceIdentifier="shop-db")
    (found,) = rds.describe_event_subscriptions(**name)["EventSubscriptionsList"]
    assert (found["Enabled"], found["EventCategoriesList"], found["SourceIdsList"]) == (False, ["maintenance"], ["shop-db"])
    assert found["EventSubscriptionArn"].endswith(":es:s")
    rds.remove_source_identifier_from_subscription(**name, SourceIdentifier="shop-db")
    assert code(rds.modify_event_subscription, SubscriptionName="absent", Enabled=True) == "SubscriptionNotFound"


def test_state_is_kept(rds):
    rds.create_db_instance(**BASE)
    kept = pickle.loads(pickling.dumps(dict(rds_backends[ACCOUNT][REGION].databases)))
    assert kept["shop-db"].dbi_resource_id == described(rds)["DbiResourceId"]


# -- hand rules -------------------------------------------------------------------------------------------------------
def judged(rule, **params):
    return RULES[f"rds.{rule}"].judge(params, Context(ACCOUNT, REGION))


@pytest.mark.parametrize(
    ("parameter", "sentence"),
    [
        ({"ParameterName": "max_connections", "ParameterValue": "200", "ApplyMethod": "immediate"}, "static parameter"),
        ({"ParameterName": "log_statement", "ParameterValue": "some", "ApplyMethod": "immediate"}, "allowed values"),
        ({"ParameterName": "rds.force_tls", "ParameterValue": "1", "ApplyMethod": "immediate"}, "Could not find"),
        ({"ParameterName": "log_statement", "ParameterValue": "ddl", "ApplyMethod": "immediate"}, None),
    ],
)
def test_parameters_must_be_the_familys(rds, parameter, sentence):
    rds.create_db_parameter_group(DBParameterGroupName="shop", DBParameterGroupFamily="postgres17", Description="x")
    found = judged("parameters", DBParameterGroupName="shop", Parameters=[parameter])
    assert found is None if sentence is None else sentence in found


def test_groups_must_be_of_the_vpc(rds):
    ec2 = boto3.client("ec2", region_name=REGION)
    elsewhere = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    other = ec2.create_security_group(GroupName="x", Description="x", VpcId=elsewhere)["GroupId"]
    assert "different VPCs" in judged("security_groups", **BASE, VpcSecurityGroupIds=[other])


def test_what_depends_on_what_stands(rds):
    rds.create_db_instance(**BASE)
    rds.create_db_instance_read_replica(DBInstanceIdentifier="shop-db-replica-1", SourceDBInstanceIdentifier="shop-db")
    assert "read replica" in judged("final_snapshot", DBInstanceIdentifier="shop-db-replica-1", FinalDBSnapshotIdentifier="f")
    assert "read replicas" in judged("backup_retention", DBInstanceIdentifier="shop-db", BackupRetentionPeriod=0)
    assert "overlap" in judged("windows", DBInstanceIdentifier="shop-db", PreferredBackupWindow="19:00-19:30")
    assert judged("sources_exist", SubscriptionName="s", SourceType="db-instance", SourceIds=["shop-db"]) is None


def test_a_restored_instance_is_not_protected(rds):
    rds.create_db_instance(**BASE, DeletionProtection=True)

    def restored(name, **more):
        moment = {"UseLatestRestorableTime": True}
        asked = {"SourceDBInstanceIdentifier": "shop-db", "TargetDBInstanceIdentifier": name, **moment, **more}
        return rds.restore_db_instance_to_point_in_time(**asked)["DBInstance"]["DeletionProtection"]

    assert (restored("shop-db-1"), restored("shop-db-2", DeletionProtection=True)) == (False, True)
