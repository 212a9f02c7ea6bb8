"""What AWS Lambda refuses."""

from __future__ import annotations

import re
from typing import Any

from emulator.strict import Context, rule, tags
from emulator.strict.access import role_may, role_trusts

FUNCTION = {"FunctionName": "notify", "Code": {"ZipFile": b"x"}}
ROLE = "arn:aws:iam::123456789012:role/nobody"
QUEUE = "arn:aws:sqs:ap-northeast-2:123456789012:dead"
KEY = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"

#: Runtimes with which no function can be made any more ("Lambda runtimes", Deprecated runtimes, block function create).
BLOCKED = re.compile(
    r"nodejs(4\.3|4\.3-edge|6\.10|8\.10|10\.x|12\.x|14\.x|16\.x|18\.x)?|java8|python(2\.7|3\.[6-9])|dotnetcore.*|dotnet6|go1\.x|ruby(2\..*|3\.2)|provided"
)
RESERVED = {
    "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
}  # fmt: skip
ACCOUNT_CONCURRENCY, UNRESERVED = 1000, 100


def _function(params: dict[str, Any], context: Context) -> Any:
    """moto's function that *params* name, or None."""
    name = params["FunctionName"].split(":function:")[-1].split(":")[0]
    return next((function for function in context.backend("lambda").list_functions() if function.function_name == name), None)


@rule(
    "lambda",
    "CreateFunction",
    "UpdateFunctionConfiguration",
    code="InvalidParameterValueException",
    source="AWS Lambda Developer Guide, Defining Lambda function permissions with an execution role",
    good=[FUNCTION],
    bad=[{**FUNCTION, "Role": ROLE}],
)
def role_can_be_assumed(params: dict[str, Any], context: Context) -> str | None:
    role = params.get("Role")
    if not role or role_trusts(context, role, "lambda.amazonaws.com"):
        return None
    return "The role defined for the function cannot be assumed by Lambda."


@rule(
    "lambda",
    "CreateFunction",
    "UpdateFunctionConfiguration",
    code="InvalidParameterValueException",
    source="AWS Lambda Developer Guide, Lambda quotas",
    good=[{**FUNCTION, "Timeout": 900, "MemorySize": 10240}],
    bad=[{**FUNCTION, "Timeout": 901}, {**FUNCTION, "MemorySize": 10241}, {**FUNCTION, "FunctionName": "x" * 65}],
)
def quotas(params: dict[str, Any], context: Context) -> str | None:
    if params.get("Timeout", 1) > 900:
        return f"Value '{params['Timeout']}' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900"
    if params.get("MemorySize", 128) > 10240:
        return (
            f"'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to 10240: {params['MemorySize']}"
        )
    if len(params["FunctionName"].split(":function:")[-1]) > 64:
        return "The function name must have length less than or equal to 64."
    return None


@rule(
    "lambda",
    "CreateFunction",
    "UpdateFunctionConfiguration",
    code="InvalidParameterValueException",
    source="AWS Lambda Developer Guide, Lambda runtimes",
    good=[{**FUNCTION, "Runtime": "python3.13"}, {**FUNCTION, "Runtime": "provided.al2023"}],
    bad=[{**FUNCTION, "Runtime": runtime} for runtime in ("python3.9", "nodejs18.x", "java8", "provided", "go1.x")],
)
def runtime_is_supported(params: dict[str, Any], context: Context) -> str | None:
    runtime = params.get("Runtime") or ""
    if runtime and BLOCKED.fullmatch(runtime):
        return f"The runtime parameter of {runtime} is no longer supported for creating or updating AWS Lambda functions."
    return None


@rule(
    "lambda",
    "CreateFunction",
    code="InvalidParameterValueException",
    source="AWS Lambda API Reference, CreateFunction",
    good=[
        {**FUNCTION, "Runtime": "python3.13", "Handler": "a.b"},
        {"FunctionName": "f", "PackageType": "Image", "Code": {"ImageUri": "x"}},
    ],
    bad=[{**FUNCTION, "Runtime": "python3.13"}, {**FUNCTION, "Handler": "a.b"}],
)
def archive_needs_runtime_and_handler(params: dict[str, Any], context: Context) -> str | None:
    if params.get("PackageType", "Zip") == "Zip" and bool(params.get("Runtime")) != bool(params.get("Handler")):
        return "Runtime and Handler are mandatory parameters for functions created with deployment packages."
    return None


