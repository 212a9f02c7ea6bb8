#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: vpc_network_acls
version_added: 0.1.0
short_description: Manage the network ACLs of a VPC as one set
description:
  - Creates, changes and removes network ACLs with their entries and the subnets they guard.
  - Brings the VPC's default one to its entries.
  - Entries that are not given are removed. Entries are in place before a subnet is put under them.
options:
  state:
    description:
      - Whether the network ACLs stand or not.
      - With O(state=absent) their subnets go back to the default network ACL, which stays until its VPC goes.
    type: str
    choices: [present, absent]
    default: present
  vpc_id:
    description:
      - The VPC.
      - With O(state=absent) and no VPC nothing is left to remove.
    type: str
  network_acls:
    description:
      - The network ACLs. Required with O(state=present).
      - With O(state=absent), those that are removed; if not given, all in the VPC that carry O(tags).
    type: list
    elements: dict
    suboptions:
      name:
        description: The C(Name) tag.
        type: str
        required: true
      default:
        description: Whether this is the VPC's default network ACL, which is found by that, whatever its name.
        type: bool
        default: false
      subnet_ids:
        description: The subnets that it guards. Others that it guarded go back to the default one. Not for the default one.
        type: list
        elements: str
        default: []
      ingress:
        description: The entries for what comes in, beside the last one, which denies all.
        type: list
        elements: dict
        default: []
        suboptions: &entry
          number:
            description: V(1) to V(32766). The lowest that matches decides.
            type: int
            required: true
          action:
            description: What happens to what matches.
            type: str
            choices: [allow, deny]
            required: true
          protocol:
            description: The protocol.
            type: str
            choices: [all, tcp, udp, icmp]
            default: tcp
          cidr:
            description: The IPv4 or IPv6 block on the other side.
            type: str
            required: true
          from_port:
            description: The first port, with V(tcp) and V(udp).
            type: int
          to_port:
            description: The last port, as the first if not given.
            type: int
          icmp_type:
            description: The ICMP type, V(-1) for all.
            type: int
            default: -1
          icmp_code:
            description: The ICMP code, V(-1) for all.
            type: int
            default: -1
      egress:
        description: The entries for what goes out, beside the last one, which denies all.
        type: list
        elements: dict
        default: []
        suboptions: *entry
      tags:
        description: Tags of this network ACL, added to O(tags).
        type: dict
        default: {}
notes:
  - amazon.aws.ec2_vpc_nacl takes one a task, rewrites all entries when one differs, and can't handle the default one.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Guard the database subnets, and close the default network ACL
  refarch.aws.vpc_network_acls:
    vpc_id: "{{ vpc.vpc_id }}"
    network_acls:
      - {name: shop-staging-default, default: true}
      - name: shop-staging-db
        subnet_ids: ["{{ db_a }}", "{{ db_c }}"]
        ingress:
          - {number: 100, action: allow, cidr: 10.0.32.0/20, from_port: 15432}
        egress:
          - {number: 100, action: allow, cidr: 10.0.32.0/20, from_port: 1024, to_port: 65535}
"""

RETURN = r"""
network_acls:
  description: The network ACLs in the order of the option, none with O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The C(Name) tag., type: str, sample: shop-staging-db}
    network_acl_id: {description: AWS's id., type: str, sample: acl-0a1b2c3d}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.ec2 import Ec2Resources, by_name, name_of
from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, run
from ansible_collections.refarch.aws.plugins.module_utils.unknown import UNKNOWN

ENTRY = {
    "number": {"type": "int", "required": True},
    "action": {"type": "str", "choices": ["allow", "deny"], "required": True},
    "protocol": {"type": "str", "choices": ["all", "tcp", "udp", "icmp"], "default": "tcp"},
    "cidr": {"type": "str", "required": True},
    "from_port": {"type": "int"},
    "to_port": {"type": "int"},
    "icmp_type": {"type": "int", "default": -1},
    "icmp_code": {"type": "int", "default": -1},
}

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "vpc_id": {"type": "str"},
    "network_acls": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "default": {"type": "bool", "default": False},
            "subnet_ids": {"type": "list", "elements": "str", "default": []},
            "ingress": {"type": "list", "elements": "dict", "default": [], "options": ENTRY},
            "egress": {"type": "list", "elements": "dict", "default": [], "options": ENTRY},
            "tags": {"type": "dict", "default": {}},
        },
    },
    **TAG_OPTIONS,
}

