#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rds_instances
version_added: 0.1.0
short_description: Manage RDS instances with their read replicas as one set
description:
  - Creates, changes and removes database instances in one task, from nothing or from a snapshot, with managed master passwords.
  - Requests them without waiting, unless told to wait until they are available. One that is restored is always waited for.
options:
  state:
    description: Whether the instances stand or not.
    type: str
    choices: [present, absent]
    default: present
  instances:
    description:
      - The instances. A read replica is made once its source is available, so that without O(wait) it may be left for another run.
      - With O(state=absent), those that are removed, with their read replicas in the same region; the identifier is enough.
    type: list
    elements: dict
    required: true
    suboptions:
      identifier:
        description:
          - The identifier, unique in the account and region.
          - At most 63 lower-case letters, digits and hyphens, beginning with a letter.
        type: str
        required: true
      replica_of:
        description:
          - The identifier of the instance that this one is a read replica of.
          - Engine, names, encryption and password are then those of the source.
        type: str
      snapshot_identifier:
        description:
          - The snapshot from which the instance is made. It must be encrypted, and of the same engine.
          - It counts only while the instance does not stand. Name of database and master user are then the snapshot's.
        type: str
      engine:
        description: The engine.
        type: str
        choices: [postgres, mysql]
        default: postgres
      engine_version:
        description:
          - The version, or its beginning, such as V(17). RDS then chooses the minor version and raises it.
          - A newer one that stands is no difference. A newer one that is asked for is an upgrade.
        type: str
      instance_class:
        description: The class, such as V(db.t4g.medium). Required with O(state=present).
        type: str
      allocated_storage_gib:
        description: The storage. It can only grow, and a larger one that stands is no difference.
        type: int
      max_allocated_storage_gib:
        description: Up to where RDS lets the storage grow by itself.
        type: int
      storage_type:
        description: The kind of storage.
        type: str
        choices: [gp3, gp2, io1, io2]
        default: gp3
      iops:
        description: The operations a second. Left out, those of the kind and size.
        type: int
      storage_throughput_mibps:
        description: The throughput of V(gp3). Left out, that of the size.
        type: int
      kms_key_arn:
        description: The key that encrypts the storage. It can't be changed later.
        type: str
      database_name:
        description: The database that is made with the instance. It can't be changed later.
        type: str
      master_username:
        description: The name of the master user. RDS makes the password, and keeps and rotates it in Secrets Manager.
        type: str
      master_user_secret_kms_key_arn:
        description: The key that encrypts the secret of the master user.
        type: str
      port:
        description: The port, 1150 to 65535.
        type: int
      subnet_group_name:
        description: The subnet group. It can't be changed by this module.
        type: str
      security_group_ids:
        description: The security groups.
        type: list
        elements: str
      parameter_group_name:
        description: The parameter group.
        type: str
      multi_az:
        description: Whether a standby stands in another zone.
        type: bool
        default: true
      publicly_accessible:
        description: Whether the instance has a public address.
        type: bool
        default: false
      backup_retention_days:
        description: Days that automated backups are kept, 0 to 35. Read replicas need one at least.
        type: int
      backup_window:
        description: When backups are made, in UTC, such as V(18:00-18:30).
        type: str
      maintenance_window:
        description: When changes are made that interrupt, in UTC, such as V(sun:19:00-sun:19:30).
        type: str
      copy_tags_to_snapshot:
        description: Whether snapshots get the tags of the instance.
        type: bool
        default: true
      auto_minor_version_upgrade:
        description: Whether RDS raises the minor version by itself.
        type: bool
        default: true
      deletion_protection:
        description: Whether the instance can't be deleted.
        type: bool
        default: true
      iam_authentication:
        description: Whether users can log in with IAM.
        type: bool
        default: true
      log_exports:
        description: The logs that go to CloudWatch Logs.
        type: list
        elements: str
      monitoring_interval_seconds:
        description: Seconds between two values of enhanced monitoring, 0 for none.
        type: int
        choices: [0, 1, 5, 10, 15, 30, 60]
      monitoring_role_arn:
        description: The role of enhanced monitoring.
        type: str
      performance_insights:
        description: Whether Performance Insights are on.
        type: bool
        default: true
      performance_insights_kms_key_arn:
        description: The key that encrypts them. It can't be changed later.
        type: str
      performance_insights_retention_days:
        description: "Days that they are kept: 7, 731, or a multiple of 31."
        type: int
      ca_certificate_identifier:
        description: The authority of the instance's certificate.
        type: str
        default: rds-ca-rsa2048-g1
      tags:
        description: Tags of this instance, added to O(tags).
        type: dict
        default: {}
  replica_prefix:
    description:
      - Read replicas of the instances whose identifiers begin so, and that are not given, are removed.
      - Left out, other replicas are left alone.
    type: str
  apply_immediately:
    description:
      - Whether changes that may interrupt are made at once.
      - Otherwise they wait for the maintenance window, and are no difference meanwhile.
    type: bool
    default: false
  allow_major_version_upgrade:
    description: Whether a newer major version may be asked for.
    type: bool
    default: false
  final_snapshot:
    description:
      - With O(state=absent), whether a final snapshot is taken, named after the instance and its unique id (C(DbiResourceId)), so that
        two instances that had one name have two snapshots, and an interrupted removal finds its own. Automated backups are then retained.
      - Otherwise they are removed too.
    type: bool
    default: true
  turn_off_deletion_protection:
    description: With O(state=absent), whether an instance is removed though it is protected against that.
    type: bool
    default: false
  wait:
    description: Whether to wait until the instances are available. A removal always waits.
    type: bool
    default: false
  wait_timeout:
    description: Seconds to wait for one state.
    type: int
    default: 3600
