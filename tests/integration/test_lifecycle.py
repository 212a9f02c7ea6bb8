"""The base from the first plan to the last removal, in the order of the tests, as a user would do it."""

from __future__ import annotations

import json

import pytest

from emulator.judge import judge_calls
from tests.integration.inventory import listing
from tests.integration.stack import Done, Stack, writes

UNKNOWN = "(known after apply)"

#: What AWS makes of what was asked for: the secret of a master user, the alarms of a scaling policy.
MADE_BY_AWS = ("rds!db-", "TargetTracking-")

#: Three settings of three components, with the one call that each makes.
THREE_SETTINGS = {
    "keys_rotation_period_days": 180,
    "storage_transfer_retention_days": 2,
    "network_flow_logs_retention_days": 400,
}


@pytest.fixture(scope="module")
def stack(emulator, tmp_path_factory):
    return Stack(emulator.url, tmp_path_factory.mktemp("lifecycle"))


@pytest.fixture(scope="module")
def kept(emulator):
    """What the tests of this file hand on to one another, and the account before the first of them."""
    return {"empty": listing(emulator)}


def counted(emulator, run) -> tuple[Done, int]:
    """(the run, mutating requests that it sent to the server)."""
    emulator.post("/emulator/requests/reset")
    done = run()
    return done, writes(emulator)


def matches(planned, applied) -> bool:
    """Whether a planned value is the applied one, where the plan could know it."""
    if isinstance(planned, str) and UNKNOWN in planned:
        return True
    if isinstance(planned, dict) and isinstance(applied, dict):
        return planned.keys() == applied.keys() and all(matches(planned[key], applied[key]) for key in planned)
    if isinstance(planned, list) and isinstance(applied, list):
        return planned == applied or len(planned) == len(applied) and all(map(matches, planned, applied)) or UNKNOWN in json.dumps(planned)
    return planned == applied


def call_of(change) -> tuple:
    return change["component"], change["service"], change["operation"], change["kind"], change["name"]


def test_a_plan_on_an_empty_account_writes_nothing(emulator, stack, kept):
    plan, sent = counted(emulator, stack.plan)
    assert sent == 0
    assert plan.total("changed") > 0
    assert plan.report["summary"]["create"] > 60
    assert listing(emulator) == kept["empty"]
    kept["plan"] = plan


def test_a_plan_shows_each_call_with_its_parameters_and_no_secret(kept):
    output = kept["plan"].output
    assert "(ec2:CreateVpc)" in output
    assert "CidrBlock: 10.0.0.0/16" in output
    assert UNKNOWN in output
    assert "emulator-secret-key" not in output


def test_the_apply_makes_the_planned_calls_and_no_other(emulator, stack, kept, tmp_path_factory):
    record = tmp_path_factory.mktemp("record") / "calls.jsonl"
    done = stack.apply(environment={"REFARCH_RECORD": str(record)})
    planned, applied = kept["plan"].planned, list(done.report["changes"])
    certain = [change for change in planned if change["inputs_known"]]
    assert sorted(map(call_of, certain)) == sorted(call_of(change) for change in applied if call_of(change) in set(map(call_of, certain)))
    uncertain = {(change["component"], change["kind"], change["name"]) for change in planned if not change["inputs_known"]}
    unplanned = [change for change in applied if call_of(change) not in set(map(call_of, certain))]
    assert [change for change in unplanned if (change["component"], change["kind"], change["name"]) not in uncertain] == []
    left = list(applied)
    for change in certain:
        found = next(
            (other for other in left if call_of(other) == call_of(change) and matches(change["parameters"], other["parameters"])), None
        )
        assert found is not None, change
        left.remove(found)
    kept["record"] = record


def test_every_resource_that_now_stands_was_in_the_plan(emulator, kept):
    planned = json.dumps(kept["plan"].report["changes"])
    stands = listing(emulator)
    for kind, names in stands.items():
        new = list(names)
        for name in kept["empty"][kind]:
            new.remove(name)
        for name in new:
            if name and not name.startswith(MADE_BY_AWS) and kind != "security group rule":
                assert name in planned or name.rpartition(".")[2] in planned or name.rstrip(".") in planned, f"{kind} {name}"
    kept["stands"] = stands


def test_aws_would_have_taken_each_recorded_call(kept):
    assert judge_calls(kept["record"]) == []


def test_a_second_run_changes_nothing(emulator, stack):
    done, sent = counted(emulator, stack.apply)
    assert done.total("changed") == 0
    assert done.report["summary"] == {"create": 0, "update": 0, "delete": 0, "unknown_inputs": 0}
    assert sent == 2  # the lock, taken and released


