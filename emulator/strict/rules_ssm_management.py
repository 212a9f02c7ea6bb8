"""What AWS Systems Manager refuses: documents, patch baselines, associations, service settings."""

from __future__ import annotations

import json
import re
from typing import Any

from emulator.strict import Context, rule, tags

SESSION = {"schemaVersion": "1.0", "sessionType": "Standard_Stream", "inputs": {"idleSessionTimeout": "20", "maxSessionDuration": "60"}}
COMMAND = {"schemaVersion": "2.2", "mainSteps": [{"action": "aws:runShellScript", "name": "run", "inputs": {"runCommand": ["true"]}}]}
TYPES = ("Standard_Stream", "InteractiveCommands", "NonInteractiveCommands", "Port")
INPUTS = {
    "cloudWatchEncryptionEnabled", "cloudWatchLogGroupName", "cloudWatchStreamingEnabled", "idleSessionTimeout", "kmsKeyId",
    "maxSessionDuration", "runAsDefaultUser", "runAsEnabled", "s3BucketName", "s3EncryptionEnabled", "s3KeyPrefix", "shellProfile",
}  # fmt: skip


def _document(content: Any, **more: Any) -> dict[str, Any]:
    return {"Name": "shop-session", "DocumentType": "Session", "Content": json.dumps(content), **more}


def _session(**inputs: Any) -> dict[str, Any]:
    return _document({**SESSION, "inputs": inputs})


@rule(
    "ssm",
    "CreateDocument",
    code="ValidationException",
    source="AWS Systems Manager API Reference, CreateDocument",
    good=[_document(SESSION), _document(SESSION, Name="SSM-SessionManagerRunShell")],
    bad=[_document(SESSION, Name=name) for name in ("AWS-Shop", "aws-shop", "amazon-shop", "amzn-shop", "AMZNshop")],
)
def document_name(params: dict[str, Any], context: Context) -> str | None:
    if params["Name"].lower().startswith(("aws", "amazon", "amzn")):
        return "The name of the document can't begin with aws, amazon or amzn: these are reserved."
    return None


@rule(
    "ssm",
    "CreateDocument",
    "UpdateDocument",
    code="InvalidDocumentContent",
    source="AWS Systems Manager User Guide, Session document schema",
    good=[
        _document(SESSION),
        _document(COMMAND, DocumentType="Command"),
        _session(s3BucketName="shop-log", s3EncryptionEnabled=True, shellProfile={"linux": "bash", "windows": ""}),
    ],
    bad=[
        _document({**SESSION, "schemaVersion": "2.2"}),
        _document({**SESSION, "sessionType": "Shell"}),
        _document({"schemaVersion": "1.0"}),
        _session(idleSessionTimeout="0"),
        _session(idleSessionTimeout="61"),
        _session(idleSessionTimeout=20),
        _session(maxSessionDuration="1441"),
        _session(runAsEnabled="no"),
        _session(kmsKey="k"),
        _session(shellProfile={"mac": "zsh"}),
        {"Name": "shop-session", "DocumentType": "Session", "Content": "{"},
    ],
)
def session_document(params: dict[str, Any], context: Context) -> str | None:
    kind = params.get("DocumentType")
    if kind is None and (standing := context.backend("ssm")._documents.get(params["Name"])):
        kind = standing.get_default_version().document_type
    if kind != "Session" or params.get("DocumentFormat", "JSON") != "JSON":
        return None
    try:
        content = json.loads(params["Content"])
    except ValueError:
        return "The content for the document is not valid."
    if content.get("schemaVersion") != "1.0" or content.get("sessionType") not in TYPES:
        return f"A session document has schemaVersion 1.0 and a sessionType of {', '.join(TYPES)}."
    inputs = content.get("inputs") or {}
    if content["sessionType"] != "Standard_Stream":
        return None
    if unknown := sorted(set(inputs) - INPUTS):
        return f"{unknown[0]} is not an input of session preferences."
    for name, most in (("idleSessionTimeout", 60), ("maxSessionDuration", 1440)):
        value = inputs.get(name, "")
        if not isinstance(value, str) or (value and not (value.isdigit() and 1 <= int(value) <= most)):
            return f"{name} must be text from 1 to {most}."
    for name in ("s3EncryptionEnabled", "cloudWatchEncryptionEnabled", "cloudWatchStreamingEnabled", "runAsEnabled"):
        if name in inputs and not isinstance(inputs[name], bool):
            return f"{name} must be true or false."
    if set(inputs.get("shellProfile") or {}) - {"linux", "windows"}:
        return "shellProfile has linux and windows."
    return None