notes:
  - amazon.aws.rds_instance knows no managed master password, takes one instance a task, and fails in check mode on what is not there yet.
  - The instance is found again by its identifier, so an interrupted run completes.
  - Parameters that wait for a reboot, and changes that wait for the maintenance window, are told as warnings.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Request a database
  refarch.aws.rds_instances:
    tags: "{{ stack_tags }}"
    instances:
      - identifier: shop-staging-db
        engine_version: "17"
        instance_class: db.t4g.medium
        allocated_storage_gib: 20
        kms_key_arn: "{{ key_arns.storage }}"
        master_username: dbowner
        master_user_secret_kms_key_arn: "{{ key_arns.storage }}"
        subnet_group_name: shop-staging-db
        security_group_ids: [sg-0a1b2c3d]
        backup_retention_days: 14
"""

RETURN = r"""
instances:
  description: The instances in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    identifier: {description: The identifier., type: str, sample: shop-staging-db}
    arn: {description: The ARN., type: str, sample: "arn:aws:rds:ap-northeast-2:123456789012:db:shop-staging-db"}
    resource_id: {description: "The unique id, which policies for logins with IAM name.", type: str, sample: db-ABCDEFGHIJKLMNOPQRSTUVWXYZ}
    endpoint_address: {description: The host name., type: str}
    endpoint_port: {description: The port., type: int, sample: 15432}
    database_name: {description: The database made with the instance., type: str, sample: app}
    master_user_secret_arn: {description: The secret of the master user. Empty for replicas., type: str}
    tags: {description: All tags., type: dict, sample: {Component: database}}
final_snapshots:
  description: The identifiers of the final snapshots, with O(state=absent).
  returned: with O(state=absent)
  type: list
  elements: str
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.rds import RdsResources, is_major, is_newer
from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, from_tag_list, run, to_tag_list
from ansible_collections.refarch.aws.plugins.module_utils.unknown import UNKNOWN, has_unknown

