"""EC2 Auto Scaling: instances as their template says, refreshes, hooks, notifications, and all settings of a group.

Instances are in service at once, as if somebody had completed their launch hooks. Where they are machines they take their time
(emulator/services/autoscaling_instances.py).
"""

from __future__ import annotations

from typing import Any

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.models import ASG_NAME_TAG, AutoScalingBackend, FakeAutoScalingGroup, FakeScalingPolicy, InstanceState, LifecycleHook
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.ec2.utils import convert_tag_spec
from moto.moto_api._internal import mock_random

from emulator import machines
from emulator.services.launch_templates import image_behind

#: All of a group's metrics (Amazon EC2 Auto Scaling API Reference, EnableMetricsCollection).
METRICS = (
    "GroupMinSize", "GroupMaxSize", "GroupDesiredCapacity", "GroupInServiceInstances", "GroupPendingInstances", "GroupStandbyInstances",
    "GroupTerminatingInstances", "GroupTotalInstances", "GroupInServiceCapacity", "GroupPendingCapacity", "GroupStandbyCapacity",
    "GroupTerminatingCapacity", "GroupTotalCapacity", "WarmPoolDesiredCapacity", "WarmPoolWarmedCapacity", "WarmPoolPendingCapacity",
    "WarmPoolTerminatingCapacity", "WarmPoolTotalCapacity", "GroupAndWarmPoolDesiredCapacity", "GroupAndWarmPoolTotalCapacity",
)  # fmt: skip
NOTIFICATION_TYPES = (
    "autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_LAUNCH_ERROR", "autoscaling:EC2_INSTANCE_TERMINATE",
    "autoscaling:EC2_INSTANCE_TERMINATE_ERROR", "autoscaling:TEST_NOTIFICATION",
)  # fmt: skip
#: Settings that moto does not know, or does not change: parameter -> attribute of the group.
SETTINGS = {
    "DefaultInstanceWarmup": "default_instance_warmup",
    "InstanceMaintenancePolicy": "instance_maintenance_policy",
    "MaxInstanceLifetime": "max_instance_lifetime",
    "TerminationPolicies": "termination_policies",
    "CapacityRebalance": "capacity_rebalance",
    "DefaultCooldown": "default_cooldown",
    "HealthCheckGracePeriod": "health_check_grace_period",
    "Context": "context",
    "DesiredCapacityType": "desired_capacity_type",
}
UNDER_WAY = ("Pending", "InProgress", "RollbackInProgress", "Cancelling")


def apply() -> None:
    group_keeps_all_its_settings()
    instances_are_as_their_template_says()
    instances_tell_their_version()
    hooks_are_put_with_the_group()
    lifecycle_actions_are_completed()
    policies_belong_to_their_group()
    notifications_are_kept()
    metrics_are_all_of_them()
    refresh_replaces_instances()
    group_with_instances_stays()
    what_is_not_there_is_said()


