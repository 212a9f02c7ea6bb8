"""A plan is true for any module: no write leaves, secrets stay hidden, wrong arguments and genuine errors stay errors."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from tests.integration.stack import writes
from tests.processes import ROOT


@pytest.fixture(scope="module")
def planned(emulator, tmp_path_factory):
    """(results of the playbook's tasks, its output, mutating requests at the server)."""
    file = tmp_path_factory.mktemp("plan") / "results.json"
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "ANSIBLE_", "REFARCH_"))}
    command = [
        ROOT / ".venv" / "bin" / "ansible-playbook",
        "-i",
        "inventories/local",
        ROOT / "tests" / "integration" / "playbooks" / "plan.yml",
    ]
    emulator.post("/emulator/requests/reset")
    done = subprocess.run(
        [*command, "--check", "--diff", "-e", json.dumps({"results": str(file)})],
        cwd=ROOT,
        env={**kept, "AWS_ENDPOINT_URL": emulator.url, "ANSIBLE_NOCOLOR": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-3000:]
    return json.loads(file.read_text(encoding="utf-8")), done.stdout + done.stderr, writes(emulator)


def test_no_write_reached_the_server(planned):
    assert planned[2] == 0


def test_a_planned_change_is_the_call_with_its_parameters(planned):
    change = planned[0]["known"]["changes"][0]
    assert (change["service"], change["operation"], change["action"]) == ("iam", "CreatePolicy", "create")
    assert change["parameters"]["PolicyName"] == "planned"
    assert "(iam:CreatePolicy)" in planned[1]


def test_a_module_that_writes_in_its_own_check_mode_is_stopped(planned):
    assert planned[0]["sly"]["changed"]
    assert planned[0]["sly"]["changes"][0]["operation"] == "UpdateAccountPasswordPolicy"


def test_unknown_inputs_are_told_apart_and_secrets_masked(planned):
    change = planned[0]["unknown"]["changes"][0]
    assert change["inputs_known"] is False
    assert change["parameters"]["master_user_password"] == "(sensitive)"
    assert change["parameters"]["vpc_security_group_ids"] == ["(known after apply)"]
    assert "hunter2" not in planned[1] + json.dumps(planned[0])


def test_a_wrong_argument_is_an_error_though_another_is_unknown(planned):
    assert "value of state must be one of" in planned[0]["wrong"]["msg"]
    assert not planned[0]["wrong"]["changed"]


def test_a_genuine_error_is_never_a_change(planned):
    assert "no-such-policy" in planned[0]["genuine"]["msg"]
    assert not planned[0]["genuine"]["changed"]
