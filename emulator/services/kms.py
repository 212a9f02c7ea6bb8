"""KMS: key states, rotation periods and key ids in all their spellings."""

from __future__ import annotations

import json
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.utils import unix_time
from moto.kms.models import KmsBackend
from moto.kms.responses import KmsResponse


def apply() -> None:
    key_ids_may_be_arns()
    key_states_forbid_operations()
    rotation_has_a_period()
    deletion_is_dated()
    key_has_its_defaults()


def key_ids_may_be_arns() -> None:
    """KeyId is an id or an ARN in each operation; moto's backend takes ids only for some."""

    def taking_arns(operation: Any) -> Any:
        def wrapped(self: KmsBackend, key_id: str, *more: Any, **named: Any) -> Any:
            return operation(self, self.get_key_id(key_id), *more, **named)

        return wrapped

    for name in ("disable_key", "enable_key", "schedule_key_deletion", "cancel_key_deletion", "update_key_description"):
        setattr(KmsBackend, name, taking_arns(getattr(KmsBackend, name)))


#: "Key states of AWS KMS keys" (AWS KMS Developer Guide): operations that a state forbids, and the operand that names the key.
FORBIDDEN = {
    "PendingDeletion": {
        "create_alias", "update_alias", "enable_key", "disable_key", "enable_key_rotation", "disable_key_rotation", "tag_resource",
        "untag_resource", "update_key_description", "schedule_key_deletion", "encrypt", "decrypt", "generate_data_key", "create_grant",
        "generate_data_key_without_plaintext",
    },
    "Disabled": {
        "cancel_key_deletion", "enable_key_rotation", "disable_key_rotation", "encrypt", "decrypt", "generate_data_key", "create_grant",
        "generate_data_key_without_plaintext",
    },
    "Enabled": {"cancel_key_deletion"},
}  # fmt: skip


def key_states_forbid_operations() -> None:
    """A key that awaits deletion or is disabled refuses most operations (KMSInvalidStateException, DisabledException)."""

    def guarded(name: str, operation: Any) -> Any:
        def wrapped(self: KmsResponse) -> Any:
            key_id = self._get_param("TargetKeyId") or self._get_param("KeyId")
            backend = self.kms_backend
            key = backend.keys.get(backend.any_id_to_key_id(key_id)) if key_id else None
            if key is not None and name in FORBIDDEN.get(key.key_state, ()):
                if key.key_state == "Disabled" and name != "cancel_key_deletion":
                    raise JsonRESTError("DisabledException", f"{key.arn} is disabled.")
                state = {"PendingDeletion": "pending deletion", "Disabled": "not pending deletion", "Enabled": "not pending deletion"}
                raise JsonRESTError("KMSInvalidStateException", f"{key.arn} is {state[key.key_state]}.")
            return operation(self)

        return wrapped

    for name in sorted(set().union(*FORBIDDEN.values())):
        setattr(KmsResponse, name, guarded(name, getattr(KmsResponse, name)))


def rotation_has_a_period() -> None:
    """EnableKeyRotation takes RotationPeriodInDays (365 where left out), and GetKeyRotationStatus returns it."""
    enable, status = KmsResponse.enable_key_rotation, KmsResponse.get_key_rotation_status

    def key_of(self: KmsResponse) -> Any:
        return self.kms_backend.keys[self.kms_backend.get_key_id(self._get_param("KeyId"))]

    def enable_key_rotation(self: KmsResponse) -> str:
        answer = enable(self)
        key_of(self).rotation_period_days = int(self._get_param("RotationPeriodInDays") or 365)
        return answer

    def get_key_rotation_status(self: KmsResponse) -> str:
        answer = json.loads(status(self))
        key = key_of(self)
        if key.key_state == "PendingDeletion":  # "its key rotation status is false"
            return json.dumps({"KeyId": key.arn, "KeyRotationEnabled": False})
        if answer["KeyRotationEnabled"]:
            days = getattr(key, "rotation_period_days", 365)
            answer |= {"RotationPeriodInDays": days, "NextRotationDate": key.creation_date + days * 86400}
        return json.dumps({"KeyId": key.arn, **answer})

    KmsResponse.enable_key_rotation = enable_key_rotation
    KmsResponse.get_key_rotation_status = get_key_rotation_status


def deletion_is_dated() -> None:
    """ScheduleKeyDeletion waits 30 days where no period is given, and answers with the key's state and the period."""
    operation = KmsResponse.schedule_key_deletion

    def schedule_key_deletion(self: KmsResponse) -> str:
        answer = json.loads(operation(self))
        key = self.kms_backend.keys[self.kms_backend.get_key_id(self._get_param("KeyId"))]
        days = self._get_param("PendingWindowInDays") or 30
        return json.dumps(
            {
                **answer,
                "KeyId": key.arn,
                "KeyState": key.key_state,
                "PendingWindowInDays": days,
                "DeletionDate": unix_time(key.deletion_date),
            }
        )

    KmsResponse.schedule_key_deletion = schedule_key_deletion


def key_has_its_defaults() -> None:
    """CreateKey without KeyUsage makes a key for ENCRYPT_DECRYPT, and without MultiRegion one of a single region."""
    create = KmsBackend.create_key

    def create_key(self: KmsBackend, policy: str | None, key_usage: str | None, *more: Any, **named: Any) -> Any:
        key = create(self, policy, key_usage or "ENCRYPT_DECRYPT", *more, **named)
        key.multi_region = bool(key.multi_region)
        return key

    KmsBackend.create_key = create_key
