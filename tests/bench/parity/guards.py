"""What guards and finds the stack: the firewall, backups, hosted zones."""

from __future__ import annotations

from tests.bench.parity.alike import Client, Found, Names, answer

_SCOPE = {"Scope": "REGIONAL"}


def _firewall(client: Client, names: Names) -> Found:
    waf = client("wafv2")
    for listed in waf.list_ip_sets(**_SCOPE)["IPSets"]:
        names[listed["Id"]] = f"id of {listed['Name']}"
        found = waf.get_ip_set(**_SCOPE, Name=listed["Name"], Id=listed["Id"])["IPSet"]
        yield f"ip set {listed['Name']}", {**found, "tags": waf.list_tags_for_resource(ResourceARN=listed["ARN"])["TagInfoForResource"]}
    for listed in waf.list_web_acls(**_SCOPE)["WebACLs"]:
        names[listed["Id"]] = f"id of {listed['Name']}"
        yield (
            f"web acl {listed['Name']}",
            {
                **waf.get_web_acl(**_SCOPE, Name=listed["Name"], Id=listed["Id"])["WebACL"],
                "tags": waf.list_tags_for_resource(ResourceARN=listed["ARN"])["TagInfoForResource"],
                "guards": waf.list_resources_for_web_acl(WebACLArn=listed["ARN"])["ResourceArns"],
                "logging": answer(waf, "get_logging_configuration", ResourceArn=listed["ARN"]),
            },
        )


def _backup(client: Client, names: Names) -> Found:
    backup = client("backup")
    for listed in answer(backup, "list_backup_vaults")["BackupVaultList"]:
        named = {"BackupVaultName": listed["BackupVaultName"]}
        yield (
            f"backup vault {listed['BackupVaultName']}",
            {
                **backup.describe_backup_vault(**named),
                "policy": answer(backup, "get_backup_vault_access_policy", **named),
                "notifications": answer(backup, "get_backup_vault_notifications", **named),
                "tags": backup.list_tags(ResourceArn=listed["BackupVaultArn"])["Tags"],
            },
        )
    for listed in answer(backup, "list_backup_plans")["BackupPlansList"]:
        identity, name = listed["BackupPlanId"], listed["BackupPlanName"]
        names[identity] = f"id of {name}"
        plan = backup.get_backup_plan(BackupPlanId=identity)["BackupPlan"]
        # "False (or not specified) causes AWS Backup to create snapshot backups."
        plan["Rules"] = [{"EnableContinuousBackup": False, **rule, "RuleId": None} for rule in plan["Rules"]]
        selections = [
            backup.get_backup_selection(BackupPlanId=identity, SelectionId=selection["SelectionId"])["BackupSelection"]
            for selection in answer(backup, "list_backup_selections", BackupPlanId=identity)["BackupSelectionsList"]
        ]
        tags = backup.list_tags(ResourceArn=listed["BackupPlanArn"])["Tags"]
        yield f"backup plan {name}", {"plan": plan, "selections": selections, "tags": tags}
    for listed in answer(backup, "list_restore_testing_plans")["RestoreTestingPlans"]:
        named = {"RestoreTestingPlanName": listed["RestoreTestingPlanName"]}
        plan = backup.get_restore_testing_plan(**named)["RestoreTestingPlan"]
        arn = plan.pop("RestoreTestingPlanArn")
        chosen = answer(backup, "list_restore_testing_selections", **named)["RestoreTestingSelections"]
        selections = {
            name: backup.get_restore_testing_selection(**named, RestoreTestingSelectionName=name)["RestoreTestingSelection"]
            for name in (selection["RestoreTestingSelectionName"] for selection in chosen)
        }
        tags = backup.list_tags(ResourceArn=arn)["Tags"]
        yield f"restore testing {listed['RestoreTestingPlanName']}", {"plan": plan, "selections": selections, "tags": tags}
    yield "backup of the region", backup.describe_region_settings()


def _zones(client: Client, names: Names) -> Found:
    route53 = client("route53")
    for listed in answer(route53, "list_hosted_zones")["HostedZones"]:
        identity = listed["Id"].rpartition("/")[2]
        names[identity] = f"id of zone {listed['Name']}"
        records = answer(route53, "list_resource_record_sets", HostedZoneId=identity)["ResourceRecordSets"]
        kept = [record for record in records if record["Type"] not in ("NS", "SOA")]
        tags = route53.list_tags_for_resource(ResourceType="hostedzone", ResourceId=identity)["ResourceTagSet"]["Tags"]
        yield f"zone {listed['Name']}", {**route53.get_hosted_zone(Id=identity), "records": kept, "tags": tags}


READERS = (_firewall, _backup, _zones)
