"""Checks the settings of the database through boto3; ``--absent`` that nothing is left. Sentences on failure, exit code 1."""

from __future__ import annotations

import json
import os
import sys

import boto3
from botocore.exceptions import ClientError

PREFIX = os.environ.get("STACK_PREFIX", "shop-staging")
REGION = os.environ.get("AWS_REGION", "ap-northeast-2")
NAME = f"{PREFIX}-db"
TAGS = {"Project", "Environment", "Component", "ManagedBy"}
ENGINE_PORTS = {"postgres": 5432, "mysql": 3306}
FORCED_TLS = {"postgres": "rds.force_ssl", "mysql": "require_secure_transport"}
LOGS = {"postgres": {"postgresql", "upgrade"}, "mysql": {"error", "slowquery"}}
DEFAULT_USERS = {"admin", "administrator", "postgres", "root", "mysql", "master"}

failures: list[str] = []
rds = boto3.client("rds", region_name=REGION)
iam = boto3.client("iam", region_name=REGION)
logs = boto3.client("logs", region_name=REGION)
secrets = boto3.client("secretsmanager", region_name=REGION)


def check(what: str, ok: bool, found: object = "") -> None:
    print(f"{'ok    ' if ok else 'FAILED'} {what}")
    if not ok:
        failures.append(f"{what}: found {found!r}.")


def instances() -> dict[str, dict]:
    found = [one for page in rds.get_paginator("describe_db_instances").paginate() for one in page["DBInstances"]]
    return {one["DBInstanceIdentifier"]: one for one in found if one["DBInstanceIdentifier"].startswith(NAME)}


def named(items: list[dict], key: str, prefix: str) -> list[dict]:
    return [item for item in items if item[key].startswith(prefix)]


def tagged(what: str, tags: list[dict]) -> None:
    keys = {tag["Key"] for tag in tags}
    check(f"{what}: tags", keys >= TAGS, keys)


