#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: vpc_security_groups
version_added: 0.1.0
short_description: Manage security groups that refer to one another by name
description:
  - Creates, changes and removes security groups of a VPC in one task. All groups are made first, then their rules side by side, so
    that groups may refer to one another in a circle.
  - Rules that are not given are revoked, among them the one that AWS gives a new group, all traffic to anywhere.
options:
  state:
    description:
      - Whether the groups stand or not.
      - With O(state=absent) the rules between them are revoked first, and network interfaces in them are waited for.
    type: str
    choices: [present, absent]
    default: present
  vpc_id:
    description:
      - The VPC.
      - With O(state=absent) and no VPC nothing is left to remove.
    type: str
  groups:
    description:
      - The groups. Required with O(state=present).
      - With O(state=absent), those that are removed; if not given, all in the VPC that carry O(tags).
    type: list
    elements: dict
    suboptions:
      name:
        description: The name of the group, and its C(Name) tag. AWS can't change it.
        type: str
        required: true
      description:
        description: What the group is for. AWS can't change it. Required with O(state=present).
        type: str
      ingress:
        description: The rules for what comes in. Each needs at least one block, group or prefix list, and becomes one rule for each.
        type: list
        elements: dict
        default: []
        suboptions: &rule
          protocol:
            description: The protocol, V(all) without ports.
            type: str
            choices: [all, tcp, udp, icmp]
            default: tcp
          from_port:
            description: The first port, with V(tcp) and V(udp).
            type: int
          to_port:
            description: The last port, as the first if not given.
            type: int
          cidrs:
            description: IPv4 and IPv6 blocks on the other side.
            type: list
            elements: str
            default: []
          groups:
            description: Names of groups on the other side, in O(groups) or standing in the VPC.
            type: list
            elements: str
            default: []
          prefix_lists:
            description: Names or ids of prefix lists on the other side, for example V(com.amazonaws.ap-northeast-2.s3).
            type: list
            elements: str
            default: []
          description:
            description: What the rule is for.
            type: str
            default: ''
      egress:
        description: The rules for what goes out.
        type: list
        elements: dict
        default: []
        suboptions: *rule
      tags:
        description: Tags of this group, added to O(tags).
        type: dict
        default: {}
  wait_timeout:
    description: Seconds to wait, with O(state=absent), until no network interface is left in the groups.
    type: int
    default: 600
notes:
  - amazon.aws.ec2_security_group takes one group a task, sleeps 3 seconds after making it, and needs groups in their order.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: The groups of an application and its database
  refarch.aws.vpc_security_groups:
    vpc_id: "{{ vpc.vpc_id }}"
    groups:
      - name: shop-staging-app
        description: Application servers
        egress:
          - {from_port: 15432, groups: [shop-staging-database], description: To the database}
      - name: shop-staging-database
        description: Database
        ingress:
          - {from_port: 15432, groups: [shop-staging-app], description: From the application servers}
"""

RETURN = r"""
group_ids:
  description: The ids of the groups by name, empty with O(state=absent).
  returned: always
  type: dict
  sample: {shop-staging-app: sg-0a1b2c3d}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from typing import NamedTuple

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.ec2 import Ec2Resources
from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, run
from ansible_collections.refarch.aws.plugins.module_utils.unknown import UNKNOWN

RULE = {
    "protocol": {"type": "str", "choices": ["all", "tcp", "udp", "icmp"], "default": "tcp"},
    "from_port": {"type": "int"},
    "to_port": {"type": "int"},
    "cidrs": {"type": "list", "elements": "str", "default": []},
    "groups": {"type": "list", "elements": "str", "default": []},
    "prefix_lists": {"type": "list", "elements": "str", "default": []},
    "description": {"type": "str", "default": ""},
}

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "vpc_id": {"type": "str"},
    "groups": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "description": {"type": "str"},
            "ingress": {"type": "list", "elements": "dict", "default": [], "options": RULE},
            "egress": {"type": "list", "elements": "dict", "default": [], "options": RULE},
            "tags": {"type": "dict", "default": {}},
        },
    },
    "wait_timeout": {"type": "int", "default": 600},
    **TAG_OPTIONS,
}


