"""AWS Systems Manager, Parameter Store."""

from __future__ import annotations

from typing import Any

from moto.ssm.models import SimpleSystemManagerBackend

STANDARD_BYTES = 4096


def apply() -> None:
    _settle_intelligent_tier()
    _end_the_last_page()
    _forget_tags_with_the_parameter()
    _keep_public_parameters_apart()


def _settle_intelligent_tier() -> None:
    """Intelligent-Tiering is a wish: the parameter is Standard or, if it needs to be, Advanced (PutParameter, "Tier")."""
    put = SimpleSystemManagerBackend.put_parameter

    def put_parameter(self: Any, *arguments: Any, **options: Any) -> Any:
        parameter = put(self, *arguments, **options)
        if parameter.tier == "Intelligent-Tiering":
            large = len((parameter.decrypt(parameter.value) or "").encode()) > STANDARD_BYTES
            parameter.tier = "Advanced" if large or parameter.policies else "Standard"
        return parameter

    SimpleSystemManagerBackend.put_parameter = put_parameter


def _end_the_last_page() -> None:
    """A full last page carries no token: moto gives one that leads to an empty page, one call more in each look at the registry."""

    def paged(self: Any, values: list[Any], max_results: int, token: str | None = None) -> tuple[list[Any], str | None]:
        start, end = int(token or 0), int(token or 0) + int(max_results)
        return values[start:end], str(end) if end < len(values) else None

    SimpleSystemManagerBackend._get_values_nexttoken = paged


def _forget_tags_with_the_parameter() -> None:
    """A deleted parameter's tags are gone. moto looks for those of ``/name`` under ``name`` and keeps them."""
    delete, delete_many = SimpleSystemManagerBackend.delete_parameter, SimpleSystemManagerBackend.delete_parameters

    def forget(self: Any, name: str) -> None:
        self._resource_tags.get("Parameter", {}).pop(name, None)

    def delete_parameter(self: Any, name: str) -> None:
        delete(self, name)
        forget(self, name)

    def delete_parameters(self: Any, names: list[str]) -> list[str]:
        deleted = delete_many(self, names)
        for name in deleted:
            forget(self, name)
        return deleted

    SimpleSystemManagerBackend.delete_parameter = delete_parameter
    SimpleSystemManagerBackend.delete_parameters = delete_parameters


def _keep_public_parameters_apart() -> None:
    """AWS's public parameters are in no account: DescribeParameters lists them only where a filter asks for their path ("Discovering
    public parameters in Parameter Store", Systems Manager User Guide). moto lists those that were read before."""
    describe = SimpleSystemManagerBackend.describe_parameters

    def describe_parameters(self: Any, filters: Any, parameter_filters: Any) -> list[Any]:
        found = describe(self, filters, parameter_filters)
        asked = any(value.startswith("/aws") for given in parameter_filters or [] for value in given.get("Values", []))
        return found if asked else [parameter for parameter in found if not parameter.name.startswith("/aws/")]

    SimpleSystemManagerBackend.describe_parameters = describe_parameters
