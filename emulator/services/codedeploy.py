"""CodeDeploy: applications and deployment groups. moto lacks their update and removal, and keeps few of a group's settings.

Deployments are moto's: they are accepted and stay Created, since there is no agent here that would carry them out.
"""

from __future__ import annotations

import time
import uuid
from typing import Any

from moto.codedeploy.models import Application, codedeploy_backends

from emulator.errors import AwsError
from emulator.operations import operation
from emulator.records import Records, as_map, tag_operations, tags_by_arn
from emulator.strict import Context

APPLICATIONS = Records("codedeploy", "application", "ApplicationAlreadyExistsException", "ApplicationDoesNotExistException")
GROUPS = Records("codedeploy", "deployment group", "DeploymentGroupAlreadyExistsException", "DeploymentGroupDoesNotExistException")
TAG = ("Key", "Value")


def apply() -> None:
    tag_operations("codedeploy", arn="ResourceArn", tags="Tags", keys="TagKeys", missing="ResourceValidationException", as_list=TAG)


def _arn(context: Context, kind: str, name: str) -> str:
    return f"arn:aws:codedeploy:{context.region}:{context.account_id}:{kind}:{name}"


@operation("codedeploy", "CreateApplication")
def create_application(params: dict[str, Any], context: Context) -> dict[str, Any]:
    name = params["applicationName"]
    made = {
        "applicationId": str(uuid.uuid4()),
        "applicationName": name,
        "createTime": time.time(),
        "linkedToGitHub": False,
        "computePlatform": params.get("computePlatform", "Server"),
    }
    APPLICATIONS.add(context, name, made)
    tags_by_arn("codedeploy", context)[_arn(context, "application", name)] = as_map(params.get("tags"), TAG)
    backend = codedeploy_backends[context.account_id][context.region]
    backend.applications[name] = Application(name, made["computePlatform"], [])  # moto's deployments want moto's application
    return {"applicationId": made["applicationId"]}


@operation("codedeploy", "GetApplication")
def get_application(params: dict[str, Any], context: Context) -> dict[str, Any]:
    return {"application": APPLICATIONS.get(context, params["applicationName"])}


@operation("codedeploy", "BatchGetApplications")
def batch_get_applications(params: dict[str, Any], context: Context) -> dict[str, Any]:
    return {"applicationsInfo": [APPLICATIONS.get(context, name) for name in params["applicationNames"]]}


@operation("codedeploy", "ListApplications")
def list_applications(_params: dict[str, Any], context: Context) -> dict[str, Any]:
    return {"applications": list(APPLICATIONS.all(context))}


@operation("codedeploy", "DeleteApplication")
def delete_application(params: dict[str, Any], context: Context) -> None:
    """Takes its deployment groups along; of a name that is not there it says nothing ("DeleteApplication", CodeDeploy API Reference)."""
    name = params["applicationName"]
    APPLICATIONS.remove(context, name)
    for key in [key for key in GROUPS.all(context) if key.startswith(f"{name}/")]:
        GROUPS.remove(context, key)
    for arn in [arn for arn in tags_by_arn("codedeploy", context) if arn.endswith(f":application:{name}") or f":{name}/" in arn]:
        tags_by_arn("codedeploy", context).pop(arn)
    codedeploy_backends[context.account_id][context.region].applications.pop(name, None)


def _settled(params: dict[str, Any]) -> dict[str, Any]:
    """The group as GetDeploymentGroup answers it: Auto Scaling groups with the hook that CodeDeploy puts on each, its defaults filled."""
    group = {key: value for key, value in params.items() if key not in ("tags", "autoScalingGroups", "currentDeploymentGroupName")}
    if "autoScalingGroups" in params:
        hook = "CodeDeploy-managed-automatic-launch-deployment-hook-"
        group["autoScalingGroups"] = [{"name": name, "hook": f"{hook}{name}"} for name in params["autoScalingGroups"]]
    return group


@operation("codedeploy", "CreateDeploymentGroup")
def create_deployment_group(params: dict[str, Any], context: Context) -> dict[str, Any]:
    application, name = params["applicationName"], params["deploymentGroupName"]
    platform = APPLICATIONS.get(context, application)["computePlatform"]
    made = {
        "deploymentGroupId": str(uuid.uuid4()),
        "computePlatform": platform,
        "deploymentConfigName": "CodeDeployDefault.OneAtATime",
        "ec2TagFilters": [],
        "onPremisesInstanceTagFilters": [],
        "autoScalingGroups": [],
        "triggerConfigurations": [],
        "deploymentStyle": {"deploymentType": "IN_PLACE", "deploymentOption": "WITHOUT_TRAFFIC_CONTROL"},
        "outdatedInstancesStrategy": "UPDATE",
        "terminationHookEnabled": False,
        **_settled(params),
    }
    GROUPS.add(context, f"{application}/{name}", made)
    tags_by_arn("codedeploy", context)[_arn(context, "deploymentgroup", f"{application}/{name}")] = as_map(params.get("tags"), TAG)
    return {"deploymentGroupId": made["deploymentGroupId"]}


@operation("codedeploy", "GetDeploymentGroup")
def get_deployment_group(params: dict[str, Any], context: Context) -> dict[str, Any]:
    APPLICATIONS.get(context, params["applicationName"])
    return {"deploymentGroupInfo": GROUPS.get(context, f"{params['applicationName']}/{params['deploymentGroupName']}")}


@operation("codedeploy", "ListDeploymentGroups")
def list_deployment_groups(params: dict[str, Any], context: Context) -> dict[str, Any]:
    name = params["applicationName"]
    APPLICATIONS.get(context, name)
    found = [group["deploymentGroupName"] for key, group in GROUPS.all(context).items() if key.startswith(f"{name}/")]
    return {"applicationName": name, "deploymentGroups": found}


@operation("codedeploy", "UpdateDeploymentGroup")
def update_deployment_group(params: dict[str, Any], context: Context) -> dict[str, Any]:
    application, current = params["applicationName"], params["currentDeploymentGroupName"]
    group = GROUPS.get(context, f"{application}/{current}")
    new = params.get("newDeploymentGroupName", current)
    if new != current:
        raise AwsError("NotImplemented", "The emulator does not rename deployment groups", 501)
    group.update(_settled({key: value for key, value in params.items() if key != "newDeploymentGroupName"}))
    return {"hooksNotCleanedUp": []}


@operation("codedeploy", "DeleteDeploymentGroup")
def delete_deployment_group(params: dict[str, Any], context: Context) -> dict[str, Any]:
    key = f"{params['applicationName']}/{params['deploymentGroupName']}"
    GROUPS.remove(context, key)
    tags_by_arn("codedeploy", context).pop(_arn(context, "deploymentgroup", key), None)
    return {"hooksNotCleanedUp": []}
