#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: autoscaling_groups
version_added: 0.1.0
short_description: Manage EC2 Auto Scaling groups as one set
description:
  - Creates, changes and removes Auto Scaling groups in one task, each with its scaling policies, lifecycle hooks, notifications and
    metrics.
  - Another version of the launch template is rolled out by an instance refresh, which takes it back where it fails. The group keeps the
    version before until the refresh has succeeded.
options:
  state:
    description: Whether the groups stand or not.
    type: str
    choices: [present, absent]
    default: present
  auto_scaling_groups:
    description:
      - The groups.
      - With O(state=absent), those that are removed with their instances; the name is enough.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, unique in the account and region.
        type: str
        required: true
      launch_template_id:
        description: The launch template. Required with O(state=present).
        type: str
      launch_template_version:
        description: Its version, as a number. Required with O(state=present).
        type: str
      subnet_ids:
        description: The subnets, in two zones at least. Required with O(state=present).
        type: list
        elements: str
      target_group_arns:
        description: The target groups in which instances are registered.
        type: list
        elements: str
        default: []
      min_size:
        description: The fewest instances.
        type: int
        default: 2
      max_size:
        description: The most instances.
        type: int
        default: 4
      desired_capacity:
        description: How many instances a new group has. Later it is the scaling policies' matter, and no difference.
        type: int
      health_check_type:
        description: Whether the checks of the load balancer count too.
        type: str
        choices: [EC2, ELB]
        default: ELB
      health_check_grace_period_seconds:
        description: Seconds that a new instance is not checked.
        type: int
        default: 300
      default_instance_warmup_seconds:
        description: Seconds until a new instance counts for scaling policies and refreshes.
        type: int
        default: 120
      min_healthy_percentage:
        description: The share of healthy instances below which no replacement goes, of the desired capacity.
        type: int
        default: 100
      max_healthy_percentage:
        description: The share above which no replacement goes.
        type: int
        default: 150
      termination_policies:
        description: Which instance goes first when the group shrinks.
        type: list
        elements: str
        default: [OldestLaunchTemplate, Default]
      capacity_rebalance:
        description: Whether Spot instances that are about to be interrupted are replaced.
        type: bool
        default: false
      max_instance_lifetime_seconds:
        description: Seconds after which an instance is replaced, 86400 at least, or 0 for never.
        type: int
        default: 0
      metrics:
        description: Whether CloudWatch gets the group's metrics, all of them.
        type: bool
        default: true
      lifecycle_hooks:
        description:
          - The lifecycle hooks. A new group has them before its first instance starts.
          - Others are left alone, for CodeDeploy makes its own.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: The name.
            type: str
            required: true
          transition:
            description: What is held up.
            type: str
            choices: ["autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"]
            default: "autoscaling:EC2_INSTANCE_LAUNCHING"
          heartbeat_seconds:
            description: Seconds after which O(auto_scaling_groups[].lifecycle_hooks[].default_result) is taken, 30 to 7200.
            type: int
            default: 600
          default_result:
            description: What happens where nobody answers.
            type: str
            choices: [ABANDON, CONTINUE]
            default: ABANDON
      target_tracking_policies:
        description: The scaling policies. Others of the group are removed.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: The name.
            type: str
            required: true
          metric:
            description: What is held near the target.
            type: str
            choices: [ASGAverageCPUUtilization, ASGAverageNetworkIn, ASGAverageNetworkOut, ALBRequestCountPerTarget]
            required: true
          target_group_arn:
            description: The target group of V(ALBRequestCountPerTarget), which a listener of a load balancer forwards to.
            type: str
          target_value:
            description: The target.
            type: float
            required: true
          scale_in:
            description: Whether instances are removed too.
            type: bool
            default: true
      notification_topic_arn:
        description: The SNS topic that is told of O(auto_scaling_groups[].notification_types). Others are no longer told.
        type: str
      notification_types:
        description: What is told.
        type: list
        elements: str
        default: ["autoscaling:EC2_INSTANCE_LAUNCH_ERROR", "autoscaling:EC2_INSTANCE_TERMINATE_ERROR"]
      tags:
        description: Tags of this group and its instances, added to O(tags).
        type: dict
        default: {}
  refresh:
    description: How another version of the launch template is rolled out.
    type: dict
    suboptions:
      auto_rollback:
        description: Whether a refresh that fails is taken back.
        type: bool
        default: true
      skip_matching:
        description: Whether instances that already have the version stay.
        type: bool
        default: true
      bake_time_seconds:
        description: Seconds to wait after the last replacement, in which it can still be taken back.
        type: int
        default: 0
      alarm_names:
        description: CloudWatch alarms that end the refresh when they go off.
        type: list
        elements: str
        default: []
  wait:
    description: Whether to wait until a new group has its instances in service. A removal always waits.
    type: bool
    default: false
  wait_for_refresh:
    description: Whether to wait until a refresh that was started has succeeded.
    type: bool
    default: false
  wait_timeout:
    description: Seconds to wait.
    type: int
    default: 1800
