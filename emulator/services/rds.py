"""Amazon RDS: what an instance is from its creation on, what waits, parameters of families, and what is in use."""

from __future__ import annotations

import copy
import hashlib
import json
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.moto_api._internal import mock_random
from moto.rds.exceptions import DBParameterGroupNotFoundError, DBSubnetGroupNotFoundError, RDSClientError, SubscriptionNotFoundError
from moto.rds.models import (
    DBInstance,
    DBInstanceAutomatedBackup,
    DBParameterGroup,
    DBSubnetGroup,
    EventSubscription,
    MasterUserSecret,
    RDSBackend,
)
from moto.rds.responses import RDSResponse

#: Versions that a prefix of a version stands for (Amazon RDS User Guide, "Available PostgreSQL database versions" and
#: "Supported MySQL minor versions on Amazon RDS").
VERSIONS = {
    "postgres": {"13": "13.22", "14": "14.19", "15": "15.14", "16": "16.10", "17": "17.6", "18": "18.1"},
    "mysql": {"8.0": "8.0.43", "8.4": "8.4.6"},
}

#: Parameters of a family that can be set: name -> (default, dynamic or static, data type, allowed values). A few of some hundreds
#: (Amazon RDS User Guide, "Working with RDS for PostgreSQL parameters" and "Parameters for MySQL").
PARAMETERS: dict[str, dict[str, tuple[str | None, str, str, str]]] = {
    "postgres": {
        "autovacuum": ("1", "dynamic", "boolean", "0,1"),
        "idle_in_transaction_session_timeout": ("86400000", "dynamic", "integer", "0-2147483647"),
        "log_connections": ("0", "dynamic", "boolean", "0,1"),
        "log_disconnections": ("0", "dynamic", "boolean", "0,1"),
        "log_lock_waits": ("0", "dynamic", "boolean", "0,1"),
        "log_min_duration_statement": ("-1", "dynamic", "integer", "-1-2147483647"),
        "log_statement": ("none", "dynamic", "string", "none,ddl,mod,all"),
        "log_temp_files": ("-1", "dynamic", "integer", "-1-2147483647"),
        "max_connections": ("LEAST({DBInstanceClassMemory/9531392},5000)", "static", "integer", "6-8388607"),
        "password_encryption": ("scram-sha-256", "dynamic", "string", "md5,scram-sha-256"),
        "pgaudit.log": (None, "dynamic", "list", "ddl,function,misc,read,role,write,none,all,-ddl,-function,-misc,-read,-role,-write"),
        "rds.force_ssl": ("1", "dynamic", "boolean", "0,1"),
        "rds.log_retention_period": ("4320", "dynamic", "integer", "1440-10080"),
        "shared_preload_libraries": (
            "pg_stat_statements", "static", "list", "auto_explain,pg_cron,pg_stat_statements,pgaudit,pglogical,pg_tle",
        ),
        "statement_timeout": ("0", "dynamic", "integer", "0-2147483647"),
        "work_mem": ("4096", "dynamic", "integer", "64-2147483647"),
    },
    "mysql": {
        "character_set_server": ("utf8mb4", "dynamic", "string", "utf8mb4,latin1,utf8"),
        "general_log": ("0", "dynamic", "boolean", "0,1"),
        "innodb_buffer_pool_size": ("{DBInstanceClassMemory*3/4}", "dynamic", "integer", "5242880-9223372036854775807"),
        "local_infile": ("0", "dynamic", "boolean", "0,1"),
        "log_output": ("TABLE", "dynamic", "string", "TABLE,FILE,NONE"),
        "long_query_time": ("10", "dynamic", "float", "0-31536000"),
        "max_connections": ("{DBInstanceClassMemory/12582880}", "dynamic", "integer", "1-100000"),
        "performance_schema": ("0", "static", "boolean", "0,1"),
        "require_secure_transport": ("0", "dynamic", "boolean", "0,1"),
        "slow_query_log": ("0", "dynamic", "boolean", "0,1"),
        "time_zone": ("UTC", "dynamic", "string", "UTC,Asia/Seoul,Asia/Tokyo,US/Pacific,US/Eastern"),
        "tls_version": ("TLSv1.2,TLSv1.3", "static", "list", "TLSv1.2,TLSv1.3"),
    },
}  # fmt: skip

