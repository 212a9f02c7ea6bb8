"""What AWS CodeDeploy refuses."""

from __future__ import annotations

import re
from typing import Any

from emulator.strict import Context, rule
from emulator.strict.access import role_trusts

_CREATE = "AWS CodeDeploy API Reference, CreateDeploymentGroup"
_GROUP = {"applicationName": "shop-staging", "deploymentGroupName": "web"}
_WITH_TRAFFIC = {"deploymentType": "IN_PLACE", "deploymentOption": "WITH_TRAFFIC_CONTROL"}


def _group(**changes: Any) -> dict[str, Any]:
    return {**_GROUP, **changes}


@rule(
    "codedeploy", "CreateApplication", code="InvalidApplicationNameException",
    source="AWS CodeDeploy User Guide, CodeDeploy quotas",
    good=[{"applicationName": "shop-staging"}], bad=[{"applicationName": "shop staging"}],
)  # fmt: skip
def application_name(params: dict[str, Any], context: Context) -> str | None:
    if re.fullmatch(r"[A-Za-z0-9._+=,@-]{1,100}", params["applicationName"]):
        return None
    return "Application names must be 1 to 100 letters, digits and ._+=,@-"


@rule(
    "codedeploy", "CreateDeploymentGroup", code="ApplicationDoesNotExistException", source=_CREATE,
    good=[], bad=[_GROUP],
)  # fmt: skip
def application_stands(params: dict[str, Any], context: Context) -> str | None:
    from emulator.services.codedeploy import APPLICATIONS  # the services import the rules' helpers

    if params["applicationName"] in APPLICATIONS.all(context):
        return None
    return f"No application found for name: {params['applicationName']}"


@rule(
    "codedeploy", "CreateDeploymentGroup", "UpdateDeploymentGroup", code="InvalidRoleException",
    source="AWS CodeDeploy User Guide, Step 2: Create a service role for CodeDeploy",
    good=[_GROUP], bad=[_group(serviceRoleArn="arn:aws:iam::123456789012:role/refarch/nobody")],
)  # fmt: skip
def role_can_be_taken(params: dict[str, Any], context: Context) -> str | None:
    role = params.get("serviceRoleArn")
    if role and not role_trusts(context, role, "codedeploy.amazonaws.com"):
        return f"AWS CodeDeploy does not have the permissions required to assume the role {role}."
    return None


@rule(
    "codedeploy", "CreateDeploymentGroup", "UpdateDeploymentGroup", code="InvalidLoadBalancerInfoException", source=_CREATE,
    good=[_group(deploymentStyle=_WITH_TRAFFIC, loadBalancerInfo={"targetGroupInfoList": [{"name": "web"}]})],
    bad=[_group(deploymentStyle=_WITH_TRAFFIC)],
)  # fmt: skip
def traffic_control_has_a_load_balancer(params: dict[str, Any], context: Context) -> str | None:
    if (params.get("deploymentStyle") or {}).get("deploymentOption") != "WITH_TRAFFIC_CONTROL":
        return None
    if any((params.get("loadBalancerInfo") or {}).get(key) for key in ("targetGroupInfoList", "elbInfoList", "targetGroupPairInfoList")):
        return None
    return "For WITH_TRAFFIC_CONTROL deployments, load balancer info must be given."


@rule(
    "codedeploy", "CreateDeploymentGroup", "UpdateDeploymentGroup", code="InvalidAutoScalingGroupException", source=_CREATE,
    good=[_GROUP], bad=[_group(autoScalingGroups=["nobody"])],
)  # fmt: skip
def auto_scaling_groups_stand(params: dict[str, Any], context: Context) -> str | None:
    known = context.backend("autoscaling").autoscaling_groups
    missing = [name for name in params.get("autoScalingGroups") or [] if name not in known]
    return f"The Auto Scaling groups {', '.join(missing)} could not be found." if missing else None


