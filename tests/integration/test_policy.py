"""Whoever has the policies of docs/policies, and nothing else, can build, change and remove a scenario; and they are in step with it.

One tour, under the policies of the largest scenario, serves all: each scenario's policies are derived from the calls of its components.
"""

from __future__ import annotations

import json
import re

import pytest

from emulator.authorization import Policies
from tests.processes import start
from tools import deployer_policy, role_permissions
from tools.tour import TOURS, TourFailed, components_of, holder_of, plan_of, play, tour

SCENARIOS = ["foundation", "base"]
NAMES = ("refarch", "local", "ap-northeast-2", "123456789012")


def documents(scenario: str) -> list[dict]:
    return [json.loads(file.read_text(encoding="utf-8")) for file in sorted((deployer_policy.DOCS / scenario).glob("*.json"))]


def statements(scenario: str) -> list[dict]:
    return [statement for document in documents(scenario) for statement in document["Statement"]]


def actions(scenario: str) -> list[str]:
    return [action for statement in statements(scenario) for action in statement["Action"]]


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """The calls of the tour under the policies that are written down. A call that they don't allow is refused, and ends it."""
    folder = tmp_path_factory.mktemp("policy")
    deployer_policy.written(folder / "policies", [deployer_policy.filled(document, *NAMES) for document in documents("base")])
    tour("base", folder / "calls.jsonl", folder / "policies")
    return folder / "calls.jsonl"


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_policies_are_enough_and_in_step(scenario, record):
    assert holder_of(scenario) == "base"
    assert deployer_policy.derived(scenario, record) == documents(scenario), f"make policy SCENARIO={scenario}"


def test_no_call_was_refused(record):
    codes = {call["code"] for call in deployer_policy.recorded(record, components_of("base"))}
    assert {code for code in codes if code and ("Denied" in code or "Unauthorized" in code)} == set()


def test_every_component_changed_something_that_stood(record):
    """The tour's settings turn something of each component: beside what makes and removes, there are calls that change."""
    making = ("Create", "Delete", "Describe", "Get", "List", "Batch", "Head", "Put", "Add", "Tag", "Untag", "Remove")
    changed = {
        call["component"]
        for call in deployer_policy.recorded(record, components_of("base"))
        if not call["operation"].startswith(making) or call["operation"].startswith(("PutRetention", "PutMetric", "PutBucketLifecycle"))
    }
    assert set(components_of("base")) - changed == set()


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_no_action_is_a_pattern(scenario):
    assert actions(scenario)
    assert [action for action in actions(scenario) if "*" in action] == []


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_only_what_has_no_resource_or_only_looks_is_allowed_on_everything(scenario):
    wide = [statement["Sid"] for statement in statements(scenario) if "*" in statement["Resource"]]
    assert [sid for sid in wide if not sid.startswith(("Look", "Unnamed"))] == []


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_iam_takes_each_and_a_role_all(scenario):
    found = documents(scenario)
    assert len(found) <= deployer_policy.POLICIES_OF_A_ROLE
    for document in found:
        filled = deployer_policy.filled(document, "p" * 15, "e" * 16, "ap-northeast-2", "1" * 12)
        assert len("".join(json.dumps(filled).split())) <= deployer_policy.POLICY_LENGTH
        names = [statement["Sid"] for statement in document["Statement"]]
        assert len(set(names)) == len(names)
        assert all(name.isalnum() for name in names)


def test_a_missing_action_is_refused_and_nothing_else_is(tmp_path):
    """Under the foundation's own policies without one action."""
    lacking = documents("foundation")
    for document in lacking:
        for statement in document["Statement"]:
            statement["Action"] = [action for action in statement["Action"] if action != "cloudtrail:StartLogging"]
    policies = tmp_path / "policies"
    deployer_policy.written(policies, [deployer_policy.filled(document, *NAMES) for document in lacking])
    emulator = start("emulator", "--port", "0", "--policy", str(policies))
    try:
        with pytest.raises(TourFailed, match="not authorized to perform: cloudtrail:StartLogging") as failed:
            play("foundation", emulator.url, {"stack_build_folder": str(tmp_path)})
    finally:
        emulator.stop()
    assert set(re.findall(r"not authorized to perform: (\S+)", str(failed.value))) == {"cloudtrail:StartLogging"}
    assert re.search(r"^network +: .*failed=0", str(failed.value), re.MULTILINE)  # what does not stand on it went on


def test_another_stack_is_out_of_reach():
    """The policies of one environment allow nothing on what is named after another."""
    policies = Policies([deployer_policy.filled(document, *NAMES) for document in documents("base")])
    own, other = "refarch-local", "refarch-production"
    for action, arn in (
        ("s3:DeleteBucket", "arn:aws:s3:::{}-data-123456789012"),
        ("rds:DeleteDBInstance", "arn:aws:rds:ap-northeast-2:123456789012:db:{}-db"),
        ("sns:DeleteTopic", "arn:aws:sns:ap-northeast-2:123456789012:{}-critical"),
        ("iam:DeleteRole", "arn:aws:iam::123456789012:role/refarch/{}-deploy"),
        ("iam:PassRole", "arn:aws:iam::123456789012:role/refarch/{}-deploy"),
        ("lambda:UpdateFunctionCode", "arn:aws:lambda:ap-northeast-2:123456789012:function:{}-slack-notifier"),
        ("secretsmanager:DeleteSecret", "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:{}-slack-webhook-a1b2c3"),
        ("codepipeline:UpdatePipeline", "arn:aws:codepipeline:ap-northeast-2:123456789012:{}-pipeline"),
    ):
        assert policies.refused([deployer_policy.authorization.Need(action, (arn.format(own),))]) is None, action
        assert policies.refused([deployer_policy.authorization.Need(action, (arn.format(other),))]), action


def test_what_no_run_shows_is_what_the_modules_may_call():
    for component, listed in plan_of("base")["besides"].items():
        possible = {
            f"{service}:{operation}"
            for module in role_permissions.modules_of_role(component)
            for service, operation in role_permissions.operations_of_module(module)
        }
        assert set(listed) - possible == set(), component


def test_the_tours_hold_every_scenario():
    listed = {file.stem for file in deployer_policy.ROOT.glob("playbooks/*.yml")} - {"report", "verify", "configure_servers"}
    assert listed == set(SCENARIOS)
    assert {holder_of(scenario) for scenario in SCENARIOS} == {file.stem for file in TOURS.glob("*.yml")}