#: What waits for the maintenance window without ApplyImmediately: the attribute, and its name in PendingModifiedValues
#: (Amazon RDS User Guide, "Available settings" of modifying a DB instance).
WAITING = {
    "db_instance_class": "DBInstanceClass",
    "allocated_storage": "AllocatedStorage",
    "engine_version": "EngineVersion",
    "multi_az": "MultiAZ",
    "storage_type": "StorageType",
    "iops": "Iops",
    "storage_throughput": "StorageThroughput",
    "db_port_number": "Port",
    "ca_certificate_identifier": "CACertificateIdentifier",
    "enable_iam_database_authentication": "IAMDatabaseAuthenticationEnabled",
}
LICENSES = {"postgres": "postgresql-license"}


def apply() -> None:
    instance_has_all_its_settings()
    instance_has_an_endpoint_once_it_stands()
    master_secret_is_the_instances()
    changes_wait_for_the_window()
    replica_is_an_instance_of_its_own()
    parameters_are_those_of_the_family()
    parameter_group_is_found_exactly()
    group_in_use_stays()
    subnet_group_is_changed_in_place()
    event_subscription_is_changed()
    backups_are_retained()
    restored_instance_is_not_protected()
    instance_takes_its_interface_along()


def whole_version(engine: str, version: str | None) -> str | None:
    """The version that RDS chooses for the beginning of one."""
    known = VERSIONS.get(engine)
    if known is None:
        return version
    return known.get(version, version) if version else list(known.values())[-1]


def family_of(engine: str, version: str) -> str:
    parts = version.split(".")
    return f"{engine}{parts[0]}" if engine == "postgres" else f"{engine}{'.'.join(parts[:2])}"


def instance_has_all_its_settings() -> None:
    """An instance has a resource id of its own, a whole version, what gp3 gives, and its Performance Insights (API, DBInstance)."""
    init = DBInstance.__init__
    modern = {"postgres", "mysql"}

    def instance_init(self: DBInstance, backend: Any, *args: Any, **named: Any) -> None:
        engine = named.get("engine", "")
        if engine in modern:
            named["engine_version"] = whole_version(engine, named.get("engine_version"))
            named.setdefault("license_model", LICENSES.get(engine, "general-public-license"))
            named["ca_certificate_identifier"] = named.get("ca_certificate_identifier") or "rds-ca-rsa2048-g1"
        init(self, backend, *args, **named)
        self.dbi_resource_id = f"db-{hashlib.sha256(mock_random.get_random_hex(32).encode()).hexdigest().upper()[:26]}"
        self.pending_modified_values: dict[str, Any] = {}
        self.performance_insights_enabled = bool(named.get("enable_performance_insights"))
        self.performance_insights_kms_key_id = named.get("performance_insights_kms_key_id")
        self.performance_insights_retention_period = named.get("performance_insights_retention_period")
        self.parameters_wait = False
        self.publicly_accessible = bool(self.publicly_accessible)
        self.network_type = "IPV4"
        self.backup_target = "region"
        self.activity_stream_status = "stopped"
        self.customer_owned_ip_enabled = False
        self.dedicated_log_volume = False
        _complete(self)

    def default_group(self: DBInstance) -> tuple[str, str]:
        family = family_of(self.engine.lower(), str(self.engine_version))
        return family, f"default.{family}"

    DBInstance.__init__ = instance_init
    DBInstance.default_db_parameter_group_details = default_group
    DBInstance.certificate_details = property(lambda self: {"CAIdentifier": self.ca_certificate_identifier})
    DBInstance.secondary_availability_zone = property(_second_zone)


