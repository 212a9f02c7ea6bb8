"""What AWS Backup refuses."""

from __future__ import annotations

import json
import re
from typing import Any

from emulator.strict import Context, rule, tags

RULE = {"RuleName": "daily", "TargetBackupVaultName": "shop"}
ROLE = "arn:aws:iam::123456789012:role/refarch/backup"
SELECTION = {"SelectionName": "tagged", "IamRoleArn": ROLE}
TAG = {"ConditionType": "STRINGEQUALS", "ConditionKey": "Backup", "ConditionValue": "shop"}
TESTING = {
    "RestoreTestingPlanName": "shop_weekly",
    "ScheduleExpression": "cron(0 20 ? * SUN *)",
    "RecoveryPointSelection": {"Algorithm": "LATEST_WITHIN_WINDOW", "IncludeVaults": ["*"], "RecoveryPointTypes": ["SNAPSHOT"]},
}
TESTED = {"RestoreTestingSelectionName": "rds", "IamRoleArn": ROLE, "ProtectedResourceType": "RDS", "ProtectedResourceArns": ["*"]}
#: "RestoreTestingSelectionForCreate" (AWS Backup API Reference).
TESTABLE = ("Aurora", "DocumentDB", "DynamoDB", "EBS", "EC2", "EFS", "FSx", "Neptune", "RDS", "S3")


def _plan(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"BackupPlan": {"BackupPlanName": "shop", "Rules": list(rules)}}


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@rule(
    "backup",
    "CreateBackupPlan",
    "UpdateBackupPlan",
    code="InvalidParameterValueException",
    source="AWS Backup API Reference, Lifecycle and BackupRuleInput",
    good=[
        _plan({**RULE, "Lifecycle": {"DeleteAfterDays": 35}}),
        _plan({**RULE, "Lifecycle": {"MoveToColdStorageAfterDays": 30, "DeleteAfterDays": 120}}),
        _plan({**RULE, "EnableContinuousBackup": True, "Lifecycle": {"DeleteAfterDays": 35}}),
    ],
    bad=[
        _plan({**RULE, "Lifecycle": {"MoveToColdStorageAfterDays": 30, "DeleteAfterDays": 119}}),
        _plan({**RULE, "EnableContinuousBackup": True, "Lifecycle": {"DeleteAfterDays": 36}}),
        _plan({**RULE, "EnableContinuousBackup": True}),
        _plan({**RULE, "StartWindowMinutes": 30}),
        _plan({**RULE, "StartWindowMinutes": 480, "CompletionWindowMinutes": 480}),
        _plan(RULE, RULE),
        _plan(),
    ],
)
def rules_of_a_plan(params: dict[str, Any], context: Context) -> str | None:
    rules = params["BackupPlan"]["Rules"]
    if not rules or len({item["RuleName"] for item in rules}) < len(rules):
        return "A backup plan needs rules, each with a name of its own."
    return next((problem for problem in map(_wrong_with, rules) if problem), None)


def _wrong_with(item: dict[str, Any]) -> str | None:
    life = item.get("Lifecycle", {})
    cold, kept = life.get("MoveToColdStorageAfterDays"), life.get("DeleteAfterDays")
    if cold and kept and kept < cold + 90:
        return "DeleteAfterDays cannot be less than 90 days apart from MoveToColdStorageAfterDays"
    if item.get("EnableContinuousBackup") and not 1 <= (kept or 0) <= 35:
        return "Continuous backups are kept for 1 to 35 days."
    start, complete = item.get("StartWindowMinutes", 480), item.get("CompletionWindowMinutes", 10080)
    if start < 60 or complete < start + 60:
        return "The start window is 60 minutes at least, and the completion window 60 minutes longer."
    return None


@rule(
    "backup",
    "CreateBackupPlan",
    "UpdateBackupPlan",
    code="ResourceNotFoundException",
    source="AWS Backup API Reference, CreateBackupPlan",
    good=[],
    bad=[_plan(RULE)],
)
def target_vault_exists(params: dict[str, Any], context: Context) -> str | None:
    for item in params["BackupPlan"]["Rules"]:
        if item["TargetBackupVaultName"] not in context.backend("backup").vaults:
            return f"Backup vault {item['TargetBackupVaultName']} does not exist"
    return None


