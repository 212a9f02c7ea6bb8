"""Environments in one account, two of them or with LONG=1 three: none touches another, and what is the account's goes with the last."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.authorization import Place, Policies, needs
from tests.integration.inventory import listing
from tests.integration.stack import Stack, writes
from tests.processes import REGION, ROOT, Running
from tools import deployer_policy
from tools.tour import components_of

ACCOUNT = "123456789012"
NAMES = ("staging", "local", "production")
#: The account's, and nobody's by its name.
SESSIONS = "SSM-SessionManagerRunShell"
NOBODY = str(ROOT / "files" / "aws" / "no_profile.ini")


class Environment(Stack):
    """An environment as a user has it who filled in the account, with credentials and secrets in the process's environment."""

    def __init__(self, emulator: Running, inventory: str, folder: Path):
        # inventories/local has its account, and keeps the others' out.
        settings = {} if inventory == "local" else {"stack_account_id": ACCOUNT}
        super().__init__(emulator.url, folder, settings=settings, inventory=inventory)
        self.emulator, self.record = emulator, folder / "calls.jsonl"

    def environment(self, **more: str) -> dict[str, str]:
        real = {
            "AWS_ACCESS_KEY_ID": "emulator-key-id",
            "AWS_SECRET_ACCESS_KEY": "emulator-secret-key",
            "AWS_CONFIG_FILE": NOBODY,
            "AWS_SHARED_CREDENTIALS_FILE": NOBODY,
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        secret = {"SLACK_WEBHOOK_URL": f"https://hooks.slack.com/services/T0/B0/{self.inventory}"}
        return super().environment(**({} if self.inventory == "local" else real), **secret, REFARCH_RECORD=str(self.record), **more)

    def assert_unchanged(self) -> None:
        """A run finds nothing to change, and writes nothing but its lock."""
        self.emulator.post("/emulator/requests/reset")
        done = self.apply()
        assert (done.total("changed"), done.report["changes"]) == (0, [])
        assert writes(self.emulator) == 2


def stands(emulator: Running) -> dict[str, dict[str, list[str]]]:
    """What carries the name of each environment, by kind."""
    everything = listing(emulator)
    found = {}
    for name in NAMES:
        own = (f"refarch-{name}", f"refarch_{name}", f"refarch/{name}/", f"{name}.internal")
        kinds = {kind: [one for one in names if any(part in one for part in own)] for kind, names in everything.items()}
        found[name] = {kind: names for kind, names in kinds.items() if names}
    return found


def account_wide(emulator: Running) -> dict[str, Any]:
    """The settings that an account and region have once."""
    ec2, ssm = emulator.client("ec2"), emulator.client("ssm")
    control = emulator.client("s3control")
    control.meta.events.register("before-call.s3-control", without_account_in_host)
    return {
        "password policy": found(lambda: emulator.client("iam").get_account_password_policy()["PasswordPolicy"]),
        "volumes are encrypted": ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"],
        "public access": found(lambda: control.get_public_access_block(AccountId=ACCOUNT)["PublicAccessBlockConfiguration"]),
        "analyzers": len(emulator.client("accessanalyzer").list_analyzers()["analyzers"]),
        "backed up": emulator.client("backup").describe_region_settings()["ResourceTypeOptInPreference"],
        "documents": ssm.get_service_setting(SettingId="/ssm/documents/console/public-sharing-permission")["ServiceSetting"][
            "SettingValue"
        ],
        "sessions": found(lambda: ssm.get_document(Name=SESSIONS)["Status"]),
    }


def without_account_in_host(params: dict[str, Any], **_more: Any) -> None:
    """There is no host <account>.127.0.0.1."""
    params["url"] = params["url"].replace(f"//{ACCOUNT}.", "//", 1)


def found(read: Any) -> Any:
    """What *read* finds, None where there is no such thing."""
    try:
        return read()
    except ClientError as error:
        assert error.response["Error"]["Code"] in ("NoSuchEntity", "NoSuchPublicAccessBlockConfiguration", "InvalidDocument"), error
        return None


def owner_of_sessions(emulator: Running) -> str:
    tags = emulator.client("ssm").list_tags_for_resource(ResourceType="Document", ResourceId=SESSIONS)["TagList"]
    return next(tag["Value"] for tag in tags if tag["Key"] == "Environment")


@pytest.fixture(scope="module")
def before(emulator) -> dict[str, Any]:
    """The account with nothing in it."""
    return account_wide(emulator)


@pytest.fixture(scope="module")
def environments(emulator, before, long, tmp_path_factory) -> dict[str, Environment]:
    """staging, and then the others at the same time."""
    made = {name: Environment(emulator, name, tmp_path_factory.mktemp(name)) for name in NAMES if long or name != "production"}
    made["staging"].apply()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda name: made[name].apply(), others(made)))
    return made


