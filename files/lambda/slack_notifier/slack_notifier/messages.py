"""From what AWS services publish to what a person wants to know: one function a kind of message.

Shapes: "Notifying users on alarm changes" (Amazon CloudWatch), "Event structure" (Amazon EventBridge), "Amazon SNS notifications
with AWS Backup", "Working with Amazon RDS event notification", "Amazon SNS notification options for Amazon EC2 Auto Scaling",
"Creating an Amazon SNS topic for budget notifications", "Monitoring deployments with Amazon SNS event notifications" (CodeDeploy).
"""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["critical", "warning", "info", "good"]


@dataclass(frozen=True)
class Message:
    """*fields*: name -> value, in the order in which they are shown."""

    title: str
    text: str
    severity: Severity
    time: str = ""
    link: str = ""
    source: str = ""
    stack: str = ""
    fields: dict[str, str] = field(default_factory=dict)


def message_of(notification: dict[str, Any], stack: str = "") -> Message:
    """The message of an SNS notification (the C(Sns) part of a record). Whatever comes, there is one."""
    text = notification.get("Message") or ""
    subject = notification.get("Subject") or ""
    topic = (notification.get("TopicArn") or "").rpartition(":")[2]
    usual = severity_of_topic(topic)
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    found = None
    if isinstance(content, dict):
        for fits, read in READERS:
            if fits(content):
                try:
                    found = read(content, usual)
                except (KeyError, TypeError, ValueError, AttributeError):
                    found = None  # not the shape it seemed to be: shown as it is
                break
    if found is None:
        found = plain(subject, text, usual) if content is None or not isinstance(content, dict) else unknown(subject, content, usual)
    return Message(
        **{**vars(found), "stack": stack, "source": found.source or topic, "time": found.time or notification.get("Timestamp", "")}
    )


def severity_of_topic(topic: str) -> Severity:
    """By the last word of the topic's name: what has no severity of its own has that of its topic."""
    for severity in ("critical", "warning"):
        if topic.endswith(f"-{severity}"):
            return severity  # type: ignore[return-value]
    return "info"


# -- CloudWatch --------------------------------------------------------------------------------------------------------
def alarm(content: dict[str, Any], usual: Severity) -> Message:
    state, arn = content["NewStateValue"], content.get("AlarmArn", "")
    region = arn.split(":")[3] if arn.count(":") > 5 else ""
    name = content["AlarmName"]
    severity: Severity = {"OK": "good", "ALARM": usual if usual != "info" else "warning"}.get(state, "info")  # type: ignore[assignment]
    trigger = content.get("Trigger") or {}
    fields = {"State": f"{content.get('OldStateValue', '?')} → {state}"}
    if trigger.get("MetricName"):
        fields["Metric"] = f"{trigger.get('Namespace', '')} {trigger['MetricName']}".strip()
        fields |= {item["name"]: item["value"] for item in trigger.get("Dimensions", [])}
    children = [child["Arn"].rpartition(":alarm:")[2] for child in content.get("TriggeringChildren", [])]
    if children:
        fields["Because of"] = ", ".join(children)
    reason = content.get("NewStateReason", "")
    about = content.get("AlarmDescription") or ""
    return Message(
        title=f"{state}: {name}",
        text="\n".join(part for part in (about, reason) if part),
        severity=severity,
        time=content.get("StateChangeTime", ""),
        link=console(region, "cloudwatch", f"#alarmsV2:alarm/{urllib.parse.quote(name, safe='')}"),
        source="CloudWatch",
        fields=fields,
    )


# -- EventBridge -------------------------------------------------------------------------------------------------------
#: States that mean trouble, and states that mean it went well.
FAILED = {"FAILED", "FAILURE", "FAULT", "STOPPED", "TIMED_OUT", "TIMEDOUT", "ABORTED", "EXPIRED", "PARTIAL", "CANCELED"}
DONE = {"SUCCEEDED", "SUCCESS", "COMPLETED", "RESUMED"}


