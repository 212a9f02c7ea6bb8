"""The judge of recorded calls: no false alarm on calls that AWS takes, and an alarm on mistakes of the usual kinds."""

from __future__ import annotations

import json

import pytest

from emulator.judge import judge_calls

TRUST = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
})  # fmt: skip
READ = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::refarch-data/*"}],
})  # fmt: skip
TLS = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{
        "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::refarch-data", "arn:aws:s3:::refarch-data/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }],
})  # fmt: skip
KEY = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "kms:*", "Resource": "*"}],
})  # fmt: skip
VPC, SUBNET, TABLE, GROUP, ACL = (
    "vpc-0a1b2c3d4e5f60718",
    "subnet-0a1b2c3d4e5f60718",
    "rtb-0a1b2c3d4e5f60718",
    "sg-0a1b2c3d4e5f60718",
    "acl-0a1b2c3d4e5f60718",
)
TAGS = [{"Key": "Project", "Value": "refarch"}]


def made(kind):
    return [{"ResourceType": kind, "Tags": TAGS}]


GOOD = [
    ("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16", "InstanceTenancy": "default", "TagSpecifications": made("vpc")}),
    (
        "ec2",
        "CreateSubnet",
        {"VpcId": VPC, "CidrBlock": "10.0.0.0/24", "AvailabilityZone": "ap-northeast-2a", "TagSpecifications": made("subnet")},
    ),
    ("ec2", "CreateInternetGateway", {"TagSpecifications": made("internet-gateway")}),
    ("ec2", "AllocateAddress", {"Domain": "vpc", "TagSpecifications": made("elastic-ip")}),
    (
        "ec2",
        "CreateNatGateway",
        {"SubnetId": SUBNET, "AllocationId": "eipalloc-0a1b2c3d4e5f60718", "ClientToken": "t", "TagSpecifications": made("natgateway")},
    ),
    ("ec2", "CreateRouteTable", {"VpcId": VPC, "TagSpecifications": made("route-table")}),
    ("ec2", "CreateRoute", {"RouteTableId": TABLE, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-0a1b2c3d4e5f60718"}),
    (
        "ec2",
        "CreateSecurityGroup",
        {"GroupName": "refarch-web", "Description": "Web servers", "VpcId": VPC, "TagSpecifications": made("security-group")},
    ),
    (
        "ec2",
        "AuthorizeSecurityGroupIngress",
        {
            "GroupId": GROUP,
            "IpPermissions": [
                {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "all"}]},
                {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [{"GroupId": GROUP, "UserId": "123456789012"}]},
                {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "Ipv6Ranges": [{"CidrIpv6": "::/0"}]},
            ],
        },
    ),
    (
        "ec2",
        "AuthorizeSecurityGroupEgress",
        {
            "GroupId": GROUP,
            "IpPermissions": [
                {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
                {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "PrefixListIds": [{"PrefixListId": "pl-78a54011"}]},
            ],
        },
    ),
    ("ec2", "CreateNetworkAcl", {"VpcId": VPC, "TagSpecifications": made("network-acl")}),
    (
        "ec2",
        "CreateNetworkAclEntry",
        {
            "NetworkAclId": ACL,
            "RuleNumber": 100,
            "Protocol": "6",
            "RuleAction": "allow",
            "Egress": False,
            "CidrBlock": "10.0.0.0/16",
            "PortRange": {"From": 443, "To": 443},
        },
    ),
    (
        "ec2",
        "CreateNetworkAclEntry",
        {
            "NetworkAclId": ACL,
            "RuleNumber": 110,
            "Protocol": "1",
            "RuleAction": "allow",
            "Egress": True,
            "CidrBlock": "0.0.0.0/0",
            "IcmpTypeCode": {"Type": -1, "Code": -1},
        },
    ),
    (
        "ec2",
        "CreateVpcEndpoint",
        {
            "VpcEndpointType": "Gateway",
            "VpcId": VPC,
            "ServiceName": "com.amazonaws.ap-northeast-2.s3",
            "RouteTableIds": [TABLE],
            "PolicyDocument": TLS,
            "TagSpecifications": made("vpc-endpoint"),
        },
    ),
    (
        "ec2",
        "CreateVpcEndpoint",
        {
            "VpcEndpointType": "Interface",
            "VpcId": VPC,
            "ServiceName": "com.amazonaws.ap-northeast-2.ssm",
            "SubnetIds": [SUBNET],
            "SecurityGroupIds": [GROUP],
            "PrivateDnsEnabled": True,
        },
    ),
    (
        "ec2",
        "CreateFlowLogs",
        {
            "ResourceIds": [VPC],
            "ResourceType": "VPC",
            "TrafficType": "ALL",
            "LogDestinationType": "s3",
            "LogDestination": "arn:aws:s3:::refarch-logs/flow/",
            "MaxAggregationInterval": 600,
            "DestinationOptions": {"FileFormat": "parquet", "HiveCompatiblePartitions": True, "PerHourPartition": False},
            "TagSpecifications": made("vpc-flow-log"),
        },
    ),
    (
        "ec2",
        "CreateFlowLogs",
        {
            "ResourceIds": [VPC],
            "ResourceType": "VPC",
            "TrafficType": "REJECT",
            "LogGroupName": "/refarch/flow",
            "DeliverLogsPermissionArn": "arn:aws:iam::123456789012:role/flow",
        },
    ),
    (
        "iam",
        "CreateRole",
        {
            "RoleName": "refarch-web",
            "AssumeRolePolicyDocument": TRUST,
            "MaxSessionDuration": 3600,
            "Path": "/refarch/",
            "PermissionsBoundary": "arn:aws:iam::123456789012:policy/boundary",
            "Tags": TAGS,
        },
    ),
    ("iam", "CreatePolicy", {"PolicyName": "refarch-read", "PolicyDocument": READ, "Tags": TAGS}),
    ("iam", "PutRolePolicy", {"RoleName": "refarch-web", "PolicyName": "read", "PolicyDocument": READ}),
    ("iam", "CreateGroup", {"GroupName": "developers"}),
    ("iam", "PutGroupPolicy", {"GroupName": "developers", "PolicyName": "read", "PolicyDocument": READ}),
    ("iam", "CreateUser", {"UserName": "kim", "Tags": TAGS}),
    (
        "kms",
        "CreateKey",
        {"Description": "data", "Policy": KEY, "KeySpec": "SYMMETRIC_DEFAULT", "Tags": [{"TagKey": "a", "TagValue": "b"}]},
    ),
    ("kms", "CreateAlias", {"AliasName": "alias/refarch-data", "TargetKeyId": "12345678-1234-1234-1234-123456789012"}),
    (
        "s3",
        "CreateBucket",
        {
            "Bucket": "refarch-data",
            "CreateBucketConfiguration": {"LocationConstraint": "ap-northeast-2"},
            "ObjectLockEnabledForBucket": True,
        },
    ),
    ("s3", "PutBucketPolicy", {"Bucket": "refarch-data", "Policy": TLS}),
    (
        "s3",
        "PutBucketEncryption",
        {
            "Bucket": "refarch-data",
            "ServerSideEncryptionConfiguration": {
                "Rules": [
                    {
                        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/refarch-data"},
                        "BucketKeyEnabled": True,
                    }
                ]
            },
        },
    ),
    ("s3", "PutBucketVersioning", {"Bucket": "refarch-data", "VersioningConfiguration": {"Status": "Enabled"}}),
    (
        "s3",
        "PutPublicAccessBlock",
        {"Bucket": "refarch-data", "PublicAccessBlockConfiguration": {"BlockPublicAcls": True, "BlockPublicPolicy": True}},
    ),
    (
        "s3",
        "PutBucketOwnershipControls",
        {"Bucket": "refarch-data", "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}},
    ),
    (
        "s3",
        "PutBucketLifecycleConfiguration",
        {
            "Bucket": "refarch-data",
            "LifecycleConfiguration": {
                "Rules": [
                    {
                        "ID": "old",
                        "Status": "Enabled",
                        "Filter": {"Prefix": "logs/"},
                        "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}],
                        "Expiration": {"Days": 365},
                        "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
                        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                    }
                ]
            },
        },
    ),
    (
        "logs",
        "CreateLogGroup",
        {"logGroupName": "/refarch/flow", "kmsKeyId": "arn:aws:kms:ap-northeast-2:123456789012:key/1", "tags": {"a": "b"}},
    ),
    ("logs", "PutRetentionPolicy", {"logGroupName": "/refarch/flow", "retentionInDays": 90}),
    (
        "logs",
        "PutMetricFilter",
        {
            "logGroupName": "/refarch/trail",
            "filterName": "root",
            "filterPattern": '{ $.userIdentity.type = "Root" }',
            "metricTransformations": [{"metricName": "Root", "metricNamespace": "refarch", "metricValue": "1", "defaultValue": 0.0}],
        },
    ),
    (
        "cloudtrail",
        "CreateTrail",
        {
            "Name": "refarch-trail",
            "S3BucketName": "refarch-logs",
            "IsMultiRegionTrail": True,
            "EnableLogFileValidation": True,
            "KmsKeyId": "alias/refarch-logs",
            "TagsList": TAGS,
        },
    ),
    ("accessanalyzer", "CreateAnalyzer", {"analyzerName": "refarch", "type": "ACCOUNT", "tags": {"a": "b"}, "clientToken": "t"}),
    ("ssm", "PutParameter", {"Name": "/refarch/test/network", "Value": "{}", "Type": "String", "Tags": TAGS}),
    ("ssm", "PutParameter", {"Name": "/refarch/test/network", "Value": "{}", "Type": "String", "Overwrite": True}),
    ("ssm", "PutParameter", {"Name": "/refarch/test/secret", "Value": "x", "Type": "SecureString", "KeyId": "alias/refarch-data"}),
    (
        "ssm",
        "CreateDocument",
        {
            "Name": "refarch-session",
            "DocumentType": "Session",
            "DocumentFormat": "JSON",
            "Content": json.dumps({"schemaVersion": "1.0", "description": "d", "sessionType": "Standard_Stream", "inputs": {}}),
        },
    ),
]

BAD = [
    ("model", "logs", "CreateLogGroup", {"logGroupName": "a b"}),
    ("model", "ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16", "InstanceTenancy": "shared"}),
    ("model", "ec2", "CreateVpc", {"Cidr": "10.0.0.0/16"}),
    ("model", "kms", "CreateAlias", {"AliasName": "alias/a b", "TargetKeyId": "x"}),
    ("policy", "iam", "CreateRole", {"RoleName": "r", "AssumeRolePolicyDocument": READ}),
    ("policy", "iam", "CreatePolicy", {"PolicyName": "p", "PolicyDocument": TRUST}),
    ("E3030", "logs", "PutRetentionPolicy", {"logGroupName": "/refarch/flow", "retentionInDays": 91}),
    ("E", "ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/33"}),
    (
        "E",
        "ec2",
        "AuthorizeSecurityGroupIngress",
        {
            "GroupId": GROUP,
            "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "300.0.0.0/0"}]}],
        },
    ),
]


def judged(tmp_path, calls):
    path = tmp_path / "calls.jsonl"
    lines = [{"service": service, "operation": name, "parameters": params, "region": "ap-northeast-2"} for service, name, params in calls]
    path.write_text("\n".join(json.dumps(line) for line in lines))
    return judge_calls(path)


def test_no_false_alarm(tmp_path):
    assert judged(tmp_path, GOOD) == []


@pytest.mark.parametrize(("judge", "service", "operation", "params"), BAD)
def test_mistakes_are_found(tmp_path, judge, service, operation, params):
    assert any(finding.judge.startswith(judge) for finding in judged(tmp_path, [(service, operation, params)]))
