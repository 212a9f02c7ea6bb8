"""Secrets Manager: what a secret that awaits its deletion refuses."""

from __future__ import annotations

from typing import Any

from moto.core.utils import unix_time
from moto.secretsmanager.exceptions import InvalidRequestException
from moto.secretsmanager.models import SecretsManagerBackend
from moto.secretsmanager.responses import SecretsManagerResponse

MARKED = "You can't perform this operation on the secret because it was marked for deletion."


def apply() -> None:
    a_name_is_taken_until_it_is_deleted()
    what_awaits_deletion_is_left_alone()


def _gone(backend: SecretsManagerBackend) -> None:
    """Forget secrets whose recovery window is over."""
    for name, secret in dict(backend.secrets).items():
        if (getattr(secret, "deleted_date", None) or unix_time() + 1) < unix_time():
            backend.secrets.pop(name)


def a_name_is_taken_until_it_is_deleted() -> None:
    """CreateSecret of a name that awaits its deletion is InvalidRequestException, and free once the recovery window is over."""
    create = SecretsManagerResponse.create_secret

    def create_secret(self: SecretsManagerResponse) -> str:
        _gone(self.backend)
        name = self._get_param("Name")
        if name in self.backend.secrets and self.backend.secrets[name].is_deleted():
            raise InvalidRequestException("You can't create this secret because a secret with this name is already scheduled for deletion.")
        return create(self)

    SecretsManagerResponse.create_secret = create_secret


def what_awaits_deletion_is_left_alone() -> None:
    """Most operations on a secret that awaits its deletion are InvalidRequestException; describing and restoring it are not."""

    def guarded(operation: Any) -> Any:
        def wrapped(self: SecretsManagerResponse) -> Any:
            _gone(self.backend)
            name = self._get_param("SecretId") or ""
            if self.backend._is_valid_identifier(name) and self.backend.secrets[name].is_deleted():
                raise InvalidRequestException(MARKED)
            return operation(self)

        return wrapped

    for name in ("get_secret_value", "put_secret_value", "put_resource_policy", "rotate_secret", "tag_resource", "untag_resource"):
        setattr(SecretsManagerResponse, name, guarded(getattr(SecretsManagerResponse, name)))
