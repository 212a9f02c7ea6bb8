from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.refarch.aws.plugins.filter.rds_engine import rds_engine
from ansible_collections.refarch.aws.plugins.filter.rds_log_groups import rds_log_groups
from ansible_collections.refarch.aws.plugins.filter.rds_replica_plan import rds_replica_plan

INSTANCE = {
    "identifier": "shop-staging-db",
    "instance_class": "db.t4g.medium",
    "backup_retention_days": 14,
    "master_username": "dbowner",
    "kms_key_arn": "key",
    "log_exports": ["postgresql", "upgrade"],
    "multi_az": True,
    "tags": {"Backup": "shop-staging"},
}


@pytest.mark.parametrize(
    ("engine", "version", "family"),
    [("postgres", "17", "postgres17"), ("postgres", "17.4", "postgres17"), ("mysql", "8.4", "mysql8.4"), ("mysql", "8.0.43", "mysql8.0")],
)
def test_the_family_follows_the_version(engine, version, family):
    assert rds_engine(engine, version)["family"] == family


def test_tls_is_forced():
    assert rds_engine("postgres", "17")["parameters"]["rds.force_ssl"] == 1
    assert rds_engine("mysql", "8.4")["parameters"]["require_secure_transport"] == 1


@pytest.mark.parametrize(("engine", "version"), [("oracle", "19"), ("mysql", "8"), ("postgres", "latest")])
def test_what_is_not_known_is_refused(engine, version):
    with pytest.raises(AnsibleFilterError, match="rds_engine"):
        rds_engine(engine, version)


@given(st.integers(0, 5))
def test_replicas_are_named_and_hold_nothing_of_their_own(count):
    first, *replicas = rds_replica_plan(INSTANCE, count)
    assert first == INSTANCE and len(replicas) == count
    assert len({one["identifier"] for one in replicas}) == count
    for one in replicas:
        assert one["replica_of"] == "shop-staging-db" and one["multi_az"] is False
        assert not {"backup_retention_days", "master_username", "kms_key_arn", "tags"} & one.keys()
        assert one["instance_class"] == "db.t4g.medium"


def test_a_log_group_for_each_log_of_each_instance():
    groups = rds_log_groups(rds_replica_plan(INSTANCE, 1), 365, "key")
    assert [group["name"] for group in groups] == [
        "/aws/rds/instance/shop-staging-db/postgresql",
        "/aws/rds/instance/shop-staging-db/upgrade",
        "/aws/rds/instance/shop-staging-db-replica-1/postgresql",
        "/aws/rds/instance/shop-staging-db-replica-1/upgrade",
    ]
    assert groups[0]["retention_days"] == 365 and groups[0]["kms_key_arn"] == "key"
