"""What AWS Systems Manager refuses: Parameter Store and tags."""

from __future__ import annotations

import re
from typing import Any

from emulator.strict import Context, rule

# AWS Systems Manager API Reference, PutParameter; General Reference, "AWS Systems Manager endpoints and quotas".
MAX_LEVELS = 15
STANDARD_CHARACTERS = 4096
ADVANCED_CHARACTERS = 8192
MAX_TAGS = 50
_PUT = "AWS Systems Manager API Reference, PutParameter"


def _put(**params: Any) -> dict[str, Any]:
    return {"Name": "/refarch/test/network", "Value": "{}", "Type": "String"} | params


def current(name: str, context: Context) -> Any:
    """moto's parameter *name* as it stands, or None."""
    parameters = context.backend("ssm")._parameters
    versions = parameters.get(parameters.normalize_name(name), [])
    return versions[-1] if versions else None


@rule(
    "ssm",
    "PutParameter",
    code="ValidationException",
    source=_PUT,
    good=[_put(), _put(Name="plain"), _put(Name="/a.b/c_d/E-9")],
    bad=[_put(Name="a/b"), _put(Name="/a//b"), _put(Name="/a b"), _put(Name="/a/b/"), _put(Name="/a/bücher")],
)
def parameter_name(params: dict[str, Any], context: Context) -> str | None:
    name = params["Name"]
    if "/" in name and not name.startswith("/"):
        return "Parameter name must be a fully qualified name."
    if not re.fullmatch(r"/?[a-zA-Z0-9_.-]+(/[a-zA-Z0-9_.-]+)*", name):
        return (
            'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of sub-paths '
            "divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_"
        )
    return None


@rule(
    "ssm",
    "PutParameter",
    code="ValidationException",
    source=_PUT,
    good=[_put(Name="/refarch/aws"), _put(Name="/my/ssm/thing")],
    bad=[_put(Name="awsthing"), _put(Name="/ssm/x"), _put(Name="SSM-x"), _put(Name="/Aws")],
)
def reserved_prefix(params: dict[str, Any], context: Context) -> str | None:
    if re.match(r"/?(aws|ssm)", params["Name"], re.IGNORECASE):
        return 'Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).'
    return None


@rule(
    "ssm",
    "PutParameter",
    code="HierarchyLevelLimitExceededException",
    source=_PUT,
    good=[_put(Name="/1" * MAX_LEVELS)],
    bad=[_put(Name="/1" * (MAX_LEVELS + 1))],
)
def hierarchy_levels(params: dict[str, Any], context: Context) -> str | None:
    if params["Name"].count("/") > MAX_LEVELS:
        return f"A hierarchy can have a maximum of {MAX_LEVELS} levels."
    return None


@rule(
    "ssm",
    "PutParameter",
    code="ValidationException",
    source="AWS Systems Manager User Guide, Managing parameter tiers",
    good=[
        _put(Value="x" * STANDARD_CHARACTERS),
        _put(Value="x" * ADVANCED_CHARACTERS, Tier="Advanced"),
        _put(Value="x" * ADVANCED_CHARACTERS, Tier="Intelligent-Tiering"),
    ],
    bad=[_put(Value="x" * (STANDARD_CHARACTERS + 1)), _put(Value="x" * (ADVANCED_CHARACTERS + 1), Tier="Advanced"), _put(Value="")],
)
def value_size(params: dict[str, Any], context: Context) -> str | None:
    known = current(params["Name"], context)
    tier = params.get("Tier") or (known.tier if known else "Standard")
    size = len(params["Value"].encode())
    if not size:
        return "Value '' at 'value' failed to satisfy constraint: Member must have length greater than or equal to 1."
    limit = STANDARD_CHARACTERS if tier == "Standard" else ADVANCED_CHARACTERS
    if size > limit:
        return f"{tier} tier parameters support a maximum parameter value of {limit} characters."
    return None


@rule(
    "ssm",
    "PutParameter",
    code="ValidationException",
    source=_PUT,
    good=[_put(Tags=[{"Key": "Project", "Value": "refarch"}]), _put(Overwrite=True)],
    bad=[_put(Tags=[{"Key": "Project", "Value": "refarch"}], Overwrite=True)],
)
def tags_or_overwrite(params: dict[str, Any], context: Context) -> str | None:
    if params.get("Tags") and params.get("Overwrite"):
        return (
            "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. "
            "To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource."
        )
    return None


