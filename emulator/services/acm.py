"""Certificate Manager: certificates are issued once their domains are proven in DNS, and can't be deleted while they are used."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from moto.acm.models import AWSCertificateManagerBackend, CertBundle
from moto.acm.responses import AWSCertificateManagerResponse
from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.elbv2.models import elbv2_backends
from moto.route53.models import route53_backends

from emulator.services.route53 import canonical

#: What ListCertificates lists unless Includes says otherwise ("ListCertificates", AWS Certificate Manager API Reference).
LISTED_BY_DEFAULT = ("RSA_1024", "RSA_2048")


def apply() -> None:
    a_request_is_kept_as_it_was_made()
    a_certificate_is_issued_once_it_is_validated()
    certificates_are_listed_by_type_of_key()
    a_certificate_in_use_stays()
    a_token_is_of_a_certificate_that_stands()
    options_can_be_updated()


class Validation:
    """Whether a certificate's domains are proven. ``emulator/latency.py`` holds the state back."""

    def __init__(self) -> None:
        self.state = "PENDING_VALIDATION"


def base_domain(name: str) -> str:
    return name.removeprefix("*.")


def validation_record(account_id: str, domain: str) -> dict[str, str]:
    """The record that proves *domain*: the same one for each certificate of the account, and for the domain's wildcard."""
    digest = hashlib.sha256(f"{account_id}|{base_domain(domain)}".encode()).hexdigest()
    return {
        "Name": f"_{digest[:32]}.{base_domain(domain)}.",
        "Type": "CNAME",
        "Value": f"_{digest[32:]}.{digest[:10]}.acm-validations.aws.",
    }


def is_proven(account_id: str, domain: str) -> bool:
    """Whether a public zone of the account holds the record that proves *domain*."""
    wanted = validation_record(account_id, domain)
    for partition in route53_backends[account_id].values():
        for zone in partition.zones.values():
            for record in zone.rrsets if not zone.private_zone else ():
                if record.type == "CNAME" and record.name == canonical(wanted["Name"]) and canonical(record.records[0]) == wanted["Value"]:
                    return True
    return False


def users_of(account_id: str, region: str, arn: str) -> list[str]:
    """The load balancers whose listeners have the certificate."""
    balancers = elbv2_backends[account_id][region].load_balancers
    return sorted({
        balancer.arn
        for balancer in balancers.values()
        for listener in balancer.listeners.values()
        if any(arn in (getattr(certificate, "arn", None), str(certificate)) for certificate in listener.certificates or [])
    })  # fmt: skip


def a_request_is_kept_as_it_was_made() -> None:
    """DescribeCertificate tells type of key, options and names as they were asked for, the domain first, and dates only once issued."""
    request, describe = AWSCertificateManagerBackend.request_certificate, CertBundle.describe

    def request_certificate(self: AWSCertificateManagerResponse) -> ActionResult:
        names = self._get_param("SubjectAlternativeNames") or []
        domain, backend = self._get_param("DomainName"), self.acm_backend
        arn = request(
            backend,
            domain,
            self._get_param("IdempotencyToken"),
            names,
            self._get_param("Tags") or [],
            self._get_param("CertificateAuthorityArn"),
            self._get_param("Options"),
        )
        bundle = backend._certificates[arn]
        if "names" not in bundle.__dict__:
            bundle.names = list(dict.fromkeys([domain, *names]))
            bundle.key_algorithm = self._get_param("KeyAlgorithm") or "RSA_2048"
            bundle.account_id, bundle.region = backend.account_id, backend.region_name
            bundle.validation = Validation()
        return ActionResult({"CertificateArn": arn})

    def described(self: CertBundle) -> dict[str, Any]:
        result = describe(self)
        if "names" not in self.__dict__:
            return result
        found = result["Certificate"]
        found["SubjectAlternativeNames"], found["KeyAlgorithm"] = self.names, self.key_algorithm
        found["InUseBy"] = users_of(self.account_id, self.region, self.arn)
        signature = "SHA256WITHECDSA" if self.key_algorithm.startswith("EC") else "SHA256WITHRSA"
        state = "SUCCESS" if self.status == "ISSUED" else self.status
        found["DomainValidationOptions"] = [
            {
                "DomainName": name,
                "ValidationDomain": name,
                "ValidationStatus": state,
                "ValidationMethod": "DNS",
                "ResourceRecord": validation_record(self.account_id, name),
            }
            for name in self.names
        ]
        if self.status != "ISSUED":
            for key in ("IssuedAt", "NotAfter", "NotBefore", "Serial", "Issuer", "SignatureAlgorithm"):
                found.pop(key, None)
        else:
            found |= {"Issuer": "Amazon", "SignatureAlgorithm": signature}
            found["RenewalEligibility"] = "ELIGIBLE" if found["InUseBy"] else "INELIGIBLE"
        return result

    AWSCertificateManagerResponse.request_certificate = request_certificate
    CertBundle.describe = described


