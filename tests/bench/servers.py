"""``python -m tests.bench.servers``: what servers cost, on the emulator's machines.

Seconds until a server is there and has configured itself, of an unchanged bundle that is applied again (pull), and of a task that is
pushed over Session Manager. Needs Linux and root, and says so where it has not got them. Exit code 2 where something failed.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from emulator.instances.machine import missing
from tests.processes import ROOT, Running, start

BUILD = ROOT / "build" / "bench" / "servers"
PUSH = ROOT / "tests" / "bench" / "playbooks" / "push.yml"
#: Of that playbook, whose play gathers no facts.
TASKS = 10
GROUP = "refarch-local-web"
PATIENCE = 600


class Failed(Exception):
    """Something did not end well. Its text is what was said."""


def ansible(emulator: Running, *arguments: str) -> float:
    """Seconds of ``ansible-playbook`` with *arguments*. Raises Failed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANSIBLE_", "REFARCH_"))}
    begun = time.monotonic()
    done = subprocess.run(
        [ROOT / ".venv" / "bin" / "ansible-playbook", *arguments],
        cwd=ROOT,
        env={**kept, "AWS_ENDPOINT_URL": emulator.url},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Failed(done.stdout[-3000:] + done.stderr[-1000:])
    return time.monotonic() - begun


def until(look: Callable[[], Any]) -> float:
    """Seconds until *look* finds something. Raises Failed."""
    begun = time.monotonic()
    while not look():
        if time.monotonic() - begun > PATIENCE:
            raise Failed(f"not within {PATIENCE} seconds")
        time.sleep(0.1)
    return time.monotonic() - begun


def in_service(emulator: Running) -> int:
    (group,) = emulator.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])["AutoScalingGroups"]
    return sum(one["LifecycleState"] == "InService" for one in group["Instances"])


def new_server(emulator: Running, count: int) -> float:
    """Seconds from the wish for one more server of the web tier until it is in service, the *count*-th."""
    emulator.client("autoscaling").set_desired_capacity(AutoScalingGroupName=GROUP, DesiredCapacity=count)
    return until(lambda: in_service(emulator) == count)


def applied_again(emulator: Running) -> float:
    """Seconds of an unchanged bundle on one server of the app tier, by the state manager."""
    ssm = emulator.client("ssm")
    wanted = [{"key": "AssociationName", "value": "refarch-local-configure-app"}]
    (association,) = ssm.list_associations(AssociationFilterList=wanted)["Associations"]
    identity = association["AssociationId"]

    def succeeded() -> int:
        executions = ssm.describe_association_executions(AssociationId=identity)["AssociationExecutions"]
        return sum(one["Status"] == "Success" for one in executions)

    before = succeeded()
    ssm.start_associations_once(AssociationIds=[identity])
    # Half of two servers at once: one after the other.
    return until(lambda: succeeded() > before) / 2


def booted(emulator: Running) -> float:
    """Seconds from RunInstances, with what a server of the web tier has, until the server's agent is connected."""
    ec2, ssm = emulator.client("ec2"), emulator.client("ssm")
    filters = [{"Name": "tag:aws:autoscaling:groupName", "Values": [GROUP]}, {"Name": "instance-state-name", "Values": ["running"]}]
    like = ec2.describe_instances(Filters=filters)["Reservations"][0]["Instances"][0]
    begun = time.monotonic()
    made = ec2.run_instances(
        ImageId=like["ImageId"],
        InstanceType=like["InstanceType"],
        SubnetId=like["SubnetId"],
        IamInstanceProfile={"Arn": like["IamInstanceProfile"]["Arn"]},
        MetadataOptions={"HttpTokens": "required"},
        MinCount=1,
        MaxCount=1,
    )
    identity = made["Instances"][0]["InstanceId"]
    online = [{"Key": "InstanceIds", "Values": [identity]}]
    until(lambda: ssm.describe_instance_information(Filters=online)["InstanceInformationList"])
    seconds = time.monotonic() - begun
    ec2.terminate_instances(InstanceIds=[identity])
    return seconds


def pushed(emulator: Running, *limit: str) -> float:
    """Seconds for each task of a play of ten."""
    return ansible(emulator, "-i", "inventories/local/aws_ec2.yml", str(PUSH), *limit) / TASKS


def measure(emulator: Running, runs: int) -> dict[str, list[float]]:
    first = f"stack_build_folder={BUILD}"
    ansible(emulator, "-i", "inventories/local", "playbooks/base.yml", "-e", first)
    described = emulator.client("ssm").describe_instance_information()["InstanceInformationList"]
    one = ("--limit", described[0]["InstanceId"])
    return {
        "a server boots, and its agent is connected": [booted(emulator) for _run in range(runs)],
        "a new server boots, configures itself and is in service": [new_server(emulator, count) for count in (3, 4)],
        "an unchanged bundle is applied to a server": [applied_again(emulator) for _run in range(runs)],
        "a task is pushed to one server": [pushed(emulator, *one) for _run in range(runs)],
        "a task is pushed to six servers at once": [pushed(emulator) for _run in range(runs)],
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.servers", description="Measure servers on the emulator's machines.")
    parser.add_argument("--runs", type=int, default=3, help="runs of each case but the first, which has two (default 3)")
    options = parser.parse_args(arguments)
    if reason := missing():
        print(f"Servers are not measured: {reason}.")
        return 0
    before = os.getloadavg()[0]
    emulator = start("emulator", "--port", "0", "--instances")
    try:
        found = measure(emulator, options.runs)
    except Failed as error:
        print(f"bench: {re.sub(r'\n{2,}', '\n', str(error))}", file=sys.stderr)
        return 2
    finally:
        emulator.stop()
    print("Seconds, median (least-most, runs):")
    for what, seconds in found.items():
        print(f"  {what}: {statistics.median(seconds):.1f} ({min(seconds):.1f}-{max(seconds):.1f}, {len(seconds)})")
    print(f"Load average {before:.2f} before, {os.getloadavg()[0]:.2f} after, on {os.cpu_count()} CPUs.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