KIND = "DB instance"
REPLICA = "read replica"
GONE = "DBInstanceNotFound"

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "instances": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "identifier": {"type": "str", "required": True},
            "replica_of": {"type": "str"},
            "snapshot_identifier": {"type": "str"},
            "engine": {"type": "str", "choices": ["postgres", "mysql"], "default": "postgres"},
            "engine_version": {"type": "str"},
            "instance_class": {"type": "str"},
            "allocated_storage_gib": {"type": "int"},
            "max_allocated_storage_gib": {"type": "int"},
            "storage_type": {"type": "str", "choices": ["gp3", "gp2", "io1", "io2"], "default": "gp3"},
            "iops": {"type": "int"},
            "storage_throughput_mibps": {"type": "int"},
            "kms_key_arn": {"type": "str", "no_log": False},
            "database_name": {"type": "str"},
            "master_username": {"type": "str"},
            "master_user_secret_kms_key_arn": {"type": "str", "no_log": False},
            "port": {"type": "int"},
            "subnet_group_name": {"type": "str"},
            "security_group_ids": {"type": "list", "elements": "str"},
            "parameter_group_name": {"type": "str"},
            "multi_az": {"type": "bool", "default": True},
            "publicly_accessible": {"type": "bool", "default": False},
            "backup_retention_days": {"type": "int"},
            "backup_window": {"type": "str"},
            "maintenance_window": {"type": "str"},
            "copy_tags_to_snapshot": {"type": "bool", "default": True},
            "auto_minor_version_upgrade": {"type": "bool", "default": True},
            "deletion_protection": {"type": "bool", "default": True},
            "iam_authentication": {"type": "bool", "default": True},
            "log_exports": {"type": "list", "elements": "str"},
            "monitoring_interval_seconds": {"type": "int", "choices": [0, 1, 5, 10, 15, 30, 60]},
            "monitoring_role_arn": {"type": "str"},
            "performance_insights": {"type": "bool", "default": True},
            "performance_insights_kms_key_arn": {"type": "str", "no_log": False},
            "performance_insights_retention_days": {"type": "int"},
            "ca_certificate_identifier": {"type": "str", "default": "rds-ca-rsa2048-g1"},
            "tags": {"type": "dict", "default": {}},
        },
    },
    "replica_prefix": {"type": "str"},
    "apply_immediately": {"type": "bool", "default": False},
    "allow_major_version_upgrade": {"type": "bool", "default": False},
    "final_snapshot": {"type": "bool", "default": True},
    "turn_off_deletion_protection": {"type": "bool", "default": False},
    "wait": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 3600},
    **TAG_OPTIONS,
}

#: The settings that can be changed: option -> the name in calls that create. ModifyDBInstance has the same, but for CHANGED_AS.
SETTINGS = {
    "engine_version": "EngineVersion",
    "instance_class": "DBInstanceClass",
    "allocated_storage_gib": "AllocatedStorage",
    "max_allocated_storage_gib": "MaxAllocatedStorage",
    "storage_type": "StorageType",
    "iops": "Iops",
    "storage_throughput_mibps": "StorageThroughput",
    "port": "Port",
    "security_group_ids": "VpcSecurityGroupIds",
    "parameter_group_name": "DBParameterGroupName",
    "multi_az": "MultiAZ",
    "publicly_accessible": "PubliclyAccessible",
    "backup_retention_days": "BackupRetentionPeriod",
    "backup_window": "PreferredBackupWindow",
    "maintenance_window": "PreferredMaintenanceWindow",
    "copy_tags_to_snapshot": "CopyTagsToSnapshot",
    "auto_minor_version_upgrade": "AutoMinorVersionUpgrade",
    "deletion_protection": "DeletionProtection",
    "iam_authentication": "EnableIAMDatabaseAuthentication",
    "log_exports": "EnableCloudwatchLogsExports",
    "monitoring_interval_seconds": "MonitoringInterval",
    "monitoring_role_arn": "MonitoringRoleArn",
    "performance_insights": "EnablePerformanceInsights",
    "performance_insights_kms_key_arn": "PerformanceInsightsKMSKeyId",
    "performance_insights_retention_days": "PerformanceInsightsRetentionPeriod",
    "ca_certificate_identifier": "CACertificateIdentifier",
}
#: What only belongs to a new instance that is no replica.
AT_CREATION = {"engine": "Engine", "database_name": "DBName", "master_username": "MasterUsername", "kms_key_arn": "KmsKeyId"}
CHANGED_AS = {"Port": "DBPortNumber", "EnableCloudwatchLogsExports": "CloudwatchLogsExportConfiguration"}
#: States in which an instance can't be changed yet (Amazon RDS User Guide, "Viewing Amazon RDS DB instance status").
COMING = ("creating", "backing-up", "modifying", "configuring-enhanced-monitoring", "configuring-iam-database-auth")
#: AWS needs these on their own: a group that names no setting by itself.
PERFORMANCE = ("PerformanceInsightsKMSKeyId", "PerformanceInsightsRetentionPeriod")


