"""CloudTrail: selectors as AWS keeps them, and its refusals."""

from __future__ import annotations

import json
from typing import Any

from moto.cloudtrail.exceptions import TrailNotFoundException
from moto.cloudtrail.models import CloudTrailBackend, Trail
from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.exceptions import JsonRESTError


def apply() -> None:
    trails_are_described_by_name()
    a_trail_is_made_once()
    a_missing_trail_is_an_error()
    management_events_are_logged_by_default()
    insights_are_replaced()


def trails_are_described_by_name() -> None:
    """DescribeTrails answers with the trails in trailNameList only, and knows whether they have selectors."""
    describe = Trail.description

    def description(self: Trail, include_region: bool = False) -> dict[str, Any]:
        selectors = bool(self.event_selectors or self.advanced_event_selectors)
        found = {
            **describe(self, include_region),
            "HasCustomEventSelectors": selectors,
            "HasInsightSelectors": bool(self.insight_selectors),
        }
        return {key: value for key, value in found.items() if value is not None}

    def describe_trails(self: CloudTrailResponse) -> str:
        trails = list(self.cloudtrail_backend.describe_trails(self._get_bool_param("includeShadowTrails", True)))
        names = self._get_param("trailNameList")
        if names:
            region = self.region
            here = [trail for trail in trails if trail.arn in names or (trail.trail_name in names and trail.region_name == region)]
            trails = here
        return json.dumps({"trailList": [trail.description(include_region=True) for trail in trails]})

    Trail.description = description
    CloudTrailResponse.describe_trails = describe_trails


def a_trail_is_made_once() -> None:
    """CreateTrail of a name that stands is TrailAlreadyExistsException."""
    create = CloudTrailBackend.create_trail

    def create_trail(self: CloudTrailBackend, name: str, *more: Any, **named: Any) -> Trail:
        if name in self.trails:
            raise JsonRESTError("TrailAlreadyExistsException", f"Trail {name} already exists for customer: {self.account_id}")
        return create(self, name, *more, **named)

    CloudTrailBackend.create_trail = create_trail


def a_missing_trail_is_an_error() -> None:
    """DeleteTrail takes an ARN too, removes the tags, and answers TrailNotFoundException where no trail is."""

    def delete_trail(self: CloudTrailBackend, name: str) -> None:
        trail = self.get_trail(name)
        self.tagging_service.delete_all_tags_for_resource(trail.arn)
        del self.trails[trail.trail_name]

    listed = CloudTrailBackend.list_tags

    def list_tags(self: CloudTrailBackend, resource_id_list: list[str]) -> list[dict[str, Any]]:
        for arn in resource_id_list:
            if arn not in [trail.arn for trail in self.trails.values()]:
                raise TrailNotFoundException(self.account_id, arn)
        return listed(self, resource_id_list)

    CloudTrailBackend.delete_trail = delete_trail
    CloudTrailBackend.list_tags = list_tags


def management_events_are_logged_by_default() -> None:
    """GetEventSelectors of a trail without selectors shows all management events; each kind of selectors replaces the other."""

    def put_event_selectors(self: Trail, event_selectors: list[dict[str, Any]], advanced_event_selectors: list[dict[str, Any]]) -> None:
        complete = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [], "ExcludeManagementEventSources": []}
        self.event_selectors = [{**complete, **selector} for selector in event_selectors or []]
        self.advanced_event_selectors = advanced_event_selectors or []

    def get_event_selectors(self: Trail) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        if not self.event_selectors and not self.advanced_event_selectors:
            default = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [], "ExcludeManagementEventSources": []}
            return [default], []
        return self.event_selectors, self.advanced_event_selectors

    Trail.put_event_selectors = put_event_selectors
    Trail.get_event_selectors = get_event_selectors


def insights_are_replaced() -> None:
    """PutInsightSelectors replaces what stands, and GetInsightSelectors without any is InsightNotEnabledException."""
    get = CloudTrailBackend.get_insight_selectors

    def put_insight_selectors(self: Trail, insight_selectors: list[dict[str, str]]) -> None:
        self.insight_selectors = list(insight_selectors)

    def get_insight_selectors(self: CloudTrailBackend, trail_name: str) -> tuple[str, list[dict[str, str]]]:
        arn, selectors = get(self, trail_name)
        if not selectors:
            raise JsonRESTError("InsightNotEnabledException", f"Trail {arn} does not have Insights enabled.")
        return arn, selectors

    Trail.put_insight_selectors = put_insight_selectors
    CloudTrailBackend.get_insight_selectors = get_insight_selectors
