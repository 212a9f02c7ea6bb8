from __future__ import annotations

import pytest

from ansible_collections.refarch.aws.plugins.plugin_utils.rules.keys import findings

GOOD = {
    "keys_purposes": {"logs": {"services": ["logs"]}, "volumes": {"services": ["ec2"]}},
    "keys_volumes_purpose": "volumes",
    "keys_rotation_period_days": 365,
    "keys_deletion_window_days": 30,
    "keys_delete_purposes": ["logs"],
    "keys_ebs_encryption_default": True,
}


def test_sound_settings_have_no_findings():
    assert findings(GOOD, {}) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"keys_purposes": {**GOOD["keys_purposes"], "Logs!": {}}}, "keys_purposes: 'Logs!' must be lower-case"),
        ({"keys_purposes": {**GOOD["keys_purposes"], "x": {"services": ["gopher"]}}}, "keys_purposes: x names gopher; allowed are"),
        ({"keys_purposes": {**GOOD["keys_purposes"], "x": {"description": "d" * 8193}}}, "keys_purposes: the description of x"),
        ({"keys_volumes_purpose": "disks"}, "keys_volumes_purpose: 'disks' must be one of keys_purposes (logs, volumes)"),
        ({"keys_volumes_purpose": "logs"}, "keys_purposes: logs encrypts new volumes"),
        ({"keys_rotation_period_days": 30}, "keys_rotation_period_days: must be 90 to 2560"),
        ({"keys_deletion_window_days": 31}, "keys_deletion_window_days: must be 7 to 30"),
        ({"keys_delete_purposes": ["disks"]}, "keys_delete_purposes: disks must be one of"),
    ],
)
def test_a_fault_is_one_sentence(change, sentence):
    (found,) = findings({**GOOD, **change}, {})
    assert found.startswith(sentence) and found.endswith(".")


def test_no_volumes_purpose_is_needed_without_the_default_encryption():
    assert findings({**GOOD, "keys_ebs_encryption_default": False, "keys_volumes_purpose": "x"}, {}) == []