@rule(
    "ssm",
    "CreatePatchBaseline",
    "UpdatePatchBaseline",
    code="ValidationException",
    source="AWS Systems Manager API Reference, PatchFilter and DescribePatchProperties",
    good=[
        {
            "Name": "shop",
            "OperatingSystem": "AMAZON_LINUX_2023",
            "ApprovalRules": {
                "PatchRules": [{"PatchFilterGroup": {"PatchFilters": [{"Key": "SEVERITY", "Values": ["Critical"]}]}, "ApproveAfterDays": 7}]
            },
        }
    ],
    bad=[
        {
            "Name": "shop",
            "OperatingSystem": "AMAZON_LINUX_2023",
            "ApprovalRules": {"PatchRules": [{"PatchFilterGroup": {"PatchFilters": [filters]}, "ApproveAfterDays": 7}]},
        }
        for filters in ({"Key": "SEVERITY", "Values": ["Grave"]}, {"Key": "MSRC_SEVERITY", "Values": ["Critical"]})
    ]
    + [{"Name": "shop", "ApprovalRules": {"PatchRules": [{"PatchFilterGroup": {"PatchFilters": [{"Key": "PRODUCT", "Values": ["*"]}]}}]}}],
)
def approval_rules(params: dict[str, Any], context: Context) -> str | None:
    values = {
        "CLASSIFICATION": {"*", "Bugfix", "Enhancement", "Newpackage", "Recommended", "Security"},
        "SEVERITY": {"*", "Critical", "Important", "Low", "Medium"},
    }
    for item in (params.get("ApprovalRules") or {}).get("PatchRules", []):
        if ("ApproveAfterDays" in item) == ("ApproveUntilDate" in item):
            return "Each approval rule needs either ApproveAfterDays or ApproveUntilDate."
        for patch_filter in item["PatchFilterGroup"]["PatchFilters"]:
            key = patch_filter["Key"]
            if params.get("OperatingSystem") != "AMAZON_LINUX_2023":
                continue
            if key not in (*values, "PRODUCT"):
                return f"The filter key {key} is not valid for AMAZON_LINUX_2023."
            if wrong := sorted(set(patch_filter["Values"]) - values.get(key, set(patch_filter["Values"]))):
                return f"The value {wrong[0]} is not valid for the filter {key}."
    return None


@rule(
    "ssm",
    "CreateAssociation",
    "UpdateAssociation",
    code="InvalidDocument",
    source="AWS Systems Manager API Reference, CreateAssociation",
    good=[{"Name": "AWS-RunPatchBaseline"}, {"Name": "arn:aws:ssm:ap-northeast-2::document/AWS-UpdateSSMAgent"}],
    bad=[{"Name": "shop-nowhere"}],
)
def association_document(params: dict[str, Any], context: Context) -> str | None:
    name = (params.get("Name") or "AWS-").rpartition("document/")[2]
    if name.startswith(("AWS-", "AWSEC2-", "AWSSupport-", "AmazonCloudWatch-")) or name in context.backend("ssm")._documents:
        return None
    return f"Document with name {name} does not exist."


PATCH = {"Name": "AWS-RunPatchBaseline", "Parameters": {"Operation": ["Scan"]}}


@rule(
    "ssm",
    "CreateAssociation",
    "UpdateAssociation",
    code="InvalidParameters",
    source="AWS Systems Manager User Guide, SSM Command document for patching: AWS-RunPatchBaseline",
    good=[PATCH, {**PATCH, "Parameters": {"Operation": ["Install"], "RebootOption": ["NoReboot"]}}],
    bad=[
        {"Name": "AWS-RunPatchBaseline"},
        {**PATCH, "Parameters": {"Operation": ["Look"]}},
        {**PATCH, "Parameters": {"Operation": ["Scan"], "Reboot": ["Never"]}},
        {**PATCH, "Parameters": {"Operation": ["Install"], "RebootOption": ["Maybe"]}},
    ],
)
def patch_parameters(params: dict[str, Any], context: Context) -> str | None:
    if params.get("Name") != "AWS-RunPatchBaseline":
        return None
    given = params.get("Parameters") or {}
    known = {"Operation", "AssociationId", "BaselineOverride", "InstallOverrideList", "RebootOption", "SnapshotId", "StepTimeoutSeconds"}
    if unknown := sorted(set(given) - known):
        return f"Parameter {unknown[0]} is not defined in document AWS-RunPatchBaseline."
    if given.get("Operation") not in (["Scan"], ["Install"]):
        return "Parameter Operation is required, and Scan or Install."
    if given.get("RebootOption", ["RebootIfNeeded"]) not in (["RebootIfNeeded"], ["NoReboot"]):
        return "Parameter RebootOption is RebootIfNeeded or NoReboot."
    return None


@rule(
    "ssm",
    "CreateAssociation",
    "UpdateAssociation",
    code="ValidationException",
    source="AWS Systems Manager User Guide, Cron and rate expressions for associations",
    good=[{**PATCH, "ScheduleExpression": "rate(30 minutes)"}, {**PATCH, "ScheduleExpression": "cron(0 18 * * ? *)"}, PATCH],
    bad=[
        {**PATCH, "ScheduleExpression": "rate(29 minutes)"},
        {**PATCH, "ApplyOnlyAtCronInterval": True},
    ],
)
def association_schedule(params: dict[str, Any], context: Context) -> str | None:
    schedule = params.get("ScheduleExpression") or ""
    if (found := re.fullmatch(r"rate\((\d+) minutes?\)", schedule)) and int(found[1]) < 30:
        return "The minimum interval of a rate is 30 minutes."
    if params.get("ApplyOnlyAtCronInterval") and not schedule.startswith("cron("):
        return "ApplyOnlyAtCronInterval needs a cron expression."
    return None


