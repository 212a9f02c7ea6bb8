"""The base with its servers: the load balancer asks web, web asks app, app asks PostgreSQL; and what happens to them happens without an
error for who asks."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.authorization import needs
from emulator.instances.machine import missing
from tests.integration.stack import Done, Stack
from tests.processes import ROOT, Running, start

pytestmark = pytest.mark.skipif(missing() is not None, reason=missing() or "")

TIERS = ("web", "app")
#: Seconds that a server may need from its launch until it serves, with another one beside it on two cores.
PATIENCE = 300
#: Header in the answers of the applications that the tests release.
RELEASE = "X-Test-Release"


@pytest.fixture(scope="module")
def emulator() -> Iterator[Running]:
    running = start("emulator", "--port", "0", "--instances")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The applications, to be changed."""
    folder = tmp_path_factory.mktemp("apps") / "apps"
    shutil.copytree(ROOT / "files" / "apps", folder)
    return folder


@pytest.fixture(scope="module")
def servers(long: bool) -> int:
    """Servers of each tier: two, or with the short tests alone one, since each costs half a minute."""
    return 2 if long else 1


@pytest.fixture(scope="module")
def base(emulator: Running, apps: Path, servers: int, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    sizes = dict.fromkeys(TIERS, servers)
    settings = {
        "node_configuration_apps_folder": str(apps), "servers_min_sizes": sizes, "servers_desired_capacities": sizes,
    }  # fmt: skip
    stack = Stack(emulator.url, tmp_path_factory.mktemp("base"), settings=settings)
    stack.apply()
    return stack


class Balancer:
    """The public load balancer, asked as curl asks it."""

    def __init__(self, emulator: Running):
        self.port = emulator.port
        balancers = emulator.client("elbv2").describe_load_balancers()["LoadBalancers"]
        (self.host,) = (one["DNSName"] for one in balancers if one["Scheme"] == "internet-facing")

    def ask(self, path: str = "/api/items") -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path, headers={"Host": self.host, "User-Agent": "curl/8"})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()
        finally:
            connection.close()


class Asking:
    """Asks again and again until the context ends. *answers*: how often which status came; *releases*: how often which release."""

    def __init__(self, balancer: Balancer):
        self._balancer = balancer
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.answers: Counter[str] = Counter()
        self.releases: Counter[str] = Counter()

    def _run(self) -> None:
        while not self._over.wait(0.05):
            try:
                status, headers, _body = self._balancer.ask()
            except OSError as error:
                self.answers[type(error).__name__] += 1
                continue
            self.answers[str(status)] += 1
            self.releases[headers.get(RELEASE, "first")] += 1

    def __enter__(self) -> Asking:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def assert_none_failed(self) -> None:
        assert set(self.answers) == {"200"} and self.answers.total() > 20, self.answers


@pytest.fixture(scope="module")
def balancer(base: Stack, emulator: Running) -> Balancer:
    return Balancer(emulator)


def until(look: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, f"not within {seconds} seconds"
        time.sleep(0.5)
    return found


def healthy(emulator: Running, tier: str) -> set[str]:
    client = emulator.client("elbv2")
    (group,) = client.describe_target_groups(Names=[f"refarch-local-{tier}"])["TargetGroups"]
    described = client.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]
    return {one["Target"]["Id"] for one in described if one["TargetHealth"]["State"] == "healthy"}


def release(apps: Path, name: str, health: str = "OK") -> None:
    """Change both applications, whose answers say *name*. *health*: what the app tier's health check answers."""
    shutil.copytree(ROOT / "files" / "apps" / "app", apps / "app", dirs_exist_ok=True)
    file = apps / "app" / "src" / "shop_app" / "server.py"
    text = file.read_text(encoding="utf-8")
    for now, then in (
        (
            'self.send_header("Cache-Control", "no-store")',
            f'self.send_header("{RELEASE}", "{name}"); self.send_header("Cache-Control", "no-store")',
        ),
        ('return HTTPStatus.OK, {"status": "ok"}', f'return HTTPStatus.{health}, {{"status": "{name}"}}'),
    ):
        assert text.count(now) == 1, now
        text = text.replace(now, then)
    file.write_text(text, encoding="utf-8")
    page = (ROOT / "files" / "apps" / "web" / "static" / "index.html").read_text(encoding="utf-8")
    (apps / "web" / "static" / "index.html").write_text(page.replace("<h1>Shop</h1>", f"<h1>{name}</h1>"), encoding="utf-8")