def _second_zone(instance: DBInstance) -> str | None:
    """Where the standby is: another zone of the subnet group."""
    if not instance.multi_az or not getattr(instance, "db_subnet_group", None):
        return None
    zones = sorted(subnet.availability_zone for subnet in instance.db_subnet_group._subnets)
    return next((zone for zone in zones if zone != instance.availability_zone), None)


def _complete(instance: DBInstance) -> None:
    """What RDS derives from other settings."""
    if getattr(instance, "db_cluster_identifier", None) is not None:
        return
    if instance.storage_type == "gp3" and instance.engine in VERSIONS:
        large = instance.allocated_storage >= 400
        instance.iops = instance.iops or (12000 if large else 3000)
        instance.storage_throughput = instance.storage_throughput or (500 if large else 125)
    if instance.performance_insights_enabled:
        instance.performance_insights_retention_period = instance.performance_insights_retention_period or 7
    else:
        instance.performance_insights_kms_key_id = instance.performance_insights_retention_period = None
    subnets = getattr(instance, "db_subnet_group", None)
    if subnets is not None and instance.availability_zone not in [subnet.availability_zone for subnet in subnets._subnets]:
        instance.availability_zone = sorted(subnet.availability_zone for subnet in subnets._subnets)[0]


def instance_has_an_endpoint_once_it_stands() -> None:
    """While an instance is being created it has no Endpoint. DbInstancePort is 0 (API, DBInstance)."""
    endpoint = DBInstance.endpoint.fget

    def address(self: DBInstance) -> str:
        account = hashlib.sha256(f"{self.account_id}{self.region}".encode()).hexdigest()[:12]
        return f"{self.db_instance_identifier}.c{account[1:]}.{self.region}.rds.amazonaws.com"

    DBInstance.address = property(address)
    DBInstance.endpoint = property(lambda self: None if self.status == "creating" else {**endpoint(self), "HostedZoneId": "ZLA2NUCOLGUUR"})
    DBInstance.db_instance_port = property(lambda self: 0)


def master_secret_is_the_instances() -> None:
    """The managed secret holds the master user's name and a password of its own (User Guide, "Password management with RDS")."""
    create = MasterUserSecret.__init__

    def secret_string(self: MasterUserSecret) -> str:
        password = hashlib.sha256(mock_random.get_random_hex(32).encode()).hexdigest()[:28]
        return json.dumps({"username": self.resource.master_username, "password": password})

    def secret_init(self: MasterUserSecret, *args: Any, **named: Any) -> None:
        create(self, *args, **named)
        self._status = "active"

    MasterUserSecret._generate_secret_string = secret_string
    MasterUserSecret.__init__ = secret_init


def changes_wait_for_the_window() -> None:
    """ModifyDBInstance without ApplyImmediately leaves what interrupts in PendingModifiedValues. A managed password stays the same one."""
    update = DBInstance.update
    modify = RDSBackend.modify_db_instance

    def instance_update(self: DBInstance, **named: Any) -> None:
        at_once = named.pop("apply_immediately", False)
        if named.get("manage_master_user_password") and getattr(self, "manage_master_user_password", False):
            key = named.get("master_user_secret_kms_key_id")
            if key in (None, self.master_user_secret.secret.kms_key_id):
                named.pop("manage_master_user_password")
        if "engine_version" in named:
            named["engine_version"] = whole_version(self.engine, named["engine_version"])
        for attribute, name in WAITING.items():
            if named.get(attribute) is None:
                continue
            value = named[attribute]
            now = self.port if attribute == "db_port_number" else getattr(self, attribute)
            if at_once or value == now:
                self.pending_modified_values.pop(name, None)
            else:
                self.pending_modified_values = {**self.pending_modified_values, name: named.pop(attribute)}
        if "db_port_number" in named:
            named["port"] = named.pop("db_port_number")
        if "enable_performance_insights" in named:
            self.performance_insights_enabled = bool(named["enable_performance_insights"])
        if named.get("db_parameter_group_name") not in (None, self.db_parameter_group_name):
            self.parameters_wait = True
        if named.get("monitoring_interval") == 0:
            self.monitoring_role_arn = None
        configuration = named.get("cloudwatch_logs_export_configuration")
        if configuration is not None:
            off = set(configuration.get("DisableLogTypes") or [])
            on = [kind for kind in configuration.get("EnableLogTypes") or [] if kind not in self.enabled_cloudwatch_logs_exports]
            self.enabled_cloudwatch_logs_exports = [kind for kind in self.enabled_cloudwatch_logs_exports if kind not in off] + on
            named.pop("cloudwatch_logs_export_configuration")
        update(self, **named)
        _complete(self)

    def modify_db_instance(self: RDSBackend, db_instance_identifier: str, db_kwargs: dict[str, Any]) -> DBInstance:
        instance = self.describe_db_instances(db_instance_identifier)[0]
        if instance.status not in ("available", "stopped", "storage-full", "storage-optimization"):
            raise RDSClientError("InvalidDBInstanceState", f"Database instance is not in available state: {db_instance_identifier}")
        return modify(self, db_instance_identifier, db_kwargs)

    DBInstance.update = instance_update
    RDSBackend.modify_db_instance = modify_db_instance


