"""The patches of IAM, each through boto3; and its hand rules on what stands."""

from __future__ import annotations

import json
import os

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

import emulator.services
from emulator.strict import RULES, Context
from emulator.strict.judge import load_rules

os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
emulator.services.apply_all()
load_rules()
CONTEXT = Context("123456789012", "ap-northeast-2")
READ = "arn:aws:iam::aws:policy/ReadOnlyAccess"
ALLOW = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]})
TRUST = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
)


@pytest.fixture
def iam(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield boto3.client("iam", region_name="ap-northeast-2")


@pytest.fixture
def policy(iam):
    return iam.create_policy(PolicyName="p", PolicyDocument=ALLOW)["Policy"]["Arn"]


@pytest.fixture
def role(iam):
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST, Description="d", MaxSessionDuration=7200)
    return "r"


@pytest.fixture
def user(iam):
    iam.create_user(UserName="u", Tags=[{"Key": "a", "Value": "b"}])
    return "u"


def code(call, **params):
    with pytest.raises(ClientError) as refused:
        call(**params)
    return refused.value.response["Error"]["Code"]


def test_policies_of_aws_are_there(iam):
    assert iam.get_policy(PolicyArn=READ)["Policy"]["IsAttachable"]


def test_attaching_twice_counts_once(iam, role, policy):
    for _time in range(2):
        iam.attach_role_policy(RoleName=role, PolicyArn=policy)
    assert iam.get_policy(PolicyArn=policy)["Policy"]["AttachmentCount"] == 1


def test_update_role_keeps_what_is_not_given(iam, role):
    iam.update_role(RoleName=role, Description="other")
    assert iam.get_role(RoleName=role)["Role"]["MaxSessionDuration"] == 7200
    iam.update_role(RoleName=role, MaxSessionDuration=3600)
    assert iam.get_role(RoleName=role)["Role"]["Description"] == "other"


def test_a_role_that_is_not_in_the_profile(iam, role):
    iam.create_instance_profile(InstanceProfileName="p")
    assert code(iam.remove_role_from_instance_profile, InstanceProfileName="p", RoleName=role) == "NoSuchEntity"


def test_users_have_a_boundary(iam, user, policy):
    iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary=policy)
    assert iam.get_user(UserName=user)["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == policy
    iam.delete_user_permissions_boundary(UserName=user)
    assert "PermissionsBoundary" not in iam.get_user(UserName=user)["User"]
    assert code(iam.create_user, UserName="v", PermissionsBoundary=f"{policy}-absent") == "NoSuchEntity"


def test_service_specific_credentials(iam, user):
    made = iam.create_service_specific_credential(UserName=user, ServiceName="codecommit.amazonaws.com")["ServiceSpecificCredential"]
    listed = iam.list_service_specific_credentials(UserName=user)["ServiceSpecificCredentials"]
    assert [item["ServiceSpecificCredentialId"] for item in listed] == [made["ServiceSpecificCredentialId"]]
    iam.delete_service_specific_credential(UserName=user, ServiceSpecificCredentialId=made["ServiceSpecificCredentialId"])
    assert iam.list_service_specific_credentials(UserName=user)["ServiceSpecificCredentials"] == []


def test_what_hangs_on_things_keeps_them(iam, user, policy):
    iam.create_group(GroupName="g")
    iam.add_user_to_group(GroupName="g", UserName=user)
    assert code(iam.delete_user, UserName=user) == "DeleteConflict"
    assert code(iam.delete_group, GroupName="g") == "DeleteConflict"
    iam.attach_group_policy(GroupName="g", PolicyArn=policy)
    assert code(iam.delete_policy, PolicyArn=policy) == "DeleteConflict"


def test_versions_and_boundaries_keep_a_policy(iam, user, policy):
    iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary=policy)
    assert code(iam.delete_policy, PolicyArn=policy) == "DeleteConflict"
    iam.delete_user_permissions_boundary(UserName=user)
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=ALLOW)
    assert code(iam.delete_policy, PolicyArn=policy) == "DeleteConflict"


def test_entities_by_usage(iam, user, role, policy):
    iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary=policy)
    iam.attach_role_policy(RoleName=role, PolicyArn=policy)
    attached = iam.list_entities_for_policy(PolicyArn=policy, PolicyUsageFilter="PermissionsPolicy")
    bounded = iam.list_entities_for_policy(PolicyArn=policy, PolicyUsageFilter="PermissionsBoundary")
    assert ([r["RoleName"] for r in attached["PolicyRoles"]], attached["PolicyUsers"]) == (["r"], [])
    assert ([u["UserName"] for u in bounded["PolicyUsers"]], bounded["PolicyRoles"]) == (["u"], [])


def test_groups_and_users_move(iam, user):
    iam.create_group(GroupName="g")
    iam.update_group(GroupName="g", NewPath="/x/")
    assert iam.get_group(GroupName="g")["Group"]["Arn"].endswith(":group/x/g")
    iam.update_user(UserName=user, NewPath="/x/")
    assert iam.get_user(UserName=user)["User"]["Tags"] == [{"Key": "a", "Value": "b"}]


def judged(rule, **params):
    return RULES[f"iam.{rule}"].judge(params, CONTEXT)


def test_what_is_named_must_exist(iam, role, policy):
    principal = {"AWS": f"arn:aws:iam::123456789012:role/{role}"}
    trusting = TRUST.replace('{"Service": "ec2.amazonaws.com"}', json.dumps(principal))
    assert judged("boundary_exists", RoleName="s", PermissionsBoundary=policy) is None
    assert judged("trusted_principal_exists", RoleName="s", AssumeRolePolicyDocument=trusting) is None
    iam.delete_role(RoleName=role)
    assert judged("trusted_principal_exists", RoleName="s", AssumeRolePolicyDocument=trusting)
