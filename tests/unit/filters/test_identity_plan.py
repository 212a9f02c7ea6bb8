from __future__ import annotations

import fnmatch
import json

import pytest
from ansible.errors import AnsibleFilterError
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.refarch.aws.plugins.filter.identity_plan import DOCUMENTS, identity_plan

ACCOUNT = "123456789012"
SETTINGS = {
    "prefix": "shop-staging",
    "project": "shop",
    "environment": "staging",
    "account_id": ACCOUNT,
    "region": "ap-northeast-2",
    "groups": {"operators": {"policies": ["operations"], "managed_policy_arns": ["arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"]}},
    "users": [{"name": "jane", "email": "jane@example.com", "groups": ["operators"]}],
    "roles": [
        {"name": "auditor", "people": True},
        {"name": "worker", "services": ["lambda.amazonaws.com"], "source_arns": ["arn:aws:lambda:*"]},
    ],
}
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/refarch/shop-staging-boundary"


def documents(**change):
    plan = identity_plan({**SETTINGS, **change})
    return {what: policy["policy"] for what, policy in zip(DOCUMENTS, plan["policies"], strict=True)}


def statements():
    return [(what, statement) for what, policy in documents().items() for statement in policy["Statement"]]


def decided(policy: dict, action: str, resource: str = "*", effect: str = "Allow") -> bool:
    """Whether a statement of *effect* matches, whatever its condition. *resource* "*" stands for any."""
    for statement in policy["Statement"]:
        resources = [statement["Resource"]] if isinstance(statement["Resource"], str) else statement["Resource"]
        here = resource == "*" or any(fnmatch.fnmatch(resource, pattern) for pattern in resources)
        acts = any(fnmatch.fnmatch(action.lower(), pattern.lower()) for pattern in statement.get("Action", []))
        if statement["Effect"] == effect and here and acts:
            return True
    return False


@pytest.mark.parametrize(("what", "statement"), statements())
def test_no_full_wildcards_are_allowed(what, statement):
    """IAM.1 (no *:*), IAM.21 (no service:*), KMS.1 (no decryption under all keys)."""
    if statement["Effect"] == "Deny":
        return
    assert "NotAction" not in statement
    for action in statement["Action"]:
        service, _, name = action.partition(":")
        assert name not in ("", "*") and "*" not in service
    if any(fnmatch.fnmatch(call, action) for action in statement["Action"] for call in ("kms:Decrypt", "kms:ReEncryptFrom")):
        assert statement["Resource"].startswith(f"arn:aws:kms:ap-northeast-2:{ACCOUNT}:key/") and statement["Condition"]


@given(st.from_regex(r"[a-z][a-z0-9]{0,15}-[a-z]{1,12}", fullmatch=True))
def test_policies_fit_into_what_aws_takes(prefix):
    project, _, environment = prefix.partition("-")
    for policy in documents(prefix=prefix, project=project, environment=environment).values():
        assert len(json.dumps(policy, separators=(",", ":"))) <= 6144
        sids = [statement["Sid"] for statement in policy["Statement"]]
        assert len(set(sids)) == len(sids) and all(sid.isalnum() for sid in sids)


def test_the_boundary_holds():
    boundary = documents()["boundary"]
    role = f"arn:aws:iam::{ACCOUNT}:role/refarch/shop-staging-x"
    for action in ("iam:DeleteRolePermissionsBoundary", "iam:CreateUser", "iam:CreateAccessKey", "cloudtrail:StopLogging"):
        assert decided(boundary, action, effect="Deny") and not decided(boundary, action)
    for action in ("iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:DeletePolicyVersion", "iam:SetDefaultPolicyVersion"):
        assert decided(boundary, action, BOUNDARY, "Deny")
    assert not decided(boundary, "iam:GetPolicyVersion", BOUNDARY, "Deny")
    making = next(s for s in boundary["Statement"] if "iam:CreateRole" in s["Action"])
    assert making["Condition"] == {"StringEquals": {"iam:PermissionsBoundary": BOUNDARY}}
    assert decided(boundary, "iam:CreateRole", role) and not decided(boundary, "iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/other")
    # No other statement allows to give a role rights.
    givers = {"iam:AttachRolePolicy", "iam:PutRolePolicy", "iam:CreateRole", "iam:PutRolePermissionsBoundary"}
    assert not any(
        fnmatch.fnmatch(giver, action)
        for statement in boundary["Statement"]
        if statement["Effect"] == "Allow" and statement is not making
        for action in statement["Action"]
        for giver in givers
    )


@pytest.mark.parametrize("what", ["boundary", "administration"])
def test_roles_are_passed_to_services_of_the_stack_only(what):
    (passing,) = [s for s in documents()[what]["Statement"] if "iam:PassRole" in s["Action"]]
    assert passing["Resource"] == f"arn:aws:iam::{ACCOUNT}:role/refarch/shop-staging-*"
    assert "ec2.amazonaws.com" in passing["Condition"]["StringEquals"]["iam:PassedToService"]


@pytest.mark.parametrize(
    "action",
    ["s3:PutObject", "logs:PutLogEvents", "ssm:UpdateInstanceInformation", "ssmmessages:OpenDataChannel", "ecr:BatchGetImage",
     "secretsmanager:GetSecretValue", "kinesis:PutRecords", "firehose:PutRecordBatch", "sns:Publish", "xray:PutTraceSegments"],
)  # fmt: skip
def test_the_boundary_allows_what_roles_need(action):
    assert decided(documents()["boundary"], action) and not decided(documents()["boundary"], action, effect="Deny")


def test_without_mfa_people_set_up_mfa_only():
    (denial,) = [s for s in documents()["mfa"]["Statement"] if s["Effect"] == "Deny"]
    assert denial["Condition"] == {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}} and denial["Resource"] == "*"
    assert set(denial["NotAction"]) == {
        "iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:GetMFADevice", "iam:GetUser", "iam:ListMFADevices",
        "iam:ListVirtualMFADevices", "iam:ResyncMFADevice", "sts:GetSessionToken",
    }  # fmt: skip


def test_each_group_wants_mfa():
    plan = identity_plan(SETTINGS)
    (group,) = plan["groups"]
    assert group["name"] == "shop-staging-operators"
    assert group["managed_policy_arns"] == [
        plan["policy_arns"]["mfa"], plan["policy_arns"]["operations"], "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"
    ]  # fmt: skip


def test_users_have_their_address_and_groups():
    (user,) = identity_plan(SETTINGS)["users"]
    assert user == {
        "name": "shop-staging-jane",
        "path": "/refarch/",
        "groups": ["shop-staging-operators"],
        "tags": {"Email": "jane@example.com"},
    }


def test_roles_are_bounded_and_trust_with_conditions():
    auditor, worker = identity_plan(SETTINGS)["roles"]
    assert auditor["permissions_boundary_arn"] == worker["permissions_boundary_arn"] == BOUNDARY
    (people,) = auditor["assume_role_policy"]["Statement"]
    assert people["Condition"] == {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    (service,) = worker["assume_role_policy"]["Statement"]
    assert service["Principal"] == {"Service": ["lambda.amazonaws.com"]}
    assert service["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnLike": {"aws:SourceArn": ["arn:aws:lambda:*"]}}


def test_a_role_for_nobody_is_refused():
    with pytest.raises(AnsibleFilterError, match="needs people or services"):
        identity_plan({**SETTINGS, "roles": [{"name": "x"}]})
