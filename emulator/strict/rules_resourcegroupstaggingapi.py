"""What the Resource Groups Tagging API refuses."""

from __future__ import annotations

import re
from typing import Any

from emulator.strict import Context, rule

_GET = "Resource Groups Tagging API Reference, GetResources"
_ARN = "arn:aws:s3:::refarch-data"


@rule(
    "resourcegroupstaggingapi",
    "GetResources",
    code="InvalidParameterException",
    source=_GET,
    good=[{"ResourcesPerPage": 100}, {"TagsPerPage": 100}, {}],
    bad=[{"ResourcesPerPage": 101}, {"ResourcesPerPage": 0}, {"TagsPerPage": 50}, {"TagsPerPage": 600}],
)
def page_size(params: dict[str, Any], context: Context) -> str | None:
    if not 1 <= params.get("ResourcesPerPage", 1) <= 100:
        return "ResourcesPerPage must be between 1 and 100."
    if not 100 <= params.get("TagsPerPage", 100) <= 500:
        return "TagsPerPage must be between 100 and 500."
    return None


@rule(
    "resourcegroupstaggingapi",
    "GetResources",
    code="InvalidParameterException",
    source=_GET,
    good=[{"ResourceARNList": [_ARN]}, {"TagFilters": [{"Key": "Project", "Values": ["refarch"]}]}],
    bad=[
        {"ResourceARNList": [_ARN], "TagFilters": [{"Key": "Project", "Values": ["refarch"]}]},
        {"ResourceARNList": [_ARN], "ResourceTypeFilters": ["s3"]},
        {"ResourceARNList": [_ARN], "ResourcesPerPage": 10},
    ],
)
def arns_alone(params: dict[str, Any], context: Context) -> str | None:
    others = {"TagFilters", "ResourceTypeFilters", "ResourcesPerPage", "TagsPerPage", "PaginationToken"}
    if params.get("ResourceARNList") and any(params.get(name) for name in others):
        return "ResourceARNList can't be used together with other filters or with pagination."
    return None


@rule(
    "resourcegroupstaggingapi",
    "GetResources",
    code="InvalidParameterException",
    source=_GET,
    good=[{"ResourceTypeFilters": ["ec2:vpc", "s3"]}],
    bad=[{"ResourceTypeFilters": ["AWS::EC2::VPC"]}, {"ResourceTypeFilters": ["arn:aws:ec2"]}],
)
def resource_type(params: dict[str, Any], context: Context) -> str | None:
    for kind in params.get("ResourceTypeFilters", []):
        if not re.fullmatch(r"[a-z0-9-]+(:[a-zA-Z0-9/_-]+)?", kind):
            return f"{kind} is not of the form service[:resourceType]."
    return None


@rule(
    "resourcegroupstaggingapi",
    "TagResources",
    code="InvalidParameterException",
    source="Resource Groups Tagging API Reference, TagResources",
    good=[],
    bad=[{"ResourceARNList": [_ARN], "Tags": {"aws:mine": "x"}}],
)
def reserved_key(params: dict[str, Any], context: Context) -> str | None:
    if any(key.lower().startswith("aws:") for key in params["Tags"]):
        return "Tag keys can't begin with aws:."
    return None