def instance_is_strict(name: str, one: dict) -> None:
    engine = one["Engine"]
    check(f"{name}: available", one["DBInstanceStatus"] == "available", one["DBInstanceStatus"])
    check(f"{name}: not public [RDS.2]", one["PubliclyAccessible"] is False)
    check(f"{name}: encrypted with a customer key [RDS.3]", one["StorageEncrypted"] and ":key/" in one["KmsKeyId"], one.get("KmsKeyId"))
    check(f"{name}: enhanced monitoring every 60 seconds [RDS.6]", one["MonitoringInterval"] == 60, one["MonitoringInterval"])
    check(f"{name}: deletion protection [RDS.8]", one["DeletionProtection"])
    check(f"{name}: logs exported [RDS.9, RDS.36]", set(one["EnabledCloudwatchLogsExports"]) == LOGS[engine], one)
    check(f"{name}: login with IAM [RDS.10]", one["IAMDatabaseAuthenticationEnabled"])
    check(f"{name}: minor versions rise by themselves [RDS.13]", one["AutoMinorVersionUpgrade"])
    check(f"{name}: tags go to snapshots [RDS.17]", one["CopyTagsToSnapshot"])
    check(f"{name}: in a VPC [RDS.18]", bool(one["DBSubnetGroup"]["VpcId"]))
    check(f"{name}: not the default port [RDS.23]", one["Endpoint"]["Port"] != ENGINE_PORTS[engine], one["Endpoint"])
    check(f"{name}: not a default user [RDS.25]", one["MasterUsername"].lower() not in DEFAULT_USERS, one["MasterUsername"])
    insights = (one["PerformanceInsightsEnabled"], ":key/" in one.get("PerformanceInsightsKMSKeyId", ""))
    check(f"{name}: Performance Insights with a customer key", insights == (True, True), insights)
    check(f"{name}: gp3", one["StorageType"] == "gp3", one["StorageType"])
    check(f"{name}: storage grows by itself", one.get("MaxAllocatedStorage", 0) > one["AllocatedStorage"], one.get("MaxAllocatedStorage"))
    check(f"{name}: a current certificate authority", one["CACertificateIdentifier"].endswith("-g1"), one["CACertificateIdentifier"])
    check(f"{name}: one security group of its own", len(one["VpcSecurityGroups"]) == 1, one["VpcSecurityGroups"])
    check(f"{name}: nothing waits", not one["PendingModifiedValues"], one["PendingModifiedValues"])
    tagged(name, one["TagList"])
    for kind in LOGS[engine]:
        group = f"/aws/rds/instance/{name}/{kind}"
        found = named(logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"], "logGroupName", group)
        kept = [(entry.get("retentionInDays"), ":key/" in entry.get("kmsKeyId", "")) for entry in found]
        check(f"{group}: a year, encrypted [CloudWatch.16]", kept == [(365, True)], kept)


def primary_is_strict(one: dict) -> None:
    check("the database: two zones [RDS.5]", one["MultiAZ"])
    check("the database: backups for 7 days or more [RDS.11]", one["BackupRetentionPeriod"] >= 7, one["BackupRetentionPeriod"])
    zones = {subnet["SubnetAvailabilityZone"]["Name"] for subnet in one["DBSubnetGroup"]["Subnets"]}
    check("the subnet group: two zones", len(zones) >= 2, zones)
    secret = one.get("MasterUserSecret", {})
    check("the master password: kept by RDS, with a customer key", ":key/" in secret.get("KmsKeyId", ""), secret)
    if secret:
        tags = {tag["Key"]: tag["Value"] for tag in secrets.describe_secret(SecretId=secret["SecretArn"])["Tags"]}
        check("the master password: of this instance", tags.get("aws:rds:primaryDBInstanceArn") == one["DBInstanceArn"], tags)
    backup = {tag["Key"]: tag["Value"] for tag in one["TagList"]}.get("Backup")
    check("the database: found by backup", backup == PREFIX, backup)


def parameters_are_strict(one: dict) -> None:
    (group,) = [entry["DBParameterGroupName"] for entry in one["DBParameterGroups"]]
    check("the parameter group: the stack's own", group.startswith(f"{NAME}-"), group)
    own = rds.describe_db_parameters(DBParameterGroupName=group, Source="user")["Parameters"]
    values = {entry["ParameterName"]: entry.get("ParameterValue") for entry in own}
    check("TLS is forced [RDS.38, RDS.39]", values.get(FORCED_TLS[one["Engine"]]) == "1", values)
    logged = values.get("log_statement") == "ddl" if one["Engine"] == "postgres" else values.get("slow_query_log") == "1"
    check("the database writes what an audit needs", logged, values)


def role_is_strict(one: dict) -> None:
    role = iam.get_role(RoleName=one["MonitoringRoleArn"].rpartition("/")[2])["Role"]
    check("the role of monitoring: within a boundary", "PermissionsBoundary" in role, role)
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    keys = {key for operator in statement.get("Condition", {}).values() for key in operator}
    check("the role of monitoring: for this database only", keys == {"aws:SourceAccount", "aws:SourceArn"}, statement)
    policies = [
        iam.get_role_policy(RoleName=role["RoleName"], PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]
    ]
    check(
        "the role of monitoring: writes to its log group only", "RDSOSMetrics" in json.dumps(policies) and '"*"' not in json.dumps(policies)
    )


def events_are_told() -> None:
    found = {one["CustSubscriptionId"]: one for one in rds.describe_event_subscriptions()["EventSubscriptionsList"]}
    for control, kind, categories in (
        ("RDS.20", "db-instance", {"maintenance", "configuration change", "failure"}),
        ("RDS.21", "db-parameter-group", {"configuration change"}),
        ("RDS.22", "db-security-group", {"configuration change", "failure"}),
    ):
        one = found.get(f"{PREFIX}-{kind}", {})
        told = one.get("Enabled") and one.get("SourceType") == kind and set(one.get("EventCategoriesList", [])) >= categories
        check(f"events of {kind} [{control}]", bool(told), one)


def present() -> None:
    found = instances()
    check("the database stands", NAME in found, list(found))
    for name, one in found.items():
        instance_is_strict(name, one)
    if NAME in found:
        one = found[NAME]
        primary_is_strict(one)
        parameters_are_strict(one)
        role_is_strict(one)
        replicas = {f"{NAME}-replica-{number + 1}" for number in range(len(found) - 1)}
        check(
            "the read replicas are the database's", set(one["ReadReplicaDBInstanceIdentifiers"]) == replicas == set(found) - {NAME}, found
        )
    events_are_told()


def absent() -> None:
    check("no instance left", instances() == {}, list(instances()))
    groups = named(rds.describe_db_parameter_groups()["DBParameterGroups"], "DBParameterGroupName", f"{NAME}-")
    check("no parameter group left", groups == [], groups)
    groups = named(rds.describe_db_subnet_groups()["DBSubnetGroups"], "DBSubnetGroupName", NAME)
    check("no subnet group left", groups == [], groups)
    subscriptions = named(rds.describe_event_subscriptions()["EventSubscriptionsList"], "CustSubscriptionId", NAME)
    check("no subscription left", subscriptions == [], subscriptions)
    backups = named(rds.describe_db_instance_automated_backups()["DBInstanceAutomatedBackups"], "DBInstanceIdentifier", NAME)
    check("no automated backup left", backups == [], backups)
    groups = logs.describe_log_groups(logGroupNamePrefix=f"/aws/rds/instance/{NAME}")["logGroups"]
    check("no log group left", groups == [], groups)
    snapshots = named(rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"], "DBInstanceIdentifier", NAME)
    check("no snapshot left", snapshots == [], snapshots)
    try:
        check("no role left", False, iam.get_role(RoleName=f"{NAME}-monitoring")["Role"]["Arn"])
    except ClientError:
        check("no role left", True)


absent() if "--absent" in sys.argv else present()
if failures:
    sys.exit("\n".join(failures))
