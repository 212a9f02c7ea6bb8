"""moto's handler for a request. moto's own server builds a Flask application per service; here its handlers are called directly."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from moto import backends
from moto.backend_index import backend_url_patterns
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.base_backend import BackendDict
from moto.core.model import OperationModel
from moto.core.request import Request
from moto.core.responses import BaseResponse
from moto.core.utils import camelcase_to_underscores
from moto.moto_server.utilities import RegexConverter
from moto.moto_server.werkzeug_app import HTTP_METHODS, DomainDispatcherApplication, create_backend_app
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

Handler = Callable[[Any, str, dict[str, str]], Any]

MOTO = DomainDispatcherApplication(create_backend_app)


def handler_of(request: Request) -> Handler | None:
    """moto's handler of *request*, or None if moto doesn't know the service or the path."""
    host = MOTO.infer_service_region_host(request.environ, request.path) or "s3.us-east-1.amazonaws.com"
    backend = _backend_name(host)
    return _match(backend, request) if backend else None


# Subresources of which moto's S3 has never heard. It would take DELETE ?metrics for the removal of the bucket.
_S3_LACKS = frozenset({
    "abac",
    "analytics",
    "annotation",
    "intelligent-tiering",
    "metadataAnnotationTable",
    "metadataConfiguration",
    "metadataInventoryTable",
    "metadataJournalTable",
    "metadataTable",
    "metrics",
    "renameObject",
    "requestPayment",
    "session",
    "torrent",
})  # fmt: skip


def lacks(handler: Handler, operation: OperationModel) -> bool:
    """Is it certain that moto can't do *operation*? Asked first, since moto fails late and untidily.

    Certain where a class of moto answers by methods named after operations, and for subresources of S3.
    """
    if operation.service_model.service_name == "s3":
        return not _S3_LACKS.isdisjoint(operation.http_trait.query_args)
    owner = getattr(handler, "__self__", None)
    if not (isinstance(owner, type) and issubclass(owner, BaseResponse) and handler.__name__ == "dispatch"):
        return False
    return owner.call_action is BaseResponse.call_action and not callable(getattr(owner, camelcase_to_underscores(operation.name), None))


@cache
def _backend_name(host: str) -> str | None:
    """moto's name of the service at *host*. Scanning its 190 patterns takes half a millisecond, so each host is looked up once."""
    if host in backends.list_of_moto_modules():
        return host
    return next((name for name, pattern in backend_url_patterns if pattern.match(f"http://{host}")), None)


def _match(backend: str, request: Request) -> Handler | None:
    handlers, only = _routes(backend)
    if only is not None and request.path == "/":
        return only
    try:
        name, _ = handlers.bind(request.host or "localhost").match(request.path, request.method)
    except HTTPException:
        return None
    return name


@cache
def _routes(backend: str) -> tuple[Map, Handler | None]:
    """The paths of moto's service *backend*, and its handler of "/" (for services that only have that one path)."""
    found = backends.get_backend(backend)  # type: ignore[call-overload]
    if isinstance(found, BackendDict):
        regions = found[DEFAULT_ACCOUNT_ID]
        instance = regions["us-east-1"] if "us-east-1" in regions else regions["aws"]
    else:
        instance = found["global"]
    paths = {path: handler for path, handler in instance.flask_paths.items() if path}
    routes = Map(_rules(paths.items()), converters={"regex": RegexConverter}, merge_slashes=False, strict_slashes=False)
    return routes, paths["/"] if list(paths) == ["/"] else None


def _rules(paths: Iterable[tuple[str, Handler]]) -> list[Rule]:
    return [Rule(path, endpoint=handler, methods=HTTP_METHODS) for path, handler in paths]
