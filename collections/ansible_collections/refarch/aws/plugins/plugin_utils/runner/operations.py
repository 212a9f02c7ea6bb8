# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which API operation only reads. Fail closed: a verb that is not known to read is a write."""

from __future__ import annotations

import re

READING_VERB = re.compile(
    r"^(?:Batch)?(?:Describe|Get|List|Head|Lookup|Search|Simulate|Preview|Validate|Query|Filter|Select|Scan)(?=[A-Z0-9]|$)"
)

#: Reads, or without a lasting effect, though the verb does not show it. Source: access levels Read and List of the
#: Service Authorization Reference.
ALSO_READS = {
    "cloudfront": {"TestFunction"},
    "ecr": {"BatchCheckLayerAvailability"},
    "events": {"TestEventPattern"},
    "glue": {"CheckSchemaVersionValidity"},
    "kms": {"Decrypt", "Encrypt", "GenerateDataKey", "GenerateRandom", "Verify", "VerifyMac"},
    "logs": {"TestMetricFilter", "TestTransformer"},
    "rds": {"DownloadDBLogFilePortion"},
    "route53": {"TestDNSAnswer"},
    "sts": {"AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "AssumeRoot", "DecodeAuthorizationMessage"},
    "wafv2": {"CheckCapacity"},
}

#: Named like a read, but they start, store or hand out something.
STILL_WRITES = {
    "athena": {"GetSessionEndpoint"},
    "ec2": {"GetFlowLogsIntegrationTemplate"},
    "glue": {"GetConnectionToken"},
    "kms": {"GetParametersForImport"},
    "quicksight": {"GetDashboardEmbedUrl", "GetSessionEmbedUrl"},
    "ssm": {"GetAccessToken"},
}

CREATING_VERB = re.compile(r"^(?:Create|Allocate|Run|Request|Register|Import|Copy|Restore|Publish|Start)(?=[A-Z0-9])")
REMOVING_VERB = re.compile(
    r"^(?:Delete|Remove|Detach|Disassociate|Deregister|Release|Revoke|Terminate|Unsubscribe|Untag|Stop|Cancel|Schedule.*Deletion)"
)


#: Creates that AWS itself does only once: a second one with the same name (or block, or destination) is refused as existing,
#: and setting the same tags again changes nothing. Source: the error codes of each operation in its API reference.
ONCE_BY_NAME = {
    "accessanalyzer": {"CreateAnalyzer"},
    "cloudtrail": {"CreateTrail"},
    "ec2": {"CreateNetworkAclEntry", "CreateRoute", "CreateSecurityGroup", "CreateSubnet", "CreateTags"},
    "iam": {"CreateGroup", "CreateInstanceProfile", "CreatePolicy", "CreateRole", "CreateUser"},
    "kms": {"CreateAlias"},
    "lambda": {"CreateFunction"},
    "logs": {"CreateLogGroup"},
    "s3": {"CreateBucket"},
    "sns": {"CreateTopic"},
    "sqs": {"CreateQueue"},
    "ssm": {"CreateDocument"},
}


def is_read(service: str, operation: str) -> bool:
    """Whether *operation* (API name, C(DescribeVpcs)) of *service* (botocore's id, C(ec2)) changes nothing."""
    if operation in STILL_WRITES.get(service, ()):
        return False
    return bool(READING_VERB.match(operation)) or operation in ALSO_READS.get(service, ())


def action_of(operation: str) -> str:
    """C(create), C(update) or C(delete), as the verb of a writing operation says."""
    if CREATING_VERB.match(operation):
        return "create"
    return "delete" if REMOVING_VERB.match(operation) else "update"


def creates_anew(operation_model) -> bool:
    """Whether repeating a call of *operation_model* (botocore) could make a second thing: it creates, without token or unique name."""
    if not CREATING_VERB.match(operation_model.name):
        return False
    if operation_model.name in ONCE_BY_NAME.get(operation_model.service_model.service_name, ()):
        return False
    shape = operation_model.input_shape
    return shape is None or not any(member.metadata.get("idempotencyToken") for member in shape.members.values())