def settings_of(wanted: dict) -> dict:
    """The settings that are asked for, in the words of the calls that create."""
    found = {key: wanted[option] for option, key in SETTINGS.items() if wanted[option] is not None}
    if not found.get("EnablePerformanceInsights"):
        found = {key: value for key, value in found.items() if key not in PERFORMANCE}
    if not found.get("MonitoringInterval"):
        found.pop("MonitoringRoleArn", None)
    return found


def settings_now(instance: dict) -> dict:
    """The settings of an instance as AWS describes it, with those that are pending as if they were done."""
    pending = instance.get("PendingModifiedValues") or {}
    exports = set(instance.get("EnabledCloudwatchLogsExports") or [])
    waiting = pending.get("PendingCloudwatchLogsExports") or {}
    exports = (exports | set(waiting.get("LogTypesToEnable") or [])) - set(waiting.get("LogTypesToDisable") or [])
    now = {key: instance.get(key) for key in SETTINGS.values()}
    now |= {
        "Port": (instance.get("Endpoint") or {}).get("Port"),
        "VpcSecurityGroupIds": [group["VpcSecurityGroupId"] for group in instance.get("VpcSecurityGroups", [])],
        "DBParameterGroupName": next((group["DBParameterGroupName"] for group in instance.get("DBParameterGroups", [])), None),
        "EnableIAMDatabaseAuthentication": instance.get("IAMDatabaseAuthenticationEnabled"),
        "EnableCloudwatchLogsExports": sorted(exports),
        "EnablePerformanceInsights": instance.get("PerformanceInsightsEnabled", False),
        "MonitoringInterval": instance.get("MonitoringInterval", 0),
    }
    renamed = {"IAMDatabaseAuthenticationEnabled": "EnableIAMDatabaseAuthentication"}
    now |= {renamed.get(key, key): value for key, value in pending.items() if renamed.get(key, key) in now}
    return now


def same(key: str, now: object, wanted: object) -> bool:
    """Whether the setting *key* is as it should be."""
    if key == "EngineVersion":
        return now is not None and not is_newer(str(wanted), str(now))
    if key == "AllocatedStorage":
        return now is not None and int(now) >= int(wanted)
    if key in ("VpcSecurityGroupIds", "EnableCloudwatchLogsExports"):
        return sorted(now or []) == sorted(wanted)
    if key in ("PreferredBackupWindow", "PreferredMaintenanceWindow"):
        return str(now).lower() == str(wanted).lower()
    if key == "Port" and now is None:
        return True  # it has no endpoint yet, and was asked for when it was made
    return now == wanted


def differences(instance: dict, wanted: dict) -> dict:
    """The settings of *wanted* (in the words of creation) that *instance* lacks or has otherwise."""
    now = settings_now(instance)
    return {key: value for key, value in wanted.items() if not same(key, now.get(key), value)}


def change_parameters(changed: dict, exports: list[str]) -> dict:
    """*changed* in the words of ModifyDBInstance. *exports*: the logs that are exported now."""
    parameters = {CHANGED_AS.get(key, key): value for key, value in changed.items()}
    if "CloudwatchLogsExportConfiguration" in parameters:
        wanted = parameters["CloudwatchLogsExportConfiguration"]
        parameters["CloudwatchLogsExportConfiguration"] = {
            "EnableLogTypes": sorted(set(wanted) - set(exports)),
            "DisableLogTypes": sorted(set(exports) - set(wanted)),
        }
    return parameters


