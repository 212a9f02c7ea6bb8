"""Checks the settings of the identity through boto3; ``--absent`` that nothing is left. Sentences on failure, exit code 1."""

from __future__ import annotations

import os
import sys

import boto3
from botocore.exceptions import ClientError

PREFIX = os.environ.get("STACK_PREFIX", "shop-staging")
REGION = os.environ.get("AWS_REGION", "ap-northeast-2")
PATH = "/refarch/"
GROUPS = {"administrators": {"jane"}, "operators": {"joe"}, "auditors": {"joe"}}

failures: list[str] = []
iam = boto3.client("iam", region_name=REGION)
analyzers = boto3.client("accessanalyzer", region_name=REGION)


def check(what: str, ok: bool, found: object = "") -> None:
    print(f"{'ok    ' if ok else 'FAILED'} {what}")
    if not ok:
        failures.append(f"{what}: found {found!r}.")


def password_policy() -> dict:
    try:
        return iam.get_account_password_policy()["PasswordPolicy"]
    except ClientError:
        return {}


def passwords() -> None:
    policy = password_policy()
    wanted = {"MinimumPasswordLength": 14, "PasswordReusePrevention": 24, "MaxPasswordAge": 90, "ExpirePasswords": True}
    wanted |= dict.fromkeys(("RequireSymbols", "RequireNumbers", "RequireUppercaseCharacters", "RequireLowercaseCharacters"), True)
    for setting, value in wanted.items():
        check(f"password policy: {setting} is {value} [IAM.7]", policy.get(setting) == value, policy.get(setting))


def documents() -> dict[str, dict]:
    """The policies of this component, with their tags and statements: other components of a whole stack have policies too."""
    found = {}
    for policy in iam.get_paginator("list_policies").paginate(Scope="Local", PathPrefix=PATH).build_full_result()["Policies"]:
        if policy["PolicyName"].startswith(f"{PREFIX}-"):
            tags = {tag["Key"]: tag["Value"] for tag in iam.get_policy(PolicyArn=policy["Arn"])["Policy"].get("Tags", [])}
            if tags.get("Component", "identity") != "identity":
                continue
            version = iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"])["PolicyVersion"]
            found[policy["PolicyName"]] = {**policy, "Tags": tags, "Statement": version["Document"]["Statement"]}
    return found


def policies() -> None:
    found = documents()
    check(
        "the five policies",
        set(found) == {f"{PREFIX}-{what}" for what in ("boundary", "mfa", "administration", "operations", "auditing")},
        set(found),
    )
    for name, policy in found.items():
        allowed = [action for s in policy["Statement"] if s["Effect"] == "Allow" for action in s["Action"]]
        wild = [action for action in allowed if action == "*" or action.endswith(":*")]
        check(f"{name}: no *:* and no service wildcards [IAM.1, IAM.21]", wild == [], wild)
        passing = [s for s in policy["Statement"] if "iam:PassRole" in s.get("Action", [])]
        limited = all(
            s["Resource"].endswith(f":role{PATH}{PREFIX}-*") and s["Condition"]["StringEquals"]["iam:PassedToService"] for s in passing
        )
        check(f"{name}: PassRole by service and path only", limited, passing)
        check(f"{name}: tags", {"Project", "Environment", "Component", "ManagedBy"} <= set(policy["Tags"]), policy["Tags"])
    mfa = [s for s in found.get(f"{PREFIX}-mfa", {"Statement": []})["Statement"] if s["Effect"] == "Deny"]
    condition = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    check(
        "nothing without MFA but to set it up [IAM.5, IAM.19]", [s["Condition"] for s in mfa] == [condition] and "NotAction" in mfa[0], mfa
    )
    boundary = found.get(f"{PREFIX}-boundary", {"Statement": []})["Statement"]
    denied = {action for s in boundary if s["Effect"] == "Deny" for action in s["Action"]}
    wanted = {"iam:DeleteRolePermissionsBoundary", "iam:CreateUser", "iam:CreatePolicyVersion", "cloudtrail:StopLogging"}
    check("the boundary denies people, guards and its own end", wanted <= denied, denied)


def groups() -> None:
    for name, members in GROUPS.items():
        group = iam.get_group(GroupName=f"{PREFIX}-{name}")
        check(f"group {name}: members", {u["UserName"] for u in group["Users"]} == {f"{PREFIX}-{m}" for m in members}, group["Users"])
        attached = {p["PolicyName"] for p in iam.list_attached_group_policies(GroupName=f"{PREFIX}-{name}")["AttachedPolicies"]}
        check(f"group {name}: wants MFA [IAM.5, IAM.19]", f"{PREFIX}-mfa" in attached, attached)
        check(f"group {name}: no AdministratorAccess", "AdministratorAccess" not in attached, attached)
        check(f"group {name}: no inline policies", iam.list_group_policies(GroupName=f"{PREFIX}-{name}")["PolicyNames"] == [])


def users() -> None:
    for name in ("jane", "joe"):
        user = f"{PREFIX}-{name}"
        own = [*iam.list_attached_user_policies(UserName=user)["AttachedPolicies"], *iam.list_user_policies(UserName=user)["PolicyNames"]]
        check(f"user {name}: nothing attached [IAM.2]", own == [], own)
        check(f"user {name}: no access keys", iam.list_access_keys(UserName=user)["AccessKeyMetadata"] == [])
        tags = {tag["Key"]: tag["Value"] for tag in iam.get_user(UserName=user)["User"]["Tags"]}
        check(f"user {name}: tags with the address", tags.get("Email") == f"{name}@example.com" and "Component" in tags, tags)


def roles() -> None:
    conditions = {
        "auditor": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
        "worker": {"StringEquals": {"aws:SourceAccount": boto3.client("sts", region_name=REGION).get_caller_identity()["Account"]}},
    }
    for name, condition in conditions.items():
        role = iam.get_role(RoleName=f"{PREFIX}-{name}")["Role"]
        boundary = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", "")
        check(f"role {name}: within the boundary", boundary.endswith(f":policy{PATH}{PREFIX}-boundary"), boundary)
        found = [statement.get("Condition") for statement in role["AssumeRolePolicyDocument"]["Statement"]]
        check(f"role {name}: trusts with a condition", found == [condition], found)
        check(f"role {name}: path", role["Path"] == PATH, role["Path"])


def present() -> None:
    passwords()
    policies()
    groups()
    users()
    roles()
    found = analyzers.list_analyzers(type="ACCOUNT")["analyzers"]
    check("Access Analyzer is on", [analyzer["status"] for analyzer in found] == ["ACTIVE"], found)


def absent() -> None:
    listed = {
        "policies": list(documents()),
        "groups": [g["GroupName"] for g in iam.list_groups(PathPrefix=PATH)["Groups"] if g["GroupName"].startswith(PREFIX)],
        "users": [u["UserName"] for u in iam.list_users(PathPrefix=PATH)["Users"] if u["UserName"].startswith(PREFIX)],
        "roles": [r["RoleName"] for r in iam.list_roles(PathPrefix=PATH)["Roles"] if r["RoleName"].startswith(PREFIX)],
        "analyzers": [a["name"] for a in analyzers.list_analyzers()["analyzers"]],
    }
    for what, names in listed.items():
        check(f"no {what} left", names == [], names)
    check("the password policy is restored", password_policy() == {})


absent() if "--absent" in sys.argv else present()
if failures:
    sys.exit("\n".join(failures))
