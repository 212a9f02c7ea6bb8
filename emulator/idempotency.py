"""A call repeated with its token gets the answer of the first one (Amazon EC2 API Reference, "Ensuring idempotency").

Which member is the token is said by botocore's models; SDKs fill it in by themselves, so a retry after a lost answer is harmless.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from typing import Any

from moto.core.model import OperationModel

from emulator.catalog import Call
from emulator.errors import Answer, AwsError

KEPT = 10_000
Key = tuple[str, str, str, str, str]


class Tokens:
    """First answers by account, region, service, operation and token. Called under the emulator's write lock."""

    def __init__(self) -> None:
        self.answers: OrderedDict[Key, tuple[str, Answer]] = OrderedDict()

    def reset(self) -> None:
        self.answers.clear()

    def first_answer(self, call: Call, account_id: str) -> Answer | None:
        """The answer to give again, or None. Raises AwsError if the token was used with other parameters."""
        key = _key(call, account_id)
        if key is None or key not in self.answers:
            return None
        digest, answer = self.answers[key]
        if digest != _digest(call):
            raise AwsError(_mismatch_code(call.model), "The client token was used before, with other parameters.")
        return answer

    def remember(self, call: Call, account_id: str, answer: Answer) -> None:
        key = _key(call, account_id)
        if key is None or answer[0] >= 300:
            return
        self.answers[key] = (_digest(call), answer)
        if len(self.answers) > KEPT:
            self.answers.popitem(last=False)


def token_member(model: OperationModel) -> str | None:
    """The name of the call's token in its parameters."""
    members = model.input_shape.members if model.input_shape is not None else {}
    return next((name for name, shape in members.items() if shape.metadata.get("idempotencyToken")), None)


#: Services whose token is the id of a version that is made: it says nothing of a call that was made before ("ClientRequestToken" in
#: CreateSecret, AWS Secrets Manager API Reference).
VERSIONS = {"secretsmanager"}


def _key(call: Call, account_id: str) -> Key | None:
    if call.service in VERSIONS:
        return None
    member = token_member(call.model)
    token = call.parameters.get(member) if member else None
    return (account_id, call.region, call.service, call.operation, str(token)) if token else None


def _digest(call: Call) -> str:
    text = json.dumps(call.parameters, sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _mismatch_code(model: OperationModel) -> str:
    codes = (shape.metadata.get("error", {}).get("code", shape.name) for shape in model.error_shapes)
    return next((code for code in codes if "Idempotent" in code and "Mismatch" in code), "IdempotentParameterMismatch")
