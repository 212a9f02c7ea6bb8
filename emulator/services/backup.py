"""Backup: vaults with policies, notifications and recovery points, plans with selections, restore testing, and a region's settings."""

from __future__ import annotations

import json
import uuid
from typing import Any
from urllib.parse import unquote

from moto.backup import urls
from moto.backup.exceptions import (
    AlreadyExistsException,
    InvalidParameterValueException,
    InvalidRequestException,
    ResourceNotFoundException,
)
from moto.backup.models import BackupBackend, Plan, Vault
from moto.backup.responses import BackupResponse
from moto.core.exceptions import JsonRESTError
from moto.core.utils import unix_time

#: "DescribeRegionSettings" (AWS Backup API Reference): what a new account has turned on. A type that is not here is unknown.
OPT_IN = {
    "Aurora": True,
    "CloudFormation": True,
    "DocumentDB": True,
    "DynamoDB": True,
    "EBS": True,
    "EC2": True,
    "EFS": True,
    "EKS": False,
    "FSx": True,
    "Neptune": True,
    "RDS": True,
    "Redshift": False,
    "Redshift Serverless": False,
    "S3": False,
    "SAP HANA on Amazon EC2": False,
    "Storage Gateway": True,
    "Timestream": False,
    "VirtualMachine": False,
}

PATHS = (
    "/account-settings$",
    "/backup-jobs$",
    "/backup-jobs/(?P<backupJobId>[^/]+)$",
    "/backup-vaults/(?P<backupVaultName>[^/]+)/access-policy$",
    "/backup-vaults/(?P<backupVaultName>[^/]+)/notification-configuration$",
    "/backup-vaults/(?P<backupVaultName>[^/]+)/recovery-points/$",
    "/backup-vaults/(?P<backupVaultName>[^/]+)/recovery-points/(?P<recoveryPointArn>.+)$",
    "/restore-testing/plans$",
    "/restore-testing/plans/(?P<RestoreTestingPlanName>[^/]+)$",
    "/restore-testing/plans/(?P<RestoreTestingPlanName>[^/]+)/selections$",
    "/restore-testing/plans/(?P<RestoreTestingPlanName>[^/]+)/selections/(?P<RestoreTestingSelectionName>[^/]+)$",
)


def apply() -> None:
    urls.url_paths.update({f"{{0}}{path}": BackupResponse.dispatch for path in PATHS})
    a_vault_is_described_to_whom_it_exists()
    a_vault_has_a_policy_and_notifications()
    a_vault_holds_recovery_points()
    a_plan_is_updated_and_gone_when_deleted()
    a_plan_has_selections()
    restore_testing_has_plans_and_selections()
    a_region_has_settings()
    tags_are_of_what_stands()


def _kept(backend: BackupBackend, name: str) -> dict[str, Any]:
    """A dictionary of ours in moto's backend, so that it is saved and reset with it."""
    return backend.__dict__.setdefault(f"_emulator_{name}", {})


def _param(response: BackupResponse, name: str) -> str:
    return unquote(response._get_param(name) or "")


def _body(response: BackupResponse) -> dict[str, Any]:
    return json.loads(response.body) if response.body else {}


def _vault(response: BackupResponse) -> Vault:
    name = _param(response, "backupVaultName")
    if name not in response.backup_backend.vaults:
        raise ResourceNotFoundException(f"Backup vault {name} does not exist")
    return response.backup_backend.vaults[name]


def a_vault_is_described_to_whom_it_exists() -> None:
    """DescribeBackupVault of none is AccessDeniedException, as at AWS; of one it tells the key, its points and its lock."""

    def describe_backup_vault(self: BackupResponse) -> str:
        name = _param(self, "backupVaultName")
        if name not in self.backup_backend.vaults:
            raise JsonRESTError("AccessDeniedException", "Insufficient privileges to perform this action.")
        return json.dumps(self.backup_backend.vaults[name].to_list_dict())

    listed = Vault.to_list_dict

    def to_list_dict(self: Vault) -> dict[str, Any]:
        return {**listed(self), "VaultType": "BACKUP_VAULT", "VaultState": "AVAILABLE", "EncryptionKeyType": "CUSTOMER_MANAGED_KMS_KEY"}

    BackupResponse.describe_backup_vault = describe_backup_vault
    Vault.to_list_dict = to_list_dict