@rule(
    "ssm",
    "PutParameter",
    code="ValidationException",
    source=_PUT,
    good=[_put()],
    bad=[{"Name": "/refarch/test/network", "Value": "{}"}],
)
def type_of_a_new_parameter(params: dict[str, Any], context: Context) -> str | None:
    if not params.get("Type") and current(params["Name"], context) is None:
        return "A parameter type is required when you create a parameter."
    return None


@rule("ssm", "PutParameter", code="HierarchyTypeMismatchException", source=_PUT, good=[_put()], bad=[])
def type_stays(params: dict[str, Any], context: Context) -> str | None:
    known = current(params["Name"], context)
    if known and params.get("Overwrite") and params.get("Type", known.parameter_type) != known.parameter_type:
        return f"The parameter is of type {known.parameter_type}: a parameter's type can't be changed."
    return None


@rule("ssm", "PutParameter", code="ValidationException", source="AWS Systems Manager User Guide, Managing parameter tiers", good=[], bad=[])
def tier_stays_advanced(params: dict[str, Any], context: Context) -> str | None:
    known = current(params["Name"], context)
    if known and params.get("Overwrite") and known.tier == "Advanced" and params.get("Tier") == "Standard":
        return "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter tier."
    return None


@rule(
    "ssm",
    "PutParameter",
    code="ParameterPatternMismatchException",
    source=_PUT,
    good=[_put(Value="42", AllowedPattern=r"^\d+$")],
    bad=[_put(Value="forty-two", AllowedPattern=r"^\d+$")],
)
def allowed_pattern(params: dict[str, Any], context: Context) -> str | None:
    pattern = params.get("AllowedPattern")
    if pattern and not re.search(pattern, params["Value"]):
        return "Parameter value, cannot be validated against allowedPattern: " + pattern
    return None


@rule(
    "ssm",
    "PutParameter",
    code="InvalidKeyId",
    source=_PUT,
    good=[_put(Type="SecureString"), _put(Type="SecureString", KeyId="alias/aws/ssm")],
    bad=[_put(Type="SecureString", KeyId="alias/nowhere"), _put(Type="SecureString", KeyId="12345678-1234-1234-1234-123456789012")],
)
def key_exists(params: dict[str, Any], context: Context) -> str | None:
    key = params.get("KeyId")
    if params.get("Type") != "SecureString" or not key or key.rpartition(":")[2] == "alias/aws/ssm":
        return None
    keys = context.backend("kms")
    key_id = keys.get_key_id(key)
    known = keys.get_key_id_from_alias(key) if "alias/" in key else key_id
    return None if known in keys.keys else f"Invalid keyId '{key}'"


@rule(
    "ssm",
    "GetParametersByPath",
    code="ValidationException",
    source="AWS Systems Manager API Reference, GetParametersByPath",
    good=[{"Path": "/refarch/test", "Recursive": True}, {"Path": "/"}],
    bad=[{"Path": "refarch/test"}, {"Path": "/refarch//test"}],
)
def path(params: dict[str, Any], context: Context) -> str | None:
    if not re.fullmatch(r"/|(/[a-zA-Z0-9_.-]+)+/?", params["Path"]):
        return 'The parameter doesn\'t meet the parameter name requirements. The parameter name must begin with a forward slash "/".'
    return None


@rule(
    "ssm",
    "AddTagsToResource",
    "PutParameter",
    "CreateDocument",
    code="ValidationException",
    source="AWS General Reference, Tagging your AWS resources",
    good=[_put(Tags=[{"Key": "Project", "Value": ""}])],
    bad=[
        _put(Tags=[{"Key": "aws:mine", "Value": "x"}]),
        _put(Tags=[{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]),
        _put(Tags=[{"Key": f"k{number}", "Value": "x"} for number in range(MAX_TAGS + 1)]),
    ],
)
def tags(params: dict[str, Any], context: Context) -> str | None:
    keys = [tag["Key"] for tag in params.get("Tags", [])]
    if any(key.lower().startswith("aws:") for key in keys):
        return "aws: prefixed tag key names are not allowed for external use."
    if len(set(keys)) < len(keys):
        return "Duplicate tag keys found."
    if len(keys) > MAX_TAGS:
        return f"A resource can have at most {MAX_TAGS} tags."
    return None