def test_a_plan_on_what_stands_shows_nothing(emulator, stack):
    plan, sent = counted(emulator, stack.plan)
    assert (plan.total("changed"), plan.planned, sent) == (0, [], 0)


def test_a_plan_shows_exactly_three_changed_settings(emulator, stack):
    plan, sent = counted(emulator, lambda: stack.plan(**THREE_SETTINGS))
    assert sent == 0
    calls = {(change["component"], change["operation"]) for change in plan.planned}
    assert calls == {("keys", "EnableKeyRotation"), ("storage", "PutBucketLifecycleConfiguration"), ("network", "PutRetentionPolicy")}
    retention = [change["parameters"] for change in plan.planned if change["operation"] == "PutRetentionPolicy"]
    assert [parameters["retentionInDays"] for parameters in retention] == [400]
    assert all(change["parameters"]["RotationPeriodInDays"] == 180 for change in plan.planned if change["component"] == "keys")
    for operation in ("EnableKeyRotation", "PutBucketLifecycleConfiguration", "PutRetentionPolicy"):
        assert f":{operation})" in plan.output


def test_drift_is_shown_and_repaired(emulator, stack):
    ec2, s3 = emulator.client("ec2"), emulator.client("s3")
    bucket = next(found["Name"] for found in s3.list_buckets()["Buckets"] if "-data-" in found["Name"])
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    group = next(found for found in ec2.describe_security_groups()["SecurityGroups"] if found["GroupName"].endswith("-database"))
    ec2.authorize_security_group_ingress(
        GroupId=group["GroupId"], IpPermissions=[{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    )
    plan = stack.plan()
    assert {change["operation"] for change in plan.planned} == {"PutBucketVersioning", "RevokeSecurityGroupIngress"}
    stack.apply("--tags", "network,storage")
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert stack.plan("--tags", "network,storage").planned == []


def test_a_lost_registry_is_written_anew(emulator, stack, kept):
    ssm = emulator.client("ssm")
    components = [f"/refarch/local/{component}" for component in kept["plan"].report["components"]]
    for component in components:  # what applications keep below is no registry
        ssm.delete_parameter(Name=component)
    done = stack.apply()
    assert {change["operation"] for change in done.report["changes"]} == {"PutParameter"}
    assert listing(emulator) == kept["stands"]


def test_a_stale_registry_leads_to_no_wrong_write(emulator, stack, kept):
    ssm = emulator.client("ssm")
    name = "/refarch/local/keys"
    outputs = json.loads(ssm.get_parameter(Name=name)["Parameter"]["Value"])
    arns = outputs["key_arns"]
    outputs["key_arns"] = dict.fromkeys(arns, arns["audit"])  # keys that exist, and are the wrong ones
    ssm.put_parameter(Name=name, Value=json.dumps(outputs), Overwrite=True)
    done = stack.apply()
    assert {(change["component"], change["operation"]) for change in done.report["changes"]} == {("keys", "PutParameter")}
    assert listing(emulator) == kept["stands"]
    assert json.loads(ssm.get_parameter(Name=name)["Parameter"]["Value"])["key_arns"] == arns


def test_one_component_by_its_tag(emulator, stack):
    done = stack.apply("--tags", "network")
    assert list(done.report["components"]) == ["network"]
    refused = stack.run("--tags", "netwrok")
    assert refused.code != 0
    assert "netwrok is no component of this stack" in refused.output


STOCK = {"REFARCH_RUNNER": "stock"}


def test_the_stock_runner_finds_the_same_stack(emulator, stack, long):
    """Of all components, or without LONG=1, since it takes some seconds for each task, of a few."""
    done = stack.apply(*(() if long else ("--tags", "keys,network,servers")), environment=STOCK)
    assert done.total("changed") == 0
    assert len(done.report["components"]) > 2


def test_a_plan_of_the_removal_writes_nothing(emulator, stack, kept):
    plan, sent = counted(emulator, lambda: stack.plan(stack_state="absent"))
    assert sent == 0
    assert plan.report["summary"]["delete"] > 50
    assert listing(emulator) == kept["stands"]


def test_removal_leaves_nothing(emulator, stack, kept):
    stack.remove(keys_restore_account_settings=True)
    assert listing(emulator) == kept["empty"]


def test_a_second_removal_is_quiet(emulator, stack):
    done, sent = counted(emulator, stack.remove)
    assert done.total("changed") == 0
    assert sent == 2  # the lock, taken and released


def test_it_can_be_built_again(emulator, stack, kept, long):
    """With LONG=1 by the stock way."""
    stack.apply(environment=STOCK if long else {})
    assert listing(emulator) == kept["stands"]
    assert stack.apply().total("changed") == 0
