# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Records of names that lead to load balancers."""

from __future__ import annotations

DOCUMENTATION = r"""
name: dns_aliases
version_added: 0.1.0
short_description: Plan the alias records of a zone that lead to load balancers
description:
  - Answers with the records of O(_input), as refarch.aws.route53_records takes them, one for each name and type.
positional: zone_name, dns_names, zone_ids, types
options:
  _input:
    description: The load balancer that each name leads to, a key of O(dns_names). V(@) is the name of the zone itself.
    type: dict
    required: true
  zone_name:
    description: The name of the zone. Without one there are no records.
    type: str
    required: true
  dns_names:
    description: The DNS names of the load balancers. Names that lead to one that is not here are left out.
    type: dict
    required: true
  zone_ids:
    description: The hosted zones of the load balancers.
    type: dict
    required: true
  types:
    description: The types of the records, V(A) and V(AAAA).
    type: list
    elements: str
    default: [A]
"""

EXAMPLES = r"""
- name: The shop at its domain and at www
  refarch.aws.route53_records:
    zone_id: "{{ public_zone_id }}"
    records: "{{ {'@': 'public', 'www': 'public'} | refarch.aws.dns_aliases('shop.example.com', dns_names, zone_ids, ['A', 'AAAA']) }}"
"""

RETURN = r"""
_value:
  description: The records, in the order of the names.
  type: list
  elements: dict
  sample:
    - {name: www.shop.example.com, type: A, alias: {dns_name: lb.ap-northeast-2.elb.amazonaws.com, zone_id: ZWKZPGTI48KDX}}
"""

from collections.abc import Iterable, Mapping


def full_name(label: str, zone_name: str) -> str:
    """The name of *label* in the zone; C(@) is the zone itself, as in zone files (RFC 1035, 5.1)."""
    return zone_name if label == "@" else f"{label}.{zone_name}"


def dns_aliases(
    names: Mapping[str, str], zone_name: str, dns_names: Mapping[str, str], zone_ids: Mapping[str, str], types: Iterable[str] = ("A",)
) -> list[dict]:
    """One alias for each of *names* and *types* whose load balancer stands."""
    if not zone_name:
        return []
    return [
        {"name": full_name(label, zone_name), "type": kind, "alias": {"dns_name": dns_names[balancer], "zone_id": zone_ids[balancer]}}
        for label, balancer in names.items()
        if dns_names.get(balancer)
        for kind in types
    ]


class FilterModule:
    def filters(self):
        return {"dns_aliases": dns_aliases}
