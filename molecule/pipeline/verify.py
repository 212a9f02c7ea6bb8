"""Checks the settings of the pipeline through boto3; ``--absent`` that nothing is left. Sentences on failure, exit code 1."""

from __future__ import annotations

import json
import os
import sys

import boto3

PREFIX = os.environ.get("STACK_PREFIX", "shop-staging")
REGION = os.environ.get("AWS_REGION", "ap-northeast-2")
GROUP = "/{}/{}/build".format(*PREFIX.rsplit("-", 1))
TAGS = {"Project", "Environment", "Component", "ManagedBy"}

failures: list[str] = []
SERVICES = ("codecommit", "codebuild", "codedeploy", "codepipeline", "logs", "iam", "events")
commit, build, deploy, pipelines, logs, iam, events = (boto3.client(service, region_name=REGION) for service in SERVICES)


def check(what: str, ok: bool, found: object = "") -> None:
    print(f"{'ok    ' if ok else 'FAILED'} {what}")
    if not ok:
        failures.append(f"{what}: found {found!r}.")


def repository_is_encrypted() -> None:
    found = commit.batch_get_repositories(repositoryNames=[f"{PREFIX}-services"])["repositories"]
    check("the repository stands", len(found) == 1, found)
    for repository in found:
        check("repository: encrypted with a customer key", ":key/" in repository["kmsKeyId"], repository)
        tags = commit.list_tags_for_resource(resourceArn=repository["Arn"])["tags"]
        check("repository: tags", set(tags) >= TAGS, tags)


