"""What tells people and nodes: topics, queues, secrets, the function, alarms, dashboards, event rules, documents of Systems Manager."""

from __future__ import annotations

from tests.bench.parity.alike import Client, Found, Names, answer


def _topics(client: Client, names: Names) -> Found:
    sns = client("sns")
    for topic in answer(sns, "list_topics")["Topics"]:
        arn = topic["TopicArn"]
        attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
        yield f"topic {arn}", {**attributes, "tags": sns.list_tags_for_resource(ResourceArn=arn)["Tags"]}
    for subscription in answer(sns, "list_subscriptions")["Subscriptions"]:
        arn = subscription["SubscriptionArn"]
        names[arn.rpartition(":")[2]] = "subscription"
        yield f"subscription {subscription['TopicArn']} {subscription['Endpoint']}", sns.get_subscription_attributes(SubscriptionArn=arn)


def _queues(client: Client, names: Names) -> Found:
    sqs = client("sqs")
    for url in answer(sqs, "list_queues").get("QueueUrls", []):
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        yield f"queue {url.rpartition('/')[2]}", {**attributes, "tags": sqs.list_queue_tags(QueueUrl=url).get("Tags")}


def _secrets(client: Client, names: Names) -> Found:
    secrets = client("secretsmanager")
    for listed in answer(secrets, "list_secrets")["SecretList"]:
        secret = secrets.describe_secret(SecretId=listed["ARN"])
        owned = bool(secret.get("OwningService"))
        name = f"secret of {secret['OwningService']}" if owned else f"secret {secret['Name']}"
        names |= {secret["ARN"]: f"ARN of {name}", secret["Name"]: name}
        secret["stages"] = list(secret.pop("VersionIdsToStages").values())
        yield name, {**secret, "value": None if owned else secrets.get_secret_value(SecretId=secret["ARN"])["SecretString"]}


def _functions(client: Client, names: Names) -> Found:
    functions = client("lambda")
    for function in answer(functions, "list_functions")["Functions"]:
        named = {"FunctionName": function["FunctionName"]}
        whole = functions.get_function(**named)
        yield (
            f"function {function['FunctionName']}",
            {
                **{key: whole.get(key) for key in ("Configuration", "Tags", "Concurrency")},
                "invoked": answer(functions, "get_function_event_invoke_config", **named),
                "policy": functions.get_policy(**named)["Policy"],
            },
        )


def _alarms(client: Client, names: Names) -> Found:
    cloudwatch = client("cloudwatch")
    found = answer(cloudwatch, "describe_alarms", AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    for alarm in [*found["MetricAlarms"], *found["CompositeAlarms"]]:
        tags = cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
        yield f"alarm {alarm['AlarmName']}", {**alarm, "tags": tags}
    for dashboard in answer(cloudwatch, "list_dashboards")["DashboardEntries"]:
        name = dashboard["DashboardName"]
        yield f"dashboard {name}", cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"]


def _rules(client: Client, names: Names) -> Found:
    events = client("events")
    for rule in answer(events, "list_rules")["Rules"]:
        targets = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
        tags = events.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"]
        yield f"event rule {rule['Name']}", {**rule, "targets": targets, "tags": tags}


def _systems_manager(client: Client, names: Names) -> Found:
    ssm = client("ssm")
    for document in answer(ssm, "list_documents", Filters=[{"Key": "Owner", "Values": ["Self"]}])["DocumentIdentifiers"]:
        name = document["Name"]
        about = ssm.describe_document(Name=name)["Document"]
        tags = ssm.list_tags_for_resource(ResourceType="Document", ResourceId=name)["TagList"]
        shared = ssm.describe_document_permission(Name=name, PermissionType="Share")["AccountIds"]
        kept = ("DocumentType", "DocumentFormat", "DocumentVersion", "TargetType", "Status")
        content = ssm.get_document(Name=name)["Content"]
        yield f"document {name}", {**{key: about.get(key) for key in kept}, "content": content, "tags": tags, "shared": shared}
    for listed in answer(ssm, "describe_patch_baselines", Filters=[{"Key": "OWNER", "Values": ["Self"]}])["BaselineIdentities"]:
        identity = listed["BaselineId"]
        names[identity] = f"baseline {listed['BaselineName']}"
        baseline = answer(ssm, "get_patch_baseline", BaselineId=identity)
        yield names[identity], [baseline, ssm.list_tags_for_resource(ResourceType="PatchBaseline", ResourceId=identity)["TagList"]]
    for listed in answer(ssm, "list_associations")["Associations"]:
        identity = listed["AssociationId"]
        names[identity] = f"association {listed['AssociationName']}"
        association = ssm.describe_association(AssociationId=identity)["AssociationDescription"]
        yield names[identity], [association, ssm.list_tags_for_resource(ResourceType="Association", ResourceId=identity)["TagList"]]
    sharing = "/ssm/documents/console/public-sharing-permission"
    yield f"setting {sharing}", ssm.get_service_setting(SettingId=sharing)["ServiceSetting"]


READERS = (_topics, _queues, _secrets, _functions, _alarms, _rules, _systems_manager)