def applied(emulator: Running) -> dict[str, str]:
    """By node: what became of the latest run of the app tier's association."""
    ssm = emulator.client("ssm")
    (association,) = ssm.list_associations(AssociationFilterList=[{"key": "AssociationName", "value": "refarch-local-configure-app"}])[
        "Associations"
    ]
    items = ssm.list_compliance_items(Filters=[{"Key": "Id", "Values": [association["AssociationId"]]}])["ComplianceItems"]
    return {item["ResourceId"]: item["Status"] for item in items}


def test_one_request_goes_through_both_tiers_to_the_database(balancer):
    status, headers, body = balancer.ask()
    assert status == 200 and [item["name"] for item in json.loads(body)["items"]] == ["A spoon", "A plate", "A cup"]
    assert headers["Server"] == "nginx" and headers["X-Content-Type-Options"] == "nosniff"
    assert "<h1>Shop</h1>" in balancer.ask("/")[2]
    # The web ACL is before all of it.
    assert balancer.ask("/api/items?id=1%27%20OR%20%271%27=%271")[0] == 403


def test_servers_are_configured_by_nobody_and_nothing_listens_that_need_not(emulator, servers, balancer):
    """All servers are managed, without an SSH server, a key pair or a rule for its port."""
    ec2, ssm = emulator.client("ec2"), emulator.client("ssm")
    stand = [one for entry in ec2.describe_instances()["Reservations"] for one in entry["Instances"] if one["State"]["Name"] == "running"]
    assert len(stand) == 2 * servers and all("KeyName" not in server for server in stand)
    assert len(ssm.describe_instance_information()["InstanceInformationList"]) == 2 * servers
    assert ec2.describe_key_pairs()["KeyPairs"] == []
    rules = ec2.describe_security_group_rules()["SecurityGroupRules"]
    assert [rule for rule in rules if rule["IpProtocol"] == "tcp" and rule["FromPort"] <= 22 <= rule["ToPort"]] == []
    for name, said in run_on_all(
        emulator, "ss -Hltn | awk '{print $4}' | sed 's/.*://' | sort -u | tr '\\n' ' '; pgrep -x sshd || echo none"
    ).items():
        assert said.split() == ["8080", "none"], (name, said)


def verified(base: Stack) -> Done:
    """What playbooks/verify.yml finds, but for the way of an alarm."""
    stack = Stack(base.url, base.folder, "verify.yml", base.settings)
    return stack.run(verify_servers=True, verify_alarm=False)


def test_verify_finds_every_server_configured(base, servers, balancer):
    found = verified(base)
    assert found.code == 0, found.output[-3000:]
    assert f"ok   node_configuration: servers apply what is to be on them: {servers} app, {servers} web" in found.output
    assert f"ok   load_balancer: targets of refarch-local-web: {servers} healthy" in found.output


def run_on_all(emulator: Running, command: str) -> dict[str, str]:
    """What *command* prints on each server."""
    ssm = emulator.client("ssm")
    targets = [{"Key": "tag:Environment", "Values": ["local"]}]
    sent = ssm.send_command(DocumentName="AWS-RunShellScript", Targets=targets, Parameters={"commands": [command]})["Command"]

    def ended() -> list[dict[str, Any]] | None:
        found = ssm.list_command_invocations(CommandId=sent["CommandId"], Details=True)["CommandInvocations"]
        return found if found and all(one["Status"] == "Success" for one in found) else None

    return {one["InstanceId"]: one["CommandPlugins"][0]["Output"] for one in until(ended, 30)}


@pytest.mark.long
def test_a_third_server_serves_and_a_lost_one_is_replaced_with_nobody_acting(emulator, balancer):
    scaling = emulator.client("autoscaling")
    before = healthy(emulator, "web")
    with Asking(balancer) as asking:
        scaling.set_desired_capacity(AutoScalingGroupName="refarch-local-web", DesiredCapacity=3)
        three = until(lambda: (found := healthy(emulator, "web")) >= before and len(found) == 3 and found)
        lost = sorted(before)[0]
        emulator.client("ec2").terminate_instances(InstanceIds=[lost])
        until(lambda: lost not in (found := healthy(emulator, "web")) and len(found) == 3 and found - three)
    # The lost one may have been asked while it went, and not again afterwards.
    assert asking.answers["200"] > 20 and sum(count for answer, count in asking.answers.items() if answer != "200") <= 2, asking.answers
    scaling.set_desired_capacity(AutoScalingGroupName="refarch-local-web", DesiredCapacity=2)
    until(lambda: len(healthy(emulator, "web")) == 2)


