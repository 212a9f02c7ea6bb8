"""Checks the settings of the servers through boto3; ``--absent`` that nothing is left. Sentences on failure, exit code 1."""

from __future__ import annotations

import json
import os
import sys

import boto3
from botocore.exceptions import ClientError

PREFIX = os.environ.get("STACK_PREFIX", "shop-staging")
REGION = os.environ.get("AWS_REGION", "ap-northeast-2")
PATH = "/{}/{}".format(*PREFIX.rsplit("-", 1))
TIERS = ("web", "app")
TAGS = {"Project", "Environment", "Component", "ManagedBy", "Tier", "Name"}

failures: list[str] = []
asg = boto3.client("autoscaling", region_name=REGION)
ec2 = boto3.client("ec2", region_name=REGION)
iam = boto3.client("iam", region_name=REGION)
logs = boto3.client("logs", region_name=REGION)
elb = boto3.client("elbv2", region_name=REGION)


def check(what: str, ok: bool, found: object = "") -> None:
    print(f"{'ok    ' if ok else 'FAILED'} {what}")
    if not ok:
        failures.append(f"{what}: found {found!r}.")


def tags(resource: dict) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in resource.get("Tags", [])}


def groups() -> dict[str, dict]:
    found = asg.describe_auto_scaling_groups(AutoScalingGroupNames=[f"{PREFIX}-{tier}" for tier in TIERS])["AutoScalingGroups"]
    return {group["AutoScalingGroupName"].rpartition("-")[2]: group for group in found}


def group_is_strict(tier: str, group: dict) -> None:
    name = group["AutoScalingGroupName"]
    check(f"{tier}: launch template only [AutoScaling.9]", "LaunchTemplate" in group and "LaunchConfigurationName" not in group, group)
    check(f"{tier}: a numbered version, so that a refresh can be rolled back", group["LaunchTemplate"]["Version"].isdigit(), group)
    checked = (group["HealthCheckType"], group["HealthCheckGracePeriod"] > 0)
    check(f"{tier}: the load balancer's health check, with grace [AutoScaling.1]", checked == ("ELB", True), checked)
    check(f"{tier}: two zones [AutoScaling.2]", len(group["AvailabilityZones"]) >= 2, group["AvailabilityZones"])
    check(f"{tier}: two instances or more", group["MinSize"] >= 2, group["MinSize"])
    policy = group.get("InstanceMaintenancePolicy", {})
    check(f"{tier}: a floor of healthy instances", policy.get("MinHealthyPercentage", 0) >= 90, policy)
    check(f"{tier}: a warmup", group.get("DefaultInstanceWarmup", -1) > 0, group.get("DefaultInstanceWarmup"))
    check(f"{tier}: one target group", len(group["TargetGroupARNs"]) == 1, group["TargetGroupARNs"])
    check(f"{tier}: metrics", len(group["EnabledMetrics"]) >= 8, group["EnabledMetrics"])
    lacking = [key for key in TAGS - {"Name"} if not any(tag["Key"] == key and tag["PropagateAtLaunch"] for tag in group["Tags"])]
    check(f"{tier}: tags go to instances", lacking == [], group["Tags"])
    (hook,) = [
        one
        for one in asg.describe_lifecycle_hooks(AutoScalingGroupName=name)["LifecycleHooks"]
        if one["LifecycleHookName"] == "first-start"
    ]
    given = (hook["LifecycleTransition"], hook["DefaultResult"])
    check(f"{tier}: an instance must say that it works", given == ("autoscaling:EC2_INSTANCE_LAUNCHING", "ABANDON"), given)
    policies = asg.describe_policies(AutoScalingGroupName=name)["ScalingPolicies"]
    tracked = {one["TargetTrackingConfiguration"]["PredefinedMetricSpecification"]["PredefinedMetricType"] for one in policies}
    check(f"{tier}: target tracking", tracked == {"ASGAverageCPUUtilization", "ALBRequestCountPerTarget"}, tracked)
    told = asg.describe_notification_configurations(AutoScalingGroupNames=[name])["NotificationConfigurations"]
    kinds = {entry["NotificationType"].rpartition(":")[2] for entry in told}
    check(f"{tier}: failed launches are told", kinds == {"EC2_INSTANCE_LAUNCH_ERROR", "EC2_INSTANCE_TERMINATE_ERROR"}, told)