notes:
  - amazon.aws.autoscaling_group takes one group a task, has no check mode that shows calls, and starts no refresh that can be rolled back.
  - >-
    "Undo changes with a manual or auto rollback" (Amazon EC2 Auto Scaling User Guide) needs a desired configuration, a version that is a
    number, and a template without an SSM alias for its image.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: The web servers
  refarch.aws.autoscaling_groups:
    tags: "{{ stack_tags }}"
    auto_scaling_groups:
      - name: shop-staging-web
        launch_template_id: "{{ template.launch_template_id }}"
        launch_template_version: "{{ template.version }}"
        subnet_ids: [subnet-0a1b2c3d, subnet-1a2b3c4d]
        target_group_arns: ["{{ target_group_arn }}"]
        target_tracking_policies:
          - {name: cpu, metric: ASGAverageCPUUtilization, target_value: 60}
"""

RETURN = r"""
auto_scaling_groups:
  description: The groups in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: shop-staging-web}
    launch_template_version: {description: The version that was asked for., type: str, sample: "3"}
    lifecycle_hook_names: {description: The lifecycle hooks given., type: list, elements: str}
    refreshing: {description: Whether a refresh was started or is under way., type: bool}
    tags: {description: All tags., type: dict, sample: {Component: servers}}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.elbv2 import full_name
from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, Resources, differing, run
from ansible_collections.refarch.aws.plugins.module_utils.unknown import UNKNOWN, has_unknown

