"""When a failed module run is worth another."""

from __future__ import annotations

import pytest

from ansible_collections.refarch.aws.plugins.plugin_utils.runner import retry
from ansible_collections.refarch.aws.plugins.plugin_utils.runner.retry import Trouble


def call(operation="DescribeVpcs", code=None, reads=None, ambiguous=False, status=None, message=""):
    reads = operation.startswith(("Describe", "Get", "List")) if reads is None else reads
    return {
        "service": "ec2",
        "operation": operation,
        "reads": reads,
        "code": code,
        "ambiguous": ambiguous,
        "status": status,
        "message": message,
    }


@pytest.mark.parametrize(
    ("calls", "lately", "trouble"),
    [
        ([], False, Trouble.NONE),
        ([call()], False, Trouble.NONE),
        ([call(code="RequestLimitExceeded")], False, Trouble.TRANSPORT),
        ([call(code="ConnectionClosedError")], False, Trouble.TRANSPORT),
        ([call("CreateVpc", code="AnswerUnknown", ambiguous=True)], False, Trouble.TRANSPORT),
        ([call(code="InternalFailure", status=500)], False, Trouble.TRANSPORT),
        ([call(code="NotImplemented", status=501)], False, Trouble.NONE),
        ([call(code="AccessDenied", status=403)], True, Trouble.NONE),
        # the echo of an attempt that was done after all
        ([call("AttachInternetGateway", code="Resource.AlreadyAssociated", ambiguous=True)], False, Trouble.TRANSPORT),
        ([call("AttachInternetGateway", code="Resource.AlreadyAssociated")], False, Trouble.NONE),
        # not yet visible
        ([call("CreateFlowLogs", code="InvalidParameter", message="The role cannot be assumed")], False, Trouble.CONSISTENCY),
        (
            [call("PutKeyPolicy", code="MalformedPolicyDocumentException", message="contains invalid principals: invalid principal")],
            False,
            Trouble.CONSISTENCY,
        ),
        (
            [
                call(
                    "CreateQueryLoggingConfig",
                    code="InsufficientCloudWatchLogsResourcePolicy",
                    message="The resource policy that you're using doesn't grant Route 53 sufficient permission to create a log stream",
                )
            ],
            False,
            Trouble.CONSISTENCY,
        ),
        ([call("CreateWebACL"), call("AssociateWebACL", code="WAFUnavailableEntityException")], False, Trouble.CONSISTENCY),
        ([call("AssociateWebACL", code="WAFUnavailableEntityException")], False, Trouble.NONE),
        ([call("CreateIPSet"), call("CreateWebACL", code="WAFNonexistentItemException")], False, Trouble.CONSISTENCY),
        ([call("CreateVpc"), call(code="InvalidVpcID.NotFound")], False, Trouble.CONSISTENCY),
        ([call(code="InvalidVpcID.NotFound")], True, Trouble.CONSISTENCY),
        ([call(code="InvalidVpcID.NotFound")], False, Trouble.NONE),
    ],
)
def test_trouble(calls, lately, trouble):
    assert retry.trouble_of({"calls": calls}, lately) is trouble


def test_pauses_grow_to_a_second_and_a_half():
    assert all(0.05 <= retry.pause(attempt) <= 1.5 for attempt in range(1, 40) for _ in range(20))
    assert max(retry.pause(1) for _ in range(200)) <= 0.2


def test_patience_is_two_minutes_for_consistency():
    assert retry.patience(Trouble.CONSISTENCY) == 120
    assert retry.patience(Trouble.TRANSPORT) > retry.patience(Trouble.CONSISTENCY)
    assert retry.patience(Trouble.NONE) == 0
