"""Checks the settings of the nodes' configuration through boto3; ``--absent`` that nothing is left. Sentences on failure, exit code 1."""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
import zipfile

import boto3
from botocore.exceptions import ClientError

PREFIX = os.environ.get("STACK_PREFIX", "shop-staging")
REGION = os.environ.get("AWS_REGION", "ap-northeast-2")
TIERS = ("web", "app")
TAGS = {"Project", "Environment", "Component", "ManagedBy"}
DOCUMENT = f"{PREFIX}-apply-bundle"

failures: list[str] = []
ssm = boto3.client("ssm", region_name=REGION)
s3 = boto3.client("s3", region_name=REGION)
events = boto3.client("events", region_name=REGION)


def check(what: str, ok: bool, found: object = "") -> None:
    print(f"{'ok    ' if ok else 'FAILED'} {what}")
    if not ok:
        failures.append(f"{what}: found {found!r}.")


def associations(tier: str) -> list[dict]:
    wanted = [{"key": "AssociationName", "value": f"{PREFIX}-configure-{tier}"}]
    found = ssm.list_associations(AssociationFilterList=wanted)["Associations"]
    return [ssm.describe_association(AssociationId=one["AssociationId"])["AssociationDescription"] for one in found]


def document_is_strict() -> None:
    content = json.loads(ssm.get_document(Name=DOCUMENT)["Content"])
    kinds = [step["action"] for step in content["mainSteps"]]
    check("the document downloads and applies", kinds == ["aws:downloadContent", "aws:runShellScript"], kinds)
    theirs = {"SourceType", "SourceInfo", "InstallDependencies", "PlaybookFile", "ExtraVariables", "Check", "Verbose", "TimeoutSeconds"}
    check("it has the parameters of AWS-ApplyAnsiblePlaybooks", theirs < set(content["parameters"]), list(content["parameters"]))
    open_ = [
        name
        for name, about in content["parameters"].items()
        if about["type"] == "String" and not {"allowedPattern", "allowedValues"} & set(about)
    ]
    check("no text reaches the shell that was not looked at", open_ == [], open_)
    shared = ssm.describe_document_permission(Name=DOCUMENT, PermissionType="Share")["AccountIds"]
    check("it is shared with nobody [SSM.4]", shared == [], shared)
    tags = {tag["Key"] for tag in ssm.list_tags_for_resource(ResourceType="Document", ResourceId=DOCUMENT)["TagList"]}
    check("it has tags", tags >= TAGS, tags)


def association_is_strict(tier: str) -> None:
    found = associations(tier)
    check(f"{tier}: one association", len(found) == 1, found)
    (one,) = found
    targets = {target["Key"]: target["Values"] for target in one["Targets"]}
    check(f"{tier}: of the stack's servers of that tier", targets["tag:Tier"] == [tier] and len(targets) == 3, targets)
    check(f"{tier}: no further node after the first that failed", (one["MaxErrors"], one["MaxConcurrency"]) == ("0", "50%"), one)
    check(f"{tier}: a node that failed does not comply [SSM.3]", one["ComplianceSeverity"] == "HIGH", one["ComplianceSeverity"])
    check(f"{tier}: again and again", one["ScheduleExpression"] == "rate(30 minutes)", one["ScheduleExpression"])
    output = one["OutputLocation"]["S3Location"]
    check(f"{tier}: what it prints is kept", output["OutputS3KeyPrefix"] == f"associations/{tier}", output)
    bundle_is_whole(tier, one["Parameters"])


def bundle_is_whole(tier: str, parameters: dict) -> None:
    path = json.loads(parameters["SourceInfo"][0])["path"]
    bucket, _, key = path.removeprefix(f"https://s3.{REGION}.amazonaws.com/").partition("/")
    (version,) = parameters["BundleVersion"]
    check(f"{tier}: the key is the version", key == f"nodes/{tier}/{version}.zip", key)
    with zipfile.ZipFile(io.BytesIO(s3.get_object(Bucket=bucket, Key=key)["Body"].read())) as bundle:
        sums = bundle.read("SHA256SUMS")
        check(f"{tier}: the version is the sum of sums", hashlib.sha256(sums).hexdigest() == version, version)
        listed = dict(reversed(line.split("  ")) for line in sums.decode().splitlines())
        others = {name for name in bundle.namelist() if not name.startswith("wheels/")} - {"SHA256SUMS"}
        check(f"{tier}: every file has a sum", set(listed) == others, set(listed) ^ others)
        wrong = [name for name, total in listed.items() if hashlib.sha256(bundle.read(name)).hexdigest() != total]
        check(f"{tier}: and it is right", wrong == [], wrong)
        wheels = {name.split("/")[1].split("-")[0] for name in bundle.namelist() if name.startswith("wheels/")}
        check(f"{tier}: Ansible comes with it", {"ansible_core", "boto3", "pip"} <= wheels, wheels)
        check(f"{tier}: and what the application needs", ("pg8000" in wheels) == (tier == "app"), wheels)
        needed = {"site.yml", "vars.json", f"roles/node_{tier}/tasks/main.yml", "release/appspec.yml"}
        check(f"{tier}: playbook, roles and application too", needed <= set(bundle.namelist()), needed - set(bundle.namelist()))
        variables = bundle.read("vars.json").decode()
    secret = [word for word in ("password", "AKIA", "secret_string") if word in variables]
    check(f"{tier}: nothing secret among them", secret == [], secret)


def failures_are_told() -> None:
    rule = events.describe_rule(Name=f"{PREFIX}-node-failed")
    pattern = json.loads(rule["EventPattern"])
    told = (pattern["source"], pattern["detail"]["document-name"], pattern["detail"]["status"])
    check("nodes that failed are told of", told == (["aws.ssm"], [DOCUMENT], ["Failed", "TimedOut"]), pattern)
    targets = events.list_targets_by_rule(Rule=f"{PREFIX}-node-failed")["Targets"]
    check("to the topic", [target["Arn"].rpartition(":")[2] for target in targets] == [f"{PREFIX}-warning"], targets)


def present() -> None:
    document_is_strict()
    for tier in TIERS:
        association_is_strict(tier)
    failures_are_told()


def absent() -> None:
    for tier in TIERS:
        check(f"{tier}: no association left", associations(tier) == [], associations(tier))
    for what, call, name in (("document", ssm.describe_document, DOCUMENT), ("rule", events.describe_rule, f"{PREFIX}-node-failed")):
        try:
            call(Name=name)
            check(f"no {what} left", False)
        except ClientError:
            check(f"no {what} left", True)


absent() if "--absent" in sys.argv else present()
if failures:
    sys.exit("\n".join(failures))
