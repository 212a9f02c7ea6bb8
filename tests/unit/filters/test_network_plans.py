"""The plans of the network: laws that hold for every block, number of zones and set of ports."""

from __future__ import annotations

import ipaddress

import pytest
from ansible.errors import AnsibleFilterError
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.refarch.aws.plugins.filter.endpoint_plan import endpoint_plan
from ansible_collections.refarch.aws.plugins.filter.nat_gateway_plan import nat_gateway_plan
from ansible_collections.refarch.aws.plugins.filter.network_acl_plan import network_acl_plan
from ansible_collections.refarch.aws.plugins.filter.route_table_plan import route_table_plan
from ansible_collections.refarch.aws.plugins.filter.subnet_plan import TIERS, subnet_plan
from ansible_collections.refarch.aws.plugins.filter.subnets_by_tier import subnets_by_tier

ZONES = ["ap-northeast-2a", "ap-northeast-2b", "ap-northeast-2c", "ap-northeast-2d"]
PORTS = {"web": 8080, "app": 8081, "database": 15432}
UNKNOWN = "(known after apply)"

networks = st.builds(
    lambda base, length: str(ipaddress.IPv4Network((base, length), strict=False)), st.integers(0, 2**32 - 1), st.integers(16, 24)
)
zones = st.integers(1, 4).map(lambda number: ZONES[:number])
modes = st.sampled_from(["per_zone", "single", "none"])


def standing(number=2, unknown=False):
    plan = subnet_plan("10.0.0.0/16", ZONES[:number], "shop")
    return [{**subnet, "subnet_id": UNKNOWN if unknown else f"subnet-{place}"} for place, subnet in enumerate(plan)]


@given(networks, zones)
def test_subnets_lie_in_the_block_and_never_overlap(cidr, some_zones):
    plan = subnet_plan(cidr, some_zones, "shop")
    blocks = [ipaddress.IPv4Network(subnet["cidr"]) for subnet in plan]
    assert all(block.subnet_of(ipaddress.IPv4Network(cidr)) and block.prefixlen <= 28 for block in blocks)
    assert not any(one.overlaps(other) for place, one in enumerate(blocks) for other in blocks[place + 1 :])
    assert len({subnet["name"] for subnet in plan}) == len(plan) == 4 * len(some_zones)
    assert [(s["tags"]["Tier"], s["availability_zone"]) for s in plan] == [(tier, zone) for tier in TIERS for zone in some_zones]


@given(networks, st.integers(1, 3))
def test_another_zone_moves_no_subnet(cidr, number):
    fewer, more = (subnet_plan(cidr, ZONES[:count], "shop") for count in (number, number + 1))
    assert all(subnet in more for subnet in fewer)


def test_given_blocks_take_the_place_of_computed_ones():
    plan = subnet_plan("10.0.0.0/16", ZONES[:2], "shop", {"db": ["10.0.240.0/24", "10.0.241.0/24"]})
    assert subnets_by_tier(plan, "cidr")["db"] == ["10.0.240.0/24", "10.0.241.0/24"]
    assert subnets_by_tier(plan, "cidr")["public"] == ["10.0.0.0/20", "10.0.16.0/20"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("10.0.0.0/25", ZONES[:2], "shop"), "too small"),
        (("10.0.0.1/16", ZONES[:2], "shop"), "not an IPv4 network"),
        (("10.0.0.0/16", [*ZONES, "x"], "shop"), "at most 4"),
        (("10.0.0.0/16", ["a", "a"], "shop"), "different"),
        (("10.0.0.0/16", ZONES[:2], "shop", {"db": ["10.0.0.0/24"]}), "one block per zone"),
        (("10.0.0.0/16", ZONES[:2], "shop", {"cache": ["10.0.0.0/24"] * 2}), "one block per zone"),
    ],
)
def test_subnet_plan_refuses(arguments, sentence):
    with pytest.raises(AnsibleFilterError, match=sentence):
        subnet_plan(*arguments)


@pytest.mark.parametrize(("mode", "zones_with_one"), [("per_zone", ["a", "b", "c"]), ("single", ["a"]), ("none", [])])
def test_nat_gateways_stand_in_public_subnets(mode, zones_with_one):
    plan = nat_gateway_plan(standing(3), mode, "shop")
    assert [gateway["name"] for gateway in plan] == [f"shop-nat-{zone}" for zone in zones_with_one]
    assert [gateway["subnet_id"] for gateway in plan] == subnets_by_tier(standing(3), "subnet_id")["public"][: len(plan)]