def a_vault_has_a_policy_and_notifications() -> None:
    """Put, Get and Delete of a vault's access policy and notifications; Get of none is ResourceNotFoundException."""

    def put_backup_vault_access_policy(self: BackupResponse) -> str:
        _kept(self.backup_backend, "policies")[_vault(self).backup_vault_name] = _body(self)["Policy"]
        return "{}"

    def get_backup_vault_access_policy(self: BackupResponse) -> str:
        vault, policies = _vault(self), _kept(self.backup_backend, "policies")
        if vault.backup_vault_name not in policies:
            raise ResourceNotFoundException("Failed reading the access policy of the vault")
        return json.dumps({**vault.to_dict(), "Policy": policies[vault.backup_vault_name]})

    def delete_backup_vault_access_policy(self: BackupResponse) -> str:
        _kept(self.backup_backend, "policies").pop(_vault(self).backup_vault_name, None)
        return "{}"

    def put_backup_vault_notifications(self: BackupResponse) -> str:
        given = _body(self)
        _kept(self.backup_backend, "notifications")[_vault(self).backup_vault_name] = {
            "SNSTopicArn": given["SNSTopicArn"],
            "BackupVaultEvents": given["BackupVaultEvents"],
        }
        return "{}"

    def get_backup_vault_notifications(self: BackupResponse) -> str:
        vault, notifications = _vault(self), _kept(self.backup_backend, "notifications")
        if vault.backup_vault_name not in notifications:
            raise ResourceNotFoundException("Failed reading notifications of the vault")
        return json.dumps({**vault.to_dict(), **notifications[vault.backup_vault_name]})

    def delete_backup_vault_notifications(self: BackupResponse) -> str:
        _kept(self.backup_backend, "notifications").pop(_vault(self).backup_vault_name, None)
        return "{}"

    for answer in (
        put_backup_vault_access_policy,
        get_backup_vault_access_policy,
        delete_backup_vault_access_policy,
        put_backup_vault_notifications,
        get_backup_vault_notifications,
        delete_backup_vault_notifications,
    ):
        setattr(BackupResponse, answer.__name__, answer)


def a_vault_holds_recovery_points() -> None:
    """StartBackupJob leaves a recovery point at once; a vault that holds one is not deleted, and what is deleted leaves nothing."""
    delete = BackupBackend.delete_backup_vault

    def points(backend: BackupBackend, vault: str) -> dict[str, Any]:
        return _kept(backend, "points").setdefault(vault, {})

    def start_backup_job(self: BackupResponse) -> str:
        given, backend = _body(self), self.backup_backend
        vault = backend.vaults.get(given["BackupVaultName"])
        if vault is None:
            raise ResourceNotFoundException(f"Backup vault {given['BackupVaultName']} does not exist")
        arn = f"arn:aws:backup:{backend.region_name}:{backend.account_id}:recovery-point:{uuid.uuid4()}"
        points(backend, vault.backup_vault_name)[arn] = {
            "RecoveryPointArn": arn,
            "BackupVaultName": vault.backup_vault_name,
            "BackupVaultArn": vault.backup_vault_arn,
            "ResourceArn": given["ResourceArn"],
            "IamRoleArn": given["IamRoleArn"],
            "Status": "COMPLETED",
            "CreationDate": unix_time(),
            "IsEncrypted": True,
        }
        vault.num_of_recovery_points += 1
        return json.dumps({"BackupJobId": str(uuid.uuid4()), "RecoveryPointArn": arn, "CreationDate": unix_time()})

    def list_recovery_points_by_backup_vault(self: BackupResponse) -> str:
        return json.dumps({"RecoveryPoints": list(points(self.backup_backend, _vault(self).backup_vault_name).values())})

    def delete_recovery_point(self: BackupResponse) -> str:
        vault, arn = _vault(self), _param(self, "recoveryPointArn")
        if points(self.backup_backend, vault.backup_vault_name).pop(arn, None) is None:
            raise ResourceNotFoundException(f"Cannot find recovery point: {arn}")
        vault.num_of_recovery_points -= 1
        return "{}"

    def delete_backup_vault(self: BackupBackend, backup_vault_name: str) -> None:
        if backup_vault_name not in self.vaults:
            raise ResourceNotFoundException(f"Backup vault {backup_vault_name} does not exist")
        if points(self, backup_vault_name):
            raise InvalidRequestException("Backup vault cannot be deleted because it contains recovery points.")
        self.tagger.delete_all_tags_for_resource(self.vaults[backup_vault_name].backup_vault_arn)
        for kind in ("policies", "notifications", "points"):
            _kept(self, kind).pop(backup_vault_name, None)
        delete(self, backup_vault_name)

    BackupResponse.start_backup_job = start_backup_job
    BackupResponse.list_recovery_points_by_backup_vault = list_recovery_points_by_backup_vault
    BackupResponse.delete_recovery_point = delete_recovery_point
    BackupBackend.delete_backup_vault = delete_backup_vault


