from __future__ import annotations

import json

import pytest


def allow(action):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}


ASSUME = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [ASSUME]})
READ = {"name": "shop-staging-read", "description": "Read", "policy": allow("s3:GetObject"), "tags": {"Kind": "read"}}
ARN = "arn:aws:iam::123456789012:policy/refarch/shop-staging-read"


def operations(result):
    return [change["operation"] for change in result["changes"]]


@pytest.fixture
def standing(run_module):
    run_module("iam_policies", policies=[READ], tags={"Project": "shop"})


def test_created_with_tags_under_an_arn_known_before(converge, run_module, aws):
    assert run_module("iam_policies", check=True, policies=[READ])["policies"][0]["arn"] == ARN
    result = converge("iam_policies", policies=[READ, {**READ, "name": "other", "path": "/x/"}], tags={"Project": "shop"})
    assert operations(result) == ["CreatePolicy", "CreatePolicy"]
    policy = aws("iam").get_policy(PolicyArn=ARN)["Policy"]
    assert (policy["Description"], policy["DefaultVersionId"]) == ("Read", "v1")
    assert {tag["Key"]: tag["Value"] for tag in policy["Tags"]} == {"Project": "shop", "Kind": "read"}
    assert result["policies"][1]["arn"] == "arn:aws:iam::123456789012:policy/x/other"


def test_a_changed_document_is_a_new_default_version(converge, aws, standing):
    result = converge("iam_policies", policies=[{**READ, "policy": allow("s3:ListBucket")}], tags={"Project": "shop"})
    assert operations(result) == ["CreatePolicyVersion"]
    version = aws("iam").get_policy(PolicyArn=ARN)["Policy"]["DefaultVersionId"]
    assert aws("iam").get_policy_version(PolicyArn=ARN, VersionId=version)["PolicyVersion"]["Document"] == allow("s3:ListBucket")


def test_the_oldest_of_five_versions_goes(converge, aws, standing):
    iam = aws("iam")
    for action in ("a", "b", "c", "d"):
        iam.create_policy_version(PolicyArn=ARN, PolicyDocument=json.dumps(allow(f"s3:{action}")), SetAsDefault=False)
    result = converge("iam_policies", policies=[{**READ, "policy": allow("s3:e")}], tags={"Project": "shop"})
    assert operations(result) == ["DeletePolicyVersion", "CreatePolicyVersion"]
    # v1 is the default, so that v2 is the oldest that may go.
    assert sorted(v["VersionId"] for v in iam.list_policy_versions(PolicyArn=ARN)["Versions"]) == ["v1", "v3", "v4", "v5", "v6"]


def test_tags_are_set_and_purged(converge, standing):
    result = converge("iam_policies", policies=[{**READ, "tags": {"Kind": "other"}}])
    assert operations(result) == ["TagPolicy", "UntagPolicy"]


def test_removed_wherever_it_is_attached(converge, aws, standing):
    iam = aws("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    iam.create_group(GroupName="g")
    iam.create_user(UserName="u")
    iam.attach_role_policy(RoleName="r", PolicyArn=ARN)
    iam.attach_group_policy(GroupName="g", PolicyArn=ARN)
    iam.attach_user_policy(UserName="u", PolicyArn=ARN)
    iam.create_policy_version(PolicyArn=ARN, PolicyDocument=json.dumps(allow("s3:x")), SetAsDefault=True)
    result = converge("iam_policies", state="absent", policies=[{"name": READ["name"]}, {"name": "never-was"}])
    assert sorted(operations(result)) == [
        "DeletePolicy",
        "DeletePolicyVersion",
        "DetachGroupPolicy",
        "DetachRolePolicy",
        "DetachUserPolicy",
    ]
    assert iam.list_policies(Scope="Local")["Policies"] == []


def test_a_boundary_is_not_lifted(refusal, run_module, aws, standing):
    iam = aws("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST, PermissionsBoundary=ARN)
    iam.create_user(UserName="u", PermissionsBoundary=ARN)
    assert "still bounds r, u. Remove them first" in refusal("iam_policies", state="absent", policies=[{"name": READ["name"]}])
    assert operations(run_module("iam_policies", check=True, state="absent", policies=[{"name": READ["name"]}])) == ["DeletePolicy"]


def test_a_policy_needs_a_document(refusal):
    assert "lacks policy" in refusal("iam_policies", policies=[{"name": "x"}])
