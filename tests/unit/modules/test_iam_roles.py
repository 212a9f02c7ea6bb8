from __future__ import annotations

import copy
import json

import pytest

AWS_POLICY = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
OTHER_POLICY = "arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy"


def trust(service):
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
    }


def allow(action):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}


WEB = {
    "name": "shop-staging-web",
    "description": "The web servers",
    "assume_role_policy": trust("ec2.amazonaws.com"),
    "inline_policies": {"read": allow("s3:GetObject")},
    "managed_policy_arns": [AWS_POLICY],
    "tags": {"Tier": "web"},
    "instance_profile": True,
}
FLOW = {"name": "shop-staging-flow", "assume_role_policy": trust("vpc-flow-logs.amazonaws.com"), "max_session_seconds": 7200}


@pytest.fixture
def boundary(aws):
    return aws("iam").create_policy(PolicyName="bound", PolicyDocument=json.dumps(allow("s3:GetObject")))["Policy"]["Arn"]


@pytest.fixture
def standing(run_module, boundary):
    role = {**copy.deepcopy(WEB), "permissions_boundary_arn": boundary}
    run_module("iam_roles", roles=[role], tags={"Project": "shop"})
    return role


def operations(result):
    return [change["operation"] for change in result["changes"]]


def test_created_with_all_that_belongs_to_it(converge, aws, boundary):
    result = converge("iam_roles", roles=[{**WEB, "permissions_boundary_arn": boundary}, FLOW], tags={"Project": "shop"})
    assert operations(result) == [
        "CreateRole", "PutRolePolicy", "AttachRolePolicy", "CreateInstanceProfile", "AddRoleToInstanceProfile", "CreateRole",
    ]  # fmt: skip
    iam = aws("iam")
    role = iam.get_role(RoleName=WEB["name"])["Role"]
    assert role["AssumeRolePolicyDocument"] == WEB["assume_role_policy"]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
    assert (role["Path"], role["Description"]) == ("/refarch/", "The web servers")
    assert {tag["Key"]: tag["Value"] for tag in role["Tags"]} == {"Project": "shop", "Tier": "web"}
    assert iam.get_role_policy(RoleName=WEB["name"], PolicyName="read")["PolicyDocument"] == allow("s3:GetObject")
    assert [p["PolicyArn"] for p in iam.list_attached_role_policies(RoleName=WEB["name"])["AttachedPolicies"]] == [AWS_POLICY]
    profile = iam.get_instance_profile(InstanceProfileName=WEB["name"])["InstanceProfile"]
    assert [r["RoleName"] for r in profile["Roles"]] == [WEB["name"]]
    assert [result["roles"][0][key] for key in ("arn", "role_id", "instance_profile_arn")] == [role["Arn"], role["RoleId"], profile["Arn"]]
    assert iam.get_role(RoleName=FLOW["name"])["Role"]["MaxSessionDuration"] == 7200
    assert result["roles"][1]["instance_profile_arn"] is None


@pytest.mark.parametrize(
    ("change", "operation"),
    [
        ({"description": "Others"}, "UpdateRole"),
        ({"max_session_seconds": 7200}, "UpdateRole"),
        ({"assume_role_policy": trust("ecs-tasks.amazonaws.com")}, "UpdateAssumeRolePolicy"),
        ({"inline_policies": {"read": allow("s3:ListBucket")}}, "PutRolePolicy"),
        ({"inline_policies": {}}, "DeleteRolePolicy"),
        ({"managed_policy_arns": [AWS_POLICY, OTHER_POLICY]}, "AttachRolePolicy"),
        ({"managed_policy_arns": []}, "DetachRolePolicy"),
        ({"permissions_boundary_arn": OTHER_POLICY}, "PutRolePermissionsBoundary"),
    ],
)
def test_a_changed_setting_is_that_change(converge, aws, standing, change, operation):
    result = converge("iam_roles", roles=[{**standing, **change}], tags={"Project": "shop"})
    assert operations(result) == [operation]
    role = aws("iam").get_role(RoleName=WEB["name"])["Role"]
    assert role["Description"] == change.get("description", "The web servers")


def test_tags_are_set_and_purged_on_role_and_profile(converge, aws, standing):
    result = converge("iam_roles", roles=[{**standing, "tags": {"Tier": "app"}}])
    assert operations(result) == ["TagRole", "UntagRole", "TagInstanceProfile", "UntagInstanceProfile"]
    assert aws("iam").list_role_tags(RoleName=WEB["name"])["Tags"] == [{"Key": "Tier", "Value": "app"}]


