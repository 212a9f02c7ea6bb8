"""What Amazon VPC and EBS refuse."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from emulator.strict import Context, rule

_VPC = "Amazon VPC User Guide"
_API = "Amazon EC2 API Reference"
GROUP_TEXT = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]*")


def network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """The network that *text* writes, if it has no bits behind its prefix."""
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None


@rule(
    "ec2", "CreateVpc", code="InvalidVpc.Range", source=f'{_VPC}, "VPC CIDR blocks"',
    good=[{"CidrBlock": "10.0.0.0/16"}, {"CidrBlock": "10.0.0.0/28"}],
    bad=[{"CidrBlock": "10.0.0.0/15"}, {"CidrBlock": "10.0.0.0/29"}, {"CidrBlock": "127.0.0.0/16"}, {"CidrBlock": "169.254.0.0/16"}],
)  # fmt: skip
def vpc_range(params: dict[str, Any], context: Context) -> str | None:
    block = network(params.get("CidrBlock", ""))
    if block is None:
        return None
    if not 16 <= block.prefixlen <= 28:
        return f"The CIDR '{block}' is invalid: a VPC is a /16 to a /28."
    if block.is_loopback or block.is_link_local or block.is_multicast:
        return f"The CIDR '{block}' is invalid."
    return None


@rule(
    "ec2", "CreateSubnet", code="InvalidSubnet.Range", source=f'{_VPC}, "Subnet CIDR blocks"',
    good=[{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}, {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/28"}],
    bad=[{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/29"}, {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/15"}],
)  # fmt: skip
def subnet_range(params: dict[str, Any], context: Context) -> str | None:
    block = network(params.get("CidrBlock", ""))
    return f"The CIDR '{block}' is invalid: a subnet is a /16 to a /28." if block and not 16 <= block.prefixlen <= 28 else None


@rule(
    "ec2", "CreateVpc", "CreateSubnet", code="InvalidParameterValue", source=f"{_API}, CreateVpc: a canonical CIDR block",
    good=[{"CidrBlock": "10.0.0.0/16"}],
    bad=[{"CidrBlock": "10.0.0.1/16"}, {"CidrBlock": "ten"}],
)  # fmt: skip
def canonical_block(params: dict[str, Any], context: Context) -> str | None:
    block = params.get("CidrBlock")
    return (
        f"Value ({block}) for parameter cidrBlock is invalid. This is not a valid CIDR block." if block and network(block) is None else None
    )


@rule(
    "ec2", "CreateSecurityGroup", code="InvalidParameterValue", source=f"{_API}, CreateSecurityGroup",
    good=[{"GroupName": "shop-web", "Description": "Web servers (public)", "VpcId": "vpc-1"}],
    bad=[
        {"GroupName": "sg-web", "Description": "x", "VpcId": "vpc-1"},
        {"GroupName": "default", "Description": "x", "VpcId": "vpc-1"},
        {"GroupName": "web", "Description": "what's in it", "VpcId": "vpc-1"},
        {"GroupName": "w" * 256, "Description": "x", "VpcId": "vpc-1"},
    ],
)  # fmt: skip
def group_name(params: dict[str, Any], context: Context) -> str | None:
    name = params.get("GroupName", "")
    if name.startswith("sg-") or name == "default":
        return f"Invalid security group name '{name}': it is reserved."
    for key in ("GroupName", "Description"):
        text = params.get(key, "")
        if len(text) > 255 or not GROUP_TEXT.fullmatch(text):
            return f"Value ({text}) for parameter {key} is invalid. Character sets beyond ASCII are not supported."
    return None


def permissions(params: dict[str, Any]) -> list[dict[str, Any]]:
    return params.get("IpPermissions") or []


def _ingress(**permission: Any) -> dict[str, Any]:
    return {"GroupId": "sg-1", "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, **permission}]}


@rule(
    "ec2", "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", code="InvalidParameterValue", source=f"{_API}, IpPermission",
    good=[_ingress(IpRanges=[{"CidrIp": "10.0.0.0/16", "Description": "From the VPC"}])],
    bad=[
        _ingress(FromPort=90, IpRanges=[{"CidrIp": "10.0.0.0/16"}]),
        _ingress(ToPort=65536, IpRanges=[{"CidrIp": "10.0.0.0/16"}]),
        _ingress(IpRanges=[{"CidrIp": "10.0.0.1/16"}]),
        _ingress(IpRanges=[{"CidrIp": "10.0.0.0/16", "Description": "what's this?"}]),
        _ingress(),
    ],
)  # fmt: skip
def security_group_rule(params: dict[str, Any], context: Context) -> str | None:
    for permission in permissions(params):
        protocol = str(permission.get("IpProtocol"))
        if protocol in ("tcp", "udp", "6", "17"):
            ports = permission.get("FromPort"), permission.get("ToPort")
            if None in ports or not 0 <= int(ports[0]) <= int(ports[1]) <= 65535:
                return f"Invalid value '{ports}' for portRange. Must specify both from and to ports with TCP/UDP, in order, up to 65535."
        peers = [item for key in ("IpRanges", "Ipv6Ranges", "UserIdGroupPairs", "PrefixListIds") for item in permission.get(key) or []]
        if not peers:
            return "The request must contain a source or destination."
        for peer in peers:
            block = peer.get("CidrIp") or peer.get("CidrIpv6")
            if block and network(block) is None:
                return f"CIDR block {block} is malformed."
            description = peer.get("Description", "")
            if len(description) > 255 or not GROUP_TEXT.fullmatch(description):
                return (
                    "Invalid rule description. Valid descriptions are strings less than 256 characters from a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"
                )
    return None


@rule(
    "ec2", "CreateNetworkAclEntry", "ReplaceNetworkAclEntry", code="InvalidParameterValue", source=f"{_API}, CreateNetworkAclEntry",
    good=[
        {"NetworkAclId": "acl-1", "RuleNumber": 1, "Protocol": "-1", "CidrBlock": "0.0.0.0/0"},
        {"NetworkAclId": "acl-1", "RuleNumber": 1, "Protocol": "6", "CidrBlock": "0.0.0.0/0", "PortRange": {"From": 1, "To": 2}},
        {"NetworkAclId": "acl-1", "RuleNumber": 1, "Protocol": "1", "CidrBlock": "0.0.0.0/0", "IcmpTypeCode": {"Type": 3, "Code": 4}},
    ],
    bad=[
        {"NetworkAclId": "acl-1", "RuleNumber": 32767, "Protocol": "-1", "CidrBlock": "0.0.0.0/0"},
        {"NetworkAclId": "acl-1", "RuleNumber": 1, "Protocol": "6", "CidrBlock": "0.0.0.0/0"},
        {"NetworkAclId": "acl-1", "RuleNumber": 1, "Protocol": "1", "CidrBlock": "0.0.0.0/0"},
        {"NetworkAclId": "acl-1", "RuleNumber": 1, "Protocol": "-1"},
        {"NetworkAclId": "acl-1", "RuleNumber": 1, "Protocol": "tcpx", "CidrBlock": "0.0.0.0/0"},
    ],
)  # fmt: skip
def network_acl_entry(params: dict[str, Any], context: Context) -> str | None:
    if not 1 <= int(params["RuleNumber"]) <= 32766:
        return "Rule number must be between 1 and 32766."
    protocol = str(params.get("Protocol"))
    if not re.fullmatch(r"-1|\d{1,3}|tcp|udp|icmp|icmpv6|all", protocol):
        return f"Invalid value '{protocol}' for IP protocol. Unknown protocol."
    if protocol in ("6", "17", "tcp", "udp") and not params.get("PortRange"):
        return "The parameter PortRange is required for TCP and UDP."
    if protocol in ("1", "58", "icmp", "icmpv6") and not params.get("IcmpTypeCode"):
        return "The parameter IcmpTypeCode is required for ICMP."
    if bool(params.get("CidrBlock")) == bool(params.get("Ipv6CidrBlock")):
        return "Exactly one of CidrBlock and Ipv6CidrBlock is required."
    return None


@rule(
    "ec2", "CreateNetworkAclEntry", code="NetworkAclEntryLimitExceeded", source=f'{_VPC}, "Amazon VPC quotas": 20 entries a direction',
    good=[{"NetworkAclId": "acl-none", "RuleNumber": 1, "Egress": False}], bad=[],
)  # fmt: skip
def network_acl_quota(params: dict[str, Any], context: Context) -> str | None:
    acl = context.backend("ec2").network_acls.get(params["NetworkAclId"])
    entries = [entry for entry in acl.network_acl_entries if bool(entry.egress) == bool(params.get("Egress"))] if acl else []
    # moto has one last entry a direction where AWS has two in VPCs with IPv6.
    return "The maximum number of network ACL entries has been reached." if len(entries) >= 20 else None


@rule(
    "ec2", "CreateVpcEndpoint", code="InvalidParameter", source=f"{_API}, CreateVpcEndpoint",
    good=[
        {"VpcId": "vpc-1", "ServiceName": "com.amazonaws.ap-northeast-2.s3", "VpcEndpointType": "Gateway", "RouteTableIds": ["rtb-1"]},
        {"VpcId": "vpc-1", "ServiceName": "com.amazonaws.ap-northeast-2.kms", "VpcEndpointType": "Interface", "SubnetIds": ["subnet-1"]},
    ],
    bad=[
        {"VpcId": "vpc-1", "ServiceName": "com.amazonaws.ap-northeast-2.kms", "VpcEndpointType": "Gateway"},
        {"VpcId": "vpc-1", "ServiceName": "com.amazonaws.ap-northeast-2.kms"},
        {"VpcId": "vpc-1", "ServiceName": "com.amazonaws.us-east-1.s3", "VpcEndpointType": "Gateway"},
        {"VpcId": "vpc-1", "ServiceName": "com.amazonaws.ap-northeast-2.s3", "VpcEndpointType": "Gateway", "SubnetIds": ["subnet-1"]},
        {"VpcId": "vpc-1", "ServiceName": "com.amazonaws.ap-northeast-2.kms", "VpcEndpointType": "Interface", "RouteTableIds": ["rtb-1"]},
    ],
)  # fmt: skip
def endpoint_type(params: dict[str, Any], context: Context) -> str | None:
    kind, service = params.get("VpcEndpointType") or "Gateway", params.get("ServiceName", "")
    if kind == "Gateway":
        if service not in (f"com.amazonaws.{context.region}.s3", f"com.amazonaws.{context.region}.dynamodb"):
            return f"The Vpc Endpoint Service '{service}' does not support Gateway endpoints in {context.region}."
        if params.get("SubnetIds") or params.get("SecurityGroupIds"):
            return "Gateway endpoints have no subnets and security groups."
    elif params.get("RouteTableIds"):
        return f"{kind} endpoints have no route tables."
    return None


@rule(
    "ec2", "CreateVpcEndpoint", code="InvalidParameter", source='AWS PrivateLink Guide, "Interface endpoints": private DNS once a VPC',
    good=[{"VpcId": "vpc-none", "ServiceName": "com.amazonaws.ap-northeast-2.kms", "VpcEndpointType": "Interface"}],
    bad=[],
)  # fmt: skip
def private_dns(params: dict[str, Any], context: Context) -> str | None:
    if params.get("VpcEndpointType") != "Interface" or params.get("PrivateDnsEnabled") is False:
        return None
    backend = context.backend("ec2")
    vpc = backend.vpcs.get(params["VpcId"])
    if vpc is not None and not (vpc.enable_dns_support and vpc.enable_dns_hostnames):
        return "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true."
    for endpoint in backend.vpc_end_points.values():
        same = (endpoint.vpc_id, endpoint.service_name, endpoint.vpc_endpoint_type) == (params["VpcId"], params["ServiceName"], "Interface")
        if same and endpoint.private_dns_enabled and endpoint.state != "deleted":
            return f"private-dns-enabled cannot be set because there is already a conflicting DNS domain for {params['ServiceName']}"
    return None


@rule(
    "ec2", "CreateFlowLogs", code="InvalidParameter", source=f"{_API}, CreateFlowLogs",
    good=[
        {"LogGroupName": "/shop", "DeliverLogsPermissionArn": "arn:aws:iam::123456789012:role/flow"},
        {"LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::shop"},
    ],
    bad=[
        {"LogGroupName": "/shop"},
        {"LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::shop", "DeliverLogsPermissionArn": "arn:aws:iam::1:role/flow"},
        {"LogDestinationType": "s3", "LogGroupName": "/shop"},
        {"LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::shop", "MaxAggregationInterval": 300},
    ],
)  # fmt: skip
def flow_log_destination(params: dict[str, Any], context: Context) -> str | None:
    kind = params.get("LogDestinationType") or "cloud-watch-logs"
    if params.get("MaxAggregationInterval", 600) not in (60, 600):
        return "Invalid Flow Log Max Aggregation Interval: 60 or 600 seconds."
    if kind == "cloud-watch-logs" and not params.get("DeliverLogsPermissionArn"):
        return "DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs."
    if kind == "s3" and (params.get("LogGroupName") or params.get("DeliverLogsPermissionArn") or not params.get("LogDestination")):
        return "LogDestinationType s3 needs LogDestination, and has no LogGroupName and DeliverLogsPermissionArn."
    return None


def _tagged(kind: str, **tags: str) -> dict[str, Any]:
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]}


#: The resource type that the tags of a creating operation must be for.
TAG_TYPES = {
    "CreateVpc": "vpc",
    "CreateSubnet": "subnet",
    "CreateNatGateway": "natgateway",
    "AllocateAddress": "elastic-ip",
    "CreateRouteTable": "route-table",
    "CreateNetworkAcl": "network-acl",
    "CreateSecurityGroup": "security-group",
    "CreateVpcEndpoint": "vpc-endpoint",
    "CreateFlowLogs": "vpc-flow-log",
    "CreateInternetGateway": "internet-gateway",
}


@rule(
    "ec2", *TAG_TYPES, code="InvalidParameterValue", source=f"{_API}, TagSpecification",
    good=[_tagged("natgateway", Name="shop-nat"), {}],
    bad=[_tagged("nat-gateway", Name="shop-nat"), _tagged("vpc", **{"aws:mine": "x"}), _tagged("vpc", **{f"k{n}": "v" for n in range(51)})],
)  # fmt: skip
def tag_specifications(params: dict[str, Any], context: Context) -> str | None:
    for specification in params.get("TagSpecifications") or []:
        if specification.get("ResourceType") not in TAG_TYPES.values():
            return f"'{specification.get('ResourceType')}' is not a valid taggable resource type for this operation."
        tags = specification.get("Tags") or []
        if len(tags) > 50:
            return "The maximum number of tags for a resource has been reached."
        for tag in tags:
            if tag["Key"].lower().startswith("aws:"):
                return "Tag keys starting with 'aws:' are reserved for internal use."
            if not 1 <= len(tag["Key"]) <= 127 or len(tag.get("Value", "")) > 256:
                return "A tag key has 1 to 127 characters, a tag value up to 256."
    return None


@rule(
    "ec2", "CreateNatGateway", code="InvalidParameterCombination", source=f"{_API}, CreateNatGateway: AllocationId and ConnectivityType",
    good=[{"SubnetId": "subnet-1", "AllocationId": "eipalloc-1"}, {"SubnetId": "subnet-1", "ConnectivityType": "private"}],
    bad=[{"SubnetId": "subnet-1"}, {"SubnetId": "subnet-1", "AllocationId": "eipalloc-1", "ConnectivityType": "private"}],
)  # fmt: skip
def nat_gateway_address(params: dict[str, Any], context: Context) -> str | None:
    public = params.get("ConnectivityType", "public") == "public"
    if public == bool(params.get("AllocationId")):
        return None
    return "A public NAT gateway needs an AllocationId." if public else "A private NAT gateway takes no AllocationId."


@rule(
    "ec2", "ModifyVpcAttribute", code="InvalidParameterCombination", source=f"{_API}, ModifyVpcAttribute: one attribute at a time",
    good=[{"VpcId": "vpc-1", "EnableDnsHostnames": {"Value": True}}],
    bad=[{"VpcId": "vpc-1", "EnableDnsHostnames": {"Value": True}, "EnableDnsSupport": {"Value": True}}, {"VpcId": "vpc-1"}],
)  # fmt: skip
def one_vpc_attribute(params: dict[str, Any], context: Context) -> str | None:
    given = [name for name in params if name.startswith("Enable")]
    return None if len(given) == 1 else "Fields for exactly one VPC attribute must be specified."


#: Where a route may lead to; CreateRoute takes exactly one of them.
_GOALS = (
    "CarrierGatewayId", "CoreNetworkArn", "EgressOnlyInternetGatewayId", "GatewayId", "InstanceId", "LocalGatewayId", "NatGatewayId",
    "NetworkInterfaceId", "OdbNetworkArn", "TransitGatewayId", "VpcEndpointId", "VpcPeeringConnectionId",
)  # fmt: skip
_ROUTE = {"RouteTableId": "rtb-1", "DestinationCidrBlock": "0.0.0.0/0"}


@rule(
    "ec2", "CreateRoute", "ReplaceRoute", code="InvalidParameterCombination", source=f"{_API}, CreateRoute",
    good=[{**_ROUTE, "NatGatewayId": "nat-1"}],
    bad=[
        _ROUTE,
        {**_ROUTE, "NatGatewayId": "nat-1", "GatewayId": "igw-1"},
        {**_ROUTE, "NatGatewayId": "nat-1", "DestinationIpv6CidrBlock": "::/0"},
        {"RouteTableId": "rtb-1", "NatGatewayId": "nat-1"},
    ],
)  # fmt: skip
def one_destination_and_one_goal(params: dict[str, Any], context: Context) -> str | None:
    if params.get("LocalTarget"):
        return None  # ReplaceRoute: back to the VPC itself
    ends = [name for name in ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId") if params.get(name)]
    goals = [name for name in _GOALS if params.get(name)]
    return None if len(ends) == len(goals) == 1 else "The request must contain exactly one destination and exactly one target."


@rule(
    "ec2", "CreateVpcEndpoint", code="DuplicateSubnetsInSameZone", source=f"{_API}, Error codes: DuplicateSubnetsInSameZone",
    good=[{"VpcId": "vpc-1", "ServiceName": "com.amazonaws.ap-northeast-2.kms", "VpcEndpointType": "Interface", "SubnetIds": ["subnet-1"]}],
    bad=[],
)  # fmt: skip
def endpoint_zones(params: dict[str, Any], context: Context) -> str | None:
    every = {name: subnet for some in context.backend("ec2").subnets.values() for name, subnet in some.items()}
    zones = [every[name].availability_zone for name in params.get("SubnetIds") or [] if name in every]
    return "Found another VPC endpoint subnet in the same Availability Zone." if len(set(zones)) < len(zones) else None
