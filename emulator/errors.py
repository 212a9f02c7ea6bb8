"""AWS's errors, in the shape that the protocol of each service gives them."""

from __future__ import annotations

from functools import cache

from moto.core.exceptions import ServiceException
from moto.core.model import OperationModel, ServiceModel
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model

Answer = tuple[int, dict[str, str], bytes]
"""Status, headers, body."""


_DENIED = {"AccessDenied": 403, "AccessDeniedException": 403, "UnauthorizedOperation": 403}


class AwsError(Exception):
    """An answer with AWS's error *code*; *status* is the HTTP status (None: what the service's model says, else 400)."""

    def __init__(self, code: str, message: str, status: int | None = None):
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def render(error: AwsError, service: str, operation: str | None, protocol: str) -> Answer:
    """*error* as *service* (botocore's name) would send it."""
    model = get_service_model(service)
    serializer = get_serializer_class(service, protocol)(operation_model=_operation(model, operation))
    answer = serializer.serialize(_exception(error.code)(error.message))
    status = error.status or _DENIED.get(error.code) or answer["status_code"]
    return status, dict(answer["headers"]), _as_bytes(answer["body"])


def render_unknown(error: AwsError) -> Answer:
    """*error* for a request of which no service is known: XML, as S3 has it, which most SDKs can read."""
    body = f"<Error><Code>{error.code}</Code><Message>{error.message}</Message></Error>"
    return error.status or 400, {"Content-Type": "application/xml"}, body.encode()


@cache
def _exception(code: str) -> type[ServiceException]:
    """moto's serializers read the code from the exception's class or instance; a class keeps the message whole."""
    return type("EmulatorException", (ServiceException,), {"code": code})


def _operation(model: ServiceModel, name: str | None) -> OperationModel:
    if name in model.operation_names:
        return model.operation_model(str(name))
    return OperationModel({}, model)


def _as_bytes(body: str | bytes) -> bytes:
    return body.encode() if isinstance(body, str) else body