def event(content: dict[str, Any], usual: Severity) -> Message:
    """An event of EventBridge, of any source; some say more of themselves than their state."""
    source, kind = content["source"], content["detail-type"]
    detail = content.get("detail") or {}
    state = str(detail.get("state") or detail.get("status") or detail.get("build-status") or detail.get("statusCode") or "").upper()
    severity: Severity = (usual if usual != "info" else "warning") if state in FAILED else "good" if state in DONE else usual
    name, link = subject_of(source, detail, content.get("region", ""))
    reason = next(
        (
            str(detail[key])
            for key in ("statusMessage", "message", "Message", "StatusMessage", "Cause", "additional-information", "execution-summary")
            if isinstance(detail.get(key), str) and detail[key]
        ),
        "",
    )
    if source == "aws.health":
        descriptions = detail.get("eventDescription") or [{}]
        reason = descriptions[0].get("latestDescription", "").strip()
        state = detail.get("statusCode", state)
        severity = usual
    fields = {"State": state} if state else {}
    for label, key in {
        "Stage": "stage",
        "Action": "action",
        "Execution": "execution-id",
        "Event": "EventID",
        "Deployment": "deploymentId",
        "Instance": "EC2InstanceId",
        "Job": "backupJobId",
        "Resource": "resourceArn",
        "Document": "document-name",
        "Service": "service",
    }.items():
        if isinstance(detail.get(key), str):
            fields[label] = detail[key]
    return Message(
        title=f"{kind}: {name}" if name else kind,
        text=reason,
        severity=severity,
        time=content.get("time", ""),
        link=link,
        source=SOURCES.get(source, source),
        fields=fields,
    )


SOURCES = {
    "aws.autoscaling": "EC2 Auto Scaling",
    "aws.backup": "AWS Backup",
    "aws.codebuild": "CodeBuild",
    "aws.codedeploy": "CodeDeploy",
    "aws.codepipeline": "CodePipeline",
    "aws.health": "AWS Health",
    "aws.rds": "Amazon RDS",
    "aws.ssm": "Systems Manager",
}


def subject_of(source: str, detail: dict[str, Any], region: str) -> tuple[str, str]:
    """What an event is about, and where the console shows it."""
    if source == "aws.codepipeline":
        name = str(detail.get("pipeline", ""))
        return name, console(region, f"codesuite/codepipeline/pipelines/{name}/view")
    if source == "aws.codebuild":
        name = str(detail.get("project-name", ""))
        return name, console(region, f"codesuite/codebuild/projects/{name}/history")
    if source == "aws.codedeploy":
        name = f"{detail.get('application', '')} {detail.get('deploymentGroup', '')}".strip()
        return name, console(region, f"codesuite/codedeploy/deployments/{detail.get('deploymentId', '')}")
    if source == "aws.rds":
        name = str(detail.get("SourceIdentifier", ""))
        return name, console(region, "rds/home", f"#database:id={name}")
    if source == "aws.backup":
        name = str(detail.get("resourceArn") or detail.get("backupVaultName") or "").rpartition(":")[2]
        return name, console(region, "backup/home", "#/jobs/backup")
    if source == "aws.autoscaling":
        name = str(detail.get("AutoScalingGroupName", ""))
        return name, console(region, "ec2/home", f"#AutoScalingGroupDetails:id={name}")
    if source == "aws.ssm":
        name = str(detail.get("instance-id", ""))
        return name, console(region, f"systems-manager/managed-instances/{name}/configuration-compliance")
    if source == "aws.health":
        return str(detail.get("eventTypeCode", "")), "https://health.aws.amazon.com/health/home"
    return "", ""


# -- services that publish by themselves -------------------------------------------------------------------------------
def rds(content: dict[str, Any], usual: Severity) -> Message:
    name = content["Source ID"]
    fields = {"Event": content.get("Event ID", "").rpartition("#")[2]} if content.get("Event ID") else {}
    return Message(
        title=f"{content.get('Event Source', 'database')}: {name}",
        text=content["Event Message"],
        severity=usual,
        time=content.get("Event Time", ""),
        link=content.get("Identifier Link", "").splitlines()[0] if content.get("Identifier Link") else "",
        source="Amazon RDS",
        fields=fields,
    )


