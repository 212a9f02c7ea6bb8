"""``python -m tools.deployer_policy SCENARIO``: the least that somebody needs who builds, changes and removes a scenario.

Builds the largest scenario on an emulator of its own, changes it as tools/tours/<scenario>.yml says, and removes it, while every API call
is recorded with the component that made it. From the calls of a scenario's components come the policies under docs/policies/<scenario>/,
each small enough for IAM, with the words PROJECT, ENVIRONMENT, REGION and ACCOUNT where a stack has its values. So one tour serves every
scenario that it holds. With ``--inventory`` the policies are also written with an environment's values to
build/<environment>/policies/, ready to be attached.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import cfnlint
import yaml

from emulator import authorization, verbs
from tools import tour

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs" / "policies"

#: Characters of a managed policy, blanks not counted ("IAM and AWS STS quotas", IAM User Guide).
POLICY_LENGTH = 6144

#: Managed policies of a role: 10, and 20 on request (same quotas).
POLICIES_OF_A_ROLE = 10

#: What of a service a stack owns. Everything that can be named is named PROJECT-ENVIRONMENT-…; what AWS gives ids to is
#: limited to account and region. Source of the forms: "Resource types" of each service in the Service Authorization Reference.
#: Names are never cut within the prefix (refarch.aws.resource_name). An action has a line of its own where its service's would give too
#: much, or nothing that it acts on.
SCOPES: dict[str, tuple[str, ...]] = {
    "access-analyzer": ("arn:aws:access-analyzer:REGION:ACCOUNT:analyzer/*",),
    "acm": ("arn:aws:acm:REGION:ACCOUNT:certificate/*", "arn:aws:acm:us-east-1:ACCOUNT:certificate/*"),
    "autoscaling": ("arn:aws:autoscaling:REGION:ACCOUNT:autoScalingGroup:*:autoScalingGroupName/PREFIX-*",),
    "backup": (
        "arn:aws:backup:REGION:ACCOUNT:backup-plan:*",
        "arn:aws:backup:REGION:ACCOUNT:backup-vault:PREFIX-*",
        "arn:aws:backup:REGION:ACCOUNT:restore-testing-plan:*",
    ),
    # Backups carry ids, and those of some services their names.
    "backup:DeleteRecoveryPoint": (
        "arn:aws:backup:REGION:ACCOUNT:recovery-point:*",
        "arn:aws:ec2:REGION::snapshot/*",
        "arn:aws:rds:REGION:ACCOUNT:snapshot:awsbackup:*",
    ),
    "cloudtrail": ("arn:aws:cloudtrail:REGION:ACCOUNT:trail/PREFIX-*",),
    "cloudwatch": ("arn:aws:cloudwatch:REGION:ACCOUNT:alarm:PREFIX-*", "arn:aws:cloudwatch::ACCOUNT:dashboard/PREFIX"),
    "codebuild": ("arn:aws:codebuild:REGION:ACCOUNT:project/PREFIX-*", "arn:aws:codebuild:REGION:ACCOUNT:report-group/PREFIX-*"),
    "codecommit": ("arn:aws:codecommit:REGION:ACCOUNT:PREFIX-*",),
    "codeconnections": ("arn:aws:codeconnections:REGION:ACCOUNT:connection/*",),
    "codedeploy": ("arn:aws:codedeploy:REGION:ACCOUNT:application:PREFIX-*", "arn:aws:codedeploy:REGION:ACCOUNT:deploymentgroup:PREFIX-*"),
    "codepipeline": ("arn:aws:codepipeline:REGION:ACCOUNT:PREFIX-*",),
    "ec2": ("arn:aws:ec2:REGION:ACCOUNT:*", "arn:aws:ec2:REGION::image/*"),
    "elasticloadbalancing": (
        "arn:aws:elasticloadbalancing:REGION:ACCOUNT:listener-rule/app/PREFIX-*",
        "arn:aws:elasticloadbalancing:REGION:ACCOUNT:listener/app/PREFIX-*",
        "arn:aws:elasticloadbalancing:REGION:ACCOUNT:loadbalancer/app/PREFIX-*",
        "arn:aws:elasticloadbalancing:REGION:ACCOUNT:targetgroup/PREFIX-*",
    ),
    "events": ("arn:aws:events:REGION:ACCOUNT:rule/PREFIX-*",),
    "iam": (
        "arn:aws:iam::ACCOUNT:group/*PREFIX-*",
        "arn:aws:iam::ACCOUNT:instance-profile/*PREFIX-*",
        "arn:aws:iam::ACCOUNT:policy/*PREFIX-*",
        "arn:aws:iam::ACCOUNT:role/*PREFIX-*",
        "arn:aws:iam::ACCOUNT:user/*PREFIX-*",
    ),
    "iam:CreateServiceLinkedRole": ("arn:aws:iam::ACCOUNT:role/aws-service-role/*",),
    "iam:DeleteVirtualMFADevice": ("arn:aws:iam::ACCOUNT:mfa/*",),
    "iam:PassRole": ("arn:aws:iam::ACCOUNT:role/refarch/PREFIX-*",),
    "kms": ("arn:aws:kms:REGION:ACCOUNT:alias/PREFIX-*", "arn:aws:kms:REGION:ACCOUNT:key/*"),
    "lambda": ("arn:aws:lambda:REGION:ACCOUNT:function:PREFIX-*",),
    # What AWS itself names: by function, instance, domain, and web ACL.
    "logs": (
        "arn:aws:logs:REGION:ACCOUNT:log-group:/PREFIX-*",
        "arn:aws:logs:REGION:ACCOUNT:log-group:/PROJECT/ENVIRONMENT/*",
        "arn:aws:logs:REGION:ACCOUNT:log-group:/aws/lambda/PREFIX-*",
        "arn:aws:logs:REGION:ACCOUNT:log-group:/aws/rds/instance/PREFIX-*",
        "arn:aws:logs:REGION:ACCOUNT:log-group:aws-waf-logs-PREFIX*",
        "arn:aws:logs:us-east-1:ACCOUNT:log-group:/aws/route53/*",
    ),
    "rds": (
        "arn:aws:rds:REGION:ACCOUNT:auto-backup:*",
        "arn:aws:rds:REGION:ACCOUNT:db:PREFIX-*",
        "arn:aws:rds:REGION:ACCOUNT:es:PREFIX-*",
        "arn:aws:rds:REGION:ACCOUNT:og:default:*",
        "arn:aws:rds:REGION:ACCOUNT:pg:PREFIX-*",
        "arn:aws:rds:REGION:ACCOUNT:snapshot:PREFIX-*",
        "arn:aws:rds:REGION:ACCOUNT:subgrp:PREFIX-*",
    ),
    # A database may be made from any snapshot of the account.
    "rds:RestoreDBInstanceFromDBSnapshot": (
        "arn:aws:rds:REGION:ACCOUNT:db:PREFIX-*",
        "arn:aws:rds:REGION:ACCOUNT:og:*",
        "arn:aws:rds:REGION:ACCOUNT:pg:PREFIX-*",
        "arn:aws:rds:REGION:ACCOUNT:snapshot:*",
        "arn:aws:rds:REGION:ACCOUNT:subgrp:PREFIX-*",
    ),
    "route53": (
        "arn:aws:ec2:REGION:ACCOUNT:vpc/*",
        "arn:aws:route53:::change/*",
        "arn:aws:route53:::healthcheck/*",
        "arn:aws:route53:::hostedzone/*",
        "arn:aws:route53:::queryloggingconfig/*",
    ),
    "s3": ("arn:aws:s3:::PREFIX-*",),
    # rds!db-…: the password of a master user, which RDS keeps.
    "secretsmanager": (
        "arn:aws:secretsmanager:REGION:ACCOUNT:secret:PREFIX-*",
        "arn:aws:secretsmanager:REGION:ACCOUNT:secret:rds!db-*",
    ),
    "sns": ("arn:aws:sns:REGION:ACCOUNT:PREFIX-*",),
    "sqs": ("arn:aws:sqs:REGION:ACCOUNT:PREFIX-*",),
    "ssm": (
        "arn:aws:ec2:REGION:ACCOUNT:instance/*",
        "arn:aws:ssm:REGION:ACCOUNT:association/*",
        "arn:aws:ssm:REGION:ACCOUNT:document/PREFIX-*",
        "arn:aws:ssm:REGION:ACCOUNT:document/SSM-SessionManagerRunShell",
        "arn:aws:ssm:REGION:ACCOUNT:parameter/PROJECT/ENVIRONMENT*",
        "arn:aws:ssm:REGION:ACCOUNT:patchbaseline/*",
        "arn:aws:ssm:REGION:ACCOUNT:servicesetting/ssm/documents/console/public-sharing-permission",
        "arn:aws:ssm:REGION::document/AWS-RunPatchBaseline",
        "arn:aws:ssm:REGION::parameter/aws/service/*",
    ),
    "wafv2": (
        "arn:aws:elasticloadbalancing:REGION:ACCOUNT:loadbalancer/app/PREFIX-*",
        "arn:aws:wafv2:REGION:ACCOUNT:regional/ipset/PREFIX-*",
        "arn:aws:wafv2:REGION:ACCOUNT:regional/managedruleset/*",
        "arn:aws:wafv2:REGION:ACCOUNT:regional/webacl/PREFIX-*",
    ),
}

#: Actions that a policy limits by a condition too, to the values with which the recorded calls needed them.
CONDITIONED = {"iam:CreateServiceLinkedRole": "iam:AWSServiceName", "iam:PassRole": "iam:PassedToService"}

#: Reading calls that show what is kept, not how it is kept: these are limited as writing ones are.
DATA_READS = {
    "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "s3:GetObject",
    "secretsmanager:GetSecretValue", "ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath",
}  # fmt: skip


class Unlisted(Exception):
    """An action that IAM does not know, or a service whose resources are not listed in SCOPES."""


def needed(calls: Iterable[dict[str, Any]]) -> dict[str, set[tuple[tuple[str, str], ...]]]:
    """Action -> the condition contexts in which the recorded *calls* need it."""
    found: dict[str, set[tuple[tuple[str, str], ...]]] = defaultdict(set)
    for call in calls:
        for need in authorization.needs(call["service"], call["operation"], call["parameters"] or {}):
            found[need.action].add(need.context)
    return dict(found)


def besides(planned: dict[str, Any], components: Iterable[str]) -> set[str]:
    """The actions of what no emulator shows: the operations that a tour lists for its components."""
    found: set[str] = set()
    for component in components:
        for name in planned["besides"].get(component, ()):
            service, _, operation = name.partition(":")
            found |= authorization.possible_actions(service, operation)
    return found - set(CONDITIONED)


def statements(needs: dict[str, set[tuple[tuple[str, str], ...]]]) -> list[dict[str, Any]]:
    """One statement for each set of resources, and one for each action that is limited by a condition. Raises Unlisted."""
    by_scope: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for action in sorted(set(needs) - set(CONDITIONED)):
        by_scope[_scope(action)].append(action)
    several = Counter(sid for sid, _resources in by_scope)
    numbered: Counter[str] = Counter()
    made = []
    for (sid, resources), actions in sorted(by_scope.items()):
        made.append(_statement(sid + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[numbered[sid]] if several[sid] > 1 else sid, actions, resources))
        numbered[sid] += 1
    for action, key in CONDITIONED.items():
        if values := sorted({value for context in needs.get(action, ()) for _key, value in context}):
            condition = {"StringEquals": {key: values}}
            made.append({**_statement(action.partition(":")[2], [action], SCOPES[action]), "Condition": condition})
    return made


def documents(made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Policies that hold all of *made*, in order, none longer than IAM takes once the names are filled in."""
    found: list[list[dict[str, Any]]] = [[]]
    for statement in (part for whole in made for part in _split(whole)):
        if _length([*found[-1], statement]) > POLICY_LENGTH:
            found.append([])
        found[-1].append(statement)
    return [_document(part) for part in found]


