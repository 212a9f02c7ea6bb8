"""Associations: on what stands, on what comes, again when they change or when asked; in batches, and not after too many errors."""

from __future__ import annotations

import json

import pytest

from emulator.instances.machine import missing
from tests.unit.emulator.instances.conftest import until

pytestmark = pytest.mark.skipif(missing() is not None, reason=missing() or "")

CONTENT = {
    "schemaVersion": "2.2",
    "parameters": {"Release": {"type": "String"}},
    "mainSteps": [
        {
            "action": "aws:runShellScript",
            "name": "run",
            "inputs": {"runCommand": ["echo {{ Release }} >> /srv/releases", "[ {{ Release }} != bad ]"]},
        }
    ],
}


@pytest.fixture(scope="module")
def ssm(emulator):
    made = emulator.client("ssm")
    made.create_document(Name="shop-converge", DocumentType="Command", Content=json.dumps(CONTENT))
    return made


def associate(ssm, tier, release, **more):
    targets = [{"Key": "tag:Tier", "Values": [tier]}]
    created = ssm.create_association(Name="shop-converge", Targets=targets, Parameters={"Release": [release]}, **more)
    return created["AssociationDescription"]["AssociationId"]


def executions(ssm, association, count):
    """The statuses by instance of each execution, the oldest first, once *count* have ended."""

    def ended():
        found = ssm.describe_association_executions(AssociationId=association)["AssociationExecutions"]
        return found if len(found) >= count and all(one["Status"] != "InProgress" for one in found) else None

    found = []
    for one in reversed(until(ended)):
        targets = ssm.describe_association_execution_targets(AssociationId=association, ExecutionId=one["ExecutionId"])
        found.append({target["ResourceId"]: target["Status"] for target in targets["AssociationExecutionTargets"]})
    return found


def releases(ssm, name):
    """What was released on the instance *name*, in order."""
    sent = ssm.send_command(DocumentName="AWS-RunShellScript", InstanceIds=[name], Parameters={"commands": ["cat /srv/releases"]})
    invocation = {"CommandId": sent["Command"]["CommandId"], "InstanceId": name}
    return until(lambda: (one := ssm.get_command_invocation(**invocation))["Status"] == "Success" and one)["StandardOutputContent"].split()


def test_from_the_first_instance_to_a_change(ssm, another):
    first = another("web")
    association = associate(ssm, "web", "one")
    assert executions(ssm, association, 1) == [{first: "Success"}]
    second = another("web")
    assert executions(ssm, association, 2) == [{first: "Success"}, {second: "Success"}]
    ssm.update_association(
        AssociationId=association,
        Name="shop-converge",
        Targets=[{"Key": "tag:Tier", "Values": ["web"]}],
        Parameters={"Release": ["two"]},
    )
    assert executions(ssm, association, 3)[2] == {first: "Success", second: "Success"}
    assert releases(ssm, first) == ["one", "two"]
    assert releases(ssm, second) == ["one", "two"]
    ssm.start_associations_once(AssociationIds=[association])
    assert len(executions(ssm, association, 4)) == 4
    (listed,) = ssm.list_associations(AssociationFilterList=[{"key": "AssociationId", "value": association}])["Associations"]
    assert (listed["Overview"]["Status"], listed["Overview"]["AssociationStatusAggregatedCount"]) == ("Success", {"Success": 2})


def test_a_bad_release_stops_at_the_threshold(ssm, another):
    names = sorted(another("app") for _ in range(3))
    association = associate(ssm, "app", "bad", MaxConcurrency="1", MaxErrors="0")
    (found,) = executions(ssm, association, 1)
    assert sorted(found) == names
    assert sorted(found.values()) == ["Failed", "Skipped", "Skipped"]
    assert ssm.describe_association(AssociationId=association)["AssociationDescription"]["Overview"]["Status"] == "Failed"


def test_only_by_its_schedule_if_it_says_so(ssm, another):
    name = another("later")
    association = associate(ssm, "later", "one", ScheduleExpression="cron(0 2 ? * SUN *)", ApplyOnlyAtCronInterval=True)
    other = associate(ssm, "later", "two", ScheduleExpression="rate(30 minutes)")
    assert executions(ssm, other, 1) == [{name: "Success"}]
    assert ssm.describe_association_executions(AssociationId=association)["AssociationExecutions"] == []


def test_what_became_of_it_is_told_and_kept(ssm, emulator, another):
    """A node that failed does not comply, EventBridge hears of it, and what it said is in the bucket; after a good run it complies."""
    name = another("told")
    s3, events, sqs = emulator.client("s3"), emulator.client("events"), emulator.client("sqs")
    s3.create_bucket(Bucket="shop-output", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
    queue = sqs.create_queue(QueueName="shop-heard")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    kind = "EC2 State Manager Instance Association State Change"
    pattern = {"source": ["aws.ssm"], "detail-type": [kind], "detail": {"status": ["Failed"], "instance-id": [name]}}
    events.put_rule(Name="shop-failed", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="shop-failed", Targets=[{"Id": "queue", "Arn": arn}])
    where = {"S3Location": {"OutputS3BucketName": "shop-output", "OutputS3KeyPrefix": "told"}}
    association = associate(ssm, "told", "bad", ComplianceSeverity="HIGH", OutputLocation=where, AssociationName="shop-told")
    assert executions(ssm, association, 1) == [{name: "Failed"}]
    (item,) = ssm.list_compliance_items(ResourceIds=[name])["ComplianceItems"]
    assert (item["Status"], item["Severity"], item["Title"]) == ("NON_COMPLIANT", "HIGH", "shop-told")
    bad = ssm.list_resource_compliance_summaries(Filters=[{"Key": "Status", "Values": ["NON_COMPLIANT"]}])
    (summary,) = [one for one in bad["ResourceComplianceSummaryItems"] if one["ResourceId"] == name]
    assert summary["NonCompliantSummary"] == {"NonCompliantCount": 1, "SeveritySummary": {"HighCount": 1}}
    (message,) = until(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"))
    assert json.loads(message["Body"])["detail"]["association-id"] == association

    ssm.update_association(
        AssociationId=association, Name="shop-converge", Targets=[{"Key": "tag:Tier", "Values": ["told"]}],
        Parameters={"Release": ["good"]}, OutputLocation=where, AssociationName="shop-told",
    )  # fmt: skip
    assert executions(ssm, association, 2)[1] == {name: "Success"}
    assert [item["Status"] for item in ssm.list_compliance_items(ResourceIds=[name])["ComplianceItems"]] == ["COMPLIANT"]
    # The role AmazonSSMManagedInstanceCore may not write: nothing is kept, and nothing else is the worse for it.
    assert "Contents" not in s3.list_objects_v2(Bucket="shop-output")
