"""What calls need, judged by the action lists of cfn-lint (AWS's own), and whether policies allow it."""

from __future__ import annotations

import json
from pathlib import Path

import cfnlint
import pytest
from botocore.exceptions import ClientError

from ansible_collections.refarch.aws.plugins.module_utils.s3 import leave_out_account
from emulator import authorization
from emulator.authorization import Need, Policies, needs
from tests.processes import start

ROLE = "arn:aws:iam::123456789012:role/refarch/shop-staging-notifier"
REFERENCE = json.loads((Path(cfnlint.__file__).parent / "data/AdditionalSpecs/Policies.json").read_text(encoding="utf-8"))


def allow(*actions, resource="*", **more):
    return {"Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}]}


EXCEPTIONS = {action for actions in authorization.ACTIONS.values() for action in actions} | set(authorization.TAGGING.values())


@pytest.mark.parametrize("action", sorted(EXCEPTIONS))
def test_each_exception_is_an_action_that_iam_knows(action):
    prefix, _, name = action.partition(":")
    assert name.lower() in REFERENCE[prefix]["Actions"]


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "actions"),
    [
        ("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16"}, ["ec2:CreateVpc"]),
        ("ec2", "CreateVpc", {"TagSpecifications": [{"Tags": []}]}, ["ec2:CreateVpc", "ec2:CreateTags"]),
        ("elbv2", "AddTags", {"Tags": [{"Key": "a"}]}, ["elasticloadbalancing:AddTags"]),
        ("cloudwatch", "PutMetricAlarm", {}, ["cloudwatch:PutMetricAlarm"]),
        ("resourcegroupstaggingapi", "GetResources", {}, ["tag:GetResources"]),
        ("s3", "HeadBucket", {"Bucket": "b"}, ["s3:ListBucket"]),
        ("sts", "GetCallerIdentity", {}, []),
        ("lambda", "CreateFunction", {"Role": ROLE, "Tags": {"a": "b"}}, ["lambda:CreateFunction", "lambda:TagResource", "iam:PassRole"]),
        ("lambda", "GetFunction", {"FunctionName": "x"}, ["lambda:GetFunction"]),
        ("iam", "CreateRole", {"RoleName": "x", "Tags": [{"Key": "a"}]}, ["iam:CreateRole", "iam:TagRole"]),
    ],
)
def test_what_a_call_needs(service, operation, parameters, actions):
    assert [need.action for need in needs(service, operation, parameters)] == actions


def test_the_role_that_is_passed_and_to_whom():
    (need,) = [need for need in needs("lambda", "CreateFunction", {"Role": ROLE}) if need.action == "iam:PassRole"]
    assert need == Need("iam:PassRole", (ROLE,), (("iam:PassedToService", "lambda.amazonaws.com"),))


def test_what_may_be_needed_whatever_the_parameters():
    assert authorization.possible_actions("lambda", "CreateFunction") == {"lambda:CreateFunction", "lambda:TagResource", "iam:PassRole"}
    assert authorization.possible_actions("ec2", "CreateTags") == {"ec2:CreateTags"}


@pytest.mark.parametrize(
    ("document", "need", "refused"),
    [
        (allow("ec2:CreateVpc"), Need("ec2:CreateVpc"), False),
        (allow("ec2:createvpc"), Need("ec2:CreateVpc"), False),
        (allow("ec2:CreateVpc"), Need("ec2:DeleteVpc"), True),
        (allow("s3:ListBucket", resource="arn:aws:s3:::shop-*"), Need("s3:ListBucket", ("arn:aws:s3:::shop-staging",)), False),
        (allow("s3:ListBucket", resource="arn:aws:s3:::shop-*"), Need("s3:ListBucket", ("arn:aws:s3:::other",)), True),
        (allow("s3:ListBucket", resource="arn:aws:s3:::shop-*"), Need("s3:ListBucket"), False),
        (
            {"Statement": [*allow("s3:*")["Statement"], {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"}]},
            Need("s3:DeleteBucket", ("arn:aws:s3:::shop",)),
            True,
        ),
        (
            allow("iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": ["lambda.amazonaws.com"]}}),
            Need("iam:PassRole", (ROLE,), (("iam:PassedToService", "ec2.amazonaws.com"),)),
            True,
        ),
        (
            allow("iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": ["lambda.amazonaws.com"]}}),
            Need("iam:PassRole", (ROLE,), (("iam:PassedToService", "lambda.amazonaws.com"),)),
            False,
        ),
    ],
)
def test_what_policies_allow(document, need, refused):
    assert Policies([document]).refused([need]) == (need if refused else None)


def test_the_emulator_refuses_as_aws_does(tmp_path):
    (tmp_path / "policy.json").write_text(json.dumps(allow("ec2:DescribeVpcs", "ssm:PutParameter", resource="*")), encoding="utf-8")
    emulator = start("emulator", "--port", "0", "--policy", str(tmp_path))
    try:
        assert emulator.client("ec2").describe_vpcs()["Vpcs"]
        for service, call, code in (
            ("ec2", lambda client: client.create_vpc(CidrBlock="10.0.0.0/16"), "UnauthorizedOperation"),
            ("s3", lambda client: client.list_buckets(), "AccessDenied"),
            ("ssm", lambda client: client.get_parameter(Name="/a"), "AccessDeniedException"),
            ("iam", lambda client: client.list_roles(), "AccessDenied"),
        ):
            with pytest.raises(ClientError) as refusal:
                call(emulator.client(service))
            assert refusal.value.response["Error"]["Code"] == code
            assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
            assert "is not authorized to perform" in refusal.value.response["Error"]["Message"]
    finally:
        emulator.stop()


def test_a_folder_without_policies_is_no_policy(tmp_path):
    with pytest.raises(OSError, match="holds no policy"):
        Policies.of(tmp_path)


def test_the_settings_of_the_account_are_no_object_of_a_bucket(emulator):
    emulator.post("/emulator/requests/reset")
    control = leave_out_account(emulator.client("s3control"), "123456789012")
    with pytest.raises(ClientError, match="NoSuchPublicAccessBlockConfiguration"):
        control.get_public_access_block(AccountId="123456789012")
    (call,) = emulator.get("/emulator/requests")["requests"]
    assert (call["service"], call["operation"]) == ("s3control", "GetPublicAccessBlock")
