# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The roles of delivery: what the pipeline, the build, the deployment and the event that starts it may do."""

from __future__ import annotations

DOCUMENTATION = r"""
name: pipeline_roles
version_added: 0.1.0
short_description: Build the roles of a pipeline, each with the least that it needs
description:
  - "Gives the roles of CodePipeline, CodeBuild and CodeDeploy, and of EventBridge where the code is in CodeCommit, for
    refarch.aws.iam_roles."
options:
  _input:
    description: "V({prefix, path, account_id, region, boundary_arn, key_arn, bucket_name, pipeline_arn, project_arn, report_group_arn,
      application_name, log_group_name, repository_arn or connection_arn, auto_scaling_group_names, approval_topic_arn})."
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: The roles of delivery
  refarch.aws.iam_roles:
    roles: "{{ settings | refarch.aws.pipeline_roles }}"
"""

RETURN = r"""
_value:
  description: Roles as refarch.aws.iam_roles takes them, named C(<prefix>-pipeline), C(-build), C(-deploy) and C(-pipeline-push).
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.refarch.aws.plugins.filter.resource_name import resource_name

Statement = dict[str, Any]


def _allow(sid: str, actions: list[str], resources: Any, condition: dict | None = None) -> Statement:
    statement = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}
    return {**statement, "Condition": condition} if condition else statement


def _document(statements: list[Statement]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": statements}


def _trust(service: str, condition: dict | None) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return _document([{**statement, "Condition": condition} if condition else statement])


def _artifacts(settings: dict[str, Any]) -> list[Statement]:
    """What every stage does with what the others made, and with the key that encrypts it."""
    bucket = f"arn:aws:s3:::{settings['bucket_name']}"
    through = {"StringEquals": {"kms:ViaService": f"s3.{settings['region']}.amazonaws.com"}}
    return [
        _allow("UseArtifacts", ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"], f"{bucket}/*"),
        _allow("FindArtifacts", ["s3:GetBucketLocation", "s3:GetBucketVersioning", "s3:ListBucket"], bucket),
        _allow("EncryptArtifacts", ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"], settings["key_arn"], through),
    ]


def _pipeline(settings: dict[str, Any]) -> list[Statement]:
    """ "CodePipeline service role policy" (AWS CodePipeline User Guide), by action of the stages."""
    deploy = f"arn:aws:codedeploy:{settings['region']}:{settings['account_id']}"
    name = settings["application_name"]
    statements = [
        *_artifacts(settings),
        _allow("Build", ["codebuild:BatchGetBuilds", "codebuild:StartBuild"], settings["project_arn"]),
        _allow(
            "Deploy",
            [
                "codedeploy:CreateDeployment",
                "codedeploy:GetApplication",
                "codedeploy:GetApplicationRevision",
                "codedeploy:GetDeployment",
                "codedeploy:GetDeploymentConfig",
                "codedeploy:RegisterApplicationRevision",
            ],
            [f"{deploy}:application:{name}", f"{deploy}:deploymentgroup:{name}/*", f"{deploy}:deploymentconfig:*"],
        ),
        _allow("AskForApproval", ["sns:Publish"], settings["approval_topic_arn"]),
        _allow("EncryptTheQuestion", ["kms:Decrypt", "kms:GenerateDataKey"], settings["key_arn"],
               {"StringEquals": {"kms:ViaService": f"sns.{settings['region']}.amazonaws.com"}}),
    ]  # fmt: skip
    if settings.get("connection_arn"):
        # The service was renamed; its actions are asked for under both names ("Connections rename", Developer Tools console User Guide).
        using = ["codestar-connections:UseConnection", "codeconnections:UseConnection"]
        statements.append(_allow("UseConnection", using, settings["connection_arn"]))
    else:
        reading = ["GetBranch", "GetCommit", "GetRepository", "GetUploadArchiveStatus", "UploadArchive", "CancelUploadArchive"]
        through = {"StringEquals": {"kms:ViaService": f"codecommit.{settings['region']}.amazonaws.com"}}
        statements += [
            _allow("ReadCode", [f"codecommit:{action}" for action in reading], settings["repository_arn"]),
            _allow("DecryptCode", ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"], settings["key_arn"], through),
        ]
    return statements


def _build(settings: dict[str, Any]) -> list[Statement]:
    """ "Allow CodeBuild to interact with other AWS services" (AWS CodeBuild User Guide)."""
    group = f"arn:aws:logs:{settings['region']}:{settings['account_id']}:log-group:{settings['log_group_name']}"
    reports = ["CreateReport", "UpdateReport", "BatchPutTestCases", "BatchPutCodeCoverages"]
    return [
        *_artifacts(settings),
        _allow("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], [f"{group}:*"]),
        _allow("WriteReports", [f"codebuild:{action}" for action in reports], settings["report_group_arn"]),
    ]


def _deploy(settings: dict[str, Any]) -> list[Statement]:
    """What AWSCodeDeployRole holds, for in-place deployments to the stack's groups behind target groups."""
    scaling = f"arn:aws:autoscaling:{settings['region']}:{settings['account_id']}:autoScalingGroup:*:autoScalingGroupName"
    hooks = ["CompleteLifecycleAction", "DeleteLifecycleHook", "PutLifecycleHook", "RecordLifecycleActionHeartbeat"]
    moving = ["AttachLoadBalancerTargetGroups", "ResumeProcesses", "SuspendProcesses", "UpdateAutoScalingGroup"]
    targets = f"arn:aws:elasticloadbalancing:{settings['region']}:{settings['account_id']}:targetgroup/{settings['prefix']}-*"
    looking = {
        "autoscaling": ["DescribeAutoScalingGroups", "DescribeLifecycleHooks", "DescribeNotificationConfigurations", "DescribePolicies",
                        "DescribeScalingActivities", "DescribeScheduledActions"],
        "cloudwatch": ["DescribeAlarms"],
        "ec2": ["DescribeInstances", "DescribeInstanceStatus"],
        "elasticloadbalancing": ["DescribeTargetGroups", "DescribeTargetGroupAttributes", "DescribeTargetHealth"],
        "tag": ["GetResources"],
    }  # fmt: skip
    return [
        _allow("ChangeTheGroups", [f"autoscaling:{action}" for action in hooks + moving],
               [f"{scaling}/{name}" for name in settings["auto_scaling_group_names"]]),
        _allow("MoveTraffic", ["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"], targets),
        # These take no resource (Service Authorization Reference).
        _allow("Look", [f"{service}:{action}" for service, actions in looking.items() for action in actions], "*"),
    ]  # fmt: skip