def test_nat_gateway_plan_refuses_an_unknown_mode():
    with pytest.raises(AnsibleFilterError, match="not one of per_zone, single, none"):
        nat_gateway_plan(standing(), "two", "shop")


@given(st.integers(1, 4), modes, st.booleans())
def test_routes(number, mode, unknown):
    subnets = standing(number, unknown)
    gateways = [{**g, "nat_gateway_id": f"nat-{g['name'][-1]}"} for g in nat_gateway_plan(subnets, mode, "shop")]
    tables = {table["name"]: table for table in route_table_plan(subnets, "shop", "igw-1", gateways)}
    served = [subnet_id for table in tables.values() for subnet_id in table["subnet_ids"]]
    assert sorted(served) == sorted(subnet["subnet_id"] for subnet in subnets)  # each subnet has exactly one table
    assert tables["shop-public"]["routes"] == [{"destination": "0.0.0.0/0", "gateway_id": "igw-1"}]
    assert tables["shop-db"]["routes"] == []
    for letter in "abcd"[:number]:
        expected = {"per_zone": f"nat-{letter}", "single": "nat-a", "none": None}[mode]
        routes = [{"destination": "0.0.0.0/0", "nat_gateway_id": expected}] if expected else []
        assert tables[f"shop-private-{letter}"]["routes"] == routes


def decision(entries, protocol, port, cidr):
    """What a network ACL does with traffic from all of *cidr*: the first entry whose block contains it."""
    source = ipaddress.ip_network(cidr)
    for entry in sorted(entries, key=lambda item: item["number"]):
        block = ipaddress.ip_network(entry["cidr"])
        ports = (entry["from_port"], entry["to_port"]) if entry["protocol"] in ("tcp", "udp") else (0, 65535)
        if (
            entry["protocol"] in ("all", protocol)
            and block.version == source.version
            and source.subnet_of(block)
            and ports[0] <= port <= ports[1]
        ):
            return entry["action"]
    return "deny"


@given(st.integers(1, 4), st.fixed_dictionaries(dict.fromkeys(PORTS, st.integers(1150, 65535).filter(lambda port: port != 3389))))
def test_network_acls(number, ports):
    subnets = standing(number)
    plan = {acl["name"]: acl for acl in network_acl_plan(subnets, "shop", ports, "10.0.0.0/16")}
    assert plan.pop("shop-default") == {"name": "shop-default", "default": True}
    blocks = subnets_by_tier(subnets, "cidr")
    for acl in plan.values():
        for direction in ("ingress", "egress"):
            numbers = [entry["number"] for entry in acl[direction]]
            assert len(set(numbers)) == len(numbers) <= 18  # quota of 20 a direction, with the two that deny all
        for port in (22, 3389):
            for source in ("0.0.0.0/0", "::/0", "203.0.113.7/32", blocks["web"][0]):
                assert decision(acl["ingress"], "tcp", port, source) == "deny"
    assert decision(plan["shop-public"]["ingress"], "tcp", 443, "203.0.113.7/32") == "allow"
    for web in blocks["web"]:
        assert decision(plan["shop-app"]["ingress"], "tcp", 443, web) == "allow"
        assert decision(plan["shop-db"]["ingress"], "tcp", ports["database"], web) == "deny"
    for app in blocks["app"]:
        assert decision(plan["shop-db"]["ingress"], "tcp", ports["database"], app) == "allow"
        assert decision(plan["shop-db"]["egress"], "tcp", 40000, app) == "allow"
    assert decision(plan["shop-db"]["egress"], "tcp", 443, "203.0.113.7/32") == "deny"
    assert sorted(id for acl in plan.values() for id in acl["subnet_ids"]) == sorted(subnet["subnet_id"] for subnet in subnets)


def test_endpoints_are_named_after_service_and_kind():
    plan = endpoint_plan(["s3", "com.amazonaws.ap-northeast-2.s3", "s3"], "Gateway", "shop", route_table_ids=["rtb-1"])
    assert plan == [
        {"name": "shop-s3-gateway", "service": "s3", "type": "Gateway", "route_table_ids": ["rtb-1"]},
        {
            "name": "shop-ap-northeast-2.s3-gateway",
            "service": "com.amazonaws.ap-northeast-2.s3",
            "type": "Gateway",
            "route_table_ids": ["rtb-1"],
        },
    ]
