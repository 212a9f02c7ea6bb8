"""A VPC with a load balancer, and groups of instances behind it, for tests of the data plane."""

from __future__ import annotations

import base64
import http.client
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.processes import REGION, Running
from tests.unit.emulator.instances.conftest import CORE, TRUST, until

SERVER = (Path(__file__).parent / "server.py").read_text(encoding="utf-8")
PORT = 8080
USER_DATA = f"""#!/bin/sh
echo "user data of $(hostname) by $(id -un)"
cat > /srv/server.py << 'SERVER'
{SERVER}
SERVER
setsid /usr/bin/python3 /srv/server.py {PORT} > /srv/log 2>&1 &
"""


@dataclass
class Fleet:
    """What the tests share. *group_arn*: the target group of the load balancer's listener."""

    emulator: Running
    vpc: str
    subnets: list[str]
    groups: dict[str, str]
    balancer: dict[str, Any]
    listener_arn: str
    group_arn: str
    template: str

    def ask(self, path="/", method="GET", body=None, headers=None, seconds=20):
        """Status, headers and what the server says of itself, through the load balancer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.emulator.port, timeout=seconds)
        connection.request(method, path, body, {"Host": self.balancer["DNSName"], **(headers or {})})
        answer = connection.getresponse()
        content = answer.read()
        return answer.status, answer.headers, json.loads(content) if content.startswith(b"{") else content

    def health(self, arn=None):
        """By instance: state and reason."""
        found = self.emulator.client("elbv2").describe_target_health(TargetGroupArn=arn or self.group_arn)["TargetHealthDescriptions"]
        return {one["Target"]["Id"]: (one["TargetHealth"]["State"], one["TargetHealth"].get("Reason")) for one in found}

    def states(self, name):
        """By instance: the lifecycle state."""
        found = self.emulator.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
        return {one["InstanceId"]: one["LifecycleState"] for one in found[0]["Instances"]}

    def in_state(self, name, state, count):
        """Waits until the group *name* has *count* instances, all of them in *state*."""
        return until(lambda: len(found := self.states(name)) == count and set(found.values()) == {state} and sorted(found))

    def group(self, name, size, hooks=(), **more):
        given = {"MinSize": 0, "MaxSize": 6, "DesiredCapacity": size, "TargetGroupARNs": [self.group_arn], **more}
        self.emulator.client("autoscaling").create_auto_scaling_group(
            AutoScalingGroupName=name,
            LaunchTemplate={"LaunchTemplateId": self.template, "Version": "$Latest"},
            VPCZoneIdentifier=",".join(self.subnets),
            LifecycleHookSpecificationList=[
                {"LifecycleHookName": hook, "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING", "HeartbeatTimeout": 600}
                for hook in hooks
            ],
            **given,
        )

    def answers(self, *ids, path="/health"):
        """Waits until the servers of these instances answer themselves."""
        for one in ids:
            until(lambda one=one: self.run(one, "true", path=path) is not None)

    def address(self, instance_id):
        found = self.emulator.client("ec2").describe_instances(InstanceIds=[instance_id])
        return found["Reservations"][0]["Instances"][0]["PrivateIpAddress"]

    def run(self, instance_id, script, path="/run"):
        """What *script* prints on the instance; None where its server does not answer."""
        enter = ["ip", "netns", "exec", f"refarch-{self.emulator.process.pid}", "curl", "-sS", "--max-time", "20"]
        url = f"http://{self.address(instance_id)}:{PORT}{path}"
        done = subprocess.run([*enter, "--data-binary", "@-", url], input=script.encode(), capture_output=True, check=False)
        return json.loads(done.stdout)["body"] if done.returncode == 0 else None

    def remove(self, name):
        self.emulator.client("autoscaling").delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)


def build(emulator: Running) -> Fleet:
    ec2, elbv2, iam = emulator.client("ec2"), emulator.client("elbv2"), emulator.client("iam")
    vpc = ec2.create_vpc(CidrBlock="10.88.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.88.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"]["SubnetId"]
        for n, zone in enumerate("ac")
    ]
    groups = {name: ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"] for name in ("balancer", "server")}
    allow(ec2, groups["balancer"], 80, CidrIp="0.0.0.0/0")
    allow(ec2, groups["server"], PORT, group=groups["balancer"])
    balancer = elbv2.create_load_balancer(Name="fleet", Subnets=subnets, SecurityGroups=[groups["balancer"]], Scheme="internal")
    balancer = balancer["LoadBalancers"][0]
    group_arn = target_group(emulator, "fleet", vpc)
    listener = elbv2.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group_arn}],
    )
    iam.create_role(RoleName="fleet", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.attach_role_policy(RoleName="fleet", PolicyArn=CORE)
    iam.create_instance_profile(InstanceProfileName="fleet")
    iam.add_role_to_instance_profile(InstanceProfileName="fleet", RoleName="fleet")
    image = ec2.describe_images(Owners=["amazon"], Filters=[{"Name": "architecture", "Values": ["x86_64"]}])["Images"][0]["ImageId"]
    data = {
        "ImageId": image,
        "InstanceType": "t3.micro",
        "IamInstanceProfile": {"Name": "fleet"},
        "SecurityGroupIds": [groups["server"]],
        "UserData": base64.b64encode(USER_DATA.encode()).decode(),
        "MetadataOptions": {"HttpTokens": "required"},
    }
    template = ec2.create_launch_template(LaunchTemplateName="fleet", LaunchTemplateData=data)["LaunchTemplate"]["LaunchTemplateId"]
    return Fleet(emulator, vpc, subnets, groups, balancer, listener["Listeners"][0]["ListenerArn"], group_arn, template)


def target_group(emulator: Running, name: str, vpc: str, **more: Any) -> str:
    """A target group that is asked every fifth of a second (6 seconds at AWS)."""
    check = {"HealthCheckPath": "/health", "HealthCheckIntervalSeconds": 6, "HealthCheckTimeoutSeconds": 3}
    counts = {"HealthyThresholdCount": 2, "UnhealthyThresholdCount": 2}
    made = emulator.client("elbv2").create_target_group(Name=name, Protocol="HTTP", Port=PORT, VpcId=vpc, **check, **counts, **more)
    return made["TargetGroups"][0]["TargetGroupArn"]


def allow(ec2: Any, group_id: str, port: int, group: str | None = None, **ip_range: str) -> None:
    peer = {"UserIdGroupPairs": [{"GroupId": group}]} if group else {"IpRanges": [ip_range]}
    ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=[{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **peer}])
