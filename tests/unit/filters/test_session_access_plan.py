from __future__ import annotations

import json

import pytest

from ansible_collections.refarch.aws.plugins.filter.session_access_plan import session_access_plan
from emulator.strict import RULES, Context, policies, schedules
from emulator.strict.judge import load_rules

load_rules()
SETTINGS = {
    "prefix": "shop-staging",
    "project": "shop",
    "environment": "staging",
    "account_id": "123456789012",
    "region": "ap-northeast-2",
    "path": "/refarch/",
    "key_arn": "arn:aws:kms:ap-northeast-2:123456789012:key/k",
    "log_group_name": "/shop/staging/sessions",
    "log_bucket_name": "shop-log",
    "log_bucket_prefix": "sessions",
    "transfer_bucket_name": "shop-transfer",
    "idle_timeout_minutes": 20,
    "max_session_minutes": 60,
    "ansible_idle_timeout_minutes": 60,
    "ansible_max_session_minutes": 1440,
    "shell_profile": "exec bash -l",
    "account_preferences": True,
    "patch_rules": [{"filters": {"SEVERITY": ["Critical"]}, "approve_after_days": 7}],
    "patch_scan_schedule": "cron(0 18 * * ? *)",
    "patch_install_schedule": "",
    "patch_bucket_prefix": "patches",
    "association_bucket_prefix": "associations",
}
PLAN = session_access_plan(SETTINGS)


def test_documents():
    people, ansible, account = PLAN["documents"]
    assert [document["name"] for document in PLAN["documents"]] == [
        "shop-staging-session",
        "shop-staging-ansible-session",
        "SSM-SessionManagerRunShell",
    ]
    assert people["content"]["inputs"]["idleSessionTimeout"] == "20" and people["content"]["inputs"]["maxSessionDuration"] == "60"
    assert people["content"]["inputs"]["shellProfile"]["linux"] == "exec bash -l"
    assert ansible["content"]["inputs"]["shellProfile"]["linux"] == "" and ansible["content"]["inputs"]["maxSessionDuration"] == "1440"
    assert account["content"] == people["content"] and account["only_own"] is True


@pytest.mark.parametrize("document", PLAN["documents"], ids=lambda document: document["name"])
def test_documents_that_aws_takes(document):
    params = {"Name": document["name"], "DocumentType": "Session", "Content": json.dumps(document["content"])}
    assert RULES["ssm.session_document"].judge(params, Context("123456789012", "ap-northeast-2")) is None


def test_the_accounts_preferences_may_stay_as_they_are():
    assert len(session_access_plan({**SETTINGS, "account_preferences": False})["documents"]) == 2


def test_the_policy_is_scoped():
    document = PLAN["policy"]["policy"]
    assert list(policies.wrong(json.dumps(document), "identity", strict_sid=True)) == []
    assert len(json.dumps(document, separators=(",", ":"))) < 6144
    by_sid = {statement["Sid"]: statement for statement in document["Statement"]}
    assert by_sid["SessionKey"]["Resource"] == SETTINGS["key_arn"]
    assert by_sid["LogFiles"]["Resource"] == [f"arn:aws:s3:::shop-log/{what}/*" for what in ("sessions", "patches", "associations")]
    assert not any("*" in action for statement in document["Statement"] for action in statement["Action"])


def test_the_longest_names_fit():
    long = session_access_plan({**SETTINGS, "prefix": "p" * 40, "log_bucket_name": "b" * 63, "transfer_bucket_name": "b" * 63})
    assert len(json.dumps(long["policy"]["policy"], separators=(",", ":"))) < 6144


def test_patches_are_installed_only_on_a_schedule():
    assert [item["name"] for item in PLAN["associations"]] == ["shop-staging-patch-scan"]
    assert PLAN["associations_off"] == [{"name": "shop-staging-patch-install"}]
    plan = session_access_plan({**SETTINGS, "patch_install_schedule": "cron(0 19 ? * SUN *)"})
    scan, install = plan["associations"]
    assert plan["associations_off"] == []
    assert scan["parameters"] == {"Operation": ["Scan"]}
    assert install["parameters"]["Operation"] == ["Install"] and install["only_on_schedule"] and install["max_concurrency"] == "1"
    assert all(schedules.wrong(item["schedule"]) is None for item in plan["associations"])


def test_unknown_key_is_no_trouble():
    plan = session_access_plan({**SETTINGS, "key_arn": "(known after apply)"})
    assert plan["documents"][0]["content"]["inputs"]["kmsKeyId"] == "(known after apply)"
