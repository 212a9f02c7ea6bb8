"""From an HTTP request to its answer: identify the call, judge it, answer it (own operations first, else moto), write it down."""

from __future__ import annotations

import gzip
import io
import json
import logging
import re
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import ClientError
from moto.core import responses as moto_responses
from moto.core.exceptions import ServiceException
from moto.core.request import PRESERVED_HEADER_NAMES_ENVIRON_KEY, Request, should_preserve_original_header_name
from moto.core.serialize import get_serializer_class
from moto.iam import models as iam_models
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request as WerkzeugRequest

from emulator import authorization, backends, balancing, catalog, certificates, machines
from emulator.authorization import Place, Policies
from emulator.callers import CALLERS
from emulator.catalog import Call, Scope
from emulator.errors import Answer, AwsError, render, render_unknown
from emulator.idempotency import Tokens
from emulator.journal import Journal
from emulator.locks import WHOLE
from emulator.operations import OPERATIONS, STORES
from emulator.server import RawRequest, RawResponse
from emulator.strict import Context, codes
from emulator.strict.judge import Judge
from emulator.verbs import calls_back, kind, runs_alone

log = logging.getLogger("emulator")

_CONTENT_TYPES = {"json": "application/x-amz-json-1.1", "rest-json": "application/json"}
_MOTO_PATHS = ("/moto-api", "/latest/meta-data/", "/latest/api/", "/favicon.ico")


class IncomingRequest(Request):
    """moto's request, as a real server hands it over."""

    from_wsgi_server = True


