"""What AWS Certificate Manager refuses."""

from __future__ import annotations

from typing import Any

from emulator.strict import Context, rule

REQUEST = {"DomainName": "shop.example.com", "ValidationMethod": "DNS"}


@rule(
    "acm",
    "RequestCertificate",
    code="ValidationException",
    source="AWS Certificate Manager API Reference, RequestCertificate",
    good=[REQUEST, {**REQUEST, "DomainName": f"{'a' * 52}.example.com"}],
    bad=[{**REQUEST, "DomainName": f"{'a' * 53}.example.com"}],
)
def common_name_length(params: dict[str, Any], context: Context) -> str | None:
    name = params["DomainName"]
    return "The first domain name can be no longer than 64 characters." if len(name) > 64 else None


@rule(
    "acm",
    "RequestCertificate",
    code="LimitExceededException",
    source="AWS Certificate Manager User Guide, Quotas",
    good=[{**REQUEST, "SubjectAlternativeNames": [f"a{number}.example.com" for number in range(9)]}],
    bad=[{**REQUEST, "SubjectAlternativeNames": [f"a{number}.example.com" for number in range(10)]}],
)
def names_of_a_certificate(params: dict[str, Any], context: Context) -> str | None:
    names = {params["DomainName"], *params.get("SubjectAlternativeNames", [])}
    return "A certificate has 10 domain names at most." if len(names) > 10 else None


@rule(
    "acm",
    "RequestCertificate",
    "AddTagsToCertificate",
    code="InvalidTagException",
    source="AWS Certificate Manager User Guide, Tag restrictions",
    good=[{**REQUEST, "Tags": [{"Key": "Project", "Value": "shop"}]}],
    bad=[{**REQUEST, "Tags": [{"Key": "aws:Project", "Value": "shop"}]}],
)
def tag_keys(params: dict[str, Any], context: Context) -> str | None:
    reserved = [tag["Key"] for tag in params.get("Tags", []) if tag["Key"].lower().startswith("aws:")]
    return f"AWS internal tags cannot be changed with this API: {reserved[0]}" if reserved else None


#: The others of the model's enumeration are for certificates that are imported.
REQUESTABLE = ("RSA_2048", "EC_prime256v1", "EC_secp384r1")


@rule(
    "acm",
    "RequestCertificate",
    code="ValidationException",
    source="AWS Certificate Manager API Reference, RequestCertificate: KeyAlgorithm",
    good=[REQUEST, *({**REQUEST, "KeyAlgorithm": name} for name in REQUESTABLE)],
    bad=[{**REQUEST, "KeyAlgorithm": name} for name in ("RSA_1024", "RSA_3072", "RSA_4096", "EC_secp521r1")],
)
def requestable_key_algorithm(params: dict[str, Any], context: Context) -> str | None:
    name = params.get("KeyAlgorithm", "RSA_2048")
    return None if name in REQUESTABLE else f"Encryption Algorithm {name} is not supported in {context.region} region"
