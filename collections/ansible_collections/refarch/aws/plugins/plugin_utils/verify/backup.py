# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whatever holds data is backed up, and restored now and then to prove that it can be."""

from __future__ import annotations

from fnmatch import fnmatchcase

from ansible_collections.refarch.aws.plugins.plugin_utils.verify.check import Check, judged, not_applicable

#: AWS Backup's names of types, by the service of an ARN.
TYPES = {"rds": "RDS", "s3": "S3", "dynamodb": "DynamoDB", "elasticfilesystem": "EFS"}
TAG = "aws:ResourceTag/"


def backup(evidence: dict) -> list[Check]:
    """A check for each resource with data."""
    if not evidence["resources"]:
        return [not_applicable("backup", "what holds data is backed up", "nothing of the stack holds data")]
    return [resource_check(resource, evidence) for resource in evidence["resources"]]


def resource_check(resource: dict, evidence: dict) -> Check:
    kind = TYPES[resource["arn"].split(":")[2]]
    faults = []
    if not any(selects(selection, resource["arn"], resource["tags"]) for selection in evidence["selections"]):
        faults.append("no selection of a backup plan covers it")
    if not evidence["opted_in"].get(kind, True):
        faults.append(f"the region does not back up {kind}")
    restored = any(tests(selection, kind, resource["arn"], resource["tags"]) for selection in evidence["restore_selections"])
    if evidence["restore_testing"] and not restored:
        faults.append(f"the restore testing plan {evidence['restore_testing']} does not select it")
    tested = "and restored as a test" if evidence["restore_testing"] else "not restored as a test (backup_restore_testing is false)"
    return judged("backup", f"{kind} {resource['arn'].split(':', 5)[5].removeprefix('db:')} is backed up", faults, f"selected, {tested}")


def selects(selection: dict, arn: str, tags: dict[str, str]) -> bool:
    """Whether AWS Backup assigns the resource: of its ARN or one of the tags, all conditions met, and not named as an exception.

    "Assigning resources to a backup plan" and BackupSelection (AWS Backup Developer Guide): C(Resources) and C(ListOfTags) are joined by
    OR, each with C(Conditions) by AND; none of all assigns everything.
    """
    arns, listed = selection.get("Resources") or [], selection.get("ListOfTags") or []
    if any(fnmatchcase(arn, pattern) for pattern in selection.get("NotResources") or []):
        return False
    tagged = any(tags.get(item["ConditionKey"].removeprefix(TAG)) == item["ConditionValue"] for item in listed)
    named = any(fnmatchcase(arn, pattern) for pattern in arns)
    assigned = named or tagged or not (arns or listed)
    return assigned and conditions_hold(selection.get("Conditions") or {}, tags, "ConditionKey", "ConditionValue")


def tests(selection: dict, kind: str, arn: str, tags: dict[str, str]) -> bool:
    """Whether a selection of a restore testing plan is about the resource (RestoreTestingSelectionForGet)."""
    if selection["ProtectedResourceType"] != kind:
        return False
    arns = selection.get("ProtectedResourceArns") or []
    if arns and not any(fnmatchcase(arn, pattern) for pattern in arns):
        return False
    return conditions_hold(selection.get("ProtectedResourceConditions") or {}, tags, "Key", "Value")


def conditions_hold(conditions: dict, tags: dict[str, str], key: str, value: str) -> bool:
    """All of them; a tag that is lacking equals nothing."""

    def holds(operator: str, item: dict) -> bool:
        found = tags.get(item[key].removeprefix(TAG))
        like = operator in ("StringLike", "StringNotLike")
        same = found is not None and (fnmatchcase(found, item[value]) if like else found == item[value])
        return same != operator.startswith("StringNot")

    return all(holds(operator, item) for operator, items in conditions.items() for item in items or [])
