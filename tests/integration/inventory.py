"""What stands in an account, listed through boto3 alone: independent of everything that built it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import jmespath

from tests.processes import Running


def name_of(resource: dict[str, Any]) -> str:
    return next((tag["Value"] for tag in resource.get("Tags", []) if tag["Key"] == "Name"), "")


#: kind, service, operation, JMESPath of the names. Each is one call with all its pages.
NAMES: tuple[tuple[str, str, str, str], ...] = (
    ("alarm", "cloudwatch", "describe_alarms", "[MetricAlarms[].AlarmName, CompositeAlarms[].AlarmName][]"),
    ("auto scaling group", "autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups[].AutoScalingGroupName"),
    ("backup plan", "backup", "list_backup_plans", "BackupPlansList[].BackupPlanName"),
    ("backup vault", "backup", "list_backup_vaults", "BackupVaultList[].BackupVaultName"),
    ("build project", "codebuild", "list_projects", "projects"),
    ("certificate", "acm", "list_certificates", "CertificateSummaryList[].DomainName"),
    ("dashboard", "cloudwatch", "list_dashboards", "DashboardEntries[].DashboardName"),
    ("database", "rds", "describe_db_instances", "DBInstances[].DBInstanceIdentifier"),
    ("database event subscription", "rds", "describe_event_subscriptions", "EventSubscriptionsList[].CustSubscriptionId"),
    ("database parameter group", "rds", "describe_db_parameter_groups", "DBParameterGroups[].DBParameterGroupName"),
    ("database subnet group", "rds", "describe_db_subnet_groups", "DBSubnetGroups[].DBSubnetGroupName"),
    ("deployment application", "codedeploy", "list_applications", "applications"),
    ("document", "ssm", "list_documents", "DocumentIdentifiers[?Owner!='Amazon'].Name"),
    ("association", "ssm", "list_associations", "Associations[].AssociationName"),
    ("event rule", "events", "list_rules", "Rules[].Name"),
    ("function", "lambda", "list_functions", "Functions[].FunctionName"),
    ("health check", "route53", "list_health_checks", "HealthChecks[].HealthCheckConfig.FullyQualifiedDomainName"),
    ("hosted zone", "route53", "list_hosted_zones", "HostedZones[].Name"),
    ("instance", "ec2", "describe_instances", "Reservations[].Instances[?State.Name!='terminated'][].Tags[?Key=='Name'][].Value"),
    ("instance profile", "iam", "list_instance_profiles", "InstanceProfiles[].InstanceProfileName"),
    ("launch template", "ec2", "describe_launch_templates", "LaunchTemplates[].LaunchTemplateName"),
    ("load balancer", "elbv2", "describe_load_balancers", "LoadBalancers[].LoadBalancerName"),
    ("patch baseline", "ssm", "describe_patch_baselines", "BaselineIdentities[?!starts_with(BaselineName, 'AWS-')].BaselineName"),
    ("pipeline", "codepipeline", "list_pipelines", "pipelines[].name"),
    ("queue", "sqs", "list_queues", "QueueUrls"),
    ("repository", "codecommit", "list_repositories", "repositories[].repositoryName"),
    ("secret", "secretsmanager", "list_secrets", "SecretList[].Name"),
    ("target group", "elbv2", "describe_target_groups", "TargetGroups[].TargetGroupName"),
    ("topic", "sns", "list_topics", "Topics[].TopicArn"),
    ("web acl", "wafv2", "list_web_acls", "WebACLs[].Name"),
    ("ip set", "wafv2", "list_ip_sets", "IPSets[].Name"),
)
#: What the services ask for.
ARGUMENTS: dict[str, dict[str, Any]] = {"list_web_acls": {"Scope": "REGIONAL"}, "list_ip_sets": {"Scope": "REGIONAL"}}


def named(emulator: Running, service: str, operation: str, path: str) -> list[str]:
    """Names by *path* of all pages of a listing, sorted."""
    client = emulator.client(service)
    arguments = ARGUMENTS.get(operation, {})
    if client.can_paginate(operation):
        answer = client.get_paginator(operation).paginate(**arguments).build_full_result()
    else:
        answer = getattr(client, operation)(**arguments)
    return sorted(known(name) for name in jmespath.search(path, answer) or [] if name)


def known(name: str) -> str:
    """*name* without what AWS chooses anew each time: ids in names of secrets that RDS makes and of alarms of scaling policies, hosts
    of queues."""
    name = re.sub(r"^(rds!db-).*", r"\1", name)
    name = re.sub(r"^(TargetTracking-.*-Alarm(?:High|Low)-).*", r"\1", name)
    return name.rpartition("/")[2] if name.startswith("http") else name


def listing(emulator: Running) -> dict[str, list[str]]:
    """Names of all resources by kind, sorted; things that are being deleted are left out, copies of a name are not."""
    ec2, iam, kms, logs = (emulator.client(service) for service in ("ec2", "iam", "kms", "logs"))
    s3, ssm, trails, analyzers = (emulator.client(service) for service in ("s3", "ssm", "cloudtrail", "accessanalyzer"))

    def ec2_names(operation: str, key: str, keep: Callable[[dict], bool] = lambda _found: True) -> list[str]:
        return sorted(name_of(found) for found in getattr(ec2, operation)()[key] if keep(found))

    keys = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
    groups = logs.describe_log_groups()["logGroups"]
    roles = iam.list_roles()["Roles"]
    return {
        **{kind: named(emulator, service, operation, path) for kind, service, operation, path in NAMES},
        "vpc": ec2_names("describe_vpcs", "Vpcs"),
        "subnet": ec2_names("describe_subnets", "Subnets"),
        "internet gateway": ec2_names("describe_internet_gateways", "InternetGateways"),
        "nat gateway": ec2_names("describe_nat_gateways", "NatGateways", lambda gateway: gateway["State"] not in ("deleted", "deleting")),
        "address": ec2_names("describe_addresses", "Addresses"),
        "route table": ec2_names("describe_route_tables", "RouteTables"),
        "network acl": ec2_names("describe_network_acls", "NetworkAcls"),
        "security group": sorted(group["GroupName"] for group in ec2.describe_security_groups()["SecurityGroups"]),
        "security group rule": sorted(
            f"{rule['IsEgress']} {rule['IpProtocol']} {rule.get('FromPort')} {rule.get('CidrIpv4')} {bool(rule.get('ReferencedGroupInfo'))}"
            for rule in ec2.describe_security_group_rules()["SecurityGroupRules"]
        ),
        "endpoint": sorted(
            endpoint["ServiceName"]
            for endpoint in ec2.describe_vpc_endpoints()["VpcEndpoints"]
            if endpoint["State"] not in ("deleted", "deleting")
        ),
        "flow log": sorted(log["LogDestinationType"] for log in ec2.describe_flow_logs()["FlowLogs"]),
        "key": sorted(
            key.get("Description", "") for key in keys if key["KeyManager"] == "CUSTOMER" and key["KeyState"] not in ("PendingDeletion",)
        ),
        "alias": sorted(alias["AliasName"] for alias in kms.list_aliases()["Aliases"] if not alias["AliasName"].startswith("alias/aws/")),
        "bucket": sorted(bucket["Name"] for bucket in s3.list_buckets()["Buckets"]),
        "role": sorted(role["RoleName"] for role in roles if not role["Path"].startswith("/aws-service-role/")),
        "user": sorted(user["UserName"] for user in iam.list_users()["Users"]),
        "group": sorted(group["GroupName"] for group in iam.list_groups()["Groups"]),
        "policy": sorted(policy["PolicyName"] for policy in iam.list_policies(Scope="Local")["Policies"]),
        "analyzer": sorted(analyzer["name"] for analyzer in analyzers.list_analyzers()["analyzers"]),
        "trail": sorted(trail["Name"] for trail in trails.list_trails()["Trails"]),
        "log group": sorted(group["logGroupName"] for group in groups),
        "metric filter": sorted(
            found["filterName"]
            for group in groups
            for found in logs.describe_metric_filters(logGroupName=group["logGroupName"])["metricFilters"]
        ),
        "parameter": sorted(
            parameter["Name"] for page in ssm.get_paginator("describe_parameters").paginate() for parameter in page["Parameters"]
        ),
    }


def differences(found: dict[str, list[str]], reference: dict[str, list[str]]) -> dict[str, list[str]]:
    """What stands too much (+) or is missing (-), by kind."""
    shown = {}
    for kind, names in reference.items():
        more, fewer = Counter(found[kind]) - Counter(names), Counter(names) - Counter(found[kind])
        if more or fewer:
            shown[kind] = [f"+{name}" for name in more.elements()] + [f"-{name}" for name in fewer.elements()]
    return shown