def replica_is_an_instance_of_its_own() -> None:
    """A replica is created as slowly as its source, has its own id, tags and settings, and no backups or secret.

    (Amazon RDS API Reference, CreateDBInstanceReadReplica.)
    """

    def create_db_instance_read_replica(self: RDSBackend, db_kwargs: dict[str, Any]) -> DBInstance:
        name = db_kwargs["db_instance_identifier"]
        primary = self.find_db_from_id(db_kwargs["source_db_instance_identifier"])
        if name in self.databases:
            raise RDSClientError("DBInstanceAlreadyExists", "DB instance already exists")
        if primary.status != "available" or not primary.backup_retention_period:
            raise RDSClientError("InvalidDBInstanceState", "Automated backups are not enabled, or the source instance is not available.")
        kept = (
            "engine", "engine_version", "db_instance_class", "allocated_storage", "storage_type", "storage_encrypted", "kms_key_id", "port",
            "db_name", "master_username", "license_model", "preferred_backup_window", "preferred_maintenance_window",
            "db_parameter_group_name", "vpc_security_group_ids", "ca_certificate_identifier", "auto_minor_version_upgrade",
            "copy_tags_to_snapshot", "enable_iam_database_authentication",
        )  # fmt: skip
        settings = {key: copy.copy(getattr(primary, key)) for key in kept}
        subnets = getattr(primary, "db_subnet_group", None)
        given = {key: value for key, value in dict(db_kwargs).items() if value is not None}
        replica = DBInstance(
            self, **{**settings, "db_subnet_group_name": subnets.name if subnets else None, "backup_retention_period": 0, **given}
        )
        replica.set_as_replica()
        self.databases[name] = replica
        primary.add_replica(replica)
        return replica

    RDSBackend.create_db_instance_read_replica = create_db_instance_read_replica


def engine_of(family: str) -> str:
    return next((engine for engine in PARAMETERS if family.startswith(engine)), "")


def _described(family: str, chosen: dict[str, Any]) -> list[dict[str, Any]]:
    """The parameters of a family, with those that a group sets."""
    found = []
    for name, (default, kind, data, allowed) in sorted(PARAMETERS.get(engine_of(family), {}).items()):
        own = chosen.get(name)
        value = own["ParameterValue"] if own else default
        found.append(
            {
                "ParameterName": name,
                **({"ParameterValue": value} if value is not None else {}),
                "Description": name,
                "Source": "user" if own else "engine-default",
                "ApplyType": kind,
                "DataType": data,
                "AllowedValues": allowed,
                "IsModifiable": True,
                "ApplyMethod": own["ApplyMethod"] if own else "pending-reboot",
            }
        )
    known = {one["ParameterName"] for one in found}
    return found + [{"Source": "user", "IsModifiable": True, **one} for name, one in chosen.items() if name not in known]


