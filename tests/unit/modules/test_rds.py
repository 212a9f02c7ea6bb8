"""Subnet groups, parameter groups, event subscriptions and instances of RDS, in a VPC of two zones."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.refarch.aws.plugins.module_utils.rds import is_major, is_newer
from ansible_collections.refarch.aws.plugins.modules.rds_instances import differences, settings_now

UNKNOWN = "(known after apply)"


@pytest.fixture
def place(aws, run_module):
    """A subnet group, a security group, a parameter group, a key and a role."""
    ec2 = aws("ec2")
    vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"ap-northeast-2{zone}")["Subnet"]["SubnetId"]
        for number, zone in enumerate("abc")
    ]
    group = ec2.create_security_group(GroupName="shop-db", Description="x", VpcId=vpc_id)["GroupId"]
    run_module("rds_subnet_groups", subnet_groups=[{"name": "shop-db", "subnet_ids": subnets[:2]}])
    run_module("rds_parameter_groups", parameter_groups=[{"name": "shop-db-postgres17", "family": "postgres17"}])
    return {"subnets": subnets, "group": group, "key": aws("kms").create_key()["KeyMetadata"]["Arn"]}


@pytest.fixture
def instance(place):
    return {
        "identifier": "shop-db",
        "engine_version": "17",
        "instance_class": "db.t4g.medium",
        "allocated_storage_gib": 20,
        "max_allocated_storage_gib": 100,
        "kms_key_arn": place["key"],
        "database_name": "app",
        "master_username": "dbowner",
        "master_user_secret_kms_key_arn": place["key"],
        "port": 15432,
        "subnet_group_name": "shop-db",
        "security_group_ids": [place["group"]],
        "parameter_group_name": "shop-db-postgres17",
        "backup_retention_days": 14,
        "backup_window": "18:00-18:30",
        "maintenance_window": "sun:19:00-sun:19:30",
        "log_exports": ["postgresql", "upgrade"],
        "monitoring_interval_seconds": 60,
        "monitoring_role_arn": "arn:aws:iam::123456789012:role/refarch/shop-db-monitoring",
        "performance_insights_kms_key_arn": place["key"],
        "performance_insights_retention_days": 7,
    }


def replica(instance, number=1):
    kept = ("instance_class", "port", "security_group_ids", "parameter_group_name", "log_exports")
    return {**{key: instance[key] for key in kept}, "identifier": f"shop-db-replica-{number}", "replica_of": "shop-db"}


def described(aws, name="shop-db"):
    return aws("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]


def operations(result):
    return [change["operation"] for change in result["changes"]]


# -- subnet groups ----------------------------------------------------------------------------------------------------
def test_subnet_groups(converge, refusal, aws, place):
    wanted = {"name": "shop-other", "subnet_ids": place["subnets"][:2], "tags": {"Tier": "db"}}
    assert operations(converge("rds_subnet_groups", subnet_groups=[wanted])) == ["CreateDBSubnetGroup"]
    assert operations(converge("rds_subnet_groups", subnet_groups=[{**wanted, "subnet_ids": place["subnets"]}])) == ["ModifyDBSubnetGroup"]
    found = aws("rds").describe_db_subnet_groups(DBSubnetGroupName="shop-other")["DBSubnetGroups"][0]
    assert len(found["Subnets"]) == 3
    changed = {**wanted, "subnet_ids": place["subnets"], "tags": {"Stage": "x"}}
    assert operations(converge("rds_subnet_groups", subnet_groups=[changed])) == ["AddTagsToResource", "RemoveTagsFromResource"]
    assert operations(converge("rds_subnet_groups", state="absent", subnet_groups=[{"name": "shop-other"}])) == ["DeleteDBSubnetGroup"]
    assert "at least two subnet_ids" in refusal("rds_subnet_groups", subnet_groups=[{**wanted, "subnet_ids": ["subnet-1"]}])


# -- parameter groups -------------------------------------------------------------------------------------------------
PARAMETERS = {"rds.force_ssl": 1, "shared_preload_libraries": "pg_stat_statements,pgaudit", "log_connections": True}


def test_parameters_are_applied_as_they_can_be(converge, aws, endpoint):
    group = {"name": "shop-postgres17", "family": "postgres17", "parameters": PARAMETERS}
    result = converge("rds_parameter_groups", parameter_groups=[group], tags={"Project": "shop"})
    assert operations(result) == ["CreateDBParameterGroup", "ModifyDBParameterGroup"]
    found = aws("rds").describe_db_parameters(DBParameterGroupName="shop-postgres17", Source="user")["Parameters"]
    assert {one["ParameterName"]: (one["ParameterValue"], one["ApplyMethod"]) for one in found} == {
        "rds.force_ssl": ("1", "immediate"),
        "shared_preload_libraries": ("pg_stat_statements,pgaudit", "pending-reboot"),
        "log_connections": ("1", "immediate"),
    }


def test_a_changed_parameter_is_that_change_and_others_are_reset(run_module, converge, endpoint):
    group = {"name": "shop-postgres17", "family": "postgres17", "parameters": PARAMETERS}
    run_module("rds_parameter_groups", parameter_groups=[group])
    result = converge("rds_parameter_groups", parameter_groups=[{**group, "parameters": {**PARAMETERS, "log_connections": 0}}])
    assert operations(result) == ["ModifyDBParameterGroup"]
    assert [one["ParameterName"] for one in result["changes"][0]["parameters"]["Parameters"]] == ["log_connections"]
    result = converge("rds_parameter_groups", parameter_groups=[{**group, "parameters": {"rds.force_ssl": 1}}])
    assert operations(result) == ["ResetDBParameterGroup"]
    assert {one["ParameterName"] for one in result["changes"][0]["parameters"]["Parameters"]} == {
        "log_connections", "shared_preload_libraries",
    }  # fmt: skip


def test_wrong_parameter_groups_are_refused(run_module, refusal, endpoint):
    group = {"name": "shop-postgres17", "family": "postgres17", "parameters": {"rds.force_tls": 1}}
    assert "rds.force_tls of shop-postgres17 is no parameter" in refusal("rds_parameter_groups", check=True, parameter_groups=[group])
    run_module("rds_parameter_groups", parameter_groups=[{**group, "parameters": {}}])
    wrong = {**group, "parameters": {}, "family": "postgres16"}
    assert "stands with family postgres17" in refusal("rds_parameter_groups", parameter_groups=[wrong])


def test_parameter_groups_of_earlier_families_go_along(run_module, converge, aws, endpoint):
    for family in ("postgres16", "postgres17"):
        run_module("rds_parameter_groups", parameter_groups=[{"name": f"shop-db-{family}", "family": family}])
    run_module("rds_parameter_groups", parameter_groups=[{"name": "till-db-postgres17", "family": "postgres17"}])
    result = converge("rds_parameter_groups", state="absent", name_prefix="shop-db-")
    assert [change["name"] for change in result["changes"]] == ["shop-db-postgres16", "shop-db-postgres17"]
    assert [one["DBParameterGroupName"] for one in aws("rds").describe_db_parameter_groups()["DBParameterGroups"]] == ["till-db-postgres17"]


# -- event subscriptions ----------------------------------------------------------------------------------------------
def test_event_subscriptions(converge, refusal, aws, endpoint):
    topic = aws("sns").create_topic(Name="shop-warning")["TopicArn"]
    other = aws("sns").create_topic(Name="shop-critical")["TopicArn"]
    wanted = {
        "name": "shop-db-instance", "topic_arn": topic, "source_type": "db-instance", "source_ids": ["shop-db"],
        "event_categories": ["failure", "maintenance"],
    }  # fmt: skip
    assert operations(converge("rds_event_subscriptions", event_subscriptions=[wanted])) == ["CreateEventSubscription"]
    for change, expected in (
        ({"event_categories": ["maintenance", "failure"]}, []),
        ({"event_categories": ["failure"]}, ["ModifyEventSubscription"]),
        ({"topic_arn": other}, ["ModifyEventSubscription"]),
        ({"enabled": False}, ["ModifyEventSubscription"]),
        ({"source_ids": ["shop-db", "shop-db-replica-1"]}, ["AddSourceIdentifierToSubscription"]),
        ({"source_ids": ["shop-db"]}, ["RemoveSourceIdentifierFromSubscription"]),
        ({"tags": {"a": "b"}}, ["AddTagsToResource"]),
    ):
        wanted = {**wanted, **change}
        assert operations(converge("rds_event_subscriptions", event_subscriptions=[wanted])) == expected, change
    found = aws("rds").describe_event_subscriptions()["EventSubscriptionsList"][0]
    assert (found["SnsTopicArn"], found["Enabled"], found["EventCategoriesList"]) == (other, False, ["failure"])
    gone = {"state": "absent", "event_subscriptions": [{"name": "shop-db-instance"}]}
    assert operations(converge("rds_event_subscriptions", **gone)) == ["DeleteEventSubscription"]
    assert "needs topic_arn" in refusal("rds_event_subscriptions", event_subscriptions=[{"name": "x", "source_type": "db-instance"}])


# -- instances --------------------------------------------------------------------------------------------------------
def test_instance_is_made_with_all_settings(converge, aws, instance, place):
    result = converge("rds_instances", instances=[{**instance, "tags": {"Backup": "shop"}}], tags={"Project": "shop"}, wait=True)
    assert operations(result) == ["CreateDBInstance"]
    found = described(aws)
    assert (found["MultiAZ"], found["StorageEncrypted"], found["KmsKeyId"], found["PubliclyAccessible"]) == (
        True,
        True,
        place["key"],
        False,
    )
    assert (found["DeletionProtection"], found["BackupRetentionPeriod"], found["CopyTagsToSnapshot"]) == (True, 14, True)
    assert (found["MonitoringInterval"], found["PerformanceInsightsEnabled"], found["PerformanceInsightsKMSKeyId"]) == (
        60,
        True,
        place["key"],
    )
    assert found["EnabledCloudwatchLogsExports"] == ["postgresql", "upgrade"] and found["IAMDatabaseAuthenticationEnabled"]
    assert found["CACertificateIdentifier"] == "rds-ca-rsa2048-g1" and found["EngineVersion"].startswith("17.")
    assert {tag["Key"]: tag["Value"] for tag in found["TagList"]} == {"Project": "shop", "Backup": "shop"}
    (given,) = result["instances"]
    assert given["endpoint_address"] == found["Endpoint"]["Address"] and given["endpoint_port"] == 15432
    assert given["resource_id"] == found["DbiResourceId"] and given["arn"] == found["DBInstanceArn"]
    secret = aws("secretsmanager").get_secret_value(SecretId=given["master_user_secret_arn"])
    assert json.loads(secret["SecretString"])["username"] == "dbowner"
    assert "password" not in json.dumps(result["changes"]).replace("ManageMasterUserPassword", "").lower()


@pytest.mark.parametrize(
    ("change", "parameter"),
    [
        ({"instance_class": "db.m7g.large"}, "DBInstanceClass"),
        ({"allocated_storage_gib": 50}, "AllocatedStorage"),
        ({"max_allocated_storage_gib": 200}, "MaxAllocatedStorage"),
        ({"port": 15433}, "DBPortNumber"),
        ({"multi_az": False}, "MultiAZ"),
        ({"backup_retention_days": 30}, "BackupRetentionPeriod"),
        ({"backup_window": "17:00-17:30"}, "PreferredBackupWindow"),
        ({"maintenance_window": "sat:19:00-sat:19:30"}, "PreferredMaintenanceWindow"),
        ({"deletion_protection": False}, "DeletionProtection"),
        ({"iam_authentication": False}, "EnableIAMDatabaseAuthentication"),
        ({"log_exports": ["postgresql"]}, "CloudwatchLogsExportConfiguration"),
        ({"monitoring_interval_seconds": 30}, "MonitoringInterval"),
        ({"monitoring_interval_seconds": 0}, "MonitoringInterval"),
        ({"performance_insights": False}, "EnablePerformanceInsights"),
        ({"performance_insights_retention_days": 31}, "PerformanceInsightsRetentionPeriod"),
        ({"auto_minor_version_upgrade": False}, "AutoMinorVersionUpgrade"),
        ({"ca_certificate_identifier": "rds-ca-ecc384-g1"}, "CACertificateIdentifier"),
    ],
)
def test_a_changed_setting_is_that_change_whenever_it_is_made(run_module, converge, instance, change, parameter):
    run_module("rds_instances", instances=[instance])
    result = converge("rds_instances", instances=[{**instance, **change}])
    assert operations(result) == ["ModifyDBInstance"]
    given = result["changes"][0]["parameters"]
    assert set(given) == {"DBInstanceIdentifier", parameter, "ApplyImmediately"} and given["ApplyImmediately"] is False


def test_what_waits_for_the_window_can_be_made_at_once(run_module, converge, aws, instance):
    run_module("rds_instances", instances=[instance])
    larger = {**instance, "instance_class": "db.m7g.large"}
    run_module("rds_instances", instances=[larger])
    assert described(aws)["DBInstanceClass"] == "db.t4g.medium"
    assert described(aws)["PendingModifiedValues"] == {"DBInstanceClass": "db.m7g.large"}
    run_module("rds_instances", instances=[{**instance, "instance_class": "db.m7g.xlarge"}], apply_immediately=True)
    assert described(aws)["DBInstanceClass"] == "db.m7g.xlarge" and described(aws)["PendingModifiedValues"] == {}


def test_tags_of_an_instance(run_module, converge, instance):
    run_module("rds_instances", instances=[{**instance, "tags": {"a": "1"}}])
    assert operations(converge("rds_instances", instances=[{**instance, "tags": {"b": "1"}}])) == [
        "AddTagsToResource", "RemoveTagsFromResource",
    ]  # fmt: skip


def test_what_rds_does_by_itself_is_no_drift(run_module, converge, aws, instance):
    run_module("rds_instances", instances=[instance])
    aws("rds").modify_db_instance(DBInstanceIdentifier="shop-db", AllocatedStorage=60, EngineVersion="17.9", ApplyImmediately=True)
    assert operations(converge("rds_instances", instances=[instance])) == []
    assert operations(converge("rds_instances", instances=[{**instance, "engine_version": "17.4"}])) == []


def test_a_major_upgrade_must_be_wanted(run_module, converge, refusal, instance, aws):
    run_module("rds_parameter_groups", parameter_groups=[{"name": "shop-db-postgres18", "family": "postgres18"}])
    run_module("rds_instances", instances=[instance])
    newer = {**instance, "engine_version": "18", "parameter_group_name": "shop-db-postgres18"}
    assert "needs allow_major_version_upgrade" in refusal("rds_instances", check=True, instances=[newer])
    result = converge("rds_instances", instances=[newer], allow_major_version_upgrade=True, apply_immediately=True)
    assert result["changes"][0]["parameters"]["AllowMajorVersionUpgrade"] is True
    assert described(aws)["EngineVersion"].startswith("18.")


def test_replicas_come_with_and_go_before_their_source(converge, aws, instance):
    both = [instance, replica(instance)]
    assert operations(converge("rds_instances", instances=both, wait=True)) == ["CreateDBInstance", "CreateDBInstanceReadReplica"]
    assert described(aws, "shop-db-replica-1")["ReadReplicaSourceDBInstanceIdentifier"] == "shop-db"
    gone = {"state": "absent", "instances": [{"identifier": "shop-db"}], "turn_off_deletion_protection": True, "final_snapshot": False}
    result = converge("rds_instances", **gone)
    assert [(change["operation"], change["name"]) for change in result["changes"]] == [
        ("ModifyDBInstance", "shop-db-replica-1"),
        ("DeleteDBInstance", "shop-db-replica-1"),
        ("ModifyDBInstance", "shop-db"),
        ("DeleteDBInstance", "shop-db"),
    ]
    assert aws("rds").describe_db_instances()["DBInstances"] == []


def test_replicas_that_are_no_longer_wanted_go(run_module, converge, aws, instance):
    small = {"deletion_protection": False}
    run_module("rds_instances", instances=[instance, *({**replica(instance, n), **small} for n in (1, 2))], wait=True)
    result = converge("rds_instances", instances=[instance, {**replica(instance), **small}], replica_prefix="shop-db-replica-", wait=True)
    assert [(change["operation"], change["name"]) for change in result["changes"]] == [("DeleteDBInstance", "shop-db-replica-2")]


def test_a_replica_waits_for_its_source_without_blocking(run_module, aws, instance, monkeypatch):
    from moto.rds.models import DBInstance

    monkeypatch.setattr(DBInstance, "status", property(lambda self: "creating", lambda self, value: None), raising=False)
    result = run_module("rds_instances", instances=[instance, replica(instance)])
    assert operations(result) == ["CreateDBInstance"]
    assert result["instances"][0]["endpoint_address"] == UNKNOWN
    # A second look at what is still coming changes and awaits nothing.
    assert operations(run_module("rds_instances", instances=[{**instance, "multi_az": False}])) == []


def test_removal_keeps_a_snapshot_named_after_what_it_was(run_module, converge, refusal, aws, instance):
    run_module("rds_instances", instances=[instance])
    unique = described(aws)["DbiResourceId"].removeprefix("db-").lower()
    gone = {"state": "absent", "instances": [{"identifier": "shop-db"}]}
    for check in (True, False):
        assert "has deletion protection" in refusal("rds_instances", check=check, **gone)
    result = converge("rds_instances", **gone, turn_off_deletion_protection=True)
    assert operations(result) == ["ModifyDBInstance", "DeleteDBInstance"]
    assert result["final_snapshots"] == [f"shop-db-final-{unique}"]
    assert [one["DBSnapshotIdentifier"] for one in aws("rds").describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]] == [
        f"shop-db-final-{unique}"
    ]
    # What was kept so far goes where it is not wanted any more.
    result = converge("rds_instances", **gone, final_snapshot=False)
    assert operations(result) == ["DeleteDBInstanceAutomatedBackup"]
    assert aws("rds").describe_db_instance_automated_backups()["DBInstanceAutomatedBackups"] == []


def test_an_instance_comes_back_from_its_snapshot(run_module, converge, refusal, aws, instance):
    run_module("rds_instances", instances=[{**instance, "deletion_protection": False}])
    (snapshot,) = run_module("rds_instances", state="absent", instances=[{"identifier": "shop-db"}])["final_snapshots"]
    wanted = {**instance, "snapshot_identifier": snapshot, "performance_insights_retention_days": 31, "monitoring_interval_seconds": 30}
    result = converge("rds_instances", instances=[wanted], wait=True)
    assert operations(result) == ["RestoreDBInstanceFromDBSnapshot", "ModifyDBInstance"]
    found = described(aws)
    assert (found["MonitoringInterval"], found["PerformanceInsightsRetentionPeriod"], found["DeletionProtection"]) == (30, 31, True)
    assert found["MaxAllocatedStorage"] == 100
    assert operations(converge("rds_instances", instances=[instance | {"snapshot_identifier": "absent"}][:0] or [wanted])) == []
    assert "is no snapshot" in refusal("rds_instances", instances=[{**wanted, "identifier": "shop-two", "snapshot_identifier": "absent"}])


def test_bad_instances_are_refused(run_module, refusal, instance):
    lacking = {key: value for key, value in instance.items() if key != "master_username"}
    assert "needs master_username" in refusal("rds_instances", check=True, instances=[lacking])
    assert "needs monitoring_role_arn" in refusal("rds_instances", check=True, instances=[{**instance, "monitoring_role_arn": None}])
    run_module("rds_instances", instances=[instance])
    for change, sentence in (
        ({"database_name": "other"}, "stands with database_name app"),
        ({"master_username": "other"}, "stands with master_username dbowner"),
        ({"kms_key_arn": "arn:aws:kms:ap-northeast-2:123456789012:key/other"}, "stands with kms_key_arn"),
        ({"engine": "mysql"}, "stands with engine postgres"),
        ({"performance_insights_kms_key_arn": "arn:aws:kms:ap-northeast-2:123456789012:key/other"}, "performance_insights_kms_key_arn"),
    ):
        assert sentence in refusal("rds_instances", check=True, instances=[{**instance, **change}])


def test_all_inputs_unknown_is_a_plan(run_module, instance):
    unknown = dict.fromkeys(("kms_key_arn", "master_user_secret_kms_key_arn", "monitoring_role_arn"), UNKNOWN)
    wanted = {**instance, **unknown, "security_group_ids": [UNKNOWN]}
    planned = run_module("rds_instances", check=True, instances=[wanted, replica(wanted)], wait=True)
    assert operations(planned) == ["CreateDBInstance", "CreateDBInstanceReadReplica"]
    assert planned["instances"][0]["endpoint_address"] == UNKNOWN


def test_a_waiting_reboot_is_told(run_module, aws, instance):
    run_module("rds_instances", instances=[instance])
    group = {"name": "shop-db-postgres17", "family": "postgres17", "parameters": {"max_connections": 200}}
    run_module("rds_parameter_groups", parameter_groups=[group])
    from moto.rds.models import rds_backends

    assert rds_backends["123456789012"]["ap-northeast-2"].databases["shop-db"].parameters_wait is True
    assert described(aws)["DBParameterGroups"][0]["ParameterApplyStatus"] == "pending-reboot"


# -- pure -------------------------------------------------------------------------------------------------------------
NUMBERS = st.lists(st.integers(0, 99), min_size=1, max_size=3)


@given(NUMBERS, NUMBERS)
def test_a_prefix_of_a_version_is_content(prefix, rest):
    wanted = ".".join(map(str, prefix))
    assert not is_newer(wanted, ".".join(map(str, prefix + rest)))
    raised = ".".join(map(str, [*prefix[:-1], prefix[-1] + 1]))
    assert is_newer(raised, wanted) and not is_newer(wanted, raised)


def test_majors():
    assert is_major("18", "17.6", "postgres") and not is_major("17.9", "17.6", "postgres")
    assert is_major("8.4", "8.0.43", "mysql") and not is_major("8.4.9", "8.4.6", "mysql")


def test_pending_logs_count_as_exported():
    pending = {"PendingCloudwatchLogsExports": {"LogTypesToEnable": ["upgrade"], "LogTypesToDisable": ["postgresql"]}}
    now = {"EnabledCloudwatchLogsExports": ["postgresql"], "PendingModifiedValues": pending}
    assert settings_now(now)["EnableCloudwatchLogsExports"] == ["upgrade"]
    assert differences(now, {"EnableCloudwatchLogsExports": ["upgrade"]}) == {}
