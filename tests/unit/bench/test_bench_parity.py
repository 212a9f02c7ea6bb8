"""Equal resources are equal, a difference is told, and what no configuration can avoid is known by name."""

from __future__ import annotations

import pytest

from tests.bench import parity
from tests.bench.parity.alike import Naming, normal, unequal
from tests.bench.parity.exceptions import EXCEPTIONS, covers


def test_ids_become_names_and_moments_go():
    naming = Naming({"vpc-0123456789abcdef0": "Vpcs:shop-vpc"})
    found = normal({"VpcId": "vpc-0123456789abcdef0", "CreateDate": "2026-01-01", "Tags": [], "Other": "vpc-0ffffffffffffffff"}, naming)
    assert found == {"VpcId": "Vpcs:shop-vpc", "Other": "vpc-0ffffffffffffffff"}


def test_names_of_no_shape_are_found_within_texts_and_the_longest_first():
    naming = Naming({"app/public/0123456789abcdef": "public", "app/public/0123456789abcdef/fedcba9876543210": "listener"})
    assert naming("arn:aws:…:listener/app/public/0123456789abcdef/fedcba9876543210") == "arn:aws:…:listener/listener"
    assert naming("app/public/0123456789abcdef") == "public"


def test_an_address_is_no_part_of_a_longer_one():
    assert Naming({"10.0.0.1": "nat"})("10.0.0.12 10.0.0.1") == "10.0.0.12 nat"


def test_no_names():
    assert Naming({})("as it is") == "as it is"


def test_documents_are_read_and_lists_have_no_order():
    naming = Naming({})
    one = normal({"Policy": '{"Action": ["b", "a"], "Effect": "Allow"}'}, naming)
    other = normal({"Policy": '{\n  "Effect":"Allow","Action":["a","b"]\n}'}, naming)
    assert one == other


def test_a_pattern_is_no_document():
    assert normal("{ ($.eventName = ConsoleLogin) }", Naming({})) == "{ ($.eventName = ConsoleLogin) }"


def test_false_and_zero_are_something():
    assert normal({"a": False, "b": 0, "c": None, "d": {}}, Naming({})) == {"a": False, "b": 0}


def test_unequal_says_where():
    assert list(unequal({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}})) == [("a.c", 2, None)]


def test_unequal_lists_say_what_only_one_of_them_has():
    assert list(unequal({"a": [1, 2, 3]}, {"a": [1, 3, 4]})) == [("a", [2], [4])]
    assert list(unequal([1, 1], [1])) == [("", [1, 1], [1])]


def test_differences(monkeypatch):
    sides = {1: {"a": {"x": 1, "y": {"z": 2}}, "b": {}}, 2: {"a": {"x": 1, "y": {"z": 3}}, "c": {}}}
    monkeypatch.setattr(parity, "standing", sides.get)
    assert parity.differences(1, 2) == ["- b: only on the first side", "- c: only on the second side", "- a: y.z: 2 and 3"]


QUEUE = ("queue shop-dead-letters", "MaximumMessageSize", "1048576", "262144")


@pytest.mark.parametrize("place", range(4))
def test_an_exception_covers_just_what_it_names(place):
    other = [*QUEUE]
    other[place] = "another"
    assert covers(*QUEUE) and not covers(*other)


def test_exceptions_are_left_out(monkeypatch):
    resource, place, *both = QUEUE
    sides = {number: {resource: {place: value, "Delay": number}} for number, value in enumerate(both)}
    monkeypatch.setattr(parity, "standing", sides.get)
    assert parity.differences(0, 1) == [f"- {resource}: Delay: 0 and 1"]


def test_each_exception_has_its_reason():
    assert all(known.reason.endswith(".") and known.ours != known.theirs for known in EXCEPTIONS)
