from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.refarch.aws.plugins.module_utils.route53 import canonical, plain, record_set, same_record

UNKNOWN = "(known after apply)"
TARGET = {"zone_id": "ZWKZPGTI48KDX", "dns_name": "lb-1.ap-northeast-2.elb.amazonaws.com"}
DB = {"name": "db.staging.internal", "type": "CNAME", "values": ["shop.abc.rds.amazonaws.com"]}
APP = {"name": "app.staging.internal", "type": "A", "alias": TARGET}
WILD = {"name": "*.staging.internal", "type": "A", "values": ["10.0.0.1", "10.0.0.2"], "ttl": 30}


@pytest.fixture
def zone(aws):
    return aws("route53").create_hosted_zone(Name="staging.internal", CallerReference="one")["HostedZone"]["Id"].rpartition("/")[2]


def standing(aws, zone):
    found = aws("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    return {(plain(record["Name"]), record["Type"]): record for record in found if record["Type"] not in ("NS", "SOA")}


def operations(result):
    return [change["operation"] for change in result["changes"]]


def test_all_records_are_made_with_one_call(converge, aws, zone):
    result = converge("route53_records", zone_id=zone, records=[DB, APP, WILD], wait=True)
    assert operations(result) == ["ChangeResourceRecordSets"]
    assert result["record_names"] == ["db.staging.internal", "app.staging.internal", "*.staging.internal"]
    found = standing(aws, zone)
    assert found["db.staging.internal", "CNAME"]["TTL"] == 60
    assert found["app.staging.internal", "A"]["AliasTarget"]["EvaluateTargetHealth"] is True
    assert [value["Value"] for value in found["*.staging.internal", "A"]["ResourceRecords"]] == ["10.0.0.1", "10.0.0.2"]


def test_a_plan_in_a_zone_that_is_planned(run_module):
    planned = run_module("route53_records", check=True, zone_id=UNKNOWN, records=[{**APP, "alias": {**TARGET, "dns_name": UNKNOWN}}])
    (change,) = planned["changes"][0]["parameters"]["ChangeBatch"]["Changes"]
    assert (change["Action"], change["ResourceRecordSet"]["AliasTarget"]["DNSName"]) == ("UPSERT", UNKNOWN)


@pytest.mark.parametrize(
    ("which", "change"),
    [
        (0, {"ttl": 300}),
        (0, {"values": ["other.abc.rds.amazonaws.com"]}),
        (1, {"alias": {**TARGET, "dns_name": "lb-2.ap-northeast-2.elb.amazonaws.com"}}),
        (1, {"alias": {**TARGET, "evaluate_target_health": False}}),
        (2, {"values": ["10.0.0.1"]}),
    ],
)
def test_a_changed_record_is_that_change(run_module, converge, zone, which, change):
    records = [DB, APP, WILD]
    run_module("route53_records", zone_id=zone, records=records)
    records[which] = {**records[which], **change}
    (made,) = converge("route53_records", zone_id=zone, records=records)["changes"]
    (sent,) = made["parameters"]["ChangeBatch"]["Changes"]
    assert plain(sent["ResourceRecordSet"]["Name"]) == records[which]["name"]
    assert made["before"]["records"][0]["Name"] == sent["ResourceRecordSet"]["Name"]


def test_the_order_of_values_and_the_last_dot_mean_nothing(run_module, zone):
    run_module("route53_records", zone_id=zone, records=[DB, WILD])
    same = [{**DB, "name": "DB.staging.internal.", "values": [DB["values"][0] + "."]}, {**WILD, "values": WILD["values"][::-1]}]
    assert run_module("route53_records", zone_id=zone, records=same)["changes"] == []


def test_others_are_left_alone(run_module, converge, aws, zone):
    run_module("route53_records", zone_id=zone, records=[DB, APP])
    converge("route53_records", zone_id=zone, state="absent", records=[{"name": DB["name"], "type": "CNAME"}])
    assert list(standing(aws, zone)) == [("app.staging.internal", "A")]


def test_a_name_that_left_the_list_goes_and_what_others_have_stays(run_module, converge, aws, zone):
    other = {"name": "mail.staging.internal", "type": "A", "alias": {**TARGET, "dns_name": "lb-9.ap-northeast-2.elb.amazonaws.com"}}
    former = [{**APP, "name": "web.staging.internal"}, {**DB, "name": "database.staging.internal"}]
    theirs = [other, {**DB, "name": "x.staging.internal", "values": ["x.example.com"]}, WILD]
    run_module("route53_records", zone_id=zone, records=[APP, DB, *former, *theirs])
    result = converge("route53_records", zone_id=zone, records=[APP, DB], purge_same_targets=True)
    assert [(c["action"], c["name"]) for c in result["changes"]] == [("delete", "database.staging.internal, web.staging.internal")]
    assert len(standing(aws, zone)) == 5


def test_removed_also_when_nothing_or_half_is_there(run_module, converge, aws, zone):
    run_module("route53_records", zone_id=zone, records=[DB])
    assert operations(converge("route53_records", zone_id=zone, state="absent", records=[DB, APP])) == ["ChangeResourceRecordSets"]
    aws("route53").delete_hosted_zone(Id=zone)
    for gone in (zone, "", UNKNOWN):
        assert operations(converge("route53_records", zone_id=gone, state="absent", records=[DB, APP])) == []


def test_more_records_than_a_call_takes(run_module, zone):
    records = [{"name": f"n{number}.staging.internal", "type": "A", "values": ["10.0.0.1"]} for number in range(300)]
    sent = [len(c["parameters"]["ChangeBatch"]["Changes"]) for c in run_module("route53_records", zone_id=zone, records=records)["changes"]]
    assert sent == [250, 50]
    assert run_module("route53_records", zone_id=zone, records=records)["changes"] == []


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        ({"name": "x.staging.internal", "type": "A"}, "needs either values or alias"),
        ({**APP, "values": ["10.0.0.1"]}, "needs either values or alias"),
        ({**APP, "type": "CNAME"}, "may be of type A or AAAA"),
        ({**DB, "name": "DB.staging.internal."}, "is named twice"),
    ],
)
def test_what_cant_be_is_refused(refusal, zone, record, sentence):
    assert sentence in refusal("route53_records", zone_id=zone, records=[DB, record])


LABELS = st.lists(st.from_regex(r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,8}[a-zA-Z0-9])?", fullmatch=True), min_size=1, max_size=4).map(".".join)


@given(LABELS, st.booleans(), st.booleans())
def test_canonical_names_are_fixed_points(name, wild, dotted):
    name = ("*." if wild else "") + name + ("." if dotted else "")
    assert canonical(canonical(name)) == canonical(name) == canonical(plain(canonical(name)))


@given(LABELS, st.lists(LABELS, min_size=1, max_size=4, unique_by=str.lower), st.integers(0, 86400), st.randoms())
def test_a_record_is_the_same_as_itself_in_any_order(name, values, ttl, random):
    wanted = {"name": name, "type": "NS", "values": values, "ttl": ttl}
    shuffled = [value + "." for value in values]
    random.shuffle(shuffled)
    assert same_record(record_set({**wanted, "values": shuffled}), record_set(wanted))
    assert not same_record(record_set({**wanted, "ttl": ttl + 1}), record_set(wanted))
    assert not same_record(record_set({**wanted, "values": [*values, "one.more.example"]}), record_set(wanted))
