#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: route53_health_checks
version_added: 0.1.0
short_description: Manage health checks of Route 53 as one set
description:
  - Creates, changes and removes checks by which Route 53 asks a public endpoint from several regions.
  - A check is known by its name and by whose it is, which stand in its caller reference from the moment of its creation on.
options:
  state:
    description: Whether the checks stand or not.
    type: str
    choices: [present, absent]
    default: present
  owner:
    description: Whose the checks are, for example the prefix of a stack.
    type: str
    required: true
  health_checks:
    description: The checks. With O(state=absent) the name is enough.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The C(Name) tag, unique among the owner's.
        type: str
        required: true
      type:
        description: How to ask. Another type replaces the check.
        type: str
        choices: [HTTP, HTTPS, HTTP_STR_MATCH, HTTPS_STR_MATCH]
        default: HTTPS
      domain_name:
        description: The name to ask. Required with O(state=present).
        type: str
      port:
        description: The port. Left out, 443 for HTTPS and 80 for HTTP.
        type: int
      resource_path:
        description: The path to ask for.
        type: str
        default: /
      search_string:
        description: What the first 5120 bytes of the answer must hold, with the types that end in C(_STR_MATCH).
        type: str
      request_interval_seconds:
        description: Seconds between two requests of a checker. V(10) costs more. Another interval replaces the check.
        type: int
        choices: [10, 30]
        default: 30
      failure_threshold:
        description: Requests in a row that must fail, or succeed, to change the state, 1 to 10.
        type: int
        default: 3
      measure_latency:
        description: Whether latency is measured, which costs money. Another value replaces the check.
        type: bool
        default: false
      regions:
        description: The regions to ask from, at least three; empty for all that Route 53 has.
        type: list
        elements: str
        choices: [us-east-1, us-west-1, us-west-2, eu-west-1, ap-southeast-1, ap-southeast-2, ap-northeast-1, sa-east-1]
        default: []
      disabled:
        description: Whether the check is held, and counts as healthy.
        type: bool
        default: false
      tags:
        description: Tags of this check, added to O(tags).
        type: dict
        default: {}
notes:
  - amazon.aws.route53_health_check takes one check a task and makes a second one where the answer to a creation was lost.
  - Metrics of health checks are in us-east-1 only, whatever the region of a stack is.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Ask the public address of a stack
  refarch.aws.route53_health_checks:
    owner: shop-staging
    health_checks:
      - {name: shop-staging-public, domain_name: staging.example.com, resource_path: /health}
    tags: "{{ stack_tags }}"
"""

RETURN = r"""
health_check_ids:
  description: The ids of the checks by their names, without O(state=absent).
  returned: always
  type: dict
  sample: {shop-staging-public: 11111111-2222-3333-4444-555555555555}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, differing, run
from ansible_collections.refarch.aws.plugins.module_utils.route53 import Route53Resources, new_reference, reference_prefix

REGIONS = ["us-east-1", "us-west-1", "us-west-2", "eu-west-1", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1", "sa-east-1"]

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "owner": {"type": "str", "required": True},
    "health_checks": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "type": {"type": "str", "choices": ["HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH"], "default": "HTTPS"},
            "domain_name": {"type": "str"},
            "port": {"type": "int"},
            "resource_path": {"type": "str", "default": "/"},
            "search_string": {"type": "str"},
            "request_interval_seconds": {"type": "int", "choices": [10, 30], "default": 30},
            "failure_threshold": {"type": "int", "default": 3},
            "measure_latency": {"type": "bool", "default": False},
            "regions": {"type": "list", "elements": "str", "choices": REGIONS, "default": []},
            "disabled": {"type": "bool", "default": False},
            "tags": {"type": "dict", "default": {}},
        },
    },
    **TAG_OPTIONS,
}

GONE = ("NoSuchHealthCheck",)

#: What a check keeps for life ("UpdateHealthCheck", Amazon Route 53 API Reference, takes them no more).
FIXED = ("Type", "RequestInterval", "MeasureLatency")

#: "HealthCheckConfig" (Amazon Route 53 API Reference).
FEWEST_REGIONS = 3


