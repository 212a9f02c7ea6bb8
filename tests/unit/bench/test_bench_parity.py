"""Equal resources are equal, and a difference is told."""

from __future__ import annotations

from tests.bench import parity


def test_ids_become_names_and_moments_go():
    names = {"vpc-0123456789abcdef0": "Vpcs:shop-vpc"}
    found = parity.normal(
        {"VpcId": "vpc-0123456789abcdef0", "CreateDate": "2026-01-01", "Tags": [], "Other": "vpc-0ffffffffffffffff"}, names
    )
    assert found == {"VpcId": "Vpcs:shop-vpc", "Other": "vpc-0ffffffffffffffff"}


def test_documents_are_read_and_lists_have_no_order():
    one = parity.normal({"Policy": '{"Action": ["b", "a"], "Effect": "Allow"}'}, {})
    other = parity.normal({"Policy": '{"Effect":"Allow","Action":["a","b"]}'}, {})
    assert one == other


def test_a_pattern_is_no_document():
    assert parity.normal("{ ($.eventName = ConsoleLogin) }", {}) == "{ ($.eventName = ConsoleLogin) }"


def test_differences(monkeypatch):
    sides = {1: {"a": {"x": 1, "y": {"z": 2}}, "b": {}}, 2: {"a": {"x": 1, "y": {"z": 3}}, "c": {}}}
    monkeypatch.setattr(parity, "standing", sides.get)
    assert parity.differences(1, 2) == ["- b: only on the first side", "- c: only on the second side", "- a: y.z: 2 and 3"]
