"""Who may make which call: IAM's side of a request. With ``--policy`` the emulator refuses what the given policies don't allow.

What a call needs is told by the Service Authorization Reference: mostly the action of the operation's own name, on the resources that
its parameters name; sometimes another action, or more of them (a role to pass, tags at creation).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from moto.core.utils import get_service_model

from emulator.policy_evaluation import listed as _listed
from emulator.policy_evaluation import matches as _matches

#: IAM prefix of a service, where it is not the name that signs its requests.
_PREFIXES = {
    "monitoring": "cloudwatch",
    "tagging": "tag",
}

#: Operations whose actions are not `<prefix>:<Operation>`. Source: "Required permissions for Amazon S3 API operations" (Amazon S3 User
#: Guide) and the Service Authorization Reference.
ACTIONS: dict[tuple[str, str], tuple[str, ...]] = {
    ("lambda", "Invoke"): ("lambda:InvokeFunction",),
    ("lambda", "ListTags"): ("lambda:ListTags",),
    ("s3", "DeleteBucketEncryption"): ("s3:PutEncryptionConfiguration",),
    ("s3", "DeleteBucketLifecycle"): ("s3:PutLifecycleConfiguration",),
    ("s3", "DeleteBucketOwnershipControls"): ("s3:PutBucketOwnershipControls",),
    ("s3", "DeleteBucketTagging"): ("s3:PutBucketTagging",),
    ("s3", "DeleteObjects"): ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    ("s3", "DeletePublicAccessBlock"): ("s3:PutBucketPublicAccessBlock",),
    ("s3", "GetBucketEncryption"): ("s3:GetEncryptionConfiguration",),
    ("s3", "GetBucketLifecycleConfiguration"): ("s3:GetLifecycleConfiguration",),
    ("s3", "GetBucketNotificationConfiguration"): ("s3:GetBucketNotification",),
    ("s3", "GetPublicAccessBlock"): ("s3:GetBucketPublicAccessBlock",),
    ("s3", "HeadBucket"): ("s3:ListBucket",),
    ("s3", "HeadObject"): ("s3:GetObject",),
    ("s3", "ListBuckets"): ("s3:ListAllMyBuckets",),
    ("s3", "ListObjectVersions"): ("s3:ListBucketVersions",),
    ("s3", "ListObjectsV2"): ("s3:ListBucket",),
    ("s3", "PutBucketEncryption"): ("s3:PutEncryptionConfiguration",),
    ("s3", "PutBucketLifecycleConfiguration"): ("s3:PutLifecycleConfiguration",),
    ("s3", "PutBucketNotificationConfiguration"): ("s3:PutBucketNotification",),
    ("s3", "PutPublicAccessBlock"): ("s3:PutBucketPublicAccessBlock",),
    ("s3control", "DeletePublicAccessBlock"): ("s3:PutAccountPublicAccessBlock",),
    ("s3control", "GetPublicAccessBlock"): ("s3:GetAccountPublicAccessBlock",),
    ("s3control", "PutPublicAccessBlock"): ("s3:PutAccountPublicAccessBlock",),
    ("sts", "GetCallerIdentity"): (),  # needs no permission
}

#: What AWS asks for beside the call itself, where its parameters set tags. Source: "Dependent actions" and "Condition keys" in the
#: Service Authorization Reference.
TAGGING: dict[str, str] = {
    "access-analyzer": "access-analyzer:TagResource",
    "acm": "acm:AddTagsToCertificate",
    "autoscaling": "autoscaling:CreateOrUpdateTags",
    "backup": "backup:TagResource",
    "cloudtrail": "cloudtrail:AddTags",
    "cloudwatch": "cloudwatch:TagResource",
    "codecommit": "codecommit:TagResource",
    "codeconnections": "codeconnections:TagResource",
    "codedeploy": "codedeploy:TagResource",
    "codepipeline": "codepipeline:TagResource",
    "ec2": "ec2:CreateTags",
    "elasticloadbalancing": "elasticloadbalancing:AddTags",
    "events": "events:TagResource",
    "kms": "kms:TagResource",
    "lambda": "lambda:TagResource",
    "logs": "logs:TagResource",
    "rds": "rds:AddTagsToResource",
    "secretsmanager": "secretsmanager:TagResource",
    "shield": "shield:TagResource",
    "sns": "sns:TagResource",
    "sqs": "sqs:TagQueue",
    "ssm": "ssm:AddTagsToResource",
    "wafv2": "wafv2:TagResource",
}
_IAM_TAGGING = {
    "CreateInstanceProfile": "iam:TagInstanceProfile",
    "CreatePolicy": "iam:TagPolicy",
    "CreateRole": "iam:TagRole",
    "CreateUser": "iam:TagUser",
}

_INSTANCES = ("ec2:CreateTags", "ec2:RunInstances")
_VAULT_KEY = ("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey", "kms:RetireGrant")
_CODE_KEY = (
    "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)  # fmt: skip
_FUNCTION_KEY = ("kms:CreateGrant", "kms:Decrypt", "kms:Encrypt")
_DATABASE_KEY = ("kms:CreateGrant", "kms:DescribeKey")
_MASTER_PASSWORD = ("secretsmanager:CreateSecret", "secretsmanager:TagResource")
_MASTER_KEY = ("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey")
_SECRET_KEY = ("kms:Decrypt", "kms:GenerateDataKey")
_LOG_DELIVERY = ("logs:CreateLogDelivery", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies", "logs:PutResourcePolicy")

#: What else a call needs: (parameter, actions), where the parameter is given; with "" whatever the parameters are. Those of KMS are needed
#: on the keys that the call names. Sources: "Dependent actions" in the Service Authorization Reference, and what each line names.
DEPENDENT: dict[tuple[str, str], tuple[tuple[str, tuple[str, ...]], ...]] = {
    # "Amazon EC2 Auto Scaling API permissions" (Amazon EC2 Auto Scaling User Guide).
    ("autoscaling", "CreateAutoScalingGroup"): (("LaunchTemplate", _INSTANCES),),
    ("autoscaling", "StartInstanceRefresh"): (("DesiredConfiguration", _INSTANCES),),
    ("autoscaling", "UpdateAutoScalingGroup"): (("LaunchTemplate", _INSTANCES),),
    # "Backup vault creation and deletion" (AWS Backup Developer Guide).
    ("backup", "CreateBackupVault"): (
        ("", ("backup-storage:MountCapsule",)),
        ("EncryptionKeyArn", _VAULT_KEY),
    ),
    # "AWS KMS and encryption for AWS CodeCommit repositories" (AWS CodeCommit User Guide).
    ("codecommit", "CreateRepository"): (("kmsKeyId", _CODE_KEY),),
    ("codecommit", "UpdateRepositoryEncryptionKey"): (("kmsKeyId", _CODE_KEY),),
    # "Permissions for flow logs that publish to Amazon S3" (Amazon VPC User Guide).
    ("ec2", "CreateFlowLogs"): (("LogDestination", ("logs:CreateLogDelivery", "logs:DeleteLogDelivery")),),
    ("ec2", "CreateVpcEndpoint"): (("PrivateDnsEnabled", ("route53:AssociateVPCWithHostedZone",)),),
    # "Securing Lambda environment variables" (AWS Lambda Developer Guide). GetFunction tells tags only to whom may list them.
    ("lambda", "CreateFunction"): (("KMSKeyArn", _FUNCTION_KEY),),
    ("lambda", "GetFunction"): (("", ("lambda:ListTags",)),),
    ("lambda", "UpdateFunctionConfiguration"): (("KMSKeyArn", _FUNCTION_KEY),),
    # "AWS KMS key management" and "Permissions required for Secrets Manager integration" (Amazon RDS User Guide).
    ("rds", "CreateDBInstance"): (
        ("KmsKeyId", _DATABASE_KEY),
        ("ManageMasterUserPassword", _MASTER_PASSWORD),
        ("MasterUserSecretKmsKeyId", _MASTER_KEY),
        ("PerformanceInsightsKMSKeyId", _DATABASE_KEY),
    ),
    ("rds", "CreateDBInstanceReadReplica"): (("KmsKeyId", _DATABASE_KEY), ("PerformanceInsightsKMSKeyId", _DATABASE_KEY)),
    # The final snapshot is made, and gets the instance's tags, with the caller's permissions.
    ("rds", "DeleteDBInstance"): (("FinalDBSnapshotIdentifier", ("rds:AddTagsToResource", "rds:CreateDBSnapshot")),),
    ("rds", "ModifyDBInstance"): (
        ("ManageMasterUserPassword", _MASTER_PASSWORD),
        ("MasterUserSecretKmsKeyId", _MASTER_KEY),
        ("PerformanceInsightsKMSKeyId", _DATABASE_KEY),
        ("RotateMasterUserPassword", ("secretsmanager:RotateSecret",)),
    ),
    ("rds", "RestoreDBInstanceFromDBSnapshot"): (
        ("ManageMasterUserPassword", _MASTER_PASSWORD),
        ("MasterUserSecretKmsKeyId", _MASTER_KEY),
    ),
    ("route53", "AssociateVPCWithHostedZone"): (("", ("ec2:DescribeVpcs",)),),
    ("route53", "CreateHostedZone"): (("VPC", ("ec2:DescribeVpcs",)),),
    ("route53", "DisassociateVPCFromHostedZone"): (("", ("ec2:DescribeVpcs",)),),
    # "Using server-side encryption with AWS KMS keys" (Amazon S3 User Guide): each bucket of a stack has a key as its default.
    ("s3", "GetObject"): (("", ("kms:Decrypt",)),),
    ("s3", "PutObject"): (("", ("kms:Decrypt", "kms:GenerateDataKey")),),
    # "Secret encryption and decryption in AWS Secrets Manager" (AWS Secrets Manager User Guide).
    ("secretsmanager", "CreateSecret"): (("KmsKeyId", _SECRET_KEY),),
    ("secretsmanager", "GetSecretValue"): (("", ("kms:Decrypt",)),),
    ("secretsmanager", "PutSecretValue"): (("", _SECRET_KEY),),
    ("secretsmanager", "UpdateSecret"): (("", (*_SECRET_KEY, "kms:Encrypt")),),
    # "Actions that require additional permissions settings" (AWS WAF Developer Guide).
    ("wafv2", "AssociateWebACL"): (("", ("elasticloadbalancing:SetWebAcl",)),),
    ("wafv2", "DisassociateWebACL"): (("", ("elasticloadbalancing:SetWebAcl",)),),
    # "Sending web ACL traffic logs to a CloudWatch Logs log group", permissions (AWS WAF Developer Guide).
    ("wafv2", "DeleteLoggingConfiguration"): (("", ("logs:DeleteLogDelivery",)),),
    ("wafv2", "PutLoggingConfiguration"): (("", _LOG_DELIVERY),),
}

#: Calls that make the role of a service in an account that does not have it yet. Source: "Service-linked roles" in each service's guide.
LINKED_ROLES: dict[tuple[str, str], str] = {
    ("accessanalyzer", "CreateAnalyzer"): "access-analyzer.amazonaws.com",
    ("autoscaling", "CreateAutoScalingGroup"): "autoscaling.amazonaws.com",
    ("backup", "CreateBackupPlan"): "backup.amazonaws.com",
    ("backup", "CreateRestoreTestingPlan"): "restore-testing.backup.amazonaws.com",
    ("elbv2", "CreateLoadBalancer"): "elasticloadbalancing.amazonaws.com",
    ("rds", "CreateDBInstance"): "rds.amazonaws.com",
    ("rds", "RestoreDBInstanceFromDBSnapshot"): "rds.amazonaws.com",
    ("wafv2", "PutLoggingConfiguration"): "wafv2.amazonaws.com",
}

#: To whom a call passes a role, by (service, operation) or service. Source: "Condition keys", iam:PassedToService, and the user guides.
PASSED_TO: dict[tuple[str, str] | str, str] = {
    "backup": "backup.amazonaws.com",
    "cloudtrail": "cloudtrail.amazonaws.com",
    "codebuild": "codebuild.amazonaws.com",
    "codedeploy": "codedeploy.amazonaws.com",
    "codepipeline": "codepipeline.amazonaws.com",
    "events": "events.amazonaws.com",
    "lambda": "lambda.amazonaws.com",
    "rds": "monitoring.rds.amazonaws.com",
    "ssm": "ssm.amazonaws.com",
    ("autoscaling", "PutLifecycleHook"): "autoscaling.amazonaws.com",
    ("ec2", "CreateFlowLogs"): "vpc-flow-logs.amazonaws.com",
}

#: Calls that pass a role which they do not name by its ARN: an instance profile's, and that of a launch template's instances. (The
#: template itself passes none: it is looked at when instances are launched.) With the parameter that must be there.
PASSED_UNNAMED: dict[tuple[str, str], tuple[str, str]] = {
    ("autoscaling", "CreateAutoScalingGroup"): ("LaunchTemplate", "ec2.amazonaws.com"),
    ("autoscaling", "StartInstanceRefresh"): ("DesiredConfiguration", "ec2.amazonaws.com"),
    ("autoscaling", "UpdateAutoScalingGroup"): ("LaunchTemplate", "ec2.amazonaws.com"),
    ("iam", "AddRoleToInstanceProfile"): ("RoleName", "ec2.amazonaws.com"),
}

#: (parameter, what its value is part of): the resource of a call that names it without an ARN. A * stands for an id that AWS chooses. A dot
#: leads into a structure. Source: "Resource types" of each service in the Service Authorization Reference.
RESOURCES: dict[str, tuple[tuple[str, str], ...]] = {
    "accessanalyzer": (("analyzerName", "analyzer/{}"),),
    "autoscaling": (("AutoScalingGroupName", "autoScalingGroup:*:autoScalingGroupName/{}"),),
    "backup": (
        ("BackupVaultName", "backup-vault:{}"),
        ("BackupPlanId", "backup-plan:{}"),
        ("RestoreTestingPlanName", "restore-testing-plan:{}-*"),
    ),
    "cloudtrail": (("Name", "trail/{}"), ("TrailName", "trail/{}")),
    "cloudwatch": (("AlarmName", "alarm:{}"), ("AlarmNames", "alarm:{}")),
    "codecommit": (("repositoryName", "{}"), ("repositoryNames", "{}")),
    "codedeploy": (("applicationName", "application:{}"),),
    "codepipeline": (("name", "{}"), ("pipeline.name", "{}")),
    "events": (("Name", "rule/{}"), ("Rule", "rule/{}")),
    "kms": (("AliasName", "{}"),),
    "lambda": (("FunctionName", "function:{}"),),
    "logs": (("logGroupName", "log-group:{}"),),
    "rds": (
        ("DBInstanceIdentifier", "db:{}"),
        ("DBParameterGroupName", "pg:{}"),
        ("DBSubnetGroupName", "subgrp:{}"),
        ("SubscriptionName", "es:{}"),
    ),
    "secretsmanager": (("Name", "secret:{}-??????"), ("SecretId", "secret:{}-??????")),
    "sns": (("Name", "{}"),),
    "sqs": (("QueueName", "{}"), ("QueueUrl", "{}")),
}
#: Where the operation tells the kind of the resource.
RESOURCES_OF: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {
    **{("codebuild", f"{verb}Project"): (("name", "project/{}"),) for verb in ("Create", "Update", "Delete")},
    ("codebuild", "BatchGetProjects"): (("names", "project/{}"),),
    ("codebuild", "CreateReportGroup"): (("name", "report-group/{}"),),
    **{
        ("codedeploy", f"{verb}DeploymentGroup"): (("applicationName", "deploymentgroup:{}/*"),)
        for verb in ("Create", "Get", "Update", "Delete")
    },
    ("elbv2", "CreateLoadBalancer"): (("Name", "loadbalancer/app/{}/*"),),
    ("elbv2", "CreateTargetGroup"): (("Name", "targetgroup/{}/*"),),
    **{
        ("logs", operation): (("logGroupName", "log-group:{}:log-stream:*"),)
        for operation in ("CreateLogStream", "DescribeLogStreams", "PutLogEvents")
    },
    **{
        ("ssm", operation): (("Name", "document/{}"),)
        for operation in (
            "CreateAssociation", "CreateDocument", "DeleteDocument", "DescribeDocument", "GetDocument", "ModifyDocumentPermission",
            "UpdateDocument", "UpdateDocumentDefaultVersion",
        )
    },
    **{("ssm", f"{verb}Parameter"): (("Name", "parameter{}"),) for verb in ("Get", "Put", "Delete")},
    ("ssm", "GetParameters"): (("Names", "parameter{}"),),
    ("ssm", "GetParametersByPath"): (("Path", "parameter{}"),),
    **{("wafv2", f"{verb}WebACL"): (("Name", "regional/webacl/{}/*"),) for verb in ("Create", "Get", "Update", "Delete")},
    **{("wafv2", f"{verb}IPSet"): (("Name", "regional/ipset/{}/*"),) for verb in ("Create", "Get", "Update", "Delete")},
}  # fmt: skip

_TAG_PARAMETERS = {"Tags", "tags", "TagSpecifications", "TagsList", "BackupVaultTags", "BackupPlanTags"}
_KEY = re.compile(r"arn:aws[\w-]*:kms:[\w-]+:\d{12}:key/[\w-]+")
_ROLE_MEMBER = re.compile(r"(?i)role(arn|name)?$|DeliverLogsPermissionArn|InstanceProfile$")
#: Passed to a pipeline ("Permissions required for using a connection", AWS CodePipeline User Guide).
_CONNECTION = re.compile(r"arn:aws[\w-]*:codeconnections:[\w-]+:\d{12}:connection/[\w-]+")
_ROLE = re.compile(r"arn:aws[\w-]*:iam::\d{12}:role/(?!aws-service-role/)[\w+=,.@/-]+")


@dataclass(frozen=True)
class Need:
    """An action that a call needs. *resources*: the ARNs that its parameters name, none where they name none; *context*: condition
    keys and their values."""

    action: str
    resources: tuple[str, ...] = ()
    context: tuple[tuple[str, str], ...] = ()


class Policies:
    """Identity policies, read from JSON files."""

    def __init__(self, documents: Iterable[dict[str, Any]]):
        self._statements = [statement for document in documents for statement in _listed(document["Statement"])]

    @classmethod
    def of(cls, path: Path) -> Policies:
        """Those of the file, or of every C(*.json) in the folder, *path*. Raises OSError and ValueError."""
        files = sorted(path.glob("*.json")) if path.is_dir() else [path]
        if not files:
            raise OSError(f"{path} holds no policy")
        return cls(json.loads(file.read_text(encoding="utf-8")) for file in files)

    def refused(self, needs: Iterable[Need]) -> Need | None:
        """The first of *needs* that no statement allows, or that one denies."""
        return next((need for need in needs if not self._allows(need)), None)

    def _allows(self, need: Need) -> bool:
        for resource in need.resources or (None,):
            effects = {statement["Effect"] for statement in self._statements if _speaks_of(statement, need, resource)}
            if effects != {"Allow"}:
                return False
        return True


@dataclass(frozen=True)
class Place:
    """Where a call is made."""

    region: str
    account_id: str


def needs(service: str, operation: str, parameters: dict[str, Any], place: Place | None = None) -> list[Need]:
    """What the call needs. *service*: botocore's name; *parameters* as the SDK was given them.

    Without a *place*, resources that are named without their ARNs are left out.
    """
    resources = tuple(_resources(service, operation, parameters, place))
    found = [Need(action, resources) for action in own_actions(service, operation)]
    keys = tuple(sorted({value for value in _texts(parameters) if _KEY.fullmatch(value)}))
    for parameter, actions in DEPENDENT.get((service, operation), ()):
        if not parameter or parameters.get(parameter):
            found += [Need(action, keys if action.startswith("kms:") else ()) for action in actions]
    if _sets_tags(operation) and any(parameters.get(name) for name in _TAG_PARAMETERS):
        found += [Need(action) for action in tagging_actions(service, operation)]
    if linked := LINKED_ROLES.get((service, operation)):
        found.append(Need("iam:CreateServiceLinkedRole", (), (("iam:AWSServiceName", linked),)))
    if principal := _passes_to(service, operation):
        roles = sorted({value for value in _texts(parameters) if _ROLE.fullmatch(value)})
        found += [Need("iam:PassRole", (role,), (("iam:PassedToService", principal),)) for role in roles]
    parameter, principal = PASSED_UNNAMED.get((service, operation), ("", ""))
    if parameters.get(parameter):
        found.append(Need("iam:PassRole", (), (("iam:PassedToService", principal),)))
    connections = sorted({value for value in _texts(parameters) if _CONNECTION.fullmatch(value)})
    if service == "codepipeline" and connections:
        found.append(Need("codeconnections:PassConnection", tuple(connections)))
    return found


def possible_actions(service: str, operation: str) -> set[str]:
    """Every action that the operation may need, with whatever parameters."""
    found = {*own_actions(service, operation)}
    found.update(action for _parameter, actions in DEPENDENT.get((service, operation), ()) for action in actions)
    shape = get_service_model(service).operation_model(operation).input_shape
    members = shape.members if shape else {}
    if _sets_tags(operation) and _TAG_PARAMETERS & set(members):
        found.update(tagging_actions(service, operation))
    if (service, operation) in LINKED_ROLES:
        found.add("iam:CreateServiceLinkedRole")
    passes = _passes_to(service, operation) and any(_ROLE_MEMBER.search(name) for name in _member_names(shape, 3))
    if passes or (service, operation) in PASSED_UNNAMED:
        found.add("iam:PassRole")
    if (service, operation) in (("codepipeline", "CreatePipeline"), ("codepipeline", "UpdatePipeline")):
        found.add("codeconnections:PassConnection")
    return found


def own_actions(service: str, operation: str) -> tuple[str, ...]:
    """The actions of the operation itself."""
    return ACTIONS.get((service, operation), (f"{prefix(service)}:{operation}",))


def tagging_actions(service: str, operation: str) -> tuple[str, ...]:
    """The action that tags at creation need."""
    action = _IAM_TAGGING.get(operation) if service == "iam" else TAGGING.get(prefix(service))
    return (action,) if action else ()


@cache
def prefix(service: str) -> str:
    """IAM's prefix of a service."""
    name = str(get_service_model(service).signing_name)
    return _PREFIXES.get(name, name)


