"""One machine, without EC2: how soon it is there, and what Ansible takes it for."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import time
from pathlib import Path

import ansible.module_utils
import pytest

from emulator.instances.machine import Instance, missing
from emulator.instances.network import BRIDGE, Network

pytestmark = pytest.mark.skipif(missing() is not None, reason=missing() or "")

#: ansible-core's own fact, with the parts of a module that it needs.
FACT = """
import shutil, subprocess, sys
sys.path.insert(0, "/opt")
from ansible.module_utils.facts.system.service_mgr import ServiceMgrFactCollector

class Module:
    get_bin_path = staticmethod(lambda name, **_: shutil.which(name))

    @staticmethod
    def run_command(arguments, use_unsafe_shell=False):
        done = subprocess.run(arguments, shell=use_unsafe_shell, capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr

facts = {"ansible_system": "Linux", "ansible_distribution": "Debian"}
print(ServiceMgrFactCollector().collect(Module, facts)["service_mgr"])
"""


@pytest.fixture(scope="module")
def network():
    made = Network()
    made.create()
    yield made
    made.delete()


def test_it_boots_in_less_than_two_seconds(network):
    machine = Instance("i-0123456789abcdef0", "10.99.0.1", network)
    begun = time.monotonic()
    machine.boot()
    try:
        assert machine.run("hostname").stdout == b"i-0123456789abcdef0\n"
        assert time.monotonic() - begun < 2
    finally:
        machine.stop()
    assert not machine.running


def test_ansible_takes_it_for_sysvinit(network):
    machine = Instance("i-0123456789abcdef1", "10.99.0.2", network)
    machine.boot()
    try:
        package = io.BytesIO()
        with tarfile.open(fileobj=package, mode="w") as archive:
            root = Path(ansible.module_utils.__file__).parent
            archive.add(root, "ansible/module_utils", filter=lambda one: None if "__pycache__" in one.name else one)
            archive.add(root.parent / "release.py", "ansible/release.py")
            archive.addfile(tarfile.TarInfo("ansible/__init__.py"))
        assert machine.run("tar", "-x", "-C", "/opt", given=package.getvalue()).returncode == 0
        done = machine.run("/usr/bin/python3", "-", given=FACT.encode())
        assert done.stdout == b"sysvinit\n", done.stderr
    finally:
        machine.stop()


def test_it_changes_settings_of_its_network_and_none_of_this_machine(network):
    machine = Instance("i-0123456789abcdef2", "10.99.0.3", network)
    machine.boot()
    try:
        assert machine.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/conf/all/log_martians").returncode == 0
        now = Path("/proc/sys/fs/protected_fifos").read_text(encoding="ascii")
        refused = machine.run("sh", "-c", f"echo {now} > /proc/sys/fs/protected_fifos")
        assert refused.returncode != 0 and b"Read-only" in refused.stderr
    finally:
        machine.stop()


def test_who_comes_and_goes_leaves_the_way_of_the_others_alone(network):
    """Machines know the bridge, where load balancers and the resolver are, by its hardware address."""

    def known() -> str:
        shown = subprocess.run(["ip", "-n", network.name, "-json", "link", "show", BRIDGE], capture_output=True, check=True)
        return json.loads(shown.stdout)[0]["address"]

    before = known()
    machine = Instance("i-0123456789abcdef3", "10.99.0.4", network)
    machine.boot()
    try:
        assert known() == before
    finally:
        machine.stop()
    assert known() == before