def _group(backend: AutoScalingBackend, name: str) -> FakeAutoScalingGroup:
    if name not in backend.autoscaling_groups:
        raise ValidationError(f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")
    return backend.autoscaling_groups[name]


def group_keeps_all_its_settings() -> None:
    """CreateAutoScalingGroup and UpdateAutoScalingGroup keep warmup, maintenance policy, lifetime and the rest. A name is taken once."""
    create, update = AutoScalingResponse.create_auto_scaling_group, AutoScalingResponse.update_auto_scaling_group

    def keep(self: AutoScalingResponse, name: str) -> None:
        group, params = self.autoscaling_backend.autoscaling_groups[name], self._get_params()
        for key, attribute in SETTINGS.items():
            if params.get(key) is not None:
                setattr(group, attribute, params[key])
        policy = getattr(group, "instance_maintenance_policy", None)
        if policy and -1 in (policy.get("MinHealthyPercentage"), policy.get("MaxHealthyPercentage")):
            group.instance_maintenance_policy = None
        if not getattr(group, "max_instance_lifetime", None):
            group.max_instance_lifetime = None

    def create_auto_scaling_group(self: AutoScalingResponse) -> Any:
        name = self._get_param("AutoScalingGroupName")
        if name in self.autoscaling_backend.autoscaling_groups:
            raise AutoscalingClientError(
                "AlreadyExists", f"AutoScalingGroup by this name already exists - A group with the name {name} exists"
            )
        answer = create(self)
        keep(self, name)
        return answer

    def update_auto_scaling_group(self: AutoScalingResponse) -> Any:
        answer = update(self)
        keep(self, self._get_param("AutoScalingGroupName"))
        return answer

    AutoScalingResponse.create_auto_scaling_group = create_auto_scaling_group
    AutoScalingResponse.update_auto_scaling_group = update_auto_scaling_group


def instances_are_as_their_template_says() -> None:
    """Instances are spread over the subnets, with the template's image, groups, profile, metadata options, volumes and tags."""
    replace = FakeAutoScalingGroup.replace_autoscaling_group_instances

    def replace_instances(self: FakeAutoScalingGroup, count_needed: int, propagated_tags: dict[str, str]) -> None:
        if self.ec2_launch_template is None or not self.vpc_zone_identifier:
            return replace(self, count_needed, propagated_tags)
        version = self.ec2_launch_template.get_version(self.launch_template_version)
        for _number in range(count_needed):
            instance = _launch(self, version, {**propagated_tags, ASG_NAME_TAG: self.name})
            instance.autoscaling_group = self
            state = InstanceState(instance, protected_from_scale_in=self.new_instances_protected_from_scale_in)
            state.version = str(version.number)
            self.instance_states.append(state)
        return None

    FakeAutoScalingGroup.replace_autoscaling_group_instances = replace_instances


def _launch(group: FakeAutoScalingGroup, version: Any, tags: dict[str, str]) -> Any:
    """A new instance, in the subnet with the fewest."""
    ec2, data = group.ec2_backend, version.data
    subnets = str(group.vpc_zone_identifier).split(",")
    taken = [state.instance.subnet_id for state in group.instance_states]
    specified = convert_tag_spec(data.get("TagSpecifications", []))
    profile = data.get("IamInstanceProfile") or {}
    reservation = ec2.run_instances(
        image_behind(version.image_id, group.account_id, group.region),
        1,
        version.user_data,
        [],
        instance_type=version.instance_type,
        is_instance_type_default=False,
        region_name=group.region,
        subnet_id=min(subnets, key=taken.count),
        security_group_ids=list(version.security_groups),
        launch_template={"LaunchTemplateId": version.template.id, "Version": str(version.number)},
        tags={"instance": {**specified.get("instance", {}), **tags}, "volume": specified.get("volume", {})},
        ebs_optimized=data.get("EbsOptimized", False),
        monitoring_state="enabled" if (data.get("Monitoring") or {}).get("Enabled") in (True, "true") else "disabled",
        metadata_options=data.get("MetadataOptions", {}),
        associate_public_ip=False,
        key_name=data.get("KeyName"),
        **({"block_device_mappings": data["BlockDeviceMappings"]} if data.get("BlockDeviceMappings") else {}),
    )
    instance = reservation.instances[0]
    if profile:
        ec2.associate_iam_instance_profile(
            instance_id=instance.id, iam_instance_profile_name=profile.get("Name"), iam_instance_profile_arn=profile.get("Arn")
        )
    for interface in instance.nics.values():
        interface.add_tags(specified.get("network-interface", {}))
    return instance


def instances_tell_their_version() -> None:
    """An instance of a group names the version of the launch template with which it was launched."""
    described = InstanceState.launch_template.fget

    def launch_template(self: InstanceState) -> dict[str, Any] | None:
        template = described(self)
        return {**template, "Version": getattr(self, "version", str(template["Version"]))} if template else None

    InstanceState.launch_template = property(launch_template)


def hooks_are_put_with_the_group() -> None:
    """LifecycleHookSpecificationList makes hooks with the group. A hook without a target and a role has none."""
    create, init = AutoScalingResponse.create_auto_scaling_group, LifecycleHook.__init__

    def create_auto_scaling_group(self: AutoScalingResponse) -> Any:
        answer = create(self)
        for hook in self._get_params().get("LifecycleHookSpecificationList") or []:
            self.autoscaling_backend.create_lifecycle_hook(
                name=hook["LifecycleHookName"], as_name=self._get_param("AutoScalingGroupName"), transition=hook["LifecycleTransition"],
                timeout=hook.get("HeartbeatTimeout"), result=hook.get("DefaultResult"),
            )  # fmt: skip
        return answer

    def hook_init(self: LifecycleHook, *args: Any, **named: Any) -> None:
        init(self, *args, **named)
        self.role_arn = self.notification_target_arn = None
        self.global_timeout = min(self.heartbeat_timeout * 100, 172800)

    def create_lifecycle_hook(
        self: AutoScalingBackend, name: str, as_name: str, transition: Any, timeout: Any, result: Any
    ) -> LifecycleHook:
        _group(self, as_name)
        now = self.lifecycle_hooks.get(f"{as_name}_{name}")
        hook = LifecycleHook(
            name, as_name, transition or getattr(now, "lifecycle_transition", None), timeout or getattr(now, "heartbeat_timeout", None),
            result or getattr(now, "default_result", None),
        )  # fmt: skip
        self.lifecycle_hooks[f"{as_name}_{name}"] = hook
        return hook

    AutoScalingResponse.create_auto_scaling_group = create_auto_scaling_group
    LifecycleHook.__init__ = hook_init
    AutoScalingBackend.create_lifecycle_hook = create_lifecycle_hook


def lifecycle_actions_are_completed() -> None:
    """CompleteLifecycleAction and RecordLifecycleActionHeartbeat need an active action of an instance of the group."""

    def complete(self: AutoScalingResponse) -> Any:
        backend, name = self.autoscaling_backend, self._get_param("AutoScalingGroupName")
        hook, instance = self._get_param("LifecycleHookName"), self._get_param("InstanceId")
        group = _group(backend, name)
        if f"{name}_{hook}" not in backend.lifecycle_hooks or instance not in [state.instance.id for state in group.instance_states]:
            raise ValidationError(f"No active Lifecycle Action found with instance ID {instance}")
        return EmptyResult()

    AutoScalingResponse.complete_lifecycle_action = complete
    AutoScalingResponse.record_lifecycle_action_heartbeat = complete


def policies_belong_to_their_group() -> None:
    """Two groups may have policies of one name. They are on, and target tracking scales in, unless told otherwise (PutScalingPolicy)."""
    put = AutoScalingResponse.put_scaling_policy

    def put_scaling_policy(self: AutoScalingBackend, name: str, policy_type: str, *args: Any, **named: Any) -> FakeScalingPolicy:
        _group(self, named["as_name"])
        policy = FakeScalingPolicy(name, policy_type, *args, autoscaling_backend=self, **named)
        if policy.target_tracking_configuration is not None:
            policy.target_tracking_configuration.__dict__.setdefault("DisableScaleIn", False)
        policy.predictive_scaling_configuration = policy.predictive_scaling_configuration or None
        self.policies[f"{named['as_name']}/{name}"] = policy
        return policy

    def put_and_keep_whether_it_is_on(self: AutoScalingResponse) -> Any:
        answer = put(self)
        policy = self.autoscaling_backend.policies[f"{self._get_param('AutoScalingGroupName')}/{self._get_param('PolicyName')}"]
        policy.enabled = self._get_bool_param("Enabled", True)
        return answer

    def _standing(self: AutoScalingResponse) -> str:
        name, group = self._get_param("PolicyName"), self._get_param("AutoScalingGroupName")
        for key, policy in self.autoscaling_backend.policies.items():
            if name in (policy.name, policy.arn) and group in (None, policy.auto_scaling_group_name):
                return key
        raise ValidationError(f"Policy not found: {name}")

    def delete_policy(self: AutoScalingResponse) -> Any:
        self.autoscaling_backend.policies.pop(_standing(self))
        return EmptyResult()

    def execute_policy(self: AutoScalingResponse) -> Any:
        self.autoscaling_backend.policies[_standing(self)].execute()
        return EmptyResult()

    AutoScalingBackend.put_scaling_policy = put_scaling_policy
    AutoScalingResponse.put_scaling_policy = put_and_keep_whether_it_is_on
    AutoScalingResponse.delete_policy = delete_policy
    AutoScalingResponse.execute_policy = execute_policy


def notifications_are_kept() -> None:
    """PutNotificationConfiguration replaces what a topic is told of a group."""

    def told(backend: AutoScalingBackend) -> dict[str, dict[str, list[str]]]:
        return backend.__dict__.setdefault("notifications", {})

    def put_notification_configuration(self: AutoScalingResponse) -> Any:
        name = self._get_param("AutoScalingGroupName")
        _group(self.autoscaling_backend, name)
        told(self.autoscaling_backend).setdefault(name, {})[self._get_param("TopicARN")] = list(self._get_param("NotificationTypes", []))
        return EmptyResult()

    def describe_notification_configurations(self: AutoScalingResponse) -> ActionResult:
        names = self._get_param("AutoScalingGroupNames", [])
        found = [
            {"AutoScalingGroupName": name, "TopicARN": topic, "NotificationType": kind}
            for name, topics in told(self.autoscaling_backend).items()
            for topic, kinds in topics.items()
            for kind in kinds
            if not names or name in names
        ]
        return ActionResult({"NotificationConfigurations": found})

    def delete_notification_configuration(self: AutoScalingResponse) -> Any:
        name = self._get_param("AutoScalingGroupName")
        _group(self.autoscaling_backend, name)
        told(self.autoscaling_backend).get(name, {}).pop(self._get_param("TopicARN"), None)
        return EmptyResult()

    def describe_auto_scaling_notification_types(self: AutoScalingResponse) -> ActionResult:
        return ActionResult({"AutoScalingNotificationTypes": list(NOTIFICATION_TYPES)})

    AutoScalingResponse.put_notification_configuration = put_notification_configuration
    AutoScalingResponse.describe_notification_configurations = describe_notification_configurations
    AutoScalingResponse.delete_notification_configuration = delete_notification_configuration
    AutoScalingResponse.describe_auto_scaling_notification_types = describe_auto_scaling_notification_types


def metrics_are_all_of_them() -> None:
    """EnableMetricsCollection without names enables all metrics, DisableMetricsCollection disables them."""

    def enable(self: FakeAutoScalingGroup, metrics: list[str]) -> None:
        self.metrics = list(dict.fromkeys([*self.metrics, *(metrics or METRICS)]))

    def disable_metrics_collection(self: AutoScalingResponse) -> Any:
        group = _group(self.autoscaling_backend, self._get_param("AutoScalingGroupName"))
        gone = self._get_param("Metrics") or METRICS
        group.metrics = [metric for metric in group.metrics if metric not in gone]
        return EmptyResult()

    FakeAutoScalingGroup.enable_metrics_collection = enable
    AutoScalingResponse.disable_metrics_collection = disable_metrics_collection


class InstanceRefresh:
    """A refresh of a group's instances. *status* is late (emulator/latency.py), and where instances are machines it waits for them.

    *doomed*: the ids of those that it has to replace then, *goal*: its status at the end, *failures*: new ones that came to nothing.
    """

    def __init__(self, group: FakeAutoScalingGroup, desired: dict[str, Any] | None, preferences: dict[str, Any]) -> None:
        self.instance_refresh_id = str(mock_random.uuid4())
        self.auto_scaling_group_name = group.name
        self.desired_configuration = desired
        self.preferences = preferences
        self.strategy = "Rolling"
        self.start_time = utcnow()
        self.before = dict(group.launch_template) if group.launch_template else None
        self.status = self.goal = "Successful"
        self.doomed: list[str] = []
        self.whole = self.failures = 0

    def begin(self, doomed: list[str], status: str, goal: str) -> None:
        self.doomed, self.whole, self.status, self.goal = doomed, len(doomed), status, goal

    @property
    def percentage_complete(self) -> int:
        if self.status not in UNDER_WAY:
            return 100
        return 100 * (self.whole - len(self.doomed)) // self.whole if self.whole else 0

    @property
    def instances_to_update(self) -> int:
        return max(len(self.doomed), 1) if self.status in UNDER_WAY else 0


def refreshes(backend: AutoScalingBackend) -> list[InstanceRefresh]:
    return backend.__dict__.setdefault("instance_refreshes", [])


def active_refresh(backend: AutoScalingBackend, name: str) -> InstanceRefresh | None:
    """The refresh of a group that is under way."""
    of_group = (refresh for refresh in refreshes(backend) if refresh.auto_scaling_group_name == name)
    return next((refresh for refresh in of_group if refresh.status in UNDER_WAY), None)


def take_back_template(group: FakeAutoScalingGroup, refresh: InstanceRefresh) -> None:
    """The group launches again what it launched before *refresh*."""
    if refresh.before:
        group._set_launch_configuration("", {key: refresh.before[key] for key in ("LaunchTemplateId", "Version")}, None)


def roll_back(group: FakeAutoScalingGroup, refresh: InstanceRefresh) -> None:
    """Replace what *refresh* launched. ("Undo changes with a rollback", Amazon EC2 Auto Scaling User Guide.)"""
    template = group.ec2_launch_template
    launched = str(template.get_version(group.launch_template_version).number) if template else ""
    take_back_template(group, refresh)
    made = [state.instance.id for state in group.instance_states if getattr(state, "version", None) == launched]
    refresh.begin(made, "RollbackInProgress", "RollbackSuccessful")


def refresh_replaces_instances() -> None:
    """StartInstanceRefresh replaces instances, one refresh at a time; the group gets the desired configuration when it has succeeded.

    ("Use an instance refresh to update instances in an Auto Scaling group", Amazon EC2 Auto Scaling User Guide.)
    """
    described = FakeAutoScalingGroup.launch_template.fget

    def start_instance_refresh(self: AutoScalingResponse) -> ActionResult:
        backend, params = self.autoscaling_backend, self._get_params()
        group = _group(backend, params["AutoScalingGroupName"])
        if active_refresh(backend, group.name):
            message = "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh."
            raise AutoscalingClientError("InstanceRefreshInProgress", message)
        desired = params.get("DesiredConfiguration")
        refresh = InstanceRefresh(group, desired, params.get("Preferences") or {})
        if desired and desired.get("LaunchTemplate"):
            group._set_launch_configuration("", desired["LaunchTemplate"], None)
        version = str(group.ec2_launch_template.get_version(group.launch_template_version).number) if group.ec2_launch_template else ""
        skip = (params.get("Preferences") or {}).get("SkipMatching") in (True, "true")
        doomed = [state for state in group.instance_states if not (skip and getattr(state, "version", None) == version)]
        if machines.FOLLOWED.is_set():
            refresh.begin([state.instance.id for state in doomed], "InProgress", "Successful")
            refreshes(backend).insert(0, refresh)
            return ActionResult({"InstanceRefreshId": refresh.instance_refresh_id})
        group.instance_states = [state for state in group.instance_states if state not in doomed]
        group.replace_autoscaling_group_instances(len(doomed), group.get_propagated_tags())
        if doomed:
            group.ec2_backend.terminate_instances([state.instance.id for state in doomed])
        backend.update_attached_target_groups(group.name)
        refreshes(backend).insert(0, refresh)
        return ActionResult({"InstanceRefreshId": refresh.instance_refresh_id})

    def describe_instance_refreshes(self: AutoScalingResponse) -> ActionResult:
        backend, ids = self.autoscaling_backend, self._get_param("InstanceRefreshIds", [])
        group = _group(backend, self._get_param("AutoScalingGroupName"))
        found = [one for one in refreshes(backend) if one.auto_scaling_group_name == group.name]
        return ActionResult({"InstanceRefreshes": [one for one in found if not ids or one.instance_refresh_id in ids]})

    def end(status: str) -> Any:
        def ended(self: AutoScalingResponse) -> ActionResult:
            backend = self.autoscaling_backend
            group = _group(backend, self._get_param("AutoScalingGroupName"))
            refresh = active_refresh(backend, group.name)
            if refresh is None:
                raise AutoscalingClientError("ActiveInstanceRefreshNotFound", "No in progress or pending Instance Refresh found.")
            if machines.FOLLOWED.is_set() and status == "RollbackSuccessful":
                roll_back(group, refresh)
                return ActionResult({"InstanceRefreshId": refresh.instance_refresh_id})
            refresh.status = status
            take_back_template(group, refresh)
            return ActionResult({"InstanceRefreshId": refresh.instance_refresh_id})

        return ended

    def launch_template(self: FakeAutoScalingGroup) -> dict[str, Any] | None:
        refresh = active_refresh(self.autoscaling_backend, self.name)
        return refresh.before if refresh is not None and refresh.desired_configuration else described(self)

    AutoScalingResponse.start_instance_refresh = start_instance_refresh
    AutoScalingResponse.describe_instance_refreshes = describe_instance_refreshes
    AutoScalingResponse.cancel_instance_refresh = end("Cancelled")
    AutoScalingResponse.rollback_instance_refresh = end("RollbackSuccessful")
    FakeAutoScalingGroup.launch_template = property(launch_template)


def group_with_instances_stays() -> None:
    """DeleteAutoScalingGroup without ForceDelete needs an empty group; policies, hooks and notifications go with it."""
    delete = AutoScalingResponse.delete_auto_scaling_group

    def delete_auto_scaling_group(self: AutoScalingResponse) -> Any:
        backend, name = self.autoscaling_backend, self._get_param("AutoScalingGroupName")
        group = _group(backend, name)
        if group.instance_states and self._get_param("ForceDelete") not in (True, "true"):
            message = (
                "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group."
            )
            raise AutoscalingClientError("ResourceInUse", message)
        for state in group.instance_states:
            state.protected_from_scale_in = False
        answer = delete(self)
        backend.policies = {key: policy for key, policy in backend.policies.items() if policy.auto_scaling_group_name != name}
        backend.lifecycle_hooks = {key: hook for key, hook in backend.lifecycle_hooks.items() if hook.auto_scaling_group_name != name}
        backend.__dict__.get("notifications", {}).pop(name, None)
        backend.instance_refreshes = [one for one in backend.__dict__.get("instance_refreshes", []) if one.auto_scaling_group_name != name]
        return answer

    AutoScalingResponse.delete_auto_scaling_group = delete_auto_scaling_group


def what_is_not_there_is_said() -> None:
    """Changes of a group that is not there are ValidationError."""

    def checked(operation: Any) -> Any:
        def call(self: AutoScalingResponse) -> Any:
            _group(self.autoscaling_backend, self._get_param("AutoScalingGroupName"))
            return operation(self)

        return call

    for name in (
        "attach_load_balancer_target_groups", "detach_load_balancer_target_groups", "set_desired_capacity", "enable_metrics_collection",
        "describe_lifecycle_hooks",
    ):  # fmt: skip
        setattr(AutoScalingResponse, name, checked(getattr(AutoScalingResponse, name)))
