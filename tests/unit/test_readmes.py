"""The READMEs say what the code says: their generated parts are in step, and the lists of IAM actions are complete."""

from __future__ import annotations

import pytest

from emulator import authorization
from tools import role_permissions, role_readmes, roles


def test_readmes_are_in_step():
    stale = [str(path) for path, text in role_readmes.wanted().items() if path.read_text(encoding="utf-8") != text]
    assert not stale, f"run 'make docs': {', '.join(stale)}"


def test_the_two_kinds_of_roles():
    assert {"network", "servers"} <= set(roles.components())
    assert roles.node_roles() == ["node_app", "node_base", "node_release", "node_web"]


@pytest.mark.parametrize("role", roles.node_roles())
def test_defaults_and_specs_of_a_role_for_servers_agree(role):
    """Of components the engine's tests see to it."""
    specs = role_readmes._yaml(roles.ROLES / role / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"]
    defaults = role_readmes._yaml(roles.ROLES / role / "defaults" / "main.yml")
    assert set(specs) == set(defaults) | {name for name, option in specs.items() if option.get("required")}
    assert all(option["default"] == defaults[name] for name, option in specs.items() if "default" in option)


@pytest.mark.parametrize("role", roles.components())
def test_each_component_has_described_outputs(role):
    assert set(role_readmes.published_by(role)) == set(role_readmes._yaml(role_readmes.ROLES / role / "meta" / "outputs.yml"))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, ""),
        (True, "true"),
        ([], "none"),
        ({}, "none"),
        ("", "empty"),
        (["s3", "dynamodb"], "`s3`, `dynamodb`"),
        ([{"name": "auditor"}], "auditor"),
        (["x" * 60, "y" * 60], "2 entries"),
        ("{{ stack_state }}", "`stack_state`"),
        ("{{ stack_prefix | refarch.aws.resource_name('trail', 'trail') }}", "`<prefix>-trail`"),
        ("/{{ stack_project }}/{{ stack_environment }}/cloudtrail", "`/<project>/<environment>/cloudtrail`"),
    ],
)
def test_defaults_in_words(value, words):
    assert role_readmes.shown(value) == words


def test_a_bar_in_a_description_does_not_end_its_cell():
    assert role_readmes.table(["a"], [["x | y"]]).endswith("| x \\| y |")


def test_names_of_iam_differ_from_those_of_the_api():
    assert authorization.possible_actions("s3", "HeadBucket") == {"s3:ListBucket"}
    assert authorization.possible_actions("s3control", "PutPublicAccessBlock") == {"s3:PutAccountPublicAccessBlock"}
    assert authorization.possible_actions("ec2", "CreateVpc") == {"ec2:CreateVpc", "ec2:CreateTags"}


@pytest.mark.parametrize(
    ("module", "operation"),
    [
        ("refarch.aws.kms_keys", ("kms", "PutKeyPolicy")),  # named in a call
        ("refarch.aws.cloudtrail_trail", ("cloudtrail", "GetEventSelectors")),  # named in a list of questions
        ("refarch.aws.iam_roles", ("iam", "AttachRolePolicy")),  # an f-string in a helper
        ("refarch.aws.vpc_security_groups", ("ec2", "UpdateSecurityGroupRuleDescriptionsEgress")),  # an f-string
        ("refarch.aws.vpc_nat_gateways", ("ec2", "DescribeNatGateways")),  # a waiter
        ("refarch.aws.vpc_subnets", ("ec2", "DescribeNetworkInterfaces")),  # a declared waiter in a helper
    ],
)
def test_calls_are_found_however_they_are_written(module, operation):
    assert operation in role_permissions.operations_of_module(module)


def test_helpers_that_a_module_does_not_use_do_not_count():
    assert ("ec2", "DescribeNetworkInterfaces") not in role_permissions.operations_of_module("refarch.aws.vpc")
