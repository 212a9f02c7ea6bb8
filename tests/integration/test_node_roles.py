"""The node roles on emulated instances, applied through Run Command: from an empty server to releases that work, fail and are
interrupted. Amazon Linux can't be booted here, so that its packages and systemd are not in it."""

from __future__ import annotations

import http.server
import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pg8000.dbapi
import pytest
import yaml

from emulator.instances.machine import missing
from emulator.instances.network import RESOLVER
from tests import nodes, postgres
from tests.nodes import Node
from tests.packages import needed
from tests.processes import REGION, ROOT, start
from tests.unit.emulator.instances.conftest import CORE, connected, launcher, until

pytestmark = [pytest.mark.long, pytest.mark.skipif(missing() is not None, reason=missing() or "")]

APPS = ROOT / "files" / "apps"
PORTS = {"web": 8080, "app": 8081}
DATABASE = "database.example.internal"
#: What an instance's profile must allow for these roles, besides Systems Manager.
ACTIONS = [
    "ec2:DescribeInstances",
    "kms:Decrypt",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
    "elasticloadbalancing:RegisterTargets",
    "elasticloadbalancing:DeregisterTargets",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameter",
]
#: The kernel's settings that each network namespace has for itself. The others are this machine's own.
SYSCTL = {
    name: value
    for name, value in yaml.safe_load((ROOT / "roles" / "node_base" / "defaults" / "main.yml").read_text(encoding="utf-8"))[
        "node_base_sysctl"
    ].items()
    if name.startswith("net.ipv4.conf.")
}


class Tier:
    """A server with the role of its tier."""

    def __init__(self, name: str, node: Node, variables: dict):
        self.name, self.node, self.variables = name, node, variables

    def arguments(self, release: str, folder: Path, **more: object) -> tuple:
        return {**self.variables, f"node_{self.name}_release_id": release, **more}, folder

    def apply(self, release: str, folder: Path | None = None, *options: str, base: bool = False, **more: object) -> nodes.Done:
        """Apply the role with *folder* (that of the repository) as *release*. *base*: with node_base."""
        variables, folder = self.arguments(release, folder or APPS / self.name, **more)
        roles = [*(["node_base"] if base else []), f"node_{self.name}"]
        return self.node.apply(roles, folder, variables, *options)

    def health(self) -> tuple[int, str]:
        """(status, release that answers)."""
        status, said = self.node.get(PORTS[self.name], "/health", "--head" if self.name == "web" else "--include")
        found = [line.partition(": ")[2].strip() for line in said.splitlines() if line.lower().startswith("x-release")]
        return status, found[0] if found else ""

    def releases(self) -> list[str]:
        return self.node.said(f"ls /opt/refarch/{self.name}/releases").split()


@pytest.fixture(scope="module")
def emulator():
    needed(shutil.which("nginx", path="/usr/sbin:/usr/bin"), "nginx-light")
    needed(shutil.which("logrotate", path="/usr/sbin:/usr/bin"), "logrotate")
    postgres.installed()
    running = start("emulator", "--port", "0", "--instances")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def database():
    with postgres.postgres(DATABASE) as running:
        connection = pg8000.dbapi.connect(
            user=postgres.USER, password=postgres.PASSWORD, host="localhost", port=running.port, database="postgres"
        )
        connection.autocommit = True
        connection.cursor().execute("CREATE DATABASE shop")
        connection.close()
        yield running


@pytest.fixture(scope="module")
def authorities(database):
    """The port of a server that has the authorities of the database at /bundle.pem."""
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(database.certificate.parent))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def group(emulator):
    """The target group of the web tier, with a load balancer before it."""
    ec2, balancing = emulator.client("ec2"), emulator.client("elbv2")
    subnets = ec2.describe_subnets()["Subnets"]
    guard = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
    made = balancing.create_target_group(
        Name="web", Protocol="HTTP", Port=PORTS["web"], VpcId=subnets[0]["VpcId"], TargetType="instance", HealthCheckPath="/health",
        HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=2, HealthyThresholdCount=2,
    )  # fmt: skip
    arn = made["TargetGroups"][0]["TargetGroupArn"]
    delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "1"}
    balancing.modify_target_group_attributes(TargetGroupArn=arn, Attributes=[delay])
    placed = balancing.create_load_balancer(
        Name="web", Subnets=[one["SubnetId"] for one in subnets[:2]], SecurityGroups=[guard], Scheme="internal"
    )
    forward = [{"Type": "forward", "TargetGroupArn": arn}]
    balancer = placed["LoadBalancers"][0]["LoadBalancerArn"]
    balancing.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=forward)
    return arn


