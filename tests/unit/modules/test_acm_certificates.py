from __future__ import annotations

import pytest

import emulator.services.acm

TAGS = {"Project": "shop", "Environment": "staging", "ManagedBy": "refarch", "Component": "certificate"}
REGION = "ap-northeast-2"
UNKNOWN = "(known after apply)"
DOMAIN = "shop.example.com"


@pytest.fixture
def zone(aws):
    return aws("route53").create_hosted_zone(Name=DOMAIN, CallerReference="one")["HostedZone"]["Id"].rpartition("/")[2]


def params(zone, **more):
    return {"certificates": [{"domain_name": DOMAIN, "subject_alternative_names": [f"*.{DOMAIN}"], "zone_id": zone, **more}], "tags": TAGS}


def operations(result):
    return [change["operation"] for change in result["changes"]]


def certificates(aws, region=REGION):
    keys = {"keyTypes": ["RSA_2048", "EC_prime256v1"]}
    return aws("acm", region_name=region).list_certificates(Includes=keys)["CertificateSummaryList"]


def records(aws, zone):
    found = aws("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    return [record for record in found if record["Type"] == "CNAME"]


def test_requested_proven_and_issued(converge, aws, zone):
    result = converge("acm_certificates", **params(zone))
    assert operations(result) == ["RequestCertificate", "ChangeResourceRecordSets"]
    (made,) = result["certificates"]
    found = aws("acm").describe_certificate(CertificateArn=made["certificate_arn"])["Certificate"]
    assert (found["Status"], made["domain_names"]) == ("ISSUED", [DOMAIN, f"*.{DOMAIN}"])
    assert (found["KeyAlgorithm"], found["Options"]["CertificateTransparencyLoggingPreference"]) == ("RSA_2048", "ENABLED")
    tags = aws("acm").list_tags_for_certificate(CertificateArn=made["certificate_arn"])["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == TAGS
    (record,) = records(aws, zone)  # one for the domain and its wildcard
    assert record["Name"].rstrip(".") == made["validation_records"][0]["name"]


def test_a_plan_in_a_zone_that_is_planned(run_module):
    planned = run_module("acm_certificates", check=True, **params(UNKNOWN))
    assert operations(planned) == ["RequestCertificate", "ChangeResourceRecordSets"]
    assert planned["certificates"][0]["certificate_arn"] == UNKNOWN


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"transparency_logging": False}, ["UpdateCertificateOptions"]),
        ({"tags": {"Tier": "public"}}, ["AddTagsToCertificate"]),
    ],
)
def test_a_changed_setting_is_that_change(run_module, converge, zone, change, expected):
    run_module("acm_certificates", **params(zone))
    assert operations(converge("acm_certificates", **params(zone, **change))) == expected


def test_tags_of_others_go(run_module, converge, aws, zone):
    arn = run_module("acm_certificates", **params(zone))["certificates"][0]["certificate_arn"]
    aws("acm").add_tags_to_certificate(CertificateArn=arn, Tags=[{"Key": "a", "Value": "b"}])
    assert operations(converge("acm_certificates", **params(zone))) == ["RemoveTagsFromCertificate"]


@pytest.mark.parametrize("change", [{"key_algorithm": "EC_prime256v1"}, {"subject_alternative_names": []}])
def test_what_cant_change_is_requested_anew_and_the_former_goes_when_unused(run_module, converge, aws, zone, change):
    former = run_module("acm_certificates", **params(zone))["certificates"][0]["certificate_arn"]
    result = converge("acm_certificates", **params(zone, **change))
    assert operations(result) == ["RequestCertificate", "DeleteCertificate"]
    assert [item["CertificateArn"] for item in certificates(aws)] == [result["certificates"][0]["certificate_arn"]] != [former]


def test_a_former_one_in_use_stays(run_module, aws, zone, monkeypatch):
    former = run_module("acm_certificates", **params(zone))["certificates"][0]["certificate_arn"]
    monkeypatch.setattr(emulator.services.acm, "users_of", lambda account, region, arn: ["lb"] if arn == former else [])
    result = run_module("acm_certificates", **params(zone, key_algorithm="EC_prime256v1"))
    assert operations(result) == ["RequestCertificate"] and len(certificates(aws)) == 2