class Emulator:
    """Answers requests. *changed* is called after every call that may have changed something.

    *policies*: what callers may do; everything where there are none.
    """

    def __init__(self, judge: Judge, changed: Callable[[], None] = lambda: None, policies: Policies | None = None):
        self.journal = Journal()
        self.lock = WHOLE
        self.tokens = Tokens()
        self._judge = judge
        self._changed = changed
        self._policies = policies

    def handle(self, raw: RawRequest) -> RawResponse:
        """The answer to *raw*. Never raises."""
        path = raw.target.partition("?")[0]
        if path.startswith("/emulator/"):
            return self._control(raw, path)
        if balancing.is_meant(raw):
            return balancing.answer(raw)
        if certificates.is_meant(raw):
            return certificates.answer(raw)
        request = IncomingRequest(_environ(raw))
        if path.startswith(_MOTO_PATHS):
            return self._moto_page(request)
        status, headers, body = self._answer(request)
        return RawResponse(status, list(_flat(headers)), body)

    def reset(self) -> None:
        """Forget what the emulator itself keeps (moto forgets its own)."""
        self.tokens.reset()
        STORES.clear()
        balancing.reset()

    def _answer(self, request: Request) -> Answer:
        started = time.perf_counter()
        scope = catalog.scope_of(request) or _unsigned(request)
        if request.content_encoding == "gzip" and scope.signing_name != "s3":
            request = _unzipped(request)
        call = catalog.identify(request, scope.signing_name, scope.region)
        if call is None:
            return self._no_such_call(request, scope)
        try:
            answer, code = self._perform(request, call, scope), None
        except AwsError as error:
            answer, code = render(error, call.service, call.operation, call.protocol), error.code
        except Exception:
            log.exception("%s:%s failed inside of the emulator", call.service, call.operation)
            error = AwsError("InternalFailure", f"The emulator failed at {call.service}:{call.operation}; its log says how.", 500)
            answer, code = render(error, call.service, call.operation, call.protocol), error.code
        milliseconds = (time.perf_counter() - started) * 1000
        caller = CALLERS.get(scope.access_key)
        self.journal.add(call, answer[0], code or _code_of(answer), milliseconds, caller.role_arn if caller else "")
        log.info("%s:%s %s %s %.1f ms", call.service, call.operation, call.region, answer[0], milliseconds)
        return answer

    def _perform(self, request: Request, call: Call, scope: Scope) -> Answer:
        self._judge.region(call)
        try:
            call.parameters = catalog.parse(call, request)
        except Exception as error:
            log.debug("%s:%s can't be read", call.service, call.operation, exc_info=True)
            raise AwsError(codes.malformed(call.service, call.protocol), f"The request can't be read: {error}") from error
        answerer = self._answerer(request, call)
        context = Context(_account(request, scope), call.region, scope.access_key)
        self._authorize(call, context)
        self._judge.form(call)
        if calls_back(call.service, call.operation):
            with self.lock.read():
                self._judge.rules(call, context)
            return answerer(context)
        if not runs_alone(call.service, call.operation):
            with self.lock.read():
                self._judge.rules(call, context)
                return answerer(context)
        with self.lock.write():
            if first := self.tokens.first_answer(call, context.account_id):
                return first
            self._judge.rules(call, context)
            answer = answerer(context)
            if kind(call.service, call.operation) == "write":
                self.tokens.remember(call, context.account_id, answer)
            self._changed()
            return answer

    def _authorize(self, call: Call, context: Context) -> None:
        """IAM evaluates the identity's policies before the service looks at the call ("Policy evaluation logic", IAM User Guide)."""
        judges = [judge for judge in (self._policies, CALLERS.get(context.access_key)) if judge]
        if not judges:
            return
        place = Place(context.region, context.account_id)
        needs = authorization.needs(call.service, call.operation, call.parameters, place)
        if need := next((need for judge in judges if (need := judge.refused(needs))), None):
            about = f" on resource: {need.resources[0]}" if need.resources else ""
            reason = f"because no identity-based policy allows the {need.action} action"
            sentence = f"User is not authorized to perform: {need.action}{about} {reason}"
            raise AwsError(codes.denied(call.service, call.protocol), sentence)

    def _answerer(self, request: Request, call: Call) -> Callable[[Context], Answer]:
        """What answers the call. Raises AwsError if nothing does."""
        if own := OPERATIONS.get((call.service, call.operation)):
            return lambda context: _serialized(call, own(call.parameters, context) or {})
        handler = backends.handler_of(request)
        if handler is None or backends.lacks(handler, call.model):
            raise _not_implemented(call.service, call.operation)
        return lambda context: _by_moto(handler, request, call)

    def _no_such_call(self, request: Request, scope: Scope) -> Answer:
        known = [service for service in catalog.candidates(scope.signing_name) if service in catalog.services()]
        operation = request.values.get("Action") or request.headers.get("X-Amz-Target", "").rpartition(".")[2]
        operation = operation or f"{request.method} {request.path}"
        error = _not_implemented(known[0] if known else scope.signing_name, operation)
        log.warning("%s", error)
        return render(error, known[0], None, catalog.protocol_of(request, known[0])) if known else render_unknown(error)

    def _moto_page(self, request: Request) -> RawResponse:
        """moto's own pages: its dashboard, its reset, and the instance metadata."""
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
            started.extend((int(status.split()[0]), headers))

        with self.lock.write():
            body = b"".join(backends.MOTO(request.environ, start_response))
            if request.path == "/moto-api/reset" and request.method == "POST":
                self.reset()
                self._changed()
        return RawResponse(started[0], started[1], body)

    def _control(self, raw: RawRequest, path: str) -> RawResponse:
        if path == "/emulator/requests" and raw.method == "GET":
            return _json(200, self.journal.report(WerkzeugRequest(_environ(raw)).args.to_dict()))
        if path == "/emulator/requests/reset" and raw.method == "POST":
            self.journal.reset()
            return _json(200, {})
        if path == "/emulator/instances" and raw.method == "GET":
            return _json(200, {"instances": machines.FOLLOWED.is_set()})
        return _json(404, {"error": "GET /emulator/requests or /emulator/instances, or POST /emulator/requests/reset"})


