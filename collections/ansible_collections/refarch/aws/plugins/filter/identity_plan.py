# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who may do what in a stack: its policies, groups, users and roles from the settings."""

from __future__ import annotations

DOCUMENTATION = r"""
name: identity_plan
version_added: 0.1.0
short_description: Compute the IAM policies, groups, users and roles of a stack
description:
  - Builds what refarch.aws.iam_policies, iam_groups, iam_users and iam_roles take.
  - The documents allow no C(*) and no C(service:*) (Security Hub controls IAM.1 and IAM.21), and decryption under keys of the stack
    only (KMS.1).
options:
  _input:
    description:
      - The settings C(prefix), C(project), C(environment), C(account_id), C(region), C(path), C(groups), C(users) and C(roles), as
        the variables of the role identity give them.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: The groups of the stack
  refarch.aws.iam_groups:
    groups: "{{ (identity_settings | refarch.aws.identity_plan).groups }}"
"""

RETURN = r"""
_value:
  description:
    - C(policies), C(groups), C(users) and C(roles) as the modules take them.
    - C(permissions_boundary_arn) and C(policy_arns), the ARNs by what the policy is for.
  type: dict
"""

from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.refarch.aws.plugins.filter.resource_name import resource_name

#: What the stack's roles may do at most, by service: verbs rather than C(service:*), which would also allow what AWS adds later, such
#: as ways to share with other accounts (IAM.21). A managed policy takes 6144 characters, so that a verb stands where it is needed only.
SERVICES: dict[str, str] = {
    "athena": "Batch* Get* List* Start* Stop*",
    "autoscaling": "Attach* Complete* Create* Delete* Describe* Detach* Put* Record* Resume* Set* Start* Suspend* Terminate* Update*",
    "backup": "Describe* Get* List* Start* Stop* Tag* Update*",
    "cloudwatch": "Describe* Get* List* Put* Set*",
    "codebuild": "Batch* Create* List* Start* Stop* Update*",
    "codecommit": "Batch* Cancel* Get* GitPull List* Upload*",
    "codeconnections": "Get* UseConnection",
    "codedeploy": "Batch* Continue* Create* Get* List* Put* Register* Stop*",
    "codepipeline": "Get* List* Put* Start* Stop*",
    "codestar-connections": "UseConnection",
    "dynamodb": "Batch* Delete* Describe* Get* Put* Query Scan Update*",
    "ec2": "Assign* Attach* Create* Delete* Describe* Detach* Get* Modify* Run* Start* Stop* Terminate* Unassign*",
    "ec2messages": "Acknowledge* Delete* Fail* Get* Send*",
    "ecr": "Batch* Complete* Describe* Get* Initiate* List* Put* Upload*",
    "ecs": "Create* Delete* Deregister* Describe* Execute* List* Register* Run* Start* Stop* Tag* Update*",
    "elasticloadbalancing": "Deregister* Describe* Modify* Register* Set*",
    "es": "Describe* ESHttp* List*",
    "events": "Delete* Describe* List* Put* Remove*",
    "firehose": "Describe* Put*",
    "glue": "Batch* Create* Delete* Get* List* Reset* Start* Stop* Update*",
    "kinesis": "Describe* Get* List* Put* Subscribe*",
    "lakeformation": "GetDataAccess",
    "lambda": "Get* Invoke* List* Publish* Update*",
    "logs": "Create* Describe* Filter* Get* List* Put* Start* Stop*",
    "rds": "AddTags* Cancel* Create* Describe* List* Modify* Start* Stop*",
    "rds-db": "connect",
    "s3": "Abort* DeleteObject* Get* List* PutObject* Restore*",
    "scheduler": "Create* Delete* Get* List* Update*",
    "secretsmanager": "Describe* Get* List* PutSecretValue UpdateSecret*",
    "sns": "Get* List* Publish",
    "sqs": "ChangeMessage* Delete* Get* Receive* Send*",
    "ssm": "Describe* Get* List* Put* Send* Start* Stop* Terminate* Update*",
    "ssmmessages": "Create* Open*",
    "xray": "Put*",
}

#: Services to which a role of the stack may be handed.
PASS_TO = (
    "backup", "cloudtrail", "codebuild", "codedeploy", "codepipeline", "ec2", "ecs-tasks", "events", "firehose", "glue", "lambda",
    "monitoring.rds", "scheduler", "ssm", "vpc-flow-logs",
)  # fmt: skip