def auto_scaling(content: dict[str, Any], usual: Severity) -> Message:
    what = content["Event"].rpartition(":")[2]
    failed = content["Event"].endswith("_ERROR")
    arn = content.get("AutoScalingGroupARN", "")
    name = content["AutoScalingGroupName"]
    return Message(
        title=f"{what.replace('EC2_INSTANCE_', 'instance ').replace('_', ' ').lower()}: {name}",
        text="\n".join(part for part in (content.get("Description", ""), content.get("Cause", "")) if part),
        severity=("warning" if usual == "info" else usual) if failed else "info",
        time=content.get("Time", ""),
        link=console(arn.split(":")[3] if arn.count(":") > 4 else "", "ec2/home", f"#AutoScalingGroupDetails:id={name}"),
        source="EC2 Auto Scaling",
        fields={"Instance": content["EC2InstanceId"]} if content.get("EC2InstanceId") else {},
    )


def code_deploy(content: dict[str, Any], usual: Severity) -> Message:
    status = content["status"]
    name = f"{content.get('applicationName', '')} {content.get('deploymentGroupName', '')}".strip()
    error = content.get("errorInformation") or {}
    if isinstance(error, str):
        error = json.loads(error or "{}")
    return Message(
        title=f"Deployment {status.lower()}: {name}",
        text=error.get("ErrorMessage", ""),
        severity=(usual if usual != "info" else "warning") if status.upper() in FAILED else "good" if status.upper() in DONE else "info",
        time=content.get("completeTime") or content.get("createTime", ""),
        link=console(content.get("region", ""), f"codesuite/codedeploy/deployments/{content['deploymentId']}"),
        source="CodeDeploy",
        fields={"Deployment": content["deploymentId"]},
    )


def approval(content: dict[str, Any], usual: Severity) -> Message:
    asked = content["approval"]
    return Message(
        title=f"Approval wanted: {asked['pipelineName']}",
        text=asked.get("customData") or "A pipeline waits for a person.",
        severity="warning",
        link=asked.get("approvalReviewLink") or content.get("consoleLink", ""),
        source="CodePipeline",
        fields={"Stage": asked.get("stageName", ""), "Action": asked.get("actionName", ""), "Until": asked.get("expires", "")},
    )


def plain(subject: str, text: str, usual: Severity) -> Message:
    """Text: Budgets and AWS Backup write so, and people."""
    title = subject or (text.strip().splitlines() or ["A message without a text"])[0][:150]
    source, severity = "", usual
    if subject.startswith("AWS Budgets") or "budget" in subject.lower():
        source = "AWS Budgets"
        severity = "warning" if usual == "info" else usual
    elif "AWS Backup" in text or "AWS Backup" in subject:
        source = "AWS Backup"
        failed = re.search(r"\b(failed|expired|aborted)\b", text, re.IGNORECASE)
        severity = (usual if usual != "info" else "warning") if failed else usual
    return Message(title=title, text=text if title != text.strip() else "", severity=severity, source=source)


def unknown(subject: str, content: dict[str, Any], usual: Severity) -> Message:
    """JSON of a kind that nobody has met: shown as it is."""
    return Message(title=subject or "A message of an unknown kind", text=json.dumps(content, indent=1, ensure_ascii=False), severity=usual)


Reader = tuple[Callable[[dict[str, Any]], bool], Callable[[dict[str, Any], Severity], Message]]

READERS: tuple[Reader, ...] = (
    (lambda content: "AlarmName" in content and "NewStateValue" in content, alarm),
    (lambda content: "detail-type" in content and "source" in content, event),
    (lambda content: "Event Message" in content and "Source ID" in content, rds),
    (lambda content: "AutoScalingGroupName" in content and "Event" in content, auto_scaling),
    (lambda content: "deploymentId" in content and "status" in content, code_deploy),
    (lambda content: isinstance(content.get("approval"), dict), approval),
)


def console(region: str, path: str, fragment: str = "") -> str:
    """A page of the console. CloudWatch and others take the region from the query."""
    if not region:
        return ""
    if path == "cloudwatch":
        path = "cloudwatch/home"
    return f"https://{region}.console.aws.amazon.com/{urllib.parse.quote(path)}?region={region}{fragment}"