def a_plan_is_updated_and_gone_when_deleted() -> None:
    """UpdateBackupPlan replaces the plan as a new version; a plan with selections is not deleted, and a deleted one is gone."""
    delete, init = BackupBackend.delete_backup_plan, Plan.__init__

    def update_backup_plan(self: BackupResponse) -> str:
        plan = self.backup_backend.get_backup_plan(_param(self, "backupPlanId"), None)
        fresh = Plan.__new__(Plan)
        init(fresh, _body(self)["BackupPlan"], plan.creator_request_id, self.backup_backend)
        plan.backup_plan, plan.version_id = fresh.backup_plan, fresh.version_id
        plan.advanced_backup_settings = fresh.advanced_backup_settings
        return json.dumps(plan.to_dict())

    def delete_backup_plan(self: BackupBackend, backup_plan_id: str) -> tuple[str, str, float, str]:
        if _kept(self, "selections").get(backup_plan_id):
            raise InvalidRequestException("Related backup plan selections must be deleted prior to backup plan deletion")
        answer = delete(self, backup_plan_id)
        self.tagger.delete_all_tags_for_resource(answer[1])
        del self.plans[backup_plan_id]
        return answer

    BackupResponse.update_backup_plan = update_backup_plan
    BackupBackend.delete_backup_plan = delete_backup_plan


def a_plan_has_selections() -> None:
    """Selections of a plan: made once by name, listed, told, deleted."""

    def selections(response: BackupResponse) -> dict[str, Any]:
        plan = response.backup_backend.get_backup_plan(_param(response, "backupPlanId"), None)
        return _kept(response.backup_backend, "selections").setdefault(plan.backup_plan_id, {})

    def create_backup_selection(self: BackupResponse) -> str:
        given, standing = _body(self), selections(self)
        selection = given["BackupSelection"]
        if selection["SelectionName"] in [item["BackupSelection"]["SelectionName"] for item in standing.values()]:
            raise AlreadyExistsException("Backup selection with the same name already exists")
        made = {
            "SelectionId": str(uuid.uuid4()),
            "BackupPlanId": _param(self, "backupPlanId"),
            "CreationDate": unix_time(),
            "CreatorRequestId": given.get("CreatorRequestId"),
        }
        complete = {"Resources": [], "NotResources": [], "ListOfTags": [], "Conditions": {}, **selection}
        standing[made["SelectionId"]] = {**made, "BackupSelection": complete}
        return json.dumps(made)

    def list_backup_selections(self: BackupResponse) -> str:
        found = [
            {**item, "SelectionName": item["BackupSelection"]["SelectionName"], "IamRoleArn": item["BackupSelection"]["IamRoleArn"]}
            for item in selections(self).values()
        ]
        return json.dumps({"BackupSelectionsList": [{k: v for k, v in item.items() if k != "BackupSelection"} for item in found]})

    def known(response: BackupResponse) -> str:
        selection_id = _param(response, "selectionId")
        if selection_id not in selections(response):
            # AWS says so for a missing selection, not ResourceNotFoundException ("GetBackupSelection").
            raise InvalidParameterValueException("Cannot find Backup plan selection")
        return selection_id

    def get_backup_selection(self: BackupResponse) -> str:
        return json.dumps(selections(self)[known(self)])

    def delete_backup_selection(self: BackupResponse) -> str:
        del selections(self)[known(self)]
        return "{}"

    for answer in (create_backup_selection, list_backup_selections, get_backup_selection, delete_backup_selection):
        setattr(BackupResponse, answer.__name__, answer)