#: IANA's numbers, which the API wants.
PROTOCOLS = {"all": "-1", "icmp": "1", "tcp": "6", "udp": "17"}
LAST_RULE = 32767

#: What AWS puts into a new VPC's default network ACL (Amazon VPC User Guide, "Default network ACL for a VPC").
ALLOW_ALL = {"Protocol": "-1", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}
NEW_DEFAULT = {(egress, 100): ALLOW_ALL for egress in (False, True)}


def described(entry: dict) -> dict:
    """An entry as DescribeNetworkAcls gives it, brought to the parameters of CreateNetworkAclEntry."""
    keys = ("Protocol", "RuleAction", "CidrBlock", "Ipv6CidrBlock", "PortRange", "IcmpTypeCode")
    return {key: entry[key] for key in keys if entry.get(key) not in (None, {})}


def requested(entry: dict) -> dict:
    """An entry of the option, as the parameters of CreateNetworkAclEntry without number and direction."""
    if not 1 <= entry["number"] < LAST_RULE:
        raise InvalidInput(f"network_acls: entry number {entry['number']} must lie between 1 and {LAST_RULE - 1}.")
    wanted = {
        "Protocol": PROTOCOLS[entry["protocol"]],
        "RuleAction": entry["action"],
        "Ipv6CidrBlock" if ":" in entry["cidr"] else "CidrBlock": entry["cidr"],
    }
    if entry["protocol"] in ("tcp", "udp"):
        if entry["from_port"] is None:
            raise InvalidInput(f"network_acls: entry {entry['number']} of protocol {entry['protocol']} needs from_port.")
        to_port = entry["from_port"] if entry["to_port"] is None else entry["to_port"]
        if not 0 <= entry["from_port"] <= to_port <= 65535:
            raise InvalidInput(
                f"network_acls: entry {entry['number']} has ports {entry['from_port']} to {to_port}; allowed are 0 to 65535, in order."
            )
        wanted["PortRange"] = {"From": entry["from_port"], "To": to_port}
    elif entry["protocol"] == "icmp":
        wanted["IcmpTypeCode"] = {"Code": entry["icmp_code"], "Type": entry["icmp_type"]}
    return wanted


def entries_of(acl: dict) -> dict[tuple[bool, int], dict]:
    """The entries of *acl*, as the option gives them, by direction (true: out) and number."""
    entries = {}
    for egress in (False, True):
        for entry in acl["egress" if egress else "ingress"]:
            if (egress, entry["number"]) in entries:
                raise InvalidInput(f"network_acls: {acl['name']} has entry number {entry['number']} twice in one direction.")
            entries[egress, entry["number"]] = requested(entry)
    return entries


