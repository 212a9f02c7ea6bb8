"""Checks the settings of the certificate through boto3; ``--absent`` that nothing is left. Sentences on failure, exit code 1."""

from __future__ import annotations

import os
import sys

import boto3

PREFIX = os.environ.get("STACK_PREFIX", "shop-staging")
REGION = os.environ.get("AWS_REGION", "ap-northeast-2")
PROJECT, ENVIRONMENT = PREFIX.rsplit("-", 1)
KEYS = {"keyTypes": ["RSA_2048", "EC_prime256v1", "EC_secp384r1"]}
TAGS = {"Project", "Environment", "Component", "ManagedBy"}

failures: list[str] = []
acm = boto3.client("acm", region_name=REGION)
route53 = boto3.client("route53", region_name=REGION)


def check(what: str, ok: bool, found: object = "") -> None:
    print(f"{'ok    ' if ok else 'FAILED'} {what}")
    if not ok:
        failures.append(f"{what}: found {found!r}.")


def certificates() -> list[dict]:
    """The stack's certificates, described, each with its tags."""
    found = []
    for summary in acm.list_certificates(Includes=KEYS)["CertificateSummaryList"]:
        arn = summary["CertificateArn"]
        tags = {tag["Key"]: tag["Value"] for tag in acm.list_tags_for_certificate(CertificateArn=arn)["Tags"]}
        if (tags.get("Project"), tags.get("Environment")) == (PROJECT, ENVIRONMENT):
            found.append({**acm.describe_certificate(CertificateArn=arn)["Certificate"], "Tags": tags})
    return found


def validation_records() -> list[dict]:
    """All records of the account's zones by which ACM proves domains."""
    records = []
    for zone in route53.list_hosted_zones()["HostedZones"]:
        records += route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
    return [r for r in records if any(".acm-validations.aws" in value["Value"] for value in r.get("ResourceRecords", []))]


def certificate_is_strict() -> None:
    found = certificates()
    check("one certificate", len(found) == 1, found)
    for certificate in found:
        domain = certificate["DomainName"]
        check("certificate: issued", certificate["Status"] == "ISSUED", certificate)
        check(
            "certificate: the domain and what is in it",
            set(certificate["SubjectAlternativeNames"]) == {domain, f"*.{domain}"},
            certificate["SubjectAlternativeNames"],
        )
        methods = {option["ValidationMethod"] for option in certificate["DomainValidationOptions"]}
        check("certificate: validated by DNS, so that it is renewed [ACM.1]", methods == {"DNS"}, methods)
        check("certificate: RSA of 2048 bits at least [ACM.2]", certificate["KeyAlgorithm"].replace("-", "_") == "RSA_2048", certificate)
        logging = certificate["Options"]["CertificateTransparencyLoggingPreference"]
        check("certificate: transparency logging on", logging == "ENABLED", logging)
        check("certificate: tags", set(certificate["Tags"]) >= TAGS, certificate["Tags"])
        wanted = {option["ResourceRecord"]["Name"] for option in certificate["DomainValidationOptions"]}
        standing = {record["Name"] for record in validation_records()}
        check("certificate: the records that renew it stand", wanted <= standing, standing)


def absent() -> None:
    check("no certificate left", certificates() == [], certificates())
    check("no validation record left", validation_records() == [], validation_records())


if "--absent" in sys.argv:
    absent()
else:
    certificate_is_strict()
if failures:
    sys.exit("\n".join(failures))