@rule(
    "ssm",
    "CreateAssociation",
    "UpdateAssociation",
    code="InvalidOutputLocation",
    source="AWS Systems Manager API Reference, InstanceAssociationOutputLocation",
    good=[PATCH],
    bad=[{**PATCH, "OutputLocation": {"S3Location": {"OutputS3BucketName": "nowhere-at-all"}}}],
)
def association_output(params: dict[str, Any], context: Context) -> str | None:
    bucket = ((params.get("OutputLocation") or {}).get("S3Location") or {}).get("OutputS3BucketName")
    if bucket and bucket not in context.backend("s3", "aws").buckets:
        return f"The output location {bucket} is not valid or doesn't exist."
    return None


@rule(
    "ssm",
    "UpdateServiceSetting",
    code="ValidationException",
    source="AWS Systems Manager API Reference, UpdateServiceSetting",
    good=[{"SettingId": "/ssm/documents/console/public-sharing-permission", "SettingValue": "Disable"}],
    bad=[{"SettingId": "/ssm/documents/console/public-sharing-permission", "SettingValue": "false"}],
)
def setting_value(params: dict[str, Any], context: Context) -> str | None:
    allowed = {
        "/ssm/documents/console/public-sharing-permission": ("Enable", "Disable"),
        "/ssm/parameter-store/default-parameter-tier": ("Standard", "Advanced", "Intelligent-Tiering"),
        "/ssm/parameter-store/high-throughput-enabled": ("true", "false"),
        "/ssm/managed-instance/activation-tier": ("standard", "advanced"),
    }
    values = allowed.get("/ssm/" + params["SettingId"].partition("/ssm/")[2])
    return f"The setting is one of {', '.join(values)}." if values and params["SettingValue"] not in values else None


@rule(
    "ssm",
    "CreatePatchBaseline",
    "CreateAssociation",
    code="ValidationException",
    source="AWS General Reference, Tagging your AWS resources",
    good=[{"Name": "shop", "Tags": [{"Key": "Project", "Value": "shop"}]}],
    bad=[{"Name": "shop", "Tags": [{"Key": "aws:x", "Value": "y"}]}],
)
def management_tags(params: dict[str, Any], context: Context) -> str | None:
    return tags.wrong(tags.pairs(params.get("Tags")))


@rule(
    "ssm",
    "CreateAssociation",
    "UpdateAssociation",
    code="InvalidSchedule",
    source="AWS Systems Manager User Guide, Reference: Cron and rate expressions for Systems Manager (no months for associations)",
    good=[{**PATCH, "ScheduleExpression": f"cron({text})"} for text in ("0 18 * * ? *", "15 13 ? * WED *", "0 2 ? * 7#3 *")],
    bad=[{**PATCH, "ScheduleExpression": f"cron({text})"} for text in ("0 18 1 1 ? *", "0 18 ? JAN,JUL SUN *")],
)
def association_has_no_months(params: dict[str, Any], context: Context) -> str | None:
    found = re.fullmatch(r"cron\(\S+ \S+ \S+ (\S+) \S+ \S+\)", params.get("ScheduleExpression") or "")
    return f"State Manager takes no months in cron expressions, as {found[1]}." if found and found[1] != "*" else None


@rule(
    "ssm",
    "CreateAssociation",
    code="InvalidTarget",
    source="AWS Systems Manager API Reference, Target",
    good=[
        {**PATCH, "Targets": [{"Key": "tag:Project", "Values": ["shop"]}]},
        {**PATCH, "Targets": [{"Key": "InstanceIds", "Values": ["*"]}]},
        PATCH,
    ],
    bad=[
        {**PATCH, "Targets": [{"Key": "Project", "Values": ["shop"]}]},
        {**PATCH, "Targets": [{"Key": "tag:Project", "Values": ["shop"]}], "InstanceId": "i-0123456789abcdef0"},
        {**PATCH, "Targets": [{"Key": "InstanceIds", "Values": ["*"]}, {"Key": "tag:Project", "Values": ["shop"]}]},
    ],
)
def association_targets(params: dict[str, Any], context: Context) -> str | None:
    keys = [target.get("Key", "") for target in params.get("Targets") or []]
    if keys and params.get("InstanceId"):
        return "An association has targets or an instance, not both."
    kinds = {key.partition(":")[0].lower() for key in keys}
    if unknown := kinds - {"tag", "tag-key", "instanceids", "parametervalues", "aws", "resource-groups"}:
        return f"The key {min(unknown)} of a target must be tag:<key>, tag-key, InstanceIds or a resource group."
    return "InstanceIds and tags can't be mixed in targets." if "instanceids" in kinds and len(kinds) > 1 else None