def restore_testing_has_plans_and_selections() -> None:
    """Restore testing plans and their selections: made once by name, told, updated by what is given, deleted when empty."""

    def plans(response: BackupResponse) -> dict[str, Any]:
        return _kept(response.backup_backend, "restore_testing")

    def plan_of(response: BackupResponse) -> dict[str, Any]:
        name = _param(response, "RestoreTestingPlanName")
        if name not in plans(response):
            raise ResourceNotFoundException(f"Restore testing plan {name} does not exist")
        return plans(response)[name]

    def summary(plan: dict[str, Any]) -> dict[str, Any]:
        return {key: plan[key] for key in ("CreationTime", "RestoreTestingPlanArn", "RestoreTestingPlanName")}

    def create_restore_testing_plan(self: BackupResponse) -> str:
        given, backend = _body(self), self.backup_backend
        plan = given["RestoreTestingPlan"]
        name = plan["RestoreTestingPlanName"]
        if name in plans(self):
            raise AlreadyExistsException(f"Restore testing plan {name} already exists")
        arn = f"arn:aws:backup:{backend.region_name}:{backend.account_id}:restore-testing-plan:{name}-{uuid.uuid4()}"
        plans(self)[name] = {
            "ScheduleExpressionTimezone": "Etc/UTC",
            "StartWindowHours": 24,
            **plan,
            "CreationTime": unix_time(),
            "RestoreTestingPlanArn": arn,
            "Selections": {},
        }
        recovery = plans(self)[name]["RecoveryPointSelection"]
        recovery.setdefault("SelectionWindowDays", 30)
        recovery.setdefault("ExcludeVaults", [])
        backend.tag_resource(arn, given.get("Tags") or {})
        return json.dumps(summary(plans(self)[name]))

    def get_restore_testing_plan(self: BackupResponse) -> str:
        plan = {key: value for key, value in plan_of(self).items() if key != "Selections"}
        return json.dumps({"RestoreTestingPlan": plan})

    def list_restore_testing_plans(self: BackupResponse) -> str:
        hidden = ("Selections", "RecoveryPointSelection")
        found = [{key: value for key, value in plan.items() if key not in hidden} for plan in plans(self).values()]
        return json.dumps({"RestoreTestingPlans": found})

    def update_restore_testing_plan(self: BackupResponse) -> str:
        plan, given = plan_of(self), _body(self)["RestoreTestingPlan"]
        recovery = {**plan["RecoveryPointSelection"], **given.get("RecoveryPointSelection", {})}
        plan.update({**given, "RecoveryPointSelection": recovery})
        return json.dumps({**summary(plan), "UpdateTime": unix_time()})

    def delete_restore_testing_plan(self: BackupResponse) -> str:
        plan = plan_of(self)
        if plan["Selections"]:
            raise InvalidRequestException("Related restore testing selections must be deleted prior to the plan.")
        self.backup_backend.tagger.delete_all_tags_for_resource(plan["RestoreTestingPlanArn"])
        del plans(self)[plan["RestoreTestingPlanName"]]
        return "{}"

    def selection_of(response: BackupResponse) -> dict[str, Any]:
        name = _param(response, "RestoreTestingSelectionName")
        if name not in plan_of(response)["Selections"]:
            raise ResourceNotFoundException(f"Restore testing selection {name} does not exist")
        return plan_of(response)["Selections"][name]

    def told(plan: dict[str, Any], selection: dict[str, Any]) -> dict[str, Any]:
        return {**summary(plan), "RestoreTestingSelectionName": selection["RestoreTestingSelectionName"]}

    def create_restore_testing_selection(self: BackupResponse) -> str:
        plan, selection = plan_of(self), _body(self)["RestoreTestingSelection"]
        name = selection["RestoreTestingSelectionName"]
        if name in plan["Selections"]:
            raise AlreadyExistsException(f"Restore testing selection {name} already exists")
        plan["Selections"][name] = {
            "ValidationWindowHours": 0,
            "RestoreMetadataOverrides": {},
            **selection,
            "RestoreTestingPlanName": plan["RestoreTestingPlanName"],
            "CreationTime": unix_time(),
        }
        return json.dumps(told(plan, selection))

    def get_restore_testing_selection(self: BackupResponse) -> str:
        return json.dumps({"RestoreTestingSelection": selection_of(self)})

    def list_restore_testing_selections(self: BackupResponse) -> str:
        shown = (
            "CreationTime", "IamRoleArn", "ProtectedResourceType", "RestoreTestingPlanName", "RestoreTestingSelectionName",
            "ValidationWindowHours",
        )  # fmt: skip
        found = [{key: item[key] for key in shown} for item in plan_of(self)["Selections"].values()]
        return json.dumps({"RestoreTestingSelections": found})

    def update_restore_testing_selection(self: BackupResponse) -> str:
        selection = selection_of(self)
        selection.update(_body(self)["RestoreTestingSelection"])
        return json.dumps({**told(plan_of(self), selection), "UpdateTime": unix_time()})

    def delete_restore_testing_selection(self: BackupResponse) -> str:
        del plan_of(self)["Selections"][selection_of(self)["RestoreTestingSelectionName"]]
        return "{}"

    for answer in (
        create_restore_testing_plan,
        get_restore_testing_plan,
        list_restore_testing_plans,
        update_restore_testing_plan,
        delete_restore_testing_plan,
        create_restore_testing_selection,
        get_restore_testing_selection,
        list_restore_testing_selections,
        update_restore_testing_selection,
        delete_restore_testing_selection,
    ):
        setattr(BackupResponse, answer.__name__, answer)


