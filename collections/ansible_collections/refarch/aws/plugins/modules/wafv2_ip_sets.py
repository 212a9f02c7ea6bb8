#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: wafv2_ip_sets
version_added: 0.1.0
short_description: Manage IP sets of AWS WAF as one set
description:
  - Creates, changes and removes the address lists that rules of web ACLs refer to.
options:
  state:
    description: Whether the IP sets stand or not.
    type: str
    choices: [present, absent]
    default: present
  scope:
    description: V(REGIONAL), or V(CLOUDFRONT) in us-east-1.
    type: str
    choices: [REGIONAL, CLOUDFRONT]
    default: REGIONAL
  ip_sets:
    description: The IP sets. With O(state=absent) the name is enough.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name.
        type: str
        required: true
      ip_address_version:
        description: The kind of addresses, which can't be changed later.
        type: str
        choices: [IPV4, IPV6]
        default: IPV4
      addresses:
        description: Blocks, at most 10,000, for example V(198.51.100.0/24). None is allowed, and matches nothing.
        type: list
        elements: str
        default: []
      description:
        description: A description.
        type: str
      tags:
        description: Tags of this IP set, added to O(tags).
        type: dict
        default: {}
notes:
  - community.aws.wafv2_ip_set takes one set a task, at five calls each, adds addresses unless it is told to purge, and its check mode does
    not show calls.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Addresses that are never let in
  refarch.aws.wafv2_ip_sets:
    ip_sets:
      - {name: shop-staging-deny-ipv4, addresses: [203.0.113.0/24]}
      - {name: shop-staging-deny-ipv6, ip_address_version: IPV6}
    tags: "{{ stack_tags }}"
"""

RETURN = r"""
ip_set_arns:
  description: The ARNs by the names, without O(state=absent).
  returned: always
  type: dict
  sample: {shop-staging-deny-ipv4: "arn:aws:wafv2:ap-northeast-2:123456789012:regional/ipset/shop-staging-deny-ipv4/11111111-2222"}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

import ipaddress

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, run, to_tag_list
from ansible_collections.refarch.aws.plugins.module_utils.wafv2 import GONE, WafResources

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "scope": {"type": "str", "choices": ["REGIONAL", "CLOUDFRONT"], "default": "REGIONAL"},
    "ip_sets": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "ip_address_version": {"type": "str", "choices": ["IPV4", "IPV6"], "default": "IPV4"},
            "addresses": {"type": "list", "elements": "str", "default": []},
            "description": {"type": "str"},
            "tags": {"type": "dict", "default": {}},
        },
    },
    **TAG_OPTIONS,
}

#: "AWS WAF quotas" (AWS WAF Developer Guide).
ADDRESSES = 10_000


def blocks(addresses: list[str]) -> list[str]:
    """*addresses* in one form and order: AWS answers IPv6 blocks with all their digits. Raises ValueError for what is no block."""
    networks = {ipaddress.ip_network(address) for address in addresses}
    return [str(network) for network in sorted(networks, key=lambda network: (network.version, network))]


class IpSets(WafResources):
    def require_sound(self) -> None:
        for wanted in self.params["ip_sets"]:
            name, version = wanted["name"], int(wanted["ip_address_version"][-1])
            if len(wanted["addresses"]) > ADDRESSES:
                raise InvalidInput(f"ip_sets: {name} has {len(wanted['addresses'])} addresses; an IP set has {ADDRESSES} at most.")
            for address in wanted["addresses"]:
                try:
                    network = ipaddress.ip_network(address)
                except ValueError:
                    raise InvalidInput(f"ip_sets: {address!r} of {name} is not a block such as 198.51.100.0/24 or 2001:db8::/32.") from None
                if network.version != version or network.prefixlen == 0:
                    raise InvalidInput(f"ip_sets: {address} of {name} is not an IPv{version} block from /1 on.")

    def present(self) -> dict:
        self.require_sound()
        wanted = self.params["ip_sets"]
        listed = self.listed("list_ip_sets", "IPSets")
        arns = self.each(lambda item: self.ensure(listed.get(item["name"]), item), wanted)
        return {"ip_set_arns": dict(zip([item["name"] for item in wanted], arns, strict=True))}

    def ensure(self, summary: dict | None, wanted: dict) -> str:
        name, addresses = wanted["name"], blocks(wanted["addresses"])
        tags = {**(self.params["tags"] or {}), **wanted["tags"]}
        described = {"Description": wanted["description"]} if wanted["description"] else {}
        if summary is None:
            return self.write(
                "wafv2", "create_ip_set", "create", "IP set", name, returns="Summary.ARN",
                Name=name, Scope=self.params["scope"], **described, IPAddressVersion=wanted["ip_address_version"], Addresses=addresses,
                **({"Tags": to_tag_list(tags)} if tags else {}),
            )  # fmt: skip
        found, existing_tags = self.each(
            lambda read: read(),
            [lambda: self.read("wafv2", "get_ip_set", **self.about(summary)), lambda: self.tags_of(summary["ARN"])],
        )
        now = found["IPSet"]
        if now["IPAddressVersion"] != wanted["ip_address_version"]:
            raise InvalidInput(
                f"ip_sets: {name} stands with ip_address_version {now['IPAddressVersion']}, and AWS can't change it. Give it another name."
            )
        before = {"Addresses": blocks(now["Addresses"]), "Description": now.get("Description", "")}
        after = {"Addresses": addresses, "Description": wanted["description"] or before["Description"]}
        if before != after:
            self.write(
                "wafv2", "update_ip_set", "update", "IP set", name, before=before, after=after,
                **self.about(summary), **{key: value for key, value in after.items() if value != ""}, LockToken=found["LockToken"],
            )  # fmt: skip
        self.ensure_tags("IP set", name, summary["ARN"], existing_tags, tags)
        return summary["ARN"]

    def absent(self) -> dict:
        listed = self.listed("list_ip_sets", "IPSets")
        doomed = [listed[item["name"]] for item in self.params["ip_sets"] if item["name"] in listed]
        self.each(
            lambda summary: self.write(
                "wafv2", "delete_ip_set", "delete", "IP set", summary["Name"], missing=GONE,
                **self.about(summary), LockToken=summary["LockToken"],
            ),
            doomed,
        )  # fmt: skip
        return {"ip_set_arns": {}}


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), IpSets)


if __name__ == "__main__":
    main()