def filled(document: dict[str, Any], project: str, environment: str, region: str, account: str) -> dict[str, Any]:
    """*document* with the values of a stack."""
    values = {"PREFIX": f"{project}-{environment}", "PROJECT": project, "ENVIRONMENT": environment, "REGION": region, "ACCOUNT": account}
    text = re.sub(r"\b(PREFIX|PROJECT|ENVIRONMENT|REGION|ACCOUNT)\b", lambda found: values[found[1]], json.dumps(document))
    return json.loads(text)


def written(folder: Path, found: list[dict[str, Any]]) -> list[Path]:
    """Write the policies into *folder*, in place of those that lie there."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.json"):
        old.unlink()
    files = [folder / f"deployer-{number}.json" for number in range(1, len(found) + 1)]
    for file, document in zip(files, found, strict=True):
        file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return files


def recorded(file: Path, components: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The calls of a record (REFARCH_RECORD) that the engine and *components* made."""
    wanted = {None, *components}
    with file.open(encoding="utf-8") as lines:
        yield from (call for call in map(json.loads, lines) if call["component"] in wanted)


def derived(scenario: str, record: Path) -> list[dict[str, Any]]:
    """The policies of *scenario* from the record of a tour that holds it. Raises Unlisted."""
    components = tour.components_of(scenario)
    found = needed(recorded(record, components))
    for action in besides(tour.plan_of(tour.holder_of(scenario)), components):
        found.setdefault(action, set())
    return documents(statements(found))