def _resources(service: str, operation: str, parameters: dict[str, Any], place: Place | None) -> Iterator[str]:
    """ARNs of what the call is about, where the parameters give them: the bucket, an ARN of the service's own, or what is named."""
    if service == "s3" and (bucket := parameters.get("Bucket")):
        key = parameters.get("Key")
        yield f"arn:aws:s3:::{bucket}" + (f"/{key}" if key else "")
        return
    if service == "iam" and {"GroupName", "RoleName", "UserName"} & set(parameters):
        return  # a policy that is attached is no resource of the call, and the name alone lacks the path
    for value in parameters.values():
        for one in _listed(value):
            if isinstance(one, str) and one.startswith("arn:") and one.split(":")[2] == prefix(service):
                yield one.removesuffix(":*")
    if place:
        for path, form in RESOURCES_OF.get((service, operation), RESOURCES.get(service, ())):
            yield from (_arn(service, form, name, place) for name in _at(parameters, path))


def _at(parameters: dict[str, Any], path: str) -> Iterator[str]:
    """The names at *path*, without those that are ARNs."""
    value: Any = parameters
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    yield from (name for name in _listed(value) if isinstance(name, str) and not name.startswith("arn:"))


def _arn(service: str, form: str, name: str, place: Place) -> str:
    """The ARN of the resource *name*. What AWS itself gives to all has no account."""
    name = name.rpartition("/")[2] if name.startswith("http") else name
    public = service == "ssm" and name.startswith(("AWS-", "/aws/service/"))
    return f"arn:aws:{prefix(service)}:{place.region}:{'' if public else place.account_id}:{form.format(name)}"