class Instances(RdsResources):
    def find(self, identifier: str) -> dict | None:
        found = self.read("rds", "describe_db_instances", "DBInstances", missing=(GONE,), DBInstanceIdentifier=identifier)
        return found[0] if found else None

    def existing(self) -> dict[str, dict]:
        """The wanted instances that stand, by identifier."""
        names = [wanted["identifier"] for wanted in self.params["instances"]]
        return {name: found for name, found in zip(names, self.each(self.find, names), strict=True) if found}

    # -- judge ---------------------------------------------------------------------------------------------------------
    def require_sound(self, wanted: dict) -> None:
        needed = ["instance_class"]
        if not wanted["replica_of"]:
            needed += ["subnet_group_name", "master_user_secret_kms_key_arn"]
            needed += [] if wanted["snapshot_identifier"] else ["engine_version", "allocated_storage_gib", "kms_key_arn", "master_username"]
        for option in needed:
            if wanted[option] is None:
                raise InvalidInput(f"instances: {wanted['identifier']} needs {option}.")
        if wanted["monitoring_interval_seconds"] and not wanted["monitoring_role_arn"]:
            raise InvalidInput(f"instances: {wanted['identifier']} needs monitoring_role_arn with monitoring_interval_seconds.")

    def require_same(self, instance: dict, wanted: dict) -> None:
        name = wanted["identifier"]
        now = {
            "engine": instance["Engine"],
            "database_name": instance.get("DBName"),
            "master_username": instance["MasterUsername"],
            "kms_key_arn": instance.get("KmsKeyId"),
            "subnet_group_name": instance.get("DBSubnetGroup", {}).get("DBSubnetGroupName"),
        }
        if wanted["replica_of"]:
            now = {}
            source = instance.get("ReadReplicaSourceDBInstanceIdentifier")
            if source != wanted["replica_of"]:
                raise InvalidInput(
                    f"instances: {name} stands, and is no read replica of {wanted['replica_of']}. Remove it, or name another."
                )
        elif wanted["snapshot_identifier"]:
            now = {option: now[option] for option in ("engine", "subnet_group_name")}
        for option, value in now.items():
            if wanted[option] is not None and not has_unknown(wanted[option]) and value != wanted[option]:
                raise InvalidInput(
                    f"instances: {name} stands with {option} {value}, and AWS can't change it to {wanted[option]}. "
                    "Give it back its value, or restore a snapshot under another identifier."
                )
        if wanted["engine_version"] and is_newer(wanted["engine_version"], instance["EngineVersion"]):
            major = is_major(wanted["engine_version"], instance["EngineVersion"], instance["Engine"])
            if major and not self.params["allow_major_version_upgrade"]:
                raise InvalidInput(
                    f"instances: {name} runs {instance['EngineVersion']}; {wanted['engine_version']} is a major upgrade, "
                    "which needs allow_major_version_upgrade."
                )
        if not wanted["replica_of"] and not instance["StorageEncrypted"]:
            raise InvalidInput(f"instances: {name} stands unencrypted, which AWS can't change. Restore an encrypted copy of its snapshot.")

    def require_snapshot(self, wanted: dict) -> None:
        """The snapshot must be one from which an encrypted instance of the engine comes."""
        name = wanted["snapshot_identifier"]
        found = self.read("rds", "describe_db_snapshots", "DBSnapshots", missing=("DBSnapshotNotFound",), DBSnapshotIdentifier=name)
        if not found:
            raise InvalidInput(
                f"instances: snapshot_identifier {name} of {wanted['identifier']} is no snapshot of this account and region."
            )
        if found[0]["Engine"] != wanted["engine"]:
            raise InvalidInput(f"instances: snapshot_identifier {name} is of engine {found[0]['Engine']}, not {wanted['engine']}.")
        if not found[0]["Encrypted"]:
            raise InvalidInput(f"instances: snapshot_identifier {name} is not encrypted. Copy it with a KMS key, and restore the copy.")

    # -- present -------------------------------------------------------------------------------------------------------
    def present(self) -> dict:
        instances = self.params["instances"]
        for wanted in instances:
            self.require_sound(wanted)
        existing = self.existing()
        for wanted in instances:
            if wanted["identifier"] in existing:
                self.require_same(existing[wanted["identifier"]], wanted)
            elif wanted["snapshot_identifier"] and not wanted["replica_of"]:
                self.require_snapshot(wanted)
        first = [wanted for wanted in instances if not wanted["replica_of"]]
        replicas = [wanted for wanted in instances if wanted["replica_of"]]
        results = {}
        for some in (first, replicas):
            found = self.each(lambda wanted: self.ensure(existing.get(wanted["identifier"]), wanted), some)
            results |= {wanted["identifier"]: result for wanted, result in zip(some, found, strict=True)}
        self.purge_replicas(existing, {wanted["identifier"] for wanted in instances})
        for result in results.values():
            self.warn_of_pending(result.pop("instance"))
        return {"instances": [results[wanted["identifier"]] for wanted in instances]}

    def ensure(self, instance: dict | None, wanted: dict) -> dict:
        name = wanted["identifier"]
        tags = {**(self.params["tags"] or {}), **wanted["tags"]}
        late: dict = {}
        if instance is None:
            if wanted["replica_of"] and not self.source_is_ready(wanted):
                return self.result(None, wanted, tags)
            made, late = self.create(wanted, tags)
            instance = None if made == UNKNOWN else made
        elif not self.params["wait"] and instance["DBInstanceStatus"] in COMING:
            return self.result(instance, wanted, tags)
        else:
            if instance["DBInstanceStatus"] in COMING and not self.check_mode:
                self.wait_available(name)
                instance = self.find(name)
            self.update(instance, wanted, tags)
        if late:
            # A restored instance is not as it should be before these are set, so this is waited for in any case.
            self.wait_available(name)
            self.change(name, late, [], at_once=True, before=None)
        if self.params["wait"] and not self.check_mode:
            self.wait_available(name)
            instance = self.find(name)
        return self.result(instance, wanted, tags)

    def source_is_ready(self, wanted: dict) -> bool:
        """Whether a replica can be made. With wait the source is waited for; a plan tells of the replica all the same."""
        if self.check_mode:
            return True
        if self.params["wait"]:
            self.wait_available(wanted["replica_of"])
            return True
        source = self.find(wanted["replica_of"])
        return source is not None and source["DBInstanceStatus"] == "available"

    def wait_available(self, name: str) -> None:
        self.wait("rds", "db_instance_available", delay=5, timeout=self.params["wait_timeout"], DBInstanceIdentifier=name)

    def accepts(self, operation: str) -> set[str]:
        client = self.client("rds")
        return set(client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation]).input_shape.members)

    def create(self, wanted: dict, tags: dict) -> tuple[dict | str, dict]:
        """(the new instance, the settings that its kind of creation does not take)."""
        name = wanted["identifier"]
        settings = settings_of(wanted)
        identity = {
            "DBInstanceIdentifier": name,
            **({"Tags": to_tag_list(tags)} if tags else {}),
        }
        secret = {"ManageMasterUserPassword": True, "MasterUserSecretKmsKeyId": wanted["master_user_secret_kms_key_arn"]}
        place = {"DBSubnetGroupName": wanted["subnet_group_name"]} if wanted["subnet_group_name"] else {}
        if wanted["replica_of"]:
            takes = self.accepts("create_db_instance_read_replica")
            given = {key: value for key, value in settings.items() if key in takes}
            # Windows and backups of a replica are the source's or AWS's choice: a replica keeps none of its own data.
            made = self.write(
                "rds", "create_db_instance_read_replica", "create", REPLICA, name, returns="DBInstance",
                SourceDBInstanceIdentifier=wanted["replica_of"], **identity, **given,
            )  # fmt: skip
            return made, {}
        if wanted["snapshot_identifier"]:
            takes = self.accepts("restore_db_instance_from_db_snapshot")
            given = {key: value for key, value in settings.items() if key in takes}
            made = self.write(
                "rds", "restore_db_instance_from_db_snapshot", "create", KIND, name, returns="DBInstance",
                DBSnapshotIdentifier=wanted["snapshot_identifier"], Engine=wanted["engine"], **identity, **place, **secret, **given,
            )  # fmt: skip
            late = {key: value for key, value in settings.items() if key not in takes and key != "EngineVersion"}
            return made, late
        first = {key: wanted[option] for option, key in AT_CREATION.items() if wanted[option] is not None}
        made = self.write(
            "rds", "create_db_instance", "create", KIND, name, returns="DBInstance", **identity, **first, **place, StorageEncrypted=True,
            **secret, **settings,
        )  # fmt: skip
        return made, {}

    def update(self, instance: dict, wanted: dict, tags: dict) -> None:
        name = wanted["identifier"]
        settings = settings_of(wanted)
        if wanted["replica_of"]:
            takes = self.accepts("create_db_instance_read_replica")
            settings = {key: value for key, value in settings.items() if key in takes}
        changed = differences(instance, settings)
        if instance.get("PerformanceInsightsEnabled") and "PerformanceInsightsKMSKeyId" in changed:
            raise InvalidInput(
                f"instances: {name} stands with performance_insights_kms_key_arn {instance.get('PerformanceInsightsKMSKeyId')}, "
                "and AWS can't change it."
            )
        if "EnablePerformanceInsights" in changed and changed["EnablePerformanceInsights"]:
            changed |= {key: settings[key] for key in PERFORMANCE if key in settings}
        secret = {} if wanted["replica_of"] else self.secret_changes(instance, wanted)
        if changed or secret:
            now = settings_now(instance)
            exports = now["EnableCloudwatchLogsExports"]
            major = "EngineVersion" in changed and is_major(changed["EngineVersion"], instance["EngineVersion"], instance["Engine"])
            more = {**secret, **({"AllowMajorVersionUpgrade": True} if major else {})}
            self.change(name, changed, exports, self.params["apply_immediately"], {key: now.get(key) for key in changed}, more)
        self.ensure_tags(KIND, name, instance["DBInstanceArn"], from_tag_list(instance.get("TagList")), tags)

    def secret_changes(self, instance: dict, wanted: dict) -> dict:
        """RDS must keep the master password, encrypted with the right key."""
        key = wanted["master_user_secret_kms_key_arn"]
        now = instance.get("MasterUserSecret") or {}
        if now and (now.get("KmsKeyId") == key or has_unknown(key)):
            return {}
        return {"ManageMasterUserPassword": True, "MasterUserSecretKmsKeyId": key}

    def change(self, name: str, changed: dict, exports: list[str], at_once: bool, before: dict | None, more: dict | None = None) -> None:
        self.write(
            "rds", "modify_db_instance", "update", KIND, name, before=before, after=changed, DBInstanceIdentifier=name,
            **change_parameters(changed, exports), **(more or {}), ApplyImmediately=at_once,
        )  # fmt: skip

    def result(self, instance: dict | None, wanted: dict, tags: dict) -> dict:
        instance = instance or {}
        endpoint = instance.get("Endpoint") or {}
        secret = "" if wanted["replica_of"] else instance.get("MasterUserSecret", {}).get("SecretArn", UNKNOWN)
        return {
            "identifier": wanted["identifier"],
            "arn": instance.get("DBInstanceArn", UNKNOWN),
            "resource_id": instance.get("DbiResourceId", UNKNOWN),
            "endpoint_address": endpoint.get("Address", UNKNOWN),
            "endpoint_port": endpoint.get("Port", UNKNOWN),
            "database_name": instance.get("DBName", wanted["database_name"] or ""),
            "master_user_secret_arn": secret,
            "tags": tags,
            "instance": instance,
        }

    def warn_of_pending(self, instance: dict) -> None:
        name = instance.get("DBInstanceIdentifier")
        groups = instance.get("DBParameterGroups", [])
        waiting = [group["DBParameterGroupName"] for group in groups if group["ParameterApplyStatus"] == "pending-reboot"]
        if waiting:
            self.module.warn(f"{name}: parameters of {', '.join(waiting)} wait for a reboot.")
        pending = instance.get("PendingModifiedValues")
        if pending and instance.get("DBInstanceStatus") == "available":
            self.module.warn(f"{name}: {', '.join(sorted(pending))} will change in the maintenance window.")

    def purge_replicas(self, existing: dict[str, dict], wanted: set[str]) -> None:
        prefix = self.params["replica_prefix"]
        if not prefix:
            return
        standing = [name for instance in existing.values() for name in instance.get("ReadReplicaDBInstanceIdentifiers", [])]
        self.each(self.delete_replica, sorted(name for name in set(standing) - wanted if name.startswith(prefix)))

    # -- absent --------------------------------------------------------------------------------------------------------
    def absent(self) -> dict:
        existing = self.existing()
        guarded = sorted(name for name, instance in existing.items() if instance["DeletionProtection"])
        if guarded and not self.params["turn_off_deletion_protection"]:
            raise InvalidInput(
                f"instances: {', '.join(guarded)} has deletion protection. Turn it off first, or set turn_off_deletion_protection."
            )
        # ARNs are of replicas in other regions: RDS makes them stand alone.
        own = {name for one in existing.values() for name in one.get("ReadReplicaDBInstanceIdentifiers", []) if not name.startswith("arn:")}
        replicas = own | {name for name, one in existing.items() if one.get("ReadReplicaSourceDBInstanceIdentifier")}
        self.each(self.delete_replica, sorted(replicas))
        # RDS would make replicas stand alone whose source goes before them.
        self.each(self.wait_deleted, sorted(replicas))
        others = sorted(existing.keys() - replicas)
        snapshots = self.each(lambda name: self.delete(existing[name]), others)
        self.each(self.wait_deleted, others)
        if not self.params["final_snapshot"]:
            self.delete_backups()
        return {"instances": [], "final_snapshots": [name for name in snapshots if name]}

    def ready_to_go(self, instance: dict) -> bool:
        """Whether *instance* is still to be deleted; one that is coming can't be changed, and is waited for. Turns off protection."""
        name, status = instance["DBInstanceIdentifier"], instance["DBInstanceStatus"]
        if status == "deleting":
            return False
        if status in COMING:
            self.wait_available(name)
        if instance["DeletionProtection"]:
            self.write(
                "rds", "modify_db_instance", "update", KIND, name, before={"DeletionProtection": True}, after={"DeletionProtection": False},
                missing=(GONE,), DBInstanceIdentifier=name, DeletionProtection=False, ApplyImmediately=True,
            )  # fmt: skip
        return True

    def delete_replica(self, name: str) -> None:
        instance = self.find(name)
        if instance and self.ready_to_go(instance):
            self.write(
                "rds", "delete_db_instance", "delete", REPLICA, name, missing=(GONE,), DBInstanceIdentifier=name, SkipFinalSnapshot=True,
                DeleteAutomatedBackups=True,
            )  # fmt: skip

    def delete(self, instance: dict) -> str | None:
        name = instance["DBInstanceIdentifier"]
        if not self.ready_to_go(instance):
            return None
        snapshot = f"{name}-final-{instance['DbiResourceId'].removeprefix('db-').lower()}"
        last = {"FinalDBSnapshotIdentifier": snapshot} if self.params["final_snapshot"] else {}
        self.write(
            "rds", "delete_db_instance", "delete", KIND, name, missing=(GONE,), DBInstanceIdentifier=name,
            SkipFinalSnapshot=not last, **last, DeleteAutomatedBackups=not last,
        )  # fmt: skip
        return snapshot if last else None

    def wait_deleted(self, name: str) -> None:
        self.wait("rds", "db_instance_deleted", delay=5, timeout=self.params["wait_timeout"], DBInstanceIdentifier=name)

    def delete_backups(self) -> None:
        """Automated backups that outlived an instance that was removed otherwise."""
        names = [wanted["identifier"] for wanted in self.params["instances"]]
        missing = ("DBInstanceAutomatedBackupNotFound",)

        def ask(name):
            operation = "describe_db_instance_automated_backups"
            return self.read("rds", operation, "DBInstanceAutomatedBackups", missing=missing, DBInstanceIdentifier=name)

        answers = self.each(ask, names)
        for backup in [backup for answer in answers for backup in answer if backup.get("Status") == "retained"]:
            self.write(
                "rds", "delete_db_instance_automated_backup", "delete", "automated backup", backup["DBInstanceIdentifier"],
                missing=missing, DbiResourceId=backup["DbiResourceId"],
            )  # fmt: skip


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Instances)


if __name__ == "__main__":
    main()