def parameters_are_those_of_the_family() -> None:
    """DescribeDBParameters has the family's parameters with the group's values; ResetDBParameterGroup takes them back."""

    def describe_db_parameters(self: RDSResponse) -> ActionResult:
        name = self.params.get("DBParameterGroupName")
        group = self.backend.db_parameter_groups.get(name.lower())
        if group is None:
            raise DBParameterGroupNotFoundError(name)
        source = self.params.get("Source")
        chosen = {key: dict(value) for key, value in group.parameters.items()}
        return ActionResult({"Parameters": [one for one in _described(group.family, chosen) if source in (None, one["Source"])]})

    def describe_engine_default_parameters(self: RDSResponse) -> ActionResult:
        family = self.params.get("DBParameterGroupFamily")
        return ActionResult({"EngineDefaults": {"DBParameterGroupFamily": family, "Parameters": _described(family, {})}})

    def reset_db_parameter_group(self: RDSResponse) -> ActionResult:
        group = self.backend.db_parameter_groups.get(self.params["DBParameterGroupName"].lower())
        if group is None:
            raise DBParameterGroupNotFoundError(self.params["DBParameterGroupName"])
        names = [one.original_dict()["ParameterName"] for one in self.params.get("Parameters") or []]
        for name in names or list(group.parameters):
            group.parameters.pop(name, None)
        _wait(self.backend, group.name, names)
        return ActionResult({"DBParameterGroupName": group.name})

    modify = RDSBackend.modify_db_parameter_group

    def modify_db_parameter_group(self: RDSBackend, db_parameter_group_name: str, db_parameter_group_parameters: Any) -> DBParameterGroup:
        parameters = [dict(one) for one in db_parameter_group_parameters]
        group = modify(self, db_parameter_group_name, parameters)
        _wait(self, group.name, [one["ParameterName"] for one in parameters if one.get("ApplyMethod") == "pending-reboot"])
        return group

    def _wait(backend: RDSBackend, name: str, parameters: list[str]) -> None:
        for instance in backend.databases.values() if parameters else ():
            if instance.db_parameter_group_name == name:
                instance.parameters_wait = True

    def status_list(self: DBInstance) -> list[dict[str, str]]:
        status = "pending-reboot" if getattr(self, "parameters_wait", False) else "in-sync"
        return [{"DBParameterGroupName": group.name, "ParameterApplyStatus": status} for group in self.db_parameter_groups()]

    reboot = RDSBackend.reboot_db_instance

    def reboot_db_instance(self: RDSBackend, db_instance_identifier: str) -> DBInstance:
        instance = reboot(self, db_instance_identifier)
        instance.parameters_wait = False
        return instance

    RDSResponse.describe_db_parameters = describe_db_parameters
    RDSResponse.describe_engine_default_parameters = describe_engine_default_parameters
    RDSResponse.reset_db_parameter_group = reset_db_parameter_group
    RDSBackend.modify_db_parameter_group = modify_db_parameter_group
    RDSBackend.reboot_db_instance = reboot_db_instance
    DBInstance.db_parameter_group_status_list = property(status_list)


def parameter_group_is_found_exactly() -> None:
    """DescribeDBParameterGroups of a name that is not there is DBParameterGroupNotFound."""
    describe = RDSBackend.describe_db_parameter_groups

    def describe_db_parameter_groups(self: RDSBackend, db_parameter_group_kwargs: dict[str, Any]) -> list[DBParameterGroup]:
        found = describe(self, db_parameter_group_kwargs)
        name = db_parameter_group_kwargs.get("db_parameter_group_name")
        if name and not found:
            raise DBParameterGroupNotFoundError(name)
        return found

    RDSBackend.describe_db_parameter_groups = describe_db_parameter_groups


