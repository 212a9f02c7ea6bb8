"""The patches of Amazon VPC and EBS, each through boto3."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

import emulator.services

emulator.services.apply_all()
REGION = "ap-northeast-2"


@pytest.fixture
def ec2(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield boto3.client("ec2", region_name=REGION)


@pytest.fixture
def vpc_id(ec2):
    return ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]


@pytest.fixture
def subnet_id(ec2, vpc_id):
    return ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]


def group(ec2, vpc_id, name="one"):
    return ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc_id)["GroupId"]


def rules(ec2, group_id):
    return ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group_id]}])["SecurityGroupRules"]


def refused(call, **parameters):
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    return raised.value.response["Error"]["Code"]


def nat(ec2, subnet_id):
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    tags = [{"ResourceType": "natgateway", "Tags": [{"Key": "Name", "Value": "nat"}]}]
    gateway = ec2.create_nat_gateway(SubnetId=subnet_id, AllocationId=address, TagSpecifications=tags)["NatGateway"]
    return gateway["NatGatewayId"], address


def test_default_security_group_lets_itself_in(ec2, vpc_id):
    filters = [{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "group-name", "Values": ["default"]}]
    (default,) = ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
    found = {rule["IsEgress"]: rule for rule in rules(ec2, default["GroupId"])}
    assert found[False]["ReferencedGroupInfo"]["GroupId"] == default["GroupId"]
    assert found[True]["CidrIpv4"] == "0.0.0.0/0"


@pytest.mark.parametrize(
    ("peer", "modified"),
    [
        ({"IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "a"}]}, {"CidrIpv4": "10.0.0.0/8"}),
        ({"UserIdGroupPairs": [{"GroupId": "self", "Description": "a"}]}, {"ReferencedGroupId": "self"}),
        ({"PrefixListIds": [{"PrefixListId": "pl", "Description": "a"}]}, {"PrefixListId": "pl"}),
    ],
)
def test_security_group_rules_keep_their_description(ec2, vpc_id, peer, modified):
    group_id = group(ec2, vpc_id)
    ids = {"self": group_id, "pl": ec2.describe_managed_prefix_lists()["PrefixLists"][0]["PrefixListId"]}
    peer = {key: [{k: ids.get(v, v) for k, v in item.items()} for item in items] for key, items in peer.items()}
    ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, **peer}])
    (rule,) = [rule for rule in rules(ec2, group_id) if not rule["IsEgress"]]
    assert rule["Description"] == "a"
    change = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "Description": "b", **{k: ids.get(v, v) for k, v in modified.items()}}
    ec2.modify_security_group_rules(
        GroupId=group_id, SecurityGroupRules=[{"SecurityGroupRuleId": rule["SecurityGroupRuleId"], "SecurityGroupRule": change}]
    )
    (rule,) = [rule for rule in rules(ec2, group_id) if not rule["IsEgress"]]
    assert rule["Description"] == "b"


def test_security_group_in_use_stays(ec2, vpc_id):
    one, other = group(ec2, vpc_id), group(ec2, vpc_id, "other")
    ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": one}]}])
    assert refused(ec2.delete_security_group, GroupId=one) == "DependencyViolation"
    ec2.delete_security_group(GroupId=other)
    ec2.delete_security_group(GroupId=one)


def test_network_acl_ends_with_deny_and_its_entries_exist(ec2, vpc_id):
    acl = ec2.create_network_acl(VpcId=vpc_id)["NetworkAcl"]
    assert {(entry["Egress"], entry["RuleNumber"], entry["RuleAction"]) for entry in acl["Entries"]} == {
        (True, 32767, "deny"),
        (False, 32767, "deny"),
    }
    missing = {"NetworkAclId": acl["NetworkAclId"], "RuleNumber": 7, "Egress": True}
    assert refused(ec2.delete_network_acl_entry, **missing) == "InvalidNetworkAclEntry.NotFound"


def test_nat_gateways_are_filtered_and_leave_nothing_behind(ec2, subnet_id):
    gateway_id, address = nat(ec2, subnet_id)
    filters = [{"Name": "tag:Name", "Values": ["nat"]}, {"Name": "state", "Values": ["available"]}]
    assert [gateway["NatGatewayId"] for gateway in ec2.describe_nat_gateways(Filters=filters)["NatGateways"]] == [gateway_id]
    assert ec2.describe_nat_gateways(Filters=[{"Name": "tag:Name", "Values": ["other"]}])["NatGateways"] == []
    assert refused(ec2.release_address, AllocationId=address) == "InvalidIPAddress.InUse"
    assert refused(ec2.delete_subnet, SubnetId=subnet_id) == "DependencyViolation"
    ec2.delete_nat_gateway(NatGatewayId=gateway_id)
    ec2.release_address(AllocationId=address)
    ec2.delete_subnet(SubnetId=subnet_id)


def test_route_needs_its_nat_gateway(ec2, vpc_id, subnet_id):
    table = ec2.create_route_table(VpcId=vpc_id)["RouteTable"]["RouteTableId"]
    gateway_id, _address = nat(ec2, subnet_id)
    ec2.delete_nat_gateway(NatGatewayId=gateway_id)
    route = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": gateway_id}
    assert refused(ec2.create_route, **route) == "InvalidNatGatewayID.NotFound"


def test_internet_gateway_in_use_stays(ec2, vpc_id, subnet_id):
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc_id)
    nat_id, _address = nat(ec2, subnet_id)
    attachment = {"InternetGatewayId": gateway, "VpcId": vpc_id}
    assert refused(ec2.detach_internet_gateway, **attachment) == "DependencyViolation"
    ec2.delete_nat_gateway(NatGatewayId=nat_id)
    assert refused(ec2.delete_vpc, VpcId=vpc_id) == "DependencyViolation"
    ec2.detach_internet_gateway(**attachment)


def test_endpoint_has_an_interface_in_each_subnet_and_leaves_with_them(ec2, vpc_id, subnet_id):
    other = ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    endpoint = ec2.create_vpc_endpoint(
        VpcId=vpc_id, ServiceName=f"com.amazonaws.{REGION}.kms", VpcEndpointType="Interface", SubnetIds=[subnet_id]
    )
    endpoint_id = endpoint["VpcEndpoint"]["VpcEndpointId"]
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint_id, AddSubnetIds=[other], PrivateDnsEnabled=False)
    (found,) = ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint_id])["VpcEndpoints"]
    assert (len(found["NetworkInterfaceIds"]), found["PrivateDnsEnabled"]) == (2, False)
    assert [group["GroupName"] for group in found["Groups"]] == ["default"]
    assert ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint_id])["Unsuccessful"] == []
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    (unknown,) = ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint_id])["Unsuccessful"]
    assert unknown["Error"]["Code"] == "InvalidVpcEndpoint.NotFound"


def test_gateway_endpoint_keeps_its_routes(ec2, vpc_id):
    one, other = (ec2.create_route_table(VpcId=vpc_id)["RouteTable"]["RouteTableId"] for _ in range(2))
    made = ec2.create_vpc_endpoint(VpcId=vpc_id, ServiceName=f"com.amazonaws.{REGION}.s3", RouteTableIds=[one])["VpcEndpoint"]
    assert made["VpcEndpointType"] == "Gateway"

    def tables():
        found = ec2.describe_route_tables(RouteTableIds=[one, other])["RouteTables"]
        return {table["RouteTableId"] for table in found for route in table["Routes"] if route.get("GatewayId") == made["VpcEndpointId"]}

    assert tables() == {one}
    ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpointId"], AddRouteTableIds=[other], RemoveRouteTableIds=[one])
    assert tables() == {other}
    ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])
    assert tables() == set()


def test_vpc_in_use_stays_and_takes_its_default_ones_along(ec2, vpc_id, subnet_id):
    table = ec2.create_route_table(VpcId=vpc_id)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet_id)
    ec2.delete_subnet(SubnetId=subnet_id)
    ec2.delete_route_table(RouteTableId=table)  # its association went with the subnet
    group_id = group(ec2, vpc_id)
    assert refused(ec2.delete_vpc, VpcId=vpc_id) == "DependencyViolation"
    ec2.delete_security_group(GroupId=group_id)
    ec2.delete_vpc(VpcId=vpc_id)
    of_vpc = [{"Name": "vpc-id", "Values": [vpc_id]}]
    assert ec2.describe_network_acls(Filters=of_vpc)["NetworkAcls"] == []
    assert ec2.describe_security_groups(Filters=of_vpc)["SecurityGroups"] == []


def test_ebs_default_key(ec2):
    key = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"
    ec2.modify_ebs_default_kms_key_id(KmsKeyId=key)
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == key
    assert ec2.reset_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"


def test_a_network_acl_association_is_replaced_once(ec2, vpc_id, subnet_id):
    acl = next(found for found in ec2.describe_network_acls()["NetworkAcls"] if found["VpcId"] == vpc_id)
    association = acl["Associations"][0]["NetworkAclAssociationId"]
    own = ec2.create_network_acl(VpcId=vpc_id)["NetworkAcl"]["NetworkAclId"]
    ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=own)
    with pytest.raises(ClientError) as refused:
        ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=own)
    assert refused.value.response["Error"]["Code"] == "InvalidAssociationID.NotFound"


def test_an_instance_takes_its_interfaces_along(emulator):
    ec2 = emulator.client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    image = ec2.describe_images(Owners=["amazon"], Filters=[{"Name": "name", "Values": ["amzn2-ami-hvm*"]}])["Images"][0]["ImageId"]
    asked = {"ImageId": image, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    (simple,) = ec2.run_instances(**asked, SubnetId=subnet)["Instances"]
    kept_nic = {"DeviceIndex": 0, "SubnetId": subnet, "DeleteOnTermination": False}
    (keeping,) = ec2.run_instances(**asked, NetworkInterfaces=[kept_nic])["Instances"]
    ids = [instance["NetworkInterfaces"][0]["NetworkInterfaceId"] for instance in (simple, keeping)]
    ec2.terminate_instances(InstanceIds=[simple["InstanceId"], keeping["InstanceId"]])
    standing = {nic["NetworkInterfaceId"] for nic in ec2.describe_network_interfaces()["NetworkInterfaces"]}
    assert [one in standing for one in ids] == [False, True]


def test_every_instance_of_a_launch_has_its_profile(emulator):
    ec2, iam = emulator.client("ec2"), emulator.client("iam")
    arn = iam.create_instance_profile(InstanceProfileName="shop-launch")["InstanceProfile"]["Arn"]
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    launched = ec2.run_instances(
        ImageId=image, InstanceType="t3.micro", MinCount=3, MaxCount=3, SubnetId=subnet, IamInstanceProfile={"Name": "shop-launch"}
    )
    ids = [instance["InstanceId"] for instance in launched["Instances"]]
    described = ec2.describe_instances(InstanceIds=ids)["Reservations"][0]["Instances"]
    assert [instance["IamInstanceProfile"]["Arn"] for instance in described] == [arn] * 3
    ec2.terminate_instances(InstanceIds=ids)
