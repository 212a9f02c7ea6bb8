"""Checks the settings of the alerting through boto3; ``--absent`` that nothing is left. Sentences on failure, exit code 1."""

from __future__ import annotations

import json
import os
import sys

import boto3
from botocore.exceptions import ClientError

PREFIX = os.environ.get("STACK_PREFIX", "shop-staging")
REGION = os.environ.get("AWS_REGION", "ap-northeast-2")
FUNCTION = f"{PREFIX}-slack-notifier"
GROUP = f"/aws/lambda/{FUNCTION}"
TAGS = {"Project", "Environment", "Component", "ManagedBy"}
SEVERITIES = ("critical", "warning", "info")

failures: list[str] = []
sns = boto3.client("sns", region_name=REGION)
sqs = boto3.client("sqs", region_name=REGION)
functions = boto3.client("lambda", region_name=REGION)
secrets = boto3.client("secretsmanager", region_name=REGION)
logs = boto3.client("logs", region_name=REGION)
iam = boto3.client("iam", region_name=REGION)
ACCOUNT = boto3.client("sts", region_name=REGION).get_caller_identity()["Account"]


def check(what: str, ok: bool, found: object = "") -> None:
    print(f"{'ok    ' if ok else 'FAILED'} {what}")
    if not ok:
        failures.append(f"{what}: found {found!r}.")


def or_none(call, **parameters):
    """The answer, or None where AWS says that there is no such thing."""
    try:
        return call(**parameters)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if "NotFound" in code or "NonExistent" in code or "DoesNotExist" in code or code == "NoSuchEntity":
            return None
        raise


def topic_arn(severity: str) -> str:
    return f"arn:aws:sns:{REGION}:{ACCOUNT}:{PREFIX}-{severity}"


def statements(policy: str) -> list[dict]:
    return json.loads(policy)["Statement"]


def for_this_account(statement: dict) -> bool:
    keys = {key.lower(): value for block in statement.get("Condition", {}).values() for key, value in block.items()}
    sources = keys.get("aws:sourcearn", "")
    sources = sources if isinstance(sources, list) else [sources]
    return keys.get("aws:sourceaccount") == ACCOUNT or all(f":{ACCOUNT}:" in source for source in sources)


def refuses_plain_http(policy: str) -> bool:
    return any(s["Effect"] == "Deny" and s.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}} for s in statements(policy))


def topics_are_strict() -> None:
    for severity in SEVERITIES:
        arn = topic_arn(severity)
        answer = or_none(sns.get_topic_attributes, TopicArn=arn)
        check(f"topic {severity} stands", answer is not None)
        if answer is None:
            continue
        found = answer["Attributes"]
        check(f"topic {severity}: encrypted with a customer key [SNS.1]", ":key/" in found.get("KmsMasterKeyId", ""), found)
        check(f"topic {severity}: signed with SHA-256", found.get("SignatureVersion") == "2", found)
        check(f"topic {severity}: TLS only", refuses_plain_http(found["Policy"]), found["Policy"])
        allowing = [statement for statement in statements(found["Policy"]) if statement["Effect"] == "Allow"]
        # EventBridge and Backup do not tell for whom they act.
        told = [s for s in allowing if s["Principal"].get("Service") not in ("events.amazonaws.com", "backup.amazonaws.com")]
        check(f"topic {severity}: services only [SNS.4]", all(set(s["Principal"]) == {"Service"} for s in allowing), allowing)
        check(f"topic {severity}: for this account only", bool(told) and all(map(for_this_account, told)), told)
        tags = {tag["Key"] for tag in sns.list_tags_for_resource(ResourceArn=arn)["Tags"]}
        check(f"topic {severity}: tags", tags >= TAGS, tags)
        subscriptions = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
        (to_function,) = [item["SubscriptionArn"] for item in subscriptions if item["Endpoint"].endswith(f":function:{FUNCTION}")] or [""]
        check(f"topic {severity}: tells the function", to_function.startswith("arn:"), subscriptions)
        if to_function:
            redrive = sns.get_subscription_attributes(SubscriptionArn=to_function)["Attributes"].get("RedrivePolicy", "")
            check(f"topic {severity}: dead letters are kept", f":{PREFIX}-alerting-dead-letters" in redrive, redrive)


