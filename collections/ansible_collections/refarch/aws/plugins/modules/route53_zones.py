#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: route53_zones
version_added: 0.1.0
short_description: Manage hosted zones of Route 53 as one set
description:
  - Creates, changes and removes public and private hosted zones, with the VPCs of private ones and the query logging of public ones.
  - A zone is known by its name and by whose it is, which stands in its caller reference from the moment of its creation on.
options:
  state:
    description: Whether the zones stand or not.
    type: str
    choices: [present, absent]
    default: present
  owner:
    description:
      - Whose the zones are, for example the prefix of a stack. Zones of the same name that are another's are left alone.
      - A zone that carries the tags V(Project), V(Environment) and V(ManagedBy) of O(tags) is the owner's too, whoever made it.
    type: str
    required: true
  zones:
    description: The zones.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The domain, for example V(shop.example.com).
        type: str
        required: true
      private:
        description: Whether the zone answers in VPCs only.
        type: bool
        default: false
      zone_id:
        description:
          - A zone that stands and is somebody else's, which is used as it is. Its comment, its tags and its records are left alone, and
            it is never removed. Query logging is turned on where there is none.
        type: str
      vpcs:
        description: The VPCs in which a private zone answers, all of them. Required for a new private zone.
        type: list
        elements: dict
        default: []
        suboptions:
          vpc_id:
            description: The VPC.
            type: str
            required: true
          region:
            description: Its region.
            type: str
            required: true
      comment:
        description: A comment, at most 256 characters.
        type: str
        default: ""
      query_logging:
        description: Whether queries to a public zone are logged.
        type: bool
        default: false
      query_log_group_arn:
        description:
          - The ARN of the log group that gets the queries, in us-east-1. A resource policy must let Route 53 write to it.
          - Also tells which query logging of a zone that is somebody else's is removed with O(state=absent).
        type: str
      tags:
        description: Tags of this zone, added to O(tags).
        type: dict
        default: {}
notes:
  - amazon.aws.route53_zone takes one zone a task, has no query logging, and makes a second zone where the answer to a creation was lost.
  - A zone that holds records besides its own NS and SOA is not removed. Records with which ACM validated a certificate go with it.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: The public and the private zone of a stack
  refarch.aws.route53_zones:
    owner: shop-staging
    zones:
      - {name: staging.example.com, query_logging: true, query_log_group_arn: "{{ log_group.arn }}"}
      - {name: staging.internal, private: true, vpcs: [{vpc_id: "{{ vpc_id }}", region: ap-northeast-2}]}
    tags: "{{ stack_tags }}"
"""

RETURN = r"""
zones:
  description: The zones in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The domain., type: str, sample: staging.example.com}
    zone_id: {description: AWS's id., type: str, sample: Z0123456789ABCDEFGHIJ}
    private: {description: Whether the zone answers in VPCs only., type: bool}
    name_servers:
      description: Name servers of a public zone, which the registrar of the domain must know.
      type: list
      elements: str
      sample: [ns-1.awsdns-01.com, ns-2.awsdns-02.net, ns-3.awsdns-03.org, ns-4.awsdns-04.co.uk]
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, run
from ansible_collections.refarch.aws.plugins.module_utils.route53 import (
    ZONE_GONE,
    Route53Resources,
    canonical,
    is_validation_record,
    new_reference,
    plain,
    reference_prefix,
    zone_id_of,
)
from ansible_collections.refarch.aws.plugins.module_utils.unknown import UNKNOWN

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "owner": {"type": "str", "required": True},
    "zones": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "private": {"type": "bool", "default": False},
            "zone_id": {"type": "str"},
            "vpcs": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {"vpc_id": {"type": "str", "required": True}, "region": {"type": "str", "required": True}},
            },
            "comment": {"type": "str", "default": ""},
            "query_logging": {"type": "bool", "default": False},
            "query_log_group_arn": {"type": "str"},
            "tags": {"type": "dict", "default": {}},
        },
    },
    **TAG_OPTIONS,
}

