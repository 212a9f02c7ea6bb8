"""What a plan says of upstream modules: no secret, the documented shape, the right name."""

from __future__ import annotations

import importlib

import pytest

from ansible_collections.refarch.aws.plugins.module_utils.resources import masked, readable
from ansible_collections.refarch.aws.plugins.module_utils.unknown import UNKNOWN, has_unknown
from ansible_collections.refarch.aws.plugins.plugin_utils.runner import plan, watch


def path_of(name):
    return importlib.import_module(f"ansible_collections.amazon.aws.plugins.modules.{name}").__file__


def test_secrets_of_unknown_tasks_are_masked_by_the_modules_spec():
    shown = plan.masked_arguments(
        path_of("rds_instance"), {"db_instance_identifier": UNKNOWN, "master_user_password": "hunter2hunter2", "secret_key": "x"}
    )
    assert shown == {"db_instance_identifier": UNKNOWN, "master_user_password": "(sensitive)"}


def test_the_skeleton_of_a_result_echoes_what_was_given():
    shown = plan.skeleton(path_of("ec2_vpc_net"), {"name": "shop", "cidr_block": "10.0.0.0/16"})
    assert shown["vpc"]["cidr_block"] == "10.0.0.0/16"
    assert shown["vpc"]["id"] == UNKNOWN


@pytest.mark.parametrize("value", [UNKNOWN, f"arn:{UNKNOWN}", [{"a": UNKNOWN}], {"b": [UNKNOWN]}])
def test_unknown_is_found_at_any_depth(value):
    assert has_unknown(value)


def test_known_values_are_not_unknown():
    assert not has_unknown({"a": ["known after apply", 1, None]})


def test_an_unknown_value_passes_only_the_checks_that_it_can_not_fail():
    spec = {
        "port": {"type": "int"},
        "mode": {"choices": ["a"]},
        "rules": {"type": "list", "elements": "dict", "options": {"port": {"type": "int"}}},
    }
    relaxed = watch.relax(spec, {"port": UNKNOWN, "mode": "b", "rules": [{"port": UNKNOWN}]})
    assert relaxed["port"]["type"] == "raw"
    assert relaxed["mode"] == {"choices": ["a"]}
    assert relaxed["rules"]["options"]["port"]["type"] == "raw"


def test_what_the_service_calls_sensitive_is_masked():
    import botocore.session

    shape = botocore.session.get_session().get_service_model("ssm").operation_model("PutParameter").input_shape
    assert masked(shape, {"Name": "/a", "Value": "hunter2"}) == {"Name": "/a", "Value": "(sensitive)"}


def test_documents_inside_strings_are_opened():
    assert readable({"Policy": '{"Version": "2012-10-17"}', "Body": b"[1]"}) == {"Policy": {"Version": "2012-10-17"}, "Body": [1]}
