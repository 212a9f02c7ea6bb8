#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: acm_certificates
version_added: 0.1.0
short_description: Manage certificates of ACM that DNS validates, as one set
description:
  - Requests certificates, proves their domains by records in a hosted zone, and waits until they are issued.
  - A certificate is known by its domain and by the tags V(Project), V(Environment) and V(ManagedBy) of O(tags).
options:
  state:
    description: Whether the certificates stand or not.
    type: str
    choices: [present, absent]
    default: present
  certificates:
    description: The certificates.
    type: list
    elements: dict
    required: true
    suboptions:
      domain_name:
        description: The domain, at most 64 characters.
        type: str
        required: true
      subject_alternative_names:
        description:
          - Further names, for example V(*.shop.example.com).
          - Names and type of key of a certificate can't be changed. Other ones request another certificate; the former one goes in the
            first run that finds it no longer in use.
        type: list
        elements: str
        default: []
      key_algorithm:
        description: The type of the key.
        type: str
        choices: [RSA_2048, EC_prime256v1, EC_secp384r1]
        default: RSA_2048
      transparency_logging:
        description: Whether the certificate is told to public logs, without which browsers don't trust it.
        type: bool
        default: true
      zone_id:
        description:
          - The public hosted zone in which the domains are proven. The records stay, since each renewal needs them.
          - Left out, somebody else adds the RV(certificates[].validation_records).
        type: str
      tags:
        description: Tags of this certificate, added to O(tags).
        type: dict
        default: {}
  wait:
    description: Whether to wait until the certificates are issued.
    type: bool
    default: true
  wait_timeout:
    description: Seconds to wait until they are issued or, with O(state=absent), until nothing uses them any more.
    type: int
    default: 900
notes:
  - community.aws.acm_certificate only imports certificates.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: The certificate of a stack
  refarch.aws.acm_certificates:
    certificates:
      - domain_name: staging.example.com
        subject_alternative_names: ["*.staging.example.com"]
        zone_id: "{{ public_zone_id }}"
    tags: "{{ stack_tags }}"
"""

RETURN = r"""
certificates:
  description: The certificates in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    domain_name: {description: The domain., type: str, sample: staging.example.com}
    domain_names: {description: "All names, the domain first.", type: list, elements: str}
    certificate_arn:
      description: The ARN.
      type: str
      sample: "arn:aws:acm:ap-northeast-2:123456789012:certificate/11111111-2222-3333-4444-555555555555"
    validation_records:
      description: The records that prove the domains, each with C(name), C(type) and C(value).
      type: list
      elements: dict
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

import contextlib
import hashlib
import time

with contextlib.suppress(ImportError):  # AnsibleAWSModule says that it is missing
    import botocore.exceptions

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.resources import (
    TAG_OPTIONS,
    InvalidInput,
    RequestFailed,
    from_tag_list,
    run,
    to_tag_list,
)
from ansible_collections.refarch.aws.plugins.module_utils.route53 import (
    ZONE_GONE,
    Route53Resources,
    canonical,
    plain,
    record_set,
    same_record,
)
from ansible_collections.refarch.aws.plugins.module_utils.unknown import UNKNOWN, has_unknown

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "certificates": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "domain_name": {"type": "str", "required": True},
            "subject_alternative_names": {"type": "list", "elements": "str", "default": []},
            "key_algorithm": {"type": "str", "choices": ["RSA_2048", "EC_prime256v1", "EC_secp384r1"], "default": "RSA_2048"},
            "transparency_logging": {"type": "bool", "default": True},
            "zone_id": {"type": "str"},
            "tags": {"type": "dict", "default": {}},
        },
    },
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 900},
    **TAG_OPTIONS,
}

#: The tags that say whose a certificate is.
IDENTITY = ("Project", "Environment", "ManagedBy")

GONE = ("ResourceNotFoundException",)

#: Without it, ListCertificates leaves out all keys but RSA of up to 2048 bits (AWS Certificate Manager API Reference, "Filters").
ALL_KEYS = ["RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"]

#: From these a certificate comes no further ("DescribeCertificate", AWS Certificate Manager API Reference).
DEAD = ("FAILED", "VALIDATION_TIMED_OUT", "EXPIRED", "REVOKED", "INACTIVE")

#: The longest common name of a certificate ("RequestCertificate", after RFC 5280).
DOMAIN_LENGTH = 64

#: CloudFront takes its certificates from here, so one may be proven by the same record.
CLOUDFRONT_REGION = "us-east-1"

