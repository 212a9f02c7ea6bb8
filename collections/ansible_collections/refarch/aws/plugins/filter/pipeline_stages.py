# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The stages of a pipeline from a repository to the servers of the tiers."""

from __future__ import annotations

DOCUMENTATION = r"""
name: pipeline_stages
version_added: 0.1.0
short_description: Build the stages of a pipeline that deploys to tiers of servers
description:
  - "Gives the stages in the shape that the API has: source, build with tests, an approval where somebody is to be asked, and the
    deployments one after the other, each of which goes back to the last good release if it fails."
options:
  _input:
    description: "V({source, build_project, application, deployment_groups, approval_topic_arn, approval_text}). The source is
      V({repository, branch}) of CodeCommit or V({connection_arn, repository, branch}) of a connection. Without a topic nobody is asked."
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: A pipeline from CodeCommit
  refarch.aws.codepipeline_pipelines:
    pipelines:
      - name: shop-staging-pipeline
        stages: "{{ settings | refarch.aws.pipeline_stages }}"
"""

RETURN = r"""
_value:
  description: The stages.
  type: list
  elements: dict
"""

from typing import Any

from ansible.errors import AnsibleFilterError

REQUIRED = ("source", "build_project", "application", "deployment_groups")


def _action(name: str, category: str, provider: str, configuration: dict[str, str], **artifacts: list[str]) -> dict[str, Any]:
    given = {key: [{"name": artifact} for artifact in names] for key, names in artifacts.items()}
    kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": name, "actionTypeId": kind, "runOrder": 1, "configuration": configuration, **given}


def _source(source: dict[str, str]) -> dict[str, Any]:
    if source.get("connection_arn"):
        configuration = {
            "ConnectionArn": source["connection_arn"],
            "FullRepositoryId": source["repository"],
            "BranchName": source["branch"],
            "OutputArtifactFormat": "CODE_ZIP",
            "DetectChanges": "false",  # the pipeline's trigger does
        }
        return _action("Source", "Source", "CodeStarSourceConnection", configuration, outputArtifacts=["source"])
    configuration = {
        "RepositoryName": source["repository"],
        "BranchName": source["branch"],
        "OutputArtifactFormat": "CODE_ZIP",
        "PollForSourceChanges": "false",  # an event starts the pipeline
    }
    return _action("Source", "Source", "CodeCommit", configuration, outputArtifacts=["source"])


def pipeline_stages(settings: dict[str, Any]) -> list[dict[str, Any]]:
    """The stages. C(deployment_groups): names, which are those of the artifacts too, in the order of their deployment.

    Raises AnsibleFilterError where something is missing.
    """
    missing = [name for name in REQUIRED if not settings.get(name)]
    if missing:
        raise AnsibleFilterError(f"pipeline_stages: {', '.join(missing)} must be given")
    groups = settings["deployment_groups"]
    build = _action(
        "Build", "Build", "CodeBuild", {"ProjectName": settings["build_project"]}, inputArtifacts=["source"], outputArtifacts=list(groups)
    )
    stages = [{"name": "Source", "actions": [_source(settings["source"])]}, {"name": "Build", "actions": [build]}]
    if settings.get("approval_topic_arn"):
        asked = {"NotificationArn": settings["approval_topic_arn"], "CustomData": settings.get("approval_text") or "Deploy this release?"}
        stages.append({"name": "Approve", "actions": [_action("Approve", "Approval", "Manual", asked)]})
    for group in groups:
        configuration = {"ApplicationName": settings["application"], "DeploymentGroupName": group}
        deploy = _action("Deploy", "Deploy", "CodeDeploy", configuration, inputArtifacts=[group])
        # "Configuring stage rollback" (AWS CodePipeline User Guide): the stage runs again with what it had when it last succeeded.
        stages.append({"name": f"Deploy-{group}", "actions": [deploy], "onFailure": {"result": "ROLLBACK"}})
    return stages


class FilterModule:
    def filters(self):
        return {"pipeline_stages": pipeline_stages}