def _by_moto(handler: backends.Handler, request: Request, call: Call) -> Answer:
    try:
        result = handler(request, request.raw_url, dict(request.headers))
    except AwsError:
        raise
    except NotImplementedError as error:
        raise _not_implemented(call.service, call.operation) from error
    except ServiceException as error:
        raise AwsError(error.code, error.message) from error
    except ClientError as error:
        raise AwsError(error.response["Error"]["Code"], error.response["Error"]["Message"]) from error
    except HTTPException as error:
        response = error.get_response(request.environ)
        return response.status_code, dict(response.headers), response.get_data()
    status, headers, body = result if isinstance(result, tuple) and len(result) == 3 else (200, {}, result)
    if status == 404 and not body and not call.model.http_trait.uri.strip("/"):
        # BaseResponse.call_action answers so if it found no operation.
        raise _not_implemented(call.service, call.operation)
    headers = {"Content-Type": _CONTENT_TYPES.get(call.protocol, "text/xml")} | _titled(headers)
    return int(status), headers, _as_bytes(body)


def _serialized(call: Call, result: dict[str, Any]) -> Answer:
    serializer = get_serializer_class(call.service, call.protocol)(operation_model=call.model)
    answer = serializer.serialize(result)
    headers = dict(answer["headers"]) | {"x-amzn-requestid": moto_responses.gen_amzn_requestid_long({})}
    return answer["status_code"], headers, _as_bytes(answer["body"])


def _not_implemented(service: str, operation: str) -> AwsError:
    # 501: the SDKs retry 500, 502, 503 and 504, and would ask again and again.
    return AwsError("NotImplemented", f"The emulator doesn't know {service}:{operation}", 501)


def _unsigned(request: Request) -> Scope:
    """Unsigned requests: STS's federated calls, SigV2 or anonymous S3."""
    action = request.values.get("Action", "") if request.method == "POST" else ""
    return Scope("", "us-east-1", "sts" if action.startswith("AssumeRoleWith") else "s3")


def _account(request: Request, scope: Scope) -> str:
    return request.headers.get("x-moto-account-id") or iam_models.get_account_id_from(scope.access_key)


def _environ(raw: RawRequest) -> dict[str, Any]:
    """The WSGI environment that moto's request class reads."""
    path, _, query = raw.target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": raw.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(path).encode().decode("latin-1"),
        "QUERY_STRING": query,
        "RAW_URI": raw.target,
        "REQUEST_URI": raw.target,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": str(raw.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(raw.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    spellings: dict[str, str] = {}
    for name, value in raw.headers:
        key = name.upper().replace("-", "_")
        if "_" in name:
            # S3 tells x-amz-meta-a_b from x-amz-meta-a-b; any other header with an underscore is dropped, as by every server.
            if not should_preserve_original_header_name(name):
                continue
            spellings[f"HTTP_{key}"] = name
        if key == "TRANSFER_ENCODING":
            continue
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    environ["CONTENT_LENGTH"] = str(len(raw.body))
    environ[PRESERVED_HEADER_NAMES_ENVIRON_KEY] = spellings
    return environ


def _unzipped(request: Request) -> Request:
    body = gzip.decompress(request.environ["wsgi.input"].getvalue())
    environ = {name: value for name, value in request.environ.items() if name not in ("HTTP_CONTENT_ENCODING", "werkzeug.request")}
    return IncomingRequest(environ | {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))})


def _titled(headers: Any) -> dict[str, Any]:
    """moto spells Content-Type in several ways; two of them would send it twice."""
    return {("Content-Type" if name.lower() == "content-type" else name): value for name, value in dict(headers or {}).items()}


def _flat(headers: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in headers.items():
        for one in value if isinstance(value, (list, tuple)) else [value]:
            yield name, str(one)


def _as_bytes(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, (bytes, str)):
        return body.encode() if isinstance(body, str) else body
    return b"".join(part.encode() if isinstance(part, str) else part for part in body)


def _code_of(answer: Answer) -> str | None:
    if answer[0] < 400:
        return None
    found = re.search(rb"<Code>([^<]+)</Code>|\"__type\": ?\"(?:[^\"#]*#)?([^\"]+)\"", answer[2])
    return next((group.decode() for group in found.groups() if group), None) if found else None


def _json(status: int, content: dict[str, Any]) -> RawResponse:
    return RawResponse(status, [("Content-Type", "application/json")], json.dumps(content).encode())
