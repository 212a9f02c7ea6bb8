"""API calls as CloudFormation resources, so that cfn-lint's schemas can judge them. Only calls that make a whole thing.

CloudFormation mostly uses the API's own names; each entry of `FORMS` says where it doesn't.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Properties = dict[str, Any]

# Text in calls, objects in templates.
_DOCUMENTS = frozenset({"AssumeRolePolicyDocument", "Content", "KeyPolicy", "PolicyDocument"})


@dataclass(frozen=True, slots=True)
class Form:
    """The resource type that a call makes; *names*: API member -> property (None: has none); *shape*: for what is built otherwise."""

    type: str
    names: dict[str, str | None] = field(default_factory=dict)
    shape: Callable[[Properties], Iterator[Properties]] | None = None


def resources(service: str, operation: str, parameters: Properties) -> Iterator[tuple[str, Properties]]:
    """Type and properties of each resource that the call makes; nothing for calls that can't be told as a template."""
    form = FORMS.get((service, operation))
    if form is None:
        return
    for properties in form.shape(parameters) if form.shape else [parameters]:
        yield form.type, dict(_renamed(form, properties))


def _renamed(form: Form, properties: Properties) -> Iterator[tuple[str, Any]]:
    for name, value in properties.items():
        if name in form.names:
            property_name = form.names[name]
        elif name in ("TagSpecifications", "TagsList", "tags"):
            property_name = "Tags"
        else:
            property_name = name[0].upper() + name[1:]
        if property_name is not None:
            yield property_name, _value(form, name, property_name, value)


def _value(form: Form, name: str, property_name: str, value: Any) -> Any:
    if property_name == "Tags":
        return _tags(form, name, value)
    return _document(value) if property_name in _DOCUMENTS else _capital(value)


def _tags(form: Form, name: str, value: Any) -> Any:
    """Tags come in five forms; all types but one take a list of Key and Value."""
    if name == "TagSpecifications":
        value = [tag for specification in value for tag in specification.get("Tags", [])]
    if isinstance(value, dict):
        value = [{"Key": key, "Value": text} for key, text in value.items()]
    value = [{"Key": tag.get("Key", tag.get("TagKey")), "Value": tag.get("Value", tag.get("TagValue", ""))} for tag in value]
    return {tag["Key"]: tag["Value"] for tag in value} if form.type == "AWS::SSM::Parameter" else value


def _capital(value: Any) -> Any:
    """camelCase members of newer APIs are PascalCase in templates."""
    if isinstance(value, dict):
        return {key[0].upper() + key[1:] if key else key: _capital(item) for key, item in value.items()}
    return [_capital(item) for item in value] if isinstance(value, list) else value


def _document(value: Any) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _each_flow_log(parameters: Properties) -> Iterator[Properties]:
    for resource in parameters["ResourceIds"]:
        yield {name: value for name, value in parameters.items() if name != "ResourceIds"} | {"ResourceId": resource}


def _each_rule(source: str) -> Callable[[Properties], Iterator[Properties]]:
    """One resource per source (or destination) of each permission."""
    members = {
        "IpRanges": {"CidrIp": "CidrIp"},
        "Ipv6Ranges": {"CidrIpv6": "CidrIpv6"},
        "PrefixListIds": {"PrefixListId": f"{source}PrefixListId"},
        "UserIdGroupPairs": {"GroupId": f"{source}SecurityGroupId"},
    }

    def each(parameters: Properties) -> Iterator[Properties]:
        for permission in parameters.get("IpPermissions", []):
            plain = {name: permission[name] for name in ("IpProtocol", "FromPort", "ToPort") if name in permission}
            for member, names in members.items():
                for peer in permission.get(member, []):
                    rule = {names[name]: value for name, value in peer.items() if name in names}
                    description = {"Description": peer["Description"]} if peer.get("Description") else {}
                    yield {"GroupId": parameters.get("GroupId")} | plain | rule | description

    return each


def _encryption(parameters: Properties) -> Iterator[Properties]:
    rules = [
        {
            "ServerSideEncryptionByDefault": rule.get("ApplyServerSideEncryptionByDefault", {}),
            **{name: rule[name] for name in ("BucketKeyEnabled",) if name in rule},
        }
        for rule in parameters["ServerSideEncryptionConfiguration"]["Rules"]
    ]
    yield {"BucketEncryption": {"ServerSideEncryptionConfiguration": rules}}


def _lifecycle(parameters: Properties) -> Iterator[Properties]:
    yield {"LifecycleConfiguration": {"Rules": [_lifecycle_rule(rule) for rule in parameters["LifecycleConfiguration"]["Rules"]]}}


def _lifecycle_rule(rule: Properties) -> Properties:
    made: Properties = {"Status": rule["Status"]}
    made |= {"Id": rule["ID"]} if "ID" in rule else {}
    prefix = rule.get("Filter", {}).get("Prefix") or rule.get("Prefix")
    made |= {"Prefix": prefix} if prefix else {}
    made |= {"ExpirationInDays": rule["Expiration"]["Days"]} if "Days" in rule.get("Expiration", {}) else {}
    if transitions := rule.get("Transitions"):
        made["Transitions"] = [
            {"StorageClass": one["StorageClass"]} | ({"TransitionInDays": one["Days"]} if "Days" in one else {}) for one in transitions
        ]
    for name in ("AbortIncompleteMultipartUpload", "NoncurrentVersionExpiration"):
        made |= {name: rule[name]} if name in rule else {}
    return made


