"""EC2 Auto Scaling where its instances are machines: they wait for their hooks, and a group reaches its capacity after the call.

"Amazon EC2 Auto Scaling instance lifecycle" and "Lifecycle hooks" (Amazon EC2 Auto Scaling User Guide). emulator/instances/scaling.py does
what is asked for here. Only where machines follow EC2; without them emulator/services/autoscaling.py stays as it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, InstanceState, TerminateInstanceActivity
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import EmptyResult

from emulator import machines


def apply() -> None:
    instances_begin_pending()
    capacity_is_reached_later()
    terminated_instances_are_replaced_later()
    targets_are_those_in_service()
    lifecycle_actions_are_under_way()


def _followed(owner: type, name: str, function: Callable[..., Any]) -> None:
    """*function* takes the place of the operation *name* of *owner* where machines follow EC2."""
    before = getattr(owner, name)

    def chosen(self: Any, *args: Any, **named: Any) -> Any:
        return function(self, *args, **named) if machines.FOLLOWED.is_set() else before(self, *args, **named)

    setattr(owner, name, chosen)


def instances_begin_pending() -> None:
    """A launched instance is Pending."""
    replace = FakeAutoScalingGroup.replace_autoscaling_group_instances

    def replace_instances(self: FakeAutoScalingGroup, count_needed: int, propagated_tags: dict[str, str]) -> None:
        standing = list(self.instance_states)
        replace(self, count_needed, propagated_tags)
        for state in self.instance_states:
            if state not in standing:
                state.lifecycle_state = "Pending"

    _followed(FakeAutoScalingGroup, "replace_autoscaling_group_instances", replace_instances)


def capacity_is_reached_later() -> None:
    """What changes the desired capacity answers at once. A group that is deleted takes its instances along."""
    delete = AutoScalingBackend.delete_auto_scaling_group

    def set_desired_capacity(self: FakeAutoScalingGroup, new_capacity: int | None) -> None:
        self.desired_capacity = self.min_size if new_capacity is None else int(new_capacity)

    def delete_auto_scaling_group(self: AutoScalingBackend, group_name: str) -> None:
        group = self.autoscaling_groups.get(group_name)
        delete(self, group_name)
        if group is not None and group.instance_states:
            self.ec2_backend.terminate_instances([state.instance.id for state in group.instance_states])

    _followed(FakeAutoScalingGroup, "set_desired_capacity", set_desired_capacity)
    _followed(AutoScalingBackend, "delete_auto_scaling_group", delete_auto_scaling_group)


def terminated_instances_are_replaced_later() -> None:
    """TerminateInstances says nothing to the group, which finds out. TerminateInstanceInAutoScalingGroup begins the termination."""

    def notify_terminate_instances(self: AutoScalingBackend, instance_ids: list[str]) -> None:
        """The next look at the group sees them."""

    def terminate_instance(self: AutoScalingBackend, instance_id: str, should_decrement: bool) -> TerminateInstanceActivity:
        state = next((one for one in self.describe_auto_scaling_instances([instance_id])), None)
        if state is None:
            raise ValidationError(f"Instance Id not found - No managed instance found for instance ID: {instance_id}")
        group = state.auto_scaling_group
        before = group.desired_capacity
        if should_decrement and group.desired_capacity <= group.min_size:
            raise ValidationError(f"Currently, desiredSize equals minSize ({group.min_size}). Terminating instance without replacement "
                                  f"will violate group's min size constraint.")  # fmt: skip
        group.desired_capacity = before - int(should_decrement)
        state.lifecycle_state = "Terminating"
        return TerminateInstanceActivity(state.instance, before)

    _followed(AutoScalingBackend, "notify_terminate_instances", notify_terminate_instances)
    _followed(AutoScalingBackend, "terminate_instance", terminate_instance)


def targets_are_those_in_service() -> None:
    """An instance is registered when it comes into service, and once: whoever deregisters it later keeps it so."""

    def update_attached_target_groups(self: AutoScalingBackend, group_name: str) -> None:
        group = self.autoscaling_groups[group_name]
        for state in group.instance_states:
            done: list[str] = state.__dict__.setdefault("registered", [])
            for arn in group.target_group_arns if state.lifecycle_state == "InService" else ():
                if arn not in done and arn in self.elbv2_backend.target_groups:
                    done.append(arn)
                    port = self.elbv2_backend.target_groups[arn].port
                    self.elbv2_backend.register_targets(arn, [{"Id": state.instance.id, "Port": port}])

    def detach_load_balancer_target_groups(self: AutoScalingBackend, group_name: str, target_group_arns: list[str]) -> None:
        group = self.autoscaling_groups[group_name]
        group.target_group_arns = [arn for arn in group.target_group_arns if arn not in target_group_arns]
        for state in group.instance_states:
            deregister(self, state, target_group_arns)

    _followed(AutoScalingBackend, "update_attached_target_groups", update_attached_target_groups)
    _followed(AutoScalingBackend, "detach_load_balancer_target_groups", detach_load_balancer_target_groups)


def deregister(backend: AutoScalingBackend, state: InstanceState, target_group_arns: list[str]) -> None:
    """Take an instance out of target groups, as far as it is in them."""
    for arn in target_group_arns:
        group = backend.elbv2_backend.target_groups.get(arn)
        if group is not None and state.instance.id in group.targets:
            group.deregister([{"Id": state.instance.id}])
    state.registered = [arn for arn in state.__dict__.get("registered", []) if arn not in target_group_arns]


def actions_of(state: InstanceState) -> dict[str, dict[str, Any]]:
    """By hook: what an instance waits for. C(ends) is when the hook's default result counts, C(last) when it counts at the latest."""
    return state.__dict__.setdefault("actions", {})


def lifecycle_actions_are_under_way() -> None:
    """CompleteLifecycleAction ends the wait for a hook, RecordLifecycleActionHeartbeat makes it longer by the hook's heartbeat timeout.

    (Amazon EC2 Auto Scaling API Reference. An action is named by its instance, or by its token.)
    """

    def action(self: AutoScalingResponse) -> tuple[dict[str, Any], Any]:
        backend, group_name = self.autoscaling_backend, self._get_param("AutoScalingGroupName")
        hook_name, instance_id = self._get_param("LifecycleHookName"), self._get_param("InstanceId")
        token = self._get_param("LifecycleActionToken")
        group = backend.autoscaling_groups.get(group_name)
        hook = backend.lifecycle_hooks.get(f"{group_name}_{hook_name}")
        for state in group.instance_states if group is not None and hook is not None else ():
            found = actions_of(state).get(hook_name)
            named = instance_id == state.instance.id if instance_id else bool(token)
            fits = found is not None and named and token in (None, found["token"])
            if found is not None and fits and found["result"] is None and state.lifecycle_state.endswith(":Wait"):
                return found, hook
        raise ValidationError(f"No active Lifecycle Action found with instance ID {instance_id}")

    def complete(self: AutoScalingResponse) -> Any:
        action(self)[0]["result"] = self._get_param("LifecycleActionResult")
        return EmptyResult()

    def heartbeat(self: AutoScalingResponse) -> Any:
        found, hook = action(self)
        found["ends"] = min(time.time() + float(hook.heartbeat_timeout), found["last"])
        return EmptyResult()

    _followed(AutoScalingResponse, "complete_lifecycle_action", complete)
    _followed(AutoScalingResponse, "record_lifecycle_action_heartbeat", heartbeat)
