"""What AWS CodePipeline refuses."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from emulator.strict import Context, rule
from emulator.strict.access import role_trusts

_STRUCTURE = "AWS CodePipeline User Guide, CodePipeline pipeline structure reference"
_SOURCE = {
    "name": "Source",
    "actionTypeId": {"category": "Source", "owner": "AWS", "provider": "CodeCommit", "version": "1"},
    "configuration": {"RepositoryName": "shop", "BranchName": "main"},
    "outputArtifacts": [{"name": "source"}],
}
_BUILD = {
    "name": "Build",
    "actionTypeId": {"category": "Build", "owner": "AWS", "provider": "CodeBuild", "version": "1"},
    "configuration": {"ProjectName": "shop"},
    "inputArtifacts": [{"name": "source"}],
}
_PIPELINE = {
    "pipeline": {
        "name": "shop-staging",
        "stages": [{"name": "Source", "actions": [_SOURCE]}, {"name": "Build", "actions": [_BUILD]}],
        "pipelineType": "V2",
    }
}
#: Keys that the configuration of a provider's action must have ("Action structure reference", AWS CodePipeline User Guide).
_CONFIGURATION = {
    "CodeBuild": {"ProjectName"},
    "CodeCommit": {"RepositoryName", "BranchName"},
    "CodeDeploy": {"ApplicationName", "DeploymentGroupName"},
    "CodeStarSourceConnection": {"ConnectionArn", "FullRepositoryId", "BranchName"},
}


def _pipeline(**changes: Any) -> dict[str, Any]:
    return {"pipeline": {**copy.deepcopy(_PIPELINE["pipeline"]), **changes}}


def _stages(*actions: dict[str, Any]) -> dict[str, Any]:
    return _pipeline(stages=[{"name": f"Stage{number}", "actions": [action]} for number, action in enumerate(actions)])


def _actions(params: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, stage in enumerate(params["pipeline"]["stages"]):
        for action in stage["actions"]:
            yield number, action


@rule(
    "codepipeline", "CreatePipeline", "UpdatePipeline", code="InvalidStructureException", source=_STRUCTURE,
    good=[_PIPELINE], bad=[_stages(_SOURCE), _stages(_BUILD, _SOURCE), _stages(_SOURCE, _SOURCE)],
)  # fmt: skip
def sources_come_first(params: dict[str, Any], context: Context) -> str | None:
    stages = params["pipeline"]["stages"]
    if len(stages) < 2:
        return "Pipeline has only 1 stage(s). There should be a minimum of 2 stages in a pipeline"
    if any(action["actionTypeId"]["category"] != "Source" for number, action in _actions(params) if number == 0):
        return f"Pipeline stage '{stages[0]['name']}' should only contain Source actions"
    if any(action["actionTypeId"]["category"] == "Source" for number, action in _actions(params) if number > 0):
        return "Only the first stage of a pipeline may contain Source actions"
    return None


@rule(
    "codepipeline", "CreatePipeline", "UpdatePipeline", code="InvalidStructureException", source=_STRUCTURE,
    good=[_PIPELINE], bad=[_pipeline(stages=[{"name": "A", "actions": [_SOURCE]}, {"name": "A", "actions": [_BUILD]}])],
)  # fmt: skip
def names_are_unique(params: dict[str, Any], context: Context) -> str | None:
    stages = [stage["name"] for stage in params["pipeline"]["stages"]]
    if len(set(stages)) < len(stages):
        return "Stage names must be unique within a pipeline"
    for stage in params["pipeline"]["stages"]:
        names = [action["name"] for action in stage["actions"]]
        if len(set(names)) < len(names):
            return f"Action names must be unique within a stage; stage {stage['name']} has one twice"
    return None


@rule(
    "codepipeline", "CreatePipeline", "UpdatePipeline", code="InvalidStructureException", source=_STRUCTURE,
    good=[_PIPELINE], bad=[_stages(_SOURCE, {**_BUILD, "inputArtifacts": [{"name": "nowhere"}]})],
)  # fmt: skip
def inputs_were_made_before(params: dict[str, Any], context: Context) -> str | None:
    made: set[tuple[str, int, int]] = set()
    for number, action in _actions(params):
        order = action.get("runOrder", 1)
        for artifact in action.get("inputArtifacts") or []:
            if not any(name == artifact["name"] and (stage, run) < (number, order) for name, stage, run in made):
                return f"Input Artifact Bundle {artifact['name']} of action {action['name']} is no Output Artifact Bundle of an earlier one"
        made |= {(artifact["name"], number, order) for artifact in action.get("outputArtifacts") or []}
    return None


@rule(
    "codepipeline", "CreatePipeline", "UpdatePipeline", code="InvalidActionDeclarationException",
    source="AWS CodePipeline User Guide, Action structure reference",
    good=[_PIPELINE], bad=[_stages(_SOURCE, {**_BUILD, "configuration": {}}), _stages({**_SOURCE, "outputArtifacts": []}, _BUILD)],
)  # fmt: skip
def actions_are_configured(params: dict[str, Any], context: Context) -> str | None:
    for _number, action in _actions(params):
        kind = action["actionTypeId"]
        missing = _CONFIGURATION.get(kind["provider"], set()) - set(action.get("configuration") or {})
        if missing:
            return f"Action configuration for action '{action['name']}' is missing required configuration {', '.join(sorted(missing))}"
        if kind["category"] == "Source" and len(action.get("outputArtifacts") or []) != 1:
            return f"Action {action['name']} declares {len(action.get('outputArtifacts') or [])} output artifacts; a source has 1"
        if kind["category"] == "Approval" and (action.get("inputArtifacts") or action.get("outputArtifacts")):
            return f"Action {action['name']} is an approval, which has no artifacts"
    return None


@rule(
    "codepipeline", "CreatePipeline", "UpdatePipeline", code="InvalidStructureException",
    source="AWS CodePipeline User Guide, Pipeline types",
    good=[_PIPELINE, _pipeline(executionMode="QUEUED")],
    bad=[_pipeline(pipelineType="V1", executionMode="QUEUED"), _pipeline(pipelineType="V1", variables=[{"name": "a"}])],
)  # fmt: skip
def type_v2_for_what_is_new(params: dict[str, Any], context: Context) -> str | None:
    pipeline = params["pipeline"]
    if pipeline.get("pipelineType", "V1") == "V2":
        return None
    if pipeline.get("executionMode", "SUPERSEDED") != "SUPERSEDED" or pipeline.get("triggers") or pipeline.get("variables"):
        return "Execution modes, triggers and variables are supported for pipelines of type V2 only"
    return None


@rule(
    "codepipeline", "CreatePipeline", "UpdatePipeline", code="InvalidStructureException",
    source="AWS CodePipeline User Guide, CodePipeline service role",
    good=[_PIPELINE], bad=[_pipeline(roleArn="arn:aws:iam::123456789012:role/refarch/nobody")],
)  # fmt: skip
def role_can_be_taken(params: dict[str, Any], context: Context) -> str | None:
    role = params["pipeline"].get("roleArn")
    if role and not role_trusts(context, role, "codepipeline.amazonaws.com"):
        return f"CodePipeline is not authorized to perform AssumeRole on role {role}"
    return None


@rule(
    "codepipeline", "CreatePipeline", "UpdatePipeline", code="InvalidStructureException", source=_STRUCTURE,
    good=[_PIPELINE], bad=[_pipeline(artifactStore={"type": "S3", "location": "nobody-s-bucket"})],
)  # fmt: skip
def artifact_bucket_stands(params: dict[str, Any], context: Context) -> str | None:
    bucket = (params["pipeline"].get("artifactStore") or {}).get("location")
    if bucket and bucket not in context.backend("s3", "aws").buckets:
        return f"The artifact bucket {bucket} does not exist"
    return None


def _many(stages: int, actions: int) -> dict[str, Any]:
    """A source, and *stages* after it of *actions* each."""
    last = [{"name": f"S{stage}", "actions": [{**_BUILD, "name": f"B{number}"} for number in range(actions)]} for stage in range(stages)]
    return _pipeline(stages=[{"name": "Source", "actions": [_SOURCE]}, *last])


@rule(
    "codepipeline", "CreatePipeline", "UpdatePipeline", code="LimitExceededException",
    source="AWS CodePipeline User Guide, Quotas in AWS CodePipeline",
    good=[_many(1, 50), _many(49, 1)], bad=[_many(1, 51), _many(50, 1)],
)  # fmt: skip
def stages_and_actions(params: dict[str, Any], context: Context) -> str | None:
    stages = params["pipeline"]["stages"]
    if len(stages) > 50:
        return f"A pipeline has 50 stages at most, not {len(stages)}"
    crowded = [stage["name"] for stage in stages if len(stage["actions"]) > 50]
    return f"Stage {crowded[0]} has more than 50 actions" if crowded else None


def _triggered(action: str) -> dict[str, Any]:
    given = {"providerType": "CodeStarSourceConnection", "gitConfiguration": {"sourceActionName": action}}
    connection = {
        **_SOURCE,
        "actionTypeId": {**_SOURCE["actionTypeId"], "provider": "CodeStarSourceConnection"},  # type: ignore[dict-item]
        "configuration": {"ConnectionArn": "arn:aws:codeconnections:x", "FullRepositoryId": "shop/shop", "BranchName": "main"},
    }
    stages = [{"name": "Source", "actions": [connection]}, {"name": "Build", "actions": [_BUILD]}]
    return _pipeline(stages=stages, triggers=[given])


@rule(
    "codepipeline", "CreatePipeline", "UpdatePipeline", code="InvalidStructureException",
    source="AWS CodePipeline API Reference, GitConfiguration: sourceActionName",
    good=[_triggered("Source")],
    bad=[_triggered("Elsewhere"), _pipeline(triggers=_triggered("Source")["pipeline"]["triggers"])],
)  # fmt: skip
def triggers_name_a_connection(params: dict[str, Any], context: Context) -> str | None:
    sources = [action["name"] for _stage, action in _actions(params) if action["actionTypeId"]["provider"] == "CodeStarSourceConnection"]
    for trigger in params["pipeline"].get("triggers") or []:
        name = trigger["gitConfiguration"]["sourceActionName"]
        if name not in sources:
            return f"The source action {name} of a trigger is no action of the provider CodeStarSourceConnection"
    return None