#: What would lift a boundary.
LIFT = ("iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary")


def _allow(sid: str, actions: list[str], resource: str | list[str] = "*", condition: dict | None = None) -> dict:
    statement = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement


def _deny(sid: str, actions: list[str], resource: str | list[str] = "*") -> dict:
    return {"Sid": sid, "Effect": "Deny", "Action": actions, "Resource": resource}


def _document(*statements: dict) -> dict:
    return {"Version": "2012-10-17", "Statement": list(statements)}


class Stack:
    """The names and ARNs of one stack."""

    def __init__(self, settings: dict[str, Any]):
        self.settings = settings
        self.prefix, self.account_id, self.region = settings["prefix"], settings["account_id"], settings["region"]
        self.path = settings.get("path", "/refarch/")
        self.boundary_arn = self.policy_arn("boundary")
        self.tagged = {
            "StringEquals": {"aws:ResourceTag/Project": settings["project"], "aws:ResourceTag/Environment": settings["environment"]}
        }

    def iam(self, kind: str, name: str) -> str:
        return f"arn:aws:iam::{self.account_id}:{kind}{self.path}{name}"

    def policy_arn(self, what: str) -> str:
        return self.iam("policy", resource_name(self.prefix, what, "iam_policy"))

    def role_upkeep(self) -> list[dict]:
        """Roles under the stack's path, with the boundary only ("Delegating responsibility to others using permissions boundaries")."""
        within = {"StringEquals": {"iam:PermissionsBoundary": self.boundary_arn}}
        roles, profiles, policies = self.iam("role", "*"), self.iam("instance-profile", "*"), self.iam("policy", "*")
        rights = ["AttachRolePolicy", "CreateRole", "DeleteRolePolicy", "DetachRolePolicy", "PutRolePermissionsBoundary", "PutRolePolicy"]
        upkeep = [
            "*InstanceProfile", "CreatePolicy*", "DeletePolicy*", "DeleteRole", "TagPolicy", "TagRole", "UntagPolicy", "UntagRole",
            "UpdateAssumeRolePolicy", "UpdateRole",
        ]  # fmt: skip
        return [
            _allow("RolesWithinTheBoundary", [f"iam:{action}" for action in rights], roles, within),
            _allow("RoleUpkeep", [f"iam:{action}" for action in upkeep], [roles, profiles, policies]),
            self.pass_role(),
            _deny("TheBoundaryStaysAsItIs", ["iam:CreatePolicyVersion", "iam:DeletePolicy*", "iam:SetDefault*"], self.boundary_arn),
        ]

    def pass_role(self) -> dict:
        services = [f"{service}.amazonaws.com" for service in PASS_TO]
        role = self.iam("role", f"{self.prefix}-*")
        return _allow("PassRolesOfTheStack", ["iam:PassRole"], role, {"StringEquals": {"iam:PassedToService": services}})

    def boundary(self) -> dict:
        """What the roles of the stack may do at most, also one that deploys the stack."""
        keys = f"arn:aws:kms:{self.region}:{self.account_id}:key/*"
        crypt = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
        # Most of it is not allowed above either; as denials they hold whatever is added there.
        never = [
            *LIFT, "cloudtrail:Delete*", "cloudtrail:StopLogging", "cloudtrail:Update*", "ec2:DisableEbs*", "ec2:ModifyEbsDefault*",
            "iam:AddUserToGroup", "iam:AttachGroupPolicy", "iam:AttachUserPolicy", "iam:CreateAccessKey", "iam:CreateGroup",
            "iam:CreateLoginProfile", "iam:CreateUser",
            "iam:PutGroupPolicy", "iam:PutUser*", "iam:UpdateAccessKey", "iam:UpdateLoginProfile",
        ]  # fmt: skip
        return _document(
            _allow("Services", [f"{service}:{verb}" for service, verbs in SERVICES.items() for verb in verbs.split()]),
            _allow("KeysOfTheStack", crypt, keys, self.tagged),
            _allow("Look", ["iam:Get*", "iam:List*", "kms:List*", "sts:AssumeRole", "sts:Get*", "sts:TagSession"]),
            *self.role_upkeep(),
            _deny("NeverByRoles", never),
        )

    def mfa(self) -> dict:
        """ "AWS: Allows MFA-authenticated IAM users to manage their own credentials on the Security credentials page" (IAM User Guide).

        The example's user ARN has no path; ours has.
        """
        own, device = self.iam("user", "${aws:username}"), f"arn:aws:iam::{self.account_id}:mfa/*"
        kinds = {
            "Passwords": ["ChangePassword", "GetUser"],
            "AccessKeys": ["CreateAccessKey", "DeleteAccessKey", "GetAccessKeyLastUsed", "ListAccessKeys", "UpdateAccessKey"],
            "SshPublicKeys": ["DeleteSSHPublicKey", "GetSSHPublicKey", "ListSSHPublicKeys", "UpdateSSHPublicKey", "UploadSSHPublicKey"],
            "Mfa": ["DeactivateMFADevice", "EnableMFADevice", "GetMFADevice", "ListMFADevices", "ResyncMFADevice"],
        }
        without = [
            "CreateVirtualMFADevice", "EnableMFADevice", "GetMFADevice", "GetUser", "ListMFADevices", "ListVirtualMFADevices",
            "ResyncMFADevice",
        ]  # fmt: skip
        return _document(
            _allow("ViewAccountInfo", ["iam:GetAccountPasswordPolicy", "iam:ListVirtualMFADevices"]),
            *(_allow(f"ManageOwn{kind}", [f"iam:{action}" for action in actions], own) for kind, actions in kinds.items()),
            _allow("ManageOwnVirtualMfaDevice", ["iam:CreateVirtualMFADevice", "iam:DeleteVirtualMFADevice"], device),
            {
                "Sid": "DenyAllExceptListedIfNoMfa",
                "Effect": "Deny",
                "NotAction": [f"iam:{action}" for action in without] + ["sts:GetSessionToken"],
                "Resource": "*",
                "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
            },
        )

    def administration(self) -> dict:
        """What administrators need beside PowerUserAccess: roles within the boundary, and the people of the stack."""
        users, groups = self.iam("user", "*"), self.iam("group", "*")
        people = [
            "AddUserToGroup", "CreateLoginProfile", "CreateUser", "DeactivateMFADevice", "DeleteAccessKey", "DeleteLoginProfile",
            "DeleteUser", "RemoveUserFromGroup", "TagUser", "UntagUser", "UpdateAccessKey", "UpdateLoginProfile",
        ]  # fmt: skip
        return _document(
            _allow("Look", ["iam:GenerateCredentialReport", "iam:Get*", "iam:List*", "iam:Simulate*"]),
            *self.role_upkeep(),
            _deny("TheBoundaryStays", list(LIFT)),
            _allow("People", [f"iam:{action}" for action in people], [users, groups]),
        )

    def operations(self) -> dict:
        """Day-2 work on what the stack has: sessions, rollouts, approvals, restarts."""
        here = f"{self.region}:{self.account_id}"
        acts = [
            "autoscaling:CancelInstanceRefresh", "autoscaling:SetDesiredCapacity", "autoscaling:StartInstanceRefresh",
            "autoscaling:TerminateInstanceInAutoScalingGroup", "codebuild:RetryBuild", "codebuild:StartBuild", "codebuild:StopBuild",
            "codedeploy:ContinueDeployment", "codedeploy:StopDeployment", "codepipeline:PutApprovalResult",
            "codepipeline:RetryStageExecution", "codepipeline:RollbackStage", "codepipeline:StartPipelineExecution",
            "codepipeline:StopPipelineExecution", "ec2:RebootInstances", "ecs:UpdateService", "rds:CreateDBSnapshot",
            "rds:RebootDBInstance", "ssm:StartAssociationsOnce",
        ]  # fmt: skip
        # The caller's own sessions ("Restrict access to sessions", AWS Systems Manager User Guide).
        own_sessions = f"arn:aws:ssm:{here}:session/${{aws:username}}-*"
        return _document(
            _allow("ActOnTheStack", acts, "*", self.tagged),
            _allow("SessionsOnInstances", ["ssm:StartSession"], f"arn:aws:ec2:{here}:instance/*", self.tagged),
            _allow("SessionDocuments", ["ssm:StartSession"], f"arn:aws:ssm:{here}:document/{self.prefix}-*"),
            _allow("OwnSessions", ["ssm:ResumeSession", "ssm:TerminateSession"], own_sessions),
            _allow("Look", [
                "cloudwatch:Describe*", "cloudwatch:Get*", "cloudwatch:List*", "codedeploy:Get*", "codepipeline:Get*", "logs:Describe*",
                "logs:FilterLogEvents", "logs:Get*", "logs:StartQuery", "logs:StopQuery", "ssm:Describe*", "ssm:GetConnectionStatus",
                "ssm:List*",
            ]),
        )  # fmt: skip

    def auditing(self) -> dict:
        """What auditors need beside SecurityAudit: the trail's log group, and findings."""
        trail = f"arn:aws:logs:{self.region}:{self.account_id}:log-group:/{self.settings['project']}/{self.settings['environment']}/*"
        look = ["access-analyzer:Get*", "access-analyzer:List*", "cloudtrail:Describe*", "cloudtrail:Get*", "cloudtrail:LookupEvents"]
        return _document(
            _allow("Findings", [*look, "logs:StopQuery", "logs:GetQueryResults"]),
            _allow("LogsOfTheStack", ["logs:FilterLogEvents", "logs:GetLogEvents", "logs:StartQuery"], [trail, f"{trail}:*"]),
        )

    def trust(self, role: dict[str, Any]) -> dict:
        """Who may take *role*: people with MFA, and services that act for this account (the confused deputy, IAM User Guide)."""
        statements = []
        if role.get("people"):
            statements.append({
                "Sid": "PeopleWithMfa",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{self.account_id}:root"},
                "Action": "sts:AssumeRole",
                "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
            })  # fmt: skip
        if role.get("services"):
            condition: dict[str, Any] = {"StringEquals": {"aws:SourceAccount": self.account_id}}
            if role.get("source_arns"):
                condition["ArnLike"] = {"aws:SourceArn": role["source_arns"]}
            statements.append({
                "Sid": "ServicesForThisAccount",
                "Effect": "Allow",
                "Principal": {"Service": role["services"]},
                "Action": "sts:AssumeRole",
                "Condition": condition,
            })  # fmt: skip
        if not statements:
            raise AnsibleFilterError(f"identity_plan: the role {role['name']} needs people or services, or nobody could take it")
        return _document(*statements)


