"""Whoever has the policies of docs/policies, and nothing else, can build, change and remove a scenario; and they are in step with it."""

from __future__ import annotations

import json

import pytest

from tools import deployer_policy
from tools.tour import TOURS, TourFailed, tour

SCENARIOS = ["foundation"]
NAMES = ("refarch", "local", "ap-northeast-2", "123456789012")


def documents(scenario: str) -> list[dict]:
    return [json.loads(file.read_text(encoding="utf-8")) for file in sorted((deployer_policy.DOCS / scenario).glob("*.json"))]


def actions(found: list[dict]) -> list[str]:
    return [action for document in found for statement in document["Statement"] for action in statement["Action"]]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_policies_are_enough_and_in_step(scenario, tmp_path):
    policies, record = tmp_path / "policies", tmp_path / "calls.jsonl"
    deployer_policy.written(policies, [deployer_policy.filled(document, *NAMES) for document in documents(scenario)])
    tour(scenario, record, policies)
    needed = deployer_policy.needed(deployer_policy.recorded(record))
    assert deployer_policy.documents(deployer_policy.statements(needed)) == documents(scenario), f"make policy SCENARIO={scenario}"


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_no_action_is_a_pattern(scenario):
    assert actions(documents(scenario))
    assert [action for action in actions(documents(scenario)) if "*" in action] == []


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_iam_takes_each(scenario):
    for document in documents(scenario):
        filled = deployer_policy.filled(document, "p" * 15, "e" * 16, "ap-northeast-2", "1" * 12)
        assert len("".join(json.dumps(filled).split())) <= 6144


def test_a_missing_action_is_refused(tmp_path):
    lacking = documents("foundation")
    for document in lacking:
        for statement in document["Statement"]:
            statement["Action"] = [action for action in statement["Action"] if action != "cloudtrail:StartLogging"]
    policies = tmp_path / "policies"
    deployer_policy.written(policies, [deployer_policy.filled(document, *NAMES) for document in lacking])
    with pytest.raises(TourFailed, match="not authorized to perform: cloudtrail:StartLogging"):
        tour("foundation", tmp_path / "calls.jsonl", policies)


def test_every_scenario_has_a_tour():
    assert sorted(file.stem for file in TOURS.glob("*.yml")) == sorted(SCENARIOS)