def test_foreign_policies_stay_without_purge(converge, aws, standing):
    aws("iam").attach_role_policy(RoleName=WEB["name"], PolicyArn=OTHER_POLICY)
    result = converge("iam_roles", roles=[standing], tags={"Project": "shop"}, purge_policies=False)
    assert operations(result) == []


@pytest.mark.parametrize("lost", ["AddRoleToInstanceProfile", "CreateInstanceProfile", "AttachRolePolicy", "PutRolePolicy"])
def test_completes_after_a_kill(run_module, converge, aws, lost):
    """Everything from *lost* on did not happen any more."""
    made = operations(run_module("iam_roles", roles=[WEB]))
    iam, name = aws("iam"), WEB["name"]
    undo = {
        "AddRoleToInstanceProfile": lambda: iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=name),
        "CreateInstanceProfile": lambda: iam.delete_instance_profile(InstanceProfileName=name),
        "AttachRolePolicy": lambda: iam.detach_role_policy(RoleName=name, PolicyArn=AWS_POLICY),
        "PutRolePolicy": lambda: iam.delete_role_policy(RoleName=name, PolicyName="read"),
    }
    rest = made[made.index(lost) :]
    for operation in reversed(rest):
        undo[operation]()
    assert operations(converge("iam_roles", roles=[WEB])) == rest


def test_a_profile_with_a_foreign_role_gets_ours(run_module, converge, aws):
    run_module("iam_roles", roles=[FLOW])
    aws("iam").create_instance_profile(InstanceProfileName=WEB["name"], Path="/refarch/")
    aws("iam").add_role_to_instance_profile(InstanceProfileName=WEB["name"], RoleName=FLOW["name"])
    converge("iam_roles", roles=[WEB])
    profile = aws("iam").get_instance_profile(InstanceProfileName=WEB["name"])["InstanceProfile"]
    assert [role["RoleName"] for role in profile["Roles"]] == [WEB["name"]]


def test_the_order_of_a_policy_means_nothing(run_module, converge):
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": ["*"]}]}
    run_module("iam_roles", roles=[{**FLOW, "inline_policies": {"a": policy}}])
    turned = {"Statement": {"Action": ["s3:PutObject", "s3:GetObject"], "Resource": "*", "Effect": "Allow"}, "Version": "2012-10-17"}
    assert operations(converge("iam_roles", roles=[{**FLOW, "inline_policies": {"a": turned}}])) == []


def test_removed_with_all_that_hangs_on_it(converge, aws, standing):
    iam = aws("iam")
    iam.put_role_policy(RoleName=WEB["name"], PolicyName="foreign", PolicyDocument=json.dumps(allow("s3:GetObject")))
    iam.attach_role_policy(RoleName=WEB["name"], PolicyArn=OTHER_POLICY)
    iam.create_instance_profile(InstanceProfileName="second")
    iam.remove_role_from_instance_profile(InstanceProfileName=WEB["name"], RoleName=WEB["name"])
    iam.add_role_to_instance_profile(InstanceProfileName="second", RoleName=WEB["name"])
    converge("iam_roles", state="absent", roles=[{"name": WEB["name"]}, {"name": "never-was"}])
    assert iam.list_roles()["Roles"] == []
    assert [profile["InstanceProfileName"] for profile in iam.list_instance_profiles()["InstanceProfiles"]] == ["second"]


def test_removes_the_profile_that_outlived_its_role(converge, aws):
    aws("iam").create_instance_profile(InstanceProfileName=WEB["name"])
    assert operations(converge("iam_roles", state="absent", roles=[{"name": WEB["name"]}])) == ["DeleteInstanceProfile"]


def test_refusals(run_module, refusal, standing):
    assert "lacks assume_role_policy" in refusal("iam_roles", roles=[{"name": "x"}])
    assert "3600 to 43200" in refusal("iam_roles", roles=[{**FLOW, "max_session_seconds": 60}])
    assert "AWS can't change it to /other/" in refusal("iam_roles", roles=[{**standing, "path": "/other/"}])
    assert "must be a policy document" in refusal("iam_roles", roles=[{**FLOW, "inline_policies": {"a": "x"}}])


def test_unknown_inputs_are_a_plan_too(run_module):
    role = {**FLOW, "permissions_boundary_arn": "(known after apply)", "inline_policies": {"a": allow("(known after apply)")}}
    planned = run_module("iam_roles", check=True, roles=[role])
    assert operations(planned) == ["CreateRole", "PutRolePolicy"]
    assert planned["roles"][0]["arn"] == "(known after apply)"