def template_is_strict(tier: str, group: dict) -> None:
    template = group["LaunchTemplate"]
    found = ec2.describe_launch_template_versions(LaunchTemplateId=template["LaunchTemplateId"], Versions=[template["Version"]])
    data = found["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    options = data["MetadataOptions"]
    given = (options["HttpTokens"], options["HttpPutResponseHopLimit"])
    check(f"{tier}: IMDSv2, one hop [EC2.8, AutoScaling.3]", given == ("required", 1), given)
    interfaces = data["NetworkInterfaces"]
    check(f"{tier}: no public address [EC2.9, EC2.25]", [one["AssociatePublicIpAddress"] for one in interfaces] == [False], interfaces)
    check(f"{tier}: one security group of its own", len(interfaces[0]["Groups"]) == 1, interfaces)
    volumes = [mapping["Ebs"] for mapping in data["BlockDeviceMappings"]]
    sealed = [(one["Encrypted"], one["VolumeType"], ":key/" in one.get("KmsKeyId", "")) for one in volumes]
    check(f"{tier}: encrypted gp3 with a customer key [EC2.7]", sealed == [(True, "gp3", True)], volumes)
    check(f"{tier}: no key pair", "KeyName" not in data, data.get("KeyName"))
    check(f"{tier}: an instance profile", f"{PREFIX}-server-{tier}" in str(data["IamInstanceProfile"]), data["IamInstanceProfile"])
    check(f"{tier}: an image, not an alias, so that a refresh can be rolled back", data["ImageId"].startswith("ami-"), data["ImageId"])
    check(f"{tier}: detailed monitoring, EBS optimized", data["Monitoring"]["Enabled"] and data["EbsOptimized"], data)
    kinds = {one["ResourceType"] for one in data["TagSpecifications"] if {tag["Key"] for tag in one["Tags"]} >= TAGS}
    check(f"{tier}: tags on all that is launched", kinds == {"instance", "network-interface", "volume"}, data["TagSpecifications"])
    check(f"{tier}: Systems Manager's agent does all that a first start needs", "UserData" not in data, data.get("UserData"))


def instances_are_launched(tier: str, group: dict) -> None:
    ids = [instance["InstanceId"] for instance in group["Instances"] if instance["LifecycleState"] == "InService"]
    check(f"{tier}: instances in service", len(ids) >= group["MinSize"], group["Instances"])
    found = [one for entry in ec2.describe_instances(InstanceIds=ids)["Reservations"] for one in entry["Instances"]]
    check(f"{tier}: in two zones", len({one["Placement"]["AvailabilityZone"] for one in found}) >= 2, ids)
    bare = [one["InstanceId"] for one in found if "PublicIpAddress" in one or "IamInstanceProfile" not in one]
    check(f"{tier}: none with a public address, none without a profile", bare == [], bare)
    check(f"{tier}: all with tags", all(tags(one).keys() >= TAGS for one in found), [tags(one) for one in found])
    health = elb.describe_target_health(TargetGroupArn=group["TargetGroupARNs"][0])["TargetHealthDescriptions"]
    check(f"{tier}: registered with the load balancer", set(ids) <= {one["Target"]["Id"] for one in health}, health)


def role_is_strict(tier: str) -> None:
    name = f"{PREFIX}-server-{tier}"
    role = iam.get_role(RoleName=name)["Role"]
    check(f"{tier}: the role is within a boundary", "PermissionsBoundary" in role, role)
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    check(f"{tier}: the role has one managed policy", len(attached) == 1, attached)
    policies = {
        policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
    }
    statements = [statement for policy in policies.values() for statement in policy["Statement"]]
    wide = [
        statement
        for statement in statements
        if any(action.endswith("*") for action in statement["Action"])
        # AWS knows no resources for what describes.
        or (statement["Resource"] == "*" and not all(":Describe" in action for action in statement["Action"]))
    ]
    check(f"{tier}: no right is everything", wide == [], wide)
    text = json.dumps(policies)
    reads = "secretsmanager:GetSecretValue" in text
    check(f"{tier}: {'reads' if tier == 'app' else 'does not read'} the database's password", reads == (tier == "app"), text)
    if tier == "app":
        (statement,) = [one for one in statements if "secretsmanager:GetSecretValue" in one["Action"]]
        owner = statement["Condition"]["StringEquals"]["secretsmanager:ResourceTag/aws:rds:primaryDBInstanceArn"]
        check("app: the password of the stack's own database only", owner.endswith(f":db:{PREFIX}-db"), owner)


def log_group_is_strict(tier: str) -> None:
    name = f"{PATH}/servers/{tier}"
    found = [group for group in logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"] if group["logGroupName"] == name]
    kept = [(group.get("retentionInDays"), ":key/" in group.get("kmsKeyId", "")) for group in found]
    check(f"{tier}: a log group, a year, encrypted [CloudWatch.16]", kept == [(365, True)], kept)


def present() -> None:
    found = groups()
    check("both groups stand", set(found) == set(TIERS), list(found))
    for tier, group in found.items():
        group_is_strict(tier, group)
        template_is_strict(tier, group)
        instances_are_launched(tier, group)
        role_is_strict(tier)
        log_group_is_strict(tier)


def absent() -> None:
    check("no group left", groups() == {}, list(groups()))
    names = [f"{PREFIX}-{tier}" for tier in TIERS]
    left = ec2.describe_launch_templates(Filters=[{"Name": "launch-template-name", "Values": names}])["LaunchTemplates"]
    check("no launch template left", left == [], left)
    mine = [{"Name": "tag:aws:autoscaling:groupName", "Values": names}]
    states = {one["State"]["Name"] for entry in ec2.describe_instances(Filters=mine)["Reservations"] for one in entry["Instances"]}
    check("no instance left", states <= {"terminated"}, states)
    groups_left = logs.describe_log_groups(logGroupNamePrefix=f"{PATH}/servers/")["logGroups"]
    check("no log group left", groups_left == [], groups_left)
    for tier in TIERS:
        for operation, key in (("get_role", "RoleName"), ("get_instance_profile", "InstanceProfileName")):
            try:
                getattr(iam, operation)(**{key: f"{PREFIX}-server-{tier}"})
                check(f"{tier}: {operation} finds nothing", False)
            except ClientError:
                check(f"{tier}: {operation} finds nothing", True)


absent() if "--absent" in sys.argv else present()
if failures:
    sys.exit("\n".join(failures))
