"""Command documents, as the agent of an emulated instance runs them."""

from __future__ import annotations

import pytest

from emulator.instances.documents import InvalidStep, Runner, filled, values
from emulator.instances.machine import Instance, missing
from emulator.instances.network import Network

needs_instances = pytest.mark.skipif(missing() is not None, reason=missing() or "")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("{{ one }}", "1"),
        ("{{one}}-{{ two }}", '1-["a", "b"]'),
        (["{{ two }}", "c"], ["a", "b", "c"]),
        ({"key": "{{ one }}"}, {"key": "1"}),
        ("{{ unknown }} {{ ssm:name }}", "{{ unknown }} {{ ssm:name }}"),
        (5, 5),
    ],
)
def test_parameters_are_filled_in(value, expected):
    assert filled(value, {"one": "1", "two": ["a", "b"]}) == expected


def test_values_are_what_is_given_or_the_default():
    document = {
        "parameters": {
            "Text": {"type": "String", "default": "t"},
            "List": {"type": "StringList"},
            "Map": {"type": "StringMap"},
            "Given": {"type": "String", "default": "no"},
        }
    }
    given = {"List": ["a", "b"], "Map": ['{"path": "p"}'], "Given": ["yes"]}
    assert values(document, given) == {"Text": "t", "List": ["a", "b"], "Map": {"path": "p"}, "Given": "yes"}
    with pytest.raises(InvalidStep, match="Parameter List has no value"):
        values(document, {})


@pytest.fixture(scope="module")
def runner():
    network = Network()
    network.create()
    machine = Instance("i-0123456789abcdef0", "10.9.0.4", network)
    machine.boot()
    yield Runner(machine)
    machine.stop()
    network.delete()


def document(*steps, **parameters):
    return {"schemaVersion": "2.2", "parameters": parameters, "mainSteps": list(steps)}


def shell(name, *lines, **more):
    inputs = {"runCommand": list(lines), **more.pop("inputs", {})}
    return {"action": "aws:runShellScript", "name": name, "inputs": inputs, **more}


@needs_instances
def test_a_script_runs_where_it_should(runner):
    found = runner.run(document(shell("one", "pwd", "hostname", "echo {{ Word }}"), Word={"type": "String", "default": "hello"}), {}, "r1")
    folder = "/var/lib/amazon/ssm/i-0123456789abcdef0/document/orchestration/r1/downloads"
    assert (found.status, found.code, found.output) == ("Success", 0, f"{folder}\ni-0123456789abcdef0\nhello\n")


@needs_instances
def test_a_failed_step_fails_the_document_and_the_next_runs(runner):
    found = runner.run(document(shell("one", "echo bad >&2; exit 3"), shell("two", "echo good")), {}, "r2")
    assert (found.status, found.output) == ("Failed", "good\n")
    assert found.error == "bad\nfailed to run commands: exit status 3\n"
    assert found.steps == {"one": "Failed", "two": "Success"}


@needs_instances
def test_a_failed_step_may_end_the_document(runner):
    found = runner.run(document(shell("one", "exit 3", inputs={"onFailure": "exit"}), shell("two", "echo good")), {}, "r3")
    assert (found.status, found.code, found.output, found.steps) == ("Failed", 3, "", {"one": "Failed"})


@needs_instances
def test_a_step_for_another_platform_is_left_out(runner):
    windows = {"StringEquals": ["platformType", "Windows"]}
    linux = {"StringEquals": ["platformType", "Linux"]}
    found = runner.run(document(shell("one", "exit 1", precondition=windows), shell("two", "echo linux", precondition=linux)), {}, "r4")
    assert (found.status, found.steps) == ("Success", {"one": "Skipped", "two": "Success"})


@needs_instances
def test_what_takes_too_long_is_ended_with_all_that_it_began(runner):
    found = runner.run(document(shell("one", "sleep 61 & sleep 62", inputs={"timeoutSeconds": "1"})), {}, "r5")
    assert (found.status, found.code) == ("TimedOut", -1)
    assert runner._machine.run("pgrep", "-f", "sleep 6[12]").stdout == b""


@needs_instances
def test_what_no_agent_can_do_fails(runner):
    found = runner.run(document({"action": "aws:runPowerShellScript", "name": "one", "inputs": {}}), {}, "r6")
    assert found.status == "Failed"
    assert "aws:runPowerShellScript is not supported" in found.error


@needs_instances
def test_output_is_cut_where_aws_cuts_it(runner):
    found = runner.run(document(shell("one", "seq 1 10000; seq 1 10000 >&2")), {}, "r7")
    assert (len(found.output), len(found.error)) == (24000, 8000)