def a_certificate_is_issued_once_it_is_validated() -> None:
    """A certificate stays PENDING_VALIDATION until a public zone has the records of all its names ("DNS validation")."""
    check = CertBundle.check

    def checked(self: CertBundle) -> None:
        if "names" not in self.__dict__:
            check(self)
            return
        if self._not_valid_after(self._cert) <= utcnow():
            self.status = "EXPIRED"
            return
        if self.status != "PENDING_VALIDATION":
            return
        if not self.__dict__.get("proven") and all(is_proven(self.account_id, name) for name in self.names):
            self.proven, self.validation.state = True, "ISSUED"
        self.status = self.validation.state

    CertBundle.check = checked


def certificates_are_listed_by_type_of_key() -> None:
    """ListCertificates lists RSA keys of up to 2048 bits only, unless Includes asks for others; and summarises the names."""
    listed = AWSCertificateManagerBackend.list_certificates

    def list_certificates(self: AWSCertificateManagerBackend, statuses: list[str], includes: dict[str, Any]) -> Iterable[CertBundle]:
        return listed(self, statuses, {"keyTypes": LISTED_BY_DEFAULT, **(includes or {})})

    summarise = AWSCertificateManagerResponse.list_certificates

    def summarised(self: AWSCertificateManagerResponse) -> ActionResult:
        result = summarise(self).result
        assert isinstance(result, dict)
        for summary in result["CertificateSummaryList"]:
            names = summary.pop("SubjectAlternativeNames", [])
            summary["SubjectAlternativeNameSummaries"], summary["HasAdditionalSubjectAlternativeNames"] = names[:100], len(names) > 100
        return ActionResult(result)

    AWSCertificateManagerBackend.list_certificates = list_certificates
    AWSCertificateManagerResponse.list_certificates = summarised


def a_certificate_in_use_stays() -> None:
    """DeleteCertificate of one that a listener has is ResourceInUseException."""
    delete = AWSCertificateManagerBackend.delete_certificate

    def delete_certificate(self: AWSCertificateManagerBackend, arn: str) -> None:
        users = users_of(self.account_id, self.region_name, arn)
        if users:
            raise JsonRESTError("ResourceInUseException", f"Certificate {arn} in account {self.account_id} is in use.")
        delete(self, arn)

    AWSCertificateManagerBackend.delete_certificate = delete_certificate


def a_token_is_of_a_certificate_that_stands() -> None:
    """RequestCertificate with the token of a certificate that was deleted requests a new one."""
    from_token = AWSCertificateManagerBackend._get_arn_from_idempotency_token

    def standing(self: AWSCertificateManagerBackend, token: str) -> str | None:
        arn = from_token(self, token)
        return arn if arn in self._certificates or arn == "account_config" else None

    AWSCertificateManagerBackend._get_arn_from_idempotency_token = standing


def options_can_be_updated() -> None:
    """UpdateCertificateOptions changes the options of a standing certificate."""

    def update_certificate_options(self: AWSCertificateManagerResponse) -> EmptyResult:
        self.acm_backend.get_certificate(self._get_param("CertificateArn")).cert_options.update(self._get_param("Options"))
        return EmptyResult()

    AWSCertificateManagerResponse.update_certificate_options = update_certificate_options
