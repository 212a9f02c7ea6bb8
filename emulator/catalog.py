"""Which API call is this HTTP request? Answered by botocore's models, the way AWS's own front ends read them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from botocore.model import OperationNotFoundError
from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import NotFound, get_service_router
from moto.core.utils import get_service_model

# The name in a signature, where it isn't botocore's own name of the service, or where services share it.
SIGNING_NAMES: dict[str, tuple[str, ...]] = {
    "access-analyzer": ("accessanalyzer",),
    "airflow": ("mwaa",),
    "aoss": ("opensearchserverless",),
    "apigateway": ("apigateway", "apigatewayv2"),
    "aps": ("amp",),
    "bedrock": ("bedrock", "bedrock-agent", "bedrock-runtime"),
    "bedrock-agentcore": ("bedrock-agentcore", "bedrock-agentcore-control"),
    "cloudcontrolapi": ("cloudcontrol",),
    "cloudhsm": ("cloudhsmv2",),
    "dynamodb": ("dynamodb", "dynamodbstreams"),
    "elasticfilesystem": ("efs",),
    "elasticloadbalancing": ("elbv2", "elb"),
    "elasticmapreduce": ("emr",),
    "es": ("opensearch", "es"),
    "execute-api": ("apigatewaymanagementapi",),
    "iotdata": ("iot-data",),
    "kinesisanalytics": ("kinesisanalyticsv2",),
    "lex": ("lexv2-models",),
    "mediastore": ("mediastore", "mediastore-data"),
    "mobiletargeting": ("pinpoint",),
    "monitoring": ("cloudwatch",),
    "rds": ("rds", "neptune", "docdb"),
    "s3": ("s3", "s3control"),
    "sagemaker": ("sagemaker", "sagemaker-runtime", "sagemaker-metrics"),
    "servicecatalog": ("servicecatalog", "servicecatalog-appregistry"),
    "servicequotas": ("service-quotas",),
    "ses": ("sesv2", "ses"),
    "sso": ("sso-admin",),
    "states": ("stepfunctions",),
    "tagging": ("resourcegroupstaggingapi",),
    "timestream": ("timestream-query", "timestream-write"),
}

#: How every path of S3 Control begins. At AWS its host tells it from a bucket of that name; at one address only the path can.
S3_CONTROL_PATH = "/v20180820/"

_SCOPE = re.compile(r"Credential=(?P<key>[^/,\s]*)/\d*/(?P<region>[^/,\s]*)/(?P<service>[^/,\s]*)/aws4_request")


@dataclass(frozen=True, slots=True)
class Scope:
    """What a signature (version 4) is good for."""

    access_key: str
    region: str
    signing_name: str


@dataclass(slots=True)
class Call:
    """An API call. *service*: botocore's name; *protocol*: the one that the request speaks.

    *parameters* are what the SDK was given, as far as the wire shows it; `parse` fills them.
    """

    service: str
    operation: str
    protocol: str
    region: str
    model: OperationModel
    uri_parameters: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)


def scope_of(request: Request) -> Scope | None:
    """The scope of the request's signature: from its header or, if it is presigned, from its query."""
    found = _SCOPE.search(request.headers.get("Authorization", ""))
    if not found and (credential := request.args.get("X-Amz-Credential")):
        found = _SCOPE.search(f"Credential={credential}")
    return Scope(found["key"], found["region"], found["service"]) if found else None


def candidates(signing_name: str) -> tuple[str, ...]:
    """Services (botocore's names) whose calls are signed with *signing_name*, the usual one first."""
    return SIGNING_NAMES.get(signing_name, (signing_name,))


def identify(request: Request, signing_name: str, region: str) -> Call | None:
    """The call that *request* makes, or None if no model of AWS knows such a request."""
    for service in candidates(signing_name):
        if not _exists(service) or service == "s3" and request.path.startswith(S3_CONTROL_PATH):
            continue
        model = get_service_model(service)
        target = _whole_target(request, model.metadata.get("targetPrefix", ""))
        if target and "targetPrefix" in model.metadata and not target.startswith(f"{model.metadata['targetPrefix']}."):
            continue
        if model.protocol in ("query", "ec2") and "Version" in request.values and request.values["Version"] != model.api_version:
            continue
        try:
            protocol = determine_request_protocol(model, request.content_type)
            operation, uri_parameters = get_service_router(service).match(request)
        except (NotFound, NotImplementedError, OperationNotFoundError):
            continue
        return Call(service, operation.name, protocol, region, operation, uri_parameters)
    return None


def _whole_target(request: Request, prefix: str) -> str | None:
    """The header that names the operation, with botocore's *prefix*.

    The newer SDKs name the service by its Smithy shape only ("AWS JSON 1.1 protocol", Smithy): ``CloudTrail_20131101.CreateTrail``
    for ``com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.CreateTrail``. Every reader after this one sees the whole form.
    """
    target = request.headers.get("X-Amz-Target")
    shape = prefix.rpartition(".")[2]
    if target and shape != prefix and target.startswith(f"{shape}."):
        target = request.environ["HTTP_X_AMZ_TARGET"] = f"{prefix}{target.removeprefix(shape)}"
    return target


def protocol_of(request: Request, service: str) -> str:
    """The protocol in which to answer *request*, if the call itself isn't known."""
    model = get_service_model(service)
    try:
        return determine_request_protocol(model, request.content_type)
    except NotImplementedError:
        return str(model.protocol)


def parse(call: Call, request: Request) -> dict[str, Any]:
    """The parameters of the call, in the shape in which boto3 takes them. Raises ValueError and the like on nonsense."""
    shape = call.model.input_shape
    if shape is None:
        return {}
    parsed = PROTOCOL_PARSERS[call.protocol](call.model).parse({
        "method": request.method,
        "values": request.values,
        "headers": request.headers,
        "body": request.data,
        "url_path": request.path,
        "url_params": call.uri_parameters,
    })  # fmt: skip
    return dict(_given(parsed or {}, shape.members))


def _given(parsed: dict[str, Any], members: Any) -> Iterator[tuple[str, Any]]:
    """moto's parser also fills in members that were not sent: nulls, and the empty lists of a query string."""
    for name, value in parsed.items():
        if value is None:
            continue
        location = members[name].serialization if name in members else {}
        if value in ([], {}) and location.get("location") in ("querystring", "headers"):
            continue
        if value == "" and location.get("location") == "uri":
            continue
        yield name, value


@cache
def _exists(service: str) -> bool:
    return service in services()


@cache
def services() -> frozenset[str]:
    """botocore's names of all services."""
    import botocore.session

    return frozenset(botocore.session.get_session().get_available_services())
