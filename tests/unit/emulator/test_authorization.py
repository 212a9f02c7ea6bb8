"""What calls need, judged by the action lists of cfn-lint (AWS's own), and whether policies allow it."""

from __future__ import annotations

import json
from pathlib import Path

import cfnlint
import pytest
from botocore.exceptions import ClientError

from ansible_collections.refarch.aws.plugins.module_utils.s3 import leave_out_account
from emulator import authorization
from emulator.authorization import Need, Place, Policies, needs
from tests.processes import start

ROLE = "arn:aws:iam::123456789012:role/refarch/shop-staging-notifier"
REFERENCE = json.loads((Path(cfnlint.__file__).parent / "data/AdditionalSpecs/Policies.json").read_text(encoding="utf-8"))


def allow(*actions, resource="*", **more):
    return {"Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}]}


EXCEPTIONS = {
    *(action for actions in authorization.ACTIONS.values() for action in actions),
    *authorization.TAGGING.values(),
    *(action for lines in authorization.DEPENDENT.values() for _parameter, actions in lines for action in actions),
    "codeconnections:PassConnection",
}
KEY = "arn:aws:kms:ap-northeast-2:123456789012:key/59ee7aab-2298-49ff-adf9-ba48da80ed8e"
CONNECTION = "arn:aws:codeconnections:ap-northeast-2:123456789012:connection/7d9e96bc-7ff7-454a-bfa0-544123456789"
TRAIL = "arn:aws:cloudtrail:ap-northeast-2:123456789012:trail/t"
HERE = Place("ap-northeast-2", "123456789012")


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
        ("lambda", "GetFunction", {"FunctionName": "x"}, ["lambda:GetFunction", "lambda:ListTags"]),
        ("iam", "CreateRole", {"RoleName": "x", "Tags": [{"Key": "a"}]}, ["iam:CreateRole", "iam:TagRole"]),
    ],
)
def test_what_a_call_needs(service, operation, parameters, actions):
    assert [need.action for need in needs(service, operation, parameters)] == actions


def test_the_role_that_is_passed_and_to_whom():
    (need,) = [need for need in needs("lambda", "CreateFunction", {"Role": ROLE}) if need.action == "iam:PassRole"]
    assert need == Need("iam:PassRole", (ROLE,), (("iam:PassedToService", "lambda.amazonaws.com"),))


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "more"),
    [
        ("autoscaling", "UpdateAutoScalingGroup", {"MinSize": 1}, set()),
        ("autoscaling", "UpdateAutoScalingGroup", {"LaunchTemplate": {}}, set()),
        (
            "autoscaling",
            "UpdateAutoScalingGroup",
            {"LaunchTemplate": {"LaunchTemplateId": "lt-1"}},
            {"ec2:RunInstances", "ec2:CreateTags", "iam:PassRole"},
        ),
        ("backup", "CreateBackupVault", {"BackupVaultName": "v"}, {"backup-storage:MountCapsule"}),
        ("codepipeline", "UpdatePipeline", {"pipeline": {"stages": [CONNECTION]}}, {"codeconnections:PassConnection"}),
        ("ec2", "CreateVpcEndpoint", {"VpcEndpointType": "Gateway"}, set()),
        ("rds", "DeleteDBInstance", {"DBInstanceIdentifier": "db", "SkipFinalSnapshot": True}, set()),
        (
            "rds",
            "DeleteDBInstance",
            {"DBInstanceIdentifier": "db", "FinalDBSnapshotIdentifier": "last"},
            {"rds:CreateDBSnapshot", "rds:AddTagsToResource"},
        ),
        ("rds", "ModifyDBInstance", {"DBInstanceIdentifier": "db", "BackupRetentionPeriod": 7}, set()),
        ("route53", "CreateHostedZone", {"Name": "example.com"}, set()),
        ("route53", "CreateHostedZone", {"Name": "a.internal", "VPC": {"VPCId": "vpc-1"}}, {"ec2:DescribeVpcs"}),
        ("secretsmanager", "CreateSecret", {"Name": "s"}, set()),
        ("wafv2", "AssociateWebACL", {}, {"elasticloadbalancing:SetWebAcl"}),
    ],
)
def test_what_else_a_call_needs(service, operation, parameters, more):
    own = authorization.own_actions(service, operation)
    assert {need.action for need in needs(service, operation, parameters)} - set(own) == more


def test_keys_are_needed_where_the_call_names_them():
    found = {need.action: need.resources for need in needs("secretsmanager", "CreateSecret", {"Name": "s", "KmsKeyId": KEY})}
    assert found == {"secretsmanager:CreateSecret": (), "kms:Decrypt": (KEY,), "kms:GenerateDataKey": (KEY,)}


def test_whose_role_a_service_makes_for_itself():
    (need,) = [need for need in needs("elbv2", "CreateLoadBalancer", {"Name": "a"}) if need.action == "iam:CreateServiceLinkedRole"]
    assert need.context == (("iam:AWSServiceName", "elasticloadbalancing.amazonaws.com"),)


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "resource"),
    [
        ("autoscaling", "DeletePolicy", {"AutoScalingGroupName": "web"}, "autoscaling:@:autoScalingGroup:*:autoScalingGroupName/web"),
        ("codepipeline", "CreatePipeline", {"pipeline": {"name": "p"}}, "codepipeline:@:p"),
        ("elbv2", "CreateTargetGroup", {"Name": "web"}, "elasticloadbalancing:@:targetgroup/web/*"),
        ("sqs", "TagQueue", {"QueueUrl": "http://127.0.0.1:1/123456789012/q"}, "sqs:@:q"),
        ("ssm", "GetParameter", {"Name": "/shop/staging/keys"}, "ssm:@:parameter/shop/staging/keys"),
        ("ssm", "GetParameters", {"Names": ["/aws/service/ami"]}, "ssm:ap-northeast-2::parameter/aws/service/ami"),
        ("ssm", "CreateAssociation", {"Name": "AWS-RunPatchBaseline"}, "ssm:ap-northeast-2::document/AWS-RunPatchBaseline"),
        ("cloudtrail", "StartLogging", {"Name": TRAIL}, TRAIL.removeprefix("arn:aws:")),
        ("wafv2", "UpdateWebACL", {"Name": "w", "Id": "1"}, "wafv2:@:regional/webacl/w/*"),
    ],
)  # fmt: skip
def test_the_resource_that_a_name_means(service, operation, parameters, resource):
    assert needs(service, operation, parameters, HERE)[0].resources == (f"arn:aws:{resource}".replace("@", "ap-northeast-2:123456789012"),)


def test_what_may_be_needed_whatever_the_parameters():
    assert authorization.possible_actions("events", "PutTargets") == {"events:PutTargets", "iam:PassRole"}
    assert authorization.possible_actions("lambda", "CreateFunction") == {
        "lambda:CreateFunction",
        "lambda:TagResource",
        "iam:PassRole",
        "kms:CreateGrant",
        "kms:Decrypt",
        "kms:Encrypt",
    }
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
