"""What AWS CodeCommit refuses."""

from __future__ import annotations

import re
from typing import Any

from emulator.strict import Context, rule, tags

_QUOTAS = "AWS CodeCommit User Guide, Quotas in AWS CodeCommit"


@rule(
    "codecommit", "CreateRepository", code="InvalidRepositoryNameException", source=_QUOTAS,
    good=[{"repositoryName": "shop-staging"}], bad=[{"repositoryName": "shop.git"}, {"repositoryName": "shop/staging"}],
)  # fmt: skip
def repository_name(params: dict[str, Any], context: Context) -> str | None:
    name = params["repositoryName"]
    if re.fullmatch(r"[A-Za-z0-9._-]{1,100}", name) and not name.endswith(".git"):
        return None
    return f"The repository name {name} must be 1 to 100 letters, digits, periods, underscores and dashes, and must not end in .git."


@rule(
    "codecommit", "CreateRepository", "UpdateRepositoryEncryptionKey", code="EncryptionKeyInvalidIdException",
    source="AWS CodeCommit User Guide, AWS KMS and encryption for AWS CodeCommit repositories",
    good=[{"repositoryName": "shop", "kmsKeyId": "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"}],
    bad=[{"repositoryName": "shop", "kmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"}],
)  # fmt: skip
def key_of_the_region(params: dict[str, Any], context: Context) -> str | None:
    key = params.get("kmsKeyId", "")
    if key.startswith("arn:") and key.split(":")[3] != context.region:
        return f"The key {key} is not in the region of the repository, {context.region}."
    return None


@rule(
    "codecommit", "CreateRepository", "TagResource", code="InvalidSystemTagUsageException", source=_QUOTAS,
    good=[{"repositoryName": "shop", "tags": {"Project": "shop"}}], bad=[{"repositoryName": "shop", "tags": {"aws:x": "y"}}],
)  # fmt: skip
def repository_tags(params: dict[str, Any], context: Context) -> str | None:
    return tags.wrong(tags.pairs(params.get("tags") or {}))