@pytest.fixture(scope="module")
def tiers(emulator, database, authorities, group):
    """The two servers, empty but for Ansible."""
    launch = launcher(emulator)
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ACTIONS, "Resource": "*"}]}
    policy = emulator.client("iam").create_policy(PolicyName="node", PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    secret = {"username": postgres.USER, "password": postgres.PASSWORD}
    secret_arn = emulator.client("secretsmanager").create_secret(Name="master", SecretString=json.dumps(secret))["ARN"]
    where = {"endpoint_address": DATABASE, "endpoint_port": database.port, "database_name": "shop", "master_user_secret_arn": secret_arn}
    emulator.client("ssm").put_parameter(Name="/shop/test/database", Type="String", Value=json.dumps(where))
    with nodes.reachable(emulator, database.port, authorities):
        made = {}
        for name in ("web", "app"):
            instance = launch("node", policies=(CORE, policy))
            until(lambda instance=instance: connected(emulator, instance["InstanceId"]), 90)
            made[name] = Node(emulator, instance["InstanceId"], instance["PrivateIpAddress"])
        both(lambda name: made[name].ready())
        made["app"].said(f"echo {RESOLVER} {DATABASE} >> /etc/hosts")
        base = {
            "node_base_region": REGION,
            "node_base_cloudwatch_agent": False,
            "node_base_codedeploy_agent": False,
            "node_base_sysctl": SYSCTL,
        }
        web = {
            "node_web_port": PORTS["web"],
            "node_web_app_url": f"http://{made['app'].address}:{PORTS['app']}",
            "node_web_release_folder": nodes.RELEASE,
            "node_web_region": REGION,
            "node_web_target_group_name": "web",
            "node_web_instance_id": made["web"].id,
        }
        app = {
            "node_app_port": PORTS["app"],
            "node_app_database_parameter": "/shop/test/database",
            "node_app_certificate_authorities_url": f"http://{RESOLVER}:{authorities}/server.crt",
            "node_app_release_folder": nodes.RELEASE,
            "node_app_wheels_folder": nodes.WHEELS,
            "node_app_region": REGION,
            "node_app_environment": {"AWS_ENDPOINT_URL": f"http://{RESOLVER}:{emulator.port}", "MIGRATION_ATTEMPTS": "1"},
        }
        yield {"web": Tier("web", made["web"], base | web), "app": Tier("app", made["app"], base | app)}


@pytest.fixture(scope="module")
def web(tiers):
    return tiers["web"]


@pytest.fixture(scope="module")
def app(tiers):
    return tiers["app"]


def both(work):
    """What *work* gives for each tier, side by side."""
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(("web", "app"), pool.map(work, ("web", "app")), strict=True))


def good(done: nodes.Done) -> nodes.Done:
    assert done.code == 0, done.output
    return done