def _scope(action: str) -> tuple[str, tuple[str, ...]]:
    """(name of the statement, its resources) for an action."""
    service, _, name = action.partition(":")
    reference = _reference().get(service, {}).get("Actions", {}).get(name.lower())
    if reference is None:
        raise Unlisted(f"{action} is no action that IAM knows: name the right one in emulator/authorization.py")
    words = "".join(part.capitalize() for part in re.split(r"[^a-z0-9]", service))
    reads = verbs.kind(service, name) == "read" and action not in DATA_READS
    if reads or not reference.get("Resources"):
        return (f"Look{words}", ("*",)) if reads else (f"Unnamed{words}", ("*",))
    if action in SCOPES:
        return f"{words}{name}", SCOPES[action]
    if service not in SCOPES:
        raise Unlisted(f"{action}: list what a stack owns of {service} in SCOPES of tools/deployer_policy.py")
    return words, _of_types(service, reference["Resources"])


def _of_types(service: str, types: Iterable[str]) -> tuple[str, ...]:
    """What a stack owns of *service*, without what is of none of the *types* that an action takes."""
    known = {name.lower(): kind["ARNFormats"] for name, kind in _reference()[service]["Resources"].items()}
    forms = [re.compile(_form(form)) for name in types for form in known.get(name.lower(), ())]
    fitting = tuple(arn for arn in SCOPES[service] if arn.endswith("ACCOUNT:*") or any(form.fullmatch(arn) for form in forms))
    return fitting or SCOPES[service]