@rule(
    "backup",
    "CreateBackupSelection",
    code="InvalidParameterValueException",
    source="AWS Backup API Reference, BackupSelection",
    good=[{"BackupPlanId": "p", "BackupSelection": {**SELECTION, "ListOfTags": [TAG]}}],
    bad=[
        {"BackupPlanId": "p", "BackupSelection": SELECTION},
        {"BackupPlanId": "p", "BackupSelection": {**SELECTION, "ListOfTags": [{**TAG, "ConditionKey": "aws:ResourceTag/Backup"}]}},
        {"BackupPlanId": "p", "BackupSelection": {**SELECTION, "Resources": ["*"], "SelectionName": "a b"}},
    ],
)
def what_is_selected(params: dict[str, Any], context: Context) -> str | None:
    selection = params["BackupSelection"]
    if not re.fullmatch(r"[\w.-]{1,50}", selection["SelectionName"]):
        return f"{selection['SelectionName']} is no name of a selection."
    if not any(selection.get(key) for key in ("Resources", "ListOfTags", "Conditions")):
        return "A backup selection needs resources, tags or conditions."
    if any(tag["ConditionKey"].startswith("aws:ResourceTag/") for tag in selection.get("ListOfTags", [])):
        return "ListOfTags names the tag alone; aws:ResourceTag/ goes with Conditions."
    return None


@rule(
    "backup",
    "CreateBackupSelection",
    "CreateRestoreTestingSelection",
    code="InvalidParameterValueException",
    source="AWS Backup Developer Guide, IAM service roles",
    good=[],
    bad=[
        {"BackupPlanId": "p", "BackupSelection": {**SELECTION, "Resources": ["*"]}},
        {"RestoreTestingPlanName": "p", "RestoreTestingSelection": TESTED},
    ],
)
def role_trusts_backup(params: dict[str, Any], context: Context) -> str | None:
    arn = (params.get("BackupSelection") or params["RestoreTestingSelection"])["IamRoleArn"]
    roles = [role for role in context.backend("iam", "aws").roles.values() if role.arn == arn]
    statements = [item for role in roles for item in _many(json.loads(role.assume_role_policy_document)["Statement"])]
    if any("backup.amazonaws.com" in _many(item.get("Principal", {}).get("Service", [])) for item in statements):
        return None
    return f"IAM Role {arn} cannot be assumed by AWS Backup"


@rule(
    "backup",
    "CreateRestoreTestingPlan",
    code="InvalidParameterValueException",
    source="AWS Backup API Reference, RestoreTestingPlanForCreate",
    good=[{"RestoreTestingPlan": TESTING}],
    bad=[
        {"RestoreTestingPlan": {**TESTING, "RestoreTestingPlanName": "shop-weekly"}},
        {"RestoreTestingPlan": {**TESTING, "RestoreTestingPlanName": "x" * 51}},
        {"RestoreTestingPlan": {**TESTING, "StartWindowHours": 169}},
        {"RestoreTestingPlan": {**TESTING, "RecoveryPointSelection": {"Algorithm": "LATEST_WITHIN_WINDOW", "IncludeVaults": ["*"]}}},
        {
            "RestoreTestingPlan": {
                **TESTING,
                "RecoveryPointSelection": {**TESTING["RecoveryPointSelection"], "SelectionWindowDays": 366},  # type: ignore[dict-item]
            }
        },
    ],
)
def restore_testing_plan(params: dict[str, Any], context: Context) -> str | None:
    plan = params["RestoreTestingPlan"]
    chosen = plan["RecoveryPointSelection"]
    if not re.fullmatch(r"\w{1,50}", plan["RestoreTestingPlanName"]):
        return "RestoreTestingPlanName must be 50 alphanumeric characters and underscores at most."
    if not 1 <= plan.get("StartWindowHours", 24) <= 168:
        return "StartWindowHours is 1 to 168."
    if not all(chosen.get(key) for key in ("Algorithm", "IncludeVaults", "RecoveryPointTypes")):
        return "RecoveryPointSelection needs Algorithm, IncludeVaults and RecoveryPointTypes."
    return None if 1 <= chosen.get("SelectionWindowDays", 30) <= 365 else "SelectionWindowDays is 1 to 365."


@rule(
    "backup",
    "CreateRestoreTestingSelection",
    code="InvalidParameterValueException",
    source="AWS Backup API Reference, RestoreTestingSelectionForCreate",
    good=[{"RestoreTestingPlanName": "p", "RestoreTestingSelection": TESTED}],
    bad=[
        {"RestoreTestingPlanName": "p", "RestoreTestingSelection": {**TESTED, **change}}
        for change in (
            {"ProtectedResourceType": "Gopher"},
            {"RestoreTestingSelectionName": "r-d-s"},
            {"ProtectedResourceArns": ["*", "arn:aws:rds:ap-northeast-2:123456789012:db:x"]},
            {"ProtectedResourceArns": []},
            {"ValidationWindowHours": 169},
            {"ProtectedResourceConditions": {"StringEquals": [{"Key": "Backup", "Value": "shop"}]}},
        )
    ],
)
def restore_testing_selection(params: dict[str, Any], context: Context) -> str | None:
    chosen = params["RestoreTestingSelection"]
    arns = chosen.get("ProtectedResourceArns", [])
    conditions = chosen.get("ProtectedResourceConditions", {})
    if chosen["ProtectedResourceType"] not in TESTABLE:
        return f"{chosen['ProtectedResourceType']} is not a type of resources that restore testing knows."
    if not re.fullmatch(r"\w{1,50}", chosen["RestoreTestingSelectionName"]):
        return "RestoreTestingSelectionName must be 50 alphanumeric characters and underscores at most."
    if not arns and not conditions or ("*" in arns and len(arns) > 1) or len(arns) > 30:
        return "ProtectedResourceArns is * alone, or up to 30 ARNs."
    if any(not pair["Key"].startswith("aws:ResourceTag/") for pairs in conditions.values() for pair in pairs):
        return "Keys of conditions begin with aws:ResourceTag/."
    return None if 0 <= chosen.get("ValidationWindowHours", 0) <= 168 else "ValidationWindowHours is 0 to 168."


