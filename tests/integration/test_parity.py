"""Our runner gives what the stock way gives: whole results, of the same tasks, run both ways."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.processes import ROOT, Running

PLAYBOOK = ROOT / "tests" / "integration" / "playbooks" / "parity.yml"

#: What differs between two runs of anything: ids, times, temporary names, and the word that tells the two ways apart.
CHANGING = [
    (r"\b(vpc-cidr-assoc|vpc|subnet|dopt|acl|rtb|igw|sg|eni)-[0-9a-f]{8,17}\b", r"\1-ID"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)?", "TIME"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
    (r"j\d{6,}\.\d+", "JOB"),
    (r"\bA(NPA|IDA|ROA)[A-Z0-9]{12,}\b", "IAM-ID"),
    (r"\b(stock|ours)\b", "WAY"),
]
DROPPED = {
    "start",
    "end",
    "delta",
    "creation_time",
    "request_id",
    "response_metadata",
    "last_modified_date",
    "date",
    "ResponseMetadata",
    "policy_id",
}


@pytest.fixture
def silent_port():
    """A port that takes connections and never answers."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(50)
        yield server.getsockname()[1]


def results(emulator: Running, folder: Path, way: str, silent: int, **environment: str) -> tuple[dict[str, Any], str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "ANSIBLE_", "REFARCH_"))}
    file = folder / f"{way}.json"
    command = [ROOT / ".venv" / "bin" / "ansible-playbook", "-i", "inventories/local", PLAYBOOK]
    variables = {"way": way, "results": str(file), "silent_port": silent}
    done = subprocess.run(
        [*command, "-e", json.dumps(variables)],
        cwd=ROOT,
        env={**kept, "AWS_ENDPOINT_URL": emulator.url, "ANSIBLE_NOCOLOR": "1", **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    return json.loads(file.read_text(encoding="utf-8")), done.stdout + done.stderr


def steady(value: Any) -> Any:
    """*value* without what differs between two runs of anything."""
    if isinstance(value, dict):
        return {key: steady(item) for key, item in value.items() if key not in DROPPED}
    if isinstance(value, list):
        return [steady(item) for item in value]
    if isinstance(value, str):
        for pattern, word in CHANGING:
            value = re.sub(pattern, word, value)
    return value


@pytest.fixture(scope="module")
def both(emulator, tmp_path_factory):
    folder = tmp_path_factory.mktemp("parity")
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(50)
        silent = server.getsockname()[1]
        stock = results(emulator, folder, "stock", silent, REFARCH_RUNNER="stock")
        ours = results(emulator, folder, "ours", silent)
    return stock, ours


TASKS = [
    "created",
    "unchanged",
    "looped",
    "refused",
    "wrong",
    "mixed",
    "hidden",
    "environment_reached",
    "timed_out",
    "background",
    "difference",
    "warned",
    "own",
    "other",
]


@pytest.mark.parametrize("task", TASKS)
def test_whole_results_are_the_same(both, task):
    (stock, _output), (ours, _other) = both
    expected, found = steady(stock[task]), steady(ours[task])
    # A traceback names the file that ran: a zip of the stock way, our source here.
    for result in (expected, found):
        result.pop("exception", None)
    assert found == expected


def test_the_results_are_worth_comparing(both):
    (stock, _output), _ours = both
    assert stock["created"]["changed"] and not stock["unchanged"]["changed"]
    assert "InvalidVpcID.NotFound" in json.dumps(stock["refused"])
    assert "required" in stock["wrong"]["msg"]
    assert "no-such-profile" in stock["environment_reached"]["msg"]
    assert "imed out" in json.dumps(stock["timed_out"])
    assert stock["own"]["diff"]


def test_secrets_are_seen_in_neither(both):
    for results_of_one, output in both:
        assert "hunter2" not in output
        assert "parity-secret-key" not in output + json.dumps(results_of_one)


def test_an_unknown_core_makes_the_runner_step_aside_and_say_so_once(emulator, tmp_path, silent_port):
    site = tmp_path / "sitecustomize.py"
    site.write_text("import ansible\nansible.__version__ = '2.99.0'\n", encoding="utf-8")
    _found, output = results(emulator, tmp_path, "ours", silent_port, PYTHONPATH=str(tmp_path))
    assert output.count("does not know ansible-core 2.99.0 and steps aside") == 1


@pytest.mark.parametrize("runner", ["", "stock"])
def test_an_interrupt_leaves_no_process(emulator, tmp_path, silent_port, runner):
    playbook = tmp_path / "wait.yml"
    playbook.write_text(
        "- hosts: stack\n  gather_facts: false\n  tasks:\n    - amazon.aws.ec2_vpc_net_info:\n"
        f"        {{endpoint_url: 'http://127.0.0.1:{silent_port}', region: ap-northeast-2, access_key: a, secret_key: b}}\n",
        encoding="utf-8",
    )
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "ANSIBLE_", "REFARCH_"))}
    marker = f"refarch-interrupt-{os.getpid()}"
    process = subprocess.Popen(
        [ROOT / ".venv" / "bin" / "ansible-playbook", "-i", "inventories/local", playbook],
        cwd=ROOT,
        env={**kept, "REFARCH_RUNNER": runner, "REFARCH_TEST_MARKER": marker},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )

    def alive() -> list[int]:
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    environment = (entry / "environ").read_bytes()
                    state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
                except (OSError, PermissionError):
                    continue
                if f"REFARCH_TEST_MARKER={marker}".encode() in environment and state != "Z":
                    found.append(int(entry.name))
        return found

    def wait_until(condition) -> None:
        end = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < end, alive()
            time.sleep(0.1)

    wait_until(lambda: len(alive()) >= 3)  # Ansible, its worker, the module
    os.kill(process.pid, signal.SIGINT)
    process.wait(30)
    assert process.returncode != 0
    wait_until(lambda: not alive())
