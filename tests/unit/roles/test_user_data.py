"""The first start of a server, run for real with commands of its own in place of AWS's."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).resolve().parents[3] / "roles" / "servers" / "templates"
VARIABLES = {
    "__servers_tier": "web",
    "__servers_port": 8080,
    "__servers_group_name": "shop-staging-web",
    "__servers_hook_name": "first-start",
    "__servers_release_parameter": "/shop/staging/releases/web",
    "__servers_settings": {"APP_URL": "http://internal.example"},
    "servers_artifact_bucket_name": "shop-artifact",
    "stack_region": "ap-northeast-2",
}


@pytest.fixture
def script():
    environment = Environment(loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True)
    return environment.get_template("user_data.sh.j2").render(VARIABLES)


@pytest.fixture
def start(script, tmp_path):
    """Runs the script in a folder of its own; gives the commands that it called. *failing*: a step whose script fails."""

    def run(failing: str = "") -> tuple[int, list[str]]:
        calls, root = tmp_path / "calls", tmp_path / "machine"
        commands = tmp_path / "bin"
        commands.mkdir()
        root.mkdir()
        stubs = {
            "curl": 'case "$*" in *instance-id*) echo i-0123456789abcdef0;; *token*) echo t;; esac',
            "aws": f'echo "aws $*" >> {calls}; case "$*" in *get-parameter*) echo apps/web/1.zip;; esac',
            "dnf": "true",
            "logger": "cat > /dev/null",
            "tee": "cat",
            "python3": f"mkdir -p {root}/opt/refarch/web/scripts; for step in install start validate; do "
            f'if [[ $step == "{failing}" ]]; then echo "exit 1"; else echo "echo $step >> {calls}"; fi '
            f"> {root}/opt/refarch/web/scripts/$step.sh; done",
        }
        for name, body in stubs.items():
            (commands / name).write_text(f"#!/bin/bash\n{body}\n")
            (commands / name).chmod(0o755)
        moved = script.replace("/opt/", f"{root}/opt/").replace("/etc/", f"{root}/etc/").replace("/root/", f"{root}/")
        moved = moved.replace("/var/log/", f"{root}/")
        moved = moved.replace(f"bash -c 'chmod 0700 {root}/codedeploy-install && {root}/codedeploy-install auto'", "true")
        environment = {"PATH": f"{commands}:{os.environ['PATH']}"}
        done = subprocess.run(["bash", "-c", moved], env=environment, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, calls.read_text().splitlines()

    return run


def test_it_is_small_enough_and_has_no_fault(script):
    assert len(script.encode()) < 16384
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)
    assert "{{" not in script and "{%" not in script


def test_it_starts_the_release_and_says_so(start, tmp_path):
    code, calls = start()
    assert code == 0
    assert [call for call in calls if not call.startswith("aws")] == ["install", "start", "validate"]
    assert "s3://shop-artifact/apps/web/1.zip" in " ".join(calls)
    assert "--lifecycle-action-result CONTINUE" in calls[-1] and "--auto-scaling-group-name shop-staging-web" in calls[-1]
    settings = (tmp_path / "machine" / "etc" / "refarch" / "web.env").read_text().splitlines()
    assert settings == ["AWS_DEFAULT_REGION=ap-northeast-2", "PORT=8080", "APP_URL=http://internal.example"]


@pytest.mark.parametrize("step", ["install", "start", "validate"])
def test_a_failure_gives_the_instance_up(start, step):
    code, calls = start(failing=step)
    assert code != 0
    assert "--lifecycle-action-result ABANDON" in calls[-1]
    assert not any("CONTINUE" in call for call in calls)
