"""Route 53: zones, records and health checks as AWS keeps them."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.route53.exceptions import NoSuchHealthCheck, Route53ClientError
from moto.route53.models import FakeZone, HealthCheck, QueryLoggingConfig, RecordSet, Route53Backend, reverse_domain_name
from moto.route53.responses import Route53


def apply() -> None:
    a_zone_is_made_once()
    a_zone_has_name_servers_of_its_own()
    zones_are_listed_from_a_name_on()
    a_zone_with_a_vpc_is_private()
    a_vpc_is_associated_once()
    a_deleted_zone_leaves_nothing()
    a_batch_of_changes_is_all_or_nothing()
    changes_have_a_state()
    query_logging_belongs_to_a_zone()
    a_health_check_is_made_once()
    a_health_check_has_defaults()
    a_health_check_is_updated_by_what_is_given()
    a_deleted_health_check_is_gone()
    tags_of_what_does_not_stand_are_an_error()


class Change:
    """A change on its way to all name servers. Kept in the backend; ``emulator/latency.py`` holds its status back."""

    def __init__(self, comment: str | None = None):
        self.id = f"/change/C{uuid.uuid4().hex[:20].upper()}"
        self.status = "INSYNC"
        self.submitted_at = utcnow()
        self.comment = comment


def _kept(backend: Route53Backend, name: str) -> dict[str, Any]:
    """A dictionary of ours in moto's backend, so that it is saved and reset with it."""
    return backend.__dict__.setdefault(f"_emulator_{name}", {})


def canonical(name: str) -> str:
    """*name* as Route 53 keeps it: lower case, with the last dot, the asterisk as an octal code ("DNS domain name format")."""
    return name.lower().rstrip(".").replace("*", "\\052") + "."


def a_zone_is_made_once() -> None:
    """CreateHostedZone with a CallerReference that was used before, also by a zone that is gone, is HostedZoneAlreadyExists."""
    create = Route53Backend.create_hosted_zone

    def create_hosted_zone(
        self: Route53Backend, name: str, private_zone: bool, caller_reference: str | None = None, **more: Any
    ) -> FakeZone:
        used = _kept(self, "zone_references")
        if caller_reference in used:
            raise Route53ClientError(
                "HostedZoneAlreadyExists", f"A hosted zone has already been created with the specified caller reference: {caller_reference}"
            )
        zone = create(self, canonical(name), private_zone, caller_reference=caller_reference, **more)
        used[zone.caller_reference] = zone.resource_id
        return zone

    Route53Backend.create_hosted_zone = create_hosted_zone


def a_zone_has_name_servers_of_its_own() -> None:
    """Each public zone gets four name servers, listed in its NS record; a delegation set of a zone is no reusable one."""
    create = Route53Backend.create_hosted_zone

    def create_hosted_zone(self: Route53Backend, name: str, private_zone: bool, **more: Any) -> FakeZone:
        before = set(self.delegation_sets)
        zone = create(self, name, private_zone, **more)
        assert zone.delegation_set is not None
        if not more.get("delegation_set_id"):
            for key in set(self.delegation_sets) - before:
                del self.delegation_sets[key]
            number = int(hashlib.sha256(zone.resource_id.encode()).hexdigest(), 16)
            zone.delegation_set.name_servers = [
                f"ns-{(number >> 8 * place) % 512 + 512 * place}.awsdns-{(number >> 32 + 6 * place) % 64:02}.{top}"
                for place, top in enumerate(("com", "net", "org", "co.uk"))
            ]
        servers = [f"{server}." for server in zone.delegation_set.name_servers]
        soa = f"{servers[0]} awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"
        zone.rrsets = [
            RecordSet({"Name": zone.name, "Type": "NS", "TTL": 172800, "ResourceRecords": servers}),
            RecordSet({"Name": zone.name, "Type": "SOA", "TTL": 900, "ResourceRecords": [soa]}),
        ]
        return zone

    Route53Backend.create_hosted_zone = create_hosted_zone


def zones_are_listed_from_a_name_on() -> None:
    """ListHostedZonesByName answers with the zones from DNSName on, by their reversed names, MaxItems of them."""

    def list_hosted_zones_by_name(self: Route53) -> ActionResult:
        name, most = self._get_param("DNSName"), int(self._get_param("MaxItems") or 100)
        start = (reverse_domain_name(canonical(name)), self._get_param("HostedZoneId") or "") if name else ("", "")
        zones = sorted(self.backend.zones.values(), key=lambda zone: (reverse_domain_name(zone.name), zone.resource_id))
        found = [zone for zone in zones if (reverse_domain_name(zone.name), zone.resource_id) >= start]
        following = found[most] if len(found) > most else None
        result = {"HostedZones": found[:most], "MaxItems": most, "IsTruncated": following is not None}
        if name:
            result["DNSName"] = canonical(name)
        if following:
            result |= {"NextDNSName": following.name, "NextHostedZoneId": following.resource_id}
        return ActionResult(result)

    Route53.list_hosted_zones_by_name = list_hosted_zones_by_name


