"""Each line of the table of settings that belongs to a component, on the deployed base; and that each check sees a turned setting.

The checks are those of the roles' Molecule scenarios (molecule/<role>/verify.py), which look through boto3 alone.
"""

from __future__ import annotations

import io
import json
import os
import runpy
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import pytest

from tests.integration.stack import Stack, as_user
from tests.integration.standing import ACCOUNT, COMPONENTS, PREFIX, Standing
from tests.processes import ROOT, Running


@pytest.fixture(scope="module")
def emulator(standing: Standing) -> Running:
    return standing.emulator


@pytest.fixture(scope="module")
def base(standing: Standing) -> Stack:
    return standing.stack


@dataclass(frozen=True)
class Verdict:
    """How a script of checks ended."""

    returncode: int
    stdout: str
    stderr: str


def verdict(emulator: Running, component: str) -> Verdict:
    """What the component's checks say. They run in this process, which has the SDK: there are three looks at each component."""
    stack = {"STACK_PREFIX": PREFIX, "STACK_ACCOUNT_ID": ACCOUNT}
    script = str(ROOT / "molecule" / component / "verify.py")
    said, code = io.StringIO(), None
    with as_user(emulator), patch.dict(os.environ, stack), patch.object(sys, "argv", [script]), redirect_stdout(said):
        try:
            runpy.run_path(script, run_name="__main__")
        except SystemExit as ended:
            code = ended.code
    return Verdict(1 if code else 0, said.getvalue(), str(code or ""))


@pytest.mark.parametrize("component", COMPONENTS)
def test_every_setting_holds(emulator, base, component):
    done = verdict(emulator, component)
    assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-1500:]
    assert done.stdout.count("ok ") > 3


Client = Callable[..., Any]


def database_backup_retention(client: Client) -> None:
    client("rds").modify_db_instance(DBInstanceIdentifier=f"{PREFIX}-db", BackupRetentionPeriod=1, ApplyImmediately=True)


def load_balancer_header_fields(client: Client) -> None:
    elbv2 = client("elbv2")
    (balancer,) = elbv2.describe_load_balancers(Names=[f"{PREFIX}-public"])["LoadBalancers"]
    attribute = {"Key": "routing.http.drop_invalid_header_fields.enabled", "Value": "false"}
    elbv2.modify_load_balancer_attributes(LoadBalancerArn=balancer["LoadBalancerArn"], Attributes=[attribute])


def key_rotation(client: Client) -> None:
    kms = client("kms")
    kms.disable_key_rotation(KeyId=kms.describe_key(KeyId=f"alias/{PREFIX}-storage")["KeyMetadata"]["KeyId"])


def topic_encryption(client: Client) -> None:
    arn = f"arn:aws:sns:ap-northeast-2:{ACCOUNT}:{PREFIX}-critical"
    client("sns").set_topic_attributes(TopicArn=arn, AttributeName="KmsMasterKeyId", AttributeValue="")


def web_rule_group_counts(client: Client) -> None:
    waf = client("wafv2")
    (summary,) = [found for found in waf.list_web_acls(Scope="REGIONAL")["WebACLs"] if found["Name"].startswith(PREFIX)]
    which = {"Name": summary["Name"], "Scope": "REGIONAL", "Id": summary["Id"]}
    acl = waf.get_web_acl(**which)["WebACL"]
    rules = [rule for rule in acl["Rules"] if "SQLi" not in json.dumps(rule)]
    waf.update_web_acl(
        **which, DefaultAction=acl["DefaultAction"], Rules=rules, VisibilityConfig=acl["VisibilityConfig"], LockToken=summary["LockToken"]
    )


def scaling_in_one_zone(client: Client) -> None:
    scaling = client("autoscaling")
    (group,) = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[f"{PREFIX}-web"])["AutoScalingGroups"]
    scaling.update_auto_scaling_group(AutoScalingGroupName=f"{PREFIX}-web", VPCZoneIdentifier=group["VPCZoneIdentifier"].split(",")[0])


def alarm_without_action(client: Client) -> None:
    watch = client("cloudwatch")
    names = [alarm["AlarmName"] for alarm in watch.describe_alarms(AlarmNamePrefix=PREFIX)["MetricAlarms"]]
    watch.disable_alarm_actions(AlarmNames=names[:1])


def project_in_plain_text(client: Client) -> None:
    build = client("codebuild")
    (project,) = build.batch_get_projects(names=[f"{PREFIX}-build"])["projects"]
    secret = {"name": "TOKEN", "value": "x", "type": "PLAINTEXT"}
    build.update_project(name=f"{PREFIX}-build", environment={**project["environment"], "environmentVariables": [secret]})


def account_without_password_policy(client: Client) -> None:
    client("iam").update_account_password_policy(MinimumPasswordLength=8)


