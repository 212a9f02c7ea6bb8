from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.refarch.aws.plugins.plugin_utils.rules.storage import findings, name_fault

NAMES = {purpose: f"shop-staging-{purpose}-123456789012" for purpose in ("log", "data", "artifact", "transfer")}
GOOD = {
    "storage_bucket_names": NAMES,
    "storage_log_retention_days": 365,
    "storage_noncurrent_retention_days": 90,
    "storage_transfer_retention_days": 1,
    "storage_abort_multipart_days": 7,
    "storage_delete_buckets": [],
}


def test_the_defaults_have_no_findings():
    assert findings(GOOD, {}) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"storage_bucket_names": {"log": "shop-log"}},
            "storage_bucket_names: must name exactly the buckets log, data, artifact, transfer",
        ),
        ({"storage_bucket_names": NAMES | {"data": "Shop"}}, "storage_bucket_names: data 'Shop' must be 3 to 63"),
        (
            {"storage_bucket_names": NAMES | {"data": "sthree-data"}},
            "storage_bucket_names: data 'sthree-data' begins or ends as AWS reserves it",
        ),
        ({"storage_bucket_names": NAMES | {"data": NAMES["log"]}}, "storage_bucket_names: two buckets have one name"),
        ({"storage_log_retention_days": 0}, "storage_log_retention_days: 0 must be a number of days"),
        ({"storage_delete_buckets": ["all"]}, "storage_delete_buckets: 'all' is not one of"),
    ],
)
def test_bad_settings_are_named(change, sentence):
    found = findings({**GOOD, **change}, {})
    assert len(found) == 1 and found[0].startswith(sentence), found


@given(st.from_regex(r"[a-z][a-z0-9]{1,40}", fullmatch=True), st.sampled_from([" ", "_", ".", "A", "/"]))
def test_a_name_with_a_foreign_character_is_refused(name, character):
    assert name_fault(f"{name}{character}x")