def group_in_use_stays() -> None:
    """A subnet group or a parameter group that an instance uses can't be deleted, nor a default one."""
    subnets, parameters = RDSBackend.delete_subnet_group, RDSBackend.delete_db_parameter_group

    def delete_subnet_group(self: RDSBackend, subnet_name: str) -> DBSubnetGroup:
        for instance in self.databases.values():
            group = getattr(instance, "db_subnet_group", None)
            if group is not None and group.name == subnet_name.lower():
                raise RDSClientError(
                    "InvalidDBSubnetGroupStateFault",
                    f"Cannot delete the subnet group '{subnet_name}' because at least one database instance: "
                    f"{instance.db_instance_identifier} is still using it.",
                )
        return subnets(self, subnet_name)

    def delete_db_parameter_group(self: RDSBackend, db_parameter_group_name: str) -> DBParameterGroup:
        if db_parameter_group_name.startswith("default."):
            raise RDSClientError("InvalidDBParameterGroupState", "Default DBParameterGroup cannot be deleted")
        if any(instance.db_parameter_group_name == db_parameter_group_name for instance in self.databases.values()):
            raise RDSClientError(
                "InvalidDBParameterGroupState",
                "One or more database instances are still members of this parameter group "
                f"{db_parameter_group_name}, so the group cannot be deleted",
            )
        return parameters(self, db_parameter_group_name)

    RDSBackend.delete_subnet_group = delete_subnet_group
    RDSBackend.delete_db_parameter_group = delete_db_parameter_group


def subnet_group_is_changed_in_place() -> None:
    """ModifyDBSubnetGroup keeps the group, and CreateDBSubnetGroup makes one once."""
    create = RDSBackend.create_subnet_group

    def create_subnet_group(self: RDSBackend, subnet_name: str, *args: Any) -> DBSubnetGroup:
        if subnet_name in self.subnet_groups:
            raise RDSClientError("DBSubnetGroupAlreadyExists", f"The DB subnet group '{subnet_name}' already exists.")
        return create(self, subnet_name, *args)

    def modify_db_subnet_group(self: RDSBackend, subnet_name: str, description: str | None, subnets: list[Any]) -> DBSubnetGroup:
        group = self.subnet_groups.get(subnet_name)
        if group is None:
            raise DBSubnetGroupNotFoundError(subnet_name)
        group.subnets = subnets
        if description is not None:
            group.description = description
        return group

    RDSBackend.create_subnet_group = create_subnet_group
    RDSBackend.modify_db_subnet_group = modify_db_subnet_group


def event_subscription_is_changed() -> None:
    """ModifyEventSubscription, and sources that are added and removed."""

    def found(self: RDSResponse) -> EventSubscription:
        name = self.params["SubscriptionName"]
        if name not in self.backend.event_subscriptions:
            raise SubscriptionNotFoundError(name)
        return self.backend.event_subscriptions[name]

    def modify_event_subscription(self: RDSResponse) -> ActionResult:
        subscription = found(self)
        for key, attribute in {
            "SnsTopicArn": "sns_topic_arn", "SourceType": "source_type", "EventCategories": "event_categories", "Enabled": "enabled",
        }.items():  # fmt: skip
            if self.params.get(key) is not None:
                setattr(subscription, attribute, self.params[key])
        return ActionResult({"EventSubscription": subscription})

    def add_source_identifier_to_subscription(self: RDSResponse) -> ActionResult:
        subscription = found(self)
        if self.params["SourceIdentifier"] not in subscription.source_ids:
            subscription.source_ids = [*subscription.source_ids, self.params["SourceIdentifier"]]
        return ActionResult({"EventSubscription": subscription})

    def remove_source_identifier_from_subscription(self: RDSResponse) -> ActionResult:
        subscription = found(self)
        if self.params["SourceIdentifier"] not in subscription.source_ids:
            raise RDSClientError("SourceNotFound", f"Source {self.params['SourceIdentifier']} not found.")
        subscription.source_ids = [one for one in subscription.source_ids if one != self.params["SourceIdentifier"]]
        return ActionResult({"EventSubscription": subscription})

    init = EventSubscription.__init__

    def subscription_init(self: EventSubscription, *args: Any, **named: Any) -> None:
        named.setdefault("enabled", True)
        init(self, *args, **named)
        for attribute in ("event_categories", "source_ids", "tags"):
            setattr(self, attribute, list(getattr(self, attribute) or []))

    EventSubscription.__init__ = subscription_init
    EventSubscription.event_subscription_arn = property(lambda self: self.arn)
    EventSubscription.customer_aws_id = property(lambda self: self.account_id)
    EventSubscription.subscription_creation_time = property(lambda self: self.created_at.isoformat())
    RDSResponse.modify_event_subscription = modify_event_subscription
    RDSResponse.add_source_identifier_to_subscription = add_source_identifier_to_subscription
    RDSResponse.remove_source_identifier_from_subscription = remove_source_identifier_from_subscription


