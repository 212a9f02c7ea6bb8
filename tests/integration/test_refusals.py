"""Bad input stops before any write, with one sentence that names the variable; a held stack is not touched."""

from __future__ import annotations

import json
import os
import signal
import time

import pytest

from tests.integration.stack import Stack, writes

USER = {"name": "ann", "email": "ann@example.com", "groups": ["auditors"]}

BAD = [
    ({"network_cidr": "10.0.0.0"}, "network_cidr"),
    ({"network_cidr": "10.0.1.0/16"}, "network_cidr"),
    ({"network_cidr": "10.0.0.0/27"}, "network_cidr"),
    ({"network_cidr": "ten"}, "network_cidr"),
    ({"network_zone_count": 1}, "network_zone_count"),
    ({"network_availability_zones": ["ap-northeast-2a"]}, "network_availability_zones"),
    ({"network_availability_zones": ["ap-northeast-2a", "ap-northeast-2x"]}, "network_availability_zones"),
    ({"stack_region": "ap-northeast-22"}, "stack_region"),
    ({"stack_account_id": "999999999999"}, "stack_account_id"),
    ({"stack_environment": ""}, "stack_environment"),
    ({"stack_project": ""}, "stack_project"),
    ({"stack_project": "a-project-with-a-name-that-can-not-fit"}, "stack_project"),
    ({"identity_users": [{**USER, "email": "ann.example.com"}]}, "identity_users"),
    ({"identity_users": [{**USER, "groups": ["nobody"]}]}, "identity_users"),
    ({"network_database_port": 5432}, "network_database_port"),
    ({"network_zone_count": "several"}, "network_zone_count"),
]


@pytest.fixture(scope="module")
def stack(emulator, tmp_path_factory):
    return Stack(emulator.url, tmp_path_factory.mktemp("refusals"))


@pytest.mark.parametrize(("settings", "variable"), BAD, ids=lambda value: value if isinstance(value, str) else json.dumps(value)[:60])
def test_bad_input_is_refused_before_any_write(emulator, stack, settings, variable):
    emulator.post("/emulator/requests/reset")
    done = stack.run(**settings)
    assert done.code != 0
    assert done.total("failed") == 1
    message = done.output.partition("[ERROR]: Task failed: ")[2].partition("Origin:")[0]
    assert variable in message, done.output[-3000:]
    assert "Traceback" not in done.output
    assert writes(emulator) == 0


@pytest.mark.parametrize(
    ("components", "sentence"),
    [
        ([{"name": "keys"}, {"name": "vault"}], "stack_components: there is no role for vault"),
        ([{"name": "network", "needs": ["keys"]}], "stack_components: network needs keys, which the list does not have"),
        ([{"name": "keys", "needs": ["storage"]}, {"name": "storage", "needs": ["keys"]}], "need one another in a circle"),
        ([{"name": "keys"}, {"name": "keys"}], "stack_components: keys is listed twice"),
    ],
)
def test_a_list_of_components_that_is_no_graph_is_refused(emulator, stack, components, sentence):
    emulator.post("/emulator/requests/reset")
    done = stack.run(stack_components=components)
    assert done.code != 0
    assert sentence in done.output
    assert writes(emulator) == 0


def test_a_typing_error_is_a_warning_that_names_what_was_meant(stack):
    done = stack.plan(keys_rotation_period_day=90, stack_components=[{"name": "keys"}])
    assert "keys_rotation_period_day is no input of keys and is not used; did you mean keys_rotation_period_days?" in done.output


def test_what_was_built_and_left_the_list_is_named(stack):
    both = [{"name": "keys"}, {"name": "identity"}]
    stack.apply(stack_components=both)
    done = stack.plan(stack_components=both[:1])
    assert "stack_components: identity is not in the list, but was built and still stands" in done.output
    stack.remove(stack_components=both)


def test_removal_must_be_confirmed_where_the_inventory_asks_for_it(emulator, stack):
    emulator.post("/emulator/requests/reset")
    done = stack.run(stack_state="absent", stack_removal_needs_confirmation=True)
    assert "-e stack_confirm=local" in done.output
    assert (done.code != 0, writes(emulator)) == (True, 0)


def test_a_held_stack_is_refused_and_can_be_taken_over_by_name(emulator, stack):
    lock = {
        "holder": "bob@build-9, process 77",
        "run": "other",
        "machine": "another",
        "process": 77,
        "process_started": "1",
        "since": "2026-01-01T00:00:00Z",
    }
    ssm = emulator.client("ssm")
    ssm.put_parameter(Name="/refarch/local/lock", Value=json.dumps(lock), Type="String")
    only_keys = {"stack_components": [{"name": "keys"}]}
    emulator.post("/emulator/requests/reset")
    done = stack.run(**only_keys)
    assert done.code != 0
    assert "held by bob@build-9, process 77 since 2026-01-01T00:00:00Z" in done.output
    counts = emulator.get("/emulator/requests?limit=0")["counts"]
    assert [row for row in counts if row["kind"] == "write" and row["status"] == 200] == []
    refused = stack.run(stack_lock_takeover="carol", **only_keys)
    assert refused.code != 0
    taken = stack.apply(stack_lock_takeover="bob@build-9, process 77", **only_keys)
    assert "was stale and is taken over" in taken.output
    assert "/refarch/local/lock" not in [parameter["Name"] for parameter in ssm.describe_parameters()["Parameters"]]
    stack.remove(**only_keys)


def test_the_lock_of_a_dead_run_of_this_machine_is_taken_over(emulator, stack):
    only_keys = {"stack_components": [{"name": "keys"}]}
    ssm = emulator.client("ssm")
    process = stack.begin(**only_keys)
    end = time.monotonic() + 60
    while "/refarch/local/lock" not in [parameter["Name"] for parameter in ssm.describe_parameters()["Parameters"]]:
        assert time.monotonic() < end
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    done = stack.apply(**only_keys)
    assert "was stale and is taken over" in done.output
    stack.remove(**only_keys)


def test_a_failed_component_stops_what_stands_on_it_and_no_other(emulator, stack):
    """Two VPCs with the stack's name: the network can't know its own, what stands on it does not begin, the others finish."""
    ec2 = emulator.client("ec2")
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "refarch-local-vpc"}]}]
    twins = [ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"] for _twin in range(2)]
    components = {
        "stack_components": [
            {"name": "keys"},
            {"name": "identity"},
            {"name": "network", "needs": ["keys", "identity"]},
            {"name": "storage", "needs": ["keys", "network"]},
        ]
    }
    done = stack.run(**components)
    assert done.code != 0
    assert done.total("failed") > 0
    states = {name: component["state"] for name, component in done.report["components"].items()}
    assert states == {"keys": "up", "identity": "up", "network": "broken", "storage": "broken"}
    assert all(twin in done.report["components"]["network"]["error"] for twin in twins)
    assert done.report["components"]["storage"]["error"] == "storage stands on network, which did not come up in this run"
    for twin in twins:
        ec2.delete_vpc(VpcId=twin)
    stack.apply(**components)
    stack.remove(**components)
