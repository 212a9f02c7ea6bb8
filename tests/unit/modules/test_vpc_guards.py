"""vpc_security_groups, vpc_network_acls, vpc_endpoints, vpc_flow_logs and ebs_encryption_default."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.refarch.aws.plugins.modules import vpc_security_groups as groups_module

TAGS = {"Project": "shop"}
UNKNOWN = "(known after apply)"
ROLE = "arn:aws:iam::123456789012:role/shop-flow-logs"
KEY = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"


def operations(result):
    return [change["operation"] for change in result["changes"]]


@pytest.fixture
def vpc_id(run_module):
    return run_module("vpc", name="shop-vpc", cidr="10.0.0.0/16")["vpc_id"]


@pytest.fixture
def subnet_ids(run_module, vpc_id):
    wanted = [{"name": f"shop-{z}", "cidr": f"10.0.{i}.0/24", "availability_zone": f"ap-northeast-2{z}"} for i, z in enumerate("ac")]
    return [subnet["subnet_id"] for subnet in run_module("vpc_subnets", vpc_id=vpc_id, subnets=wanted)["subnets"]]


# -- security groups -------------------------------------------------------------------------------------------------------
APP = {
    "name": "shop-app",
    "description": "Application servers",
    "ingress": [{"from_port": 8080, "groups": ["shop-web"], "description": "From the web tier"}],
    "egress": [
        {"from_port": 15432, "groups": ["shop-db"], "description": "To the database"},
        {"from_port": 443, "cidrs": ["0.0.0.0/0", "::/0"], "prefix_lists": ["com.amazonaws.ap-northeast-2.s3"], "description": "HTTPS"},
    ],
}
WEB = {"name": "shop-web", "description": "Web servers", "egress": [{"from_port": 8080, "groups": ["shop-app"]}]}
DB = {"name": "shop-db", "description": "Database", "ingress": [{"from_port": 15432, "to_port": 15433, "groups": ["shop-app"]}]}


def rules(aws, group_id):
    return {
        (
            rule["IsEgress"],
            rule["IpProtocol"],
            rule["FromPort"],
            rule["ToPort"],
            rule.get("CidrIpv4") or rule.get("CidrIpv6") or rule.get("PrefixListId", "pl-")[:3]
            if "ReferencedGroupInfo" not in rule
            else rule["ReferencedGroupInfo"]["GroupId"],
        ): rule.get("Description", "")
        for rule in aws("ec2").describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group_id]}])["SecurityGroupRules"]
    }


def test_groups_that_name_one_another(converge, vpc_id, aws):
    result = converge("vpc_security_groups", vpc_id=vpc_id, groups=[APP, WEB, DB], tags=TAGS)
    assert operations(result)[:3] == ["CreateSecurityGroup"] * 3
    assert operations(result).count("RevokeSecurityGroupEgress") == 3  # all traffic to anywhere
    ids = result["group_ids"]
    assert rules(aws, ids["shop-app"]) == {
        (False, "tcp", 8080, 8080, ids["shop-web"]): "From the web tier",
        (True, "tcp", 15432, 15432, ids["shop-db"]): "To the database",
        (True, "tcp", 443, 443, "0.0.0.0/0"): "HTTPS",
        (True, "tcp", 443, 443, "::/0"): "HTTPS",
        (True, "tcp", 443, 443, "pl-"): "HTTPS",
    }
    assert rules(aws, ids["shop-db"]) == {(False, "tcp", 15432, 15433, ids["shop-app"]): ""}


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ({**APP, "ingress": []}, ["RevokeSecurityGroupIngress"]),
        ({**APP, "ingress": [{**APP["ingress"][0], "description": "Other"}]}, ["ModifySecurityGroupRules"]),
        ({**APP, "ingress": [{**APP["ingress"][0], "from_port": 9090}]}, ["AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress"]),
        ({**APP, "egress": [{**APP["egress"][0]}, {**APP["egress"][1], "description": "TLS"}]}, ["ModifySecurityGroupRules"]),
        ({**APP, "tags": {"Tier": "app"}}, ["CreateTags"]),
    ],
)
def test_a_changed_rule_is_that_change(converge, run_module, vpc_id, group, expected):
    run_module("vpc_security_groups", vpc_id=vpc_id, groups=[APP, WEB, DB], tags=TAGS)
    assert operations(converge("vpc_security_groups", vpc_id=vpc_id, groups=[group, WEB, DB], tags=TAGS)) == expected


def test_foreign_rules_are_revoked(converge, run_module, vpc_id, aws):
    ids = run_module("vpc_security_groups", vpc_id=vpc_id, groups=[APP, WEB, DB])["group_ids"]
    world = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    aws("ec2").authorize_security_group_ingress(GroupId=ids["shop-db"], IpPermissions=world)
    assert operations(converge("vpc_security_groups", vpc_id=vpc_id, groups=[APP, WEB, DB])) == ["RevokeSecurityGroupIngress"]


def test_a_group_without_rules_of_a_killed_run_gets_them(converge, vpc_id, aws):
    aws("ec2").create_security_group(GroupName="shop-db", Description="Database", VpcId=vpc_id)
    result = converge("vpc_security_groups", vpc_id=vpc_id, groups=[{**DB, "ingress": [{"from_port": 1, "cidrs": ["10.0.0.0/16"]}]}])
    assert operations(result) == ["CreateTags", "AuthorizeSecurityGroupIngress", "RevokeSecurityGroupEgress"]


def test_groups_are_removed_in_a_circle(converge, run_module, vpc_id, aws):
    run_module("vpc_security_groups", vpc_id=vpc_id, groups=[APP, WEB, DB])
    result = converge("vpc_security_groups", state="absent", vpc_id=vpc_id, groups=[APP, WEB, DB])
    assert operations(result)[-3:] == ["DeleteSecurityGroup"] * 3
    left = aws("ec2").describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["SecurityGroups"]
    assert [group["GroupName"] for group in left] == ["default"]


def test_groups_are_planned_on_nothing(run_module):
    planned = run_module("vpc_security_groups", check=True, vpc_id=UNKNOWN, groups=[APP, WEB, DB])
    assert planned["group_ids"] == dict.fromkeys(("shop-app", "shop-web", "shop-db"), UNKNOWN)
    assert operations(planned).count("RevokeSecurityGroupEgress") == 3


@pytest.mark.parametrize(
    ("group", "sentence"),
    [
        ({**DB, "ingress": [{"from_port": 1, "groups": ["nobody"]}]}, "names the group nobody"),
        ({**DB, "ingress": [{"from_port": 1}]}, "names no cidrs, groups or prefix_lists"),
        ({**DB, "ingress": [{"from_port": 70000, "cidrs": ["10.0.0.0/8"]}]}, "allowed are 0 to 65535"),
        ({"name": "shop-db"}, "needs a description"),
    ],
)
def test_groups_refuse(run_module, vpc_id, group, sentence):
    with pytest.raises(AssertionError, match=sentence):
        run_module("vpc_security_groups", check=True, vpc_id=vpc_id, groups=[group])


peers = st.one_of(
    st.ip_addresses(v=4).map("{}/32".format),
    st.ip_addresses(v=6).map("{}/128".format),
    st.from_regex(r"(sg|pl)-[0-9a-f]{8}", fullmatch=True),
)
some_rules = st.dictionaries(
    st.builds(groups_module.Rule, st.just(True), st.sampled_from(["tcp", "udp", "-1"]), st.integers(0, 100), st.integers(100, 200), peers),
    st.text("ab"),
    max_size=9,
)


@given(some_rules)
def test_permissions_hold_each_rule_once(wanted):
    found = []
    for permission in groups_module.permissions(wanted):
        for group, key in groups_module.PEER_KEYS.values():
            found += [(permission["IpProtocol"], entry[key], entry.get("Description", "")) for entry in permission.get(group, [])]
    assert sorted(found) == sorted((rule.protocol, rule.peer, text) for rule, text in wanted.items())


# -- network ACLs ----------------------------------------------------------------------------------------------------------
def acls(subnet_ids):
    return [
        {"name": "shop-default", "default": True},
        {
            "name": "shop-db",
            "subnet_ids": subnet_ids,
            "ingress": [
                {"number": 10, "action": "deny", "cidr": "::/0", "from_port": 22},
                {"number": 100, "action": "allow", "cidr": "10.0.0.0/24", "from_port": 15432},
                {"number": 110, "action": "allow", "cidr": "0.0.0.0/0", "protocol": "icmp", "icmp_type": 3, "icmp_code": 4},
            ],
            "egress": [{"number": 100, "action": "allow", "cidr": "10.0.0.0/24", "protocol": "all"}],
        },
    ]


def test_network_acls(converge, vpc_id, subnet_ids, aws):
    result = converge("vpc_network_acls", vpc_id=vpc_id, network_acls=acls(subnet_ids), tags=TAGS)
    assert operations(result) == (
        ["CreateTags"]
        + ["DeleteNetworkAclEntry"] * 2
        + ["CreateNetworkAcl"]
        + ["CreateNetworkAclEntry"] * 4
        + ["ReplaceNetworkAclAssociation"] * 2
    )
    found = {a["IsDefault"]: a for a in aws("ec2").describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["NetworkAcls"]}
    assert {entry["RuleNumber"] for entry in found[True]["Entries"]} == {32767}
    assert {association["SubnetId"] for association in found[False]["Associations"]} == set(subnet_ids)
    by_number = {(e["Egress"], e["RuleNumber"]): e for e in found[False]["Entries"]}
    assert by_number[False, 10]["Ipv6CidrBlock"] == "::/0"
    assert by_number[False, 100]["PortRange"] == {"From": 15432, "To": 15432}
    assert by_number[False, 110]["IcmpTypeCode"] == {"Code": 4, "Type": 3}

    changed = acls(subnet_ids[:1])
    changed[1]["ingress"][1]["from_port"] = 5432
    changed[1]["egress"] = []
    assert operations(converge("vpc_network_acls", vpc_id=vpc_id, network_acls=changed, tags=TAGS)) == [
        "ReplaceNetworkAclEntry",
        "DeleteNetworkAclEntry",
        "ReplaceNetworkAclAssociation",
    ]
    removed = converge("vpc_network_acls", state="absent", vpc_id=vpc_id, network_acls=changed)
    assert operations(removed) == ["ReplaceNetworkAclAssociation", "DeleteNetworkAcl"]


def test_network_acls_are_planned_on_nothing(run_module):
    planned = run_module("vpc_network_acls", check=True, vpc_id=UNKNOWN, network_acls=acls([UNKNOWN, UNKNOWN]))
    assert operations(planned) == (
        ["CreateTags"]
        + ["DeleteNetworkAclEntry"] * 2
        + ["CreateNetworkAcl"]
        + ["CreateNetworkAclEntry"] * 4
        + ["ReplaceNetworkAclAssociation"] * 2
    )


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"number": 32767, "action": "allow", "cidr": "10.0.0.0/8", "from_port": 1}, "between 1 and 32766"),
        ({"number": 1, "action": "allow", "cidr": "10.0.0.0/8"}, "needs from_port"),
        ({"number": 1, "action": "allow", "cidr": "10.0.0.0/8", "from_port": 9, "to_port": 8}, "in order"),
    ],
)
def test_network_acls_refuse(run_module, vpc_id, entry, sentence):
    with pytest.raises(AssertionError, match=sentence):
        run_module("vpc_network_acls", check=True, vpc_id=vpc_id, network_acls=[{"name": "shop", "ingress": [entry]}])


# -- endpoints -------------------------------------------------------------------------------------------------------------
@pytest.fixture
def endpoints(run_module, vpc_id, subnet_ids):
    made = run_module("vpc_route_tables", vpc_id=vpc_id, route_tables=[{"name": "one"}, {"name": "two"}])["route_tables"]
    group = {"name": "shop-endpoints", "description": "Endpoints"}
    group_id = run_module("vpc_security_groups", vpc_id=vpc_id, groups=[group])["group_ids"]["shop-endpoints"]
    return [
        {"name": "shop-s3", "service": "s3", "type": "Gateway", "route_table_ids": [table["route_table_id"] for table in made]},
        {"name": "shop-kms", "service": "kms", "subnet_ids": subnet_ids, "security_group_ids": [group_id]},
    ]


def test_endpoints(converge, vpc_id, endpoints, aws):
    result = converge("vpc_endpoints", vpc_id=vpc_id, endpoints=endpoints, tags=TAGS, wait=True)
    assert operations(result) == ["CreateVpcEndpoint"] * 2
    ec2 = aws("ec2")
    found = {name: ec2.describe_vpc_endpoints(VpcEndpointIds=[id])["VpcEndpoints"][0] for name, id in result["endpoint_ids"].items()}
    assert found["shop-kms"]["PrivateDnsEnabled"] is True
    assert [group["GroupId"] for group in found["shop-kms"]["Groups"]] == endpoints[1]["security_group_ids"]
    assert sorted(found["shop-s3"]["RouteTableIds"]) == sorted(endpoints[0]["route_table_ids"])

    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}]}
    gateway = {**endpoints[0], "route_table_ids": endpoints[0]["route_table_ids"][:1], "policy": allow}
    interface = {**endpoints[1], "subnet_ids": endpoints[1]["subnet_ids"][:1], "private_dns": False}
    changed = converge("vpc_endpoints", vpc_id=vpc_id, endpoints=[gateway, interface], tags=TAGS)
    assert operations(changed) == ["ModifyVpcEndpoint"] * 2
    (routes,) = [t["Routes"] for t in ec2.describe_route_tables(RouteTableIds=endpoints[0]["route_table_ids"][1:])["RouteTables"]]
    assert [route for route in routes if route.get("GatewayId", "").startswith("vpce-")] == []
    assert (
        json.loads(ec2.describe_vpc_endpoints(VpcEndpointIds=[result["endpoint_ids"]["shop-s3"]])["VpcEndpoints"][0]["PolicyDocument"])
        == allow
    )

    assert operations(converge("vpc_endpoints", state="absent", vpc_id=vpc_id, endpoints=endpoints)) == ["DeleteVpcEndpoints"]
    assert ec2.describe_network_interfaces(Filters=[{"Name": "subnet-id", "Values": endpoints[1]["subnet_ids"]}])["NetworkInterfaces"] == []


def test_endpoints_are_planned_on_nothing(run_module):
    wanted = [{"name": "shop-kms", "service": "kms", "subnet_ids": [UNKNOWN], "security_group_ids": [UNKNOWN]}]
    planned = run_module("vpc_endpoints", check=True, vpc_id=UNKNOWN, endpoints=wanted, wait=True)
    assert planned["changes"][0]["parameters"]["ServiceName"] == "com.amazonaws.ap-northeast-2.kms"


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (
            {"name": "x", "service": "nothing-there", "subnet_ids": ["subnet-1"]},
            "no Interface endpoint service com.amazonaws.ap-northeast-2.nothing-there",
        ),
        ({"name": "x", "service": "kms", "type": "Gateway"}, "no Gateway endpoint service"),
        ({"name": "x", "service": "kms"}, "needs subnet_ids"),
        ({"name": "x"}, "needs service"),
    ],
)
def test_endpoints_refuse(run_module, vpc_id, wanted, sentence):
    with pytest.raises(AssertionError, match=sentence):
        run_module("vpc_endpoints", check=True, vpc_id=vpc_id, endpoints=[wanted])


# -- flow logs -------------------------------------------------------------------------------------------------------------
def test_flow_logs(converge, vpc_id, aws):
    aws("logs").create_log_group(logGroupName="/shop/flow")
    wanted = {"name": "shop-flow", "resource_id": vpc_id, "log_group_name": "/shop/flow", "role_arn": ROLE}
    result = converge("vpc_flow_logs", flow_logs=[wanted], tags=TAGS)
    assert operations(result) == ["CreateFlowLogs"]
    (found,) = aws("ec2").describe_flow_logs()["FlowLogs"]
    assert (found["TrafficType"], found["MaxAggregationInterval"], found["LogGroupName"]) == ("ALL", 60, "/shop/flow")
    assert (found["ResourceId"], found["DeliverLogsPermissionArn"], found["DeliverLogsStatus"]) == (vpc_id, ROLE, "SUCCESS")
    changed = converge("vpc_flow_logs", flow_logs=[{**wanted, "aggregation_seconds": 600}], tags=TAGS)
    assert operations(changed) == ["DeleteFlowLogs", "CreateFlowLogs"]
    aws("s3").create_bucket(Bucket="shop-flow", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
    bucket = {"name": "shop-flow", "resource_id": vpc_id, "bucket_arn": "arn:aws:s3:::shop-flow"}
    assert operations(converge("vpc_flow_logs", flow_logs=[bucket], tags=TAGS)) == ["DeleteFlowLogs", "CreateFlowLogs"]
    assert operations(converge("vpc_flow_logs", flow_logs=[bucket], tags={"Project": "other"})) == ["CreateTags"]
    assert operations(converge("vpc_flow_logs", state="absent", flow_logs=[bucket])) == ["DeleteFlowLogs"]
    assert aws("ec2").describe_flow_logs()["FlowLogs"] == []


def test_flow_log_to_a_bucket_that_is_not_there_is_a_failure(run_module, vpc_id):
    with pytest.raises(AssertionError, match="Could not create flow log"):
        run_module("vpc_flow_logs", flow_logs=[{"name": "shop-flow", "resource_id": vpc_id, "bucket_arn": "arn:aws:s3:::nobody"}])


# -- EBS -------------------------------------------------------------------------------------------------------------------
def test_ebs_encryption_default(converge, aws):
    assert operations(converge("ebs_encryption_default", kms_key_arn=KEY)) == ["ModifyEbsDefaultKmsKeyId", "EnableEbsEncryptionByDefault"]
    ec2 = aws("ec2")
    assert (ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"], ec2.get_ebs_default_kms_key_id()["KmsKeyId"]) == (True, KEY)
    assert operations(converge("ebs_encryption_default")) == []
    assert operations(converge("ebs_encryption_default", state="absent")) == ["DisableEbsEncryptionByDefault", "ResetEbsDefaultKmsKeyId"]
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"
