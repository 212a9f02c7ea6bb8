"""Targets that are machines: healthy once they answered, and gone once what they had begun has ended (emulator/targets.py).

Only where machines follow EC2; without them emulator/services/elbv2.py stays as it is.
"""

from __future__ import annotations

from typing import Any

from moto.elbv2.models import ELBv2Backend, FakeHealthStatus, FakeTargetGroup

from emulator import machines, targets


def apply() -> None:
    target_is_healthy_when_it_answers()
    target_leaves_when_its_requests_have_ended()


def target_is_healthy_when_it_answers() -> None:
    """DescribeTargetHealth tells what health checks found, with their reasons ("Target health reason codes", User Guide)."""
    register, health = FakeTargetGroup.register, FakeTargetGroup.health_for

    def register_target(self: FakeTargetGroup, added: list[dict[str, Any]]) -> None:
        new = [target["Id"] for target in added if target["Id"] not in self.targets]
        register(self, added)
        for name in new if machines.FOLLOWED.is_set() else ():
            targets.joins((self.arn, name))

    def health_for(self: FakeTargetGroup, target: dict[str, Any], ec2_backend: Any) -> FakeHealthStatus:
        status = health(self, target, ec2_backend)
        if not machines.FOLLOWED.is_set():
            return status
        key = (self.arn, target["Id"])
        if target["Id"] not in self.targets:
            if targets.leaving(key):
                status.status, status.reason = "draining", "Target.DeregistrationInProgress"
                status.description = "Target deregistration is in progress"
            elif status.status == "draining":
                status.status, status.reason = "unused", "Target.NotRegistered"
                status.description = "Target is not registered to the target group"
        elif status.status in ("healthy", "initial") and self.health_check_enabled:
            known = targets.health_of(key)
            status.status, status.reason, status.description = known.state, known.reason, known.description
        return status

    FakeTargetGroup.register = register_target
    FakeTargetGroup.health_for = health_for


def target_leaves_when_its_requests_have_ended() -> None:
    """A deregistered target drains until nothing is under way, for the deregistration delay at most; it is listed until then."""
    deregister, describe = FakeTargetGroup.deregister, ELBv2Backend.describe_target_health
    terminated = FakeTargetGroup.deregister_terminated_instances

    def leave(group: FakeTargetGroup, name: str) -> None:
        targets.leaves((group.arn, name), float(group.attributes.get("deregistration_delay.timeout_seconds") or 300))

    def deregister_target(self: FakeTargetGroup, gone: list[dict[str, Any]]) -> None:
        deregister(self, gone)
        for target in gone if machines.FOLLOWED.is_set() else ():
            leave(self, target["Id"])

    def deregister_terminated_instances(self: FakeTargetGroup, instance_ids: list[str]) -> None:
        gone = [name for name in instance_ids if name in self.targets]
        terminated(self, instance_ids)
        for name in gone if machines.FOLLOWED.is_set() else ():
            leave(self, name)

    def describe_target_health(self: ELBv2Backend, target_group_arn: str, asked: list[dict[str, Any]]) -> list[FakeHealthStatus]:
        found = describe(self, target_group_arn, asked)
        if asked or not machines.FOLLOWED.is_set():
            return found
        group = self.target_groups[target_group_arn]
        return [*found, *(group.health_for({"Id": name}, self.ec2_backend) for name in targets.leaving_of(target_group_arn))]

    FakeTargetGroup.deregister = deregister_target
    FakeTargetGroup.deregister_terminated_instances = deregister_terminated_instances
    ELBv2Backend.describe_target_health = describe_target_health