class Rule(NamedTuple):
    """What makes a rule the same rule to AWS: all but its description. C(peer): a block, or the id of a group or prefix list."""

    egress: bool
    protocol: str
    from_port: int
    to_port: int
    peer: str


#: What AWS gives a new group (Amazon VPC User Guide, "Security group rules": all outbound traffic).
NEW_GROUP_RULE = Rule(True, "-1", -1, -1, "0.0.0.0/0")
PEER_KEYS = {
    "ipv4": ("IpRanges", "CidrIp"),
    "ipv6": ("Ipv6Ranges", "CidrIpv6"),
    "group": ("UserIdGroupPairs", "GroupId"),
    "list": ("PrefixListIds", "PrefixListId"),
}
PROTOCOL_NAMES = {"all": "-1", "6": "tcp", "17": "udp", "1": "icmp"}


def kind_of_peer(peer: str) -> str:
    """A key of PEER_KEYS. The placeholder of a plan can only stand for a group, since blocks and lists are known."""
    if peer.startswith("pl-"):
        return "list"
    if peer.startswith("sg-") or peer == UNKNOWN:
        return "group"
    return "ipv6" if ":" in peer else "ipv4"


def described(rule: dict) -> Rule:
    """A rule as DescribeSecurityGroupRules gives it."""
    peer = (
        rule.get("CidrIpv4") or rule.get("CidrIpv6") or rule.get("PrefixListId") or rule.get("ReferencedGroupInfo", {}).get("GroupId", "")
    )
    protocol = PROTOCOL_NAMES.get(rule["IpProtocol"], rule["IpProtocol"])
    return Rule(rule["IsEgress"], protocol, rule.get("FromPort", -1), rule.get("ToPort", -1), peer)


def permissions(rules: dict[Rule, str]) -> list[dict]:
    """IpPermissions of *rules* (all of one direction) and their descriptions, one for each protocol and range of ports."""
    found: dict[tuple, dict] = {}
    for rule, description in rules.items():
        ports = {} if rule.protocol == "-1" else {"FromPort": rule.from_port, "ToPort": rule.to_port}
        permission = found.setdefault(rule[1:4], {"IpProtocol": rule.protocol, **ports})
        group, key = PEER_KEYS[kind_of_peer(rule.peer)]
        permission.setdefault(group, []).append({key: rule.peer, **({"Description": description} if description else {})})
    return list(found.values())


def modification(rule_id: str, rule: Rule, description: str) -> dict:
    """An entry of ModifySecurityGroupRules, which wants the whole rule to change its description."""
    keys = {"ipv4": "CidrIpv4", "ipv6": "CidrIpv6", "group": "ReferencedGroupId", "list": "PrefixListId"}
    return {
        "SecurityGroupRuleId": rule_id,
        "SecurityGroupRule": {
            "IpProtocol": rule.protocol,
            "FromPort": rule.from_port,
            "ToPort": rule.to_port,
            keys[kind_of_peer(rule.peer)]: rule.peer,
            "Description": description,
        },
    }


