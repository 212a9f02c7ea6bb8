"""What brings releases to the servers: repository, build, deployment groups, the pipeline."""

from __future__ import annotations

from typing import Any

from tests.bench.parity.alike import ACCOUNT, Client, Found, Names, answer


def _repositories(client: Client, names: Names) -> Found:
    codecommit = client("codecommit")
    for listed in answer(codecommit, "list_repositories")["repositories"]:
        found = codecommit.get_repository(repositoryName=listed["repositoryName"])["repositoryMetadata"]
        tags = codecommit.list_tags_for_resource(resourceArn=found["Arn"])["tags"]
        yield f"repository {listed['repositoryName']}", {**found, "tags": tags}


def _builds(client: Client, names: Names) -> Found:
    codebuild = client("codebuild")
    if arns := answer(codebuild, "list_report_groups")["reportGroups"]:
        for group in codebuild.batch_get_report_groups(reportGroupArns=arns)["reportGroups"]:
            yield f"report group {group['name']}", group
    if listed := answer(codebuild, "list_projects")["projects"]:
        for project in codebuild.batch_get_projects(names=listed)["projects"]:
            # What a project has that says nothing of it; Terraform says it.
            project["artifacts"] = {"encryptionDisabled": False, "overrideArtifactName": False, **project["artifacts"]}
            project["source"] = {"gitCloneDepth": 0, "insecureSsl": False, **project["source"]}
            project["logsConfig"] = {"s3Logs": {"status": "DISABLED"}, **project.get("logsConfig", {})}
            yield f"build {project['name']}", project


def _deployments(client: Client, names: Names) -> Found:
    codedeploy = client("codedeploy")
    for name in answer(codedeploy, "list_applications")["applications"]:
        application = codedeploy.get_application(applicationName=name)["application"]
        arn = f"{_place(codedeploy)}:application:{name}"
        yield f"application {name}", {**application, "tags": codedeploy.list_tags_for_resource(ResourceArn=arn)["Tags"]}
        for group in answer(codedeploy, "list_deployment_groups", applicationName=name)["deploymentGroups"]:
            found = codedeploy.get_deployment_group(applicationName=name, deploymentGroupName=group)["deploymentGroupInfo"]
            found["autoScalingGroups"] = [one["name"] for one in found.get("autoScalingGroups", [])]
            # False by default; Terraform sends no false.
            found["alarmConfiguration"] = {"ignorePollAlarmFailure": False, **found.get("alarmConfiguration", {})}
            arn = f"{_place(codedeploy)}:deploymentgroup:{name}/{group}"
            yield f"deployment group {group}", {**found, "tags": codedeploy.list_tags_for_resource(ResourceArn=arn)["Tags"]}


def _place(codedeploy: Any) -> str:
    return f"arn:aws:codedeploy:{codedeploy.meta.region_name}:{ACCOUNT}"


def _pipelines(client: Client, names: Names) -> Found:
    codepipeline = client("codepipeline")
    for listed in answer(codepipeline, "list_pipelines")["pipelines"]:
        found = codepipeline.get_pipeline(name=listed["name"])
        tags = answer(codepipeline, "list_tags_for_resource", resourceArn=found["metadata"]["pipelineArn"])["tags"]
        yield f"pipeline {listed['name']}", {**found["pipeline"], "tags": tags}


READERS = (_repositories, _builds, _deployments, _pipelines)