@rule(
    "lambda",
    "CreateFunction",
    "UpdateFunctionConfiguration",
    code="InvalidParameterValueException",
    source="AWS Lambda Developer Guide, Working with Lambda environment variables",
    good=[{**FUNCTION, "Environment": {"Variables": {"STACK_PREFIX": "shop"}}}],
    bad=[
        {**FUNCTION, "Environment": {"Variables": {"AWS_REGION": "us-east-1"}}},
        {**FUNCTION, "Environment": {"Variables": {"A": "x" * 4096}}},
        {**FUNCTION, "Environment": {"Variables": {"1A": "x"}}},
        {**FUNCTION, "Environment": {"Variables": {"A": "x"}}, "KMSKeyArn": KEY},
    ],
)
def environment(params: dict[str, Any], context: Context) -> str | None:
    variables = (params.get("Environment") or {}).get("Variables") or {}
    if reserved := sorted(RESERVED & set(variables)):
        return (
            "Lambda was unable to configure your environment variables because the environment variables you have provided contains "
            f"reserved keys that are currently not supported for modification. Reserved keys used in this request: {', '.join(reserved)}"
        )
    if any(not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9_]*", name) or len(name) < 1 for name in variables):
        return "The name of an environment variable must begin with a letter, and hold letters, digits and underscores only."
    if sum(len(name) + len(value) for name, value in variables.items()) > 4096 - 2:
        return "Lambda was unable to configure your environment variables because they exceed the limit of 4 KB."
    key = params.get("KMSKeyArn")
    if key and key.split(":")[4] == context.account_id and key.rpartition("/")[2] not in context.backend("kms").keys:
        return f"Lambda was unable to configure access to your environment variables because the KMS key {key} is invalid."
    return None


@rule(
    "lambda",
    "CreateFunction",
    "UpdateFunctionConfiguration",
    code="InvalidParameterValueException",
    source="AWS Lambda Developer Guide, Configuring advanced logging controls for Lambda functions",
    good=[
        {**FUNCTION, "LoggingConfig": {"LogFormat": "JSON", "ApplicationLogLevel": "INFO"}},
        {**FUNCTION, "LoggingConfig": {"LogGroup": "g"}},
    ],
    bad=[
        {**FUNCTION, "LoggingConfig": {"LogFormat": "Text", "ApplicationLogLevel": "INFO"}},
        {**FUNCTION, "LoggingConfig": {"SystemLogLevel": "INFO"}},
    ],
)
def log_levels_need_json(params: dict[str, Any], context: Context) -> str | None:
    config = params.get("LoggingConfig") or {}
    levels = config.get("ApplicationLogLevel") or config.get("SystemLogLevel")
    standing = getattr(_function(params, context), "logging_config", {}).get("LogFormat", "Text")
    if levels and config.get("LogFormat", standing) != "JSON":
        return "LogLevel is not supported when LogFormat is set to Text. Remove LogLevel from your request or change the LogFormat to JSON."
    return None


