# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The network ACLs of a VPC with four tiers."""

from __future__ import annotations

DOCUMENTATION = r"""
name: network_acl_plan
version_added: 0.1.0
short_description: Guard the tiers of a VPC with network ACLs
description:
  - Gives one network ACL per tier, and the default one without entries, which denies all.
  - SSH and remote desktop are denied from anywhere, IPv4 and IPv6, before anything is allowed (Security Hub control EC2.21).
  - The db tier talks with the app tier only.
  - A network ACL keeps no state, so that answers come in at the ephemeral ports V(1024) to V(65535)
    (Amazon VPC User Guide, "Ephemeral ports").
positional: prefix, ports, cidr
options:
  _input:
    description: Subnets with C(tags) and C(cidr), as RV(refarch.aws.vpc_subnets#module:subnets).
    type: list
    elements: dict
    required: true
  prefix:
    description: The stack's prefix, which the names begin with.
    type: str
    required: true
  ports:
    description: The ports of the tiers C(web), C(app) and C(database).
    type: dict
    required: true
  cidr:
    description: The block of the VPC.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: The network ACLs
  refarch.aws.vpc_network_acls:
    vpc_id: "{{ vpc.vpc_id }}"
    network_acls: "{{ subnets | refarch.aws.network_acl_plan('shop-staging', ports, '10.0.0.0/16') }}"
  vars:
    ports: {web: 8080, app: 8080, database: 15432}
"""

RETURN = r"""
_value:
  description: The network ACLs, as M(refarch.aws.vpc_network_acls) takes them.
  type: list
  elements: dict
  sample: [{name: shop-staging-default, default: true}]
"""

from ansible_collections.refarch.aws.plugins.filter.resource_name import resource_name

EPHEMERAL = (1024, 65535)
ADMIN_PORTS = (22, 3389)
ANYWHERE = ("0.0.0.0/0", "::/0")


def numbered(entries: list[dict], first: int) -> list[dict]:
    """*entries* in order, with a gap of ten after each for what a person may want to put there."""
    return [{"number": first + 10 * place, **entry} for place, entry in enumerate(entries)]


def allow(cidr: str, ports: tuple[int, int], protocol: str = "tcp") -> dict:
    return {"action": "allow", "protocol": protocol, "cidr": cidr, "from_port": ports[0], "to_port": ports[1]}


#: "Fragmentation needed", without which large packets vanish (Amazon VPC User Guide, "Path MTU Discovery").
PATH_MTU = {"action": "allow", "protocol": "icmp", "cidr": ANYWHERE[0], "icmp_type": 3, "icmp_code": 4}
DENIED = [
    {"action": "deny", "protocol": "tcp", "cidr": cidr, "from_port": port, "to_port": port} for cidr in ANYWHERE for port in ADMIN_PORTS
]
ANSWERS = [allow(ANYWHERE[0], EPHEMERAL), allow(ANYWHERE[0], EPHEMERAL, "udp"), PATH_MTU]
OUT = [{"action": "allow", "protocol": "all", "cidr": ANYWHERE[0]}]
HTTP = (80, 80)
HTTPS = (443, 443)


def network_acl_plan(subnets: list[dict], prefix: str, ports: dict[str, int], cidr: str) -> list[dict]:
    """The network ACLs, of at most 18 entries a direction: the quota of 20 counts the last ones, which deny all (Amazon VPC quotas)."""
    blocks: dict[str, list[str]] = {}
    ids: dict[str, list[str]] = {}
    for subnet in subnets:
        blocks.setdefault(subnet["tags"]["Tier"], []).append(subnet["cidr"])
        ids.setdefault(subnet["tags"]["Tier"], []).extend([subnet["subnet_id"]] if "subnet_id" in subnet else [])

    def allow_from(tiers: tuple[str, ...], port: tuple[int, int]) -> list[dict]:
        return [allow(block, port) for tier in tiers for block in blocks.get(tier, [])]

    web, app, database = ((ports[name], ports[name]) for name in ("web", "app", "database"))
    ingress = {
        "public": [allow(ANYWHERE[0], HTTP), allow(ANYWHERE[0], HTTPS), *ANSWERS],
        "web": [*allow_from(("public",), web), *ANSWERS],
        # The internal load balancer and the interface endpoints stand in the app subnets.
        "app": [allow(cidr, HTTP), allow(cidr, HTTPS), *allow_from(("app",), app), *ANSWERS],
        "db": allow_from(("app",), database),
    }
    egress = {"public": OUT, "web": OUT, "app": OUT, "db": allow_from(("app",), EPHEMERAL)}
    plan = [{"name": resource_name(prefix, "default"), "default": True}]
    for tier in ingress:
        plan.append(
            {
                "name": resource_name(prefix, tier),
                "subnet_ids": ids.get(tier, []),
                "ingress": [*numbered(DENIED, 10), *numbered(ingress[tier], 100)],
                "egress": numbered(egress[tier], 100),
                "tags": {"Tier": tier},
            }
        )
    return plan


class FilterModule:
    def filters(self):
        return {"network_acl_plan": network_acl_plan}
