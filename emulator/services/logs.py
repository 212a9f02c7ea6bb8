"""CloudWatch Logs: keys, classes and metric filters as AWS keeps them."""

from __future__ import annotations

from typing import Any

from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.models import LogGroup, LogsBackend
from moto.logs.responses import LogsResponse


def apply() -> None:
    log_group_class_is_kept()
    kms_key_can_be_associated()
    tags_go_with_the_log_group()
    metric_filter_is_replaced()
    metric_filters_belong_to_a_log_group()


def _group(backend: LogsBackend, name: str) -> LogGroup:
    if name not in backend.groups:
        raise ResourceNotFoundException()
    return backend.groups[name]


def log_group_class_is_kept() -> None:
    """CreateLogGroup keeps the class, and DescribeLogGroups returns it with the number of metric filters."""
    describe = LogGroup.to_describe_dict

    def create_log_group(self: LogsResponse) -> str:
        name = self._get_param("logGroupName")
        group = self.logs_backend.create_log_group(name, self._get_param("tags") or {}, kmsKeyId=self._get_param("kmsKeyId"))
        group.log_group_class = self._get_param("logGroupClass") or "STANDARD"
        return ""

    def to_describe_dict(self: LogGroup) -> dict[str, Any]:
        from moto.logs.models import logs_backends

        filters = logs_backends[self.account_id][self.region].filters.get_matching_filters(log_group_name=self.name)
        return {**describe(self), "logGroupClass": getattr(self, "log_group_class", "STANDARD"), "metricFilterCount": len(filters)}

    LogsResponse.create_log_group = create_log_group
    LogGroup.to_describe_dict = to_describe_dict


def kms_key_can_be_associated() -> None:
    """AssociateKmsKey and DisassociateKmsKey change the key of a standing log group."""

    def associate_kms_key(self: LogsResponse) -> str:
        _group(self.logs_backend, self._get_param("logGroupName")).kms_key_id = self._get_param("kmsKeyId")
        return ""

    def disassociate_kms_key(self: LogsResponse) -> str:
        _group(self.logs_backend, self._get_param("logGroupName")).kms_key_id = None
        return ""

    LogsResponse.associate_kms_key = associate_kms_key
    LogsResponse.disassociate_kms_key = disassociate_kms_key


def tags_go_with_the_log_group() -> None:
    """DeleteLogGroup removes tags and metric filters too; tags of an absent log group are ResourceNotFoundException."""
    delete, listed = LogsBackend.delete_log_group, LogsBackend.list_tags_for_resource

    def delete_log_group(self: LogsBackend, log_group_name: str) -> None:
        arn = _group(self, log_group_name).arn
        delete(self, log_group_name)
        self.tagger.delete_all_tags_for_resource(arn)
        self.filters.metric_filters[:] = [f for f in self.filters.metric_filters if f["logGroupName"] != log_group_name]

    def list_tags_for_resource(self: LogsBackend, resource_arn: str) -> dict[str, str]:
        name = resource_arn.split(":log-group:")[-1]
        if ":log-group:" in resource_arn:
            _group(self, name)
        return listed(self, resource_arn)

    LogsBackend.delete_log_group = delete_log_group
    LogsBackend.list_tags_for_resource = list_tags_for_resource


def metric_filter_is_replaced() -> None:
    """PutMetricFilter of a name that stands replaces the filter ("Creates or updates a metric filter")."""
    put = LogsBackend.put_metric_filter

    def put_metric_filter(
        self: LogsBackend, filter_name: str, filter_pattern: str, log_group_name: str, metric_transformations: Any
    ) -> None:
        _group(self, log_group_name)
        self.filters.delete_filter(filter_name, log_group_name)
        put(self, filter_name, filter_pattern, log_group_name, metric_transformations)

    LogsBackend.put_metric_filter = put_metric_filter


def metric_filters_belong_to_a_log_group() -> None:
    """Describe- and DeleteMetricFilter of an absent log group or filter are ResourceNotFoundException."""
    describe, delete = LogsBackend.describe_metric_filters, LogsBackend.delete_metric_filter

    def describe_metric_filters(self: LogsBackend, prefix: Any = None, log_group_name: Any = None, *more: Any) -> list[dict[str, Any]]:
        if log_group_name:
            _group(self, log_group_name)
        return describe(self, prefix, log_group_name, *more)

    def delete_metric_filter(self: LogsBackend, filter_name: Any = None, log_group_name: Any = None) -> None:
        if not any(f["filterName"] == filter_name for f in describe_metric_filters(self, None, log_group_name)):
            raise ResourceNotFoundException()
        delete(self, filter_name, log_group_name)

    LogsBackend.describe_metric_filters = describe_metric_filters
    LogsBackend.delete_metric_filter = delete_metric_filter
