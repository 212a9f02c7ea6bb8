"""Settings are judged before anything is written."""

from __future__ import annotations

import pytest

from ansible_collections.refarch.aws.plugins.plugin_utils.rules import stack as rules
from ansible_collections.refarch.aws.plugins.plugin_utils.stack import settings

GOOD = {
    "stack_project": "shop",
    "stack_environment": "staging",
    "stack_region": "ap-northeast-2",
    "stack_account_id": "123456789012",
    "stack_state": "present",
    "stack_components": [{"name": "keys"}],
}
REGIONS = ["ap-northeast-1", "ap-northeast-2", "us-east-1"]


def test_good_settings_have_no_findings():
    assert rules.offline_findings(GOOD, REGIONS, 40) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"stack_project": None}, "stack_project is missing"),
        ({"stack_environment": ""}, "stack_environment is missing"),
        ({"stack_project": "Shop"}, "stack_project is 'Shop': allowed are lower-case"),
        ({"stack_environment": "a--b"}, "stack_environment is 'a--b'"),
        ({"stack_project": "a-very-long-project-name", "stack_environment": "and-environment"}, "at most 32"),
        ({"stack_region": "ap-northeast-22"}, "stack_region is 'ap-northeast-22', which is no region of AWS; did you mean ap-northeast-2?"),
        ({"stack_account_id": 123456789012}, "stack_account_id is 123456789012: give the 12 digits of the account, quoted"),
        ({"stack_account_id": "12345"}, "stack_account_id is '12345'"),
        ({"stack_state": "gone"}, "stack_state is 'gone': allowed are present and absent"),
        ({"stack_state": "absent"}, "removal must be confirmed with -e stack_confirm=staging"),
        ({"stack_state": "absent", "stack_confirm": "production"}, "removal must be confirmed"),
        ({"stack_domain": "Shop.example.com"}, "stack_domain is 'Shop.example.com': give a domain in lower case"),
        ({"stack_domain": "localhost"}, "stack_domain is 'localhost'"),
        ({"stack_domain": "shop.example.com."}, "stack_domain is 'shop.example.com.'"),
        ({"stack_extra_tags": {"aws:x": "y"}}, "stack_extra_tags: 'aws:x'"),
        ({"stack_components": [{"name": str(number)} for number in range(41)]}, "forks is 40: this stack needs at least 41"),
    ],
)
def test_each_fault_has_one_sentence(change, sentence):
    found = rules.offline_findings({**GOOD, **change}, REGIONS, 40)
    assert len(found) == 1
    assert sentence in found[0]


def test_a_confirmed_removal_is_no_fault():
    assert rules.offline_findings({**GOOD, "stack_state": "absent", "stack_confirm": "staging"}, REGIONS, 40) == []
    assert rules.offline_findings({**GOOD, "stack_state": "absent", "stack_removal_needs_confirmation": False}, REGIONS, 40) == []


def test_credentials_of_another_account_are_refused():
    found = rules.findings(GOOD, {"account_id": "999999999999", "caller_arn": "arn:aws:iam::999999999999:user/ann"})
    assert "credentials belong to account 999999999999" in found[0]
    assert rules.findings(GOOD, {"account_id": "123456789012"}) == []


ROLE = settings.RoleSettings(
    "network",
    {
        "network_cidr": {"type": "str", "required": True},
        "network_zone_count": {"type": "int", "choices": [2, 3]},
        "network_key_arn": {"required": True},
    },
)


def test_types_are_judged_by_the_roles_spec_and_wired_inputs_are_left_out():
    inputs, refused = settings.typed(ROLE, {"network_cidr": "10.0.0.0/16", "network_zone_count": "2"}, ["network_key_arn"])
    assert refused == []
    assert inputs["network_zone_count"] == 2
    _inputs, refused = settings.typed(ROLE, {"network_zone_count": "many"}, ["network_key_arn"])
    assert any("network_cidr" in sentence for sentence in refused)
    assert any("network_zone_count" in sentence for sentence in refused)


def test_a_typing_error_is_named_with_what_was_meant():
    found = settings.typing_errors(
        ["network_cdir", "network_cidr", "networks", "other"], ["network"], ["network_cidr", "network_zone_count"]
    )
    assert found == ["network_cdir is no input of network and is not used; did you mean network_cidr?"]


@pytest.mark.parametrize(
    ("value", "wired"),
    [
        ("{{ stack.network.vpc_id }}", True),
        ("{{ stack['keys'].key_arns.logs }}", True),
        ("{{ stack_prefix }}-x", False),
        ("stack.network", False),
        ({"a": ["{{ stack.network.vpc_id }}"]}, True),
    ],
)
def test_arrows_of_the_wiring_are_known_by_their_look(value, wired):
    assert settings.is_wired(value) is wired
