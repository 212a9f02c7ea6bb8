from __future__ import annotations

import pytest

READ = "arn:aws:iam::aws:policy/ReadOnlyAccess"
AUDIT = "arn:aws:iam::aws:policy/SecurityAudit"
OPERATORS = {"name": "shop-staging-operators", "managed_policy_arns": [READ]}
AUDITORS = {"name": "shop-staging-auditors", "managed_policy_arns": [AUDIT]}


def operations(result):
    return [change["operation"] for change in result["changes"]]


@pytest.fixture
def standing(run_module):
    run_module("iam_groups", groups=[OPERATORS])


def attached(aws, name):
    return sorted(p["PolicyArn"] for p in aws("iam").list_attached_group_policies(GroupName=name)["AttachedPolicies"])


def test_created_with_policies(converge, aws):
    result = converge("iam_groups", groups=[OPERATORS, AUDITORS])
    assert operations(result) == ["CreateGroup", "AttachGroupPolicy"] * 2
    group = aws("iam").get_group(GroupName=OPERATORS["name"])["Group"]
    assert (group["Path"], group["Arn"]) == ("/refarch/", result["groups"][0]["arn"])
    assert attached(aws, AUDITORS["name"]) == [AUDIT]


@pytest.mark.parametrize(
    ("change", "made"),
    [
        ({"managed_policy_arns": [READ, AUDIT]}, ["AttachGroupPolicy"]),
        ({"managed_policy_arns": [AUDIT]}, ["AttachGroupPolicy", "DetachGroupPolicy"]),
        ({"path": "/people/"}, ["UpdateGroup"]),
    ],
)
def test_a_changed_setting_is_that_change(converge, aws, standing, change, made):
    result = converge("iam_groups", groups=[{**OPERATORS, **change}])
    assert operations(result) == made
    assert result["groups"][0]["arn"] == aws("iam").get_group(GroupName=OPERATORS["name"])["Group"]["Arn"]


def test_inline_policies_go(converge, aws, standing):
    aws("iam").put_group_policy(
        GroupName=OPERATORS["name"], PolicyName="foreign",
        PolicyDocument='{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}',
    )  # fmt: skip
    assert operations(converge("iam_groups", groups=[OPERATORS], purge_policies=False)) == []
    assert operations(converge("iam_groups", groups=[OPERATORS])) == ["DeleteGroupPolicy"]


def test_completes_after_a_kill(converge, aws):
    aws("iam").create_group(GroupName=OPERATORS["name"], Path="/refarch/")
    assert operations(converge("iam_groups", groups=[OPERATORS])) == ["AttachGroupPolicy"]


def test_removed_with_members_and_policies(converge, aws, standing):
    iam = aws("iam")
    iam.create_user(UserName="u")
    iam.add_user_to_group(GroupName=OPERATORS["name"], UserName="u")
    result = converge("iam_groups", state="absent", groups=[{"name": OPERATORS["name"]}, {"name": "never-was"}])
    assert operations(result) == ["RemoveUserFromGroup", "DetachGroupPolicy", "DeleteGroup"]
    assert iam.list_groups()["Groups"] == [] and len(iam.list_users()["Users"]) == 1
