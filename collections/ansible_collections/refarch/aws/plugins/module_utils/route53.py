# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the Route 53 modules share: names, references and tags."""

from __future__ import annotations

import hashlib
import re
import time

from ansible_collections.refarch.aws.plugins.module_utils.resources import Resources, to_tag_list
from ansible_collections.refarch.aws.plugins.module_utils.unknown import UNKNOWN, has_unknown

ZONE_GONE = ("NoSuchHostedZone",)

#: ChangeTagsForResource takes 10 tags a call (Amazon Route 53 API Reference).
TAGS_A_CALL = 10
CHANGES_A_CALL = 250


def canonical(name: str) -> str:
    """*name* as Route 53 lists it: lower case, with the last dot, the asterisk as an octal code.

    Source: "DNS domain name format" (Amazon Route 53 Developer Guide).
    """
    return name.lower().rstrip(".").replace("*", "\\052") + "."


def plain(name: str) -> str:
    """*name* as people write it: C(*.shop.example.com) for C(\\052.shop.example.com.)."""
    return name.rstrip(".").replace("\\052", "*")


def zone_id_of(zone: dict) -> str:
    """The id without C(/hostedzone/)."""
    return zone["Id"].rpartition("/")[2]


def is_validation_record(record: dict) -> bool:
    """Whether *record* is one with which ACM validates a domain ("DNS validation", AWS Certificate Manager User Guide)."""
    values = [item["Value"].rstrip(".") for item in record.get("ResourceRecords", [])]
    return record["Type"] == "CNAME" and bool(values) and all(re.fullmatch(r"_\w+\.\w+\.acm-validations\.aws", value) for value in values)


def reference_prefix(owner: str, *parts: str) -> str:
    """How the caller references of one thing of *owner* begin, in every run: by it the thing is found before it has tags."""
    digest = hashlib.sha256("|".join((owner, *parts)).encode()).hexdigest()[:32]
    return f"refarch-{digest}-"


def new_reference(prefix: str, planned: bool) -> str:
    """A caller reference never used before: AWS takes none twice, not even of what is gone (CreateHealthCheck)."""
    return prefix + (UNKNOWN if planned else f"{time.time_ns():x}")


def record_set(wanted: dict) -> dict:
    """A record as ChangeResourceRecordSets takes it. *wanted*: C(name), C(type), and C(values) with C(ttl), or C(alias)."""
    record = {"Name": canonical(wanted["name"]), "Type": wanted["type"]}
    alias = wanted.get("alias")
    if alias:
        record["AliasTarget"] = {
            "HostedZoneId": alias["zone_id"],
            "DNSName": alias["dns_name"] if has_unknown(alias["dns_name"]) else canonical(alias["dns_name"]),
            "EvaluateTargetHealth": alias.get("evaluate_target_health", True),
        }
    else:
        record |= {"TTL": wanted["ttl"], "ResourceRecords": [{"Value": value} for value in wanted["values"]]}
    if wanted.get("health_check_id"):
        record["HealthCheckId"] = wanted["health_check_id"]
    return record


def same_record(existing: dict | None, wanted: dict) -> bool:
    """Whether two records answer the same: the order of values means nothing, and names are compared without their last dot."""

    def form(record: dict) -> tuple:
        values = sorted(_value(record["Type"], item["Value"]) for item in record.get("ResourceRecords", []))
        alias = record.get("AliasTarget") or {}
        target = (alias.get("HostedZoneId"), canonical(alias.get("DNSName", "")), alias.get("EvaluateTargetHealth"))
        return record.get("TTL"), values, target, record.get("HealthCheckId"), record.get("SetIdentifier")

    return existing is not None and form(existing) == form(wanted)


def _value(kind: str, value: str) -> str:
    return canonical(value) if kind in ("CNAME", "NS", "PTR") else value


class Route53Resources(Resources):
    """Base of the modules whose things are zones, records and health checks."""

    def change_records(self, zone_id: str, action: str, kind: str, name: str, changes: list[dict], before=None, missing=()) -> list[str]:
        """Make *changes* of a zone, in as few calls as AWS allows. Returns the ids of the changes.

        *missing*: error codes that are no failure. A call takes 1000 records, of which each UPSERT counts twice ("Quotas", Amazon
        Route 53 Developer Guide).
        """
        ids = []
        for start in range(0, len(changes), CHANGES_A_CALL):
            ids.append(
                self.write(
                    "route53", "change_resource_record_sets", action, kind, name, returns="ChangeInfo.Id", before=before, missing=missing,
                    HostedZoneId=zone_id, ChangeBatch={"Changes": changes[start : start + CHANGES_A_CALL]},
                )
            )  # fmt: skip
        return ids

    def tags_of(self, resource_type: str, resource_ids: list[str]) -> dict[str, dict[str, str]]:
        """Tags of C(hostedzone) or C(healthcheck) things, by their ids. 10 ids go into a call."""
        pages = [resource_ids[start : start + 10] for start in range(0, len(resource_ids), 10)]
        answers = self.each(
            lambda page: self.read(
                "route53", "list_tags_for_resources", "ResourceTagSets", ResourceType=resource_type, ResourceIds=page
            ),
            pages,
        )  # fmt: skip
        return {found["ResourceId"]: {tag["Key"]: tag["Value"] for tag in found["Tags"]} for answer in answers for found in answer or []}

    def ensure_tags(self, resource_type: str, resource_id: str, kind: str, name: str, existing: dict, wanted: dict) -> None:
        to_set, to_remove = self.tag_changes(existing, wanted)
        set_tags, about = to_tag_list(to_set), {"ResourceType": resource_type, "ResourceId": resource_id}
        while set_tags or to_remove:
            adding, removing = set_tags[:TAGS_A_CALL], to_remove[:TAGS_A_CALL]
            set_tags, to_remove = set_tags[TAGS_A_CALL:], to_remove[TAGS_A_CALL:]
            self.write(
                "route53", "change_tags_for_resource", "update", kind, name, before=existing, after=wanted, **about,
                **({"AddTags": adding} if adding else {}), **({"RemoveTagKeys": removing} if removing else {}),
            )  # fmt: skip
