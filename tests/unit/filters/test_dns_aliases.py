from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.refarch.aws.plugins.filter.dns_aliases import dns_aliases

NAMES = {"public": "p.elb.amazonaws.com", "internal": "i.elb.amazonaws.com"}
ZONES = {"public": "Z1", "internal": "Z1"}


def test_each_name_of_each_type():
    found = dns_aliases({"@": "public", "app": "internal"}, "shop.example.com", NAMES, ZONES, ["A", "AAAA"])
    assert [(record["name"], record["type"], record["alias"]["dns_name"]) for record in found] == [
        ("shop.example.com", "A", "p.elb.amazonaws.com"),
        ("shop.example.com", "AAAA", "p.elb.amazonaws.com"),
        ("app.shop.example.com", "A", "i.elb.amazonaws.com"),
        ("app.shop.example.com", "AAAA", "i.elb.amazonaws.com"),
    ]
    assert {record["alias"]["zone_id"] for record in found} == {"Z1"}


def test_no_zone_no_records():
    assert dns_aliases({"@": "public"}, "", NAMES, ZONES) == []


LABEL = st.text("abc", min_size=1, max_size=3)


@given(st.dictionaries(LABEL, st.sampled_from(["public", "internal", "gone"])), st.lists(st.sampled_from(["A", "AAAA"]), unique=True))
def test_records_are_as_many_as_names_that_lead_somewhere(names, types):
    found = dns_aliases(names, "z.example", NAMES, ZONES, types)
    assert len(found) == len(types) * sum(balancer in NAMES for balancer in names.values())
    assert len({(record["name"], record["type"]) for record in found}) == len(found)
    assert all(record["name"].endswith(".z.example") for record in found)
