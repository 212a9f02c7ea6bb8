"""What node_base writes where Amazon Linux is needed to see it at work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

ROLE = Path(__file__).resolve().parents[3] / "roles" / "node_base"


def trusted(value):
    """*value* of a file of the project, whose templates may be filled in."""
    if isinstance(value, str):
        return trust_as_template(value)
    if isinstance(value, dict):
        return {key: trusted(one) for key, one in value.items()}
    return [trusted(one) for one in value] if isinstance(value, list) else value


def agent(**settings) -> dict:
    """The CloudWatch agent's configuration."""
    tasks = yaml.safe_load((ROLE / "tasks" / "agents.yml").read_text(encoding="utf-8"))
    task = next(task for block in tasks for task in block["block"] if task["name"] == "Configure the CloudWatch agent")
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text(encoding="utf-8"))
    variables = trusted({**defaults, **task["vars"], "node_base_region": "ap-northeast-2", **settings})
    template = (ROLE / "templates" / task["ansible.builtin.template"]["src"]).read_text(encoding="utf-8")
    return json.loads(Templar(loader=DataLoader(), variables=variables).template(trust_as_template(template)))


def test_the_agent_measures_and_sends_the_log_files():
    """The keys are those of "Manually create or edit the CloudWatch agent configuration file" (Amazon CloudWatch User Guide)."""
    made = agent(node_base_log_group_name="/shop/test/web", node_base_log_files=[{"path": "/var/log/x*.log", "stream": "x"}])
    assert set(made) == {"agent", "metrics", "logs"}
    assert set(made["metrics"]["metrics_collected"]) == {"mem", "swap", "disk"}
    assert made["metrics"]["append_dimensions"]["InstanceId"] == "${aws:InstanceId}"
    assert made["logs"]["logs_collected"]["files"]["collect_list"] == [
        {"file_path": "/var/log/x*.log", "log_group_name": "/shop/test/web", "log_stream_name": "{instance_id}/x"}
    ]


@pytest.mark.parametrize("settings", [{"node_base_log_group_name": ""}, {"node_base_log_group_name": "/x", "node_base_log_files": []}])
def test_the_agent_sends_no_log_files_where_there_is_no_group_or_none_is_named(settings):
    assert set(agent(**settings)) == {"agent", "metrics"}
