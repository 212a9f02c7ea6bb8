"""Checks the settings of the access by sessions through boto3, and that there is no SSH in the stack; ``--absent`` that nothing is left.
Sentences on failure, exit code 1."""

from __future__ import annotations

import base64
import json
import os
import re
import sys

import boto3
from botocore.exceptions import ClientError

PREFIX = os.environ.get("STACK_PREFIX", "shop-staging")
REGION = os.environ.get("AWS_REGION", "ap-northeast-2")
PROJECT, ENVIRONMENT = PREFIX.rsplit("-", 1)
GROUP = f"/{PROJECT}/{ENVIRONMENT}/sessions"
TAGS = {"Project", "Environment", "Component", "ManagedBy"}
SHARING = "/ssm/documents/console/public-sharing-permission"
ADMIN_PORTS = (22, 3389)

failures: list[str] = []
ssm = boto3.client("ssm", region_name=REGION)
logs = boto3.client("logs", region_name=REGION)
iam = boto3.client("iam", region_name=REGION)
ec2 = boto3.client("ec2", region_name=REGION)
ACCOUNT = boto3.client("sts", region_name=REGION).get_caller_identity()["Account"]
POLICY = f"arn:aws:iam::{ACCOUNT}:policy/refarch/{PREFIX}-instance"


def check(what: str, ok: bool, found: object = "") -> None:
    print(f"{'ok    ' if ok else 'FAILED'} {what}")
    if not ok:
        failures.append(f"{what}: found {found!r}.")


def or_none(call, *codes: str, **parameters):
    """The answer, or None where AWS refuses with one of *codes*."""
    try:
        return call(**parameters)
    except ClientError as error:
        if error.response["Error"]["Code"] in codes:
            return None
        raise


def document(name: str) -> dict | None:
    return or_none(ssm.get_document, "InvalidDocument", Name=name)


def tags_of(kind: str, identity: str) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in ssm.list_tags_for_resource(ResourceType=kind, ResourceId=identity)["TagList"]}


def own_preferences() -> bool:
    """Whether the account's preferences are this stack's."""
    if document("SSM-SessionManagerRunShell") is None:
        return False
    return tags_of("Document", "SSM-SessionManagerRunShell").items() >= {"Project": PROJECT, "Environment": ENVIRONMENT}.items()


def sessions_are_strict() -> None:
    for name, idle, longest in ((f"{PREFIX}-session", 20, 60), (f"{PREFIX}-ansible-session", 60, 1440)):
        found = document(name)
        check(f"document {name} stands", found is not None)
        if found is None:
            continue
        content = json.loads(found["Content"])
        inputs = content["inputs"]
        check(f"{name}: a shell session", content["sessionType"] == "Standard_Stream", content)
        check(f"{name}: encrypted with a customer key", ":key/" in inputs["kmsKeyId"], inputs)
        check(
            f"{name}: to an encrypted log group, while it is said",
            (inputs["cloudWatchLogGroupName"], inputs["cloudWatchEncryptionEnabled"], inputs["cloudWatchStreamingEnabled"])
            == (GROUP, True, True),
            inputs,
        )
        check(f"{name}: to an encrypted bucket", bool(inputs["s3BucketName"]) and inputs["s3EncryptionEnabled"] is True, inputs)
        check(f"{name}: ends after silent minutes", int(inputs["idleSessionTimeout"]) <= idle, inputs)
        check(f"{name}: ends in any case", int(inputs["maxSessionDuration"]) <= longest, inputs)
        check(f"{name}: no other user", inputs["runAsEnabled"] is False, inputs)
        shared = ssm.describe_document_permission(Name=name, PermissionType="Share").get("AccountIds", [])
        check(f"{name}: shared with nobody [SSM.4]", shared == [], shared)
        check(f"{name}: tags", set(tags_of("Document", name)) >= TAGS, tags_of("Document", name))
    ansible = json.loads((document(f"{PREFIX}-ansible-session") or {"Content": '{"inputs": {}}'})["Content"])["inputs"]
    check("Ansible's sessions: nothing between its words", ansible.get("shellProfile", {}).get("linux") == "", ansible)
    preferences = document("SSM-SessionManagerRunShell")
    check("sessions that name no document have preferences", preferences is not None)
    if own_preferences():
        same = json.loads(preferences["Content"]) == json.loads(document(f"{PREFIX}-session")["Content"])
        check("sessions that name no document are as strict", same, preferences["Content"])
    setting = ssm.get_service_setting(SettingId=SHARING)["ServiceSetting"]["SettingValue"]
    check("no document can be shared with everybody [SSM.4]", setting == "Disable", setting)