def test_a_request_without_records_is_completed(run_module, converge, aws, zone):
    """Killed between the request and its records."""
    run_module("acm_certificates", **params(None), wait=False)
    assert operations(converge("acm_certificates", **params(zone))) == ["ChangeResourceRecordSets"]
    assert len(certificates(aws)) == 1


def test_others_are_left_alone(converge, aws, zone):
    theirs = aws("acm").request_certificate(DomainName=DOMAIN, ValidationMethod="DNS", Tags=[{"Key": "Project", "Value": "till"}])
    converge("acm_certificates", **params(zone))
    converge("acm_certificates", state="absent", **params(zone))
    assert [item["CertificateArn"] for item in certificates(aws)] == [theirs["CertificateArn"]]
    assert len(records(aws, zone)) == 1  # it proves theirs too


def test_one_that_failed_is_requested_anew(run_module, converge, aws, zone):
    arn = run_module("acm_certificates", **params(None), wait=False)["certificates"][0]["certificate_arn"]
    from moto.acm.models import acm_backends

    acm_backends["123456789012"][REGION]._certificates[arn].status = "VALIDATION_TIMED_OUT"
    result = converge("acm_certificates", **params(zone))
    assert operations(result) == ["RequestCertificate", "DeleteCertificate", "ChangeResourceRecordSets"]


def test_time_out_names_the_name_servers(run_module, refusal, aws, zone, monkeypatch):
    monkeypatch.setattr(emulator.services.acm, "is_proven", lambda account, domain: False)
    said = refusal("acm_certificates", wait_timeout=1, **params(zone))
    servers = aws("route53").get_hosted_zone(Id=zone)["DelegationSet"]["NameServers"]
    assert f"was not issued within 1 seconds. Set the name servers of {DOMAIN} at its registrar" in said
    assert all(server in said for server in servers)
    assert "validation records _" in refusal("acm_certificates", wait_timeout=1, **params(None))


def test_removed_with_its_records(run_module, converge, aws, zone):
    run_module("acm_certificates", **params(zone))
    result = converge("acm_certificates", state="absent", **params(zone))
    assert operations(result) == ["ChangeResourceRecordSets", "DeleteCertificate"]
    assert certificates(aws) == records(aws, zone) == []


def test_records_of_a_certificate_for_cloudfront_stay(run_module, converge, aws, zone):
    for region in (REGION, "us-east-1"):
        run_module("acm_certificates", region=region, **params(zone))
    assert operations(converge("acm_certificates", state="absent", **params(zone))) == ["DeleteCertificate"]
    last = converge("acm_certificates", state="absent", region="us-east-1", **params(zone))
    assert operations(last) == ["ChangeResourceRecordSets", "DeleteCertificate"]


def test_removed_also_when_the_zone_is_gone(run_module, converge, aws, zone):
    run_module("acm_certificates", **params(zone))
    (record,) = records(aws, zone)
    change = {"Action": "DELETE", "ResourceRecordSet": record}
    aws("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [change]})
    aws("route53").delete_hosted_zone(Id=zone)
    assert operations(converge("acm_certificates", state="absent", **params(zone))) == ["DeleteCertificate"]


def test_one_in_use_is_not_removed(run_module, refusal, aws, zone, monkeypatch):
    run_module("acm_certificates", **params(zone))
    monkeypatch.setattr(emulator.services.acm, "users_of", lambda *about: ["the-load-balancer"])
    assert "is still used by the-load-balancer" in refusal("acm_certificates", state="absent", wait_timeout=1, **params(zone))
    assert len(certificates(aws)) == len(records(aws, zone)) == 1


def test_what_cant_be_is_refused(refusal, zone):
    long = "a" * 60 + ".example.com"
    assert "at most 64" in refusal("acm_certificates", check=True, **params(zone, domain_name=long))
    assert "needs Project" in refusal("acm_certificates", check=True, **{**params(zone), "tags": {"Project": "shop"}})


def test_reads_are_few(run_module, zone):
    run_module("acm_certificates", **params(zone))
    calls = run_module("acm_certificates", **params(zone))["_calls"]
    assert sorted(calls) == ["DescribeCertificate", "ListCertificates", "ListResourceRecordSets", "ListTagsForCertificate"]
