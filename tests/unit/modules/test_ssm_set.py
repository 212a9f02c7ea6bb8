"""Documents, patch baselines, associations and service settings of Systems Manager."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from moto.ssm.models import ssm_backends

from ansible_collections.refarch.aws.plugins.modules import ssm_associations
from emulator import machines
from emulator.services.ssm_management import associations_of

SETTING = "/ssm/documents/console/public-sharing-permission"
CONTENT = {"schemaVersion": "1.0", "description": "d", "sessionType": "Standard_Stream", "inputs": {"idleSessionTimeout": "20"}}
OTHER = {**CONTENT, "inputs": {"idleSessionTimeout": "10"}}
DOCUMENT = {"name": "shop-session", "type": "Session", "content": CONTENT, "tags": {"Component": "session_access"}}
SHARED = {**DOCUMENT, "name": "SSM-SessionManagerRunShell", "only_own": True}
OWN = {"Project": "shop", "Environment": "staging"}
RULE = {"filters": {"CLASSIFICATION": ["Security"], "SEVERITY": ["Critical", "Important"]}, "compliance_level": "CRITICAL"}
BASELINE = {"name": "shop-al2023", "description": "d", "approval_rules": [RULE], "patch_groups": ["shop"], "tags": {"a": "b"}}
ASSOCIATION = {
    "name": "shop-scan",
    "document": "AWS-RunPatchBaseline",
    "parameters": {"Operation": ["Scan"]},
    "targets": [{"key": "tag:PatchGroup", "values": ["shop"]}],
    "schedule": "cron(0 18 * * ? *)",
    "compliance_severity": "HIGH",
    "output_bucket_name": "shop-log",
    "output_key_prefix": "patches",
    "tags": {"a": "b"},
}


def operations(result):
    return [change["operation"] for change in result["changes"]]


# -- documents ---------------------------------------------------------------------------------------------------------
def test_document_created(converge, aws):
    result = converge("ssm_documents", documents=[DOCUMENT], tags=OWN)
    assert operations(result) == ["CreateDocument"]
    found = aws("ssm").get_document(Name="shop-session")
    assert json.loads(found["Content"]) == CONTENT and found["DocumentType"] == "Session"
    assert result["documents"][0]["arn"] == "arn:aws:ssm:ap-northeast-2:123456789012:document/shop-session"


def test_new_content_is_a_new_default_version_and_old_content_the_old_one(run_module, converge, aws):
    run_module("ssm_documents", documents=[DOCUMENT])
    assert operations(converge("ssm_documents", documents=[{**DOCUMENT, "content": OTHER}])) == [
        "UpdateDocument",
        "UpdateDocumentDefaultVersion",
    ]
    assert aws("ssm").describe_document(Name="shop-session")["Document"]["DefaultVersion"] == "2"
    # AWS refuses to make the same content again, so that the version that has it is the default once more.
    assert operations(run_module("ssm_documents", documents=[DOCUMENT])) == ["UpdateDocumentDefaultVersion"]
    assert json.loads(aws("ssm").get_document(Name="shop-session")["Content"]) == CONTENT


def test_an_interrupted_update_is_completed(run_module, converge, aws):
    run_module("ssm_documents", documents=[DOCUMENT])
    aws("ssm").update_document(Name="shop-session", Content=json.dumps(OTHER, indent=2), DocumentVersion="$LATEST")
    assert operations(converge("ssm_documents", documents=[{**DOCUMENT, "content": OTHER}])) == ["UpdateDocumentDefaultVersion"]


def test_spaces_and_order_mean_nothing(run_module, converge):
    run_module("ssm_documents", documents=[DOCUMENT])
    again = json.dumps(dict(reversed(CONTENT.items())))
    assert converge("ssm_documents", documents=[{**DOCUMENT, "content": again}])["changes"] == []


def test_sharing_is_taken_back(run_module, converge, aws):
    run_module("ssm_documents", documents=[DOCUMENT])
    aws("ssm").modify_document_permission(Name="shop-session", PermissionType="Share", AccountIdsToAdd=["all"])
    assert operations(converge("ssm_documents", documents=[DOCUMENT])) == ["ModifyDocumentPermission"]
    aws("ssm").modify_document_permission(Name="shop-session", PermissionType="Share", AccountIdsToAdd=["all"])
    assert operations(converge("ssm_documents", state="absent", documents=[{"name": "shop-session"}])) == [
        "ModifyDocumentPermission",
        "DeleteDocument",
    ]


def test_someone_elses_preferences_are_left_alone(converge, aws):
    aws("ssm").create_document(
        Name=SHARED["name"], Content=json.dumps(OTHER), DocumentType="Session", Tags=[{"Key": "Project", "Value": "till"}]
    )
    result = converge("ssm_documents", documents=[SHARED], own_tags=OWN, tags=OWN)
    assert result["changes"] == [] and result["documents"][0]["own"] is False
    assert converge("ssm_documents", state="absent", documents=[SHARED], own_tags=OWN)["changes"] == []
    assert json.loads(aws("ssm").get_document(Name=SHARED["name"])["Content"]) == OTHER


def test_own_preferences_are_kept_up_and_removed(converge):
    assert operations(converge("ssm_documents", documents=[SHARED], own_tags=OWN, tags=OWN)) == ["CreateDocument"]
    changed = {**SHARED, "content": OTHER}
    assert operations(converge("ssm_documents", documents=[changed], own_tags=OWN, tags=OWN))[0] == "UpdateDocument"
    assert operations(converge("ssm_documents", state="absent", documents=[SHARED], own_tags=OWN)) == ["DeleteDocument"]


def test_what_the_account_shares_is_left_to_another_stack(run_module, converge, aws):
    """The other stack then finds it as its own run would make it, and removes it in the end."""
    others = {"Project": "shop", "Environment": "production"}
    run_module("ssm_documents", documents=[SHARED], own_tags=OWN, tags=OWN)
    heir = {**DOCUMENT, "name": "shop-production-session", "content": OTHER}
    run_module("ssm_documents", documents=[heir], tags=others)
    removal = {**SHARED, "heirs": ["shop-gone-session", "shop-production-session"]}
    assert set(operations(converge("ssm_documents", state="absent", documents=[removal], own_tags=OWN))) == {
        "UpdateDocument",
        "UpdateDocumentDefaultVersion",
        "AddTagsToResource",
    }
    assert json.loads(aws("ssm").get_document(Name=SHARED["name"])["Content"]) == OTHER
    taken = {**SHARED, "content": OTHER}
    assert converge("ssm_documents", documents=[taken], own_tags=others, tags=others)["changes"] == []
    assert operations(converge("ssm_documents", state="absent", documents=[removal], own_tags=OWN)) == []
    assert operations(converge("ssm_documents", state="absent", documents=[SHARED], own_tags=others)) == ["DeleteDocument"]


def test_without_an_heir_it_goes(run_module, converge):
    run_module("ssm_documents", documents=[SHARED], own_tags=OWN, tags=OWN)
    removal = {**SHARED, "heirs": ["shop-gone-session"]}
    assert operations(converge("ssm_documents", state="absent", documents=[removal], own_tags=OWN)) == ["DeleteDocument"]


def test_documents_tags_change(run_module, converge):
    run_module("ssm_documents", documents=[DOCUMENT], tags={"old": "x"})
    assert operations(converge("ssm_documents", documents=[DOCUMENT], tags={"new": "x"})) == ["AddTagsToResource", "RemoveTagsFromResource"]


def test_documents_refused(refusal, run_module):
    assert "must not begin with aws" in refusal("ssm_documents", documents=[{**DOCUMENT, "name": "AWS-Shop"}])
    assert "needs own_tags" in refusal("ssm_documents", documents=[SHARED])
    run_module("ssm_documents", documents=[DOCUMENT])
    assert "stands with type Session" in refusal("ssm_documents", documents=[{**DOCUMENT, "type": "Command"}])


def test_unknown_content_is_a_plan_too(run_module):
    unknown = {**DOCUMENT, "content": {**CONTENT, "inputs": {"kmsKeyId": "(known after apply)"}}}
    assert operations(run_module("ssm_documents", check=True, documents=[unknown])) == ["CreateDocument"]
    run_module("ssm_documents", documents=[DOCUMENT])
    assert operations(run_module("ssm_documents", check=True, documents=[unknown])) == ["UpdateDocument", "UpdateDocumentDefaultVersion"]


# -- patch baselines ---------------------------------------------------------------------------------------------------
def test_baseline_created(converge, aws):
    result = converge("ssm_patch_baselines", baselines=[BASELINE], tags={"Project": "shop"})
    assert operations(result) == ["CreatePatchBaseline", "RegisterPatchBaselineForPatchGroup"]
    found = aws("ssm").get_patch_baseline(BaselineId=result["baselines"][0]["id"])
    assert found["OperatingSystem"] == "AMAZON_LINUX_2023" and found["PatchGroups"] == ["shop"]
    assert found["ApprovalRules"]["PatchRules"][0]["ApproveAfterDays"] == 7


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"approval_rules": [{**RULE, "approve_after_days": 3}]}, ["UpdatePatchBaseline"]),
        ({"approval_rules": [{**RULE, "filters": {"SEVERITY": ["Important", "Critical"], "CLASSIFICATION": ["Security"]}}]}, []),
        ({"description": "other"}, ["UpdatePatchBaseline"]),
        ({"rejected_patches": ["kernel"]}, ["UpdatePatchBaseline"]),
        ({"patch_groups": ["other"]}, ["RegisterPatchBaselineForPatchGroup", "DeregisterPatchBaselineForPatchGroup"]),
        ({"tags": {"a": "c"}}, ["AddTagsToResource"]),
        ({"tags": {}}, ["RemoveTagsFromResource"]),
    ],
)
def test_baseline_changed(run_module, converge, change, expected):
    run_module("ssm_patch_baselines", baselines=[BASELINE])
    assert operations(converge("ssm_patch_baselines", baselines=[{**BASELINE, **change}])) == expected


def test_baseline_of_an_interrupted_run_is_found_by_its_name(converge, aws):
    aws("ssm").create_patch_baseline(Name="shop-al2023", OperatingSystem="AMAZON_LINUX_2023")
    aws("ssm").create_patch_baseline(Name="shop-al2023-longer", OperatingSystem="AMAZON_LINUX_2023")
    assert "CreatePatchBaseline" not in operations(converge("ssm_patch_baselines", baselines=[BASELINE]))


def test_baseline_removed_and_refused(run_module, converge, refusal, aws):
    run_module("ssm_patch_baselines", baselines=[BASELINE])
    assert "stands for AMAZON_LINUX_2023" in refusal("ssm_patch_baselines", baselines=[{**BASELINE, "operating_system": "UBUNTU"}])
    assert operations(converge("ssm_patch_baselines", state="absent", baselines=[{"name": "shop-al2023"}])) == [
        "DeregisterPatchBaselineForPatchGroup",
        "DeletePatchBaseline",
    ]
    for _ in range(2):
        aws("ssm").create_patch_baseline(Name="shop-al2023", OperatingSystem="AMAZON_LINUX_2023")
    assert "2 baselines have the name" in refusal("ssm_patch_baselines", baselines=[BASELINE])


# -- associations ------------------------------------------------------------------------------------------------------
def test_association_created(converge, aws):
    result = converge("ssm_associations", associations=[ASSOCIATION], tags={"Project": "shop"})
    assert operations(result) == ["CreateAssociation"]
    found = aws("ssm").describe_association(AssociationId=result["associations"][0]["id"])["AssociationDescription"]
    assert found["ComplianceSeverity"] == "HIGH" and found["Targets"] == [{"Key": "tag:PatchGroup", "Values": ["shop"]}]
    assert found["OutputLocation"]["S3Location"]["OutputS3BucketName"] == "shop-log"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"schedule": "rate(1 day)"}, ["UpdateAssociation"]),
        ({"schedule": None}, ["UpdateAssociation"]),
        ({"parameters": {"Operation": ["Install"]}}, ["UpdateAssociation"]),
        ({"output_bucket_name": None}, ["UpdateAssociation"]),
        ({"only_on_schedule": True}, ["UpdateAssociation"]),
        ({"compliance_severity": "LOW", "max_errors": "1"}, ["UpdateAssociation"]),
        ({"tags": {}}, ["RemoveTagsFromResource"]),
    ],
)
def test_association_changed(run_module, converge, aws, change, expected):
    run_module("ssm_associations", associations=[ASSOCIATION])
    result = converge("ssm_associations", associations=[{**ASSOCIATION, **change}])
    assert operations(result) == expected
    found = aws("ssm").describe_association(AssociationId=result["associations"][0]["id"])["AssociationDescription"]
    assert found["Name"] == "AWS-RunPatchBaseline" and found["Targets"]


# An instance whose agent is connected, without a machine: what becomes of associations on it is set by the tests.
@pytest.fixture
def node(monkeypatch):
    name = "i-0123456789abcdef0"
    tags = {target["key"].removeprefix("tag:"): target["values"][0] for target in ASSOCIATION["targets"]}
    monkeypatch.setitem(machines.CONNECTED, name, machines.Node(None, "123456789012", "ap-northeast-2", tags=tags))
    return name


def standing():
    return list(associations_of(ssm_backends["123456789012"]["ap-northeast-2"]).values())


def became(status, node):
    """Let the association have been applied to *node*, with *status*."""
    (association,) = standing()
    association["Overview"] = {"Status": status, "DetailedStatus": status, "AssociationStatusAggregatedCount": {status: 1}}
    execution = {
        "ExecutionId": "8dfe3659-4309-493a-8755-0123456789ab",
        "AssociationVersion": "1",
        "CreatedTime": datetime.fromisoformat(datetime.now(UTC).isoformat(timespec="milliseconds")),
        "Status": status,
    }
    association["executions"] = [{**execution, "targets": {node: {"Status": status}}}]


def test_association_is_waited_for(run_module, node):
    given = {"associations": [ASSOCIATION], "wait": True, "wait_timeout": 10}
    with ThreadPoolExecutor() as pool:
        applied = pool.submit(soon, "Success", node)
        assert operations(run_module("ssm_associations", **given)) == ["CreateAssociation"]
        applied.result()
    # What has been applied is not waited for, nor asked about.
    assert "DescribeInstanceInformation" not in run_module("ssm_associations", **given)["_calls"]


def soon(status, node, asked=0):
    """As C(became), once there is an association that was asked for so often. Until then the overview tells of the execution before."""
    while not any(one.get("asked", 0) == asked for one in standing()):
        time.sleep(0.01)
    time.sleep(0.5)  # the module looks at once, and must not take what it sees for the answer
    became(status, node)


def test_both_waits_for_an_association_share_its_time(run_module, node, monkeypatch):
    """One for the execution to begin, one for it to end."""
    waits = []

    def wait(_self, _service, waiter, timeout, **_more):
        waits.append((waiter["operation"], timeout))

    monkeypatch.setattr(ssm_associations.Associations, "wait", wait)
    monkeypatch.setattr(ssm_associations, "time", SimpleNamespace(monotonic=lambda: 40.0 * len(waits)))
    run_module("ssm_associations", associations=[ASSOCIATION], wait=True, wait_timeout=100)
    assert waits == [("DescribeAssociationExecutions", 100), ("DescribeAssociation", 60)]


def test_association_without_nodes_is_not_waited_for(run_module):
    made = run_module("ssm_associations", associations=[ASSOCIATION], wait=True, wait_timeout=1)
    assert made["_calls"].count("DescribeInstanceInformation") == 1


def test_association_that_failed_names_the_node_and_is_applied_again(run_module, refusal, node):
    given = {"associations": [ASSOCIATION], "wait": True, "wait_timeout": 10}
    run_module("ssm_associations", associations=[ASSOCIATION])
    became("Failed", node)
    planned = run_module("ssm_associations", check=True, **given)
    assert operations(planned) == ["StartAssociationsOnce"]
    with ThreadPoolExecutor() as pool:
        pool.submit(soon, "Failed", node, 1)
        assert f"shop-scan was not applied to {node} (Failed)" in refusal("ssm_associations", **given)
        pool.submit(soon, "Success", node, 2)
        assert operations(run_module("ssm_associations", **given)) == ["StartAssociationsOnce"]
    assert not run_module("ssm_associations", **given)["changed"]


def test_association_removed_and_refused(run_module, converge, refusal):
    run_module("ssm_associations", associations=[ASSOCIATION])
    assert operations(converge("ssm_associations", state="absent", associations=[{"name": "shop-scan"}])) == ["DeleteAssociation"]
    assert "must be a list of texts" in refusal("ssm_associations", associations=[{**ASSOCIATION, "parameters": {"Operation": "Scan"}}])
    assert "lacks document" in refusal("ssm_associations", associations=[{**ASSOCIATION, "document": None}])
    assert "waits for a schedule" in refusal("ssm_associations", associations=[{**ASSOCIATION, "schedule": None, "only_on_schedule": True}])


# -- settings ----------------------------------------------------------------------------------------------------------
def test_setting_changed_and_given_back(converge, aws):
    assert operations(converge("ssm_service_settings", settings={SETTING: "Disable"})) == ["UpdateServiceSetting"]
    assert aws("ssm").get_service_setting(SettingId=SETTING)["ServiceSetting"]["SettingValue"] == "Disable"
    assert operations(converge("ssm_service_settings", state="absent", settings={SETTING: "Disable"})) == ["ResetServiceSetting"]
    assert aws("ssm").get_service_setting(SettingId=SETTING)["ServiceSetting"]["Status"] == "Default"