def a_zone_with_a_vpc_is_private() -> None:
    """CreateHostedZone with a VPC makes a private zone, said or not ("VPC: (Private hosted zones only)", Route 53 API Reference)."""
    create = Route53.create_hosted_zone

    def create_hosted_zone(self: Route53) -> Any:
        if self._get_param("VPC.VPCId"):
            self.params["HostedZoneConfig"] = {**(self._get_param("HostedZoneConfig") or {}), "PrivateZone": True}
        return create(self)

    Route53.create_hosted_zone = create_hosted_zone


def a_vpc_is_associated_once() -> None:
    """A VPC has one private zone of a name (ConflictingDomainExists), and one that is not associated can't be disassociated."""
    associate, disassociate = Route53Backend.associate_vpc_with_hosted_zone, Route53Backend.disassociate_vpc_from_hosted_zone
    create = Route53Backend.create_hosted_zone

    def refuse_second(self: Route53Backend, name: str, vpc_id: str | None) -> None:
        for zone in self.zones.values():
            if zone.private_zone and zone.name == name and vpc_id in [vpc["vpc_id"] for vpc in zone.vpcs]:
                raise Route53ClientError(
                    "ConflictingDomainExists",
                    f"The VPC {vpc_id} has already been associated with the hosted zone {zone.resource_id} with the same domain name.",
                )

    def create_hosted_zone(self: Route53Backend, name: str, private_zone: bool, vpcid: str | None = None, **more: Any) -> FakeZone:
        if private_zone:
            refuse_second(self, canonical(name), vpcid)
        return create(self, name, private_zone, vpcid=vpcid, **more)

    def associate_vpc_with_hosted_zone(self: Route53Backend, zone_id: str, vpcid: str, vpcregion: str) -> FakeZone:
        refuse_second(self, self.get_hosted_zone(zone_id).name, vpcid)
        return associate(self, zone_id, vpcid, vpcregion)

    def disassociate_vpc_from_hosted_zone(self: Route53Backend, zone_id: str, vpcid: str) -> FakeZone:
        if vpcid not in [vpc["vpc_id"] for vpc in self.get_hosted_zone(zone_id).vpcs]:
            raise Route53ClientError("VPCAssociationNotFound", f"The VPC {vpcid} is not associated with the hosted zone {zone_id}.")
        return disassociate(self, zone_id, vpcid)

    Route53Backend.create_hosted_zone = create_hosted_zone
    Route53Backend.associate_vpc_with_hosted_zone = associate_vpc_with_hosted_zone
    Route53Backend.disassociate_vpc_from_hosted_zone = disassociate_vpc_from_hosted_zone


def a_deleted_zone_leaves_nothing() -> None:
    """DeleteHostedZone takes the tags and the query logging along."""
    delete = Route53Backend.delete_hosted_zone

    def delete_hosted_zone(self: Route53Backend, id_: str) -> FakeZone | None:
        zone = delete(self, id_)
        assert zone is not None
        self.resource_tags.pop(zone.resource_id, None)
        for config in [c for c in self.query_logging_configs.values() if c.hosted_zone_id == zone.resource_id]:
            del self.query_logging_configs[config.id]
        return zone

    Route53Backend.delete_hosted_zone = delete_hosted_zone


def a_batch_of_changes_is_all_or_nothing() -> None:
    """ChangeResourceRecordSets makes all changes of a batch or none: CREATE of what stands, DELETE of what does not stand in exactly
    this form, and names that can't be in the zone are InvalidChangeBatch."""

    def change_resource_record_sets(self: Route53Backend, zoneid: str, change_list: list[dict[str, Any]]) -> None:
        zone = self.get_hosted_zone(zoneid)
        standing = {_identity(record): record for record in zone.rrsets}
        problems = []
        for change in change_list:
            problem = _change(standing, zone, change["Action"], _record(change["ResourceRecordSet"]))
            if problem:
                problems.append(problem)
        problems += [] if problems else _conflicts(standing, zone)
        if problems:
            raise Route53ClientError("InvalidChangeBatch", f"[{', '.join(problems)}]")
        zone.rrsets = list(standing.values())

    Route53Backend.change_resource_record_sets = change_resource_record_sets