class SecurityGroups(Ec2Resources):
    def existing(self) -> dict[str, dict]:
        """The VPC's groups by name."""
        if not self.params["vpc_id"]:
            return {}
        found = self.read(
            "ec2", "describe_security_groups", "SecurityGroups", Filters=[{"Name": "vpc-id", "Values": [self.params["vpc_id"]]}]
        )
        return {group["GroupName"]: group for group in found}

    def rules_of(self, ids: list[str]) -> list[dict]:
        if not ids:
            return []
        return self.read("ec2", "describe_security_group_rules", "SecurityGroupRules", Filters=[{"Name": "group-id", "Values": ids}])

    def prefix_lists(self) -> dict[str, str]:
        """The ids of the prefix lists that are given by name."""
        names = {
            name
            for group in self.params["groups"]
            for rule in [*group["ingress"], *group["egress"]]
            for name in rule["prefix_lists"]
            if not name.startswith("pl-")
        }
        if not names:
            return {}
        filters = [{"Name": "prefix-list-name", "Values": sorted(names)}]
        found = self.read("ec2", "describe_managed_prefix_lists", "PrefixLists", Filters=filters)
        ids = {item["PrefixListName"]: item["PrefixListId"] for item in found}
        if names - ids.keys():
            raise InvalidInput(f"groups: there is no prefix list {', '.join(sorted(names - ids.keys()))} in this region.")
        return ids

    def present(self) -> dict:
        wanted = self.params["groups"]
        existing, lists = self.each(lambda read: read(), [self.existing, self.prefix_lists])
        for group in wanted:
            self.require_same(existing.get(group["name"]), group)
        standing = [existing[group["name"]]["GroupId"] for group in wanted if group["name"] in existing]
        found = self.rules_of(standing)
        made = self.each(lambda group: self.ensure_group(existing.get(group["name"]), group), wanted)
        ids = {name: group["GroupId"] for name, group in existing.items()}
        ids.update({group["name"]: group_id for group, group_id in zip(wanted, made, strict=True)})
        rules = [self.rules(group, ids, lists) for group in wanted]
        new = [ids[group["name"]] for group in wanted if group["name"] not in existing]
        if new:
            self.wait("ec2", "security_group_exists", delay=1, timeout=120, GroupIds=new)

        def converge(index: int) -> None:
            name = wanted[index]["name"]
            group_id = ids[name]
            if name not in existing:
                self.ensure_rules(group_id, name, {NEW_GROUP_RULE: ("", "")}, rules[index])
            else:
                now = {
                    described(rule): (rule["SecurityGroupRuleId"], rule.get("Description", ""))
                    for rule in found
                    if rule["GroupId"] == group_id
                }
                self.ensure_rules(group_id, name, now, rules[index])

        self.each(converge, range(len(wanted)))
        return {"group_ids": {group["name"]: ids[group["name"]] for group in wanted}}

    def require_same(self, group: dict | None, wanted: dict) -> None:
        if not wanted["description"]:
            raise InvalidInput(f"groups: {wanted['name']} needs a description.")
        if group is not None and group["Description"] != wanted["description"]:
            raise InvalidInput(
                f"groups: {wanted['name']} stands with the description {group['Description']!r}, which AWS can't change. "
                "Give the group another name, or remove it first."
            )

    def ensure_group(self, group: dict | None, wanted: dict) -> str:
        tags = self.wanted_tags(wanted["name"], wanted["tags"])
        if group is not None:
            self.ensure_tags("security group", group["GroupId"], wanted["name"], group.get("Tags"), tags)
            return group["GroupId"]
        return self.write(
            "ec2", "create_security_group", "create", "security group", wanted["name"], returns="GroupId",
            GroupName=wanted["name"], Description=wanted["description"], VpcId=self.params["vpc_id"],
            TagSpecifications=self.tag_specifications("security-group", tags),
        )  # fmt: skip

    def rules(self, group: dict, ids: dict[str, str], lists: dict[str, str]) -> dict[Rule, str]:
        """The rules that *group* asks for, and their descriptions."""
        wanted: dict[Rule, str] = {}
        for egress in (False, True):
            for rule in group["egress" if egress else "ingress"]:
                missing = [name for name in rule["groups"] if name not in ids]
                if missing:
                    raise InvalidInput(
                        f"groups: a rule of {group['name']} names the group {missing[0]}, which is neither given nor in the VPC."
                    )
                peers = [*rule["cidrs"], *(ids[name] for name in rule["groups"]), *(lists.get(name, name) for name in rule["prefix_lists"])]
                if not peers:
                    raise InvalidInput(f"groups: a rule of {group['name']} names no cidrs, groups or prefix_lists.")
                for peer in peers:
                    wanted[Rule(egress, *self.ports(group["name"], rule), peer)] = rule["description"]
        return wanted

    def ports(self, name: str, rule: dict) -> tuple[str, int, int]:
        protocol = PROTOCOL_NAMES.get(rule["protocol"], rule["protocol"])
        if protocol not in ("tcp", "udp"):
            return protocol, -1, -1
        from_port, to_port = rule["from_port"], rule["from_port"] if rule["to_port"] is None else rule["to_port"]
        if from_port is None or not 0 <= from_port <= to_port <= 65535:
            raise InvalidInput(f"groups: a {protocol} rule of {name} has ports {from_port} to {to_port}; allowed are 0 to 65535, in order.")
        return protocol, from_port, to_port

    def ensure_rules(self, group_id: str, name: str, now: dict[Rule, tuple[str, str]], wanted: dict[Rule, str]) -> None:
        for egress in (False, True):
            direction = "egress" if egress else "ingress"
            new = {rule: text for rule, text in wanted.items() if rule.egress == egress and rule not in now}
            changed = {rule: text for rule, text in wanted.items() if rule.egress == egress and rule in now and now[rule][1] != text}
            foreign = [rule for rule in now if rule.egress == egress and rule not in wanted]
            if new:
                self.write(
                    "ec2", f"authorize_security_group_{direction}", "update", "security group", name,
                    GroupId=group_id, IpPermissions=permissions(new),
                )  # fmt: skip
            # A rule without an id is the one of a new group: AWS knows it by its contents.
            known = [rule for rule in changed if now[rule][0]]
            if known:
                self.write(
                    "ec2", "modify_security_group_rules", "update", "security group", name,
                    before=[now[rule][1] for rule in known], after=[changed[rule] for rule in known],
                    GroupId=group_id, SecurityGroupRules=[modification(now[rule][0], rule, changed[rule]) for rule in known],
                )  # fmt: skip
            for rule in [rule for rule in changed if not now[rule][0]]:
                self.write(
                    "ec2", f"update_security_group_rule_descriptions_{direction}", "update", "security group", name,
                    GroupId=group_id, IpPermissions=permissions({rule: changed[rule]}),
                )  # fmt: skip
            if foreign:
                by_id = [now[rule][0] for rule in foreign if now[rule][0]]
                which = {"SecurityGroupRuleIds": by_id} if by_id else {"IpPermissions": permissions(dict.fromkeys(foreign, ""))}
                self.write(
                    "ec2", f"revoke_security_group_{direction}", "update", "security group", name,
                    before=[rule._asdict() for rule in foreign], missing=("InvalidPermission.NotFound",), GroupId=group_id, **which,
                )  # fmt: skip

    def absent(self) -> dict:
        existing = self.existing()
        groups = self.params["groups"]
        found = self.carrying(list(existing.values())) if groups is None else [existing[g["name"]] for g in groups if g["name"] in existing]
        doomed = {group["GroupId"]: group["GroupName"] for group in found}
        self.wait_interfaces_gone("group-id", list(doomed), self.params["wait_timeout"])
        # A group that a rule of another one names can't be deleted, be it in this list or a leftover's.
        circle: dict[tuple[str, bool], list[str]] = {}
        for rule in self.rules_of([group["GroupId"] for group in existing.values()] if doomed else []):
            peer = rule.get("ReferencedGroupInfo", {}).get("GroupId")
            if peer in doomed and peer != rule["GroupId"]:
                circle.setdefault((rule["GroupId"], rule["IsEgress"]), []).append(rule["SecurityGroupRuleId"])
        labels = {group["GroupId"]: name for name, group in existing.items()}
        self.each(
            lambda key: self.write(
                "ec2", f"revoke_security_group_{'egress' if key[1] else 'ingress'}", "update", "security group", labels[key[0]],
                missing=("InvalidGroup.NotFound", "InvalidSecurityGroupRuleId.NotFound"), GroupId=key[0], SecurityGroupRuleIds=circle[key],
            ),
            sorted(circle),
        )  # fmt: skip
        self.each(
            lambda group_id: self.write(
                "ec2", "delete_security_group", "delete", "security group", doomed[group_id],
                missing=("InvalidGroup.NotFound",), GroupId=group_id,
            ),
            doomed,
        )  # fmt: skip
        return {"group_ids": {}}


def main() -> None:
    run(
        AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True, required_if=[("state", "present", ("vpc_id", "groups"))]),
        SecurityGroups,
    )


if __name__ == "__main__":
    main()
