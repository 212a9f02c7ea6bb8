"""What Terraform asks of AWS, and the emulator once answered otherwise."""

from __future__ import annotations

import http.client
import json

ACCOUNT = "123456789012"


def test_absolute_request_target(emulator):
    """S3 Control's host begins with the account, so it is reached through a proxy: the target then is a whole URL (RFC 9112, 3.2.2)."""
    connection = http.client.HTTPConnection("127.0.0.1", emulator.port, timeout=10)
    host = f"{ACCOUNT}.127.0.0.1:{emulator.port}"
    head = {
        "Host": host,
        "x-amz-account-id": ACCOUNT,
        "Authorization": "AWS4-HMAC-SHA256 Credential=A/20260101/ap-northeast-2/s3/aws4_request, SignedHeaders=host, Signature=0",
    }
    connection.request("GET", f"http://{host}/v20180820/configuration/publicAccessBlock", headers=head)
    answer = connection.getresponse()
    assert (answer.status, b"NoSuchPublicAccessBlockConfiguration" in answer.read()) == (404, True)


def test_flow_log_by_the_arn_of_its_group(emulator):
    ec2, logs = emulator.client("ec2"), emulator.client("logs")
    logs.create_log_group(logGroupName="/terraform/flow")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    arn = f"arn:aws:logs:ap-northeast-2:{ACCOUNT}:log-group:/terraform/flow"
    role = f"arn:aws:iam::{ACCOUNT}:role/flow"
    ec2.create_flow_logs(ResourceIds=[vpc], ResourceType="VPC", TrafficType="ALL", LogDestination=arn, DeliverLogsPermissionArn=role)
    found = ec2.describe_flow_logs(Filters=[{"Name": "resource-id", "Values": [vpc]}])["FlowLogs"][0]
    assert (found["LogGroupName"], found["LogDestination"], found["DeliverLogsStatus"]) == ("/terraform/flow", arn, "SUCCESS")
    ec2.delete_flow_logs(FlowLogIds=[found["FlowLogId"]])
    ec2.delete_vpc(VpcId=vpc)
    logs.delete_log_group(logGroupName="/terraform/flow")


def test_key_without_words_is_for_encryption(emulator):
    key = emulator.client("kms").create_key()["KeyMetadata"]
    assert (key["KeyUsage"], key["KeySpec"], key["MultiRegion"]) == ("ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", False)


def test_target_by_the_shape_of_the_service(emulator):
    """botocore says com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101, the newer SDKs the last part only."""
    connection = http.client.HTTPConnection("127.0.0.1", emulator.port, timeout=10)
    head = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "CloudTrail_20131101.GetTrail",
        "Authorization": "AWS4-HMAC-SHA256 Credential=A/20260101/ap-northeast-2/cloudtrail/aws4_request, SignedHeaders=host, Signature=0",
    }
    connection.request("POST", "/", b'{"Name": "terraform"}', headers=head)
    answer = connection.getresponse()
    assert (answer.status, b"TrailNotFoundException" in answer.read()) == (400, True)


def test_patch_groups_and_their_baselines(emulator):
    """DescribePatchGroups lists what is registered, by prefix of the group and by operating system."""
    ssm = emulator.client("ssm")
    baseline = ssm.create_patch_baseline(Name="terraform-baseline", OperatingSystem="AMAZON_LINUX_2023")["BaselineId"]
    ssm.register_patch_baseline_for_patch_group(BaselineId=baseline, PatchGroup="terraform-group")
    mapping = ssm.describe_patch_groups(Filters=[{"Key": "NAME_PREFIX", "Values": ["terraform-"]}])["Mappings"]
    assert [(item["PatchGroup"], item["BaselineIdentity"]["BaselineId"]) for item in mapping] == [("terraform-group", baseline)]
    assert mapping[0]["BaselineIdentity"]["OperatingSystem"] == "AMAZON_LINUX_2023"
    assert ssm.describe_patch_groups(Filters=[{"Key": "OPERATING_SYSTEM", "Values": ["WINDOWS"]}])["Mappings"] == []
    ssm.deregister_patch_baseline_for_patch_group(BaselineId=baseline, PatchGroup="terraform-group")
    ssm.delete_patch_baseline(BaselineId=baseline)


def test_tags_of_a_vault_without_a_slash_at_the_end(emulator):
    """ListTags is GET /tags/{resourceArn}/ in botocore's model; the SDK for Go leaves the last slash out."""
    emulator.client("backup").create_backup_vault(BackupVaultName="terraform-vault", BackupVaultTags={"Component": "backup"})
    arn = f"arn:aws:backup:ap-northeast-2:{ACCOUNT}:backup-vault:terraform-vault"
    head = {"Authorization": "AWS4-HMAC-SHA256 Credential=A/20260101/ap-northeast-2/backup/aws4_request, SignedHeaders=host, Signature=0"}
    for path in (f"/tags/{arn}", f"/tags/{arn}/"):
        connection = http.client.HTTPConnection("127.0.0.1", emulator.port, timeout=10)
        connection.request("GET", path, headers=head)
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["Tags"]) == (200, {"Component": "backup"})
    emulator.client("backup").delete_backup_vault(BackupVaultName="terraform-vault")


def test_a_zone_with_a_vpc_is_private(emulator):
    ec2, route53 = emulator.client("ec2"), emulator.client("route53")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    zone = route53.create_hosted_zone(
        Name="terraform.internal", CallerReference="terraform", VPC={"VPCRegion": "ap-northeast-2", "VPCId": vpc}
    )["HostedZone"]
    found = route53.get_hosted_zone(Id=zone["Id"])
    assert (found["HostedZone"]["Config"]["PrivateZone"], [one["VPCId"] for one in found["VPCs"]]) == (True, [vpc])
    route53.delete_hosted_zone(Id=zone["Id"])
    ec2.delete_vpc(VpcId=vpc)


def test_a_scaling_policy_is_on_unless_told_otherwise(emulator):
    """DescribePolicies says Enabled, and tells only the configuration of the policy's own type."""
    ec2, scaling = emulator.client("ec2"), emulator.client("autoscaling")
    zone = ec2.describe_availability_zones()["AvailabilityZones"][0]["ZoneName"]
    image = ec2.describe_images(Owners=["amazon"], MaxResults=5)["Images"][0]["ImageId"]
    data = {"ImageId": image, "InstanceType": "t4g.small"}
    template = ec2.create_launch_template(LaunchTemplateName="terraform", LaunchTemplateData=data)["LaunchTemplate"]["LaunchTemplateId"]
    named = {"AutoScalingGroupName": "terraform"}
    scaling.create_auto_scaling_group(
        **named, MinSize=0, MaxSize=0, AvailabilityZones=[zone], LaunchTemplate={"LaunchTemplateId": template, "Version": "1"}
    )
    tracking = {"PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}, "TargetValue": 60.0}
    kind = {"PolicyType": "TargetTrackingScaling", "TargetTrackingConfiguration": tracking}
    scaling.put_scaling_policy(**named, PolicyName="on", **kind)
    scaling.put_scaling_policy(**named, PolicyName="off", Enabled=False, **kind)
    found = scaling.describe_policies(**named)["ScalingPolicies"]
    assert {policy["PolicyName"]: policy["Enabled"] for policy in found} == {"on": True, "off": False}
    assert not any("PredictiveScalingConfiguration" in policy for policy in found)
    scaling.delete_auto_scaling_group(**named, ForceDelete=True)
    ec2.delete_launch_template(LaunchTemplateId=template)
