"""Amazon VPC and EBS: what depends on what, and what AWS puts there by itself."""

from __future__ import annotations

import threading
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import DependencyViolationError, EC2ClientError, InvalidSubnetIdError
from moto.ec2.models import EC2Backend
from moto.ec2.models.amis import Ami, AmiBackend
from moto.ec2.models.instances import Instance
from moto.ec2.models.nat_gateways import NatGateway
from moto.ec2.models.network_acls import NetworkAcl
from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupRule
from moto.ec2.models.vpcs import VPCEndPoint
from moto.ec2.responses import EC2Response
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, generic_filter


def apply() -> None:
    images_are_loaded_when_asked_for()
    default_security_group_lets_itself_in()
    security_group_rules_keep_their_description()
    prefix_list_rule_keeps_its_description()
    security_group_in_use_stays()
    network_acl_ends_with_deny()
    network_acl_entry_must_exist()
    network_acl_entry_keeps_its_icmp_type()
    network_acl_association_must_exist()
    nat_gateway_tag_type()
    nat_gateways_are_filtered()
    nat_gateway_leaves_nothing_behind()
    address_in_use_is_not_released()
    route_needs_its_nat_gateway()
    internet_gateway_in_use_stays()
    endpoint_keeps_its_routes()
    endpoint_has_an_interface_in_each_subnet()
    instance_takes_its_interfaces_along()
    every_instance_of_a_launch_has_its_profile()
    deleted_endpoint_is_gone()
    subnet_takes_its_associations_along()
    vpc_in_use_stays()
    ebs_default_key()
    flow_log_finds_its_group_by_arn()


def _refuse(code: str, message: str) -> EC2ClientError:
    return EC2ClientError(code, message)


def images_are_loaded_when_asked_for() -> None:
    """AWS's images. moto makes some 1,300 of them, with a volume and a snapshot each, for each account and region that is looked at."""
    load, lock = AmiBackend._load_amis, threading.RLock()

    def amis(self: AmiBackend) -> dict[str, Ami]:
        with lock:
            if not self.__dict__.get("_has_images"):
                self._has_images = True
                load(self)
            return self._images

    def replace(self: AmiBackend, images: dict[str, Ami]) -> None:
        self._images = images

    AmiBackend.amis = property(amis, replace)
    AmiBackend._load_amis = lambda self: None


def default_security_group_lets_itself_in() -> None:
    """The default group of a new VPC allows all from itself (Amazon VPC User Guide, "Default security groups for your VPCs")."""
    create = EC2Backend.create_vpc

    def create_vpc(self: EC2Backend, *args: Any, **kwargs: Any) -> Any:
        vpc = create(self, *args, **kwargs)
        group = self.get_security_group_from_name("default", vpc_id=vpc.id)
        if group and not group.ingress_rules:
            source = {"GroupId": group.id, "UserId": self.account_id, "OwnerId": self.account_id}
            group.ingress_rules.append(SecurityGroupRule(self, "-1", group.id, None, None, None, source, None, is_egress=False))
        for rule in group.egress_rules if group else []:
            rule.is_egress = True
        return vpc

    EC2Backend.create_vpc = create_vpc


