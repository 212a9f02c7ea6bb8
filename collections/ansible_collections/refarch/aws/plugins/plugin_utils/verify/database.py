# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The database is private, and its master password is for the app tier only."""

from __future__ import annotations

from ansible_collections.refarch.aws.plugins.plugin_utils.verify.check import Check, failed, judged, not_applicable

READ, DECRYPT = "secretsmanager:GetSecretValue", "kms:Decrypt"


def databases(evidence: dict) -> list[Check]:
    identifiers = [found["identifier"] for found in evidence["instances"]]
    faults = [f"{found['identifier']} is publicly accessible" for found in evidence["instances"] if found["public"]]
    if evidence["identifier"] not in identifiers:
        faults.append(f"{evidence['identifier']} is not there, or lost its tags")
    return [judged("database", "the database is not public", faults, ", ".join(identifiers))]


def master_secret(evidence: dict) -> list[Check]:
    """Who may read it is told by the roles' policies and by the policy of the secret itself. *evidence*: C(roles) with decisions."""
    check = "the master secret is readable by the app tier's role only"
    if evidence.get("missing"):
        return [failed("database", check, f"the secret {evidence['arn']} is not there")]
    reader = evidence["reader"]
    if not reader:
        return [not_applicable("database", check, "no servers stand yet")]
    faults = [
        f"{role['name']} may read it" for role in evidence["roles"] if role["decisions"].get(READ) == "allowed" and role["name"] != reader
    ]
    own = next((role for role in evidence["roles"] if role["name"] == reader), None)
    if own is None:
        faults.append(f"the role {reader} is not there, or lost its tags")
    else:
        faults += [f"{reader} may not {action} ({own['decisions'].get(action)})" for action in (READ, DECRYPT) if not may(own, action)]
    faults += of_policy(evidence["policy"], reader)
    return [judged("database", check, faults, f"{reader} reads it, {len(evidence['roles']) - 1} other roles of the stack do not")]


def may(role: dict, action: str) -> bool:
    return role["decisions"].get(action) == "allowed"


def of_policy(policy: dict | None, reader: str) -> list[str]:
    """What the policy of the secret says against it. IAM's simulator knows none for roles ("SimulatePrincipalPolicy", ResourcePolicy)."""
    faults = []
    for statement in listed((policy or {}).get("Statement")):
        if not any(
            pattern in ("*", "secretsmanager:*") or "getsecretvalue" in pattern.lower() for pattern in listed(statement.get("Action"))
        ):
            continue
        named = statement.get("Principal", "*")
        principals = listed(named if isinstance(named, str) else named.get("AWS"))
        others = [principal for principal in principals if principal.rpartition("/")[2] != reader]
        if statement["Effect"] == "Allow" and others:
            faults.append(f"the secret's own policy lets {', '.join(others)} read it")
        if statement["Effect"] == "Deny" and not statement.get("Condition") and (len(others) < len(principals) or "*" in principals):
            faults.append(f"the secret's own policy denies {reader} to read it")
    return faults


def listed(value) -> list:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
