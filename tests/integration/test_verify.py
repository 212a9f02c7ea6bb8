"""playbooks/verify.yml on the deployed base, with a domain and a Slack of its own; and each fault turns one check red, and no other."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ansible_collections.refarch.aws.plugins.plugin_utils.verify.checks import checks, sentence
from tests.integration.stack import Done, Stack, as_user
from tests.integration.standing import ACCOUNT, COMPONENTS, PREFIX, Slack, Standing
from tests.modules import run_module
from tests.processes import Running

DATABASE = f"arn:aws:rds:ap-northeast-2:{ACCOUNT}:db:{PREFIX}-db"
BUCKET = f"{PREFIX}-data-{ACCOUNT}"
SECRET = f"{PREFIX}-slack-webhook"

SQL_INJECTION = ("protection", "an SQL injection is blocked")
SLACK = ("alerting", "an alarm reaches Slack")
#: The local inventory leaves it out: nobody boots servers here (test_three_tiers.py has some).
SERVERS = ("node_configuration", "servers apply what is to be on them")
MASTER_SECRET = ("database", "the master secret is readable by the app tier's role only")

Client = Callable[..., Any]
Mutation = Callable[[Client], contextlib.AbstractContextManager[None]]


@pytest.fixture(scope="module")
def emulator(standing: Standing) -> Running:
    return standing.emulator


@pytest.fixture(scope="module")
def base(standing: Standing) -> Stack:
    return standing.stack


@pytest.fixture(scope="module")
def slack(standing: Standing) -> Slack:
    return standing.slack


class Found:
    """Checks, by component and name."""

    def __init__(self, told: list[dict[str, str]]):
        self.checks = {(check["component"], check["check"]): check for check in told}

    def of(self, status: str) -> list[tuple[str, str]]:
        return [name for name, check in self.checks.items() if check["status"] == status]


class Verified(Found):
    """A run of the playbook: how it ended, and its checks."""

    def __init__(self, stack: Stack, *arguments: str, **settings: Any):
        playbook = Stack(stack.url, stack.folder, "verify.yml", {**stack.settings, "verify_wait_timeout_seconds": 60})
        file = stack.folder / "verify.json"
        file.unlink(missing_ok=True)
        self.done: Done = playbook.run(*arguments, **settings)
        self.verdict = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        super().__init__(self.verdict.get("checks", []))


def quiet(stack: Stack, *arguments: str, **settings: Any) -> Verified:
    """Without the alarm, whose way is tested by itself."""
    return Verified(stack, *arguments, **{"verify_alarm": False, "verify_wait_timeout_seconds": 3, **settings})


def test_all_is_well(base, slack):
    """First in this file: the others begin with what it saw."""
    found = Verified(base)
    assert found.done.code == 0, found.done.output[-3000:]
    assert found.done.total("failed") == 0
    assert (found.of("failed"), found.of("not applicable")) == ([], [SERVERS])
    assert found.checks[SERVERS]["found"] == "verify_servers is false"
    assert len(found.of("passed")) == 16
    reference = found.checks[SLACK]["found"].partition(", ")[2].split()[0]
    assert reference in json.dumps(slack.taken)
    assert "ALARM: refarch-local-function-throttles" in slack.taken[0]["text"]


def test_the_alarm_is_back_in_its_state(emulator, base):
    alarms = emulator.client("cloudwatch").describe_alarms(StateValue="ALARM", AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    assert (alarms["MetricAlarms"], alarms["CompositeAlarms"]) == ([], [])


def test_check_mode_writes_nothing(emulator, base, slack):
    emulator.post("/emulator/requests/reset")
    told = len(slack.taken)
    found = Verified(base, "--check")
    assert (found.done.code, found.of("failed"), found.of("not applicable")) == (0, [], [SLACK, SERVERS])
    assert (emulator.get("/emulator/requests?limit=0")["writes"], len(slack.taken)) == (0, told)


def test_the_foundation_of_it_alone(base):
    found = quiet(base, stack_scenario="foundation")
    assert found.done.code == 0
    assert {component for component, _check in found.checks} == {"storage", "network", "audit"}


def test_what_does_not_stand_is_one_error(base):
    found = quiet(base, stack_environment="elsewhere")
    assert found.done.code != 0 and found.verdict == {}
    assert "stack_scenario: base does not stand in /refarch/elsewhere; build it before it is verified" in found.done.output


@pytest.mark.parametrize(
    ("left_out", "names"),
    [
        ("verify_alarm", [SLACK]),
        (
            "verify_requests",
            [
                ("load_balancer", "HTTP becomes HTTPS"),
                ("protection", "a harmless request is let in"),
                ("protection", "cross-site scripting is blocked"),
                SQL_INJECTION,
            ],
        ),
    ],
)
def test_what_is_left_out_says_so(base, left_out, names):
    found = quiet(base, **{left_out: False})
    assert found.done.code == 0
    others = {SERVERS, SLACK} if left_out != "verify_alarm" else {SERVERS}
    assert sorted({*found.of("not applicable")} - others) == sorted(names)
    assert all(found.checks[name]["found"] == f"{left_out} is false" for name in names)


class Judged(Found):
    """What the playbook would find but for the alarm, without a run of it: the same evidence, and the same judgement."""

    def __init__(self, emulator: Running):
        path = "/refarch/local/"
        pages = emulator.client("ssm").get_paginator("get_parameters_by_path").paginate(Path=path)
        registry = {one["Name"].removeprefix(path): json.loads(one["Value"]) for page in pages for one in page["Parameters"]}
        place = {"project": "refarch", "environment": "local", "connect_to": f"127.0.0.1:{emulator.port}"}
        with as_user(emulator):
            looked = run_module("stack_evidence", **place, registry=registry, servers=False, wait_timeout_seconds=3)
        self.found = checks(looked["evidence"], [component for component in COMPONENTS if component in registry])
        super().__init__([check.told() for check in self.found])


# -- faults: what turns one check red, and back -------------------------------------------------------------------------
@contextlib.contextmanager
def target_deregistered(client: Client) -> Iterator[None]:
    elbv2 = client("elbv2")
    (group,) = elbv2.describe_target_groups(Names=[f"{PREFIX}-web"])["TargetGroups"]
    targets = elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]
    which = {"TargetGroupArn": group["TargetGroupArn"], "Targets": [targets[0]["Target"]]}
    elbv2.deregister_targets(**which)
    yield
    elbv2.register_targets(**which)


@contextlib.contextmanager
def server_stopped(client: Client) -> Iterator[None]:
    ec2, elbv2 = client("ec2"), client("elbv2")
    (group,) = elbv2.describe_target_groups(Names=[f"{PREFIX}-app"])["TargetGroups"]
    targets = elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]
    ec2.stop_instances(InstanceIds=[targets[0]["Target"]["Id"]])
    yield
    ec2.start_instances(InstanceIds=[targets[0]["Target"]["Id"]])


@contextlib.contextmanager
def web_reads_the_secret(client: Client) -> Iterator[None]:
    with role_policy(client, "web", {"Effect": "Allow", "Action": "secretsmanager:Get*", "Resource": "*"}):
        yield


@contextlib.contextmanager
def app_decrypts_nothing(client: Client) -> Iterator[None]:
    with role_policy(client, "app", {"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*"}):
        yield


@contextlib.contextmanager
def role_policy(client: Client, tier: str, statement: dict[str, Any]) -> Iterator[None]:
    which = {"RoleName": f"{PREFIX}-server-{tier}", "PolicyName": "more"}
    client("iam").put_role_policy(**which, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    yield
    client("iam").delete_role_policy(**which)


@contextlib.contextmanager
def backup_tag_removed(client: Client) -> Iterator[None]:
    client("rds").remove_tags_from_resource(ResourceName=DATABASE, TagKeys=["Backup"])
    yield
    client("rds").add_tags_to_resource(ResourceName=DATABASE, Tags=[{"Key": "Backup", "Value": PREFIX}])


@contextlib.contextmanager
def restore_test_removed(client: Client) -> Iterator[None]:
    backup = client("backup")
    which = {"RestoreTestingPlanName": f"{PREFIX}_restore".replace("-", "_"), "RestoreTestingSelectionName": "s3"}
    kept = backup.get_restore_testing_selection(**which)["RestoreTestingSelection"]
    backup.delete_restore_testing_selection(**which)
    yield
    again = ("RestoreTestingSelectionName", "IamRoleArn", "ProtectedResourceArns", "ProtectedResourceConditions", "ProtectedResourceType")
    backup.create_restore_testing_selection(
        RestoreTestingPlanName=which["RestoreTestingPlanName"], RestoreTestingSelection={key: kept[key] for key in again}
    )


@contextlib.contextmanager
def web_acl(client: Client, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> Iterator[None]:
    waf = client("wafv2")
    (summary,) = [found for found in waf.list_web_acls(Scope="REGIONAL")["WebACLs"] if found["Name"].startswith(PREFIX)]
    which = {"Name": summary["Name"], "Scope": "REGIONAL", "Id": summary["Id"]}
    acl = waf.get_web_acl(**which)["WebACL"]

    def update(rules: list[dict[str, Any]]) -> None:
        token = waf.get_web_acl(**which)["LockToken"]
        waf.update_web_acl(
            **which, DefaultAction=acl["DefaultAction"], Rules=rules, VisibilityConfig=acl["VisibilityConfig"], LockToken=token
        )

    update(change(acl["Rules"]))
    yield
    update(acl["Rules"])


@contextlib.contextmanager
def sql_rules_removed(client: Client) -> Iterator[None]:
    with web_acl(client, lambda rules: [rule for rule in rules if "SQLi" not in json.dumps(rule)]):
        yield


@contextlib.contextmanager
def ssh_opened(client: Client) -> Iterator[None]:
    ec2 = client("ec2")
    (group,) = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [f"{PREFIX}-web"]}])["SecurityGroups"]
    ssh = {"IpProtocol": "tcp", "FromPort": 20, "ToPort": 30, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[ssh])
    yield
    ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[ssh])


@contextlib.contextmanager
def database_public(client: Client) -> Iterator[None]:
    client("rds").modify_db_instance(DBInstanceIdentifier=f"{PREFIX}-db", PubliclyAccessible=True, ApplyImmediately=True)
    yield
    client("rds").modify_db_instance(DBInstanceIdentifier=f"{PREFIX}-db", PubliclyAccessible=False, ApplyImmediately=True)


@contextlib.contextmanager
def bucket_may_be_public(client: Client) -> Iterator[None]:
    block = client("s3").get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    client("s3").put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration={**block, "BlockPublicPolicy": False})
    yield
    client("s3").put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=block)


@contextlib.contextmanager
def trail_stopped(client: Client) -> Iterator[None]:
    client("cloudtrail").stop_logging(Name=f"{PREFIX}-trail")
    yield
    client("cloudtrail").start_logging(Name=f"{PREFIX}-trail")


@contextlib.contextmanager
def http_answers_itself(client: Client) -> Iterator[None]:
    elbv2 = client("elbv2")
    (balancer,) = elbv2.describe_load_balancers(Names=[f"{PREFIX}-public"])["LoadBalancers"]
    listeners = elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    (plain,) = [listener for listener in listeners if listener["Port"] == 80]
    answer = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200", "ContentType": "text/plain"}}]
    elbv2.modify_listener(ListenerArn=plain["ListenerArn"], DefaultActions=answer)
    yield
    elbv2.modify_listener(ListenerArn=plain["ListenerArn"], DefaultActions=plain["DefaultActions"])


@contextlib.contextmanager
def pipeline_removed(client: Client) -> Iterator[None]:
    pipelines = client("codepipeline")
    kept = pipelines.get_pipeline(name=f"{PREFIX}-pipeline")["pipeline"]
    pipelines.delete_pipeline(name=f"{PREFIX}-pipeline")
    yield
    pipelines.create_pipeline(pipeline=kept)


FAULTS: list[tuple[Mutation, tuple[str, str], str]] = [
    (target_deregistered, ("load_balancer", f"targets of {PREFIX}-web"), "1 healthy, at least 2 must be"),
    (server_stopped, ("load_balancer", f"targets of {PREFIX}-app"), "1 healthy, at least 2 must be"),
    (web_reads_the_secret, MASTER_SECRET, f"{PREFIX}-server-web may read it"),
    (app_decrypts_nothing, MASTER_SECRET, f"{PREFIX}-server-app may not kms:Decrypt (explicitDeny)"),
    (backup_tag_removed, ("backup", f"RDS {PREFIX}-db is backed up"), "no selection of a backup plan covers it"),
    (restore_test_removed, ("backup", f"S3 {BUCKET} is backed up"), "the restore testing plan refarch_local_restore does not select it"),
    (sql_rules_removed, SQL_INJECTION, f"the answer is 301, and {PREFIX}-public has no rule group AWSManagedRulesSQLiRuleSet"),
    (ssh_opened, ("network", "no security group opens 22 or 3389"), "lets 0.0.0.0/0 to port 22"),
    (database_public, ("database", "the database is not public"), f"{PREFIX}-db is publicly accessible"),
    (bucket_may_be_public, ("storage", "no bucket can be public"), f"{BUCKET} lacks BlockPublicPolicy"),
    (trail_stopped, ("audit", "the trail logs"), "does not log"),
    (http_answers_itself, ("load_balancer", "HTTP becomes HTTPS"), "the answer is 200"),
    (pipeline_removed, ("pipeline", "the pipeline is there"), f"{PREFIX}-pipeline is not there"),
]


@pytest.mark.parametrize(("fault", "check", "words"), FAULTS, ids=[fault.__name__ for fault, _check, _words in FAULTS])
def test_a_fault_turns_one_check_red(emulator, base, fault, check, words):
    with fault(emulator.client):
        judged = Judged(emulator)
    assert judged.of("failed") == [check], judged.checks
    assert words in judged.checks[check]["found"]
    assert sentence(judged.found).startswith(f"1 of {len(judged.checks)} checks failed: {check[0]} ({check[1]}")


def test_a_fault_fails_the_run_with_one_sentence(emulator, base):
    fault, check, words = FAULTS[0]
    with fault(emulator.client):
        found = quiet(base)
    assert found.of("failed") == [check] and words in found.checks[check]["found"]
    assert found.done.code != 0 and found.done.total("failed") == 1
    said = " ".join(found.verdict["failed"].split())
    assert said.startswith(f"1 of {len(found.checks)} checks failed: {check[0]} ({check[1]}")


def test_groups_that_only_count_are_named(emulator, base):
    def counting(rules):
        return [{**rule, "OverrideAction": {"Count": {}}} if "SQLi" in json.dumps(rule) else rule for rule in rules]

    with web_acl(emulator.client, counting):
        found = Judged(emulator)
    assert (found.of("failed"), sentence(found.found)) == ([], "")
    assert found.checks[SQL_INJECTION]["status"] == "not applicable"
    assert "AWSManagedRulesSQLiRuleSet only counts" in found.checks[SQL_INJECTION]["found"]


def test_faults_of_the_way_to_slack(emulator, base, slack):
    """Last in this file: what is not delivered is tried again, and ends among the dead letters."""
    secrets = emulator.client("secretsmanager")
    nobody = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    port = nobody.server_address[1]
    nobody.server_close()
    secrets.put_secret_value(SecretId=SECRET, SecretString=f"http://127.0.0.1:{port}/services/x")
    told = len(slack.taken)
    found = Verified(base)
    assert found.of("failed") == [SLACK], found.done.output[-3000:]
    assert "ConnectionRefusedError" in found.checks[SLACK]["found"]
    assert (found.done.code != 0, len(slack.taken)) == (True, told)
    named = Verified(base, verify_alarm_name=f"{PREFIX}-deployment-web")
    assert f"{PREFIX}-deployment-web is not one of them" in named.checks[SLACK]["found"]