@pytest.mark.long
def test_a_release_reaches_all_servers_and_no_request_fails(base, emulator, balancer, apps):
    release(apps, "second")
    with Asking(balancer) as asking:
        done = base.apply("--tags", "node_configuration")
    asking.assert_none_failed()
    assert done.recap["node_configuration"]["changed"] > 0
    assert asking.releases["second"] and {balancer.ask()[1][RELEASE] for _time in range(6)} == {"second"}
    assert all("<h1>second</h1>" in balancer.ask("/")[2] for _time in range(4))
    assert set(applied(emulator).values()) == {"COMPLIANT"} and len(healthy(emulator, "app")) == 2


def pushed(base: Stack, *arguments: str) -> Done:
    stack = Stack(base.url, base.folder, "configure_servers.yml", inventory="local/aws_ec2.yml")
    return stack.apply(*arguments)


@pytest.mark.long
def test_a_push_finds_nothing_to_change_and_leaves_nothing_behind(base, emulator):
    done = pushed(base, "-e", "configure_servers_serial=100%")
    assert len([name for name in done.recap if name.startswith("i-")]) == 4 and done.total("changed") == 0
    assert emulator.client("ssm").describe_sessions(State="Active")["Sessions"] == []
    assert "Contents" not in emulator.client("s3").list_objects_v2(Bucket="refarch-local-transfer-123456789012")


@pytest.mark.long
def test_a_bad_release_stops_and_the_old_one_serves(base, emulator, balancer, apps):
    release(apps, "third", health="INTERNAL_SERVER_ERROR")
    with Asking(balancer) as asking:
        done = base.run("--tags", "node_configuration")
    asking.assert_none_failed()
    assert done.code == 2 and re.search(
        r"refarch-local-configure-app was not applied to i-\w+ \(Failed\), i-\w+ \(Skipped\)", done.output
    ), done.output[-3000:]
    assert set(asking.releases) == {"second"}
    assert Counter(applied(emulator).values()) == {"NON_COMPLIANT": 2} and len(healthy(emulator, "app")) == 2
    found = verified(base)
    assert found.code == 2 and len(re.findall(r"i-\w+ \(app\) could not apply it", found.output)) >= 2, found.output[-3000:]


#: Statements of the servers' policies that nothing here needs: Systems Manager's, CloudWatch's and CodeDeploy's agents are no programs of
#: emulated servers, nobody patches them, and nobody logs in to the database by IAM.
UNNEEDED = {
    "Agent", "Channels", "Dimensions", "Documents", "FilesOfAws", "LogGroups", "LogIn", "Logs", "Messages", "Metrics",
    "ReadCodeDeployAgent", "WriteLogs",
}  # fmt: skip


#: What only a release and a session need, which the long tests have.
LONG_ONLY = {"LeaveTargetGroup", "LogBucket"}


def statements(emulator: Running, role: str) -> list[dict[str, Any]]:
    """Of all policies of *role*."""
    iam = emulator.client("iam")
    found = [
        iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    ]
    for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        version = iam.get_policy(PolicyArn=attached["PolicyArn"])["Policy"]["DefaultVersionId"]
        found.append(iam.get_policy_version(PolicyArn=attached["PolicyArn"], VersionId=version)["PolicyVersion"]["Document"])
    return [statement for document in found for statement in document["Statement"]]


def test_servers_may_do_what_they_must_and_nothing_else(base, emulator, servers):
    """The emulator refuses what a server's role may not. Of what it may, each statement was needed by a recorded call, or is UNNEEDED."""
    calls = [call for call in emulator.get("/emulator/requests?limit=100000")["requests"] if call["caller"]]
    assert [call for call in calls if call["status"] in (401, 403)] == []
    for tier in TIERS:
        role = f"refarch-local-server-{tier}"
        mine = [call for call in calls if call["caller"].endswith(f"/{role}")]
        needed = {need.action for call in mine for need in needs(call["service"], call["operation"], call["parameters"])}
        assert needed, f"{role} called nothing"
        unneeded = {one["Sid"] for one in statements(emulator, role) if not needed.intersection(one["Action"])}
        assert unneeded <= (UNNEEDED if servers > 1 else UNNEEDED | LONG_ONLY), (role, unneeded - UNNEEDED)


def test_it_goes_with_its_servers(base, emulator):
    base.remove()
    servers = emulator.client("ec2").describe_instances()["Reservations"]
    assert {one["State"]["Name"] for entry in servers for one in entry["Instances"]} <= {"terminated"}
    assert emulator.client("ssm").describe_instance_information()["InstanceInformationList"] == []