def nodes_may_little() -> None:
    found = or_none(iam.get_policy, "NoSuchEntity", PolicyArn=POLICY)
    check("the instance policy stands", found is not None)
    if found is None:
        return
    version = iam.get_policy_version(PolicyArn=POLICY, VersionId=found["Policy"]["DefaultVersionId"])
    statements = version["PolicyVersion"]["Document"]["Statement"]
    actions = [action for statement in statements for action in statement["Action"]]
    check("instance policy: no wildcard actions [IAM.1, IAM.21]", not any("*" in action for action in actions), actions)
    needed = {"ssm:UpdateInstanceInformation", "ssmmessages:OpenDataChannel", "ec2messages:GetMessages"}
    check("instance policy: what makes a node managed [SSM.1]", needed <= set(actions), actions)
    everywhere = {a.split(":")[0] for s in statements if s["Resource"] == "*" and "Condition" not in s for a in s["Action"]}
    check(
        "instance policy: all resources only where AWS knows none",
        everywhere <= {"ssm", "ssmmessages", "ec2messages", "logs", "ec2"},
        everywhere,
    )
    check("instance policy: tags", {tag["Key"] for tag in found["Policy"].get("Tags", [])} >= TAGS, found["Policy"].get("Tags"))


def baselines() -> list[dict]:
    filters = [{"Key": "OWNER", "Values": ["Self"]}, {"Key": "NAME_PREFIX", "Values": [f"{PREFIX}-al2023"]}]
    return ssm.describe_patch_baselines(Filters=filters)["BaselineIdentities"]


def associations() -> dict[str, str]:
    found = {}
    for what in ("patch-scan", "patch-install"):
        listed = ssm.list_associations(AssociationFilterList=[{"key": "AssociationName", "value": f"{PREFIX}-{what}"}])["Associations"]
        found |= {item["AssociationName"]: item["AssociationId"] for item in listed}
    return found


def patches_are_looked_for() -> None:
    found = baselines()
    check("one patch baseline stands", len(found) == 1, found)
    for item in found:
        baseline = ssm.get_patch_baseline(BaselineId=item["BaselineId"])
        check("baseline: for Amazon Linux 2023", baseline["OperatingSystem"] == "AMAZON_LINUX_2023", baseline)
        rules = baseline["ApprovalRules"]["PatchRules"]
        security = [rule for rule in rules if {"Key": "CLASSIFICATION", "Values": ["Security"]} in rule["PatchFilterGroup"]["PatchFilters"]]
        check("baseline: security patches within 7 days", any(rule["ApproveAfterDays"] <= 7 for rule in security), rules)
        check("baseline: nodes of the stack use it", PREFIX in baseline["PatchGroups"], baseline["PatchGroups"])
        check("baseline: tags", set(tags_of("PatchBaseline", item["BaselineId"])) >= TAGS)
    identity = associations().get(f"{PREFIX}-patch-scan")
    check("an association looks for missing patches", identity is not None)
    if identity:
        scan = ssm.describe_association(AssociationId=identity)["AssociationDescription"]
        check("association: scans", (scan["Name"], scan["Parameters"]) == ("AWS-RunPatchBaseline", {"Operation": ["Scan"]}), scan)
        check("association: counts as grave [SSM.3]", scan["ComplianceSeverity"] in ("CRITICAL", "HIGH"), scan)
        check("association: each day", bool(scan.get("ScheduleExpression")), scan)
        keys = {target["Key"] for target in scan["Targets"]}
        check("association: nodes of the stack only", keys == {"tag:Project", "tag:Environment"}, scan["Targets"])
        check("association: what it prints is kept", bool(scan["OutputLocation"]["S3Location"]["OutputS3BucketName"]), scan)
        check("association: tags", set(tags_of("Association", identity)) >= TAGS)