def security_group_rules_keep_their_description() -> None:
    """A rule has its description whatever its peer is, and ModifySecurityGroupRules changes it. A new group's own rule is an egress one."""
    modify = EC2Backend.modify_security_group_rules
    init = SecurityGroup.__init__

    def holder(rule: SecurityGroupRule) -> dict[str, Any]:
        return next((part for part in (rule.ip_range, rule.source_group) if part), {})

    def description(self: SecurityGroupRule) -> str | None:
        return getattr(self, "own_description", None) or holder(self).get("Description")

    def modify_security_group_rules(self: EC2Backend, group_id: str, rules: dict[str, dict[str, Any]]) -> None:
        for rule in rules.values():
            if str(rule.get("IpProtocol")) == "-1":  # has no ports, which moto wants
                rule.update({"FromPort": rule.get("FromPort") or -1, "ToPort": rule.get("ToPort") or -1})
        modify(self, group_id, rules)
        group = self.get_security_group_from_id(group_id)
        for rule_id, rule in rules.items():
            standing = group.get_rule(rule_id)
            if standing.ip_protocol == "-1":
                standing.from_port = standing.to_port = None
            if rule.get("Description") is not None:
                standing.ip_range.pop("Description", None) if not (standing.ip_range.keys() - {"Description"}) else None
                standing.own_description = rule["Description"]
                if holder(standing):
                    holder(standing)["Description"] = rule["Description"]

    def group_init(self: SecurityGroup, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        for rule in self.egress_rules:
            rule.is_egress = True

    SecurityGroupRule.description = property(description)
    EC2Backend.modify_security_group_rules = modify_security_group_rules
    SecurityGroup.__init__ = group_init


def prefix_list_rule_keeps_its_description() -> None:
    """A rule whose peer is a prefix list has a description as others have."""
    init = SecurityGroupRule.__init__

    def rule_init(self: SecurityGroupRule, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        prefix_list = kwargs.get("prefix_list_id") or (args[7] if len(args) > 7 else None)
        if isinstance(prefix_list, dict):
            self.own_description = prefix_list.get("Description")

    SecurityGroupRule.__init__ = rule_init


def security_group_in_use_stays() -> None:
    """DeleteSecurityGroup refuses a default group, one that rules of others name, and one with network interfaces."""
    delete = EC2Backend.delete_security_group

    def delete_security_group(self: EC2Backend, name: str | None = None, group_id: str | None = None) -> None:
        group = self.get_security_group_from_id(group_id) if group_id else None
        if group is not None:
            vpc_stands = group.vpc_id in self.vpcs
            if group.name == "default" and vpc_stands and not getattr(self, "deleting_vpc", None) == group.vpc_id:
                raise _refuse("CannotDelete", f'the specified group: "{group_id}" name: "default" cannot be deleted by a user')
            others = [other for groups in list(self.groups.values()) for other in list(groups.values()) if other.id != group_id]
            named = any(
                rule.source_group.get("GroupId") == group_id for other in others for rule in [*other.ingress_rules, *other.egress_rules]
            )
            if named or any(group_id in [g.id for g in eni.group_set] for eni in list(self.enis.values())):
                raise DependencyViolationError(f"resource {group_id} has a dependent object")
        delete(self, name, group_id)

    EC2Backend.delete_security_group = delete_security_group


def network_acl_ends_with_deny() -> None:
    """Each new network ACL has the entry C(*), number 32767, in both directions."""
    create = EC2Backend.create_network_acl

    def create_network_acl(self: EC2Backend, vpc_id: str, tags: Any = None, default: bool = False) -> NetworkAcl:
        acl = create(self, vpc_id, tags=tags, default=default)
        if not default:
            for egress in (True, False):
                self.create_network_acl_entry(acl.id, 32767, "-1", "deny", egress, "0.0.0.0/0", None, None, None, None, None)
        return acl

    EC2Backend.create_network_acl = create_network_acl


def network_acl_entry_must_exist() -> None:
    """DeleteNetworkAclEntry and ReplaceNetworkAclEntry of an entry that is not there answer InvalidNetworkAclEntry.NotFound."""
    delete = EC2Backend.delete_network_acl_entry

    def delete_network_acl_entry(self: EC2Backend, network_acl_id: str, rule_number: int, egress: bool) -> Any:
        entries = self.get_network_acl(network_acl_id).network_acl_entries
        if not any((entry.egress, entry.rule_number) == (egress, rule_number) for entry in entries):
            raise _refuse(
                "InvalidNetworkAclEntry.NotFound", f"The specified entry {rule_number} does not exist in network ACL {network_acl_id}"
            )
        return delete(self, network_acl_id, rule_number, egress)

    EC2Backend.delete_network_acl_entry = delete_network_acl_entry


def network_acl_entry_keeps_its_icmp_type() -> None:
    """An ICMP entry has the type and code that it was made with."""

    def settings(self: EC2Response) -> dict[str, Any]:
        icmp, ports = self._get_param("IcmpTypeCode") or {}, self._get_param("PortRange") or {}
        return {
            "network_acl_id": self._get_param("NetworkAclId"),
            "rule_number": self._get_param("RuleNumber"),
            "protocol": self._get_param("Protocol"),
            "rule_action": self._get_param("RuleAction"),
            "egress": self._get_param("Egress"),
            "cidr_block": self._get_param("CidrBlock"),
            "icmp_code": icmp.get("Code"),
            "icmp_type": icmp.get("Type"),
            "port_range_from": ports.get("From"),
            "port_range_to": ports.get("To"),
            "ipv6_cidr_block": self._get_param("Ipv6CidrBlock"),
        }

    def create(self: EC2Response) -> ActionResult:
        self.ec2_backend.create_network_acl_entry(**settings(self))
        return EmptyResult()

    def replace(self: EC2Response) -> ActionResult:
        self.ec2_backend.replace_network_acl_entry(**settings(self))
        return EmptyResult()

    EC2Response.create_network_acl_entry = create
    EC2Response.replace_network_acl_entry = replace


def network_acl_association_must_exist() -> None:
    """An association that was replaced has a new id; the old one is refused (API Reference, "Error codes": InvalidAssociationID.NotFound).

    moto answers 500, which a client whose first answer was lost would try again for ever.
    """
    replace = EC2Backend.replace_network_acl_association

    def replace_network_acl_association(self: EC2Backend, association_id: str, network_acl_id: str) -> Any:
        if not any(association_id in acl._associations for acl in self.network_acls.values()):
            raise _refuse("InvalidAssociationID.NotFound", f"The association ID '{association_id}' does not exist")
        return replace(self, association_id, network_acl_id)

    EC2Backend.replace_network_acl_association = replace_network_acl_association


def nat_gateway_tag_type() -> None:
    """The resource type of a NAT gateway's tags is C(natgateway)."""
    EC2_PREFIX_TO_RESOURCE["nat"] = "natgateway"


def nat_gateways_are_filtered() -> None:
    """DescribeNatGateways takes tags and states as filters, as every operation does."""
    describe = EC2Backend.describe_nat_gateways

    def describe_nat_gateways(self: EC2Backend, filters: Any, nat_gateway_ids: list[str] | None) -> list[NatGateway]:
        found = describe(self, None, nat_gateway_ids)
        if nat_gateway_ids and len(found) < len(set(nat_gateway_ids)):
            raise _refuse("NatGatewayNotFound", f"The Nat Gateway {', '.join(nat_gateway_ids)} was not found")
        return generic_filter(filters, found) if filters else found

    NatGateway.nat_gateway_id = property(lambda self: self.id)
    EC2Backend.describe_nat_gateways = describe_nat_gateways


def nat_gateway_leaves_nothing_behind() -> None:
    """A deleted NAT gateway gives its Elastic IP address and its network interface free, and its routes become black holes."""
    delete = EC2Backend.delete_nat_gateway

    def delete_nat_gateway(self: EC2Backend, nat_gateway_id: str) -> NatGateway:
        if nat_gateway_id not in self.nat_gateways:
            raise _refuse("NatGatewayNotFound", f"The Nat Gateway {nat_gateway_id} was not found")
        gateway = delete(self, nat_gateway_id)
        for address in list(self.addresses):
            if address.eni is gateway._eni:
                self.disassociate_address(address=address.public_ip)
        self.enis.pop(gateway._eni.id, None)
        return gateway

    EC2Backend.delete_nat_gateway = delete_nat_gateway


def address_in_use_is_not_released() -> None:
    """ReleaseAddress refuses an address that is associated with a network interface."""
    release = EC2Backend.release_address

    def release_address(self: EC2Backend, address: str | None = None, allocation_id: str | None = None) -> None:
        for held in self.addresses:
            if held.association_id and (held.public_ip == address or (allocation_id and held.allocation_id == allocation_id)):
                raise _refuse("InvalidIPAddress.InUse", f"Address {held.public_ip} is in use.")
        release(self, address=address, allocation_id=allocation_id)

    EC2Backend.release_address = release_address


def route_needs_its_nat_gateway() -> None:
    """CreateRoute and ReplaceRoute refuse a NAT gateway that does not stand."""

    def checked(function: Any) -> Any:
        def wrapped(self: EC2Backend, *args: Any, **kwargs: Any) -> Any:
            gateway_id = kwargs.get("nat_gateway_id")
            if gateway_id is not None:
                gateway = self.nat_gateways.get(gateway_id)
                if gateway is None or gateway.state in ("deleting", "deleted", "failed"):
                    raise _refuse("InvalidNatGatewayID.NotFound", f"The natGateway ID '{gateway_id}' does not exist")
            return function(self, *args, **kwargs)

        return wrapped

    EC2Backend.create_route = checked(EC2Backend.create_route)
    EC2Backend.replace_route = checked(EC2Backend.replace_route)


def _interfaces(backend: EC2Backend, vpc_id: str) -> list[Any]:
    return [eni for eni in list(backend.enis.values()) if eni.subnet.vpc_id == vpc_id]


def internet_gateway_in_use_stays() -> None:
    """DetachInternetGateway refuses while the VPC has public addresses in use."""
    detach = EC2Backend.detach_internet_gateway

    def detach_internet_gateway(self: EC2Backend, internet_gateway_id: str, vpc_id: str) -> None:
        interfaces = {eni.id for eni in _interfaces(self, vpc_id)}
        if any(address.eni is not None and address.eni.id in interfaces for address in self.addresses):
            raise DependencyViolationError(
                f"Network {vpc_id} has some mapped public address(es). Please unmap those public address(es) first."
            )
        detach(self, internet_gateway_id, vpc_id)

    EC2Backend.detach_internet_gateway = detach_internet_gateway


def endpoint_keeps_its_routes() -> None:
    """A gateway endpoint has a route in each of its route tables, while it is one of them; PrivateDnsEnabled can be changed.

    A security group that is not given to an interface endpoint is the VPC's default one.
    """
    create, modify = EC2Backend.create_vpc_endpoint, EC2Backend.modify_vpc_endpoint
    modify_response = EC2Response.modify_vpc_endpoint

    def create_vpc_endpoint(self: EC2Backend, *args: Any, **kwargs: Any) -> VPCEndPoint:
        kwargs["endpoint_type"] = kwargs.get("endpoint_type") or "Gateway"
        if kwargs["endpoint_type"] == "Gateway":
            kwargs["private_dns_enabled"] = False
            kwargs["security_group_ids"] = []
        elif not kwargs.get("security_group_ids"):
            default = self.get_security_group_from_name("default", vpc_id=kwargs["vpc_id"])
            kwargs["security_group_ids"] = [default.id]
        return create(self, *args, **kwargs)

    def modify_vpc_endpoint(self: EC2Backend, vpc_id: str, *args: Any, **kwargs: Any) -> None:
        endpoint = self.get_vpc_end_point(vpc_id)
        before = list(endpoint.route_table_ids or [])
        modify(self, vpc_id, *args, **kwargs)
        prefix_list = endpoint.destination_prefix_list_id
        for table_id in endpoint.route_table_ids or []:
            if prefix_list and table_id not in before:
                self.create_route(table_id, None, gateway_id=endpoint.id, destination_prefix_list_id=prefix_list)
        for table_id in before:
            if prefix_list and table_id not in endpoint.route_table_ids and table_id in self.route_tables:
                self.delete_route(table_id, prefix_list)

    def modify_vpc_endpoint_response(self: EC2Response) -> ActionResult:
        answer = modify_response(self)
        private = self._get_param("PrivateDnsEnabled")
        if private is not None:
            self.ec2_backend.get_vpc_end_point(self._get_param("VpcEndpointId")).private_dns_enabled = str(private).lower() == "true"
        return answer

    EC2Backend.create_vpc_endpoint = create_vpc_endpoint
    EC2Backend.modify_vpc_endpoint = modify_vpc_endpoint
    EC2Response.modify_vpc_endpoint = modify_vpc_endpoint_response


def instance_takes_its_interfaces_along() -> None:
    """A network interface that is made with an instance ends with it, unless the launch says otherwise ("Network interface attributes",
    Amazon EC2 User Guide)."""
    prepare = Instance.prep_nics

    def prep_nics(self: Instance, nic_spec: list[dict[str, Any]], *args: Any, **kwargs: Any) -> None:
        made = nic_spec or ([{"DeviceIndex": 0}] if self.subnet_id else [])
        for nic in made:
            if "NetworkInterfaceId" not in nic:
                nic.setdefault("DeleteOnTermination", True)
        prepare(self, made, *args, **kwargs)

    Instance.prep_nics = prep_nics


def endpoint_has_an_interface_in_each_subnet() -> None:
    """ModifyVpcEndpoint makes and removes the network interfaces of the subnets it adds and removes; they have the endpoint's groups."""
    create, modify = EC2Backend.create_vpc_endpoint, EC2Backend.modify_vpc_endpoint

    def align(self: EC2Backend, endpoint: VPCEndPoint) -> None:
        if (endpoint.vpc_endpoint_type or "").lower() != "interface":
            return
        interfaces = {self.enis[id].subnet.id: self.enis[id] for id in endpoint.network_interface_ids if id in self.enis}
        for subnet_id in interfaces.keys() - set(endpoint.subnet_ids):
            self.enis.pop(interfaces.pop(subnet_id).id)
        for subnet_id in endpoint.subnet_ids:
            if subnet_id not in interfaces:
                interfaces[subnet_id] = self.create_network_interface(self.get_subnet(subnet_id), "")
        groups = [self.get_security_group_from_id(group_id) for group_id in endpoint.security_group_ids]
        for interface in interfaces.values():
            interface._group_set = list(groups)
            interface.interface_type = "vpc_endpoint"
        endpoint.network_interface_ids = [interface.id for interface in interfaces.values()]

    def create_vpc_endpoint(self: EC2Backend, *args: Any, **kwargs: Any) -> VPCEndPoint:
        endpoint = create(self, *args, **kwargs)
        align(self, endpoint)
        return endpoint

    def modify_vpc_endpoint(self: EC2Backend, vpc_id: str, *args: Any, **kwargs: Any) -> None:
        modify(self, vpc_id, *args, **kwargs)
        align(self, self.get_vpc_end_point(vpc_id))

    EC2Backend.create_vpc_endpoint = create_vpc_endpoint
    EC2Backend.modify_vpc_endpoint = modify_vpc_endpoint


def every_instance_of_a_launch_has_its_profile() -> None:
    """RunInstances gives its instance profile to all instances that it launches, and not to the first alone."""
    run = EC2Backend.run_instances

    def run_instances(self: EC2Backend, *args: Any, **named: Any) -> Any:
        reservation = run(self, *args, **named)
        arn, name = named.get("iam_instance_profile_arn"), named.get("iam_instance_profile_name")
        for instance in reservation.instances[1:] if arn or name else ():
            self.associate_iam_instance_profile(instance_id=instance.id, iam_instance_profile_name=name, iam_instance_profile_arn=arn)
        return reservation

    EC2Backend.run_instances = run_instances


def deleted_endpoint_is_gone() -> None:
    """DeleteVpcEndpoints removes the endpoint with its interfaces and routes, and says which ids it does not know."""

    def delete_vpc_endpoints(self: EC2Backend, vpce_ids: list[str] | None = None) -> None:
        for endpoint in [self.vpc_end_points[id] for id in vpce_ids or [] if id in self.vpc_end_points]:
            for interface_id in endpoint.network_interface_ids:
                self.enis.pop(interface_id, None)
            for table_id in endpoint.route_table_ids or []:
                table = self.route_tables.get(table_id)
                for route_id, route in list(table._routes.items()) if table else []:
                    if route.gateway is endpoint:
                        table._routes.pop(route_id)
            del self.vpc_end_points[endpoint.id]

    def delete_vpc_endpoints_response(self: EC2Response) -> ActionResult:
        ids = self._get_param("VpcEndpointIds", [])
        unknown = [id for id in ids if id not in self.ec2_backend.vpc_end_points]
        self.ec2_backend.delete_vpc_endpoints(vpce_ids=ids)
        error = {"Code": "InvalidVpcEndpoint.NotFound"}
        return ActionResult(
            {
                "Unsuccessful": [
                    {"ResourceId": id, "Error": {**error, "Message": f"The Vpc Endpoint Id '{id}' does not exist"}} for id in unknown
                ]
            }
        )

    VPCEndPoint.vpc_endpoint_id = property(lambda self: self.id)
    EC2Backend.delete_vpc_endpoints = delete_vpc_endpoints
    EC2Response.delete_vpc_endpoints = delete_vpc_endpoints_response


def subnet_takes_its_associations_along() -> None:
    """DeleteSubnet refuses a subnet with network interfaces, and removes its route table and network ACL associations."""
    delete = EC2Backend.delete_subnet

    def delete_subnet(self: EC2Backend, subnet_id: str) -> Any:
        if not any(subnet_id in subnets for subnets in self.subnets.values()):
            raise InvalidSubnetIdError(subnet_id)
        if any(eni.subnet.id == subnet_id for eni in list(self.enis.values())):
            raise DependencyViolationError(f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")
        subnet = delete(self, subnet_id)
        for table in list(self.route_tables.values()):
            table._associations = {key: value for key, value in table._associations.items() if value != subnet_id}
        for acl in list(self.network_acls.values()):
            acl._associations = {key: value for key, value in acl._associations.items() if value.subnet_id != subnet_id}
        return subnet

    EC2Backend.delete_subnet = delete_subnet


def vpc_in_use_stays() -> None:
    """DeleteVpc refuses while gateways, endpoints, groups, network ACLs or interfaces are in it, and takes its default ones along."""
    delete = EC2Backend.delete_vpc

    def delete_vpc(self: EC2Backend, vpc_id: str) -> Any:
        self.get_vpc(vpc_id)
        own_acls = [acl for acl in self.network_acls.values() if acl.vpc_id == vpc_id]
        blocking = [
            *[gateway for gateway in self.internet_gateways.values() if gateway.vpc is not None and gateway.vpc.id == vpc_id],
            *[endpoint for endpoint in self.vpc_end_points.values() if endpoint.vpc_id == vpc_id],
            *[acl for acl in own_acls if not acl.default],
            *[group for group in self.groups.get(vpc_id, {}).values() if group.name != "default"],
            *_interfaces(self, vpc_id),
        ]
        if blocking:
            raise DependencyViolationError(f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")
        self.deleting_vpc = vpc_id
        try:
            vpc = delete(self, vpc_id)
        finally:
            self.deleting_vpc = None
        for acl in own_acls:
            self.network_acls.pop(acl.id, None)
        return vpc

    EC2Backend.delete_vpc = delete_vpc


def ebs_default_key() -> None:
    """The key of EBS's default encryption can be read, chosen and reset; until it is chosen it is C(alias/aws/ebs)."""

    def answer(self: EC2Response) -> ActionResult:
        return ActionResult({"KmsKeyId": getattr(self.ec2_backend, "ebs_default_key", None) or "alias/aws/ebs"})

    def modify(self: EC2Response) -> ActionResult:
        self.ec2_backend.ebs_default_key = self._get_param("KmsKeyId")
        return answer(self)

    def reset(self: EC2Response) -> ActionResult:
        self.ec2_backend.ebs_default_key = None
        return answer(self)

    EC2Response.get_ebs_default_kms_key_id = answer
    EC2Response.modify_ebs_default_kms_key_id = modify
    EC2Response.reset_ebs_default_kms_key_id = reset


def flow_log_finds_its_group_by_arn() -> None:
    """A flow log whose LogDestination is the ARN of a log group belongs to that group, and DescribeFlowLogs names it."""
    create = EC2Backend.create_flow_logs

    def create_flow_logs(self: EC2Backend, *args: Any, **kwargs: Any) -> Any:
        _, separator, group = (kwargs.get("log_destination") or "").partition(":log-group:")
        if separator and not kwargs.get("log_group_name"):
            kwargs["log_group_name"] = group.removesuffix(":*")
        return create(self, *args, **kwargs)

    EC2Backend.create_flow_logs = create_flow_logs
