# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sessions on nodes without SSH: documents, what a node may do, patches."""

from __future__ import annotations

DOCUMENTATION = r"""
name: session_access_plan
version_added: 0.1.0
short_description: Compute session documents, instance policy, patch baseline and associations of a stack
description:
  - Builds what refarch.aws.ssm_documents, iam_policies, ssm_patch_baselines and ssm_associations take.
  - The instance policy allows what AmazonSSMManagedInstanceCore does, on things of the stack where AWS knows resources for it.
options:
  _input:
    description:
      - The settings C(prefix), C(project), C(environment), C(account_id), C(region), C(path), C(key_arn), C(log_group_name),
        C(log_bucket_name), C(log_bucket_prefix), C(transfer_bucket_name), C(idle_timeout_minutes), C(max_session_minutes),
        C(ansible_idle_timeout_minutes), C(ansible_max_session_minutes), C(shell_profile), C(account_preferences), C(patch_rules),
        C(patch_scan_schedule), C(patch_install_schedule) and C(patch_bucket_prefix), as the role session_access gives them.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: The documents of the stack
  refarch.aws.ssm_documents:
    documents: "{{ (session_settings | refarch.aws.session_access_plan).documents }}"
"""

RETURN = r"""
_value:
  description:
    - C(documents), C(policy), C(baseline), C(associations) and C(associations_off), as the modules take them.
  type: dict
"""

from typing import Any

from ansible_collections.refarch.aws.plugins.filter.resource_name import resource_name

#: Preferences of all sessions of an account and region that name no document.
ACCOUNT_DOCUMENT = "SSM-SessionManagerRunShell"

#: What the agent does on itself and on documents, from the policy AmazonSSMManagedInstanceCore (AWS Managed Policy Reference Guide).
AGENT = (
    "DescribeAssociation", "GetDeployablePatchSnapshotForInstance", "GetManifest", "ListAssociations", "ListInstanceAssociations",
    "PutComplianceItems", "PutConfigurePackageResult", "PutInventory", "UpdateAssociationStatus", "UpdateInstanceAssociationStatus",
    "UpdateInstanceInformation",
)  # fmt: skip
CHANNELS = ("CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel")
MESSAGES = ("AcknowledgeMessage", "DeleteMessage", "FailMessage", "GetEndpoint", "GetMessages", "SendReply")


def session_document(description: str, settings: dict[str, Any], idle: int, longest: int, shell_profile: str) -> dict:
    """Session preferences ("Session document schema", AWS Systems Manager User Guide). Times are text there."""
    return {
        "schemaVersion": "1.0",
        "description": description,
        "sessionType": "Standard_Stream",
        "inputs": {
            "s3BucketName": settings["log_bucket_name"],
            "s3KeyPrefix": settings["log_bucket_prefix"],
            "s3EncryptionEnabled": True,
            "cloudWatchLogGroupName": settings["log_group_name"],
            "cloudWatchEncryptionEnabled": True,
            "cloudWatchStreamingEnabled": True,
            "kmsKeyId": settings["key_arn"],
            "runAsEnabled": False,
            "runAsDefaultUser": "",
            "idleSessionTimeout": str(idle),
            "maxSessionDuration": str(longest),
            "shellProfile": {"linux": shell_profile, "windows": ""},
        },
    }


def documents(settings: dict[str, Any]) -> list[dict]:
    prefix = settings["prefix"]
    people = session_document(
        f"Sessions of people on {prefix}",
        settings,
        settings["idle_timeout_minutes"],
        settings["max_session_minutes"],
        settings["shell_profile"],
    )
    # Ansible reads what the shell prints: a profile could put its own words between. Its tasks may be silent for long.
    ansible = session_document(
        f"Sessions of Ansible on {prefix}",
        settings,
        settings["ansible_idle_timeout_minutes"],
        settings["ansible_max_session_minutes"],
        "",
    )
    found = [
        {"name": resource_name(prefix, "session", "ssm_document"), "type": "Session", "content": people},
        {"name": resource_name(prefix, "ansible-session", "ssm_document"), "type": "Session", "content": ansible},
    ]
    if settings["account_preferences"]:
        found.append({"name": ACCOUNT_DOCUMENT, "type": "Session", "content": people, "only_own": True})
    return found