#: A few seconds after the request the records are there ("DescribeCertificate").
RECORDS_ARE_KNOWN = {
    "operation": "DescribeCertificate",
    "acceptors": [
        {
            "matcher": "path",
            "argument": "length(not_null(Certificate.DomainValidationOptions, `[]`)) > `0` "
            "&& length(Certificate.DomainValidationOptions[?!ResourceRecord]) == `0`",
            "expected": True,
            "state": "success",
        },
        {"matcher": "path", "argument": "Certificate.Status", "expected": "FAILED", "state": "failure"},
        {"matcher": "error", "expected": "ResourceNotFoundException", "state": "retry"},
    ],
}
NOT_IN_USE = {
    "operation": "DescribeCertificate",
    "acceptors": [
        {"matcher": "path", "argument": "length(not_null(Certificate.InUseBy, `[]`))", "expected": 0, "state": "success"},
        {"matcher": "error", "expected": "ResourceNotFoundException", "state": "success"},
    ],
}


def base_domain(name: str) -> str:
    """The domain that is proven for *name*: a wildcard is proven with its domain."""
    return name.lower().removeprefix("*.")


def names_of(wanted: dict) -> list[str]:
    """All names of a certificate, the domain first."""
    return list(dict.fromkeys(name.lower() for name in [wanted["domain_name"], *wanted["subject_alternative_names"]]))