def pipeline_roles(settings: dict[str, Any]) -> list[dict[str, Any]]:
    """The roles. CodeBuild, CodeDeploy and EventBridge tell for what they act; CodePipeline is not documented to do so."""
    account = {"aws:SourceAccount": settings["account_id"]}
    groups = f"arn:aws:codedeploy:{settings['region']}:{settings['account_id']}:deploymentgroup:{settings['application_name']}/*"
    rule = f"arn:aws:events:{settings['region']}:{settings['account_id']}:rule/{settings['prefix']}-*"
    roles = {
        "pipeline": ("CodePipeline moves releases", _trust("codepipeline", None), _pipeline(settings)),
        "build": (
            "CodeBuild builds and tests",
            _trust("codebuild", {"StringEquals": {**account, "aws:SourceArn": settings["project_arn"]}}),
            _build(settings),
        ),
        "deploy": (
            "CodeDeploy brings releases to the servers",
            _trust("codedeploy", {"StringEquals": account, "StringLike": {"aws:SourceArn": groups}}),
            _deploy(settings),
        ),
    }
    if not settings.get("connection_arn"):
        roles["pipeline-push"] = (
            "EventBridge starts the pipeline",
            _trust("events", {"StringEquals": account, "ArnLike": {"aws:SourceArn": rule}}),
            [_allow("StartThePipeline", ["codepipeline:StartPipelineExecution"], settings["pipeline_arn"])],
        )
    return [
        {
            "name": resource_name(settings["prefix"], what, "iam_role"),
            "path": settings["path"],
            "description": description,
            "assume_role_policy": trust,
            "inline_policies": {"least": _document(statements)},
            "permissions_boundary_arn": settings["boundary_arn"],
        }
        for what, (description, trust, statements) in roles.items()
    ]


class FilterModule:
    def filters(self):
        return {"pipeline_roles": pipeline_roles}