def a_region_has_settings() -> None:
    """DescribeRegionSettings and UpdateRegionSettings: the types of resources that the account has opted in to."""

    def describe_region_settings(self: BackupResponse) -> str:
        preference = {**OPT_IN, **_kept(self.backup_backend, "opt_in")}
        return json.dumps({"ResourceTypeOptInPreference": preference, "ResourceTypeManagementPreference": {"DynamoDB": True, "EFS": True}})

    def update_region_settings(self: BackupResponse) -> str:
        given = _body(self).get("ResourceTypeOptInPreference", {})
        unknown = sorted(set(given) - set(OPT_IN))
        if unknown:
            raise InvalidParameterValueException(f"Unsupported resource type: {unknown[0]}")
        _kept(self.backup_backend, "opt_in").update(given)
        return "{}"

    BackupResponse.describe_region_settings = describe_region_settings
    BackupResponse.update_region_settings = update_region_settings


def tags_are_of_what_stands() -> None:
    """ListTags of what does not stand is ResourceNotFoundException. The path may end with a slash (botocore) or not (the SDK for Go)."""
    listed = BackupBackend.list_tags

    def tags_at_path(self: BackupResponse) -> str:
        arn = unquote(self.path.partition("/tags/")[2]).rstrip("/")
        return json.dumps({"Tags": self.backup_backend.list_tags(resource_arn=arn)})

    def list_tags(self: BackupBackend, resource_arn: str) -> dict[str, str]:
        standing = {vault.backup_vault_arn for vault in self.vaults.values()} | {plan.backup_plan_arn for plan in self.plans.values()}
        standing |= {plan["RestoreTestingPlanArn"] for plan in _kept(self, "restore_testing").values()}
        standing |= {plan.report_plan_arn for plan in self.report_plans.values()}
        if resource_arn not in standing:
            raise ResourceNotFoundException(f"Resource {resource_arn} does not exist")
        return listed(self, resource_arn)

    BackupBackend.list_tags = list_tags
    BackupResponse.list_tags = tags_at_path