@rule(
    "lambda",
    "CreateFunction",
    "UpdateFunctionConfiguration",
    code="InvalidParameterValueException",
    source="AWS Lambda Developer Guide, Giving Lambda functions access to resources in an Amazon VPC",
    good=[{**FUNCTION, "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []}}],
    bad=[
        {**FUNCTION, "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": []}},
        {**FUNCTION, "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}},
    ],
)
def network(params: dict[str, Any], context: Context) -> str | None:
    config = params.get("VpcConfig") or {}
    subnets, groups = config.get("SubnetIds") or [], config.get("SecurityGroupIds") or []
    if bool(subnets) != bool(groups):
        return "SubnetIds and SecurityIds must coexist or be both empty list."
    ec2 = context.backend("ec2")
    known = {subnet.id for subnet in ec2.describe_subnets()}
    if missing := sorted(set(subnets) - known):
        return f"Error occurred while DescribeSubnets. EC2 Error Code: InvalidSubnetID.NotFound. '{missing[0]}' does not exist"
    known = {group.id for group in ec2.describe_security_groups()}
    if missing := sorted(set(groups) - known):
        return f"Error occurred while DescribeSecurityGroups. EC2 Error Code: InvalidGroup.NotFound. '{missing[0]}' does not exist"
    return None


@rule(
    "lambda",
    "PutFunctionConcurrency",
    code="InvalidParameterValueException",
    source="AWS Lambda Developer Guide, Configuring reserved concurrency for a function",
    good=[{"FunctionName": "f", "ReservedConcurrentExecutions": 900}],
    bad=[{"FunctionName": "f", "ReservedConcurrentExecutions": 901}],
)
def concurrency_that_is_left(params: dict[str, Any], context: Context) -> str | None:
    others = [function for function in context.backend("lambda").list_functions() if function.function_name != params["FunctionName"]]
    reserved = params["ReservedConcurrentExecutions"] + sum(int(function.reserved_concurrency or 0) for function in others)
    if ACCOUNT_CONCURRENCY - reserved < UNRESERVED:
        return (
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum "
            f"value of [{UNRESERVED}]."
        )
    return None


@rule(
    "lambda",
    "PutFunctionEventInvokeConfig",
    "UpdateFunctionEventInvokeConfig",
    code="InvalidParameterValueException",
    source="AWS Lambda Developer Guide, Retaining records of asynchronous invocations",
    good=[{"FunctionName": "f"}, {"FunctionName": "f", "DestinationConfig": {"OnFailure": {}}}],
    bad=[],
)
def role_may_use_the_destination(params: dict[str, Any], context: Context) -> str | None:
    function = _function(params, context)
    if function is None:
        return None  # moto's matter
    actions = {
        "sqs": "sqs:SendMessage",
        "sns": "sns:Publish",
        "lambda": "lambda:InvokeFunction",
        "events": "events:PutEvents",
        "s3": "s3:PutObject",
    }
    for end in (params.get("DestinationConfig") or {}).values():
        arn = (end or {}).get("Destination")
        action = actions.get(arn.split(":")[2]) if arn else None
        if action and not role_may(context, function.role, action, arn):
            return f"The function's execution role does not have permissions to call {action.partition(':')[2]} on {arn}"
    return None


@rule(
    "lambda",
    "AddPermission",
    code="InvalidParameterValueException",
    source="AWS Lambda API Reference, AddPermission",
    good=[{"FunctionName": "f", "StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com"}],
    bad=[
        {"FunctionName": "f", "StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "sns"},
        {"FunctionName": "f", "StatementId": "s", "Action": "lambda:Fly", "Principal": "sns.amazonaws.com"},
    ],
)
def statement(params: dict[str, Any], context: Context) -> str | None:
    if not re.fullmatch(r"\*|\d{12}|arn:.+|[a-z0-9.-]+\.amazonaws\.com(\.cn)?", params["Principal"]):
        return "The provided principal was invalid. Please check the principal and try again."
    verbs = r"lambda:(\*|Invoke|Get|List|Update|Delete|Put|Add|Remove|Create|Publish|Tag|Untag|Enable|Disable)"
    return None if re.match(verbs, params["Action"]) else f"The provided action {params['Action']} is not valid."


@rule(
    "lambda",
    "CreateFunction",
    "TagResource",
    code="InvalidParameterValueException",
    source="AWS General Reference, Tagging your AWS resources",
    good=[{**FUNCTION, "Tags": {"Project": "shop"}}],
    bad=[{**FUNCTION, "Tags": {"aws:x": "y"}}],
)
def function_tags(params: dict[str, Any], context: Context) -> str | None:
    return tags.wrong(tags.pairs(params.get("Tags") or {}))
