"""What EC2 Auto Scaling refuses."""

from __future__ import annotations

import re
from typing import Any

from emulator.strict import Context, rule, tags

_API = "Amazon EC2 Auto Scaling API Reference"
_GUIDE = "Amazon EC2 Auto Scaling User Guide"
TEMPLATE = {"LaunchTemplateId": "lt-0123456789abcdef0", "Version": "1"}
GROUP = {"AutoScalingGroupName": "shop-web", "MinSize": 2, "MaxSize": 4, "VPCZoneIdentifier": "subnet-1,subnet-2"}
TRACKING = {"PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}, "TargetValue": 60.0}
POLICY = {"AutoScalingGroupName": "shop-web", "PolicyName": "cpu", "PolicyType": "TargetTrackingScaling"}
HOOK = {"AutoScalingGroupName": "shop-web", "LifecycleHookName": "boot", "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING"}
TERMINATION = (
    "Default", "OldestInstance", "NewestInstance", "OldestLaunchConfiguration", "ClosestToNextInstanceHour", "OldestLaunchTemplate",
    "AllocationStrategy",
)  # fmt: skip


def _group(params: dict[str, Any], context: Context) -> Any:
    return context.backend("autoscaling").autoscaling_groups.get(params.get("AutoScalingGroupName", ""))


def _template(context: Context, specification: dict[str, Any] | None) -> Any:
    """The launch template that *specification* names, or None."""
    ec2, given = context.backend("ec2"), specification or {}
    template_id = given.get("LaunchTemplateId") or ec2.launch_template_name_to_ids.get(given.get("LaunchTemplateName", ""))
    return ec2.launch_templates.get(template_id)


@rule(
    "autoscaling", "CreateAutoScalingGroup", "UpdateAutoScalingGroup", code="ValidationError", source=f"{_API}, CreateAutoScalingGroup",
    good=[GROUP, {**GROUP, "DesiredCapacity": 3}],
    bad=[
        {**GROUP, "MinSize": 5},
        {**GROUP, "MinSize": -1},
        {**GROUP, "DesiredCapacity": 5},
        {**GROUP, "DesiredCapacity": 1},
    ],
)  # fmt: skip
def sizes(params: dict[str, Any], context: Context) -> str | None:
    group = _group(params, context)
    least = params.get("MinSize", getattr(group, "min_size", 0))
    most = params.get("MaxSize", getattr(group, "max_size", None))
    desired = params.get("DesiredCapacity")
    if least is not None and int(least) < 0:
        return "MinSize must not be negative"
    if most is not None and int(least or 0) > int(most):
        return f"Max bound, {most}, must be greater than or equal to min bound, {least}"
    if desired is not None and not int(least or 0) <= int(desired) <= int(most if most is not None else desired):
        return f"Desired capacity:{desired} must be between the specified min size:{least} and max size:{most}"
    return None


@rule(
    "autoscaling", "CreateAutoScalingGroup", "UpdateAutoScalingGroup", code="ValidationError",
    source=f"{_API}, CreateAutoScalingGroup: InstanceMaintenancePolicy, MaxInstanceLifetime, TerminationPolicies, HealthCheckType",
    good=[
        {**GROUP, "InstanceMaintenancePolicy": {"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150}},
        {**GROUP, "MaxInstanceLifetime": 0},
        {**GROUP, "TerminationPolicies": ["OldestLaunchTemplate", "Default"], "HealthCheckType": "ELB"},
    ],
    bad=[
        {**GROUP, "InstanceMaintenancePolicy": {"MinHealthyPercentage": 100}},
        {**GROUP, "InstanceMaintenancePolicy": {"MinHealthyPercentage": 50, "MaxHealthyPercentage": 160}},
        {**GROUP, "InstanceMaintenancePolicy": {"MinHealthyPercentage": 100, "MaxHealthyPercentage": 99}},
        {**GROUP, "MaxInstanceLifetime": 3600},
        {**GROUP, "TerminationPolicies": ["Oldest"]},
        {**GROUP, "HealthCheckType": "ALB"},
    ],
)  # fmt: skip
def settings(params: dict[str, Any], context: Context) -> str | None:
    sentence = _percentages(params.get("InstanceMaintenancePolicy"), "instance maintenance policy")
    if sentence:
        return sentence
    lifetime = params.get("MaxInstanceLifetime")
    if lifetime and int(lifetime) < 86400:
        return "MaxInstanceLifetime must be 0 or at least 86400 seconds (1 day)"
    unknown = [name for name in params.get("TerminationPolicies") or [] if name not in TERMINATION and not name.startswith("arn:")]
    if unknown:
        return f"Invalid termination policies: {unknown}"
    kinds = str(params.get("HealthCheckType") or "EC2").split(",")
    return None if set(kinds) <= {"EC2", "ELB", "EBS", "VPC_LATTICE"} else f"Invalid HealthCheckType {params['HealthCheckType']}"


def _percentages(values: dict[str, Any] | None, where: str) -> str | None:
    if not values:
        return None
    least, most = values.get("MinHealthyPercentage"), values.get("MaxHealthyPercentage")
    if least is None and most is None:
        return None
    if where == "instance maintenance policy" and None in (least, most):
        return f"Both MinHealthyPercentage and MaxHealthyPercentage are required in an {where}"
    if -1 in (least, most):
        return None if least == most else f"To clear the {where}, both percentages are -1"
    if least is not None and not 0 <= int(least) <= 100:
        return f"MinHealthyPercentage {least} of the {where} must be 0 to 100"
    if most is not None and not 100 <= int(most) <= 200:
        return f"MaxHealthyPercentage {most} of the {where} must be 100 to 200"
    if None not in (least, most) and int(most) - int(least) > 100:
        return f"The difference between the percentages of the {where} must not be greater than 100"
    return None


@rule(
    "autoscaling", "CreateAutoScalingGroup", "UpdateAutoScalingGroup", code="ValidationError",
    source=f'{_GUIDE}, "Create a launch template for an Auto Scaling group"',
    good=[GROUP],
    bad=[{**GROUP, "LaunchTemplate": TEMPLATE}],
)  # fmt: skip
def template_exists(params: dict[str, Any], context: Context) -> str | None:
    given = params.get("LaunchTemplate")
    if not given:
        return None
    template = _template(context, given)
    if template is None:
        return "You must use a valid fully-formed launch template. The specified launch template does not exist."
    version = str(given.get("Version") or "$Default")
    if not version.startswith("$") and version not in [str(one.number) for one in template.versions]:
        return f"You must use a valid fully-formed launch template. Could not find the specified version {version}"
    data = template.get_version(version).data
    subnets = params.get("VPCZoneIdentifier")
    for interface in data.get("NetworkInterfaces") or []:
        if interface.get("SubnetId") and subnets:
            return "The launch template must not name a subnet, which the group does"
        if interface.get("Groups") and data.get("SecurityGroupIds"):
            return "You must use a valid fully-formed launch template. Security groups belong to the interface or to the instance, not both"
    if not data.get("InstanceType") and not data.get("InstanceRequirements"):
        return "You must use a valid fully-formed launch template. The request must contain the parameter InstanceType"
    return (
        None if data.get("ImageId") else "You must use a valid fully-formed launch template. The request must contain the parameter ImageId"
    )


@rule(
    "autoscaling", "CreateAutoScalingGroup", code="ValidationError", source=f'{_GUIDE}, "Launch instances with a launch template"',
    good=[GROUP],
    bad=[],
)  # fmt: skip
def what_is_launched_exists(params: dict[str, Any], context: Context) -> str | None:
    template = _template(context, params.get("LaunchTemplate"))
    if template is None:
        return None
    data = template.get_version(params["LaunchTemplate"].get("Version") or "$Default").data
    profile = data.get("IamInstanceProfile") or {}
    name = profile.get("Name") or str(profile.get("Arn", "")).rpartition("/")[2]
    if name and name not in [one.name for one in context.backend("iam").instance_profiles.values()]:
        return f"You must use a valid fully-formed launch template. Value ({name}) for parameter iamInstanceProfile.name is invalid"
    groups = {group: one for some in context.backend("ec2").groups.values() for group, one in some.items()}
    interfaces = data.get("NetworkInterfaces") or [{}]
    for group in data.get("SecurityGroupIds") or interfaces[0].get("Groups") or []:
        if group not in groups:
            return f"You must use a valid fully-formed launch template. The security group '{group}' does not exist"
    keys = [(mapping.get("Ebs") or {}).get("KmsKeyId") for mapping in data.get("BlockDeviceMappings") or []]
    known = context.backend("kms").keys
    for key in filter(None, keys):
        if ":key/" in key and key.rpartition("/")[2] not in known:
            return f"The KMS key {key} of a volume does not exist"
    return None


@rule(
    "autoscaling", "CreateAutoScalingGroup", "UpdateAutoScalingGroup", code="ValidationError",
    source=f"{_API}, CreateAutoScalingGroup: VPCZoneIdentifier",
    good=[GROUP],
    bad=[{key: value for key, value in GROUP.items() if key != "VPCZoneIdentifier"} | {"LaunchTemplate": TEMPLATE}],
)  # fmt: skip
def subnets(params: dict[str, Any], context: Context) -> str | None:
    given = params.get("VPCZoneIdentifier")
    if not given:
        new = params.get("LaunchTemplate") and _group(params, context) is None and not params.get("AvailabilityZones")
        return "At least one Availability Zone or VPC Subnet is required." if new else None
    every = {name: subnet for some in context.backend("ec2").subnets.values() for name, subnet in some.items()}
    wanted = given.split(",")
    if any(name != name.strip() for name in wanted):
        return f"The subnets of VPCZoneIdentifier '{given}' are separated by commas only"
    standing = [every[name] for name in wanted if name in every]
    if standing and len(standing) < len(wanted):
        return f"The subnet ID '{next(name for name in wanted if name not in every)}' does not exist"
    return "The subnets are in different VPCs" if len({subnet.vpc_id for subnet in standing}) > 1 else None


@rule(
    "autoscaling", "CreateAutoScalingGroup", "AttachLoadBalancerTargetGroups", code="ValidationError",
    source=f"{_API}, AttachLoadBalancerTargetGroups",
    good=[GROUP],
    bad=[{**GROUP, "TargetGroupARNs": ["arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/absent/0123456789abcdef"]}],
)  # fmt: skip
def target_groups(params: dict[str, Any], context: Context) -> str | None:
    elb = context.backend("elbv2")
    for arn in params.get("TargetGroupARNs") or []:
        group = elb.target_groups.get(arn)
        if group is None:
            return f"Invalid target group: {arn}"
        if group.target_type != "instance":
            return f"Target group {arn} must be of type instance"
    return None


@rule(
    "autoscaling", "PutLifecycleHook", code="ValidationError", source=f"{_API}, PutLifecycleHook",
    good=[HOOK, {**HOOK, "HeartbeatTimeout": 900, "DefaultResult": "ABANDON"}],
    bad=[
        *({**HOOK, "HeartbeatTimeout": seconds} for seconds in (29, 7201)),
        {**HOOK, "DefaultResult": "STOP"},
        {**HOOK, "LifecycleTransition": "launch"},
    ],
)  # fmt: skip
def lifecycle_hook(params: dict[str, Any], context: Context) -> str | None:
    return _hook(params)


@rule(
    "autoscaling", "CreateAutoScalingGroup", code="ValidationError", source=f"{_API}, LifecycleHookSpecification",
    good=[{**GROUP, "LifecycleHookSpecificationList": [HOOK]}],
    bad=[{**GROUP, "LifecycleHookSpecificationList": [{**HOOK, "HeartbeatTimeout": 10}]}],
)  # fmt: skip
def lifecycle_hooks_of_a_new_group(params: dict[str, Any], context: Context) -> str | None:
    return next(filter(None, map(_hook, params.get("LifecycleHookSpecificationList") or [])), None)


def _hook(params: dict[str, Any]) -> str | None:
    timeout = params.get("HeartbeatTimeout")
    if timeout is not None and not 30 <= int(timeout) <= 7200:
        return f"HeartbeatTimeout {timeout} must be between 30 and 7200 seconds"
    if params.get("DefaultResult") not in (None, "CONTINUE", "ABANDON"):
        return f"DefaultResult {params['DefaultResult']} must be CONTINUE or ABANDON"
    transitions = (None, "autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING")
    return None if params.get("LifecycleTransition") in transitions else f"LifecycleTransition {params['LifecycleTransition']} is not valid"


@rule(
    "autoscaling", "PutScalingPolicy", code="ValidationError", source=f'{_GUIDE}, "Target tracking scaling policies"',
    good=[{**POLICY, "TargetTrackingConfiguration": TRACKING}],
    bad=[
        POLICY,
        {**POLICY, "TargetTrackingConfiguration": {**TRACKING, "TargetValue": 0}},
        {**POLICY, "TargetTrackingConfiguration": {"TargetValue": 1.0}},
        {
            **POLICY,
            "TargetTrackingConfiguration": {
                "PredefinedMetricSpecification": {"PredefinedMetricType": "ALBRequestCountPerTarget"}, "TargetValue": 500.0,
            },
        },
        {
            **POLICY,
            "TargetTrackingConfiguration": {
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": "app/shop/0123456789abcdef",
                },
                "TargetValue": 500.0,
            },
        },
        {**POLICY, "TargetTrackingConfiguration": {**TRACKING, "PredefinedMetricSpecification": {"PredefinedMetricType": "CPU"}}},
    ],
)  # fmt: skip
def target_tracking(params: dict[str, Any], context: Context) -> str | None:
    if params.get("PolicyType") != "TargetTrackingScaling":
        return None
    configuration = params.get("TargetTrackingConfiguration")
    if not configuration:
        return "TargetTrackingConfiguration is required for TargetTrackingScaling"
    if float(configuration.get("TargetValue") or 0) <= 0:
        return "TargetValue must be greater than 0"
    metric = configuration.get("PredefinedMetricSpecification")
    if bool(metric) == bool(configuration.get("CustomizedMetricSpecification")):
        return "Specify a predefined metric or a customized one"
    kind, label = (metric or {}).get("PredefinedMetricType"), (metric or {}).get("ResourceLabel")
    kinds = ("ASGAverageCPUUtilization", "ASGAverageNetworkIn", "ASGAverageNetworkOut", "ALBRequestCountPerTarget")
    if metric and kind not in kinds:
        return f"Predefined metric type {kind} is not supported"
    if kind != "ALBRequestCountPerTarget":
        return "A ResourceLabel is for ALBRequestCountPerTarget only" if label else None
    if not re.fullmatch(r"app/[^/]+/[0-9a-f]+/targetgroup/[^/]+/[0-9a-f]+", label or ""):
        return "ResourceLabel must be app/<load balancer>/<id>/targetgroup/<target group>/<id>"
    balancer, _, target = str(label).partition("/targetgroup/")
    elb = context.backend("elbv2")
    standing = [group for arn, group in elb.target_groups.items() if arn.endswith(f":targetgroup/{target}")]
    if not any(arn.endswith(f":loadbalancer/{balancer}") for group in standing for arn in group.load_balancer_arns):
        return f"Resource label {label} names no target group of a load balancer"
    return None


@rule(
    "autoscaling", "PutNotificationConfiguration", code="ValidationError", source=f"{_API}, PutNotificationConfiguration",
    good=[],
    bad=[
        {"AutoScalingGroupName": "shop-web", "TopicARN": "arn:aws:sns:ap-northeast-2:123456789012:absent", "NotificationTypes": [kind]}
        for kind in ("autoscaling:TEST_NOTIFICATION", "launch")
    ],
)  # fmt: skip
def notifications(params: dict[str, Any], context: Context) -> str | None:
    from emulator.services.autoscaling import NOTIFICATION_TYPES

    unknown = [kind for kind in params.get("NotificationTypes") or [] if kind not in NOTIFICATION_TYPES]
    if unknown:
        return f"Invalid notification types: {unknown}"
    topic = params["TopicARN"]
    return None if topic in context.backend("sns").topics else f"Unable to publish test message to notification target {topic}"


REFRESH = {"AutoScalingGroupName": "shop-web", "DesiredConfiguration": {"LaunchTemplate": TEMPLATE}}


@rule(
    "autoscaling", "StartInstanceRefresh", code="ValidationError", source=f'{_GUIDE}, "Undo changes with a manual or auto rollback"',
    good=[{"AutoScalingGroupName": "shop-web"}],
    bad=[
        {"AutoScalingGroupName": "shop-web", "Preferences": {"AutoRollback": True}},
        {**REFRESH, "DesiredConfiguration": {"LaunchTemplate": {**TEMPLATE, "Version": "$Latest"}}, "Preferences": {"AutoRollback": True}},
        {"AutoScalingGroupName": "shop-web", "Preferences": {"MinHealthyPercentage": 101}},
        {"AutoScalingGroupName": "shop-web", "Preferences": {"MinHealthyPercentage": 50, "MaxHealthyPercentage": 160}},
        {"AutoScalingGroupName": "shop-web", "Preferences": {"MaxHealthyPercentage": 110}},
        {"AutoScalingGroupName": "shop-web", "Preferences": {"BakeTime": 172801}},
    ],
)  # fmt: skip
def instance_refresh(params: dict[str, Any], context: Context) -> str | None:
    preferences = params.get("Preferences") or {}
    if preferences.get("MaxHealthyPercentage") and preferences.get("MinHealthyPercentage") is None:
        return "MinHealthyPercentage is required with MaxHealthyPercentage"
    sentence = _percentages(preferences, "instance refresh")
    if sentence:
        return sentence
    if int(preferences.get("BakeTime") or 0) > 172800:
        return "BakeTime must be 0 to 172800 seconds"
    if preferences.get("AutoRollback") not in (True, "true"):
        return None
    desired = (params.get("DesiredConfiguration") or {}).get("LaunchTemplate")
    if not desired:
        return "AutoRollback needs a desired configuration"
    group = _group(params, context)
    versions = [str(desired.get("Version")), str(getattr(group, "launch_template_version", "1"))]
    if any(version.startswith("$") for version in versions):
        return "AutoRollback cannot be used with the launch template versions $Latest or $Default"
    images = [
        one.data.get("ImageId", "")
        for template, version in ((_template(context, desired), versions[0]), (getattr(group, "ec2_launch_template", None), versions[1]))
        if template is not None
        for one in template.versions
        if str(one.number) == version
    ]
    if any(image.startswith("resolve:ssm:") for image in images):
        return "AutoRollback cannot be used with a launch template that uses a Systems Manager parameter for its AMI"
    return None


METRICS = {
    "GroupMinSize", "GroupMaxSize", "GroupDesiredCapacity", "GroupInServiceInstances", "GroupPendingInstances", "GroupStandbyInstances",
    "GroupTerminatingInstances", "GroupTotalInstances", "GroupInServiceCapacity", "GroupPendingCapacity", "GroupStandbyCapacity",
    "GroupTerminatingCapacity", "GroupTotalCapacity", "WarmPoolDesiredCapacity", "WarmPoolWarmedCapacity", "WarmPoolPendingCapacity",
    "WarmPoolTerminatingCapacity", "WarmPoolTotalCapacity", "GroupAndWarmPoolDesiredCapacity", "GroupAndWarmPoolTotalCapacity",
}  # fmt: skip


@rule(
    "autoscaling", "EnableMetricsCollection", code="ValidationError", source=f"{_API}, EnableMetricsCollection",
    good=[{"AutoScalingGroupName": "shop-web", "Granularity": "1Minute", "Metrics": ["GroupTotalInstances"]}],
    bad=[
        {"AutoScalingGroupName": "shop-web", "Granularity": "5Minute"},
        {"AutoScalingGroupName": "shop-web", "Granularity": "1Minute", "Metrics": ["CPUUtilization"]},
    ],
)  # fmt: skip
def group_metrics(params: dict[str, Any], context: Context) -> str | None:
    if params["Granularity"] != "1Minute":
        return "Granularity must be 1Minute"
    unknown = sorted(set(params.get("Metrics") or []) - METRICS)
    return f"{unknown[0]} is not a metric of Auto Scaling groups" if unknown else None


@rule(
    "autoscaling", "CreateAutoScalingGroup", "CreateOrUpdateTags", code="ValidationError", source=f'{_GUIDE}, "Tag Auto Scaling groups"',
    good=[{**GROUP, "Tags": [{"Key": "Project", "Value": "shop", "PropagateAtLaunch": True}]}],
    bad=[{**GROUP, "Tags": [{"Key": "aws:x", "Value": "y"}]}, {**GROUP, "Tags": [{"Key": f"k{n}", "Value": "v"} for n in range(51)]}],
)  # fmt: skip
def group_tags(params: dict[str, Any], context: Context) -> str | None:
    by_group: dict[str, list[dict[str, Any]]] = {}
    for tag in params.get("Tags") or []:
        by_group.setdefault(tag.get("ResourceId", ""), []).append(tag)
    return next(filter(None, (tags.wrong(tags.pairs(some)) for some in by_group.values())), None)
