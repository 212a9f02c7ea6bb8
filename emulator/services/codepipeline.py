"""CodePipeline: pipelines of type V2. moto knows V1 only, wants a role's trust in one exact form, and has no state of a pipeline."""

from __future__ import annotations

import copy
import time
from typing import Any

from emulator.operations import operation
from emulator.records import Records, as_map, tag_operations, tags_by_arn
from emulator.strict import Context

PIPELINES = Records("codepipeline", "pipeline", "PipelineNameInUseException", "PipelineNotFoundException")
TAG = ("key", "value")


def apply() -> None:
    tag_operations("codepipeline", arn="resourceArn", tags="tags", keys="tagKeys", missing="ResourceNotFoundException", as_list=TAG)


def _arn(context: Context, name: str) -> str:
    return f"arn:aws:codepipeline:{context.region}:{context.account_id}:{name}"


def _settled(pipeline: dict[str, Any], version: int) -> dict[str, Any]:
    """With what AWS adds: type V1, mode SUPERSEDED, and of each action its lists and its place in the stage."""
    filled = {"pipelineType": "V1", "executionMode": "SUPERSEDED", **copy.deepcopy(pipeline), "version": version}
    for stage in filled["stages"]:
        stage["actions"] = [
            {"runOrder": 1, "configuration": {}, "inputArtifacts": [], "outputArtifacts": [], **action} for action in stage["actions"]
        ]
    return filled


@operation("codepipeline", "CreatePipeline")
def create_pipeline(params: dict[str, Any], context: Context) -> dict[str, Any]:
    pipeline, now = params["pipeline"], time.time()
    name = pipeline["name"]
    metadata = {"pipelineArn": _arn(context, name), "created": now, "updated": now}
    made = PIPELINES.add(context, name, {"pipeline": _settled(pipeline, 1), "metadata": metadata})
    tags = as_map(params.get("tags"), TAG)
    tags_by_arn("codepipeline", context)[_arn(context, name)] = tags
    return {"pipeline": made["pipeline"], "tags": [dict(zip(TAG, item, strict=True)) for item in tags.items()]}


@operation("codepipeline", "GetPipeline")
def get_pipeline(params: dict[str, Any], context: Context) -> dict[str, Any]:
    return PIPELINES.get(context, params["name"])


@operation("codepipeline", "ListPipelines")
def list_pipelines(_params: dict[str, Any], context: Context) -> dict[str, Any]:
    def summary(record: dict[str, Any]) -> dict[str, Any]:
        pipeline = {key: record["pipeline"][key] for key in ("name", "version", "pipelineType", "executionMode")}
        return {**pipeline, "created": record["metadata"]["created"], "updated": record["metadata"]["updated"]}

    return {"pipelines": [summary(record) for record in PIPELINES.all(context).values()]}


@operation("codepipeline", "UpdatePipeline")
def update_pipeline(params: dict[str, Any], context: Context) -> dict[str, Any]:
    """Replaces the whole structure, and counts the version up by one ("UpdatePipeline", AWS CodePipeline API Reference)."""
    record = PIPELINES.get(context, params["pipeline"]["name"])
    record["pipeline"] = _settled(params["pipeline"], record["pipeline"]["version"] + 1)
    record["metadata"]["updated"] = time.time()
    return {"pipeline": record["pipeline"]}


@operation("codepipeline", "DeletePipeline")
def delete_pipeline(params: dict[str, Any], context: Context) -> None:
    """Of a name that is not there it says nothing ("DeletePipeline", AWS CodePipeline API Reference)."""
    PIPELINES.remove(context, params["name"])
    tags_by_arn("codepipeline", context).pop(_arn(context, params["name"]), None)


@operation("codepipeline", "GetPipelineState")
def get_pipeline_state(params: dict[str, Any], context: Context) -> dict[str, Any]:
    """A pipeline that has not run: its stages with the transitions that are open."""
    record = PIPELINES.get(context, params["name"])
    stages = record["pipeline"]["stages"]
    return {
        "pipelineName": params["name"],
        "pipelineVersion": record["pipeline"]["version"],
        "created": record["metadata"]["created"],
        "updated": record["metadata"]["updated"],
        "stageStates": [
            {
                "stageName": stage["name"],
                "inboundTransitionState": {"enabled": True},
                "actionStates": [{"actionName": action["name"]} for action in stage["actions"]],
            }
            for stage in stages
        ],
    }


@operation("codepipeline", "ListPipelineExecutions")
def list_pipeline_executions(params: dict[str, Any], context: Context) -> dict[str, Any]:
    """Of a pipeline that has not run: none."""
    PIPELINES.get(context, params["pipelineName"])
    return {"pipelineExecutionSummaries": []}