KIND = "Auto Scaling group"
#: Refreshes that are still under way (Amazon EC2 Auto Scaling API Reference, InstanceRefresh).
UNDER_WAY = ("Pending", "InProgress", "Baking", "RollbackInProgress", "Cancelling")
FAILED = ("Failed", "Cancelled", "RollbackFailed", "RollbackSuccessful")

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "auto_scaling_groups": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "launch_template_id": {"type": "str"},
            "launch_template_version": {"type": "str"},
            "subnet_ids": {"type": "list", "elements": "str"},
            "target_group_arns": {"type": "list", "elements": "str", "default": []},
            "min_size": {"type": "int", "default": 2},
            "max_size": {"type": "int", "default": 4},
            "desired_capacity": {"type": "int"},
            "health_check_type": {"type": "str", "choices": ["EC2", "ELB"], "default": "ELB"},
            "health_check_grace_period_seconds": {"type": "int", "default": 300},
            "default_instance_warmup_seconds": {"type": "int", "default": 120},
            "min_healthy_percentage": {"type": "int", "default": 100},
            "max_healthy_percentage": {"type": "int", "default": 150},
            "termination_policies": {"type": "list", "elements": "str", "default": ["OldestLaunchTemplate", "Default"]},
            "capacity_rebalance": {"type": "bool", "default": False},
            "max_instance_lifetime_seconds": {"type": "int", "default": 0},
            "metrics": {"type": "bool", "default": True},
            "lifecycle_hooks": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "name": {"type": "str", "required": True},
                    "transition": {
                        "type": "str",
                        "choices": ["autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"],
                        "default": "autoscaling:EC2_INSTANCE_LAUNCHING",
                    },
                    "heartbeat_seconds": {"type": "int", "default": 600},
                    "default_result": {"type": "str", "choices": ["ABANDON", "CONTINUE"], "default": "ABANDON"},
                },
            },
            "target_tracking_policies": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "name": {"type": "str", "required": True},
                    "metric": {
                        "type": "str",
                        "choices": ["ASGAverageCPUUtilization", "ASGAverageNetworkIn", "ASGAverageNetworkOut", "ALBRequestCountPerTarget"],
                        "required": True,
                    },
                    "target_group_arn": {"type": "str"},
                    "target_value": {"type": "float", "required": True},
                    "scale_in": {"type": "bool", "default": True},
                },
            },
            "notification_topic_arn": {"type": "str"},
            "notification_types": {
                "type": "list",
                "elements": "str",
                "default": ["autoscaling:EC2_INSTANCE_LAUNCH_ERROR", "autoscaling:EC2_INSTANCE_TERMINATE_ERROR"],
            },
            "tags": {"type": "dict", "default": {}},
        },
    },
    "refresh": {
        "type": "dict",
        # A default of {} would be one dict for all runs, which Ansible fills.
        "apply_defaults": True,
        "options": {
            "auto_rollback": {"type": "bool", "default": True},
            "skip_matching": {"type": "bool", "default": True},
            "bake_time_seconds": {"type": "int", "default": 0},
            "alarm_names": {"type": "list", "elements": "str", "default": []},
        },
    },
    "wait": {"type": "bool", "default": False},
    "wait_for_refresh": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 1800},
    **TAG_OPTIONS,
}


def settings(group: dict) -> dict:
    """What is set by creation and by update alike, in AWS's words."""
    return {
        "MinSize": group["min_size"],
        "MaxSize": group["max_size"],
        "VPCZoneIdentifier": ",".join(group["subnet_ids"]),
        "HealthCheckType": group["health_check_type"],
        "HealthCheckGracePeriod": group["health_check_grace_period_seconds"],
        "DefaultInstanceWarmup": group["default_instance_warmup_seconds"],
        "InstanceMaintenancePolicy": {
            "MinHealthyPercentage": group["min_healthy_percentage"],
            "MaxHealthyPercentage": group["max_healthy_percentage"],
        },
        "TerminationPolicies": group["termination_policies"],
        "CapacityRebalance": group["capacity_rebalance"],
        "MaxInstanceLifetime": group["max_instance_lifetime_seconds"],
    }


def changed_settings(group: dict, wanted: dict) -> dict:
    """Those of *wanted* that *group*, as AWS describes it, has otherwise. The order of subnets means nothing."""
    now = {**group, "MaxInstanceLifetime": group.get("MaxInstanceLifetime", 0), "CapacityRebalance": group.get("CapacityRebalance", False)}
    changed = differing(now, wanted)
    if set(now.get("VPCZoneIdentifier", "").split(",")) == set(wanted["VPCZoneIdentifier"].split(",")):
        changed.pop("VPCZoneIdentifier", None)
    return changed


def hook(wanted: dict) -> dict:
    return {
        "LifecycleTransition": wanted["transition"],
        "HeartbeatTimeout": wanted["heartbeat_seconds"],
        "DefaultResult": wanted["default_result"],
    }


def tracking(policy: dict, label: str | None) -> dict:
    """The configuration of a target tracking policy."""
    metric = {"PredefinedMetricType": policy["metric"], **({"ResourceLabel": label} if label else {})}
    return {"PredefinedMetricSpecification": metric, "TargetValue": float(policy["target_value"]), "DisableScaleIn": not policy["scale_in"]}


def group_tags(name: str, tags: dict[str, str]) -> list[dict]:
    common = {"ResourceId": name, "ResourceType": "auto-scaling-group", "PropagateAtLaunch": True}
    return [{**common, "Key": key, "Value": value} for key, value in tags.items()]