class NetworkAcls(Ec2Resources):
    def read_all(self) -> list[dict]:
        if not self.params["vpc_id"]:
            return []
        return self.read("ec2", "describe_network_acls", "NetworkAcls", Filters=[{"Name": "vpc-id", "Values": [self.params["vpc_id"]]}])

    def present(self) -> dict:
        wanted = self.params["network_acls"]
        entries = [entries_of(acl) for acl in wanted]
        acls = self.read_all()
        self.default = next((acl for acl in acls if acl["IsDefault"]), None)
        existing = by_name([acl for acl in acls if not acl["IsDefault"]], "NetworkAclId")
        # Every subnet has exactly one association, which is replaced.
        self.guarded = {
            association["SubnetId"]: (association["NetworkAclAssociationId"], acl["NetworkAclId"])
            for acl in acls
            for association in acl.get("Associations", [])
        }
        if any(subnet_id not in self.guarded for acl in wanted for subnet_id in acl["subnet_ids"]) and not self.check_mode:
            raise InvalidInput(f"network_acls: subnet_ids names a subnet that is not in {self.params['vpc_id']}.")
        ids = self.each(
            lambda pair: self.ensure(self.default if pair[0]["default"] else existing.get(pair[0]["name"]), *pair),
            list(zip(wanted, entries, strict=True)),
        )
        return {"network_acls": [{"name": acl["name"], "network_acl_id": id} for acl, id in zip(wanted, ids, strict=True)]}

    def ensure(self, acl: dict | None, wanted: dict, entries: dict) -> str:
        name = wanted["name"]
        tags = self.wanted_tags(name, wanted["tags"])
        now: dict[tuple[bool, int], dict] = {}
        if acl is not None:
            acl_id = acl["NetworkAclId"]
            now = {(entry["Egress"], entry["RuleNumber"]): described(entry) for entry in acl["Entries"] if entry["RuleNumber"] < LAST_RULE}
            self.ensure_tags("network acl", acl_id, name, acl.get("Tags"), tags)
        elif wanted["default"]:
            acl_id, now = UNKNOWN, NEW_DEFAULT  # comes with the VPC that is planned
            self.ensure_tags("network acl", acl_id, name, [], tags)
        else:
            acl_id = self.write(
                "ec2", "create_network_acl", "create", "network acl", name, returns="NetworkAcl.NetworkAclId",
                VpcId=self.params["vpc_id"], TagSpecifications=self.tag_specifications("network-acl", tags),
            )  # fmt: skip
            self.wait_found("DescribeNetworkAcls", "InvalidNetworkAclID.NotFound", NetworkAclIds=[acl_id])
        self.ensure_entries(acl_id, name, now, entries)
        self.ensure_subnets(acl_id, wanted)
        return acl_id

    def ensure_entries(self, acl_id: str, name: str, now: dict, wanted: dict) -> None:
        def put(key: tuple[bool, int]) -> None:
            egress, number = key
            self.write(
                "ec2", "replace_network_acl_entry" if key in now else "create_network_acl_entry", "update", "network acl", name,
                before=now.get(key), after=wanted[key],
                NetworkAclId=acl_id, RuleNumber=number, Egress=egress, **wanted[key],
            )  # fmt: skip

        def drop(key: tuple[bool, int]) -> None:
            egress, number = key
            self.write(
                "ec2", "delete_network_acl_entry", "update", "network acl", name, before=now[key],
                missing=("InvalidNetworkAclEntry.NotFound",), NetworkAclId=acl_id, RuleNumber=number, Egress=egress,
            )  # fmt: skip

        self.each(put, sorted(key for key in wanted if now.get(key) != wanted[key]))
        self.each(drop, sorted(now.keys() - wanted.keys()))

    def ensure_subnets(self, acl_id: str, wanted: dict) -> None:
        if wanted["default"]:
            return  # it has the subnets that no other has
        for subnet_id in wanted["subnet_ids"]:
            association_id, current = self.guarded.get(subnet_id, (UNKNOWN, UNKNOWN))
            if acl_id == UNKNOWN or current != acl_id:
                self.move(wanted["name"], association_id, acl_id)
        claimed = {subnet_id for acl in self.params["network_acls"] for subnet_id in acl["subnet_ids"]}
        for subnet_id, (association_id, current) in self.guarded.items():
            if current == acl_id and subnet_id not in claimed:
                self.move(wanted["name"], association_id, self.default["NetworkAclId"])

    def move(self, name: str, association_id: str, acl_id: str) -> None:
        self.write(
            "ec2", "replace_network_acl_association", "update", "network acl", name, AssociationId=association_id, NetworkAclId=acl_id
        )

    def absent(self) -> dict:
        acls = self.read_all()
        default_id = next((acl["NetworkAclId"] for acl in acls if acl["IsDefault"]), None)

        def remove(acl: dict) -> None:
            for association in acl.get("Associations", []):
                self.move(name_of(acl), association["NetworkAclAssociationId"], default_id)
            self.write(
                "ec2", "delete_network_acl", "delete", "network acl", name_of(acl),
                missing=("InvalidNetworkAclID.NotFound",), NetworkAclId=acl["NetworkAclId"],
            )  # fmt: skip

        self.each(remove, self.doomed([acl for acl in acls if not acl["IsDefault"]], self.params["network_acls"]))
        return {"network_acls": []}


def main() -> None:
    run(
        AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True, required_if=[("state", "present", ("vpc_id", "network_acls"))]),
        NetworkAcls,
    )


if __name__ == "__main__":
    main()
