"""There is no SSH in what this repository builds: no open port, no key pair, no server, no client. What is deployed is checked by
molecule/session_access/verify.py."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ("collections/ansible_collections/refarch/aws/plugins", "files", "inventories", "playbooks", "roles")
TEXTS = {".py", ".yml", ".yaml", ".sh", ".j2", ".json", ".toml", ".cfg", ".txt", ".service", ""}

#: What would bring SSH into a stack, and where it may stand all the same, since there it is what is refused, or what a person's own
#: credentials are about.
FORBIDDEN = {
    "a server": r"\bopenssh-server\b|\bsshd\b|/etc/ssh/|\bdropbear\b",
    "a key": r"\bauthorized_keys\b|\bssh-keygen\b|\bssh-(?:rsa|ed25519) AAAA",
    "a key pair": r"\b(?:create|import)_key_pair\b|\bamazon\.aws\.ec2_key\b|\bKeyName\b|\bkey_name:",
    "Ansible over SSH": r"ansible_connection:\s*ssh\b|ansible_(?:ssh_)?private_key_file|ansible_port:\s*22\b",
    "a client": r"(?:^|[\s;&|`(])(?:ssh|scp|sftp) -|\bparamiko\b",
}

#: Where a server or a key may be named, since there they are what is closed, masked or removed.
CLOSES = {"roles/node_base/files/look.sh"}


def shipped() -> list[Path]:
    return [
        path
        for folder in SHIPPED
        for path in sorted((ROOT / folder).rglob("*"))
        if path.is_file() and path.suffix in TEXTS and "__pycache__" not in path.parts and "node_modules" not in path.parts
    ]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_that_is_shipped_knows_ssh(what):
    pattern = re.compile(FORBIDDEN[what], re.MULTILINE)
    found = []
    for path in shipped():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if str(path.relative_to(ROOT)) not in CLOSES:
            found += [f"{path.relative_to(ROOT)}: {match[0].strip()}" for match in pattern.finditer(text)]
    assert found == []


def test_what_may_name_it_only_looks():
    """The role masks, stops and removes whatever this script finds, and starts nothing (roles/node_base/tasks/logins.yml)."""
    text = (ROOT / "roles" / "node_base" / "files" / "look.sh").read_text(encoding="utf-8")
    assert not re.search(r"\b(?:systemctl|dnf|apt-get|install|cp|touch|tee)\b|>>? *[^&]", text.replace("2>/dev/null", ""))
    tasks = yaml.safe_load((ROOT / "roles" / "node_base" / "tasks" / "logins.yml").read_text(encoding="utf-8"))
    services = [value for task in tasks for key, value in task.items() if key.endswith(("systemd_service", "sysvinit"))]
    assert len(services) == 2
    assert all(service["state"] == "stopped" and service["enabled"] is False for service in services)


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a server", "dnf install openssh-server"),
        ("a server", "systemctl start sshd"),
        ("a key", "cat id.pub >> ~/.ssh/authorized_keys"),
        ("a key pair", "KeyName: mine"),
        ("Ansible over SSH", "ansible_connection: ssh"),
        ("a client", "scp -r dist host:"),
    ],
)
def test_what_is_looked_for_is_found(what, text):
    assert re.search(FORBIDDEN[what], text, re.MULTILINE)


def ports_in(value) -> list[int]:
    """Each number, or span of numbers, that stands under a key that speaks of ports."""
    if isinstance(value, dict):
        own = [int(item) for key, item in value.items() if "port" in str(key).lower() and str(item).isdigit()]
        return own + [port for item in value.values() for port in ports_in(item)]
    if isinstance(value, list):
        return [port for item in value for port in ports_in(item)]
    return []


@pytest.mark.parametrize(
    "path", sorted([*ROOT.glob("roles/*/defaults/main.yml"), *ROOT.glob("inventories/*/group_vars/all/*.yml")]), ids=str
)
def test_no_setting_opens_an_administrators_port(path):
    assert not {22, 3389} & set(ports_in(yaml.safe_load(path.read_text(encoding="utf-8")) or {}))