def groups() -> list[dict]:
    return [group for group in logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"] if group["logGroupName"] == GROUP]


def log_group_is_strict() -> None:
    found = groups()
    check("the log group stands", len(found) == 1, found)
    for group in found:
        check("log group: a year [CloudWatch.16]", group.get("retentionInDays") == 365, group)
        check("log group: encrypted with a customer key", ":key/" in group.get("kmsKeyId", ""), group)


def opens(permission: dict, port: int) -> bool:
    """Whether a rule of a security group lets *port* in."""
    if permission["IpProtocol"] == "-1":
        return True
    return permission["IpProtocol"] in ("tcp", "6") and permission.get("FromPort", 0) <= port <= permission.get("ToPort", 65535)


def no_ssh_anywhere() -> None:
    """No rule, no key pair and no user data of the stack knows SSH. True also of a stack that has none of these yet."""
    own = [{"Name": "tag:Project", "Values": [PROJECT]}, {"Name": "tag:Environment", "Values": [ENVIRONMENT]}]
    for page in ec2.get_paginator("describe_security_groups").paginate(Filters=own):
        for group in page["SecurityGroups"]:
            for port in ADMIN_PORTS:
                # A rule for all ports between members of one group is the default group's, which network empties [EC2.2].
                opened = [rule for rule in group["IpPermissions"] if opens(rule, port)]
                check(f"security group {group['GroupName']}: port {port} is closed [EC2.13, EC2.14]", opened == [], opened)
    pairs = ec2.describe_key_pairs(Filters=own)["KeyPairs"]
    check("no key pair", pairs == [], pairs)
    for page in ec2.get_paginator("describe_launch_templates").paginate(Filters=own):
        for template in page["LaunchTemplates"]:
            (version,) = ec2.describe_launch_template_versions(
                LaunchTemplateId=template["LaunchTemplateId"], Versions=[str(template["LatestVersionNumber"])]
            )["LaunchTemplateVersions"]
            data = version["LaunchTemplateData"]
            text = base64.b64decode(data.get("UserData", "")).decode("utf-8", "replace")
            check(f"launch template {template['LaunchTemplateName']}: no key pair", not data.get("KeyName"), data.get("KeyName"))
            starts = re.search(r"(install|start|enable|restart)\S*\s+[^\n]*\b(openssh-server|sshd?)\b", text)
            check(f"launch template {template['LaunchTemplateName']}: no SSH server", starts is None, starts and starts[0])
    for page in ec2.get_paginator("describe_instances").paginate(Filters=own):
        for reservation in page["Reservations"]:
            for instance in reservation["Instances"]:
                check(f"instance {instance['InstanceId']}: no key pair", not instance.get("KeyName"), instance.get("KeyName"))


def absent() -> None:
    for name in (f"{PREFIX}-session", f"{PREFIX}-ansible-session"):
        check(f"no document {name} left", document(name) is None)
    check("no preferences of this stack left", not own_preferences())
    check("no instance policy left", or_none(iam.get_policy, "NoSuchEntity", PolicyArn=POLICY) is None)
    check("no patch baseline left", baselines() == [], baselines())
    check("no association left", associations() == {}, associations())
    check("no log group left", groups() == [], groups())


if "--absent" in sys.argv:
    absent()
else:
    sessions_are_strict()
    nodes_may_little()
    patches_are_looked_for()
    log_group_is_strict()
    no_ssh_anywhere()
if failures:
    sys.exit("\n".join(failures))