def others(environments: dict[str, Environment]) -> list[str]:
    return [name for name in environments if name != "staging"]


@pytest.fixture(scope="module")
def kept() -> dict[str, Any]:
    """What the tests of this file hand on to one another."""
    return {}


def test_each_has_all_of_its_own(emulator, environments, kept):
    by_name = stands(emulator)
    for kind in ("vpc", "database", "load balancer", "auto scaling group", "web acl", "pipeline", "backup vault", "trail", "key", "bucket"):
        counts = {name: len(by_name[name][kind]) for name in environments}
        assert len(set(counts.values())) == 1, (kind, counts)
    kept["settings"] = account_wide(emulator)
    assert kept["settings"]["analyzers"] == 1
    assert owner_of_sessions(emulator) == "staging"


def test_the_first_finds_nothing_to_change_beside_the_others(environments):
    environments["staging"].assert_unchanged()  # the others are asked when it is gone


def test_the_removal_of_a_protected_one_must_be_confirmed(emulator, environments, kept):
    before = listing(emulator)
    refused = environments["staging"].run(stack_state="absent", stack_confirm="local")
    assert refused.code != 0
    assert "stack_confirm" in refused.output
    assert listing(emulator) == before
    kept["stands"] = stands(emulator)


def remove_protected(emulator: Running, environments: dict[str, Environment], name: str) -> None:
    """What is kept of it is said, and is what stands."""
    done = environments[name].remove(stack_confirm=name)
    named = done.report["kept"]
    for kind in (f":snapshot:refarch-{name}-db-final-", f":s3:::refarch-{name}-data-", ":kms:ap-northeast-2:", ":log-group:"):
        assert [arn for arn in named if kind in arn], kind
    assert [arn for arn in named if arn not in done.output] == []
    assert [arn for arn in named if any(f"refarch-{other}" in arn for other in NAMES if other != name)] == []
    # The analyzer is the account's, by the name of who made it.
    of_the_account = {"analyzer"} if name == "staging" else set()
    assert set(stands(emulator)[name]) == {"alias", "bucket", "key", "log group", "repository"} | of_the_account


def test_removing_one_leaves_the_others_untouched(emulator, environments, kept):
    remove_protected(emulator, environments, "staging")
    now = stands(emulator)
    left = others(environments)
    assert {name: now[name] for name in left} == {name: kept["stands"][name] for name in left}
    assert account_wide(emulator) == kept["settings"]
    assert owner_of_sessions(emulator) in left
    for name in left:
        environments[name].assert_unchanged()


@pytest.mark.long
def test_so_does_removing_the_next(emulator, environments, kept):
    remove_protected(emulator, environments, "production")
    assert stands(emulator)["local"] == kept["stands"]["local"]
    assert account_wide(emulator) == kept["settings"]


def test_the_last_one_takes_the_settings_of_the_account_along(emulator, environments, before):
    environments["local"].remove()
    assert stands(emulator)["local"] == {}
    after = account_wide(emulator)
    # The opt-in to backups is never taken back.
    assert {**after, "backed up": None} == {**before, "backed up": None}


@pytest.mark.parametrize("name", ["staging", "local", pytest.param("production", marks=pytest.mark.long)])
def test_no_call_reached_beyond_the_policies_of_its_own_deployer(environments, name):
    """Which allow nothing on what is named after another environment (test_policy.py)."""
    written = [json.loads(file.read_text(encoding="utf-8")) for file in sorted((deployer_policy.DOCS / "base").glob("*.json"))]
    policies = Policies(deployer_policy.filled(document, "refarch", name, REGION, ACCOUNT) for document in written)
    calls = list(deployer_policy.recorded(environments[name].record, components_of("base")))
    assert len(calls) > 1000
    refused = {
        need
        for call in calls
        if (need := policies.refused(needs(call["service"], call["operation"], call["parameters"] or {}, Place(call["region"], ACCOUNT))))
    }
    assert refused == set()
