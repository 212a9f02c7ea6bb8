"""Checks the settings of the backups through boto3, and that they cover all data; ``--absent`` that nothing is left.

Sentences on failure, exit code 1.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator

import boto3
from botocore.exceptions import ClientError

PREFIX = os.environ.get("STACK_PREFIX", "shop-staging")
REGION = os.environ.get("AWS_REGION", "ap-northeast-2")
PROJECT, ENVIRONMENT = PREFIX.rsplit("-", 1)
VAULT = f"{PREFIX}-backup"
TESTING = f"{PREFIX}_restore".replace("-", "_")
ROLES = (f"{PREFIX}-backup", f"{PREFIX}-backup-restore")
TAGS = {"Project", "Environment", "Component", "ManagedBy"}
#: What holds data, as the tagging API names it. Of the buckets, logs, artifacts and transfers can be made again.
DATA = ("rds:db", "rds:cluster", "dynamodb:table", "elasticfilesystem:file-system", "s3")
NO_DATA = ("-log-", "-artifact-", "-transfer-")

failures: list[str] = []
backup = boto3.client("backup", region_name=REGION)
iam = boto3.client("iam", region_name=REGION)
rds = boto3.client("rds", region_name=REGION)
tagging = boto3.client("resourcegroupstaggingapi", region_name=REGION)


def check(what: str, ok: bool, found: object = "") -> None:
    print(f"{'ok    ' if ok else 'FAILED'} {what}")
    if not ok:
        failures.append(f"{what}: found {found!r}.")


def vaults() -> list[dict]:
    return [vault for vault in backup.list_backup_vaults()["BackupVaultList"] if vault["BackupVaultName"].startswith(f"{PREFIX}-")]


def plans() -> list[dict]:
    return [plan for plan in backup.list_backup_plans()["BackupPlansList"] if plan["BackupPlanName"].startswith(f"{PREFIX}-")]


def tests() -> list[dict]:
    return [plan for plan in backup.list_restore_testing_plans()["RestoreTestingPlans"] if plan["RestoreTestingPlanName"] == TESTING]


def tagged(what: str, arn: str) -> None:
    found = set(backup.list_tags(ResourceArn=arn)["Tags"])
    check(f"{what}: tags", found >= TAGS, found)


def vault_is_strict() -> None:
    found = vaults()
    check("one vault", len(found) == 1, found)
    for vault in found:
        name = {"BackupVaultName": vault["BackupVaultName"]}
        check("vault: encrypted with a customer key [Backup.1]", ":key/" in vault.get("EncryptionKeyArn", ""), vault)
        tagged("vault", vault["BackupVaultArn"])
        statements = json.loads(backup.get_backup_vault_access_policy(**name)["Policy"])["Statement"]
        foreign = [s for s in statements if s["Effect"] == "Deny" and "aws:PrincipalAccount" in s["Condition"].get("StringNotEquals", {})]
        check(
            "vault: nobody of another account deletes", bool(foreign) and "backup:DeleteRecoveryPoint" in foreign[0]["Action"], statements
        )
        told = backup.get_backup_vault_notifications(**name)
        check("vault: tells the critical topic", told["SNSTopicArn"].endswith(f":{PREFIX}-critical"), told)
        check("vault: tells of failed copies", "COPY_JOB_FAILED" in told["BackupVaultEvents"], told)
    preference = backup.describe_region_settings()["ResourceTypeOptInPreference"]
    lacking = [kind for kind in ("RDS", "S3", "DynamoDB", "EBS", "EFS") if not preference.get(kind)]
    check("region: opted in to what holds data", not lacking, lacking)


def plan_is_strict() -> dict[str, str]:
    """Checks the plan; the tags by which it selects."""
    found = plans()
    check("one plan", len(found) == 1, found)
    selected: dict[str, str] = {}
    for plan in found:
        plan_id = {"BackupPlanId": plan["BackupPlanId"]}
        rules = {rule["RuleName"]: rule for rule in backup.get_backup_plan(**plan_id)["BackupPlan"]["Rules"]}
        kept = {name: rule["Lifecycle"]["DeleteAfterDays"] for name, rule in rules.items()}
        check("plan: daily for 35 days, monthly for a year", kept == {"daily": 35, "monthly": 365}, kept)
        check("plan: into the vault", {rule["TargetBackupVaultName"] for rule in rules.values()} == {VAULT}, rules)
        tagged("plan", plan["BackupPlanArn"])
        for item in backup.list_backup_selections(**plan_id)["BackupSelectionsList"]:
            selection = backup.get_backup_selection(**plan_id, SelectionId=item["SelectionId"])["BackupSelection"]
            selected |= {tag["ConditionKey"]: tag["ConditionValue"] for tag in selection["ListOfTags"]}
            check("selection: with the role that backs up", selection["IamRoleArn"].endswith(f"/{ROLES[0]}"), selection)
        check("plan: selects by the stack's tag", selected == {"Backup": PREFIX}, selected)
    return selected


def data() -> Iterator[tuple[str, dict[str, str]]]:
    """ARN and tags of all that holds data: what carries the stack's tags, and databases by their names, tagged or not."""
    filters = [{"Key": "Project", "Values": [PROJECT]}, {"Key": "Environment", "Values": [ENVIRONMENT]}]
    for page in tagging.get_paginator("get_resources").paginate(TagFilters=filters, ResourceTypeFilters=list(DATA)):
        for found in page["ResourceTagMappingList"]:
            if ":s3:::" not in found["ResourceARN"] or not any(part in found["ResourceARN"] for part in NO_DATA):
                yield found["ResourceARN"], {tag["Key"]: tag["Value"] for tag in found["Tags"]}
    for instance in rds.describe_db_instances()["DBInstances"]:
        if instance["DBInstanceIdentifier"].startswith(f"{PREFIX}-") and not instance.get("ReadReplicaSourceDBInstanceIdentifier"):
            yield instance["DBInstanceArn"], {tag["Key"]: tag["Value"] for tag in instance.get("TagList", [])}


