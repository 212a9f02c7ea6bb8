"""What makes moto slow for nothing. No patch here changes an answer."""

from __future__ import annotations

import inspect
import secrets
from functools import cache, partial
from typing import Any

from moto.core import errors, responses, utils
from moto.ec2 import utils as ec2_utils
from moto.iam import models as iam_models


def apply() -> None:
    """Keep what moto computes anew with every request."""
    # inspect.getmembers over a class of 700 methods: 2 ms for each EC2 call.
    responses.method_names_from_class = cache(_method_names)
    responses.camelcase_to_underscores = cache(utils.camelcase_to_underscores)
    iam_models.get_account_id_from = _account_of
    # moto lists a service's errors anew for each refusal: the factory has a cache, but is thrown away with it.
    errors.ErrorLookupFactory = partial(_same, errors.ErrorLookupFactory())
    # 52 draws of a random letter: a tenth of a millisecond for each answer.
    responses.gen_amzn_requestid_long = _request_id
    # The same for each of the ids of 1,300 images, with their volumes and snapshots.
    ec2_utils.random_resource_id = _resource_id


def _same(value: Any) -> Any:
    return value


def _request_id(headers: dict[str, Any]) -> str:
    headers["x-amzn-requestid"] = secrets.token_hex(26).upper()
    return headers["x-amzn-requestid"]


def _resource_id(size: int = 8) -> str:
    return secrets.token_hex((size + 1) // 2)[:size]


def _method_names(owner: type) -> frozenset[str]:
    return frozenset(name for name, _ in inspect.getmembers(owner, inspect.isfunction))


def _account_of(access_key: str) -> str:
    """The account of *access_key*. moto makes a backend for each of AWS's partitions to look for it, managed policies and all."""
    for account_id, partitions in list(iam_models.iam_backends.items()):
        if any(access_key in backend.access_keys for backend in _existing(partitions)):
            return account_id
    return iam_models.DEFAULT_ACCOUNT_ID


def _existing(partitions: Any) -> list[Any]:
    return list(partitions.values())