def _plain_parameter(parameters: Properties) -> Iterator[Properties]:
    """Templates can't make SecureStrings, and an overwrite need not say the type."""
    if parameters.get("Type") in ("String", "StringList"):
        yield {name: value for name, value in parameters.items() if name not in ("Overwrite", "KeyId")}


def _inside(member: str) -> Callable[[Properties], Iterator[Properties]]:
    """Of a Put on a part of a bucket, that part."""
    return lambda parameters: iter([{member: parameters[member]}])


_BUCKET = "AWS::S3::Bucket"

FORMS: dict[tuple[str, str], Form] = {
    ("accessanalyzer", "CreateAnalyzer"): Form("AWS::AccessAnalyzer::Analyzer", {"clientToken": None, "configuration": None}),
    ("cloudtrail", "CreateTrail"): Form("AWS::CloudTrail::Trail", {"Name": "TrailName"}),
    ("ec2", "AllocateAddress"): Form("AWS::EC2::EIP"),
    ("ec2", "AuthorizeSecurityGroupEgress"): Form("AWS::EC2::SecurityGroupEgress", shape=_each_rule("Destination")),
    ("ec2", "AuthorizeSecurityGroupIngress"): Form("AWS::EC2::SecurityGroupIngress", shape=_each_rule("Source")),
    ("ec2", "CreateFlowLogs"): Form("AWS::EC2::FlowLog", shape=_each_flow_log),
    ("ec2", "CreateInternetGateway"): Form("AWS::EC2::InternetGateway"),
    ("ec2", "CreateNatGateway"): Form("AWS::EC2::NatGateway"),
    ("ec2", "CreateNetworkAcl"): Form("AWS::EC2::NetworkAcl"),
    ("ec2", "CreateNetworkAclEntry"): Form("AWS::EC2::NetworkAclEntry", {"IcmpTypeCode": "Icmp"}),
    ("ec2", "CreateRoute"): Form("AWS::EC2::Route"),
    ("ec2", "CreateRouteTable"): Form("AWS::EC2::RouteTable"),
    ("ec2", "CreateSecurityGroup"): Form("AWS::EC2::SecurityGroup", {"Description": "GroupDescription"}),
    ("ec2", "CreateSubnet"): Form("AWS::EC2::Subnet"),
    ("ec2", "CreateVpc"): Form("AWS::EC2::VPC"),
    ("ec2", "CreateVpcEndpoint"): Form("AWS::EC2::VPCEndpoint"),
    ("iam", "CreateGroup"): Form("AWS::IAM::Group"),
    ("iam", "CreatePolicy"): Form("AWS::IAM::ManagedPolicy", {"PolicyName": "ManagedPolicyName"}),
    ("iam", "CreateRole"): Form("AWS::IAM::Role"),
    ("iam", "CreateUser"): Form("AWS::IAM::User"),
    ("iam", "PutGroupPolicy"): Form("AWS::IAM::GroupPolicy"),
    ("iam", "PutRolePolicy"): Form("AWS::IAM::RolePolicy"),
    ("iam", "PutUserPolicy"): Form("AWS::IAM::UserPolicy"),
    ("kms", "CreateAlias"): Form("AWS::KMS::Alias"),
    ("kms", "CreateKey"): Form("AWS::KMS::Key", {"Policy": "KeyPolicy"}),
    ("logs", "CreateLogGroup"): Form("AWS::Logs::LogGroup"),
    ("logs", "PutMetricFilter"): Form("AWS::Logs::MetricFilter"),
    ("logs", "PutRetentionPolicy"): Form("AWS::Logs::LogGroup"),
    ("s3", "CreateBucket"): Form(_BUCKET, {"Bucket": "BucketName", "ObjectLockEnabledForBucket": "ObjectLockEnabled"}),
    ("s3", "PutBucketEncryption"): Form(_BUCKET, shape=_encryption),
    ("s3", "PutBucketLifecycleConfiguration"): Form(_BUCKET, shape=_lifecycle),
    ("s3", "PutBucketOwnershipControls"): Form(_BUCKET, shape=_inside("OwnershipControls")),
    ("s3", "PutBucketPolicy"): Form("AWS::S3::BucketPolicy", {"Policy": "PolicyDocument"}),
    ("s3", "PutBucketVersioning"): Form(_BUCKET, shape=_inside("VersioningConfiguration")),
    ("s3", "PutPublicAccessBlock"): Form(_BUCKET, shape=_inside("PublicAccessBlockConfiguration")),
    ("ssm", "CreateDocument"): Form("AWS::SSM::Document"),
    ("ssm", "PutParameter"): Form("AWS::SSM::Parameter", shape=_plain_parameter),
}
