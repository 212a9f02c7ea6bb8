from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.refarch.aws.plugins.plugin_utils.rules.database import backup_window, findings, maintenance_window

GOOD = {
    "stack_project": "shop",
    "stack_environment": "staging",
    "database_engine": "postgres",
    "database_engine_version": "17",
    "database_instance_class": "db.t4g.medium",
    "database_master_username": "dbowner",
    "database_name": "app",
    "database_allocated_storage_gib": 20,
    "database_max_allocated_storage_gib": 100,
    "database_iops": 0,
    "database_storage_throughput_mibps": 0,
    "database_backup_window": "18:00-18:30",
    "database_maintenance_window": "sun:19:00-sun:19:30",
    "database_backup_retention_days": 14,
    "database_performance_insights": True,
    "database_performance_insights_retention_days": 7,
    "database_log_retention_days": 365,
    "database_read_replicas": 0,
    "database_snapshot_identifier": "",
}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"database_engine": "mysql", "database_engine_version": "8.4", "database_instance_class": "db.m7g.2xlarge"},
        {"database_allocated_storage_gib": 400, "database_max_allocated_storage_gib": 0, "database_iops": 12000},
        {"database_snapshot_identifier": "shop-staging-db-final-abc"},
        {"database_snapshot_identifier": "rds:shop-staging-db-2026-01-01-00-00"},
        {"database_maintenance_window": "Sun:23:45-Mon:00:30"},
    ],
)
def test_good_settings_have_no_findings(change):
    assert findings({**GOOD, **change}, {}) == []


@pytest.mark.parametrize(
    ("change", "variable", "sentence"),
    [
        ({"database_engine_version": "9.3"}, "database_engine_version", "no version of postgres"),
        ({"database_engine_version": "8.4"}, "database_engine_version", "no version of postgres"),
        ({"database_instance_class": "t4g.medium"}, "database_instance_class", "no class of RDS"),
        (
            {"database_engine": "mysql", "database_engine_version": "8.4", "database_instance_class": "db.t4g.micro"},
            "database_performance_insights",
            "has none for MySQL",
        ),
        ({"database_master_username": "postgres"}, "database_master_username", "RDS.25"),
        ({"database_master_username": "1owner"}, "database_master_username", "must be a letter"),
        ({"database_name": "my-app"}, "database_name", "no reserved word"),
        ({"database_name": "user"}, "database_name", "no reserved word"),
        ({"database_allocated_storage_gib": 19}, "database_allocated_storage_gib", "20 to 65536"),
        ({"database_max_allocated_storage_gib": 21}, "database_max_allocated_storage_gib", "10 percent"),
        ({"database_iops": 4000}, "database_iops", "below 400 GiB"),
        (
            {"database_allocated_storage_gib": 400, "database_max_allocated_storage_gib": 500, "database_iops": 4000},
            "database_iops",
            "12000 to 64000",
        ),
        ({"database_backup_window": "18:00-18:20"}, "database_backup_window", "30 minutes at least"),
        ({"database_backup_window": "25:00-26:00"}, "database_backup_window", "hh:mm"),
        ({"database_maintenance_window": "sun:19:00-19:30"}, "database_maintenance_window", "ddd:hh:mm"),
        ({"database_backup_window": "19:10-19:50"}, "database_backup_window", "overlaps"),
        (
            {"database_backup_window": "23:45-00:30", "database_maintenance_window": "mon:00:00-mon:01:00"},
            "database_backup_window",
            "overlaps",
        ),
        ({"database_backup_retention_days": 6}, "database_backup_retention_days", "RDS.11"),
        ({"database_performance_insights_retention_days": 30}, "database_performance_insights_retention_days", "7, 731"),
        ({"database_log_retention_days": 100}, "database_log_retention_days", "is not one of"),
        ({"database_parameters": {"rds.force_ssl": 0}}, "database_parameters", "must stay on"),
        ({"database_read_replicas": 6}, "database_read_replicas", "0 to 5"),
        ({"database_snapshot_identifier": "a--b"}, "database_snapshot_identifier", "no identifier"),
        ({"stack_project": "1shop"}, "stack_project", "begin with a letter"),
    ],
)
def test_bad_settings_are_named(change, variable, sentence):
    found = findings({**GOOD, **change}, {})
    assert found and all(text.startswith(f"{variable}: ") for text in found)
    assert any(sentence in text for text in found), found


CLOCKS = st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda pair: f"{pair[0]:02d}:{pair[1]:02d}")


@given(CLOCKS, CLOCKS)
def test_windows_are_read(first, last):
    begin, length = backup_window(f"{first}-{last}")
    hours, minutes = divmod((begin + length) % 1440, 60)
    assert f"{hours:02d}:{minutes:02d}" == last
    assert maintenance_window(f"tue:{first}-tue:{last}")[0] == 1440 + begin