class Groups(Resources):
    def names(self) -> list[str]:
        return [group["name"] for group in self.params["auto_scaling_groups"]]

    def find(self, names: list[str]) -> dict[str, dict]:
        found = self.read("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", AutoScalingGroupNames=names)
        return {group["AutoScalingGroupName"]: group for group in found}

    def existing(self) -> dict[str, dict]:
        """The wanted groups that stand, by name, with their C(policies), C(hooks), C(topics) and C(refreshes)."""
        wanted = {group["name"]: group for group in self.params["auto_scaling_groups"]}
        groups = self.find(list(wanted))
        going = [name for name, group in groups.items() if group.get("Status")]  # "Delete in progress"
        if going and not self.check_mode:
            self.wait_gone(going)
        groups = {name: group for name, group in groups.items() if name not in going}

        def ask(question):
            operation, path, parameters = question
            return self.read("autoscaling", operation, path, **parameters)

        questions = {}
        for name, group in groups.items():
            owner = {"AutoScalingGroupName": name}
            questions[name, "policies"] = ("describe_policies", "ScalingPolicies", owner)
            questions[name, "hooks"] = ("describe_lifecycle_hooks", "LifecycleHooks", owner)
            if self.version_differs(group, wanted[name]) or self.params["wait_for_refresh"]:
                questions[name, "refreshes"] = ("describe_instance_refreshes", "InstanceRefreshes", owner)
        if groups:
            operation = "describe_notification_configurations"
            questions["", "topics"] = (operation, "NotificationConfigurations", {"AutoScalingGroupNames": list(groups)})
        answers = dict(zip(questions, self.each(ask, questions.values()), strict=True))
        for name, group in groups.items():
            group["policies"] = {policy["PolicyName"]: policy for policy in answers[name, "policies"]}
            group["hooks"] = {found["LifecycleHookName"]: found for found in answers[name, "hooks"] or []}
            group["refreshes"] = answers.get((name, "refreshes")) or []
            group["topics"] = [entry for entry in answers["", "topics"] if entry["AutoScalingGroupName"] == name]
        return groups

    def version_differs(self, group: dict, wanted: dict) -> bool:
        now = group.get("LaunchTemplate", {})
        return (now.get("LaunchTemplateId"), now.get("Version")) != (wanted["launch_template_id"], wanted["launch_template_version"])

    def labels(self) -> dict[str, str]:
        """The resource label of each target group that a policy counts requests of: load balancer and target group."""
        policies = [policy for group in self.params["auto_scaling_groups"] for policy in group["target_tracking_policies"]]
        arns = sorted({policy["target_group_arn"] for policy in policies if policy["target_group_arn"]})
        known = [arn for arn in arns if not has_unknown(arn)]
        labels = dict.fromkeys(arns, UNKNOWN)
        found = self.read("elbv2", "describe_target_groups", "TargetGroups", TargetGroupArns=known) if known else []
        for target_group in found:
            arn, balancers = target_group["TargetGroupArn"], target_group.get("LoadBalancerArns", [])
            if not balancers:
                raise InvalidInput(f"target_tracking_policies: no listener forwards to {arn}, so that nothing counts its requests.")
            labels[arn] = f"{full_name(balancers[0], 'loadbalancer')}/{full_name(arn, 'targetgroup')}"
        return labels

    def require_sound(self, wanted: dict) -> None:
        name = wanted["name"]
        for option in ("launch_template_id", "launch_template_version", "subnet_ids"):
            if not wanted[option]:
                raise InvalidInput(f"auto_scaling_groups: {name} needs {option}.")
        desired = wanted["min_size"] if wanted["desired_capacity"] is None else wanted["desired_capacity"]
        if not 0 <= wanted["min_size"] <= desired <= wanted["max_size"]:
            raise InvalidInput(f"auto_scaling_groups: {name} needs min_size <= desired_capacity <= max_size.")
        for policy in wanted["target_tracking_policies"]:
            if policy["metric"] == "ALBRequestCountPerTarget" and not policy["target_group_arn"]:
                raise InvalidInput(f"auto_scaling_groups: the policy {policy['name']} of {name} needs target_group_arn.")

    # -- present -------------------------------------------------------------------------------------------------------
    def present(self) -> dict:
        groups = self.params["auto_scaling_groups"]
        for wanted in groups:
            self.require_sound(wanted)
        existing, labels = self.each(lambda ask: ask(), [self.existing, self.labels])
        results = self.each(lambda wanted: self.ensure(existing.get(wanted["name"]), wanted, labels), groups)
        if self.params["wait"]:
            made = [wanted for wanted in groups if wanted["name"] not in existing]
            self.each(self.wait_in_service, made)
        if self.params["wait_for_refresh"]:
            self.each(self.wait_refreshed, [result["name"] for result in results if result["refreshing"]])
        return {"auto_scaling_groups": results}

    def ensure(self, group: dict | None, wanted: dict, labels: dict[str, str]) -> dict:
        name = wanted["name"]
        tags = {**(self.params["tags"] or {}), **wanted["tags"]}
        refreshing = False
        if group is None:
            self.create(wanted, tags)
            group = {"policies": {}, "topics": [], "EnabledMetrics": []}
        else:
            self.update(group, wanted)
            self.ensure_target_groups(group, wanted)
            self.ensure_hooks(group, wanted)
            self.ensure_tags(group, tags)
            refreshing = self.ensure_version(group, wanted)
        self.ensure_metrics(group, wanted)
        self.ensure_policies(group, wanted, labels)
        self.ensure_notifications(group, wanted)
        return {
            "name": name,
            "launch_template_version": wanted["launch_template_version"],
            "lifecycle_hook_names": [one["name"] for one in wanted["lifecycle_hooks"]],
            "refreshing": refreshing,
            "tags": tags,
        }

    def create(self, wanted: dict, tags: dict) -> None:
        name = wanted["name"]
        hooks = [{"LifecycleHookName": one["name"], **hook(one)} for one in wanted["lifecycle_hooks"]]
        optional = {
            "DesiredCapacity": wanted["desired_capacity"],
            "TargetGroupARNs": wanted["target_group_arns"] or None,
            # Put with the group, they hold up its first instances too.
            "LifecycleHookSpecificationList": hooks or None,
            "Tags": group_tags(name, tags) or None,
        }
        template = {"LaunchTemplateId": wanted["launch_template_id"], "Version": wanted["launch_template_version"]}
        self.write(
            "autoscaling", "create_auto_scaling_group", "create", KIND, name, AutoScalingGroupName=name, LaunchTemplate=template,
            **{key: value for key, value in settings(wanted).items() if key != "MaxInstanceLifetime" or value},
            **{key: value for key, value in optional.items() if value is not None},
        )  # fmt: skip

    def update(self, group: dict, wanted: dict) -> None:
        changed = changed_settings(group, settings(wanted))
        if changed:
            self.write(
                "autoscaling", "update_auto_scaling_group", "update", KIND, wanted["name"], before={key: group.get(key) for key in changed},
                after=changed, AutoScalingGroupName=wanted["name"], **changed,
            )  # fmt: skip

    def ensure_target_groups(self, group: dict, wanted: dict) -> None:
        now, then = group.get("TargetGroupARNs", []), wanted["target_group_arns"]
        for operation, arns in (
            ("attach_load_balancer_target_groups", [arn for arn in then if arn not in now]),
            ("detach_load_balancer_target_groups", [arn for arn in now if arn not in then]),
        ):
            if arns:
                self.write(
                    "autoscaling", operation, "update", KIND, wanted["name"], before=now, after=then, AutoScalingGroupName=wanted["name"],
                    TargetGroupARNs=arns,
                )  # fmt: skip

    def ensure_hooks(self, group: dict, wanted: dict) -> None:
        for one in wanted["lifecycle_hooks"]:
            now, then = group["hooks"].get(one["name"], {}), hook(one)
            if differing(now, then):
                self.write(
                    "autoscaling", "put_lifecycle_hook", "update", "lifecycle hook", f"{wanted['name']} {one['name']}",
                    before={key: now.get(key) for key in then} if now else None, after=then, AutoScalingGroupName=wanted["name"],
                    LifecycleHookName=one["name"], **then,
                )  # fmt: skip

    def ensure_tags(self, group: dict, tags: dict) -> None:
        name = group["AutoScalingGroupName"]
        now = {tag["Key"]: tag["Value"] for tag in group.get("Tags", [])}
        to_set, to_remove = self.tag_changes(now, tags)
        launched = {tag["Key"] for tag in group.get("Tags", []) if tag.get("PropagateAtLaunch")}
        to_set |= {key: value for key, value in tags.items() if key not in launched}
        if to_set:
            self.write("autoscaling", "create_or_update_tags", "update", KIND, name, before=now, after=tags, Tags=group_tags(name, to_set))
        if to_remove:
            gone = [{"ResourceId": name, "ResourceType": "auto-scaling-group", "Key": key} for key in to_remove]
            self.write("autoscaling", "delete_tags", "update", KIND, name, before=now, after=tags, Tags=gone)

    def ensure_version(self, group: dict, wanted: dict) -> bool:
        """Roll out the launch template's version, unless that is under way; tells whether a refresh is."""
        name = wanted["name"]
        active = next((refresh for refresh in group["refreshes"] if refresh["Status"] in UNDER_WAY), None)
        if not self.version_differs(group, wanted):
            return active is not None
        template = {"LaunchTemplateId": wanted["launch_template_id"], "Version": wanted["launch_template_version"]}
        asked = (active or {}).get("DesiredConfiguration", {}).get("LaunchTemplate", {})
        if active and {key: asked.get(key) for key in template} == template:
            return True
        if active:
            # Only one at a time: that of an earlier version gives way.
            self.write("autoscaling", "cancel_instance_refresh", "update", "instance refresh", name, AutoScalingGroupName=name)
            self.wait_status(name, ("Cancelled", *FAILED, "Successful"), ())
        choice = self.params["refresh"]
        preferences = {
            "MinHealthyPercentage": wanted["min_healthy_percentage"],
            "MaxHealthyPercentage": wanted["max_healthy_percentage"],
            "InstanceWarmup": wanted["default_instance_warmup_seconds"],
            "SkipMatching": choice["skip_matching"],
            "AutoRollback": choice["auto_rollback"],
            # Without them a refresh would wait for an instance that can't be replaced, and fail after an hour.
            "ScaleInProtectedInstances": "Refresh",
            "StandbyInstances": "Ignore",
            **({"BakeTime": choice["bake_time_seconds"]} if choice["bake_time_seconds"] else {}),
            **({"AlarmSpecification": {"Alarms": choice["alarm_names"]}} if choice["alarm_names"] else {}),
        }
        self.write(
            "autoscaling", "start_instance_refresh", "update", "instance refresh", name, before=group.get("LaunchTemplate"), after=template,
            AutoScalingGroupName=name, Strategy="Rolling", DesiredConfiguration={"LaunchTemplate": template}, Preferences=preferences,
        )  # fmt: skip
        return True

    def ensure_metrics(self, group: dict, wanted: dict) -> None:
        name, on = wanted["name"], bool(group.get("EnabledMetrics"))
        if wanted["metrics"] and not on:
            self.write("autoscaling", "enable_metrics_collection", "update", KIND, name, AutoScalingGroupName=name, Granularity="1Minute")
        if on and not wanted["metrics"]:
            self.write("autoscaling", "disable_metrics_collection", "update", KIND, name, AutoScalingGroupName=name)

    def ensure_policies(self, group: dict, wanted: dict, labels: dict[str, str]) -> None:
        name = wanted["name"]
        for policy in wanted["target_tracking_policies"]:
            then = tracking(policy, labels.get(policy["target_group_arn"]))
            now = group["policies"].get(policy["name"], {}).get("TargetTrackingConfiguration")
            if now is None or {"DisableScaleIn": False, **now} != then:
                self.write(
                    "autoscaling", "put_scaling_policy", "update" if now else "create", "scaling policy", f"{name} {policy['name']}",
                    before=now, after=then, AutoScalingGroupName=name, PolicyName=policy["name"], PolicyType="TargetTrackingScaling",
                    TargetTrackingConfiguration=then,
                )  # fmt: skip
        for policy in sorted(group["policies"].keys() - {policy["name"] for policy in wanted["target_tracking_policies"]}):
            self.write(
                "autoscaling", "delete_policy", "delete", "scaling policy", f"{name} {policy}", AutoScalingGroupName=name, PolicyName=policy
            )

    def ensure_notifications(self, group: dict, wanted: dict) -> None:
        name, topic = wanted["name"], wanted["notification_topic_arn"]
        now: dict[str, set[str]] = {}
        for entry in group["topics"]:
            now.setdefault(entry["TopicARN"], set()).add(entry["NotificationType"])
        about = {"before": {arn: sorted(kinds) for arn, kinds in now.items()}}
        if topic and now.get(topic) != set(wanted["notification_types"]):
            self.write(
                "autoscaling", "put_notification_configuration", "update", KIND, name, **about,
                after={topic: wanted["notification_types"]}, AutoScalingGroupName=name, TopicARN=topic,
                NotificationTypes=wanted["notification_types"],
            )  # fmt: skip
        for arn in sorted(now.keys() - {topic}):
            self.write(
                "autoscaling", "delete_notification_configuration", "update", KIND, name, **about, AutoScalingGroupName=name, TopicARN=arn
            )

    # -- waiting -------------------------------------------------------------------------------------------------------
    def wait_in_service(self, wanted: dict) -> None:
        desired = wanted["min_size"] if wanted["desired_capacity"] is None else wanted["desired_capacity"]
        ready = f"length(AutoScalingGroups[0].Instances[?LifecycleState=='InService']) >= `{desired}`"
        acceptors = [{"matcher": "path", "argument": ready, "expected": True, "state": "success"}]
        self.wait_groups(acceptors, [wanted["name"]])

    def wait_gone(self, names: list[str]) -> None:
        self.wait_groups([{"matcher": "path", "argument": "length(AutoScalingGroups)", "expected": 0, "state": "success"}], names)

    def wait_groups(self, acceptors: list[dict], names: list[str]) -> None:
        waiter = {"operation": "DescribeAutoScalingGroups", "acceptors": acceptors}
        self.wait("autoscaling", waiter, delay=5, timeout=self.params["wait_timeout"], AutoScalingGroupNames=names)

    def wait_refreshed(self, name: str) -> None:
        self.wait_status(name, ("Successful",), FAILED)

    def wait_status(self, name: str, good: tuple[str, ...], bad: tuple[str, ...]) -> None:
        """Wait for the state of the latest refresh."""
        argument = "InstanceRefreshes[0].Status"
        states = [*((state, "success") for state in good), *((state, "failure") for state in bad if state not in good)]
        acceptors = [{"matcher": "path", "argument": argument, "expected": status, "state": state} for status, state in states]
        waiter = {"operation": "DescribeInstanceRefreshes", "acceptors": acceptors}
        self.wait("autoscaling", waiter, delay=10, timeout=self.params["wait_timeout"], AutoScalingGroupName=name)

    # -- absent --------------------------------------------------------------------------------------------------------
    def absent(self) -> dict:
        groups = self.find(self.names())
        for name, group in groups.items():
            if not group.get("Status"):
                self.write("autoscaling", "delete_auto_scaling_group", "delete", KIND, name, AutoScalingGroupName=name, ForceDelete=True)
        if groups:
            self.wait_gone(sorted(groups))
        return {"auto_scaling_groups": []}


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Groups)


if __name__ == "__main__":
    main()
