"""CodeBuild: projects and report groups. moto lacks UpdateProject, report groups, and most of what a project holds; builds are moto's."""

from __future__ import annotations

import copy
import time
from typing import Any

from moto.codebuild.models import codebuild_backends

from emulator.errors import AwsError
from emulator.operations import operation
from emulator.records import Records
from emulator.strict import Context

PROJECTS = Records("codebuild", "project", "ResourceAlreadyExistsException", "ResourceNotFoundException")
GROUPS = Records("codebuild", "report group", "ResourceAlreadyExistsException", "ResourceNotFoundException")

#: What AWS adds to a project that does not say it ("CreateProject", AWS CodeBuild API Reference, and what BatchGetProjects answers).
DEFAULTS: dict[str, Any] = {
    "cache": {"type": "NO_CACHE"},
    "timeoutInMinutes": 60,
    "queuedTimeoutInMinutes": 480,
    "badge": {"badgeEnabled": False},
    "projectVisibility": "PRIVATE",
    "secondarySources": [],
    "secondaryArtifacts": [],
    "tags": [],
}


def apply() -> None:
    pass


def _arn(context: Context, kind: str, name: str) -> str:
    return f"arn:aws:codebuild:{context.region}:{context.account_id}:{kind}/{name}"


def _with_defaults(project: dict[str, Any], context: Context) -> dict[str, Any]:
    filled = {**copy.deepcopy(DEFAULTS), **project}
    filled.setdefault("encryptionKey", f"arn:aws:kms:{context.region}:{context.account_id}:alias/aws/s3")
    filled["environment"] = {
        "environmentVariables": [],
        "privilegedMode": False,
        "imagePullCredentialsType": "CODEBUILD",
        **filled["environment"],
    }
    filled["environment"]["environmentVariables"] = [
        {"type": "PLAINTEXT", **variable} for variable in filled["environment"]["environmentVariables"]
    ]
    return filled


@operation("codebuild", "CreateProject")
def create_project(params: dict[str, Any], context: Context) -> dict[str, Any]:
    name, now = params["name"], time.time()
    about = {"arn": _arn(context, "project", name), "created": now, "lastModified": now}
    made = PROJECTS.add(context, name, {**_with_defaults(params, context), **about})
    # moto's builds want moto's project.
    codebuild_backends[context.account_id][context.region].codebuild_projects[name] = made
    return {"project": made}


@operation("codebuild", "UpdateProject")
def update_project(params: dict[str, Any], context: Context) -> dict[str, Any]:
    """Each member that is given replaces the former one as a whole ("UpdateProject", AWS CodeBuild API Reference)."""
    project = PROJECTS.get(context, params["name"])
    project.update(_with_defaults({**project, **params}, context), lastModified=time.time())
    return {"project": project}


@operation("codebuild", "BatchGetProjects")
def batch_get_projects(params: dict[str, Any], context: Context) -> dict[str, Any]:
    names = [name.rpartition("/")[2] for name in params["names"]]
    found = PROJECTS.all(context)
    return {"projects": [found[name] for name in names if name in found], "projectsNotFound": [name for name in names if name not in found]}


@operation("codebuild", "ListProjects")
def list_projects(_params: dict[str, Any], context: Context) -> dict[str, Any]:
    return {"projects": sorted(PROJECTS.all(context))}


@operation("codebuild", "DeleteProject")
def delete_project(params: dict[str, Any], context: Context) -> dict[str, Any]:
    """Of a name that is not there it says nothing ("DeleteProject", AWS CodeBuild API Reference)."""
    PROJECTS.remove(context, params["name"].rpartition("/")[2])
    codebuild_backends[context.account_id][context.region].codebuild_projects.pop(params["name"], None)
    return {}


@operation("codebuild", "CreateReportGroup")
def create_report_group(params: dict[str, Any], context: Context) -> dict[str, Any]:
    arn, now = _arn(context, "report-group", params["name"]), time.time()
    group = {"tags": [], **params, "arn": arn, "created": now, "lastModified": now, "status": "ACTIVE"}
    return {"reportGroup": GROUPS.add(context, arn, group)}


@operation("codebuild", "BatchGetReportGroups")
def batch_get_report_groups(params: dict[str, Any], context: Context) -> dict[str, Any]:
    found, arns = GROUPS.all(context), params["reportGroupArns"]
    return {"reportGroups": [found[arn] for arn in arns if arn in found], "reportGroupsNotFound": [arn for arn in arns if arn not in found]}


@operation("codebuild", "ListReportGroups")
def list_report_groups(_params: dict[str, Any], context: Context) -> dict[str, Any]:
    return {"reportGroups": list(GROUPS.all(context))}


@operation("codebuild", "UpdateReportGroup")
def update_report_group(params: dict[str, Any], context: Context) -> dict[str, Any]:
    group = GROUPS.get(context, params["arn"])
    group.update({key: value for key, value in params.items() if key != "arn"}, lastModified=time.time())
    return {"reportGroup": group}


@operation("codebuild", "DeleteReportGroup")
def delete_report_group(params: dict[str, Any], context: Context) -> dict[str, Any]:
    if params["arn"] not in GROUPS.all(context):
        raise AwsError("InvalidInputException", f"Invalid report group ARN: {params['arn']}", 400)
    GROUPS.remove(context, params["arn"])
    return {}