def config_of(wanted: dict) -> dict:
    """The settings of a check as CreateHealthCheck takes them, complete."""
    secure = wanted["type"].startswith("HTTPS")
    config = {
        "Type": wanted["type"],
        "FullyQualifiedDomainName": wanted["domain_name"],
        "Port": wanted["port"] or (443 if secure else 80),
        "ResourcePath": wanted["resource_path"],
        "RequestInterval": wanted["request_interval_seconds"],
        "FailureThreshold": wanted["failure_threshold"],
        "MeasureLatency": wanted["measure_latency"],
        "Disabled": wanted["disabled"],
        "EnableSNI": secure,
    }
    if wanted["search_string"]:
        config["SearchString"] = wanted["search_string"]
    if wanted["regions"]:
        config["Regions"] = sorted(wanted["regions"])
    return config


def changes_of(existing: dict, wanted: dict) -> dict:
    """What UpdateHealthCheck must be told: the differing settings, and under C(ResetElements) those that go back to their default."""
    now = {**existing, **({"Regions": sorted(existing["Regions"])} if existing.get("Regions") else {})}
    changed = {key: value for key, value in differing(now, wanted).items() if key not in FIXED}
    if existing.get("Regions") and "Regions" not in wanted:
        changed["ResetElements"] = ["Regions"]
    return changed


class HealthChecks(Route53Resources):
    def existing(self) -> dict[str, list[dict]]:
        """The owner's checks, by the names of the wanted ones; more than one where a run was cut short that replaced it."""
        listed = self.read("route53", "list_health_checks", "HealthChecks")
        return {
            wanted["name"]: [check for check in listed if check["CallerReference"].startswith(self.prefix(wanted))]
            for wanted in self.params["health_checks"]
        }

    def prefix(self, wanted: dict) -> str:
        return reference_prefix(self.params["owner"], "health check", wanted["name"])

    def require_sound(self) -> None:
        for wanted in self.params["health_checks"]:
            name = wanted["name"]
            if not wanted["domain_name"]:
                raise InvalidInput(f"health_checks: {name} needs domain_name.")
            if 0 < len(wanted["regions"]) < FEWEST_REGIONS:
                raise InvalidInput(f"health_checks: {name} needs {FEWEST_REGIONS} regions at least, or none for all.")
            if not 1 <= wanted["failure_threshold"] <= 10:
                raise InvalidInput(f"health_checks: failure_threshold of {name} must be 1 to 10.")
            if bool(wanted["search_string"]) != wanted["type"].endswith("_STR_MATCH"):
                raise InvalidInput(f"health_checks: search_string of {name} goes with the types that end in _STR_MATCH, and they need it.")

    def present(self) -> dict:
        self.require_sound()
        existing, wanted = self.existing(), self.params["health_checks"]
        tags = self.tags_of("healthcheck", [check["Id"] for checks in existing.values() for check in checks])
        ids = self.each(lambda item: self.ensure(existing[item["name"]], tags, item), wanted)
        return {"health_check_ids": dict(zip([item["name"] for item in wanted], ids, strict=True))}

    def ensure(self, checks: list[dict], tags: dict[str, dict], wanted: dict) -> str:
        name, config = wanted["name"], config_of(wanted)
        fitting = [check for check in checks if all(check["HealthCheckConfig"].get(key, config[key]) == config[key] for key in FIXED)]
        if fitting:
            check_id = fitting[0]["Id"]
            self.update(fitting[0], config, name)
        else:
            check_id = self.write(
                "route53", "create_health_check", "create", "health check", name, returns="HealthCheck.Id",
                CallerReference=new_reference(self.prefix(wanted), self.check_mode), HealthCheckConfig=config,
            )  # fmt: skip
        all_tags = {**(self.params["tags"] or {}), **wanted["tags"], "Name": name}
        self.ensure_tags("healthcheck", check_id, "health check", name, tags.get(check_id, {}), all_tags)
        for check in checks:
            if check["Id"] != check_id:
                self.delete(check["Id"], name)
        return check_id

    def update(self, check: dict, config: dict, name: str) -> None:
        changed = changes_of(check["HealthCheckConfig"], config)
        if changed:
            self.write(
                "route53", "update_health_check", "update", "health check", name, before=check["HealthCheckConfig"], after=config,
                HealthCheckId=check["Id"], HealthCheckVersion=check["HealthCheckVersion"], **changed,
            )  # fmt: skip

    def delete(self, check_id: str, name: str) -> None:
        self.write("route53", "delete_health_check", "delete", "health check", name, missing=GONE, HealthCheckId=check_id)

    def absent(self) -> dict:
        existing = self.existing()
        doomed = [(check["Id"], name) for name, checks in existing.items() for check in checks]
        self.each(lambda item: self.delete(*item), doomed)
        return {"health_check_ids": {}}


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), HealthChecks)


if __name__ == "__main__":
    main()