#: The policies by what they are for; each is a method of Stack.
DOCUMENTS = {
    "boundary": "What the roles of the stack may do at most",
    "mfa": "People do nothing without MFA but set it up",
    "administration": "Roles within the boundary, and the people of the stack",
    "operations": "Day-2 work on the stack",
    "auditing": "Logs and findings of the stack",
}


def identity_plan(settings: dict[str, Any]) -> dict[str, Any]:
    """The policies, groups, users and roles of a stack. Raises AnsibleFilterError for a role that nobody could take."""
    stack = Stack(settings)
    prefix = stack.prefix
    arns = {what: stack.policy_arn(what) for what in DOCUMENTS}
    groups = {name: resource_name(prefix, name, "iam_group") for name in settings.get("groups", {})}
    return {
        "permissions_boundary_arn": stack.boundary_arn,
        "policy_arns": arns,
        "policies": [
            {
                "name": resource_name(prefix, what, "iam_policy"),
                "path": stack.path,
                "description": description,
                "policy": getattr(stack, what)(),
            }
            for what, description in DOCUMENTS.items()
        ],
        "groups": [
            {
                "name": groups[name],
                "path": stack.path,
                # Each group of people has the policy that wants MFA [IAM.5, IAM.19].
                "managed_policy_arns": [
                    arns["mfa"],
                    *(arns[policy] for policy in group.get("policies", [])),
                    *group.get("managed_policy_arns", []),
                ],
            }
            for name, group in settings.get("groups", {}).items()
        ],
        "users": [
            {
                "name": resource_name(prefix, user["name"], "iam_user"),
                "path": stack.path,
                "groups": [groups[group] for group in user["groups"]],
                "tags": {"Email": user["email"]},
            }
            for user in settings.get("users", [])
        ],
        "roles": [
            {
                "name": resource_name(prefix, role["name"], "iam_role"),
                "path": stack.path,
                "description": role.get("description", ""),
                "assume_role_policy": stack.trust(role),
                "inline_policies": role.get("inline_policies", {}),
                "managed_policy_arns": role.get("managed_policy_arns", []),
                "permissions_boundary_arn": stack.boundary_arn,
                "max_session_seconds": role.get("max_session_seconds", 3600),
            }
            for role in settings.get("roles", [])
        ],
    }


class FilterModule:
    def filters(self):
        return {"identity_plan": identity_plan}
