"""An emulator with instances, and instances in it."""

from __future__ import annotations

import json
import time

import pytest

from tests.processes import start

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
CORE = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"


@pytest.fixture(scope="module")
def emulator():
    running = start("emulator", "--port", "0", "--instances")
    yield running
    running.stop()


@pytest.fixture(scope="session")
def fleet():
    """A load balancer, and what groups of instances need. Tests share it: their groups have names of their own, and are removed."""
    from tests.unit.emulator.instances.fleet import build  # which needs this module

    running = start("emulator", "--port", "0", "--instances")
    yield build(running)
    running.stop()


@pytest.fixture(scope="module")
def launch(emulator):
    """Launches an instance with the profile *name*, and gives its description."""
    return launcher(emulator)


@pytest.fixture(scope="module")
def another(emulator, launch):
    """Launches one more instance of a tier."""

    def launched(tier):
        tags = [{"ResourceType": "instance", "Tags": [{"Key": "Tier", "Value": tier}]}]
        name = launch("managed", TagSpecifications=tags)["InstanceId"]
        until(lambda: connected(emulator, name))
        return name

    return launched


@pytest.fixture
def launch_in():
    """The same in another emulator than that of the tests."""
    return launcher


def launcher(emulator):
    ec2, iam = emulator.client("ec2"), emulator.client("iam")
    subnets = ec2.describe_subnets()["Subnets"]
    image = next(image for image in ec2.describe_images(Owners=["amazon"])["Images"] if image["Architecture"] == "x86_64")
    made = set()

    def launched(name, policies=(CORE,), **more):
        if name not in made:
            made.add(name)
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
            for policy in policies:
                iam.attach_role_policy(RoleName=name, PolicyArn=policy)
            iam.create_instance_profile(InstanceProfileName=name)
            iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
        answer = ec2.run_instances(
            ImageId=image["ImageId"],
            InstanceType="t3.micro",
            MinCount=1,
            MaxCount=1,
            SubnetId=subnets[0]["SubnetId"],
            IamInstanceProfile={"Name": name},
            MetadataOptions={"HttpTokens": "required", "HttpEndpoint": "enabled"},
            **more,
        )
        return answer["Instances"][0]

    return launched


def until(look, seconds=20):
    ends = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < ends:
        time.sleep(0.05)
    assert found
    return found


def connected(emulator, instance_id):
    return emulator.client("ssm").get_connection_status(Target=instance_id)["Status"] == "connected"