def _sets_tags(operation: str) -> bool:
    """Whether the operation makes something that can be tagged at once. One that only tags needs no other action than its own."""
    return operation.startswith(("Create", "Put", "Request", "Run", "Allocate", "Restore", "Add")) and "Tags" not in operation


def _passes_to(service: str, operation: str) -> str | None:
    if operation.startswith(("Create", "Update", "Put", "Modify", "Register", "AddRole", "Restore", "Start")):
        return PASSED_TO.get((service, operation)) or PASSED_TO.get(service)
    return None


def _member_names(shape: Any, depth: int) -> Iterator[str]:
    """Names of all parameters, *depth* levels deep: structures may hold themselves."""
    if depth and shape is not None and shape.type_name == "list":
        yield from _member_names(shape.member, depth - 1)
    elif depth and shape is not None and shape.type_name == "structure":
        for name, member in shape.members.items():
            yield name
            yield from _member_names(member, depth - 1)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)


def _speaks_of(statement: dict[str, Any], need: Need, resource: str | None) -> bool:
    """Whether *statement* is about the action, on the resource. A resource that the call does not name may be any of its resources."""
    actions = _listed(statement.get("Action", []))
    if not any(_matches(need.action.lower(), pattern.lower()) for pattern in actions):
        return False
    if resource is not None and not any(_matches(resource, pattern) for pattern in _listed(statement.get("Resource", []))):
        return False
    if resource is None and statement["Effect"] == "Deny" and "*" not in _listed(statement.get("Resource", [])):
        return False
    return all(_holds(operator, test, dict(need.context)) for operator, test in statement.get("Condition", {}).items())


def _holds(operator: str, test: dict[str, Any], context: dict[str, str]) -> bool:
    """Conditions on keys that this emulator knows; one on a key that it does not know is taken to hold."""
    if operator not in ("StringEquals", "StringLike"):
        return True
    return all(key not in context or any(_matches(context[key], str(value)) for value in _listed(values)) for key, values in test.items())
