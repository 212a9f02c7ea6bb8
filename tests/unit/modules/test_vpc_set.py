"""vpc, vpc_internet_gateway, vpc_subnets, vpc_nat_gateways and vpc_route_tables: the network in the order it is built."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.refarch.aws.plugins.modules.vpc_route_tables import destination_key, own_routes

TAGS = {"Project": "shop", "Environment": "staging"}
UNKNOWN = "(known after apply)"


def operations(result):
    return [change["operation"] for change in result["changes"]]


def subnets(number=2):
    return [
        {
            "name": f"shop-public-{zone}",
            "cidr": f"10.0.{index}.0/24",
            "availability_zone": f"ap-northeast-2{zone}",
            "tags": {"Tier": "public"},
        }
        for index, zone in enumerate("abc"[:number])
    ]


@pytest.fixture
def vpc_id(run_module):
    return run_module("vpc", name="shop-vpc", cidr="10.0.0.0/16", tags=TAGS)["vpc_id"]


@pytest.fixture
def public(run_module, vpc_id):
    """VPC, internet gateway and two public subnets."""
    gateway_id = run_module("vpc_internet_gateway", name="shop-igw", vpc_id=vpc_id, tags=TAGS)["internet_gateway_id"]
    made = run_module("vpc_subnets", vpc_id=vpc_id, subnets=subnets(), tags=TAGS)["subnets"]
    return {"vpc_id": vpc_id, "gateway_id": gateway_id, "subnet_ids": [subnet["subnet_id"] for subnet in made]}


# -- vpc -------------------------------------------------------------------------------------------------------------------
def test_vpc_is_created_closed(converge, aws):
    result = converge("vpc", name="shop-vpc", cidr="10.0.0.0/16", tags=TAGS)
    assert operations(result) == ["CreateVpc", "ModifyVpcAttribute", "RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress"]
    ec2 = aws("ec2")
    (vpc,) = ec2.describe_vpcs(VpcIds=[result["vpc_id"]])["Vpcs"]
    assert {tag["Key"]: tag["Value"] for tag in vpc["Tags"]} == {**TAGS, "Name": "shop-vpc"}
    for attribute in ("enableDnsSupport", "enableDnsHostnames"):
        answer = ec2.describe_vpc_attribute(VpcId=vpc["VpcId"], Attribute=attribute)
        assert answer[attribute[0].upper() + attribute[1:]]["Value"] is True
    (group,) = ec2.describe_security_groups(GroupIds=[result["default_security_group_id"]])["SecurityGroups"]
    assert (group["IpPermissions"], group["IpPermissionsEgress"]) == ([], [])


@pytest.mark.parametrize(
    ("change", "expected"),
    [({"dns_hostnames": False}, ["ModifyVpcAttribute"]), ({"tags": {"Project": "other"}}, ["CreateTags", "DeleteTags"])],
)
def test_vpc_changes_only_what_differs(converge, vpc_id, change, expected):
    assert operations(converge("vpc", **{"name": "shop-vpc", "cidr": "10.0.0.0/16", "tags": TAGS, **change})) == expected


def test_vpc_completes_what_a_killed_run_left(converge, aws):
    specification = [{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "shop-vpc"}]}]
    vpc = aws("ec2").create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=specification)["Vpc"]
    result = converge("vpc", name="shop-vpc", cidr="10.0.0.0/16")
    assert result["vpc_id"] == vpc["VpcId"]
    assert operations(result) == ["ModifyVpcAttribute", "RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress"]


def test_vpc_refuses_another_block(run_module, vpc_id):
    with pytest.raises(AssertionError, match=r"cidr: shop-vpc stands with 10\.0\.0\.0/16"):
        run_module("vpc", name="shop-vpc", cidr="10.1.0.0/16")


def test_vpc_is_removed_once(converge, vpc_id, aws):
    assert operations(converge("vpc", state="absent", name="shop-vpc")) == ["DeleteVpc"]
    assert [vpc for vpc in aws("ec2").describe_vpcs()["Vpcs"] if not vpc["IsDefault"]] == []


# -- internet gateway ------------------------------------------------------------------------------------------------------
def test_internet_gateway(converge, vpc_id, aws):
    result = converge("vpc_internet_gateway", name="shop-igw", vpc_id=vpc_id, tags=TAGS)
    assert operations(result) == ["CreateInternetGateway", "AttachInternetGateway"]
    (gateway,) = aws("ec2").describe_internet_gateways(InternetGatewayIds=[result["internet_gateway_id"]])["InternetGateways"]
    assert gateway["Attachments"][0]["VpcId"] == vpc_id
    removed = converge("vpc_internet_gateway", state="absent", name="shop-igw")
    assert operations(removed) == ["DetachInternetGateway", "DeleteInternetGateway"]
    names = [tag["Value"] for item in aws("ec2").describe_internet_gateways()["InternetGateways"] for tag in item["Tags"]]
    assert "shop-igw" not in names


def test_internet_gateway_that_was_not_attached_is_attached(converge, vpc_id, aws):
    specification = [{"ResourceType": "internet-gateway", "Tags": [{"Key": "Name", "Value": "shop-igw"}]}]
    gateway = aws("ec2").create_internet_gateway(TagSpecifications=specification)["InternetGateway"]
    result = converge("vpc_internet_gateway", name="shop-igw", vpc_id=vpc_id)
    assert (result["internet_gateway_id"], operations(result)) == (gateway["InternetGatewayId"], ["AttachInternetGateway"])


# -- subnets ---------------------------------------------------------------------------------------------------------------
def test_subnets(converge, vpc_id, aws):
    result = converge("vpc_subnets", vpc_id=vpc_id, subnets=subnets(), tags=TAGS)
    assert operations(result) == ["CreateSubnet"] * 2
    found = aws("ec2").describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["Subnets"]
    assert {(s["CidrBlock"], s["AvailabilityZone"]) for s in found} == {
        ("10.0.0.0/24", "ap-northeast-2a"),
        ("10.0.1.0/24", "ap-northeast-2b"),
    }
    assert operations(converge("vpc_subnets", vpc_id=vpc_id, subnets=subnets(3), tags=TAGS)) == ["CreateSubnet"]
    assert operations(converge("vpc_subnets", vpc_id=vpc_id, subnets=subnets(1), tags={"Project": "new"})) == ["CreateTags", "DeleteTags"]
    assert operations(converge("vpc_subnets", state="absent", vpc_id=vpc_id, subnets=subnets(3))) == ["DeleteSubnet"] * 3


def test_subnets_refuse_another_zone(run_module, vpc_id):
    run_module("vpc_subnets", vpc_id=vpc_id, subnets=subnets(1))
    with pytest.raises(AssertionError, match="stands with availability_zone ap-northeast-2a"):
        run_module("vpc_subnets", vpc_id=vpc_id, subnets=[{**subnets(1)[0], "availability_zone": "ap-northeast-2c"}])


# -- NAT gateways ----------------------------------------------------------------------------------------------------------
def test_nat_gateways(converge, public, aws):
    wanted = [{"name": f"shop-nat-{i}", "subnet_id": id} for i, id in enumerate(public["subnet_ids"])]
    result = converge("vpc_nat_gateways", nat_gateways=wanted, tags=TAGS, wait=True)
    assert operations(result) == ["AllocateAddress", "CreateNatGateway"] * 2
    ec2 = aws("ec2")
    for gateway in result["nat_gateways"]:
        (found,) = ec2.describe_nat_gateways(NatGatewayIds=[gateway["nat_gateway_id"]])["NatGateways"]
        assert found["SubnetId"] == gateway["subnet_id"]
        assert found["NatGatewayAddresses"][0]["AllocationId"] == gateway["allocation_id"]
        assert found["NatGatewayAddresses"][0]["PublicIp"] == gateway["public_ip"]
    removed = converge("vpc_nat_gateways", state="absent", nat_gateways=wanted)
    assert operations(removed) == ["DeleteNatGateway"] * 2 + ["ReleaseAddress"] * 2
    assert ec2.describe_addresses()["Addresses"] == []


def test_nat_gateway_takes_the_address_that_a_killed_run_allocated(converge, public, aws):
    specification = [{"ResourceType": "elastic-ip", "Tags": [{"Key": "Name", "Value": "shop-nat"}]}]
    address = aws("ec2").allocate_address(Domain="vpc", TagSpecifications=specification)
    result = converge("vpc_nat_gateways", nat_gateways=[{"name": "shop-nat", "subnet_id": public["subnet_ids"][0]}])
    assert operations(result) == ["CreateNatGateway"]
    assert result["nat_gateways"][0]["allocation_id"] == address["AllocationId"]


def test_nat_gateways_are_planned_on_nothing(run_module):
    planned = run_module("vpc_nat_gateways", check=True, nat_gateways=[{"name": "shop-nat", "subnet_id": UNKNOWN}], wait=True)
    assert operations(planned) == ["AllocateAddress", "CreateNatGateway"]
    assert planned["nat_gateways"][0]["public_ip"] == UNKNOWN


# -- route tables ----------------------------------------------------------------------------------------------------------
def tables(public, target):
    return [
        {
            "name": "shop-public",
            "routes": [{"destination": "0.0.0.0/0", "gateway_id": public["gateway_id"]}],
            "subnet_ids": public["subnet_ids"][:1],
        },
        {"name": "shop-private", "routes": [{"destination": "0.0.0.0/0", **target}], "subnet_ids": public["subnet_ids"][1:]},
    ]


def test_route_tables(converge, run_module, public, aws):
    nat = run_module("vpc_nat_gateways", nat_gateways=[{"name": "shop-nat", "subnet_id": public["subnet_ids"][0]}])["nat_gateways"][0]
    wanted = tables(public, {"nat_gateway_id": nat["nat_gateway_id"]})
    result = converge("vpc_route_tables", vpc_id=public["vpc_id"], route_tables=wanted, tags=TAGS)
    assert sorted(operations(result)) == ["AssociateRouteTable"] * 2 + ["CreateRoute"] * 2 + ["CreateRouteTable"] * 2
    found = {
        t["name"]: aws("ec2").describe_route_tables(RouteTableIds=[t["route_table_id"]])["RouteTables"][0] for t in result["route_tables"]
    }
    assert own_routes(found["shop-public"]) == {"0.0.0.0/0": public["gateway_id"]}
    assert own_routes(found["shop-private"]) == {"0.0.0.0/0": nat["nat_gateway_id"]}
    assert [a["SubnetId"] for a in found["shop-private"]["Associations"]] == public["subnet_ids"][1:]

    moved = tables(public, {"gateway_id": public["gateway_id"]})
    assert operations(converge("vpc_route_tables", vpc_id=public["vpc_id"], route_tables=moved, tags=TAGS)) == ["ReplaceRoute"]
    moved[0]["subnet_ids"], moved[1]["subnet_ids"] = public["subnet_ids"], []
    assert operations(converge("vpc_route_tables", vpc_id=public["vpc_id"], route_tables=moved, tags=TAGS)) == [
        "ReplaceRouteTableAssociation"
    ]
    moved[0]["subnet_ids"] = public["subnet_ids"][:1]
    assert operations(converge("vpc_route_tables", vpc_id=public["vpc_id"], route_tables=moved, tags=TAGS)) == ["DisassociateRouteTable"]
    moved[1]["routes"] = []
    assert operations(converge("vpc_route_tables", vpc_id=public["vpc_id"], route_tables=moved, tags=TAGS)) == ["DeleteRoute"]
    removed = converge("vpc_route_tables", state="absent", vpc_id=public["vpc_id"], route_tables=moved)
    assert sorted(operations(removed)) == ["DeleteRouteTable"] * 2 + ["DisassociateRouteTable"]


def test_route_tables_are_planned_on_nothing(run_module):
    planned = run_module(
        "vpc_route_tables",
        check=True,
        vpc_id=UNKNOWN,
        route_tables=tables({"gateway_id": UNKNOWN, "subnet_ids": [UNKNOWN] * 2}, {"nat_gateway_id": UNKNOWN}),
    )
    assert sorted(operations(planned)) == ["AssociateRouteTable"] * 2 + ["CreateRoute"] * 2 + ["CreateRouteTable"] * 2
    assert planned["_calls"] == []


def test_routes_that_are_not_ours_to_manage_are_no_drift():
    routes = [
        {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "Origin": "CreateRouteTable"},
        {"DestinationPrefixListId": "pl-1", "GatewayId": "vpce-1", "Origin": "CreateRoute"},
        {"DestinationCidrBlock": "192.168.0.0/16", "GatewayId": "vgw-1", "Origin": "EnableVgwRoutePropagation"},
        {"DestinationIpv6CidrBlock": "::/0", "GatewayId": "igw-1", "Origin": "CreateRoute"},
    ]
    assert own_routes({"Routes": routes}) == {"::/0": "igw-1"}


@given(st.ip_addresses(v=4), st.ip_addresses(v=6))
def test_destination_goes_into_the_parameter_of_its_family(four, six):
    assert destination_key(f"{four}/32") == "DestinationCidrBlock"
    assert destination_key(f"{six}/128") == "DestinationIpv6CidrBlock"
    assert destination_key("pl-0a1b2c3d") == "DestinationPrefixListId"
