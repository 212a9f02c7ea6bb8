"""Load balancers in front of machines: health, forwarding, security groups, draining, and names; the last by the resolver."""

from __future__ import annotations

import socket
import subprocess
import threading
import time

import pytest

from emulator.instances.machine import missing
from tests.unit.emulator.instances.conftest import until
from tests.unit.emulator.instances.fleet import PORT, allow, target_group

pytestmark = pytest.mark.skipif(missing() is not None, reason=missing() or "")


@pytest.fixture(scope="module")
def pair(fleet):
    """Two healthy instances behind the load balancer."""
    fleet.group("pair", 2)
    found = fleet.in_state("pair", "InService", 2)
    until(lambda: fleet.health() == dict.fromkeys(found, ("healthy", None)))
    yield found
    fleet.remove("pair")
    until(lambda: not fleet.health())


@pytest.fixture
def elbv2(fleet):
    return fleet.emulator.client("elbv2")


def test_targets_take_turns(fleet, pair):
    asked = [fleet.ask()[2]["host"] for _ in range(6)]
    assert {asked.count(one) for one in pair} == {3}
    assert asked[0] != asked[1]


def test_what_a_target_gets(fleet, pair):
    headers = {"X-Forwarded-For": "203.0.113.9", "Connection": "X-Once", "X-Once": "1", "TE": "trailers", "X-Amzn-Trace-Id": "Root=1-a-b"}
    status, _headers, told = fleet.ask("/orders?id=1%202", "POST", bytes(range(256)), headers)
    assert (status, told["path"], told["body"]) == (200, "/orders?id=1%202", bytes(range(256)).decode("latin-1"))
    got = told["headers"]
    assert got["Host"] == fleet.balancer["DNSName"]
    assert got["X-Forwarded-For"] == "203.0.113.9, 127.0.0.1"
    assert (got["X-Forwarded-Proto"], got["X-Forwarded-Port"]) == ("http", "80")
    assert got["X-Amzn-Trace-Id"].startswith("Self=1-")
    assert got["X-Amzn-Trace-Id"].endswith(";Root=1-a-b")
    assert not {"X-Once", "Te", "TE", "Connection"} & set(got)
    assert fleet.ask()[2]["headers"]["X-Amzn-Trace-Id"].startswith("Root=1-")


def test_what_a_client_gets(fleet, pair):
    status, headers, told = fleet.ask("/chunked")
    assert (status, told["path"]) == (200, "/chunked")
    assert headers.get_all("Set-Cookie") == ["a=1", "b=2"]
    assert "Keep-Alive" not in headers
    assert "Transfer-Encoding" not in headers


def test_a_target_that_breaks_off_and_one_that_is_late(fleet, pair, elbv2):
    assert fleet.ask("/break")[0] == 502
    attributes = [{"Key": "idle_timeout.timeout_seconds", "Value": "1"}]
    elbv2.modify_load_balancer_attributes(LoadBalancerArn=fleet.balancer["LoadBalancerArn"], Attributes=attributes)
    assert fleet.ask("/slow/1.5")[0] == 504
    attributes = [{"Key": "idle_timeout.timeout_seconds", "Value": "60"}]
    elbv2.modify_load_balancer_attributes(LoadBalancerArn=fleet.balancer["LoadBalancerArn"], Attributes=attributes)
    assert fleet.ask("/slow/1.5")[0] == 200


def test_an_unhealthy_target_gets_no_requests_until_it_is_healthy_again(fleet, pair):
    sick, well = pair
    fleet.run(sick, "true", path="/become/500")
    until(lambda: fleet.health() == {sick: ("unhealthy", "Target.ResponseCodeMismatch"), well: ("healthy", None)})
    assert {fleet.ask()[2]["host"] for _ in range(4)} == {well}
    fleet.run(sick, "true", path="/become/200")
    until(lambda: fleet.health()[sick] == ("healthy", None))


def test_reasons_of_what_does_not_answer(fleet, pair, elbv2):
    refused = target_group(fleet.emulator, "refused", fleet.vpc, HealthCheckPort="9")
    shut = target_group(fleet.emulator, "shut", fleet.vpc)
    unused = target_group(fleet.emulator, "unused", fleet.vpc)
    ec2 = fleet.emulator.client("ec2")
    allow(ec2, fleet.groups["server"], 9, group=fleet.groups["balancer"])
    closed = ec2.create_security_group(GroupName="closed", Description="closed", VpcId=fleet.vpc)["GroupId"]
    other = elbv2.create_load_balancer(Name="other", Subnets=fleet.subnets, SecurityGroups=[closed], Scheme="internal")["LoadBalancers"][0]
    for arn, port in ((refused, 81), (shut, 82)):
        balancer = fleet.balancer if arn == refused else other
        action = {"Type": "forward", "TargetGroupArn": arn}
        elbv2.create_listener(LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=port, DefaultActions=[action])
    for arn in (refused, shut, unused):
        elbv2.register_targets(TargetGroupArn=arn, Targets=[{"Id": pair[0]}])
    until(lambda: fleet.health(refused) == {pair[0]: ("unhealthy", "Target.FailedHealthChecks")})
    until(lambda: fleet.health(shut) == {pair[0]: ("unhealthy", "Target.Timeout")})
    assert fleet.health(unused) == {pair[0]: ("unused", "Target.NotInUse")}
    elbv2.delete_load_balancer(LoadBalancerArn=other["LoadBalancerArn"])