def all_data_is_covered(selected: dict[str, str]) -> None:
    found = dict(data())
    check("something holds data", bool(found), found)
    for arn, tags in found.items():
        covered = any(tags.get(key) == value for key, value in selected.items())
        check(f"backed up: {arn}", covered, tags)


def restores_are_tested() -> None:
    found = tests()
    check("one restore testing plan", len(found) == 1, found)
    for summary in found:
        plan = backup.get_restore_testing_plan(RestoreTestingPlanName=TESTING)["RestoreTestingPlan"]
        check("restore testing: weekly", "SUN" in plan["ScheduleExpression"], plan)
        check(
            "restore testing: of this vault",
            [a.rpartition(":")[2] for a in plan["RecoveryPointSelection"]["IncludeVaults"]] == [VAULT],
            plan,
        )
        tagged("restore testing", summary["RestoreTestingPlanArn"])
        selections = backup.list_restore_testing_selections(RestoreTestingPlanName=TESTING)["RestoreTestingSelections"]
        check("restore testing: databases and buckets", {item["ProtectedResourceType"] for item in selections} == {"RDS", "S3"}, selections)
        roles = {item["IamRoleArn"].rpartition("/")[2] for item in selections}
        check("restore testing: with the role that restores", roles == {ROLES[1]}, roles)


def roles_are_bounded() -> None:
    for name in ROLES:
        role = iam.get_role(RoleName=name)["Role"]
        check(f"role {name}: within a boundary", "PermissionsBoundary" in role, role)
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        check(f"role {name}: for this account", "aws:SourceAccount" in statement["Condition"]["StringEquals"], statement)
        attached = [policy["PolicyName"] for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]]
        wrong = [policy for policy in attached if ("Restore" in policy) != (name == ROLES[1])]
        check(f"role {name}: only what it is for", len(attached) == 2 and not wrong, attached)


def absent() -> None:
    check("no vault left", vaults() == [], vaults())
    check("no plan left", plans() == [], plans())
    check("no restore testing left", tests() == [], tests())
    for name in ROLES:
        try:
            check(f"no role {name} left", False, iam.get_role(RoleName=name)["Role"]["Arn"])
        except ClientError:
            check(f"no role {name} left", True)


if "--absent" in sys.argv:
    absent()
else:
    vault_is_strict()
    all_data_is_covered(plan_is_strict())
    restores_are_tested()
    roles_are_bounded()
if failures:
    sys.exit("\n".join(failures))
