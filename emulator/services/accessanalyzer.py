"""IAM Access Analyzer, which moto lacks: analyzers and their tags, not their findings."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.exceptions import JsonRESTError
from moto.core.responses import BaseResponse
from moto.core.utils import iso_8601_datetime_without_milliseconds, utcnow

from emulator.services import add_service

URL_BASE = r"https?://access-analyzer\.(.+)\.amazonaws\.com"

#: Analyzers of each type that a region takes ("Quotas for IAM Access Analyzer", IAM User Guide).
QUOTAS = {"ACCOUNT": 1, "ORGANIZATION": 5, "ACCOUNT_UNUSED_ACCESS": 1, "ORGANIZATION_UNUSED_ACCESS": 5}


class ResourceNotFound(JsonRESTError):
    code = 404

    def __init__(self, what: str):
        super().__init__("ResourceNotFoundException", f"The specified resource could not be found: {what}")


class Conflict(JsonRESTError):
    code = 409

    def __init__(self, message: str):
        super().__init__("ConflictException", message)


class QuotaExceeded(JsonRESTError):
    code = 402

    def __init__(self, message: str):
        super().__init__("ServiceQuotaExceededException", message)


class AccessAnalyzerBackend(BaseBackend):
    def __init__(self, region_name: str, account_id: str):
        super().__init__(region_name, account_id)
        self.analyzers: dict[str, dict[str, Any]] = {}

    def create_analyzer(self, name: str, kind: str, tags: dict[str, str], configuration: dict[str, Any] | None) -> str:
        if name in self.analyzers:
            raise Conflict(f"An analyzer named {name} already exists.")
        if sum(analyzer["type"] == kind for analyzer in self.analyzers.values()) >= QUOTAS.get(kind, 1):
            raise QuotaExceeded(f"You have reached the quota of analyzers of type {kind}.")
        arn = f"arn:{self.partition}:access-analyzer:{self.region_name}:{self.account_id}:analyzer/{name}"
        self.analyzers[name] = {
            "arn": arn,
            "name": name,
            "type": kind,
            "createdAt": iso_8601_datetime_without_milliseconds(utcnow()),
            "tags": tags,
            "status": "ACTIVE",
            **({"configuration": configuration} if configuration else {}),
        }
        return arn

    def named(self, name: str) -> dict[str, Any]:
        if name not in self.analyzers:
            raise ResourceNotFound(name)
        return self.analyzers[name]

    def by_arn(self, arn: str) -> dict[str, Any]:
        return self.named(arn.rpartition("analyzer/")[2])


class AccessAnalyzerResponse(BaseResponse):
    def __init__(self) -> None:
        super().__init__(service_name="accessanalyzer")

    @property
    def backend(self) -> AccessAnalyzerBackend:
        return accessanalyzer_backends[self.current_account][self.region]

    def _last_part(self, before: str) -> str:
        return unquote(self.parsed_url.path.partition(before)[2])

    def create_analyzer(self) -> str:
        arn = self.backend.create_analyzer(
            self._get_param("analyzerName"), self._get_param("type"), self._get_param("tags") or {}, self._get_param("configuration")
        )
        return json.dumps({"arn": arn})

    def get_analyzer(self) -> str:
        return json.dumps({"analyzer": self.backend.named(self._last_part("/analyzer/"))})

    def list_analyzers(self) -> str:
        kind = self._get_param("type")
        return json.dumps({"analyzers": [a for a in self.backend.analyzers.values() if kind in (None, a["type"])]})

    def delete_analyzer(self) -> str:
        del self.backend.analyzers[self.backend.named(self._last_part("/analyzer/"))["name"]]
        return "{}"

    def tag_resource(self) -> str:
        self.backend.by_arn(self._last_part("/tags/"))["tags"] |= self._get_param("tags")
        return "{}"

    def untag_resource(self) -> str:
        tags = self.backend.by_arn(self._last_part("/tags/"))["tags"]
        for key in self.querystring.get("tagKeys", []):
            tags.pop(key, None)
        return "{}"

    def list_tags_for_resource(self) -> str:
        return json.dumps({"tags": self.backend.by_arn(self._last_part("/tags/"))["tags"]})


AccessAnalyzerBackend._url_module = SimpleNamespace(
    url_bases=[URL_BASE],
    url_paths={
        "{0}/analyzer$": AccessAnalyzerResponse.dispatch,
        "{0}/analyzer/(?P<analyzerName>[^/]+)$": AccessAnalyzerResponse.dispatch,
        "{0}/tags/(?P<resourceArn>.+)$": AccessAnalyzerResponse.dispatch,
    },
)

accessanalyzer_backends = BackendDict(AccessAnalyzerBackend, "accessanalyzer")


def apply() -> None:
    add_service("accessanalyzer", accessanalyzer_backends, URL_BASE)
