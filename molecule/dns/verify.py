"""Checks the names of the stack through boto3; ``--absent`` that nothing is left. Sentences on failure, exit code 1."""

from __future__ import annotations

import os
import sys

import boto3

PREFIX = os.environ.get("STACK_PREFIX", "shop-staging")
REGION = os.environ.get("AWS_REGION", "ap-northeast-2")
PROJECT, ENVIRONMENT = PREFIX.rsplit("-", 1)
TAGS = {"Project", "Environment", "Component", "ManagedBy", "Name"}
GIVEN = ("NS", "SOA")

failures: list[str] = []
route53 = boto3.client("route53", region_name=REGION)


def check(what: str, ok: bool, found: object = "") -> None:
    print(f"{'ok    ' if ok else 'FAILED'} {what}")
    if not ok:
        failures.append(f"{what}: found {found!r}.")


def tags_of(kind: str, identifier: str) -> dict[str, str]:
    found = route53.list_tags_for_resource(ResourceType=kind, ResourceId=identifier)["ResourceTagSet"]["Tags"]
    return {tag["Key"]: tag["Value"] for tag in found}


def ours(tags: dict[str, str]) -> bool:
    return (tags.get("Project"), tags.get("Environment")) == (PROJECT, ENVIRONMENT)


def zones(private: bool) -> list[dict]:
    found = [zone for zone in route53.list_hosted_zones()["HostedZones"] if zone["Config"]["PrivateZone"] == private]
    return [zone for zone in found if ours(tags_of("hostedzone", zone["Id"].rpartition("/")[2]))]


def records(zone: dict) -> dict[tuple[str, str], dict]:
    """The zone's records but its own and those that prove certificates, by name before the zone's and type."""
    found = route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
    kept = [record for record in found if record["Type"] not in GIVEN and not record["Name"].startswith("_")]
    return {(record["Name"].removesuffix(zone["Name"]).rstrip("."), record["Type"]): record for record in kept}


def health_checks() -> list[dict]:
    return [check for check in route53.list_health_checks()["HealthChecks"] if ours(tags_of("healthcheck", check["Id"]))]


def is_alias(what: str, record: dict | None) -> None:
    target = (record or {}).get("AliasTarget", {})
    name = target.get("DNSName", "")
    check(f"{what}: an alias of a load balancer", name.endswith(f".{REGION}.elb.amazonaws.com."), record)
    check(f"{what}: not answered without anything healthy", target.get("EvaluateTargetHealth") is True, record)


def private_names() -> None:
    found = zones(private=True)
    check("one private zone", len(found) == 1, found)
    for zone in found:
        standing = records(zone)
        is_alias(f"app.{zone['Name']}", standing.get(("app", "A")))
        database = standing.get(("db", "CNAME"), {})
        values = [item["Value"] for item in database.get("ResourceRecords", [])]
        check(f"db.{zone['Name']}: the database", len(values) == 1 and ".rds." in values[0], database)
        check(f"db.{zone['Name']}: found anew within a minute", database.get("TTL") == 60, database)


def public_names() -> None:
    """Where there is a domain; whether there should be one is the matter of the zones."""
    for zone in zones(private=False):
        standing = records(zone)
        for label in ("", "www"):
            for kind in ("A", "AAAA"):
                is_alias(f"{label or 'the domain itself'} {kind}", standing.get((label, kind)))
        found = health_checks()
        check("one health check", len(found) == 1, found)
        for item in found:
            config = item["HealthCheckConfig"]
            check("health check: the domain", f"{config['FullyQualifiedDomainName']}." == zone["Name"], config)
            check("health check: HTTPS with the server's name", (config["Type"], config["EnableSNI"]) == ("HTTPS", True), config)
            check("health check: /health", config["ResourcePath"] == "/health", config)
            check("health check: three in a row", config["FailureThreshold"] == 3, config)
            tags = tags_of("healthcheck", item["Id"])
            check("health check: tags", set(tags) >= TAGS, tags)


def absent() -> None:
    left = {name: record for private in (True, False) for zone in zones(private) for name, record in records(zone).items()}
    check("no names left", left == {}, left)
    check("no health check left", health_checks() == [], health_checks())


if "--absent" in sys.argv:
    absent()
else:
    private_names()
    public_names()
if failures:
    sys.exit("\n".join(failures))
