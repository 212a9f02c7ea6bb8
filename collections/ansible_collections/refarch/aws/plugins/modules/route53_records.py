#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: route53_records
version_added: 0.1.0
short_description: Manage records of a hosted zone as one set
description:
  - Creates, changes and removes records of a zone in one task, with one call for all changes.
  - Records of the zone that are not named are left alone.
options:
  state:
    description:
      - Whether the records stand or not.
      - With V(absent) a record goes whatever its values are.
    type: str
    choices: [present, absent]
    default: present
  zone_id:
    description:
      - The zone.
      - With O(state=absent) and no zone nothing is left to remove.
    type: str
    required: true
  records:
    description: The records. With O(state=absent) name and type are enough.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The whole name, for example V(www.shop.example.com).
        type: str
        required: true
      type:
        description: The type.
        type: str
        required: true
        choices: [A, AAAA, CAA, CNAME, MX, NS, SRV, TXT]
      values:
        description: The values, as Route 53 writes them. Not with an alias.
        type: list
        elements: str
        default: []
      ttl:
        description: Seconds that an answer may be kept. Not used with an alias.
        type: int
        default: 60
      alias:
        description: A resource of AWS whose addresses are answered, instead of values.
        type: dict
        suboptions:
          zone_id:
            description: The zone of the resource, which AWS tells with it.
            type: str
            required: true
          dns_name:
            description: The name of the resource.
            type: str
            required: true
          evaluate_target_health:
            description: Whether a resource without anything healthy is not answered.
            type: bool
            default: true
      health_check_id:
        description: A health check, without whose consent the record is not answered.
        type: str
  purge_same_targets:
    description:
      - Whether to remove other aliases and CNAMEs of the zone that lead to where one of O(records) leads as well.
      - So a name that is no longer in the list goes, and what others have in the zone stays.
    type: bool
    default: false
  wait:
    description: Whether to wait until all name servers know of the changes.
    type: bool
    default: false
  wait_timeout:
    description: Seconds to wait.
    type: int
    default: 300
notes:
  - amazon.aws.route53 takes one record a task, reads the zone for each, and can't be used with the region of a module default, which it
    takes for latency routing.
  - Routing by weight, place or latency is not offered.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Names of a stack
  refarch.aws.route53_records:
    zone_id: "{{ private_zone_id }}"
    records:
      - {name: db.staging.internal, type: CNAME, values: ["{{ endpoint_address }}"]}
      - {name: app.staging.internal, type: A, alias: {zone_id: "{{ balancer.zone_id }}", dns_name: "{{ balancer.dns_name }}"}}
"""

RETURN = r"""
record_names:
  description: The names of the records in the order of the option, each once, without O(state=absent).
  returned: always
  type: list
  elements: str
  sample: [db.staging.internal, app.staging.internal]
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.resources import InvalidInput, run
from ansible_collections.refarch.aws.plugins.module_utils.route53 import (
    ZONE_GONE,
    Route53Resources,
    canonical,
    plain,
    record_set,
    same_record,
)

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "zone_id": {"type": "str", "required": True},
    "records": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "type": {"type": "str", "required": True, "choices": ["A", "AAAA", "CAA", "CNAME", "MX", "NS", "SRV", "TXT"]},
            "values": {"type": "list", "elements": "str", "default": []},
            "ttl": {"type": "int", "default": 60},
            "alias": {
                "type": "dict",
                "options": {
                    "zone_id": {"type": "str", "required": True},
                    "dns_name": {"type": "str", "required": True},
                    "evaluate_target_health": {"type": "bool", "default": True},
                },
            },
            "health_check_id": {"type": "str"},
        },
    },
    "purge_same_targets": {"type": "bool", "default": False},
    "wait": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 300},
}


def target_of(record: dict) -> str | None:
    """Where an alias or a CNAME leads; None for what holds values of its own."""
    if "AliasTarget" in record:
        return record["AliasTarget"]["DNSName"]
    return canonical(record["ResourceRecords"][0]["Value"]) if record["Type"] == "CNAME" else None


class Records(Route53Resources):
    def existing(self, missing: tuple[str, ...] = ()) -> dict[tuple[str, str], dict]:
        """The zone's records by name and type."""
        zone_id = self.params["zone_id"]
        if not zone_id or not self.params["records"]:
            return {}
        found = self.read("route53", "list_resource_record_sets", "ResourceRecordSets", missing=missing, HostedZoneId=zone_id)
        return {(record["Name"], record["Type"]): record for record in found}

    def require_sound(self) -> None:
        if not self.params["zone_id"] and self.params["records"]:
            raise InvalidInput("zone_id: records need a zone.")
        for record in self.params["records"]:
            words = f"records: {record['name']} {record['type']}"
            if bool(record["values"]) == bool(record["alias"]):
                raise InvalidInput(f"{words} needs either values or alias.")
            if record["alias"] and record["type"] not in ("A", "AAAA"):
                raise InvalidInput(f"{words} is an alias, which may be of type A or AAAA.")
        names = [(canonical(record["name"]), record["type"]) for record in self.params["records"]]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise InvalidInput(f"records: {plain(twice[0])} {twice[1]} is named twice.")

    def present(self) -> dict:
        self.require_sound()
        existing = self.existing()
        wanted = [record_set(record) for record in self.params["records"]]
        changing = [record for record in wanted if not same_record(existing.get((record["Name"], record["Type"])), record)]
        now = [existing[key] for key in ((record["Name"], record["Type"]) for record in changing) if key in existing]
        changes = self.change_records(
            self.params["zone_id"],
            "update" if now else "create",
            "records",
            self.words(changing),
            [{"Action": "UPSERT", "ResourceRecordSet": record} for record in changing],
            before={"records": now} if now else None,
        )
        if self.params["purge_same_targets"]:
            # After the new ones, in a call of its own: each call then is one kind of change.
            changes += self.purge(existing, wanted)
        if self.params["wait"]:
            self.each(
                lambda change: self.wait(
                    "route53", "resource_record_sets_changed", delay=5, timeout=self.params["wait_timeout"], Id=change
                ),
                changes,
            )  # fmt: skip
        return {"record_names": list(dict.fromkeys(plain(record["Name"]) for record in wanted))}

    def purge(self, existing: dict[tuple[str, str], dict], wanted: list[dict]) -> list[str]:
        targets = {target_of(record) for record in wanted} - {None}
        names = {(record["Name"], record["Type"]) for record in wanted}
        doomed = [record for key, record in existing.items() if key not in names and target_of(record) in targets]
        return self.delete(doomed)

    def delete(self, records: list[dict]) -> list[str]:
        changes = [{"Action": "DELETE", "ResourceRecordSet": record} for record in records]
        return self.change_records(self.params["zone_id"], "delete", "records", self.words(records), changes, missing=ZONE_GONE)

    def absent(self) -> dict:
        existing = self.existing(missing=ZONE_GONE)
        keys = dict.fromkeys((canonical(record["name"]), record["type"]) for record in self.params["records"])
        self.delete([existing[key] for key in keys if key in existing])
        return {"record_names": []}

    @staticmethod
    def words(records: list[dict]) -> str:
        names = list(dict.fromkeys(plain(record["Name"]) for record in records))
        return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Records)


if __name__ == "__main__":
    main()