def _scheduled(expression: str) -> dict[str, Any]:
    return _plan({**RULE, "ScheduleExpression": expression})


@rule(
    "backup",
    "CreateBackupPlan",
    "UpdateBackupPlan",
    code="InvalidParameterValueException",
    source="AWS Backup Developer Guide, Backup plan options and configuration: Backup frequency",
    good=[_scheduled(text) for text in ("cron(0 18 * * ? *)", "cron(0 * * * ? *)", "rate(1 hour)", "rate(60 minutes)")],
    bad=[_scheduled(text) for text in ("cron(0/30 * * * ? *)", "cron(0,30 * * * ? *)", "cron(* 1 * * ? *)", "rate(30 minutes)")],
)
def once_an_hour_at_most(params: dict[str, Any], context: Context) -> str | None:
    for item in params["BackupPlan"]["Rules"]:
        text = item.get("ScheduleExpression") or ""
        minutes = re.match(r"cron\((\S+) ", text)
        rate = re.fullmatch(r"rate\((\d+) minutes?\)", text)
        if (minutes and not minutes[1].isdigit()) or (rate and int(rate[1]) < 60):
            return f"Invalid schedule expression {text}: the shortest interval of backups is one hour"
    return None


@rule(
    "backup",
    "PutBackupVaultLockConfiguration",
    code="InvalidParameterValueException",
    source="AWS Backup API Reference, PutBackupVaultLockConfiguration",
    good=[{"BackupVaultName": "shop"}, {"BackupVaultName": "shop", "MinRetentionDays": 7, "MaxRetentionDays": 365, "ChangeableForDays": 3}],
    bad=[
        {"BackupVaultName": "shop", **change}
        for change in (
            {"MinRetentionDays": 0},
            {"MaxRetentionDays": 36501},
            {"MinRetentionDays": 30, "MaxRetentionDays": 7},
            {"MinRetentionDays": 7, "ChangeableForDays": 2},
        )
    ],
)
def vault_lock(params: dict[str, Any], context: Context) -> str | None:
    least, most, days = (params.get(key) for key in ("MinRetentionDays", "MaxRetentionDays", "ChangeableForDays"))
    if least is not None and least < 1:
        return "MinRetentionDays is 1 day at least."
    if most is not None and most > 36500:
        return "MaxRetentionDays is 36500 days (about 100 years) at most."
    if least is not None and most is not None and least > most:
        return "MinRetentionDays must not be greater than MaxRetentionDays."
    return "ChangeableForDays is 3 days at least." if days is not None and days < 3 else None


@rule(
    "backup",
    "CreateBackupPlan",
    "UpdateBackupPlan",
    code="InvalidParameterValueException",
    source="AWS Backup API Reference, CopyAction",
    good=[_plan({**RULE, "CopyActions": [{"DestinationBackupVaultArn": "arn:aws:backup:us-east-1:123456789012:backup-vault:shop"}]})],
    bad=[_plan({**RULE, "CopyActions": [{"DestinationBackupVaultArn": arn}]}) for arn in ("shop", "arn:aws:s3:::shop")],
)
def copies_go_to_a_vault(params: dict[str, Any], context: Context) -> str | None:
    for item in params["BackupPlan"]["Rules"]:
        for copy in item.get("CopyActions") or []:
            arn = copy["DestinationBackupVaultArn"]
            if not re.fullmatch(r"arn:[^:]+:backup:[a-z0-9-]+:\d{12}:backup-vault:[a-zA-Z0-9\-_]{2,50}", arn):
                return f"Invalid destination backup vault ARN: {arn}"
            if problem := _wrong_with(copy):
                return problem
    return None


@rule(
    "backup",
    "CreateBackupPlan",
    "CreateBackupVault",
    code="InvalidParameterValueException",
    source="AWS General Reference, Tagging your AWS resources",
    good=[{**_plan(RULE), "BackupPlanTags": {"Project": "shop"}}],
    bad=[{**_plan(RULE), "BackupPlanTags": {"aws:x": "y"}}, {"BackupVaultName": "shop", "BackupVaultTags": {"aws:x": "y"}}],
)
def backup_tags(params: dict[str, Any], context: Context) -> str | None:
    return tags.wrong(tags.pairs(params.get("BackupPlanTags") or params.get("BackupVaultTags") or {}))