def idempotency_token(*parts: str) -> str:
    """At most 32 word characters, the same for a minute: what was removed may be requested again."""
    return hashlib.sha256("|".join([*parts, str(int(time.time() // 60))]).encode()).hexdigest()[:32]


def validation_records(certificate: dict) -> list[dict]:
    """The records that prove a described certificate's domains, each once."""
    options = certificate.get("DomainValidationOptions", [])
    found = {option["ResourceRecord"]["Name"]: option["ResourceRecord"] for option in options if "ResourceRecord" in option}
    return [{"name": plain(item["Name"]), "type": item["Type"], "value": item["Value"]} for item in found.values()]


class Certificates(Route53Resources):
    # -- finding -------------------------------------------------------------------------------------------------------
    def wanted_tags(self, wanted: dict) -> dict[str, str]:
        return {**(self.params["tags"] or {}), **wanted["tags"]}

    def listed(self) -> list[dict]:
        return self.read("acm", "list_certificates", "CertificateSummaryList", Includes={"keyTypes": ALL_KEYS})

    def ours(self, summaries: list[dict], wanted: dict) -> list[dict]:
        """The stack's certificates for the domain, described, each with C(Tags): the best first."""
        mine = self.wanted_tags(wanted)
        identity = {(name, mine[name]) for name in IDENTITY if name in mine}
        alike = [item["CertificateArn"] for item in summaries if item.get("DomainName", "").lower() == wanted["domain_name"].lower()]
        described = self.each(
            lambda question: self.read("acm", question[0], question[1], missing=GONE, CertificateArn=question[2]),
            [
                question
                for arn in alike
                for question in (("describe_certificate", "Certificate", arn), ("list_tags_for_certificate", "Tags", arn))
            ],
        )
        found = [
            {**certificate, "Tags": from_tag_list(tags)}
            for certificate, tags in zip(described[::2], described[1::2], strict=True)
            if certificate and certificate["Type"] == "AMAZON_ISSUED"
        ]
        own = [certificate for certificate in found if identity <= set(certificate["Tags"].items())]
        return sorted(own, key=lambda item: (item["Status"] != "ISSUED", -item["CreatedAt"].timestamp(), item["CertificateArn"]))

    # -- present -------------------------------------------------------------------------------------------------------
    def require_sound(self) -> None:
        for wanted in self.params["certificates"]:
            domain = wanted["domain_name"]
            if len(domain) > DOMAIN_LENGTH:
                raise InvalidInput(
                    f"certificates: {domain} has {len(domain)} characters, and a certificate's domain has at most {DOMAIN_LENGTH}."
                )
            if not set(IDENTITY) <= set(self.wanted_tags(wanted)):
                raise InvalidInput(f"tags: {domain} needs {', '.join(IDENTITY)}, by which the certificate is known.")

    def present(self) -> dict:
        self.require_sound()
        summaries = self.listed()
        certificates = self.each(lambda wanted: self.ensure(self.ours(summaries, wanted), wanted), self.params["certificates"])
        if self.params["wait"]:
            self.each(self.wait_issued, [item for item in certificates if item["status"] != "ISSUED"])
        return {"certificates": [{key: item[key] for key in item if key not in ("status", "zone_id")} for item in certificates]}

    def ensure(self, ours: list[dict], wanted: dict) -> dict:
        names = names_of(wanted)
        fitting = [
            item
            for item in ours
            if item["Status"] not in DEAD
            and {name.lower() for name in item["SubjectAlternativeNames"]} == set(names)
            and item["KeyAlgorithm"].replace("-", "_") == wanted["key_algorithm"]
        ]
        if fitting:
            certificate = fitting[0]
            self.update(certificate, wanted)
        else:
            certificate = self.request(wanted, names, ours)
        for former in ours:
            if former not in fitting and not former.get("InUseBy"):
                self.delete(former)
        records = validation_records(certificate)
        if wanted["zone_id"]:
            self.ensure_records(wanted, records)
        return {
            "domain_name": wanted["domain_name"],
            "domain_names": names,
            "certificate_arn": certificate["CertificateArn"],
            "validation_records": records,
            "status": certificate["Status"],
            "zone_id": wanted["zone_id"],
        }

    def request(self, wanted: dict, names: list[str], ours: list[dict]) -> dict:
        tags = self.wanted_tags(wanted)
        # Former certificates are part of the token, so that none of them is the answer.
        parts = [*(tags[name] for name in IDENTITY), *names, wanted["key_algorithm"], *(former["CertificateArn"] for former in ours)]
        token = UNKNOWN if self.check_mode else idempotency_token(*parts)
        arn = self.write(
            "acm", "request_certificate", "create", "certificate", wanted["domain_name"], returns="CertificateArn",
            DomainName=wanted["domain_name"], ValidationMethod="DNS", IdempotencyToken=token, KeyAlgorithm=wanted["key_algorithm"],
            Options={"CertificateTransparencyLoggingPreference": preference(wanted)}, Tags=to_tag_list(tags),
            **({"SubjectAlternativeNames": names[1:]} if names[1:] else {}),
        )  # fmt: skip
        if arn == UNKNOWN:
            # The record is the same for each certificate of an account for a domain: a former one tells it.
            known = {
                base_domain(option["DomainName"]): option["ResourceRecord"]
                for former in ours
                for option in former.get("DomainValidationOptions", [])
                if "ResourceRecord" in option
            }
            options = [
                {"ResourceRecord": known.get(base, {"Name": f"{UNKNOWN}.{base}", "Type": "CNAME", "Value": UNKNOWN})}
                for base in dict.fromkeys(map(base_domain, names))
            ]
            return {"CertificateArn": arn, "Status": "PENDING_VALIDATION", "DomainValidationOptions": options}
        try:
            self.wait("acm", RECORDS_ARE_KNOWN, delay=2, timeout=120, CertificateArn=arn)
        except RequestFailed as error:
            reason = self.read("acm", "describe_certificate", "Certificate.FailureReason", missing=GONE, CertificateArn=arn)
            if reason is None:
                raise
            raise InvalidInput(f"certificates: ACM refuses a certificate for {wanted['domain_name']}: {reason}.") from error
        return self.read("acm", "describe_certificate", "Certificate", CertificateArn=arn)

    def update(self, certificate: dict, wanted: dict) -> None:
        arn, domain = certificate["CertificateArn"], wanted["domain_name"]
        now = certificate.get("Options", {}).get("CertificateTransparencyLoggingPreference", "ENABLED")
        if now != preference(wanted):
            options = {"CertificateTransparencyLoggingPreference": preference(wanted)}
            self.write(
                "acm", "update_certificate_options", "update", "certificate", domain, before=certificate.get("Options"), after=options,
                CertificateArn=arn, Options=options,
            )  # fmt: skip
        to_set, to_remove = self.tag_changes(certificate["Tags"], self.wanted_tags(wanted))
        about = {"before": certificate["Tags"], "after": self.wanted_tags(wanted), "CertificateArn": arn}
        if to_set:
            self.write("acm", "add_tags_to_certificate", "update", "certificate", domain, **about, Tags=to_tag_list(to_set))
        if to_remove:
            keys = [{"Key": key} for key in to_remove]
            self.write("acm", "remove_tags_from_certificate", "update", "certificate", domain, **about, Tags=keys)

    def ensure_records(self, wanted: dict, records: list[dict]) -> None:
        proving = [record_set({"name": item["name"], "type": item["type"], "values": [item["value"]], "ttl": 300}) for item in records]
        existing = self.each(lambda record: self.standing(wanted["zone_id"], record), proving)
        lacking = [record for now, record in zip(existing, proving, strict=True) if not same_record(now, record)]
        self.change_records(
            wanted["zone_id"], "create", "validation records", wanted["domain_name"],
            [{"Action": "UPSERT", "ResourceRecordSet": record} for record in lacking],
        )  # fmt: skip

    def standing(self, zone_id: str, record: dict) -> dict | None:
        """The zone's record of the name and type of *record*; a zone that is gone has none. One record is read, whatever is in the zone."""
        if has_unknown([zone_id, record["Name"]]):
            return None
        found = self.read(
            "route53", "list_resource_record_sets", "ResourceRecordSets", missing=ZONE_GONE, HostedZoneId=zone_id,
            StartRecordName=record["Name"], StartRecordType=record["Type"], PaginationConfig={"MaxItems": 1, "PageSize": "1"},
        )  # fmt: skip
        return next((item for item in found if (item["Name"], item["Type"]) == (canonical(record["Name"]), record["Type"])), None)

    def wait_issued(self, certificate: dict) -> None:
        arn, domain, seconds = certificate["certificate_arn"], certificate["domain_name"], self.params["wait_timeout"]
        try:
            self.wait("acm", "certificate_validated", delay=5, timeout=seconds, CertificateArn=arn)
        except RequestFailed as error:
            now = self.read("acm", "describe_certificate", "Certificate", missing=GONE, CertificateArn=arn) or {}
            if now.get("Status") != "PENDING_VALIDATION":
                reason = now.get("FailureReason", now.get("Status", "it is gone"))
                raise InvalidInput(f"certificates: ACM did not issue the certificate for {domain}: {reason}.") from error
            raise InvalidInput(
                f"certificates: the certificate for {domain} was not issued within {seconds} seconds. {self.advice(certificate)}"
            ) from error

    def advice(self, certificate: dict) -> str:
        """What a person does about a certificate that is not issued, in one sentence."""
        zone_id = certificate["zone_id"]
        if not zone_id:
            names = ", ".join(record["name"] for record in certificate["validation_records"])
            return f"Add the validation records {names} to the zone of the domain, and run again."
        zone = self.read("route53", "get_hosted_zone", missing=ZONE_GONE, Id=zone_id) or {}
        servers = ", ".join((zone.get("DelegationSet") or {}).get("NameServers", []))
        name = plain(zone.get("HostedZone", {}).get("Name", zone_id))
        return f"Set the name servers of {name} at its registrar (or in the zone above it) to {servers}, and run again."

    # -- absent --------------------------------------------------------------------------------------------------------
    def absent(self) -> dict:
        summaries = self.listed()
        found = self.each(lambda wanted: self.ours(summaries, wanted), self.params["certificates"])
        doomed = {certificate["CertificateArn"] for certificates in found for certificate in certificates}
        if doomed:
            elsewhere = [] if self.module.region == CLOUDFRONT_REGION else self.listed_for_cloudfront()
            others = [item for item in summaries if item["CertificateArn"] not in doomed] + elsewhere
            # The same record proves each certificate of the account for a domain.
            needed = {
                base_domain(name)
                for item in others
                for name in [item.get("DomainName", ""), *item.get("SubjectAlternativeNameSummaries", [])]
            }
            for wanted, certificates in zip(self.params["certificates"], found, strict=True):
                self.remove(wanted, certificates, needed)
        return {"certificates": []}

    def listed_for_cloudfront(self) -> list[dict]:
        pages = self.client("acm", region=CLOUDFRONT_REGION).get_paginator("list_certificates")
        try:
            return pages.paginate(Includes={"keyTypes": ALL_KEYS}).build_full_result()["CertificateSummaryList"]
        except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as error:
            raise RequestFailed(f"Could not list certificates of {CLOUDFRONT_REGION}", error) from error

    def remove(self, wanted: dict, certificates: list[dict], needed: set[str]) -> None:
        self.each(self.wait_unused, certificates)
        # The records first: afterwards nothing would tell their names.
        records = [record for certificate in certificates for record in validation_records(certificate)]
        unneeded = {record["name"]: record for record in records if record["name"].partition(".")[2].lower() not in needed}
        if wanted["zone_id"]:
            kind = {"ttl": 300, "values": []}
            existing = self.each(
                lambda record: self.standing(wanted["zone_id"], record_set({**kind, **record})),
                [unneeded[name] for name in sorted(unneeded)],
            )
            self.change_records(
                wanted["zone_id"], "delete", "validation records", wanted["domain_name"],
                [{"Action": "DELETE", "ResourceRecordSet": record} for record in existing if record], missing=ZONE_GONE,
            )  # fmt: skip
        self.each(self.delete, certificates)

    def wait_unused(self, certificate: dict) -> None:
        try:
            self.wait("acm", NOT_IN_USE, delay=5, timeout=self.params["wait_timeout"], CertificateArn=certificate["CertificateArn"])
        except RequestFailed as error:
            users = ", ".join(certificate.get("InUseBy", [])) or "something"
            raise InvalidInput(
                f"certificates: the certificate for {certificate['DomainName']} is still used by {users}. Remove that first."
            ) from error

    def delete(self, certificate: dict) -> None:
        self.write(
            "acm", "delete_certificate", "delete", "certificate", certificate["DomainName"], missing=GONE,
            CertificateArn=certificate["CertificateArn"],
        )  # fmt: skip


def preference(wanted: dict) -> str:
    return "ENABLED" if wanted["transparency_logging"] else "DISABLED"


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Certificates)


if __name__ == "__main__":
    main()