def copied(folder: Path, tier: str, **replaced: tuple[str, str]) -> Path:
    """A release of *tier* in *folder*, with the file of each key (its / as __) changed: (from, to)."""
    shutil.copytree(APPS / tier, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name, (before, after) in replaced.items():
        file = next(path for path in folder.rglob("*") if path.stem == name)
        text = file.read_text(encoding="utf-8")
        assert before in text
        file.write_text(text.replace(before, after), encoding="utf-8")
    return folder


def states(emulator, group) -> list[str]:
    found = emulator.client("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return [one["TargetHealth"]["State"] for one in found]


def calls_of_targets(emulator) -> list[str]:
    """RegisterTargets and DeregisterTargets since the last look."""
    calls = emulator.get("/emulator/requests")["requests"]
    emulator.post("/emulator/requests/reset")
    return [call["operation"] for call in calls if call["operation"] in ("RegisterTargets", "DeregisterTargets")]


def test_a_plan_of_an_empty_server_does_nothing(tiers):
    seen = "ls -A /etc/refarch /opt/refarch /etc/sysctl.d /etc/nginx; cat /etc/shadow /etc/nginx/nginx.conf | md5sum; pgrep -c nginx"
    seen = f"({seen}) 2>&1 || true"
    before = both(lambda name: tiers[name].node.said(seen))
    done = both(lambda name: tiers[name].apply("one", None, "--check", base=True))
    for name in ("web", "app"):
        assert good(done[name]).recap["changed"] > 5
        assert tiers[name].node.said(seen) == before[name]


def test_the_first_run_configures_and_the_second_changes_nothing(tiers):
    for name, done in both(lambda name: tiers[name].apply("one", base=True)).items():
        assert good(done).recap["changed"] > 5
        assert tiers[name].health() == (200, "one")
    for done in both(lambda name: tiers[name].apply("one", base=True)).values():
        assert good(done).recap["changed"] == 0, done.output


def test_what_each_server_is_hardened_by(web):
    assert web.node.said(f"sysctl --values {' '.join(SYSCTL)}").split() == [str(value) for value in SYSCTL.values()]
    assert web.node.said("awk -F: '$2 !~ /^[!*]/' /etc/shadow") == ""
    assert web.node.said("stat --format %a /root /etc/passwd").split() == ["700", "644"]
    assert int(web.node.said("stat --format %a /etc/shadow"), 8) & 0o137 == 0
    assert web.node.said("bash -lc umask") == "0027"
    assert web.node.said("grep ^UMASK /etc/login.defs") == "UMASK 027"
    assert "root hard core 0" in web.node.said("cat /etc/security/limits.d/90-refarch.conf")
    assert web.node.said("pgrep -x sshd || echo none") == "none"
    web.node.said("logrotate --debug /etc/logrotate.d/refarch 2>&1 | grep 'log files'")


def test_what_opens_a_way_in_is_closed_again(web):
    """By the next run: a password, a key, and files that others may change."""
    web.node.said("echo 'daemon:not-a-secret' | chpasswd; chmod 0666 /etc/passwd; sysctl -w net.ipv4.conf.all.accept_redirects=1")
    web.node.said("mkdir -p /home/some/.ssh; touch /home/some/.ssh/authorized_keys; echo umask 000 > /etc/profile.d/refarch.sh")
    assert good(web.apply("one", base=True)).recap["changed"] == 5
    assert web.node.said("grep ^daemon: /etc/shadow").startswith("daemon:!")
    assert web.node.said("ls -A /home/some/.ssh; stat --format %a /etc/passwd; bash -lc umask") == "644\n0027"
    assert web.node.said("sysctl --values net.ipv4.conf.all.accept_redirects") == "0"


def test_the_page_and_the_rows_come_through_both_tiers(tiers):
    status, page = tiers["app"].node.get(0, "/", "--url", f"http://{tiers['web'].node.address}:{PORTS['web']}/", "--include")
    assert "X-Frame-Options: DENY" in page and "<h1>Shop</h1>" in page
    status, rows = tiers["web"].node.get(PORTS["web"], "/api/items")
    assert status == 200, tiers["app"].node.said("cat /var/log/refarch/app.log")
    assert [item["name"] for item in json.loads(rows)["items"]] == ["A spoon", "A plate", "A cup"]
    assert tiers["web"].node.get(PORTS["web"], "/nothing")[0] == 404


def test_the_service_is_nobody_special_and_keeps_no_secret(app):
    assert app.node.said("ps -o user= -p $(cat /run/shop-app.pid)") == "shop-app"
    assert postgres.PASSWORD not in app.node.said("cat /etc/refarch/app.env /proc/$(cat /run/shop-app.pid)/environ | tr '\\0' '\\n'")
    assert app.node.said("stat --format '%U %a' /etc/refarch/app.env /var/log/refarch/app.log").splitlines()[0] == "root 644"
    assert "GET /health" in app.node.said("cat /var/log/refarch/app.log")
    assert app.node.said("getent passwd shop-app").endswith(":/nonexistent:/usr/sbin/nologin")


def test_the_service_can_be_stopped_and_started_by_the_nodes_init(app):
    first = app.node.said("cat /run/shop-app.pid")
    assert app.node.said("service shop-app start; cat /run/shop-app.pid") == first
    app.node.said("service shop-app restart")
    assert app.node.said("cat /run/shop-app.pid") != first
    until(lambda: app.health()[0] == 200)
    app.node.said("service shop-app stop; service shop-app stop")
    assert app.node.run("service", "shop-app", "status").returncode == 3
    assert app.node.said("pgrep -u shop-app || echo none") == "none"
    app.node.said("service shop-app start; service shop-app status")
    until(lambda: app.health()[0] == 200)


def test_a_new_release_is_switched_outside_of_the_target_group(emulator, group, web, tmp_path):
    emulator.client("elbv2").register_targets(TargetGroupArn=group, Targets=[{"Id": web.node.id}])
    until(lambda: states(emulator, group) == ["healthy"], 30)
    calls_of_targets(emulator)
    good(web.apply("two", copied(tmp_path / "two", "web", index=("<h1>Shop", "<h1>Second shop"))))
    assert calls_of_targets(emulator) == ["DeregisterTargets", "RegisterTargets"]
    assert states(emulator, group) == ["healthy"]
    assert web.health() == (200, "two")
    assert "Second shop" in web.node.get(PORTS["web"], "/")[1]
    assert web.releases() == ["one", "two"]


def test_a_release_that_can_not_work_is_refused_while_the_old_one_serves(emulator, group, web, tmp_path):
    calls_of_targets(emulator)
    done = web.apply("wrong", copied(tmp_path / "wrong", "web", **{"web.conf": ("root @HOME@", "rooot @HOME@")}))
    assert done.code != 0
    assert "Release wrong of web does not work (Prepare the release: " in done.output
    assert "release two serves" in done.output
    assert calls_of_targets(emulator) == []
    assert (web.health(), web.releases()) == ((200, "two"), ["one", "two"])


def test_a_bad_release_goes_back_to_the_one_before(emulator, group, web, tmp_path):
    calls_of_targets(emulator)
    release = copied(tmp_path / "bad", "web", **{"web.conf": ("return 200 '", "return 500 '")})
    done = web.apply("bad", release, "-e", "node_release_validation_attempts=3")
    assert done.code != 0
    assert "Release bad of web does not work (" in done.output, done.output
    assert "release two serves" in done.output
    assert web.health() == (200, "two") and "bad" not in web.releases()
    assert calls_of_targets(emulator) == ["DeregisterTargets", "RegisterTargets"]
    assert states(emulator, group) == ["healthy"]
    assert web.node.get(PORTS["web"], "/api/items")[0] == 200


def test_other_settings_start_the_same_release_anew(app):
    more = {**app.variables["node_app_environment"], "GREETING": "it's me"}
    assert good(app.apply("one", node_app_environment=more)).recap["changed"] > 0
    assert "GREETING=it's me" in app.node.said("tr '\\0' '\\n' < /proc/$(cat /run/shop-app.pid)/environ")


def test_a_killed_run_is_completed_by_the_next(emulator, group, web, tmp_path):
    """Killed after the server has left its group and the release counts."""
    hang = "if [[ ! -e /run/hung ]]; then touch /run/hung; sleep 600; fi\nhome="
    release = copied(tmp_path / "three", "web", start=("home=", hang))
    variables, folder = web.arguments("three", release)
    command = web.node.begin(["node_web"], folder, variables)
    until(lambda: web.node.said("ls /run/hung 2>/dev/null || true"), 60)
    web.node.run("pkill", "--signal", "KILL", "-f", "ansible|start.sh|sleep 600")
    assert web.node.ended(command).code != 0
    assert states(emulator, group) in ([], ["unused"], ["draining"])
    good(web.apply("three", release))
    assert states(emulator, group) == ["healthy"]
    assert web.health() == (200, "three")
    assert web.releases() == ["three", "two"]


def test_a_deployment_of_codedeploy_is_left_alone(web):
    """Its hooks run the release's scripts; the role goes on when it has another release."""
    web.node.put("/opt/codedeploy-agent/archive", [(APPS / "web", ".")])
    for event in ("AfterInstall", "ApplicationStart", "ValidateService"):
        web.node.said(f"DEPLOYMENT_ID=d-ABC LIFECYCLE_EVENT={event} bash /opt/codedeploy-agent/archive/scripts/deploy.sh")
    assert web.health() == (200, "d-ABC")
    assert good(web.apply("three")).recap["changed"] == 0
    assert web.health() == (200, "d-ABC")