#: The tags that say whose a zone is.
IDENTITY = ("Project", "Environment", "ManagedBy")


def foreign_records(records: list[dict], name: str) -> list[str]:
    """Records of the zone *name* that neither Route 53 nor a validation by ACM made, as C(name type)."""
    own = {(canonical(name), "NS"), (canonical(name), "SOA")}
    return [
        f"{plain(record['Name'])} {record['Type']}"
        for record in records
        if (record["Name"], record["Type"]) not in own and not is_validation_record(record)
    ]


class Zones(Route53Resources):
    # -- finding -------------------------------------------------------------------------------------------------------
    def prefix(self, wanted: dict) -> str:
        return reference_prefix(self.params["owner"], "private" if wanted["private"] else "public", canonical(wanted["name"]))

    def wanted_tags(self, wanted: dict) -> dict[str, str]:
        return {**(self.params["tags"] or {}), **wanted["tags"]}

    def find(self, wanted: dict) -> dict | None:
        """The zone of the owner, with C(Adopted) where it was given by its id."""
        if wanted["zone_id"]:
            return self.given(wanted)
        name = canonical(wanted["name"])
        listed = self.read("route53", "list_hosted_zones_by_name", "HostedZones", DNSName=name, MaxItems="100") or []
        alike = [zone for zone in listed if zone["Name"] == name and zone["Config"]["PrivateZone"] == wanted["private"]]
        ours = [zone for zone in alike if zone["CallerReference"].startswith(self.prefix(wanted))] or self.tagged(alike, wanted)
        if len(ours) > 1:
            ids = ", ".join(sorted(map(zone_id_of, ours)))
            raise InvalidInput(f"zones: {len(ours)} zones {wanted['name']} are of {self.params['owner']} ({ids}). Remove all but one.")
        if alike and not ours and not wanted["private"] and self.params["state"] == "present":
            ids = ", ".join(sorted(map(zone_id_of, alike)))
            raise InvalidInput(
                f"zones: a public zone {wanted['name']} stands already and is not of {self.params['owner']} ({ids}); a second one would "
                "have other name servers, of which the registrar knows nothing. Give its id to use it, or choose another domain."
            )
        return {**ours[0], "Adopted": False} if ours else None

    def given(self, wanted: dict) -> dict | None:
        zone = self.read("route53", "get_hosted_zone", "HostedZone", missing=ZONE_GONE, Id=wanted["zone_id"])
        if zone is None:
            if self.params["state"] == "absent":
                return None
            raise InvalidInput(f"zones: there is no hosted zone {wanted['zone_id']} in this account.")
        if zone["Name"] != canonical(wanted["name"]) or zone["Config"]["PrivateZone"] != wanted["private"]:
            kind = "private" if zone["Config"]["PrivateZone"] else "public"
            raise InvalidInput(f"zones: {wanted['zone_id']} is the {kind} zone {plain(zone['Name'])}, not {wanted['name']}.")
        return {**zone, "Adopted": True}

    def tagged(self, zones: list[dict], wanted: dict) -> list[dict]:
        mine = self.wanted_tags(wanted)
        identity = {(name, mine[name]) for name in IDENTITY if name in mine}
        if not zones or len(identity) < len(IDENTITY):
            return []
        tags = self.tags_of("hostedzone", [zone_id_of(zone) for zone in zones])
        return [zone for zone in zones if identity <= set(tags.get(zone_id_of(zone), {}).items())]

    def settings(self, zone_id: str, private: bool) -> tuple[dict, dict, list[dict]]:
        """(GetHostedZone, tags, query logging) of a standing zone."""
        zone, tags, logging = self.each(
            lambda read: read(),
            [
                lambda: self.read("route53", "get_hosted_zone", Id=zone_id),
                lambda: self.tags_of("hostedzone", [zone_id]).get(zone_id, {}),
                lambda: [] if private else self.query_logging(zone_id),
            ],
        )
        return zone, tags, logging

    def query_logging(self, zone_id: str) -> list[dict]:
        return self.read("route53", "list_query_logging_configs", "QueryLoggingConfigs", missing=ZONE_GONE, HostedZoneId=zone_id)

    # -- present -------------------------------------------------------------------------------------------------------
    def require_sound(self) -> None:
        for wanted in self.params["zones"]:
            if wanted["private"] and wanted["query_logging"]:
                raise InvalidInput(f"zones: {wanted['name']} is private, and query logging is for public zones only.")
            if wanted["query_logging"] and not wanted["query_log_group_arn"]:
                raise InvalidInput(f"zones: {wanted['name']} needs query_log_group_arn for its query logging.")
            if wanted["private"] and not wanted["vpcs"] and not wanted["zone_id"]:
                raise InvalidInput(f"zones: {wanted['name']} is private and needs vpcs.")
            if wanted["vpcs"] and not wanted["private"]:
                raise InvalidInput(f"zones: {wanted['name']} is public, and only private zones take vpcs.")

    def present(self) -> dict:
        self.require_sound()
        wanted = self.params["zones"]
        existing = self.each(self.find, wanted)
        return {"zones": self.each(lambda pair: self.ensure(*pair), list(zip(existing, wanted, strict=True)))}

    def ensure(self, zone: dict | None, wanted: dict) -> dict:
        name = wanted["name"]
        if zone is None:
            zone_id, servers = self.create(wanted)
            standing, tags, logging = {"VPCs": [vpc_of(vpc) for vpc in wanted["vpcs"][:1]]}, {}, []
        else:
            zone_id = zone_id_of(zone)
            standing, tags, logging = self.settings(zone_id, wanted["private"])
            servers = (standing.get("DelegationSet") or {}).get("NameServers", [])
        adopted = bool(zone and zone["Adopted"])
        if not adopted:
            if zone is not None and zone["Config"].get("Comment", "") != wanted["comment"]:
                self.write(
                    "route53", "update_hosted_zone_comment", "update", "hosted zone", name,
                    before={"Comment": zone["Config"].get("Comment", "")}, after={"Comment": wanted["comment"]},
                    Id=zone_id, Comment=wanted["comment"],
                )  # fmt: skip
            self.ensure_vpcs(zone_id, name, standing.get("VPCs") or [], wanted["vpcs"])
            self.ensure_tags("hostedzone", zone_id, "hosted zone", name, tags, self.wanted_tags(wanted))
        if not wanted["private"]:
            self.ensure_query_logging(zone_id, logging, wanted, adopted)
        return {"name": name, "zone_id": zone_id, "private": wanted["private"], "name_servers": servers}

    def create(self, wanted: dict) -> tuple[str, list[str]]:
        answer = self.write(
            "route53", "create_hosted_zone", "create", "hosted zone", wanted["name"], returns="@",
            Name=wanted["name"], CallerReference=new_reference(self.prefix(wanted), self.check_mode),
            HostedZoneConfig={"Comment": wanted["comment"], "PrivateZone": wanted["private"]},
            **({"VPC": vpc_of(wanted["vpcs"][0])} if wanted["private"] else {}),
        )  # fmt: skip
        if answer == UNKNOWN:
            return UNKNOWN, [] if wanted["private"] else [UNKNOWN]
        return zone_id_of(answer["HostedZone"]), (answer.get("DelegationSet") or {}).get("NameServers", [])

    def ensure_vpcs(self, zone_id: str, name: str, existing: list[dict], wanted: list[dict]) -> None:
        wanted = [vpc_of(vpc) for vpc in wanted]
        about = {"before": {"VPCs": existing}, "after": {"VPCs": wanted}}
        # First the new ones: Route 53 doesn't let go of a zone's last VPC.
        for vpc in [vpc for vpc in wanted if vpc not in existing]:
            self.write("route53", "associate_vpc_with_hosted_zone", "update", "hosted zone", name, **about, HostedZoneId=zone_id, VPC=vpc)
        for vpc in [vpc for vpc in existing if vpc not in wanted] if wanted else ():
            self.write(
                "route53", "disassociate_vpc_from_hosted_zone", "update", "hosted zone", name, missing=("VPCAssociationNotFound",),
                **about, HostedZoneId=zone_id, VPC=vpc,
            )  # fmt: skip

    def ensure_query_logging(self, zone_id: str, existing: list[dict], wanted: dict, adopted: bool) -> None:
        group = log_group_arn(wanted["query_log_group_arn"])
        about = ("query logging", wanted["name"])
        for config in existing:
            right = wanted["query_logging"] and config["CloudWatchLogsLogGroupArn"] == group
            # A zone that is somebody else's may have its own logging.
            if right or (adopted and config["CloudWatchLogsLogGroupArn"] != group):
                return
            self.write("route53", "delete_query_logging_config", "delete", *about, before=config, Id=config["Id"])
        if wanted["query_logging"]:
            self.write("route53", "create_query_logging_config", "create", *about, HostedZoneId=zone_id, CloudWatchLogsLogGroupArn=group)

    # -- absent --------------------------------------------------------------------------------------------------------
    def absent(self) -> dict:
        found = [(zone, wanted) for zone, wanted in self.pairs() if zone is not None]
        inside = self.each(lambda pair: self.contents(*pair), found)
        # A plan can't tell which records other removals, that stand before this one, would have taken by then.
        for (_zone, wanted), (records, _logging) in zip(found, inside, strict=True) if not self.check_mode else ():
            foreign = foreign_records(records, wanted["name"])
            if foreign:
                shown = ", ".join(foreign[:5]) + (f" and {len(foreign) - 5} more" if len(foreign) > 5 else "")
                raise InvalidInput(f"zones: {wanted['name']} holds records that are not this stack's: {shown}. Remove them first.")
        self.each(lambda item: self.remove(*item[0], *item[1]), list(zip(found, inside, strict=True)))
        return {"zones": []}

    def pairs(self) -> list[tuple[dict | None, dict]]:
        wanted = self.params["zones"]
        return list(zip(self.each(self.find, wanted), wanted, strict=True))

    def contents(self, zone: dict, wanted: dict) -> tuple[list[dict], list[dict]]:
        zone_id = zone_id_of(zone)
        records, logging = self.each(
            lambda read: read(),
            [
                lambda: (
                    []
                    if zone["Adopted"]
                    else self.read("route53", "list_resource_record_sets", "ResourceRecordSets", missing=ZONE_GONE, HostedZoneId=zone_id)
                ),
                lambda: [] if wanted["private"] else self.query_logging(zone_id),
            ],
        )
        return records, logging

    def remove(self, zone: dict, wanted: dict, records: list[dict], logging: list[dict]) -> None:
        zone_id, name = zone_id_of(zone), wanted["name"]
        for config in logging:
            if not zone["Adopted"] or config["CloudWatchLogsLogGroupArn"] == log_group_arn(wanted["query_log_group_arn"]):
                self.write(
                    "route53", "delete_query_logging_config", "delete", "query logging", name, missing=("NoSuchQueryLoggingConfig",),
                    Id=config["Id"],
                )  # fmt: skip
        if zone["Adopted"]:
            return
        left = [record for record in records if is_validation_record(record)]
        if left:
            self.write(
                "route53", "change_resource_record_sets", "delete", "validation records", name, HostedZoneId=zone_id,
                ChangeBatch={"Changes": [{"Action": "DELETE", "ResourceRecordSet": record} for record in left]},
            )  # fmt: skip
        self.write("route53", "delete_hosted_zone", "delete", "hosted zone", name, missing=ZONE_GONE, Id=zone_id)


def vpc_of(vpc: dict) -> dict:
    return {"VPCRegion": vpc["region"], "VPCId": vpc["vpc_id"]}


def log_group_arn(arn: str | None) -> str | None:
    """Route 53 wants the ARN of the group's streams ("CreateQueryLoggingConfig")."""
    return f"{arn.removesuffix(':*')}:*" if arn else None


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Zones)


if __name__ == "__main__":
    main()
