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

#: Whatever the parameters are.
DEPENDENT: dict[tuple[str, str], tuple[str, ...]] = {
    ("accessanalyzer", "CreateAnalyzer"): ("iam:CreateServiceLinkedRole",),
    ("autoscaling", "CreateAutoScalingGroup"): ("ec2:RunInstances", "iam:CreateServiceLinkedRole"),
    ("ec2", "CreateVpcEndpoint"): ("route53:AssociateVPCWithHostedZone",),
    ("elbv2", "CreateLoadBalancer"): ("iam:CreateServiceLinkedRole",),
    ("rds", "CreateDBInstance"): ("iam:CreateServiceLinkedRole",),
    ("wafv2", "PutLoggingConfiguration"): ("iam:CreateServiceLinkedRole",),
}

#: To whom a call passes a role, by (service, operation) or service. Source: "Condition keys", iam:PassedToService, and the user guides.
PASSED_TO: dict[tuple[str, str] | str, str] = {
    "autoscaling": "autoscaling.amazonaws.com",
    "backup": "backup.amazonaws.com",
    "cloudtrail": "cloudtrail.amazonaws.com",
    "codebuild": "codebuild.amazonaws.com",
    "codedeploy": "codedeploy.amazonaws.com",
    "codepipeline": "codepipeline.amazonaws.com",
    "events": "events.amazonaws.com",
    "lambda": "lambda.amazonaws.com",
    "rds": "monitoring.rds.amazonaws.com",
    "ssm": "ssm.amazonaws.com",
    ("ec2", "CreateFlowLogs"): "vpc-flow-logs.amazonaws.com",
    ("ec2", "CreateLaunchTemplate"): "ec2.amazonaws.com",
    ("ec2", "CreateLaunchTemplateVersion"): "ec2.amazonaws.com",
    ("iam", "AddRoleToInstanceProfile"): "ec2.amazonaws.com",
}

_TAG_PARAMETERS = {"Tags", "tags", "TagSpecifications", "TagsList", "BackupVaultTags", "BackupPlanTags"}
_ROLE_MEMBER = re.compile(r"(?i)role(arn|name)?$|DeliverLogsPermissionArn|InstanceProfile$")
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


def needs(service: str, operation: str, parameters: dict[str, Any]) -> list[Need]:
    """What the call needs. *service*: botocore's name; *parameters* as the SDK was given them."""
    resources = tuple(_resources(service, parameters))
    found = [Need(action, resources) for action in own_actions(service, operation)]
    found += [Need(action) for action in DEPENDENT.get((service, operation), ())]
    if _sets_tags(operation) and any(parameters.get(name) for name in _TAG_PARAMETERS):
        found += [Need(action) for action in tagging_actions(service, operation)]
    if principal := _passes_to(service, operation):
        roles = sorted({value for value in _texts(parameters) if _ROLE.fullmatch(value)})
        found += [Need("iam:PassRole", (role,), (("iam:PassedToService", principal),)) for role in roles]
    return found


def possible_actions(service: str, operation: str) -> set[str]:
    """Every action that the operation may need, with whatever parameters."""
    found = {*own_actions(service, operation), *DEPENDENT.get((service, operation), ())}
    shape = get_service_model(service).operation_model(operation).input_shape
    members = shape.members if shape else {}
    if _sets_tags(operation) and _TAG_PARAMETERS & set(members):
        found.update(tagging_actions(service, operation))
    if _passes_to(service, operation) and any(_ROLE_MEMBER.search(name) for name in _member_names(shape, 3)):
        found.add("iam:PassRole")
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


def _resources(service: str, parameters: dict[str, Any]) -> Iterator[str]:
    """ARNs of what the call is about, where the parameters give them: the bucket, or an ARN of the service's own."""
    if service == "s3" and (bucket := parameters.get("Bucket")):
        key = parameters.get("Key")
        yield f"arn:aws:s3:::{bucket}" + (f"/{key}" if key else "")
        return
    if service == "iam" and {"GroupName", "RoleName", "UserName"} & set(parameters):
        return  # a policy that is attached is no resource of the call, and the name alone lacks the path
    for name in ("ResourceArn", "resourceArn", "ResourceARN", "TopicArn", "KeyId", "SecretId", "PolicyArn", "FunctionName", "AlarmArn"):
        value = parameters.get(name)
        if isinstance(value, str) and value.startswith("arn:") and value.split(":")[2] == prefix(service):
            yield value.removesuffix(":*")


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