def test_a_deregistered_target_drains_and_comes_back(fleet, pair, elbv2):
    answers = []
    clients = [threading.Thread(target=lambda: answers.append(fleet.ask("/slow/1.5"))) for _ in pair]
    for client in clients:
        client.start()
    time.sleep(0.4)
    leaving, staying = pair
    elbv2.deregister_targets(TargetGroupArn=fleet.group_arn, Targets=[{"Id": leaving}])
    assert fleet.health() == {leaving: ("draining", "Target.DeregistrationInProgress"), staying: ("healthy", None)}
    assert {fleet.ask()[2]["host"] for _ in range(4)} == {staying}
    for client in clients:
        client.join()
    assert {(status, told["host"]) for status, _headers, told in answers} == {(200, leaving), (200, staying)}
    until(lambda: fleet.health() == {staying: ("healthy", None)})
    described = elbv2.describe_target_health(TargetGroupArn=fleet.group_arn, Targets=[{"Id": leaving}])["TargetHealthDescriptions"]
    assert described[0]["TargetHealth"]["State"] == "unused"
    elbv2.register_targets(TargetGroupArn=fleet.group_arn, Targets=[{"Id": leaving}])
    assert fleet.health()[leaving][0] == "initial"
    until(lambda: fleet.health()[leaving] == ("healthy", None))
    assert fleet.states("pair")[leaving] == "InService"


def test_nothing_that_is_only_registered_gets_requests(fleet, pair, elbv2):
    sleepy = target_group(fleet.emulator, "sleepy", fleet.vpc)
    elbv2.modify_target_group(TargetGroupArn=sleepy, HealthyThresholdCount=10, HealthCheckIntervalSeconds=300)
    elbv2.register_targets(TargetGroupArn=sleepy, Targets=[{"Id": pair[0]}])
    elbv2.modify_listener(ListenerArn=fleet.listener_arn, DefaultActions=[{"Type": "forward", "TargetGroupArn": sleepy}])
    until(lambda: fleet.health(sleepy) == {pair[0]: ("initial", "Elb.InitialHealthChecking")})
    assert fleet.ask()[0] == 503
    elbv2.modify_listener(ListenerArn=fleet.listener_arn, DefaultActions=[{"Type": "forward", "TargetGroupArn": fleet.group_arn}])
    until(lambda: fleet.ask()[0] == 200)


def test_it_answers_instances_by_its_name(fleet, pair):
    url = f"http://{fleet.balancer['DNSName']}/from-inside"
    printed = fleet.run(pair[0], f"curl -sS --max-time 10 {url}")
    assert '"path": "/from-inside"' in printed
    assert f'"X-Forwarded-For": "{fleet.address(pair[0])}"' in printed