def backups_are_retained() -> None:
    """Automated backups have their instance's ids, and DeleteDBInstanceAutomatedBackup removes what an instance left."""

    def dbi_resource_id(self: DBInstanceAutomatedBackup) -> str | None:
        return self.automated_snapshots[0].dbi_resource_id if self.automated_snapshots else None

    def delete_db_instance_automated_backup(self: RDSResponse) -> ActionResult:
        wanted = self.params.get("DbiResourceId")
        for backup in self.backend.describe_db_instance_automated_backups():
            if backup.dbi_resource_id == wanted:
                if backup.status != "retained":
                    raise RDSClientError("InvalidDBInstanceAutomatedBackupState", "The automated backup is in an invalid state.")
                for snapshot in backup.automated_snapshots:
                    self.backend.delete_db_snapshot(snapshot.db_snapshot_identifier)
                return ActionResult({"DBInstanceAutomatedBackup": backup})
        raise RDSClientError("DBInstanceAutomatedBackupNotFound", f"No automated backup for DbiResourceId {wanted} was found.")

    save = DBInstance.save_automated_backup

    def save_automated_backup(self: DBInstance) -> None:
        """None without retention. Names of backups have minutes, so that one of an instance before may be there."""
        stamp = utcnow().strftime("%Y-%m-%d-%H-%M")
        if self.backup_retention_period and f"rds:{self.db_instance_identifier}-{stamp}" not in self.backend.database_snapshots:
            save(self)

    DBInstance.save_automated_backup = save_automated_backup
    DBInstanceAutomatedBackup.dbi_resource_id = property(dbi_resource_id)
    RDSResponse.delete_db_instance_automated_backup = delete_db_instance_automated_backup


def restored_instance_is_not_protected() -> None:
    """RestoreDBInstanceToPointInTime takes DeletionProtection from its parameters, and none by default; moto takes the source's."""
    restore = RDSBackend.restore_db_instance_to_point_in_time

    def restore_db_instance_to_point_in_time(self: RDSBackend, source: str, target: str, overrides: dict[str, Any]) -> DBInstance:
        made = restore(self, source, target, overrides)
        made.deletion_protection = bool(overrides.get("deletion_protection"))
        return made

    RDSBackend.restore_db_instance_to_point_in_time = restore_db_instance_to_point_in_time


def instance_takes_its_interface_along() -> None:
    """The network interface of a DB instance, where it is a machine (emulator/instances/databases.py), has its security groups and ends
    with it ("Working with a DB instance in a VPC", Amazon RDS User Guide)."""
    delete, update = RDSBackend.delete_db_instance, DBInstance.update

    def delete_db_instance(self: RDSBackend, *args: Any, **named: Any) -> DBInstance:
        instance = delete(self, *args, **named)
        interface = ec2_backends[self.account_id][self.region_name].enis.pop(instance.__dict__.get("eni_id", ""), None)
        if interface is not None:
            interface.subnet.del_subnet_ip(interface.private_ip_address)
        return instance

    def instance_update(self: DBInstance, **named: Any) -> None:
        update(self, **named)
        ec2 = ec2_backends[self.account_id][self.region]
        interface = ec2.enis.get(self.__dict__.get("eni_id", ""))
        if interface is not None:
            interface._group_set = [ec2.get_security_group_from_id(group_id) for group_id in self.vpc_security_group_ids]

    RDSBackend.delete_db_instance = delete_db_instance
    DBInstance.update = instance_update
