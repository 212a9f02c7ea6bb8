"""The inventories of servers: read only where they are named, alike, and with nothing of the emulator where AWS is meant."""

from __future__ import annotations

import configparser
import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from emulator.sessions import way

ROOT = Path(__file__).resolve().parents[2]
INVENTORIES = ("local", "staging", "production")
#: Of the emulator. On AWS an endpoint would be that of the bucket too, and the others are for the emulator's sake.
LOCAL_SOURCE = {"endpoint_url", "access_key", "secret_key", "profile"}
LOCAL_SETTINGS = {
    f"ansible_aws_ssm_{name}"
    for name in (
        "endpoint_url", "bucket_endpoint_url", "s3_addressing_style", "access_key_id", "secret_access_key", "profile", "plugin",
    )
}  # fmt: skip


def source(inventory):
    return yaml.safe_load((ROOT / "inventories" / inventory / "aws_ec2.yml").read_text(encoding="utf-8"))


def settings(inventory):
    return yaml.safe_load((ROOT / "inventories" / inventory / "group_vars" / "servers.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("inventory", INVENTORIES)
def test_a_folder_as_inventory_asks_nobody_for_servers(inventory):
    """With an endpoint at which nobody answers: what is read of it would fail."""
    environment = {**os.environ, "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"}
    command = [ROOT / ".venv/bin/ansible-inventory", "-i", f"inventories/{inventory}", "--list"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)["_meta"]["hostvars"]) == {"stack"}


def test_only_the_inventory_of_servers_is_left_out():
    config = configparser.ConfigParser()
    config.read(ROOT / "ansible.cfg")
    pattern = config["defaults"]["inventory_ignore_patterns"]
    names = {path.name for inventory in INVENTORIES for path in (ROOT / "inventories" / inventory).iterdir()}
    assert {name for name in names if re.search(pattern, name)} == {"aws_ec2.yml"}


@pytest.mark.parametrize("inventory", INVENTORIES)
def test_each_reads_its_own_stack(inventory):
    found = source(inventory)
    text = json.dumps([found["regions"], found["filters"]])
    assert set(re.findall(r"/inventories/(\w+)/group_vars/all/stack\.yml", text)) == {inventory}
    assert found["filters"]["instance-state-name"] == "running"
    assert [name.rpartition(").")[2].rstrip(" }") for name in (*found["regions"], *list(found["filters"].values())[:2])] == [
        "stack_region",
        "stack_project",
        "stack_environment",
    ]


@pytest.mark.parametrize("inventory", ["staging", "production"])
def test_on_aws_nothing_is_the_emulators(inventory):
    assert not LOCAL_SOURCE & set(source(inventory))
    assert not LOCAL_SETTINGS & set(settings(inventory))
    assert settings(inventory)["ansible_become"] is True


def test_the_three_differ_by_the_emulator_alone():
    def common(found, without):
        return json.dumps({key: value for key, value in found.items() if key not in without}, sort_keys=True)

    sources = {common(source(one), LOCAL_SOURCE).replace(f"/inventories/{one}/", "/inventories/x/") for one in INVENTORIES}
    assert len(sources) == 1
    assert len({common(settings(one), LOCAL_SETTINGS | {"ansible_become"}) for one in INVENTORIES}) == 1


def test_a_task_is_not_run_twice_because_it_takes_its_time():
    """The connection plugin runs again what has not ended in time."""
    assert all(settings(inventory)["ansible_aws_ssm_timeout"] >= 1800 for inventory in INVENTORIES)


def test_local_knows_where_the_emulator_is_reached_from_both_sides():
    assert way.ADDRESS in settings("local")["ansible_aws_ssm_bucket_endpoint_url"]
    plugin = settings("local")["ansible_aws_ssm_plugin"].rpartition("}}")[2]
    assert os.access(ROOT / plugin.lstrip("/"), os.X_OK)
