"""Which operation only reads: judged against botocore's models."""

from __future__ import annotations

import botocore.session
import pytest

from ansible_collections.refarch.aws.plugins.plugin_utils.runner import operations

SERVICES = ["accessanalyzer", "cloudtrail", "ec2", "iam", "kms", "logs", "resourcegroupstaggingapi", "s3", "s3control", "ssm", "sts"]
SESSION = botocore.session.get_session()


@pytest.mark.parametrize("service", SERVICES)
def test_no_operation_that_a_rest_service_sends_with_put_or_delete_counts_as_reading(service):
    model = SESSION.get_service_model(service)
    wrong = [
        name
        for name in model.operation_names
        if operations.is_read(service, name) and model.operation_model(name).http.get("method") in ("PUT", "DELETE", "PATCH")
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("service", "operation", "reads"),
    [
        ("ec2", "DescribeVpcs", True),
        ("iam", "GetRole", True),
        ("s3", "HeadBucket", True),
        ("sts", "AssumeRole", True),
        ("ec2", "GetFlowLogsIntegrationTemplate", False),
        ("ec2", "CreateVpc", False),
        ("iam", "GenerateCredentialReport", False),
        ("kms", "GetParametersForImport", False),
        ("ssm", "PutParameter", False),
        ("any", "FrobnicateThing", False),
        ("any", "Getaway", False),
    ],
)
def test_reading_and_writing(service, operation, reads):
    assert operations.is_read(service, operation) is reads


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("CreateVpc", "create"),
        ("AllocateAddress", "create"),
        ("PutBucketPolicy", "update"),
        ("ScheduleKeyDeletion", "delete"),
        ("ReleaseAddress", "delete"),
    ],
)
def test_what_a_writing_operation_does(operation, action):
    assert operations.action_of(operation) == action


@pytest.mark.parametrize(
    ("service", "operation", "anew"),
    [
        ("ec2", "CreateVpc", True),
        ("ec2", "AllocateAddress", True),
        ("kms", "CreateKey", True),
        ("ec2", "CreateNatGateway", False),  # carries a ClientToken
        ("ec2", "CreateTags", False),
        ("iam", "CreateRole", False),  # a second one with this name is refused
        ("iam", "CreatePolicyVersion", True),
        ("s3", "PutBucketPolicy", False),
    ],
)
def test_what_could_make_a_second_thing_if_it_were_sent_again(service, operation, anew):
    assert operations.creates_anew(SESSION.get_service_model(service).operation_model(operation)) is anew
