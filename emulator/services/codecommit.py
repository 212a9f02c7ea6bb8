"""CodeCommit: repositories and their tags, not what is in them. moto knows create, get and delete only."""

from __future__ import annotations

import time
import uuid
from typing import Any

from emulator.operations import operation
from emulator.records import Records, tag_operations, tags_by_arn
from emulator.strict import Context

REPOSITORIES = Records("codecommit", "repository", "RepositoryNameExistsException", "RepositoryDoesNotExistException")


def apply() -> None:
    tag_operations("codecommit", arn="resourceArn", tags="tags", keys="tagKeys", missing="RepositoryDoesNotExistException")


@operation("codecommit", "CreateRepository")
def create_repository(params: dict[str, Any], context: Context) -> dict[str, Any]:
    name = params["repositoryName"]
    now = time.time()
    arn = f"arn:aws:codecommit:{context.region}:{context.account_id}:{name}"
    host = f"git-codecommit.{context.region}.amazonaws.com/v1/repos/{name}"
    made = REPOSITORIES.add(context, name, {
        "accountId": context.account_id,
        "repositoryId": str(uuid.uuid4()),
        "repositoryName": name,
        "repositoryDescription": params.get("repositoryDescription", ""),
        "lastModifiedDate": now,
        "creationDate": now,
        "cloneUrlHttp": f"https://{host}",
        "cloneUrlSsh": f"ssh://{host}",
        "Arn": arn,
        # Without a key CodeCommit encrypts with the AWS managed one ("Encryption for AWS CodeCommit repositories").
        "kmsKeyId": params.get("kmsKeyId", f"arn:aws:kms:{context.region}:{context.account_id}:alias/aws/codecommit"),
    })  # fmt: skip
    tags_by_arn("codecommit", context)[arn] = dict(params.get("tags") or {})
    return {"repositoryMetadata": made}


@operation("codecommit", "GetRepository")
def get_repository(params: dict[str, Any], context: Context) -> dict[str, Any]:
    return {"repositoryMetadata": REPOSITORIES.get(context, params["repositoryName"])}


@operation("codecommit", "BatchGetRepositories")
def batch_get_repositories(params: dict[str, Any], context: Context) -> dict[str, Any]:
    found = REPOSITORIES.all(context)
    names = params["repositoryNames"]
    return {"repositories": [found[name] for name in names if name in found], "repositoriesNotFound": [n for n in names if n not in found]}


@operation("codecommit", "ListRepositories")
def list_repositories(_params: dict[str, Any], context: Context) -> dict[str, Any]:
    found = REPOSITORIES.all(context).values()
    return {"repositories": [{key: record[key] for key in ("repositoryName", "repositoryId")} for record in found]}


@operation("codecommit", "UpdateRepositoryDescription")
def update_repository_description(params: dict[str, Any], context: Context) -> None:
    REPOSITORIES.get(context, params["repositoryName"])["repositoryDescription"] = params.get("repositoryDescription", "")


@operation("codecommit", "UpdateRepositoryEncryptionKey")
def update_repository_encryption_key(params: dict[str, Any], context: Context) -> dict[str, Any]:
    record = REPOSITORIES.get(context, params["repositoryName"])
    before, record["kmsKeyId"] = record["kmsKeyId"], params["kmsKeyId"]
    return {"repositoryId": record["repositoryId"], "kmsKeyId": record["kmsKeyId"], "originalKmsKeyId": before}


@operation("codecommit", "DeleteRepository")
def delete_repository(params: dict[str, Any], context: Context) -> dict[str, Any]:
    """Of a name that is not there it says nothing ("DeleteRepository", AWS CodeCommit API Reference)."""
    record = REPOSITORIES.remove(context, params["repositoryName"])
    if record is None:
        return {}
    tags_by_arn("codecommit", context).pop(record["Arn"], None)
    return {"repositoryId": record["repositoryId"]}
