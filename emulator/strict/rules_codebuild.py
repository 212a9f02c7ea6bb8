"""What AWS CodeBuild refuses."""

from __future__ import annotations

import re
from typing import Any

from emulator.strict import Context, rule, tags
from emulator.strict.access import role_trusts

_CREATE = "AWS CodeBuild API Reference, CreateProject"
_SMALL = "BUILD_GENERAL1_SMALL"
_S3_EXPORT = {"exportConfigType": "S3", "s3Destination": {"bucket": "b", "encryptionKey": "k"}}
_PROJECT = {
    "name": "shop-staging-build",
    "source": {"type": "CODEPIPELINE", "buildspec": "version: 0.2"},
    "artifacts": {"type": "CODEPIPELINE"},
    "environment": {"type": "ARM_CONTAINER", "image": "aws/codebuild/amazonlinux-aarch64-standard:3.0", "computeType": _SMALL},
}
#: Compute types of each environment type ("Build environment compute modes and types", AWS CodeBuild User Guide).
_SMALL_TO_2XL = {f"BUILD_GENERAL1_{size}" for size in ("SMALL", "MEDIUM", "LARGE", "XLARGE", "2XLARGE")}
_COMPUTE = {
    "ARM_CONTAINER": _SMALL_TO_2XL,
    "LINUX_CONTAINER": _SMALL_TO_2XL,
    "LINUX_GPU_CONTAINER": {"BUILD_GENERAL1_SMALL", "BUILD_GENERAL1_LARGE"},
    "ARM_LAMBDA_CONTAINER": {f"BUILD_LAMBDA_{size}GB" for size in (1, 2, 4, 8, 10)},
    "LINUX_LAMBDA_CONTAINER": {f"BUILD_LAMBDA_{size}GB" for size in (1, 2, 4, 8, 10)},
}


def _project(**changes: Any) -> dict[str, Any]:
    return {**_PROJECT, **changes}


def _environment(**changes: Any) -> dict[str, Any]:
    return _project(environment={**_PROJECT["environment"], **changes})


@rule(
    "codebuild", "CreateProject", code="InvalidInputException", source=_CREATE,
    good=[_PROJECT], bad=[_project(name="a"), _project(name="-build"), _project(name="b" * 151)],
)  # fmt: skip
def project_name(params: dict[str, Any], context: Context) -> str | None:
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{1,149}", params["name"]):
        return None
    return f"Project name {params['name']} must be 2 to 150 letters, digits, hyphens and underscores, beginning with a letter or digit"


@rule(
    "codebuild", "CreateProject", "UpdateProject", code="InvalidInputException", source=_CREATE,
    good=[_project(timeoutInMinutes=5, queuedTimeoutInMinutes=5)], bad=[_project(timeoutInMinutes=4), _project(queuedTimeoutInMinutes=481)],
)  # fmt: skip
def timeouts(params: dict[str, Any], context: Context) -> str | None:
    if not 5 <= params.get("timeoutInMinutes", 60) <= 2160:
        return "Invalid timeoutInMinutes: it must be between 5 and 2160"
    if not 5 <= params.get("queuedTimeoutInMinutes", 480) <= 480:
        return "Invalid queuedTimeoutInMinutes: it must be between 5 and 480"
    return None


@rule(
    "codebuild", "CreateProject", "UpdateProject", code="InvalidInputException",
    source="AWS CodeBuild User Guide, Build environment compute modes and types",
    good=[_PROJECT, _environment(type="LINUX_LAMBDA_CONTAINER", computeType="BUILD_LAMBDA_2GB")],
    bad=[_environment(computeType="BUILD_LAMBDA_2GB"), _environment(type="LINUX_GPU_CONTAINER", computeType="BUILD_GENERAL1_MEDIUM")],
)  # fmt: skip
def compute_of_the_environment(params: dict[str, Any], context: Context) -> str | None:
    environment = params.get("environment") or {}
    allowed = _COMPUTE.get(environment.get("type", ""))
    if allowed and environment.get("computeType") not in allowed:
        return f"The environment type {environment['type']} is not compatible with compute type {environment.get('computeType')}"
    return None


