"""What EC2 and IAM know of an instance, in plain terms."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.autoscaling.models import ASG_NAME_TAG, autoscaling_backends
from moto.ec2.models import ec2_backends
from moto.ec2.models.instances import Instance as Ec2Instance
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from emulator.callers import CALLERS, Caller
from emulator.instances.network import hardware_address
from emulator.policy_evaluation import Request, decide
from emulator.services.iam_simulation import policies_of

#: Seconds for which a role's credentials on an instance are good ("Use instance metadata to get credentials", IAM User Guide).
CREDENTIAL_SECONDS = 6 * 3600
#: What an agent must be allowed before Systems Manager knows its instance (AmazonSSMManagedInstanceCore).
AGENT_ACTIONS = ("ssm:UpdateInstanceInformation", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel")

_lock = threading.Lock()
_credentials: dict[tuple[str, str], tuple[datetime, dict[str, str]]] = {}


@dataclass(frozen=True, slots=True)
class Facts:
    """One running instance."""

    id: str
    account_id: str
    region: str
    zone: str
    address: str
    image_id: str
    type: str
    tags: dict[str, str]
    profile_arn: str | None
    role: str | None
    user_data: bytes
    tokens_required: bool
    vpc_id: str = ""
    vpc_cidr: str = ""
    subnet_id: str = ""
    subnet_cidr: str = ""
    reservation_id: str = ""
    interface_id: str = ""
    security_groups: dict[str, str] = field(default_factory=dict)
    lifecycle_state: str = ""

    @property
    def mac(self) -> str:
        return hardware_address(self.address)

    @property
    def host(self) -> str:
        """Its private name ("Amazon EC2 instance hostname types", Amazon EC2 User Guide)."""
        return f"ip-{self.address.replace('.', '-')}.{self.region}.compute.internal"

    def credentials(self) -> dict[str, str] | None:
        """Of its role, as the metadata service gives them; None without one."""
        if self.role is None:
            return None
        with _lock:
            known = _credentials.get((self.id, self.role))
            if known and known[0] - datetime.now(UTC) > timedelta(minutes=5):
                return known[1]
            arn = f"arn:aws:iam::{self.account_id}:role/{self.role}"
            assumed = sts_backends[self.account_id]["aws"].assume_role(self.region, self.id, arn, "", CREDENTIAL_SECONDS, "")
            now = datetime.now(UTC).replace(microsecond=0)
            ends = now + timedelta(seconds=CREDENTIAL_SECONDS)
            made = {
                "Code": "Success",
                "LastUpdated": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "Type": "AWS-HMAC",
                "AccessKeyId": assumed.access_key_id,
                "SecretAccessKey": assumed.secret_access_key,
                "Token": assumed.session_token,
                "Expiration": ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
            _credentials[self.id, self.role] = ends, made
            CALLERS[assumed.access_key_id] = Caller(self.account_id, getattr(self._iam_role(), "arn", ""), self.id)
            return made

    def _iam_role(self) -> Any:
        """Its role as IAM has it; None without one."""
        roles = iam_backends[self.account_id]["aws"].roles.values()
        return next((role for role in roles if role.name == self.role), None)

    def may(self, *actions: str) -> bool:
        """Whether its role's own policies allow *actions* on everything that they name."""
        role = self._iam_role()
        if role is None:
            return False
        policies, boundary = policies_of(iam_backends[self.account_id]["aws"], role.arn)
        return all(decide(Request(action, "*"), policies, boundary).result == "allowed" for action in actions)

    @property
    def managed(self) -> bool:
        """Whether its agent gets through to Systems Manager."""
        return self.may(*AGENT_ACTIONS)


def running() -> Iterator[Facts]:
    """All instances that run, in every account and region."""
    for account_id, regions in list(ec2_backends.items()):
        for region, backend in list(regions.items()):
            for reservation in list(backend.reservations.values()):
                for instance in list(reservation.instances):
                    if instance.state == "running" and instance.private_ip:
                        yield _facts(instance, account_id, region, reservation.id)


def _facts(instance: Ec2Instance, account_id: str, region: str, reservation_id: str) -> Facts:
    profile = _profile_of(instance, account_id)
    interface = instance.nics.get(0)
    subnet = interface.subnet if interface else None
    vpc = ec2_backends[account_id][region].vpcs.get(subnet.vpc_id) if subnet else None
    return Facts(
        id=instance.id,
        account_id=account_id,
        region=region,
        zone=instance.placement.zone,
        address=instance.private_ip,
        image_id=instance.image_id,
        type=instance.instance_type,
        tags={tag["key"]: tag["value"] for tag in instance.get_tags()},
        profile_arn=profile.arn if profile else None,
        role=profile.roles[0].name if profile and profile.roles else None,
        user_data=base64.b64decode(instance.user_data.as_bytes()) if instance.user_data else b"",
        tokens_required=getattr(instance.metadata_options, "http_tokens", "optional") == "required",
        vpc_id=vpc.id if vpc else "",
        vpc_cidr=vpc.cidr_block if vpc else "",
        subnet_id=subnet.id if subnet else "",
        subnet_cidr=subnet.cidr_block if subnet else "",
        reservation_id=reservation_id,
        interface_id=interface.id if interface else "",
        security_groups={group.id: group.name for group in (interface.group_set if interface else instance.security_groups)},
        lifecycle_state=_target_state(instance, account_id, region),
    )


def _target_state(instance: Ec2Instance, account_id: str, region: str) -> str:
    """Where an instance of an Auto Scaling group is to go ("Retrieve the target lifecycle state through instance metadata", EC2 Auto
    Scaling User Guide)."""
    name = next((tag["value"] for tag in instance.get_tags() if tag["key"] == ASG_NAME_TAG), None)
    group = autoscaling_backends[account_id][region].autoscaling_groups.get(name) if name else None
    state = next((one for one in group.instance_states if one.instance.id == instance.id), None) if group else None
    if state is None:
        return ""
    return "Terminated" if state.lifecycle_state.startswith("Terminating") else "InService"


def _profile_of(instance: Ec2Instance, account_id: str) -> Any:
    """The instance profile, which an instance names by its ARN or its name."""
    given = instance.iam_instance_profile
    if not given:
        return None
    name = given.get("Arn") or given.get("Name") if isinstance(given, dict) else given
    profiles = iam_backends[account_id]["aws"].instance_profiles.values()
    return next((profile for profile in profiles if name in (profile.arn, profile.name)), None)