def test_whom_its_groups_do_not_let_in_gets_no_answer(fleet, pair):
    ec2 = fleet.emulator.client("ec2")
    everybody = [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    ec2.revoke_security_group_ingress(GroupId=fleet.groups["balancer"], IpPermissions=everybody)
    asked = f"curl -sS --max-time 10 http://{fleet.balancer['DNSName']}/; echo code $?"
    assert "code 52" in fleet.run(pair[0], asked)  # an empty reply
    allow(ec2, fleet.groups["balancer"], 80, group=fleet.groups["server"])
    assert "code 0" in fleet.run(pair[0], asked)
    allow(ec2, fleet.groups["balancer"], 80, CidrIp="0.0.0.0/0")


def test_a_target_whose_groups_shut_the_balancer_out_times_out(fleet, pair):
    ec2 = fleet.emulator.client("ec2")
    from_balancer = [{"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT, "UserIdGroupPairs": [{"GroupId": fleet.groups["balancer"]}]}]
    ec2.revoke_security_group_ingress(GroupId=fleet.groups["server"], IpPermissions=from_balancer)
    until(lambda: set(fleet.health().values()) == {("unhealthy", "Target.Timeout")})
    ec2.authorize_security_group_ingress(GroupId=fleet.groups["server"], IpPermissions=from_balancer)
    until(lambda: set(fleet.health().values()) == {("healthy", None)})


LOOK_UP = """
getent ahostsv4 {name} | awk '$2 == "STREAM" {{print $1}}' | sort -u; echo end
"""


def looked_up(fleet, instance_id, name):
    return fleet.run(instance_id, LOOK_UP.format(name=name)).split("end")[0].split()


def test_names(fleet, pair):
    route53, ec2 = fleet.emulator.client("route53"), fleet.emulator.client("ec2")
    elsewhere = ec2.create_vpc(CidrBlock="10.89.0.0/16")["Vpc"]["VpcId"]
    zones = {}
    for name, vpc in (("shop.internal", fleet.vpc), ("other.internal", elsewhere)):
        made = route53.create_hosted_zone(Name=name, CallerReference=name, VPC={"VPCRegion": "ap-northeast-2", "VPCId": vpc})
        zones[name] = made["HostedZone"]["Id"]
    alias = {"HostedZoneId": fleet.balancer["CanonicalHostedZoneId"], "DNSName": fleet.balancer["DNSName"], "EvaluateTargetHealth": True}
    wanted = {
        "shop.internal": [
            {"Name": "plain.shop.internal", "Type": "A", "TTL": 42, "ResourceRecords": [{"Value": "10.88.0.77"}]},
            {"Name": "link.shop.internal", "Type": "CNAME", "TTL": 30, "ResourceRecords": [{"Value": "plain.shop.internal"}]},
            {"Name": "alias.shop.internal", "Type": "A", "AliasTarget": alias},
            {"Name": "*.any.shop.internal", "Type": "A", "TTL": 5, "ResourceRecords": [{"Value": "10.88.0.78"}]},
        ],
        "other.internal": [{"Name": "plain.other.internal", "Type": "A", "TTL": 5, "ResourceRecords": [{"Value": "10.89.0.1"}]}],
    }
    for zone, records in wanted.items():
        changes = [{"Action": "CREATE", "ResourceRecordSet": record} for record in records]
        route53.change_resource_record_sets(HostedZoneId=zones[zone], ChangeBatch={"Changes": changes})
    interfaces = ec2.describe_network_interfaces(Filters=[{"Name": "description", "Values": ["ELB app/fleet/*"]}])["NetworkInterfaces"]
    balancer = sorted(one["PrivateIpAddress"] for one in interfaces)
    assert len(balancer) == 2
    own = fleet.address(pair[0])
    for name, addresses in {
        "plain.shop.internal": ["10.88.0.77"],
        "link.shop.internal": ["10.88.0.77"],
        "alias.shop.internal": balancer,
        "one.any.shop.internal": ["10.88.0.78"],
        fleet.balancer["DNSName"]: balancer,
        f"ip-{own.replace('.', '-')}.ap-northeast-2.compute.internal": [own],
        "truststore.pki.rds.amazonaws.com": ["169.254.169.253"],
        "none.shop.internal": [],
        "plain.other.internal": [],
        "www.example.com": [],
    }.items():
        assert looked_up(fleet, pair[0], name) == addresses, name


def question(fleet, instance_id, name, tcp=False):
    """The resolver's whole answer to an instance, as dnspython reads it."""
    import dns.message

    asked = dns.message.make_query(name, "A")
    send = "import socket,sys;d=bytes.fromhex(sys.argv[1]);"
    if tcp:
        send += "s=socket.create_connection(('169.254.169.253',53));s.sendall(len(d).to_bytes(2,'big')+d);print(s.recv(4096)[2:].hex())"
    else:
        send += "s=socket.socket(2,2);s.settimeout(5);s.sendto(d,('169.254.169.253',53));print(s.recv(4096).hex())"
    return dns.message.from_wire(bytes.fromhex(fleet.run(instance_id, f'/usr/bin/python3 -c "{send}" {asked.to_wire().hex()}').strip()))


@pytest.mark.parametrize("tcp", [False, True])
def test_answers_have_the_ttl_of_their_records_and_a_code(fleet, pair, tcp):
    import dns.rcode

    answer = question(fleet, pair[0], "link.shop.internal", tcp)
    assert [(one.name.to_text(), one.ttl) for one in answer.answer] == [("link.shop.internal.", 30), ("plain.shop.internal.", 42)]
    assert question(fleet, pair[0], "none.shop.internal", tcp).rcode() == dns.rcode.NXDOMAIN
    assert question(fleet, pair[0], "shop.internal", tcp).rcode() == dns.rcode.NOERROR


def test_the_trust_store_and_nothing_else_is_at_port_80(fleet, pair):
    bundle = fleet.run(pair[0], "curl -sS http://truststore.pki.rds.amazonaws.com/global/global-bundle.pem")
    read = subprocess.run(["openssl", "x509", "-noout", "-subject"], input=bundle, capture_output=True, text=True, check=True)
    assert "Emulated RDS Root CA" in read.stdout
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", 80), 2)
