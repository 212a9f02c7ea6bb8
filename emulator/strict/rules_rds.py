"""What Amazon RDS refuses."""

from __future__ import annotations

import json
import re
from typing import Any

from emulator.strict import Context, rule, tags

_API = "Amazon RDS API Reference"
_GUIDE = "Amazon RDS User Guide"
KEY = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"
INSTANCE: dict[str, Any] = {
    "DBInstanceIdentifier": "shop-staging-db",
    "DBInstanceClass": "db.t4g.medium",
    "Engine": "postgres",
    "EngineVersion": "17",
    "AllocatedStorage": 20,
    "StorageType": "gp3",
    "MasterUsername": "dbowner",
    "ManageMasterUserPassword": True,
    "DBName": "app",
    "Port": 15432,
}
CLASS = re.compile(r"db\.[a-z]+\d[a-z0-9]*(-[a-z0-9]+)?\.(micro|small|medium|large|x?large|\d+xlarge|metal)")
IDENTIFIER = re.compile(r"[a-zA-Z](?!.*--)[a-zA-Z0-9-]{0,62}(?<!-)")
#: Reserved words that can't name a master user or a database (User Guide, CreateDBInstance: "Can't be a reserved word").
RESERVED = {
    "postgres": {
        "admin",
        "all",
        "analyse",
        "analyze",
        "and",
        "any",
        "array",
        "as",
        "authorization",
        "database",
        "db",
        "group",
        "public",
        "user",
    },
    "mysql": {"admin", "all", "and", "as", "database", "group", "rdsadmin", "select", "table", "user"},
}
USERS = {"postgres": {"rdsadmin", "rds_superuser", "rdsrepladmin", "admin"}, "mysql": {"rdsadmin", "rdsrepladmin"}}
MAXIMUM_NAME = {"postgres": 63, "mysql": 16}
MAJORS = {"postgres": ("13", "14", "15", "16", "17", "18"), "mysql": ("8.0", "8.4")}
EXPORTS = {
    "postgres": {"postgresql", "upgrade", "iam-db-auth-error"},
    "mysql": {"audit", "error", "general", "slowquery", "iam-db-auth-error"},
}
AUTHORITIES = ("rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: Classes without Performance Insights for MySQL (User Guide, "Amazon RDS DB engine, Region, and instance class support for
#: Performance Insights").
NO_INSIGHTS = ("db.t2.", "db.t3.micro", "db.t3.small", "db.t4g.micro", "db.t4g.small")
MAKING = ("CreateDBInstance", "ModifyDBInstance", "CreateDBInstanceReadReplica", "RestoreDBInstanceFromDBSnapshot")


def _instance(params: dict[str, Any], context: Context) -> Any:
    """The instance that a change names, a replica copies or a snapshot is of."""
    rds = context.backend("rds")
    if params.get("SourceDBInstanceIdentifier"):
        return rds.databases.get(params["SourceDBInstanceIdentifier"])
    if params.get("DBSnapshotIdentifier"):
        snapshot = rds.database_snapshots.get(params["DBSnapshotIdentifier"])
        return snapshot.database if snapshot is not None else None
    return rds.databases.get(params.get("DBInstanceIdentifier", ""))


def _engine(params: dict[str, Any], context: Context) -> str:
    return params.get("Engine") or getattr(_instance(params, context), "engine", "")


@rule(
    "rds", "CreateDBInstance", "CreateDBInstanceReadReplica", "RestoreDBInstanceFromDBSnapshot", code="InvalidParameterValue",
    source=f"{_API}, CreateDBInstance: DBInstanceIdentifier",
    good=[INSTANCE],
    bad=[{**INSTANCE, "DBInstanceIdentifier": name} for name in ("1shop", "shop_db", "shop--db", "shop-", "s" * 64)],
)  # fmt: skip
def identifier(params: dict[str, Any], context: Context) -> str | None:
    if IDENTIFIER.fullmatch(params["DBInstanceIdentifier"]):
        return None
    return (
        "The parameter DBInstanceIdentifier is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII "
        "letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens."
    )


@rule(
    "rds", *MAKING, code="InvalidParameterValue", source=f'{_GUIDE}, "DB instance classes"',
    good=[INSTANCE, {**INSTANCE, "DBInstanceClass": "db.m7g.2xlarge"}],
    bad=[{**INSTANCE, "DBInstanceClass": name} for name in ("t4g.medium", "db.t4g", "db.t4g.huge")],
)  # fmt: skip
def instance_class(params: dict[str, Any], context: Context) -> str | None:
    name = params.get("DBInstanceClass")
    return f"Invalid DB Instance class: {name}" if name and not CLASS.fullmatch(name) else None


@rule(
    "rds", "CreateDBInstance", "ModifyDBInstance", code="InvalidParameterCombination", source=f'{_GUIDE}, "Supported DB engines"',
    good=[INSTANCE, {**INSTANCE, "EngineVersion": "16.10"}, {**INSTANCE, "Engine": "mysql", "EngineVersion": "8.4"}],
    bad=[*({**INSTANCE, "EngineVersion": version} for version in ("9.3", "8.4")), {**INSTANCE, "Engine": "mysql", "EngineVersion": "17"}],
)  # fmt: skip
def engine_version(params: dict[str, Any], context: Context) -> str | None:
    engine, version = _engine(params, context), params.get("EngineVersion")
    if engine not in MAJORS or not version:
        return None
    if any(version == major or version.startswith(f"{major}.") for major in MAJORS[engine]):
        return None
    return f"Cannot find version {version} for {engine}"


@rule(
    "rds", "ModifyDBInstance", code="InvalidParameterCombination", source=f'{_GUIDE}, "Upgrading a DB instance engine version"',
    good=[{"DBInstanceIdentifier": "shop-staging-db", "EngineVersion": "17"}],
    bad=[],
)  # fmt: skip
def version_only_rises(params: dict[str, Any], context: Context) -> str | None:
    from emulator.services.rds import family_of, whole_version

    instance, wanted = _instance(params, context), params.get("EngineVersion")
    if instance is None or not wanted or instance.engine not in MAJORS:
        return None
    whole = whole_version(instance.engine, wanted)
    numbers = [[int(part) for part in version.split(".")] for version in (whole, instance.engine_version)]
    if numbers[0] < numbers[1]:
        return f"Cannot upgrade {instance.engine} from {instance.engine_version} to {wanted}"
    major = family_of(instance.engine, whole) != family_of(instance.engine, instance.engine_version)
    if major and not params.get("AllowMajorVersionUpgrade"):
        return "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version."
    return None


@rule(
    "rds", *MAKING, code="InvalidParameterCombination", source=f'{_GUIDE}, "Working with parameter groups"',
    good=[INSTANCE],
    bad=[],
)  # fmt: skip
def parameter_group_is_of_the_family(params: dict[str, Any], context: Context) -> str | None:
    from emulator.services.rds import family_of, whole_version

    engine = _engine(params, context)
    group = context.backend("rds").db_parameter_groups.get(params.get("DBParameterGroupName", ""))
    if group is None or engine not in MAJORS:
        return None
    version = whole_version(engine, params.get("EngineVersion")) if params.get("EngineVersion") else None
    version = version or getattr(_instance(params, context), "engine_version", None) or whole_version(engine, None)
    if group.family == family_of(engine, version):
        return None
    return f"The Parameter Group {group.name} with DBParameterGroupFamily {group.family} cannot be used for this instance."


@rule(
    "rds", "CreateDBParameterGroup", "DescribeEngineDefaultParameters", code="InvalidParameterValue",
    source=f"{_API}, CreateDBParameterGroup",
    good=[{"DBParameterGroupName": "shop", "DBParameterGroupFamily": family, "Description": "x"} for family in ("postgres17", "mysql8.4")],
    bad=[
        {"DBParameterGroupName": "shop-db", "DBParameterGroupFamily": "postgres17.4", "Description": "x"},
        {"DBParameterGroupName": "shop-db", "DBParameterGroupFamily": "postgresql17", "Description": "x"},
        {"DBParameterGroupName": "shop_db", "DBParameterGroupFamily": "postgres17", "Description": "x"},
        {"DBParameterGroupName": "default.shop", "DBParameterGroupFamily": "postgres17", "Description": "x"},
    ],
)  # fmt: skip
def parameter_group(params: dict[str, Any], context: Context) -> str | None:
    families = [f"{engine}{major}" for engine, majors in MAJORS.items() for major in majors]
    family = params["DBParameterGroupFamily"]
    # Other engines are not this rule's matter.
    if re.match(r"postgres|mysql", family) and family not in families:
        return f"ParameterGroupFamily {family} is not a valid parameter group family"
    name = params.get("DBParameterGroupName")
    if name is not None and not re.fullmatch(r"[a-zA-Z](?!.*--)[a-zA-Z0-9-]{0,254}(?<!-)", name):
        return f"The parameter DBParameterGroupName is not a valid identifier: {name}"
    return None


@rule(
    "rds", "ModifyDBParameterGroup", code="InvalidParameterValue", source=f'{_GUIDE}, "Modifying parameters in a DB parameter group"',
    good=[{"DBParameterGroupName": "absent", "Parameters": [{"ParameterName": "x", "ParameterValue": "1", "ApplyMethod": "immediate"}]}],
    bad=[{"DBParameterGroupName": "default.postgres17", "Parameters": [{"ParameterName": "x", "ParameterValue": "1"}]}],
)  # fmt: skip
def parameters(params: dict[str, Any], context: Context) -> str | None:
    from emulator.services.rds import PARAMETERS, engine_of

    name = params["DBParameterGroupName"]
    if name.startswith("default."):
        return "The parameter group is a default one, whose parameters can't be changed"
    if len(params["Parameters"]) > 20:
        return "A maximum of 20 parameters can be modified in a single request."
    group = context.backend("rds").db_parameter_groups.get(name)
    known = PARAMETERS.get(engine_of(group.family), {}) if group is not None else {}
    for one in params["Parameters"] if known else ():
        if one["ParameterName"] not in known:
            return f"Could not find parameter with name: {one['ParameterName']}"
        _default, kind, _data, allowed = known[one["ParameterName"]]
        if kind == "static" and one.get("ApplyMethod") == "immediate":
            return f"cannot use immediate apply method for static parameter: {one['ParameterName']}"
        if not _is_allowed(str(one.get("ParameterValue", "")), allowed):
            return f"Invalid parameter value: {one.get('ParameterValue')} for: {one['ParameterName']} allowed values are: {allowed}"
    return None


def _is_allowed(value: str, allowed: str) -> bool:
    interval = re.fullmatch(r"(-?\d+)-(\d+)", allowed)
    if value.startswith(("{", "LEAST(", "GREATEST(")):
        return True  # a formula
    if interval:
        return bool(re.fullmatch(r"-?\d+(\.\d+)?", value)) and int(interval[1]) <= float(value) <= int(interval[2])
    return all(part in allowed.split(",") for part in value.split(","))


@rule(
    "rds", "CreateDBInstance", code="InvalidParameterValue", source=f"{_API}, CreateDBInstance: AllocatedStorage, Iops, StorageThroughput",
    good=[
        INSTANCE,
        {**INSTANCE, "AllocatedStorage": 400, "Iops": 12000, "StorageThroughput": 500},
        {**INSTANCE, "MaxAllocatedStorage": 100},
    ],
    bad=[
        {**INSTANCE, "AllocatedStorage": 19},
        {**INSTANCE, "AllocatedStorage": 65537},
        {**INSTANCE, "Iops": 4000},
        {**INSTANCE, "StorageThroughput": 250},
        {**INSTANCE, "AllocatedStorage": 400, "Iops": 11999},
        {**INSTANCE, "MaxAllocatedStorage": 21},
        {**INSTANCE, "StorageType": "io1", "AllocatedStorage": 99, "Iops": 1000},
        {**INSTANCE, "StorageType": "io2", "AllocatedStorage": 100},
    ],
)  # fmt: skip
def storage(params: dict[str, Any], context: Context) -> str | None:
    if params.get("Engine") not in MAJORS:
        return None
    kind, size = params.get("StorageType") or ("io1" if params.get("Iops") else "gp2"), int(params.get("AllocatedStorage") or 0)
    iops, throughput, most = params.get("Iops"), params.get("StorageThroughput"), params.get("MaxAllocatedStorage")
    least = 100 if kind in ("io1", "io2") else 5 if kind == "standard" else 20
    if not least <= size <= 65536:
        return f"Invalid storage size for engine name {params['Engine']} and storage type {kind}: {size}"
    if kind in ("io1", "io2") and not iops:
        return f"Iops must be specified with storage type {kind}"
    if kind == "gp3" and size < 400 and (iops or throughput):
        return "You can't specify IOPS or storage throughput for engine and a storage size less than 400."
    if kind == "gp3" and iops and not 12000 <= int(iops) <= 64000:
        return f"Invalid IOPS {iops} for gp3: 12000 to 64000"
    if kind == "gp3" and throughput and not 500 <= int(throughput) <= 4000:
        return f"Invalid storage throughput {throughput} for gp3: 500 to 4000"
    if most and int(most) < size * 1.1:
        return "Invalid max storage size: it must be at least 10 percent above the allocated storage."
    return None


@rule(
    "rds", "ModifyDBInstance", code="InvalidParameterCombination", source=f"{_API}, ModifyDBInstance: AllocatedStorage",
    good=[{"DBInstanceIdentifier": "shop-staging-db", "AllocatedStorage": 30}],
    bad=[],
)  # fmt: skip
def storage_only_grows(params: dict[str, Any], context: Context) -> str | None:
    instance, wanted = _instance(params, context), params.get("AllocatedStorage")
    if instance is None or not wanted or int(wanted) == instance.allocated_storage:
        return None
    if int(wanted) < instance.allocated_storage * 1.1:
        return "Requested storage must be at least 10 percent larger than the allocated storage."
    return None


@rule(
    "rds", *MAKING, code="InvalidParameterValue", source=f"{_API}, CreateDBInstance: Port",
    good=[INSTANCE, {"DBInstanceIdentifier": "shop", "DBPortNumber": 1150}],
    bad=[{**INSTANCE, "Port": 1149}, {**INSTANCE, "Port": 65536}, {"DBInstanceIdentifier": "shop", "DBPortNumber": 80}],
)  # fmt: skip
def port(params: dict[str, Any], context: Context) -> str | None:
    value = params.get("Port") or params.get("DBPortNumber")
    return f"Invalid port {value}: 1150-65535" if value is not None and not 1150 <= int(value) <= 65535 else None


@rule(
    "rds", "CreateDBInstance", code="InvalidParameterValue", source=f"{_API}, CreateDBInstance: DBName, MasterUsername, MasterUserPassword",
    good=[INSTANCE],
    bad=[
        {**INSTANCE, "MasterUsername": "admin"},
        {**INSTANCE, "MasterUsername": "rdsadmin"},
        {**INSTANCE, "MasterUsername": "1owner"},
        {**INSTANCE, "MasterUsername": "db-owner"},
        {**INSTANCE, "Engine": "mysql", "EngineVersion": "8.4", "MasterUsername": "o" * 17},
        {**INSTANCE, "DBName": "my-app"},
        {**INSTANCE, "DBName": "database"},
        {key: value for key, value in INSTANCE.items() if key != "ManageMasterUserPassword"},
        {**INSTANCE, "MasterUserPassword": "not-both-of-them"},
        {**INSTANCE, "ManageMasterUserPassword": False, "MasterUserPassword": "short"},
        {**INSTANCE, "ManageMasterUserPassword": False, "MasterUserPassword": "with/slash"},
    ],
)  # fmt: skip
def names_and_password(params: dict[str, Any], context: Context) -> str | None:
    engine = params.get("Engine")
    if engine not in MAJORS or params.get("DBClusterIdentifier"):
        return None
    user, name = params.get("MasterUsername", ""), params.get("DBName")
    if not re.fullmatch(rf"[a-zA-Z]\w{{0,{MAXIMUM_NAME[engine] - 1}}}", user, re.ASCII):
        return f"The parameter MasterUsername is not a valid identifier: {user}"
    if user.lower() in RESERVED[engine] | USERS[engine]:
        return f"MasterUsername {user} cannot be used as it is a reserved word used by the engine"
    if name is not None and not re.fullmatch(r"[a-zA-Z]\w{0,62}", name, re.ASCII):
        return "DBName must begin with a letter and contain only alphanumeric characters."
    if name is not None and name.lower() in RESERVED[engine]:
        return f"DBName {name} cannot be used. It is a reserved word for this engine"
    managed, password = params.get("ManageMasterUserPassword"), params.get("MasterUserPassword")
    if bool(managed) == bool(password):
        return "Specify either MasterUserPassword or ManageMasterUserPassword"
    if password and (len(password) < 8 or any(mark in password for mark in "/'\"@ ")):
        return "The parameter MasterUserPassword is not a valid password: at least 8 printable characters besides / ' \" @ and space."
    return None


def _minutes(text: str) -> int | None:
    found = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", text)
    return int(found[1]) * 60 + int(found[2]) if found else None


def _backup(text: str) -> tuple[int, int] | None:
    """(begin in minutes of the day, length), or None if *text* writes none."""
    begin, _, end = text.partition("-")
    first, last = _minutes(begin), _minutes(end)
    return None if first is None or last is None else (first, (last - first) % 1440)


def _maintenance(text: str) -> tuple[int, int] | None:
    """(begin in minutes of the week, length), or None."""
    found = re.fullmatch(r"([a-z]{3}):(\d\d:\d\d)-([a-z]{3}):(\d\d:\d\d)", text.lower())
    if not found or found[1] not in DAYS or found[3] not in DAYS or None in (_minutes(found[2]), _minutes(found[4])):
        return None
    first = DAYS.index(found[1]) * 1440 + (_minutes(found[2]) or 0)
    last = DAYS.index(found[3]) * 1440 + (_minutes(found[4]) or 0)
    return first, (last - first) % (7 * 1440)


@rule(
    "rds", "CreateDBInstance", "ModifyDBInstance", code="InvalidParameterValue",
    source=f"{_API}, CreateDBInstance: PreferredBackupWindow and PreferredMaintenanceWindow",
    good=[{**INSTANCE, "PreferredBackupWindow": "18:00-18:30", "PreferredMaintenanceWindow": "sun:19:00-sun:19:30"}],
    bad=[
        {**INSTANCE, "PreferredBackupWindow": "18:00-18:29"},
        {**INSTANCE, "PreferredBackupWindow": "24:00-01:00"},
        {**INSTANCE, "PreferredMaintenanceWindow": "sun:19:00-19:30"},
        {**INSTANCE, "PreferredMaintenanceWindow": "sun:19:00-sun:19:20"},
        {**INSTANCE, "PreferredMaintenanceWindow": "sun:19:00-tue:19:30"},
        {**INSTANCE, "PreferredBackupWindow": "19:10-19:50", "PreferredMaintenanceWindow": "sun:19:00-sun:19:30"},
        {**INSTANCE, "PreferredBackupWindow": "23:45-00:30", "PreferredMaintenanceWindow": "mon:00:00-mon:01:00"},
    ],
)  # fmt: skip
def windows(params: dict[str, Any], context: Context) -> str | None:
    standing = _instance(params, context)
    given = {key: params.get(key) for key in ("PreferredBackupWindow", "PreferredMaintenanceWindow")}
    if not any(given.values()):
        return None
    backup = given["PreferredBackupWindow"] or getattr(standing, "preferred_backup_window", None)
    maintenance = given["PreferredMaintenanceWindow"] or getattr(standing, "preferred_maintenance_window", None)
    daily, weekly = _backup(backup) if backup else None, _maintenance(maintenance) if maintenance else None
    if backup and (daily is None or daily[1] < 30):
        return f"Invalid PreferredBackupWindow {backup}: hh24:mi-hh24:mi, in UTC, 30 minutes at least"
    if maintenance and (weekly is None or not 30 <= weekly[1] <= 1440):
        return f"Invalid PreferredMaintenanceWindow {maintenance}: ddd:hh24:mi-ddd:hh24:mi, in UTC, 30 minutes at least, within a day"
    if daily and weekly:
        for day in range(-1, 8):
            begin = day * 1440 + daily[0]
            if begin < weekly[0] + weekly[1] and weekly[0] < begin + daily[1]:
                return "The backup window and maintenance window must not overlap."
    return None


@rule(
    "rds", *MAKING, code="InvalidParameterCombination", source=f'{_GUIDE}, "Setting up and enabling Enhanced Monitoring"',
    good=[INSTANCE],
    bad=[
        {**INSTANCE, "MonitoringInterval": 60},
        {**INSTANCE, "MonitoringInterval": 20, "MonitoringRoleArn": "arn:aws:iam::123456789012:role/x"},
        {**INSTANCE, "MonitoringInterval": 60, "MonitoringRoleArn": "arn:aws:iam::123456789012:role/absent"},
    ],
)  # fmt: skip
def enhanced_monitoring(params: dict[str, Any], context: Context) -> str | None:
    interval, arn = params.get("MonitoringInterval"), params.get("MonitoringRoleArn")
    if not interval:
        return None
    arn = arn or getattr(_instance(params, context) if "Engine" not in params else None, "monitoring_role_arn", None)
    if int(interval) not in (0, 1, 5, 10, 15, 30, 60):
        return f"Invalid monitoring interval {interval}: 0, 1, 5, 10, 15, 30 or 60"
    if not arn:
        return "A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0."
    role = next((role for role in context.backend("iam").roles.values() if role.arn == arn), None)
    trust = json.loads(role.assume_role_policy_document)["Statement"] if role is not None else []
    if not any("monitoring.rds.amazonaws.com" in str(statement.get("Principal")) for statement in _many(trust)):
        return "IAM role ARN value is invalid or does not include the required permissions for: ENHANCED_MONITORING"
    return None


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@rule(
    "rds", *MAKING, code="InvalidParameterCombination", source=f"{_API}, CreateDBInstance: EnablePerformanceInsights and those after it",
    good=[{**INSTANCE, "EnablePerformanceInsights": True, "PerformanceInsightsRetentionPeriod": days} for days in (7, 31, 62, 713, 731)],
    bad=[
        *({**INSTANCE, "EnablePerformanceInsights": True, "PerformanceInsightsRetentionPeriod": days} for days in (1, 8, 90, 732)),
        {**INSTANCE, "EnablePerformanceInsights": False, "PerformanceInsightsRetentionPeriod": 7},
        {
            **INSTANCE, "Engine": "mysql", "EngineVersion": "8.4", "DBInstanceClass": "db.t4g.micro", "EnablePerformanceInsights": True,
        },
    ],
)  # fmt: skip
def performance_insights(params: dict[str, Any], context: Context) -> str | None:
    standing = _instance(params, context) if "Engine" not in params else None
    on = params.get("EnablePerformanceInsights", getattr(standing, "performance_insights_enabled", False))
    days = params.get("PerformanceInsightsRetentionPeriod")
    if not on and (days or params.get("PerformanceInsightsKMSKeyId")):
        return "Performance Insights must be enabled to set its key or retention."
    if days and not (int(days) in (7, 731) or (int(days) % 31 == 0 and 1 <= int(days) // 31 <= 23)):
        return f"Invalid Performance Insights retention period {days}: 7, month * 31 with month from 1 to 23, or 731"
    name = params.get("DBInstanceClass") or getattr(standing, "db_instance_class", "")
    if on and _engine(params, context) == "mysql" and name.startswith(NO_INSIGHTS):
        return f"Performance Insights not supported for this configuration: {name}"
    return None


@rule(
    "rds", *MAKING, code="InvalidParameterCombination", source=f"{_API}, CreateDBInstance: EnableCloudwatchLogsExports",
    good=[{**INSTANCE, "EnableCloudwatchLogsExports": ["postgresql", "upgrade"]}],
    bad=[{**INSTANCE, "EnableCloudwatchLogsExports": ["error"]}],
)  # fmt: skip
def log_exports(params: dict[str, Any], context: Context) -> str | None:
    engine = _engine(params, context)
    configuration = params.get("CloudwatchLogsExportConfiguration") or {}
    wanted = params.get("EnableCloudwatchLogsExports") or configuration.get("EnableLogTypes") or []
    wrong = sorted(set(wanted) - EXPORTS.get(engine, set(wanted)))
    return f"You cannot use the log types '{', '.join(wrong)}' with engine version {engine}." if wrong else None


@rule(
    "rds", *MAKING, code="CertificateNotFound", source=f'{_GUIDE}, "Using SSL/TLS to encrypt a connection to a DB instance"',
    good=[{**INSTANCE, "CACertificateIdentifier": name} for name in AUTHORITIES],
    bad=[{**INSTANCE, "CACertificateIdentifier": "rds-ca-2019"}],
)  # fmt: skip
def certificate_authority(params: dict[str, Any], context: Context) -> str | None:
    name = params.get("CACertificateIdentifier")
    return f"Certificate not found: {name}" if name and name not in AUTHORITIES else None


@rule(
    "rds", "CreateDBInstance", "ModifyDBInstance", code="InvalidParameterValue", source=f"{_API}, CreateDBInstance: BackupRetentionPeriod",
    good=[{**INSTANCE, "BackupRetentionPeriod": 35}],
    bad=[{**INSTANCE, "BackupRetentionPeriod": 36}, {**INSTANCE, "BackupRetentionPeriod": -1}],
)  # fmt: skip
def backup_retention(params: dict[str, Any], context: Context) -> str | None:
    days = params.get("BackupRetentionPeriod")
    if days is not None and not 0 <= int(days) <= 35:
        return f"Invalid backup retention period: {days}. Retention period must be between 0 and 35."
    standing = _instance(params, context) if "Engine" not in params else None
    if days == 0 and standing is not None and standing.replicas:
        return "Automated backups can't be turned off on an instance with read replicas."
    return None


@rule(
    "rds", "CreateDBInstance", code="KMSKeyNotAccessibleFault", source=f"{_API}, CreateDBInstance: KmsKeyId, MasterUserSecretKmsKeyId",
    good=[INSTANCE],
    bad=[{**INSTANCE, key: KEY} for key in ("KmsKeyId", "MasterUserSecretKmsKeyId", "PerformanceInsightsKMSKeyId")],
)  # fmt: skip
def keys_exist(params: dict[str, Any], context: Context) -> str | None:
    keys = context.backend("kms").keys
    for name in ("KmsKeyId", "MasterUserSecretKmsKeyId", "PerformanceInsightsKMSKeyId"):
        key = params.get(name)
        if not key or "alias/" in key:
            continue
        if key.startswith("arn:") and key.split(":")[3] != context.region:
            return f"The key {key} is in another region"
        standing = keys.get(key.rpartition("/")[2])
        if standing is None or standing.key_state != "Enabled":
            return f"The specified KMS key [{key}] does not exist, is not enabled or you do not have permissions to access it."
    return None


@rule(
    "rds", "CreateDBInstance", "CreateDBInstanceReadReplica", code="InvalidParameterCombination",
    source=f"{_API}, CreateDBInstance: KmsKeyId and StorageEncrypted",
    good=[{**INSTANCE, "StorageEncrypted": True}],
    bad=[{**INSTANCE, "StorageEncrypted": False, "KmsKeyId": KEY}],
)  # fmt: skip
def key_means_encrypted(params: dict[str, Any], context: Context) -> str | None:
    if params.get("KmsKeyId") and params.get("StorageEncrypted") is False:
        return "A KmsKeyId can't be given for storage that is not encrypted."
    return None


@rule(
    "rds", "CreateDBSubnetGroup", "ModifyDBSubnetGroup", code="DBSubnetGroupDoesNotCoverEnoughAZs",
    source=f'{_GUIDE}, "Working with a DB instance in a VPC"',
    good=[],
    bad=[{"DBSubnetGroupName": "shop-db", "DBSubnetGroupDescription": "x", "SubnetIds": ["subnet-1"]}],
)  # fmt: skip
def two_zones(params: dict[str, Any], context: Context) -> str | None:
    standing = _subnets(params, context)
    zones = {subnet.availability_zone for subnet in standing}
    if len(params["SubnetIds"]) < 2 or (standing and len(zones) < 2):
        return "DB Subnet Group doesn't meet availability zone coverage requirement. Please add subnets to cover at least 2 zones."
    return None


@rule(
    "rds", "CreateDBSubnetGroup", "ModifyDBSubnetGroup", code="InvalidSubnet", source=f"{_API}, CreateDBSubnetGroup: InvalidSubnet",
    good=[],
    bad=[{"DBSubnetGroupName": "shop-db", "DBSubnetGroupDescription": "x", "SubnetIds": ["subnet-1", "subnet-2"]}],
)  # fmt: skip
def subnets_exist(params: dict[str, Any], context: Context) -> str | None:
    standing = _subnets(params, context)
    if len(standing) < len(params["SubnetIds"]):
        return "Some input subnets are invalid."
    return "The subnets are in different VPCs." if len({subnet.vpc_id for subnet in standing}) > 1 else None


def _subnets(params: dict[str, Any], context: Context) -> list[Any]:
    every = {name: subnet for some in context.backend("ec2").subnets.values() for name, subnet in some.items()}
    return [every[name] for name in params["SubnetIds"] if name in every]


@rule(
    "rds", "CreateDBSubnetGroup", code="InvalidParameterValue", source=f"{_API}, CreateDBSubnetGroup: DBSubnetGroupName",
    good=[{"DBSubnetGroupName": "shop-db", "DBSubnetGroupDescription": "x", "SubnetIds": ["a", "b"]}],
    bad=[{"DBSubnetGroupName": name, "DBSubnetGroupDescription": "x", "SubnetIds": ["a"]} for name in ("default", "shop/db", "s" * 256)],
)  # fmt: skip
def subnet_group_name(params: dict[str, Any], context: Context) -> str | None:
    name = params["DBSubnetGroupName"]
    if name.lower() == "default" or not re.fullmatch(r"[A-Za-z0-9 ._-]{1,255}", name):
        return f"The parameter DBSubnetGroupName is not valid: {name}"
    return None


@rule(
    "rds", *MAKING, code="InvalidParameterCombination", source=f"{_API}, CreateDBInstance: VpcSecurityGroupIds",
    good=[INSTANCE],
    bad=[{**INSTANCE, "VpcSecurityGroupIds": ["sg-0123456789abcdef0"]}],
)  # fmt: skip
def security_groups(params: dict[str, Any], context: Context) -> str | None:
    standing = {name: group for some in context.backend("ec2").groups.values() for name, group in some.items()}
    subnets = context.backend("rds").subnet_groups.get(params.get("DBSubnetGroupName", ""))
    for name in params.get("VpcSecurityGroupIds") or []:
        if name not in standing:
            return f"Invalid security group, groupId= {name}"
        if subnets is not None and standing[name].vpc_id != subnets.vpc_id:
            return "The DB instance and EC2 security group are in different VPCs."
    return None


@rule(
    "rds", "DeleteDBInstance", code="InvalidParameterCombination", source=f"{_API}, DeleteDBInstance",
    good=[
        {"DBInstanceIdentifier": "shop", "SkipFinalSnapshot": True},
        {"DBInstanceIdentifier": "shop", "FinalDBSnapshotIdentifier": "shop-final"},
    ],
    bad=[
        {"DBInstanceIdentifier": "shop"},
        {"DBInstanceIdentifier": "shop", "SkipFinalSnapshot": True, "FinalDBSnapshotIdentifier": "shop-final"},
        {"DBInstanceIdentifier": "shop", "FinalDBSnapshotIdentifier": "shop--final"},
    ],
)  # fmt: skip
def final_snapshot(params: dict[str, Any], context: Context) -> str | None:
    name, skip = params.get("FinalDBSnapshotIdentifier"), params.get("SkipFinalSnapshot", False)
    if skip and name:
        return "FinalDBSnapshotIdentifier can not be specified when deleting with SkipFinalSnapshot"
    if not skip and not name:
        return "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
    if name and not re.fullmatch(r"[a-zA-Z](?!.*--)[a-zA-Z0-9-]{0,254}(?<!-)", name):
        return f"Invalid snapshot identifier: {name}"
    instance = _instance(params, context)
    if name and instance is not None and instance.is_replica:
        return "Cannot create a final snapshot because the DB instance is a read replica"
    return None


SUBSCRIPTION = {
    "SubscriptionName": "shop-db-instance",
    "SnsTopicArn": "arn:aws:sns:ap-northeast-2:123456789012:absent",
    "SourceType": "db-instance",
}
#: User Guide, "Amazon RDS event categories and event messages".
CATEGORIES = {
    "db-instance": {
        "availability", "backtrack", "backup", "configuration change", "creation", "deletion", "failover", "failure", "low storage",
        "maintenance", "notification", "read replica", "recovery", "restoration", "security", "security patching",
    },
    "db-parameter-group": {"configuration change"},
    "db-security-group": {"configuration change", "failure"},
    "db-snapshot": {"creation", "deletion", "notification", "restoration"},
}  # fmt: skip


@rule(
    "rds", "CreateEventSubscription", "ModifyEventSubscription", code="SubscriptionCategoryNotFound",
    source=f'{_GUIDE}, "Amazon RDS event categories and event messages"',
    good=[{**SUBSCRIPTION, "EventCategories": ["failure", "maintenance"]}],
    bad=[
        {**SUBSCRIPTION, "EventCategories": ["failing"]},
        {**SUBSCRIPTION, "SourceType": "db-parameter-group", "EventCategories": ["failure"]},
    ],
)  # fmt: skip
def event_categories(params: dict[str, Any], context: Context) -> str | None:
    subscription = context.backend("rds").event_subscriptions.get(params["SubscriptionName"])
    known = CATEGORIES.get(params.get("SourceType") or getattr(subscription, "source_type", None) or "")
    wrong = sorted(set(params.get("EventCategories") or []) - known) if known else []
    return f"Event categories not found: {', '.join(wrong)}" if wrong else None


@rule(
    "rds", "CreateEventSubscription", "ModifyEventSubscription", code="SNSTopicArnNotFound",
    source=f"{_API}, CreateEventSubscription: SNSTopicArnNotFound",
    good=[{"SubscriptionName": "shop-db-instance", "Enabled": True}],
    bad=[SUBSCRIPTION],
)  # fmt: skip
def topic_exists(params: dict[str, Any], context: Context) -> str | None:
    arn = params.get("SnsTopicArn")
    return f"The SNS topic does not exist: {arn}" if arn and arn not in context.backend("sns").topics else None


@rule(
    "rds", "CreateEventSubscription", "ModifyEventSubscription", code="SNSNoAuthorization",
    source=f'{_GUIDE}, "Granting permissions to publish notifications to an Amazon SNS topic"',
    good=[SUBSCRIPTION],
    bad=[],
)  # fmt: skip
def topic_lets_rds_publish(params: dict[str, Any], context: Context) -> str | None:
    topic = context.backend("sns").topics.get(params.get("SnsTopicArn", ""))
    if topic is None:
        return None
    statements = _many(json.loads(topic.policy or "{}").get("Statement", []))
    for statement in statements:
        principal = statement.get("Principal")
        services = _many(principal.get("Service", [])) if isinstance(principal, dict) else []
        # The owner's default policy lets the account's services publish.
        owner = "AWS:SourceOwner" in str(statement.get("Condition"))
        if statement.get("Effect") == "Allow" and ("events.rds.amazonaws.com" in services or owner):
            return None
    return f"RDS is not authorized to publish to the SNS topic {params['SnsTopicArn']}"


@rule(
    "rds", "CreateEventSubscription", "AddSourceIdentifierToSubscription", code="SourceNotFound",
    source=f"{_API}, CreateEventSubscription: SourceNotFound",
    good=[SUBSCRIPTION],
    bad=[{**SUBSCRIPTION, "SourceIds": ["absent"]}, {**SUBSCRIPTION, "SourceType": "db-parameter-group", "SourceIds": ["absent"]}],
)  # fmt: skip
def sources_exist(params: dict[str, Any], context: Context) -> str | None:
    rds = context.backend("rds")
    subscription = rds.event_subscriptions.get(params["SubscriptionName"])
    kind = params.get("SourceType") or getattr(subscription, "source_type", None)
    standing = {"db-instance": rds.databases, "db-parameter-group": rds.db_parameter_groups, "db-snapshot": rds.database_snapshots}
    wanted = params.get("SourceIds") or ([params["SourceIdentifier"]] if "SourceIdentifier" in params else [])
    absent = [name for name in wanted if kind in standing and name not in standing[kind]]
    return f"The source was not found: {absent[0]}" if absent else None


@rule(
    "rds", "RestoreDBInstanceFromDBSnapshot", code="DBSnapshotNotFound", source=f"{_API}, RestoreDBInstanceFromDBSnapshot",
    good=[],
    bad=[{"DBInstanceIdentifier": "shop-db", "DBSnapshotIdentifier": "absent"}],
)  # fmt: skip
def snapshot_exists(params: dict[str, Any], context: Context) -> str | None:
    name = params.get("DBSnapshotIdentifier")
    if not name or name.startswith("arn:"):
        return None
    return None if name.lower() in context.backend("rds").database_snapshots else f"DBSnapshot {name} not found."


@rule(
    "rds", "CreateDBInstance", code="InvalidParameterCombination", source=f"{_API}, CreateDBInstance: AvailabilityZone",
    good=[{**INSTANCE, "MultiAZ": True}, {**INSTANCE, "AvailabilityZone": "ap-northeast-2a"}],
    bad=[{**INSTANCE, "MultiAZ": True, "AvailabilityZone": "ap-northeast-2a"}],
)  # fmt: skip
def no_zone_with_multi_az(params: dict[str, Any], context: Context) -> str | None:
    if params.get("MultiAZ") and params.get("AvailabilityZone"):
        return "Requesting a specific availability zone is not valid for Multi-AZ instances."
    return None


#: Generations before those that the engine versions of MAJORS run on, of PostgreSQL 13 and MySQL 8.4 and later.
OLD_CLASSES = ("db.t1.", "db.t2.", "db.m1.", "db.m2.", "db.m3.", "db.m4.", "db.r3.", "db.r4.")


@rule(
    "rds", "CreateDBInstance", "ModifyDBInstance", code="InvalidParameterCombination",
    source=f'{_GUIDE}, "Supported DB engines for DB instance classes"',
    good=[INSTANCE, {**INSTANCE, "DBInstanceClass": "db.t3.micro"}, {**INSTANCE, "Engine": "mysql", "EngineVersion": "8.0",
          "DBInstanceClass": "db.t2.micro"}],
    bad=[
        {**INSTANCE, "DBInstanceClass": "db.t2.micro"},
        {**INSTANCE, "DBInstanceClass": "db.m4.large"},
        {**INSTANCE, "Engine": "mysql", "EngineVersion": "8.4", "DBInstanceClass": "db.r4.large"},
    ],
)  # fmt: skip
def class_of_the_engine(params: dict[str, Any], context: Context) -> str | None:
    engine, name = _engine(params, context), params.get("DBInstanceClass") or ""
    version = params.get("EngineVersion") or getattr(_instance(params, context), "engine_version", "")
    old = engine == "postgres" or (engine == "mysql" and not version.startswith("8.0"))
    if not (old and name.startswith(OLD_CLASSES)):
        return None
    return (
        f"RDS does not support creating a DB instance with the following combination: DBInstanceClass={name}, Engine={engine}, "
        f"EngineVersion={version}"
    )


@rule(
    "rds", "ModifyDBInstance", code="InvalidParameterCombination", source=f"{_API}, ModifyDBInstance: MaxAllocatedStorage",
    good=[{"DBInstanceIdentifier": "shop-staging-db", "AllocatedStorage": 20, "MaxAllocatedStorage": 100}],
    bad=[{"DBInstanceIdentifier": "shop-staging-db", "AllocatedStorage": 100, "MaxAllocatedStorage": 99}],
)  # fmt: skip
def most_storage_is_above_the_allocated(params: dict[str, Any], context: Context) -> str | None:
    size = params.get("AllocatedStorage") or getattr(_instance(params, context), "allocated_storage", None)
    most = params.get("MaxAllocatedStorage")
    # The same size turns autoscaling of storage off.
    if most is None or size is None or int(most) == int(size) or int(most) >= int(size) * 1.1:
        return None
    return "Invalid max storage size: it must be at least 10 percent above the allocated storage."


@rule(
    "rds", "CreateDBInstanceReadReplica", code="InvalidDBInstanceState", source=f'{_GUIDE}, "Working with DB instance read replicas"',
    good=[{"DBInstanceIdentifier": "shop-replica", "SourceDBInstanceIdentifier": "absent"}],
    bad=[],
)  # fmt: skip
def source_of_a_replica_is_backed_up(params: dict[str, Any], context: Context) -> str | None:
    source = _instance(params, context)
    if source is None or source.is_replica or source.backup_retention_period:
        return None
    return f"Automated backups are not enabled for this database instance: {source.db_instance_identifier}"


@rule(
    "rds", "CreateDBInstanceReadReplica", code="InstanceQuotaExceeded",
    source=f'{_GUIDE}, "Quotas in Amazon RDS": read replicas per primary (15)',
    good=[{"DBInstanceIdentifier": "shop-replica", "SourceDBInstanceIdentifier": "absent"}],
    bad=[],
)  # fmt: skip
def replicas_of_an_instance(params: dict[str, Any], context: Context) -> str | None:
    source = _instance(params, context)
    return "Read replica limit exceeded: 15 of an instance." if source is not None and len(source.replicas) >= 15 else None


@rule(
    "rds", "CreateDBInstance", "CreateDBInstanceReadReplica", "CreateDBSubnetGroup", "CreateDBParameterGroup", "CreateEventSubscription",
    "AddTagsToResource", code="InvalidParameterValue", source=f'{_GUIDE}, "Tagging Amazon RDS resources"',
    good=[{**INSTANCE, "Tags": [{"Key": "Project", "Value": "shop"}]}],
    bad=[{**INSTANCE, "Tags": [{"Key": "aws:x", "Value": "y"}]}, {**INSTANCE, "Tags": [{"Key": "rds:x", "Value": "y"}]}],
)  # fmt: skip
def database_tags(params: dict[str, Any], context: Context) -> str | None:
    given = tags.pairs(params.get("Tags"))
    if any(key.lower().startswith("rds:") for key, _value in given):
        return "Tag keys can't begin with rds:, which is reserved."
    return tags.wrong(given)