def _record(wanted: dict[str, Any]) -> RecordSet:
    values = [item["Value"] for item in wanted.get("ResourceRecords") or []]
    alias = wanted.get("AliasTarget")
    if alias:
        alias = {**alias, "DNSName": canonical(alias["DNSName"]), "EvaluateTargetHealth": _bool(alias.get("EvaluateTargetHealth"))}
    ttl = None if wanted.get("TTL") is None else int(wanted["TTL"])
    return RecordSet({**wanted, "Name": canonical(wanted["Name"]), "TTL": ttl, "ResourceRecords": values, "AliasTarget": alias})


def _bool(value: Any) -> bool:
    return value if isinstance(value, bool) else str(value).lower() == "true"


def _identity(record: RecordSet) -> tuple[str, str | None, str | None]:
    return record.name, record.type, record.set_identifier


def _form(record: RecordSet) -> tuple[Any, ...]:
    return record.ttl, sorted(record.records or []), record.alias_target, record.health_check_id, record.weight, record.failover


def _change(standing: dict[Any, RecordSet], zone: FakeZone, action: str, record: RecordSet) -> str | None:
    """Make a change in *standing*, or say why it can't be."""
    words = f"[name='{record.name}', type='{record.type}']"
    now = standing.get(_identity(record))
    if record.name != zone.name and not record.name.endswith(f".{zone.name}"):
        return f"RRSet with DNS name {record.name} is not permitted in zone {zone.name}"
    if bool(record.records) == bool(record.alias_target):
        return f"Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords]] in Change with {words}"
    if action == "CREATE" and now is not None:
        return f"Tried to create resource record set {words} but it already exists"
    if action == "DELETE":
        if now is None:
            return f"Tried to delete resource record set {words} but it was not found"
        if _form(now) != _form(record):
            return f"Tried to delete resource record set {words} but the values provided do not match the current values"
        del standing[_identity(record)]
        return None
    standing[_identity(record)] = record
    return None


def _conflicts(standing: dict[Any, RecordSet], zone: FakeZone) -> list[str]:
    """What can't stand side by side."""
    types: dict[str, set[str | None]] = {}
    for record in standing.values():
        types.setdefault(record.name, set()).add(record.type)
    found = []
    if "CNAME" in types.get(zone.name, ()):
        found.append(f"RRSet of type CNAME with DNS name {zone.name} is not permitted at apex in zone {zone.name}")
    for kind in ("NS", "SOA"):
        if kind not in types.get(zone.name, ()):
            found.append(f"A HostedZone must contain at least one {kind} record for the zone itself.")
    found += [
        f"RRSet of type CNAME with DNS name {name} is not permitted as it conflicts with other records with the same DNS name "
        f"in zone {zone.name}"
        for name, kinds in types.items()
        if "CNAME" in kinds and len(kinds) > 1 and name != zone.name
    ]
    return found


def changes_have_a_state() -> None:
    """Each change has an id of its own, under which GetChange tells whether it has reached all name servers."""

    def telling(answer: Callable[[Route53], ActionResult]) -> Callable[[Route53], ActionResult]:
        def answered(self: Route53) -> ActionResult:
            result = answer(self).result
            assert isinstance(result, dict)
            change = Change(self._get_param("ChangeBatch.Comment") or self._get_param("Comment"))
            _kept(self.backend, "changes")[change.id] = change
            return ActionResult({**result, "ChangeInfo": _told(change)})

        return answered

    def get_change(self: Route53) -> ActionResult:
        change = _kept(self.backend, "changes").get(f"/change/{self._get_param('Id').rpartition('/')[2]}")
        if change is None:
            raise Route53ClientError("NoSuchChange", f"Could not find resource with ID: {self._get_param('Id')}")
        return ActionResult({"ChangeInfo": _told(change)})

    for name in (
        "create_hosted_zone",
        "delete_hosted_zone",
        "change_resource_record_sets",
        "associate_vpc_with_hosted_zone",
        "disassociate_vpc_from_hosted_zone",
    ):
        setattr(Route53, name, telling(getattr(Route53, name)))
    Route53.get_change = get_change


def _told(change: Change) -> dict[str, Any]:
    return {"Id": change.id, "Status": change.status, "SubmittedAt": change.submitted_at, "Comment": change.comment}


def query_logging_belongs_to_a_zone() -> None:
    """ListQueryLoggingConfigs of a zone answers with that zone's, and DeleteQueryLoggingConfig of none is NoSuchQueryLoggingConfig."""
    listed = Route53Backend.list_query_logging_configs

    def list_query_logging_configs(
        self: Route53Backend, hosted_zone_id: str | None = None, **page: Any
    ) -> tuple[list[QueryLoggingConfig], str | None]:
        if not hosted_zone_id:
            return listed(self, **page)
        zone = self.get_hosted_zone(hosted_zone_id)
        return [config for config in self.query_logging_configs.values() if config.hosted_zone_id == zone.resource_id], None

    Route53Backend.list_query_logging_configs = list_query_logging_configs