def _form(arn: str) -> str:
    """A regular expression for ARNs in the words of SCOPES: the reference writes C(${Region}), and C(.*) for what follows the type."""
    parts = re.sub(r"\$\{\w+\}", ".*", arn.replace("${Partition}", "aws")).split(".*")
    return ".*".join(map(re.escape, parts))


def _statement(sid: str, actions: list[str], resources: Iterable[str]) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": list(resources)}


def _split(statement: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """*statement* in as many parts as fit into policies of their own."""
    if _length([statement]) <= POLICY_LENGTH:
        yield statement
        return
    middle = len(statement["Action"]) // 2
    for number, actions in enumerate((statement["Action"][:middle], statement["Action"][middle:]), 1):
        yield from _split({**statement, "Sid": f"{statement['Sid']}Part{number}", "Action": actions})


def _document(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": parts}


def _length(parts: list[dict[str, Any]]) -> int:
    """Characters that count, with the longest prefix that a stack may have."""
    longest = filled(_document(parts), "p" * 15, "e" * 16, "ap-northeast-2", "1" * 12)
    return len(re.sub(r"\s", "", json.dumps(longest)))


@cache
def _reference() -> dict[str, Any]:
    """AWS's list of actions and of the resources that each takes, as cfn-lint carries it."""
    file = Path(cfnlint.__file__).parent / "data" / "AdditionalSpecs" / "Policies.json"
    return json.loads(file.read_text(encoding="utf-8"))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.deployer_policy", description=__doc__.split("\n")[0])
    parser.add_argument("scenario")
    parser.add_argument("--inventory", type=Path, help="also write the policies with this environment's values")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder, "calls.jsonl")
        tour.tour(tour.holder_of(options.scenario), record)
        try:
            found = derived(options.scenario, record)
        except Unlisted as error:
            print(error, file=sys.stderr)
            return 1
    files = written(DOCS / options.scenario, found)
    if options.inventory:
        stack = yaml.safe_load((options.inventory / "group_vars" / "all" / "stack.yml").read_text(encoding="utf-8"))
        account = str(stack["stack_account_id"])
        if not re.fullmatch(r"\d{12}", account):
            print(f"{options.inventory}: stack_account_id is not filled in; ACCOUNT stands for it in the policies", file=sys.stderr)
            account = "ACCOUNT"
        names = (stack["stack_project"], stack["stack_environment"], stack["stack_region"], account)
        files += written(ROOT / "build" / stack["stack_environment"] / "policies", [filled(document, *names) for document in found])
    for file in files:
        print(file.relative_to(ROOT))
    if len(found) > POLICIES_OF_A_ROLE:
        print(f"{len(found)} policies: a role takes {POLICIES_OF_A_ROLE} unless more are asked for", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