def bucket_without_versions(client: Client) -> None:
    client("s3").put_bucket_versioning(Bucket=f"{PREFIX}-data-{ACCOUNT}", VersioningConfiguration={"Status": "Suspended"})


def trail_without_validation(client: Client) -> None:
    client("cloudtrail").update_trail(Name=f"{PREFIX}-trail", EnableLogFileValidation=False)


def zone_without_query_log(client: Client) -> None:
    route53 = client("route53")
    (config,) = route53.list_query_logging_configs()["QueryLoggingConfigs"]
    route53.delete_query_logging_config(Id=config["Id"])


def certificate_that_is_not_logged(client: Client) -> None:
    acm = client("acm")
    (certificate,) = acm.list_certificates()["CertificateSummaryList"]
    acm.update_certificate_options(
        CertificateArn=certificate["CertificateArn"], Options={"CertificateTransparencyLoggingPreference": "DISABLED"}
    )


def alias_whatever_its_health(client: Client) -> None:
    route53 = client("route53")
    zone = next(zone["Id"] for zone in route53.list_hosted_zones()["HostedZones"] if not zone["Config"]["PrivateZone"])
    records = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    alias = next(record for record in records if "AliasTarget" in record)
    turned = {**alias, "AliasTarget": {**alias["AliasTarget"], "EvaluateTargetHealth": False}}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": turned}]})


def rollback_of_deployments(client: Client) -> None:
    client("codedeploy").update_deployment_group(
        applicationName=f"{PREFIX}-services", currentDeploymentGroupName="web", autoRollbackConfiguration={"enabled": False}
    )


def ssh_from_anywhere(client: Client) -> None:
    ec2 = client("ec2")
    (group,) = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [f"{PREFIX}-web"]}])["SecurityGroups"]
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[ssh])


def backup_tag(client: Client) -> None:
    rds = client("rds")
    (instance,) = rds.describe_db_instances(DBInstanceIdentifier=f"{PREFIX}-db")["DBInstances"]
    rds.remove_tags_from_resource(ResourceName=instance["DBInstanceArn"], TagKeys=["Backup"])


def session_preferences(client: Client) -> None:
    ssm = client("ssm")
    content = json.loads(ssm.get_document(Name=f"{PREFIX}-session")["Content"])
    content["inputs"]["idleSessionTimeout"] = "60"
    made = ssm.update_document(Name=f"{PREFIX}-session", Content=json.dumps(content), DocumentVersion="$LATEST")["DocumentDescription"]
    ssm.update_document_default_version(Name=f"{PREFIX}-session", DocumentVersion=made["DocumentVersion"])


def association_that_goes_on_after_failures(client: Client) -> None:
    ssm = client("ssm")
    wanted = [{"key": "AssociationName", "value": f"{PREFIX}-configure-web"}]
    (listed,) = ssm.list_associations(AssociationFilterList=wanted)["Associations"]
    found = ssm.describe_association(AssociationId=listed["AssociationId"])["AssociationDescription"]
    kept = (
        "AssociationId", "AssociationName", "ComplianceSeverity", "MaxConcurrency", "Name", "OutputLocation", "Parameters",
        "ScheduleExpression", "Targets",
    )  # fmt: skip
    ssm.update_association(**{key: found[key] for key in kept}, MaxErrors="100%")


TURNED: list[tuple[str, Callable[[Client], None]]] = [
    ("alerting", topic_encryption),
    ("audit", trail_without_validation),
    ("backup", backup_tag),
    ("certificate", certificate_that_is_not_logged),
    ("database", database_backup_retention),
    ("dns", alias_whatever_its_health),
    ("hosted_zones", zone_without_query_log),
    ("identity", account_without_password_policy),
    ("keys", key_rotation),
    ("load_balancer", load_balancer_header_fields),
    ("monitoring", alarm_without_action),
    ("network", ssh_from_anywhere),
    ("node_configuration", association_that_goes_on_after_failures),
    ("pipeline", project_in_plain_text),
    ("pipeline", rollback_of_deployments),
    ("protection", web_rule_group_counts),
    ("servers", scaling_in_one_zone),
    ("session_access", session_preferences),
    ("storage", bucket_without_versions),
]


@pytest.mark.parametrize(("component", "turn"), TURNED, ids=[turn.__name__ for _component, turn in TURNED])
def test_a_turned_setting_is_seen(emulator, base, component, turn):
    turn(emulator.client)
    done = verdict(emulator, component)
    assert done.returncode == 1, f"{component} did not notice"
    assert "FAILED" in done.stdout


def test_no_component_is_left_out():
    assert {component for component, _turn in TURNED} == set(COMPONENTS)


def test_the_next_run_turns_all_of_them_back(emulator, base):
    base.apply()
    assert {component: verdict(emulator, component).returncode for component in COMPONENTS} == dict.fromkeys(COMPONENTS, 0)