def build_is_strict() -> None:
    found = build.batch_get_projects(names=[f"{PREFIX}-build"])["projects"]
    check("the build project stands", len(found) == 1, found)
    for project in found:
        secrets = [variable for variable in project["environment"]["environmentVariables"] if variable["type"] == "PLAINTEXT"]
        check("build: no variable in plain text [CodeBuild.2]", not secrets, secrets)
        check("build: not privileged [CodeBuild.5]", project["environment"]["privilegedMode"] is False, project["environment"])
        log = project["logsConfig"]["cloudWatchLogs"]
        check("build: logs to the stack's group [CodeBuild.4]", (log["status"], log.get("groupName")) == ("ENABLED", GROUP), log)
        check("build: no logs in S3 that nobody encrypts [CodeBuild.3]", "s3Logs" not in project["logsConfig"], project["logsConfig"])
        check("build: artifacts encrypted with a customer key", ":key/" in project["encryptionKey"], project["encryptionKey"])
        check("build: tags", {tag["key"] for tag in project["tags"]} >= TAGS, project["tags"])
    groups = [group for group in logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"] if group["logGroupName"] == GROUP]
    kept = [(group.get("retentionInDays"), ":key/" in group.get("kmsKeyId", "")) for group in groups]
    check("build: the log group stands for a year, encrypted", kept == [(365, True)], groups)
    arns = [arn for arn in build.list_report_groups()["reportGroups"] if arn.endswith(f"/{PREFIX}-tests")]
    reports = build.batch_get_report_groups(reportGroupArns=arns)["reportGroups"] if arns else []
    check("the report group stands", len(reports) == 1, reports)
    for group in reports:
        destination = group["exportConfig"].get("s3Destination", {})
        encrypted = ":key/" in destination.get("encryptionKey", "") and not destination.get("encryptionDisabled")
        check("reports: encrypted with a customer key [CodeBuild.7]", encrypted, destination)


def deployments_go_back() -> None:
    name = f"{PREFIX}-services"
    check("the application stands", name in deploy.list_applications()["applications"])
    for tier in ("app", "web"):
        group = deploy.get_deployment_group(applicationName=name, deploymentGroupName=tier)["deploymentGroupInfo"]
        style = (group["deploymentStyle"]["deploymentType"], group["deploymentStyle"]["deploymentOption"])
        check(f"{tier}: in place, out of the load balancer", style == ("IN_PLACE", "WITH_TRAFFIC_CONTROL"), style)
        check(f"{tier}: the target group", len(group["loadBalancerInfo"]["targetGroupInfoList"]) == 1, group["loadBalancerInfo"])
        check(f"{tier}: the Auto Scaling group", len(group["autoScalingGroups"]) == 1, group["autoScalingGroups"])
        rollback = group["autoRollbackConfiguration"]
        events_wanted = {"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"}
        check(f"{tier}: goes back on failure, alarm and stop", rollback["enabled"] and set(rollback["events"]) == events_wanted, rollback)
        alarms = group["alarmConfiguration"]
        strict = alarms["enabled"] and not alarms["ignorePollAlarmFailure"]
        check(f"{tier}: an alarm stops it", strict and len(alarms["alarms"]) >= 1, alarms)


def pipeline_is_strict() -> None:
    record = pipelines.get_pipeline(name=f"{PREFIX}-pipeline")
    pipeline = record["pipeline"]
    check("pipeline: type V2 with an execution mode", (pipeline["pipelineType"], pipeline["executionMode"]) == ("V2", "QUEUED"), pipeline)
    store = pipeline["artifactStore"]
    check("pipeline: artifacts encrypted with a customer key", ":key/" in store.get("encryptionKey", {}).get("id", ""), store)
    stages = {stage["name"]: stage for stage in pipeline["stages"]}
    order = ["Source", "Build", "Approve", "Deploy-app", "Deploy-web"]
    check("pipeline: source, build, approval, both tiers", list(stages) == order, list(stages))
    approval = stages["Approve"]["actions"][0]["configuration"]
    check("pipeline: the approval tells a topic", ":sns:" in approval.get("NotificationArn", ""), approval)
    back = [stages[name].get("onFailure", {}).get("result") for name in stages if name.startswith("Deploy-")]
    check("pipeline: a failed deployment goes back", back == ["ROLLBACK"] * 2, back)
    check("pipeline: does not poll", stages["Source"]["actions"][0]["configuration"].get("PollForSourceChanges") == "false")
    tags = pipelines.list_tags_for_resource(resourceArn=record["metadata"]["pipelineArn"])["tags"]
    check("pipeline: tags", {tag["key"] for tag in tags} >= TAGS, tags)
    targets = events.list_targets_by_rule(Rule=f"{PREFIX}-pipeline-push")["Targets"]
    check("pipeline: a push starts it", [target["Arn"] for target in targets] == [record["metadata"]["pipelineArn"]], targets)


def roles_are_least() -> None:
    for what, service in (("pipeline", "codepipeline"), ("build", "codebuild"), ("deploy", "codedeploy"), ("pipeline-push", "events")):
        name = f"{PREFIX}-{what}"
        role = iam.get_role(RoleName=name)["Role"]
        check(f"{what}: role within a boundary", "PermissionsBoundary" in role, role)
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        guarded = what == "pipeline" or "aws:SourceAccount" in trust.get("Condition", {}).get("StringEquals", {})
        principal = trust["Principal"] == {"Service": f"{service}.amazonaws.com"}
        check(f"{what}: trusts its service for this account only", principal and guarded, trust)
        document = iam.get_role_policy(RoleName=name, PolicyName="least")["PolicyDocument"]
        wild = [action for statement in document["Statement"] for action in statement["Action"] if action.endswith("*")]
        check(f"{what}: no wildcard among its actions [IAM.21]", not wild, wild)
        attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        check(f"{what}: nothing else attached", attached == [], attached)


def absent() -> None:
    check("no repository left", commit.list_repositories()["repositories"] == [])
    check("no project left", build.list_projects()["projects"] == [] and build.list_report_groups()["reportGroups"] == [])
    check("no application left", deploy.list_applications()["applications"] == [])
    check("no pipeline left", pipelines.list_pipelines()["pipelines"] == [])
    check("no rule left", events.list_rules(NamePrefix=f"{PREFIX}-pipeline")["Rules"] == [])
    roles = [role["RoleName"] for role in iam.list_roles()["Roles"] if role["RoleName"].startswith(PREFIX)]
    check("no role left", roles == [], json.dumps(roles))
    check("no log group left", logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"] == [])


if "--absent" in sys.argv:
    absent()
else:
    repository_is_encrypted()
    build_is_strict()
    deployments_go_back()
    pipeline_is_strict()
    roles_are_least()
if failures:
    sys.exit("\n".join(failures))