@rule(
    "codedeploy", "CreateDeploymentGroup", "UpdateDeploymentGroup", code="InvalidAlarmConfigException",
    source="AWS CodeDeploy User Guide, Monitoring deployments with CloudWatch alarms; CodeDeploy quotas (10 alarms of a group)",
    good=[_group(alarmConfiguration={"enabled": False, "alarms": []})],
    bad=[
        _group(alarmConfiguration={"enabled": True, "alarms": []}),
        _group(alarmConfiguration={"enabled": True, "alarms": [{"name": "nobody"}]}),
    ],
)  # fmt: skip
def alarms_stand(params: dict[str, Any], context: Context) -> str | None:
    config = params.get("alarmConfiguration") or {}
    names = [alarm["name"] for alarm in config.get("alarms") or []]
    if config.get("enabled") and not 1 <= len(names) <= 10:
        return "An enabled alarm configuration needs 1 to 10 alarms."
    missing = [name for name in names if name not in context.backend("cloudwatch").alarms]
    return f"The alarms {', '.join(missing)} do not exist." if missing else None


@rule(
    "codedeploy", "CreateDeploymentGroup", "UpdateDeploymentGroup", code="InvalidAutoRollbackConfigException",
    source="AWS CodeDeploy API Reference, AutoRollbackConfiguration",
    good=[_group(autoRollbackConfiguration={"enabled": True, "events": ["DEPLOYMENT_FAILURE"]})],
    bad=[
        _group(autoRollbackConfiguration={"enabled": True, "events": []}),
        _group(autoRollbackConfiguration={"enabled": True, "events": ["DEPLOYMENT_STOP_ON_ALARM"]}),
    ],
)  # fmt: skip
def rollback_has_its_events(params: dict[str, Any], context: Context) -> str | None:
    config = params.get("autoRollbackConfiguration") or {}
    if not config.get("enabled"):
        return None
    if not config.get("events"):
        return "An enabled automatic rollback needs at least one event."
    if "DEPLOYMENT_STOP_ON_ALARM" in config["events"] and not (params.get("alarmConfiguration") or {}).get("enabled"):
        return "A rollback on alarms needs an enabled alarm configuration."
    return None


#: Predefined configurations of the platform EC2/on-premises; the emulator makes no others.
CONFIGURATIONS = tuple(f"CodeDeployDefault.{name}" for name in ("OneAtATime", "HalfAtATime", "AllAtOnce"))


@rule(
    "codedeploy", "CreateDeploymentGroup", "UpdateDeploymentGroup", code="DeploymentConfigDoesNotExistException",
    source="AWS CodeDeploy User Guide, Predefined deployment configurations",
    good=[_GROUP, *(_group(deploymentConfigName=name) for name in CONFIGURATIONS)],
    bad=[_group(deploymentConfigName=name) for name in ("OneAtATime", "CodeDeployDefault.ThreeQuartersAtATime")],
)  # fmt: skip
def deployment_config_stands(params: dict[str, Any], context: Context) -> str | None:
    name = params.get("deploymentConfigName")
    # Those of ECS and Lambda belong to applications of another platform.
    if not name or name in CONFIGURATIONS or re.match(r"CodeDeployDefault\.(ECS|Lambda)", name):
        return None
    return f"No deployment configuration found for name: {name}"


@rule(
    "codedeploy", "CreateDeploymentGroup", "UpdateDeploymentGroup", code="InvalidLoadBalancerInfoException",
    source="AWS CodeDeploy API Reference, LoadBalancerInfo: targetGroupInfoList (10 at most)",
    good=[_group(loadBalancerInfo={"targetGroupInfoList": [{"name": f"g{number}"} for number in range(10)]})],
    bad=[
        _group(loadBalancerInfo={"targetGroupInfoList": [{"name": f"g{number}"} for number in range(11)]}),
        _group(loadBalancerInfo={"targetGroupInfoList": [{}]}),
    ],
)  # fmt: skip
def target_groups_have_names(params: dict[str, Any], context: Context) -> str | None:
    groups = (params.get("loadBalancerInfo") or {}).get("targetGroupInfoList") or []
    if len(groups) > 10:
        return "A deployment group takes 10 target groups at most."
    return None if all(group.get("name") for group in groups) else "A target group must have a name."
