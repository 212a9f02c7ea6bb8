"""Shield Advanced: a subscription that lasts, and protections that need one."""

from __future__ import annotations

import json
from typing import Any

from moto.shield.exceptions import ResourceAlreadyExistsException, ResourceNotFoundException
from moto.shield.models import Protection, ShieldBackend, Subscription
from moto.shield.responses import ShieldResponse


def apply() -> None:
    a_subscription_is_made_once()
    dates_are_numbers()
    tags_go_with_a_protection()
    a_protection_knows_its_health_checks()


def a_subscription_is_made_once() -> None:
    """CreateSubscription a second time is ResourceAlreadyExistsException; GetSubscriptionState tells whether there is one."""
    create = ShieldBackend.create_subscription

    def create_subscription(self: ShieldBackend) -> None:
        if self.subscription is not None:
            raise ResourceAlreadyExistsException("The subscription already exists.")
        create(self)

    def get_subscription_state(self: ShieldResponse) -> str:
        return json.dumps({"SubscriptionState": "ACTIVE" if self.shield_backend.subscription else "INACTIVE"})

    ShieldBackend.create_subscription = create_subscription
    ShieldResponse.get_subscription_state = get_subscription_state


def dates_are_numbers() -> None:
    """DescribeSubscription's dates are seconds since 1970, as in all of AWS's JSON."""
    to_dict = Subscription.to_dict

    def told(self: Subscription) -> dict[str, Any]:
        return {**to_dict(self), "StartTime": self.start_time.timestamp(), "EndTime": self.end_time.timestamp()}  # type: ignore[no-untyped-call]

    Subscription.to_dict = told


def tags_go_with_a_protection() -> None:
    """A protection may be made without tags, and takes its tags along when it is deleted."""
    create, delete = ShieldBackend.create_protection, ShieldBackend.delete_protection

    def create_protection(self: ShieldBackend, name: str, resource_arn: str, tags: list[dict[str, str]] | None) -> str:
        return create(self, name, resource_arn, tags or [])

    def delete_protection(self: ShieldBackend, protection_id: str) -> None:
        arn = self.protections[protection_id].protection_arn if protection_id in self.protections else ""
        delete(self, protection_id)
        self.tagger.delete_all_tags_for_resource(arn)

    ShieldBackend.create_protection = create_protection
    ShieldBackend.delete_protection = delete_protection


def a_protection_knows_its_health_checks() -> None:
    """AssociateHealthCheck and DisassociateHealthCheck change the health checks of a protection, told by their ids."""

    def change(self: ShieldResponse, *, add: bool) -> str:
        found: Protection | None = self.shield_backend.protections.get(self._get_param("ProtectionId"))
        if found is None:
            raise ResourceNotFoundException("The referenced protection does not exist.")
        check = self._get_param("HealthCheckArn").rpartition("/")[2]
        found.health_check_ids = [known for known in found.health_check_ids if known != check] + [check] * add
        return "{}"

    ShieldResponse.associate_health_check = lambda self: change(self, add=True)
    ShieldResponse.disassociate_health_check = lambda self: change(self, add=False)