def a_health_check_is_made_once() -> None:
    """CreateHealthCheck with a CallerReference that was used before answers with the check of the same settings, if it stands, and is
    HealthCheckAlreadyExists otherwise ("CreateHealthCheck", Amazon Route 53 API Reference)."""
    create = Route53Backend.create_health_check

    def create_health_check(self: Route53Backend, caller_reference: str, health_check_args: dict[str, Any]) -> HealthCheck:
        used = _kept(self, "health_check_references")
        if caller_reference in used:
            check = self.health_checks.get(used[caller_reference][0])
            if check is not None and used[caller_reference][1] == health_check_args:
                return check
            raise Route53ClientError(
                "HealthCheckAlreadyExists", f"A health check with the caller reference {caller_reference} exists or existed."
            )
        check = create(self, caller_reference, health_check_args)
        used[caller_reference] = (check.id, health_check_args)
        return check

    Route53Backend.create_health_check = create_health_check


def a_health_check_has_defaults() -> None:
    """A check of HTTPS asks port 443 and sends the server's name, unless told otherwise."""
    init = HealthCheck.__init__

    def __init__(self: HealthCheck, health_check_id: str, caller_reference: str, health_check_args: dict[str, Any]) -> None:
        init(self, health_check_id, caller_reference, health_check_args)
        secure = str(self.type_).startswith("HTTPS")
        if not health_check_args.get("port"):
            self.port = 443 if secure else 80
        if health_check_args.get("enable_sni") is None:
            self.enable_sni = secure

    HealthCheck.__init__ = __init__


_HEALTH_CHECK_MEMBERS = {
    "IPAddress": "ip_address",
    "Port": "port",
    "ResourcePath": "resource_path",
    "FullyQualifiedDomainName": "fqdn",
    "SearchString": "search_string",
    "FailureThreshold": "failure_threshold",
    "Inverted": "inverted",
    "Disabled": "disabled",
    "HealthThreshold": "health_threshold",
    "ChildHealthChecks": "children",
    "EnableSNI": "enable_sni",
    "Regions": "regions",
}


def a_health_check_is_updated_by_what_is_given() -> None:
    """UpdateHealthCheck changes what is given, resets what ResetElements names, counts versions and refuses a stale one."""

    def update_health_check(self: Route53) -> ActionResult:
        check = self.backend.get_health_check(self._get_param("HealthCheckId"))
        version = self._get_param("HealthCheckVersion")
        if version is not None and int(version) != check.health_check_version:
            raise Route53ClientError("HealthCheckVersionMismatch", "The health check has another version than the given one.")
        for member, attribute in _HEALTH_CHECK_MEMBERS.items():
            value = self._get_param(member)
            if value is not None:
                setattr(check, attribute, value)
        for element in self._get_param("ResetElements") or []:
            setattr(check, _HEALTH_CHECK_MEMBERS[element], None)
        check.health_check_version += 1
        return ActionResult({"HealthCheck": check})

    Route53.update_health_check = update_health_check


def a_deleted_health_check_is_gone() -> None:
    """DeleteHealthCheck takes the tags along; of none it is NoSuchHealthCheck."""

    def delete_health_check(self: Route53Backend, health_check_id: str) -> None:
        self.get_health_check(health_check_id)
        del self.health_checks[health_check_id]
        self.resource_tags.pop(health_check_id, None)

    Route53Backend.delete_health_check = delete_health_check


def tags_of_what_does_not_stand_are_an_error() -> None:
    """Tags of an absent zone or health check are NoSuchHostedZone or NoSuchHealthCheck, for one and for several."""

    def require(backend: Route53Backend, kind: str, identifier: str) -> None:
        if kind == "hostedzone":
            backend.get_hosted_zone(identifier)
        elif identifier not in backend.health_checks:
            raise NoSuchHealthCheck(identifier)

    def required(answer: Callable[[Route53], ActionResult | EmptyResult]) -> Callable[[Route53], ActionResult | EmptyResult]:
        def answered(self: Route53) -> ActionResult | EmptyResult:
            for identifier in self._get_param("ResourceIds") or [self._get_param("ResourceId")]:
                require(self.backend, self._get_param("ResourceType"), identifier)
            return answer(self)

        return answered

    for name in ("list_tags_for_resource", "list_tags_for_resources", "change_tags_for_resource"):
        setattr(Route53, name, required(getattr(Route53, name)))