@rule(
    "codebuild", "CreateProject", "UpdateProject", code="InvalidInputException",
    source="AWS CodePipeline User Guide, CodePipeline pipeline structure reference; CreateProject",
    good=[_PROJECT, _project(source={"type": "NO_SOURCE", "buildspec": "version: 0.2"}, artifacts={"type": "NO_ARTIFACTS"})],
    bad=[_project(artifacts={"type": "NO_ARTIFACTS"}), _project(source={"type": "NO_SOURCE"}, artifacts={"type": "NO_ARTIFACTS"})],
)  # fmt: skip
def source_and_artifacts(params: dict[str, Any], context: Context) -> str | None:
    source, artifacts = (params.get(key, {}).get("type") for key in ("source", "artifacts"))
    if source and artifacts and (source == "CODEPIPELINE") != (artifacts == "CODEPIPELINE"):
        return "Invalid artifacts: source and artifacts must both be of type CODEPIPELINE, or neither"
    if source == "NO_SOURCE" and not params["source"].get("buildspec"):
        return "Project source type NO_SOURCE requires a buildspec"
    return None


@rule(
    "codebuild", "CreateProject", "UpdateProject", code="InvalidInputException",
    source="AWS CodeBuild User Guide, Allow CodeBuild to interact with other AWS services",
    good=[_PROJECT], bad=[_project(serviceRole="arn:aws:iam::123456789012:role/refarch/nobody")],
)  # fmt: skip
def role_can_be_taken(params: dict[str, Any], context: Context) -> str | None:
    role = params.get("serviceRole")
    if role and not role_trusts(context, role, "codebuild.amazonaws.com"):
        return f"CodeBuild is not authorized to perform: sts:AssumeRole on {role}"
    return None


@rule(
    "codebuild", "CreateReportGroup", "UpdateReportGroup", code="InvalidInputException",
    source="AWS CodeBuild API Reference, S3ReportExportConfig",
    good=[
        {"name": "shop", "type": "TEST", "exportConfig": {"exportConfigType": "NO_EXPORT"}},
        {"name": "shop", "type": "TEST", "exportConfig": _S3_EXPORT},
    ],
    bad=[{"name": "shop", "type": "TEST", "exportConfig": {"exportConfigType": "S3"}}],
)  # fmt: skip
def export_has_a_bucket(params: dict[str, Any], context: Context) -> str | None:
    config = params.get("exportConfig") or {}
    if config.get("exportConfigType") == "S3" and not (config.get("s3Destination") or {}).get("bucket"):
        return "Invalid export config: S3 destination bucket is required"
    return None


@rule(
    "codebuild", "CreateProject", "UpdateProject", code="InvalidInputException", source="AWS CodeBuild API Reference, VpcConfig",
    good=[_PROJECT, _project(vpcConfig={"vpcId": "vpc-1", "subnets": ["subnet-1"], "securityGroupIds": ["sg-1"]}), _project(vpcConfig={})],
    bad=[_project(vpcConfig={"vpcId": "vpc-1"}), _project(vpcConfig={"subnets": ["subnet-1"], "securityGroupIds": ["sg-1"]})],
)  # fmt: skip
def vpc_is_whole(params: dict[str, Any], context: Context) -> str | None:
    given = [bool((params.get("vpcConfig") or {}).get(key)) for key in ("vpcId", "subnets", "securityGroupIds")]
    return "Invalid vpc config: vpcId, subnets and securityGroupIds go together" if any(given) and not all(given) else None


@rule(
    "codebuild", "CreateProject", "UpdateProject", code="InvalidInputException",
    source="AWS CodeBuild User Guide, Run builds on AWS Lambda compute: Limitations",
    good=[_environment(privilegedMode=True)],
    bad=[_environment(type="ARM_LAMBDA_CONTAINER", computeType="BUILD_LAMBDA_2GB", privilegedMode=True)],
)  # fmt: skip
def no_privileges_on_lambda(params: dict[str, Any], context: Context) -> str | None:
    environment = params.get("environment") or {}
    if environment.get("privilegedMode") and "_LAMBDA_" in environment.get("type", ""):
        return f"Privileged mode is not supported in environments of type {environment['type']}"
    return None


@rule(
    "codebuild", "CreateProject", "UpdateProject", "CreateReportGroup", code="InvalidInputException",
    source="AWS General Reference, Tagging your AWS resources",
    good=[_project(tags=[{"key": "Project", "value": "shop"}])], bad=[_project(tags=[{"key": "aws:x", "value": "y"}])],
)  # fmt: skip
def project_tags(params: dict[str, Any], context: Context) -> str | None:
    return tags.wrong((tag.get("key", ""), tag.get("value", "")) for tag in params.get("tags") or [])