def function_is_strict() -> None:
    answer = or_none(functions.get_function, FunctionName=FUNCTION)
    check("the function stands", answer is not None)
    if answer is None:
        return
    found = answer["Configuration"]
    check("function: is active", found["State"] == "Active" and found.get("LastUpdateStatus", "Successful") == "Successful", found)
    check("function: supported runtime [Lambda.2]", found["Runtime"] in ("python3.12", "python3.13", "python3.14"), found["Runtime"])
    check("function: not in a VPC, which it needs not [Lambda.3]", not found.get("VpcConfig", {}).get("SubnetIds"), found)
    check(
        "function: bounded concurrency",
        answer.get("Concurrency", {}).get("ReservedConcurrentExecutions", 0) >= 1,
        answer.get("Concurrency"),
    )
    check("function: settings encrypted with a customer key", ":key/" in found.get("KMSKeyArn", ""), found.get("KMSKeyArn"))
    variables = found["Environment"]["Variables"]
    check("function: no secret in its settings", set(variables) == {"SLACK_WEBHOOK_SECRET_ID", "STACK_PREFIX"}, sorted(variables))
    check("function: lines as JSON, to its log group", found["LoggingConfig"]["LogFormat"] == "JSON", found["LoggingConfig"])
    check("function: its log group", found["LoggingConfig"]["LogGroup"] == GROUP, found["LoggingConfig"])
    check("function: tags", set(answer.get("Tags", {})) >= TAGS, answer.get("Tags"))
    policy = statements(functions.get_policy(FunctionName=FUNCTION)["Policy"])
    check("function: invoked by services for this account only [Lambda.1]", all(map(for_this_account, policy)), policy)
    config = or_none(functions.get_function_event_invoke_config, FunctionName=FUNCTION) or {}
    end = config.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination", "")
    check("function: failed messages are kept", end.endswith(f":{PREFIX}-alerting-dead-letters"), config)


def role_is_bounded() -> None:
    role = iam.get_role(RoleName=FUNCTION)["Role"]
    check("role: within a boundary", "PermissionsBoundary" in role, role)
    (name,) = iam.list_role_policies(RoleName=FUNCTION)["PolicyNames"]
    rights = iam.get_role_policy(RoleName=FUNCTION, PolicyName=name)["PolicyDocument"]["Statement"]
    check("role: no wildcard actions [IAM.21]", not any("*" in action for right in rights for action in right["Action"]), rights)
    check("role: named resources only", all(right["Resource"] != "*" for right in rights), rights)


def queue_is_strict() -> None:
    url = or_none(sqs.get_queue_url, QueueName=f"{PREFIX}-alerting-dead-letters")
    check("the queue of dead letters stands", url is not None)
    if url is None:
        return
    found = sqs.get_queue_attributes(QueueUrl=url["QueueUrl"], AttributeNames=["All"])["Attributes"]
    check("queue: encrypted with a customer key [SQS.1]", ":key/" in found.get("KmsMasterKeyId", ""), found)
    check("queue: keeps messages as long as it may", int(found["MessageRetentionPeriod"]) == 14 * 86400, found)
    check("queue: TLS only", refuses_plain_http(found["Policy"]), found["Policy"])
    allowing = [statement for statement in statements(found["Policy"]) if statement["Effect"] == "Allow"]
    check("queue: for this account only [SQS.3]", bool(allowing) and all(map(for_this_account, allowing)), allowing)
    tags = set(sqs.list_queue_tags(QueueUrl=url["QueueUrl"])["Tags"])
    check("queue: tags", tags >= TAGS, tags)


def secret_is_strict() -> None:
    found = or_none(secrets.describe_secret, SecretId=f"{PREFIX}-slack-webhook")
    check("the secret stands", found is not None and "DeletedDate" not in found, found)
    if found:
        check("secret: encrypted with a customer key", ":key/" in found.get("KmsKeyId", ""), found)
        check("secret: has a value", bool(found.get("VersionIdsToStages")), found)
        check("secret: tags", {tag["Key"] for tag in found["Tags"]} >= TAGS, found["Tags"])


def groups() -> list[dict]:
    return [group for group in logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"] if group["logGroupName"] == GROUP]


def log_group_is_strict() -> None:
    found = groups()
    check("the log group stands", len(found) == 1, found)
    for group in found:
        check("log group: a year [CloudWatch.16]", group.get("retentionInDays") == 365, group)
        check("log group: encrypted with a customer key", ":key/" in group.get("kmsKeyId", ""), group)


def absent() -> None:
    for severity in SEVERITIES:
        check(f"no topic {severity} left", or_none(sns.get_topic_attributes, TopicArn=topic_arn(severity)) is None)
    check("no function left", or_none(functions.get_function, FunctionName=FUNCTION) is None)
    check("no role left", or_none(iam.get_role, RoleName=FUNCTION) is None)
    check("no queue left", or_none(sqs.get_queue_url, QueueName=f"{PREFIX}-alerting-dead-letters") is None)
    secret = or_none(secrets.describe_secret, SecretId=f"{PREFIX}-slack-webhook")
    check("no secret left, or one that awaits its deletion", secret is None or "DeletedDate" in secret, secret)
    check("no log group left", groups() == [], groups())


if "--absent" in sys.argv:
    absent()
else:
    topics_are_strict()
    function_is_strict()
    role_is_bounded()
    queue_is_strict()
    secret_is_strict()
    log_group_is_strict()
if failures:
    sys.exit("\n".join(failures))