def instance_policy(settings: dict[str, Any]) -> dict:
    """What each node of the stack may do, whatever its tier."""
    region, account_id, prefix = settings["region"], settings["account_id"], settings["prefix"]
    here = f"{region}:{account_id}"
    logs = f"arn:aws:logs:{here}:log-group"
    stack = f"/{settings['project']}/{settings['environment']}/*"
    log_bucket, transfer = f"arn:aws:s3:::{settings['log_bucket_name']}", f"arn:aws:s3:::{settings['transfer_bucket_name']}"

    def allow(sid: str, service: str, actions: tuple[str, ...], resource: str | list[str] = "*", condition: dict | None = None) -> dict:
        statement = {"Sid": sid, "Effect": "Allow", "Action": [f"{service}:{action}" for action in actions], "Resource": resource}
        return {**statement, "Condition": condition} if condition else statement

    return {
        "Version": "2012-10-17",
        "Statement": [
            # AWS knows no resources for most of these ("Actions, resources, and condition keys for AWS Systems Manager").
            allow("Agent", "ssm", AGENT),
            allow("Channels", "ssmmessages", CHANNELS),
            allow("Messages", "ec2messages", MESSAGES),
            allow(
                "Documents",
                "ssm",
                ("DescribeDocument", "GetDocument"),
                [
                    f"arn:aws:ssm:{here}:document/{prefix}-*",
                    f"arn:aws:ssm:{here}:document/{ACCOUNT_DOCUMENT}",
                    f"arn:aws:ssm:{region}::document/AWS-*",
                ],
            ),
            allow("SessionKey", "kms", ("Decrypt", "GenerateDataKey"), settings["key_arn"]),
            allow("LogBucket", "s3", ("GetEncryptionConfiguration",), log_bucket),
            allow(
                "LogFiles",
                "s3",
                ("PutObject",),
                [f"{log_bucket}/{settings[f'{what}_bucket_prefix']}/*" for what in ("log", "patch", "association")],
            ),
            allow("LogGroups", "logs", ("DescribeLogGroups",)),
            allow(
                "Logs",
                "logs",
                ("CreateLogStream", "DescribeLogStreams", "PutLogEvents"),
                [f"{logs}:{stack}:*", f"{logs}:{settings['log_group_name']}:*"],
            ),
            allow("Transfer", "s3", ("GetObject", "PutObject"), f"{transfer}/*"),
            # "SSM Agent communications with AWS managed S3 buckets" (AWS Systems Manager User Guide).
            allow(
                "FilesOfAws",
                "s3",
                ("GetObject",),
                [
                    f"arn:aws:s3:::aws-ssm-{region}/*",
                    f"arn:aws:s3:::aws-patch-manager-{region}-*/*",
                    f"arn:aws:s3:::patch-baseline-snapshot-{region}*/*",
                    f"arn:aws:s3:::al2023-repos-{region}-*/*",
                    f"arn:aws:s3:::amazoncloudwatch-agent-{region}/*",
                ],
            ),
            allow("Metrics", "cloudwatch", ("PutMetricData",), "*", {"StringLike": {"cloudwatch:namespace": ["CWAgent", f"{prefix}/*"]}}),
            allow("Dimensions", "ec2", ("DescribeTags", "DescribeVolumes")),
        ],
    }


def associations(settings: dict[str, Any]) -> tuple[list[dict], list[dict]]:
    """(those that stand, those that do not): missing patches are looked for, and installed only where a schedule is given."""
    prefix = settings["prefix"]
    common = {
        "document": "AWS-RunPatchBaseline",
        "targets": [
            {"key": "tag:Project", "values": [settings["project"]]},
            {"key": "tag:Environment", "values": [settings["environment"]]},
        ],
        "compliance_severity": "HIGH",
        "max_concurrency": "50%",
        "max_errors": "10%",
        "output_bucket_name": settings["log_bucket_name"],
        "output_key_prefix": settings["patch_bucket_prefix"],
        "output_region": settings["region"],
    }
    scan = {
        **common,
        "name": resource_name(prefix, "patch-scan", "ssm_document"),
        "parameters": {"Operation": ["Scan"]},
        "schedule": settings["patch_scan_schedule"],
    }
    install = {
        **common,
        "name": resource_name(prefix, "patch-install", "ssm_document"),
        "parameters": {"Operation": ["Install"], "RebootOption": ["RebootIfNeeded"]},
        "schedule": settings["patch_install_schedule"],
        "only_on_schedule": True,
        # One node after the other, and none after the first that fails.
        "max_concurrency": "1",
        "max_errors": "0",
    }
    return ([scan, install], []) if settings["patch_install_schedule"] else ([scan], [{"name": install["name"]}])


def session_access_plan(settings: dict[str, Any]) -> dict[str, Any]:
    """Documents, policy, baseline and associations of a stack's nodes."""
    prefix = settings["prefix"]
    standing, off = associations(settings)
    return {
        "documents": documents(settings),
        "policy": {
            "name": resource_name(prefix, "instance", "iam_policy"),
            "path": settings["path"],
            "description": f"What each node of {prefix} may do",
            "policy": instance_policy({**settings, "account_id": str(settings["account_id"])}),
        },
        "baseline": {
            "name": resource_name(prefix, "al2023", "ssm_document"),
            "description": f"Amazon Linux 2023 of {prefix}",
            "operating_system": "AMAZON_LINUX_2023",
            "approval_rules": settings["patch_rules"],
            "patch_groups": [prefix],
        },
        "associations": standing,
        "associations_off": off,
    }


class FilterModule:
    def filters(self):
        return {"session_access_plan": session_access_plan}
