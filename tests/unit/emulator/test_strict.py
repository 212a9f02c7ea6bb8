"""What the emulator refuses without looking at anything else, and what it must not refuse."""

from __future__ import annotations

import json

import botocore.session
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from emulator.strict import constraints, policies, schedules

SERVICES = ("accessanalyzer", "cloudtrail", "ec2", "events", "iam", "kms", "logs", "resourcegroupstaggingapi", "s3", "ssm", "sts")
# botocore's own examples that its model refuses, each looked at: the example is wrong or shortened.
WRONG_EXAMPLES = {("ec2", "ModifySpotFleetRequest"), ("kms", "CreateCustomKeyStore"), ("kms", "UpdateCustomKeyStore")}


def examples():
    session = botocore.session.get_session()
    loader = session.get_component("data_loader")
    for service in SERVICES:
        try:
            found = loader.load_service_model(service, "examples-1")["examples"]
        except botocore.exceptions.UnknownServiceError:
            continue
        model = session.get_service_model(service)
        for operation, some in found.items():
            for example in some:
                yield model.operation_model(operation), example.get("input", {})


def test_botocores_examples_pass():
    wrong = {
        (model.service_model.service_name, model.name, found.text)
        for model, parameters in examples()
        for found in constraints.findings(model.input_shape, parameters)
    }
    assert {finding for finding in wrong if finding[:2] not in WRONG_EXAMPLES} == set()


REFUSED = [
    ("logs", "create_log_group", {"logGroupName": "a b"}, "InvalidParameterException"),
    ("iam", "create_role", {"RoleName": "a b", "AssumeRolePolicyDocument": "{}"}, "ValidationError"),
    ("iam", "create_role", {"RoleName": "r", "AssumeRolePolicyDocument": "{}"}, "MalformedPolicyDocument"),
    ("ec2", "create_vpc", {"CidrBlock": "10.0.0.0/16", "InstanceTenancy": "shared"}, "InvalidParameterValue"),
    ("kms", "create_alias", {"AliasName": "alias/a b", "TargetKeyId": "x"}, "ValidationException"),
    ("s3", "put_bucket_versioning", {"Bucket": "bbb", "VersioningConfiguration": {"Status": "On"}}, "MalformedXML"),
    ("events", "put_rule", {"Name": "r", "ScheduleExpression": "rate(1 minutes)"}, "ValidationException"),
    ("ssm", "get_parameters_by_path", {"Path": "/", "MaxResults": 11}, "ValidationException"),
    ("ssm", "put_parameter", {"Name": "/x//y", "Value": "x", "Type": "String"}, "ValidationException"),
    ("sts", "assume_role", {"RoleArn": "arn:aws:iam::123456789012:role/x", "RoleSessionName": "a b"}, "ValidationError"),
]


@pytest.mark.parametrize(("service", "method", "params", "code"), REFUSED)
def test_refused_with_aws_code(emulator, service, method, params, code):
    with pytest.raises(ClientError) as error:
        getattr(emulator.client(service, parameter_validation=False), method)(**params)
    assert error.value.response["Error"]["Code"] == code


@pytest.mark.parametrize(
    "expression",
    [
        "rate(1 minute)",
        "rate(5 minutes)",
        "rate(2 days)",
        "at(2026-01-01T00:00:00)",
        "cron(0 3 * * ? *)",
        "cron(0/15 9-17 ? * MON-FRI *)",
        "cron(0 8 1 * ? *)",
        "cron(0 0 L * ? *)",
        "cron(0 0 15W * ? 2026-2030)",
        "cron(0 10 ? * 2#1 *)",
        "cron(0 10 ? * 6L *)",
        "cron(5,35 14 * JAN,JUL ? *)",
    ],
)
def test_good_schedules(expression):
    assert schedules.wrong(expression) is None


@pytest.mark.parametrize(
    "expression",
    [
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(0 days)",
        "rate(1 week)",
        "cron(0 3 * * *)",
        "cron(0 3 * * * *)",
        "cron(0 3 ? * ? *)",
        "cron(60 3 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 3 32 * ? *)",
        "cron(0 3 * 13 ? *)",
        "cron(0 3 ? * 8 *)",
        "cron(0 3 ? * 2#6 *)",
        "at(tomorrow)",
        "0 3 * * *",
        "",
    ],
)
def test_bad_schedules(expression):
    assert schedules.wrong(expression)


@given(st.text())
def test_any_text_is_judged(text):
    assert schedules.wrong(text) is None or isinstance(schedules.wrong(text), str)
    list(policies.wrong(text, "identity"))


def statement(**changes):
    made = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"} | changes
    return json.dumps({"Version": "2012-10-17", "Statement": [{name: value for name, value in made.items() if value is not None}]})


@pytest.mark.parametrize(
    ("text", "sort"),
    [
        (statement(), "identity"),
        (statement(Action="*", Resource="*"), "identity"),
        (statement(Resource=None, NotResource="*"), "identity"),
        (statement(Condition={"ForAllValues:StringEqualsIfExists": {"aws:TagKeys": ["a"]}}), "identity"),
        (statement(Principal="*"), "resource"),
        (statement(Principal={"AWS": "123456789012"}), "resource"),
        (statement(Principal={"Service": "logs.ap-northeast-2.amazonaws.com"}, Resource="*"), "resource"),
        (statement(Principal={"Service": ["ec2.amazonaws.com"]}, Action="sts:AssumeRole", Resource=None), "trust"),
        (
            statement(Principal={"Federated": "arn:aws:iam::123456789012:saml-provider/x"}, Action="sts:AssumeRoleWithSAML", Resource=None),
            "trust",
        ),
    ],
)
def test_good_policies(text, sort):
    assert list(policies.wrong(text, sort)) == []


@pytest.mark.parametrize(
    ("text", "sort"),
    [
        ("", "identity"),
        ("[]", "identity"),
        ('{"Version": "2012-10-17"}', "identity"),
        (statement(Effect="allow"), "identity"),
        (statement(Action="GetObject"), "identity"),
        (statement(Action=None), "identity"),
        (statement(Resource=None), "identity"),
        (statement(Resource="bucket"), "identity"),
        (statement(Principal="*"), "identity"),
        (statement(), "resource"),
        (statement(), "trust"),
        (statement(Principal={"Service": "ec2"}, Action="sts:AssumeRole", Resource=None), "trust"),
        (statement(Principal={"Service": "ec2.amazonaws.com"}, Action="sts:AssumeRole"), "trust"),
        (statement(Principal={"Service": "ec2.amazonaws.com"}, Action="s3:GetObject", Resource=None), "trust"),
        (statement(Conditions={}), "identity"),
        (statement(Condition={"StringEqual": {"a": "b"}}), "identity"),
        (statement().replace("2012-10-17", "2026-01-01"), "identity"),
    ],
)
def test_bad_policies(text, sort):
    assert list(policies.wrong(text, sort))
