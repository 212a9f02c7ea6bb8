from __future__ import annotations

import pytest

REFARCH = [{"Key": "ManagedBy", "Value": "refarch"}]


@pytest.fixture
def registries(aws):
    ssm = aws("ssm")
    for name in ("/shop/staging/network", "/shop/staging/lock", "/shop/production/network", "/other/local/keys", "/shop/old/releases/web"):
        ssm.put_parameter(Name=name, Value="{}", Type="String", Tags=REFARCH)
    ssm.put_parameter(Name="/somebody/else/parameter", Value="{}", Type="String")


def test_other_stacks_are_those_with_a_registry(run_module, registries):
    found = run_module("stack_facts", path="/shop/staging", others=True)["others"]
    assert found == [{"Project": "other", "Environment": "local"}, {"Project": "shop", "Environment": "production"}]


def test_they_are_looked_for_only_if_asked(run_module, registries):
    assert run_module("stack_facts", path="/shop/staging")["others"] == []
