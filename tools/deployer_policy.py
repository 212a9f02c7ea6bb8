"""``python -m tools.deployer_policy SCENARIO``: the least that somebody needs who builds, changes and removes a scenario.

Builds the scenario on an emulator of its own, changes it as tools/tours/<scenario>.yml says, and removes it, while every API call is
recorded. From the record come the policies under docs/policies/<scenario>/, each small enough for IAM, with the words PROJECT,
ENVIRONMENT, REGION and ACCOUNT where a stack has its values. With ``--inventory`` they are also written with an environment's values
to build/<environment>/policies/, ready to be attached.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import cfnlint
import yaml

from emulator import authorization, verbs
from tools.tour import tour

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs" / "policies"

#: Characters of a managed policy, blanks not counted ("IAM and AWS STS quotas", IAM User Guide).
POLICY_LENGTH = 6144

#: What of a service a stack owns. Everything that can be named is named PROJECT-ENVIRONMENT-…; what AWS gives ids to is
#: limited to account and region. Source of the forms: "Resource types" of each service in the Service Authorization Reference.
SCOPES: dict[str, tuple[str, ...]] = {
    "access-analyzer": ("arn:aws:access-analyzer:REGION:ACCOUNT:analyzer/*",),
    "cloudtrail": ("arn:aws:cloudtrail:REGION:ACCOUNT:trail/PREFIX-*",),
    "ec2": ("arn:aws:ec2:REGION:ACCOUNT:*", "arn:aws:ec2:REGION::image/*"),
    "iam": (
        "arn:aws:iam::ACCOUNT:group/*PREFIX-*",
        "arn:aws:iam::ACCOUNT:instance-profile/*PREFIX-*",
        "arn:aws:iam::ACCOUNT:policy/*PREFIX-*",
        "arn:aws:iam::ACCOUNT:role/*PREFIX-*",
        "arn:aws:iam::ACCOUNT:role/aws-service-role/*",
        "arn:aws:iam::ACCOUNT:user/*PREFIX-*",
    ),
    "kms": ("arn:aws:kms:REGION:ACCOUNT:alias/PREFIX-*", "arn:aws:kms:REGION:ACCOUNT:key/*"),
    "logs": ("arn:aws:logs:REGION:ACCOUNT:*", "arn:aws:logs:us-east-1:ACCOUNT:*"),
    "route53": ("arn:aws:ec2:REGION:ACCOUNT:vpc/*", "arn:aws:route53:::*"),
    "s3": ("arn:aws:s3:::PREFIX-*",),
    "ssm": ("arn:aws:ssm:REGION:ACCOUNT:parameter/PROJECT/ENVIRONMENT*",),
}

#: Reading calls that show what is kept, not how it is kept: these are limited as writing ones are.
DATA_READS = {
    "kms:Decrypt", "s3:GetObject", "secretsmanager:GetSecretValue", "ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath",
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


def statements(needs: dict[str, set[tuple[tuple[str, str], ...]]]) -> list[dict[str, Any]]:
    """One statement for each set of resources, and one for the roles that may be passed. Raises Unlisted."""
    by_scope: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for action in sorted(needs):
        if action != "iam:PassRole":
            by_scope[_scope(action)].append(action)
    made = [_statement(sid, actions, resources) for (sid, resources), actions in sorted(by_scope.items())]
    if passed := sorted({value for context in needs.get("iam:PassRole", ()) for _key, value in context}):
        condition = {"StringEquals": {"iam:PassedToService": passed}}
        made.append({**_statement("PassRole", ["iam:PassRole"], ("arn:aws:iam::ACCOUNT:role/refarch/PREFIX-*",)), "Condition": condition})
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


def recorded(file: Path) -> Iterator[dict[str, Any]]:
    """The calls of a record (REFARCH_RECORD)."""
    with file.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


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
    if service not in SCOPES:
        raise Unlisted(f"{action}: list what a stack owns of {service} in SCOPES of tools/deployer_policy.py")
    return words, SCOPES[service]


def _statement(sid: str, actions: list[str], resources: Iterable[str]) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": list(resources)}


def _split(statement: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """*statement* in as many parts as fit into policies of their own."""
    if _length([statement]) <= POLICY_LENGTH:
        yield statement
        return
    middle = len(statement["Action"]) // 2
    for number, actions in enumerate((statement["Action"][:middle], statement["Action"][middle:]), 1):
        yield from _split({**statement, "Sid": f"{statement['Sid']}{number}", "Action": actions})


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
        tour(options.scenario, record)
        try:
            found = documents(statements(needed(recorded(record))))
        except Unlisted as error:
            print(error, file=sys.stderr)
            return 1
    files = written(DOCS / options.scenario, found)
    if options.inventory:
        stack = yaml.safe_load((options.inventory / "group_vars" / "all" / "stack.yml").read_text(encoding="utf-8"))
        names = (stack["stack_project"], stack["stack_environment"], stack["stack_region"], stack["stack_account_id"])
        files += written(ROOT / "build" / stack["stack_environment"] / "policies", [filled(document, *names) for document in found])
    for file in files:
        print(file.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
