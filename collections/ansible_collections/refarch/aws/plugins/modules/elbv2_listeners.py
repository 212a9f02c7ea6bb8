#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: elbv2_listeners
version_added: 0.1.0
short_description: Manage the listeners and rules of Application Load Balancers as one set
description:
  - Creates, changes and removes listeners in one task, each with its default actions, rules, certificates, attributes and tags.
  - A listener is the one on its port of its load balancer.
options:
  state:
    description: Whether the listeners stand or not.
    type: str
    choices: [present, absent]
    default: present
  listeners:
    description:
      - The listeners.
      - With O(state=absent), those that are removed; load balancer and port are enough.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: What the listener is called in the result. AWS knows no names of listeners.
        type: str
      load_balancer_arn:
        description: The load balancer.
        type: str
        required: true
      port:
        description: The port.
        type: int
        required: true
      protocol:
        description: The protocol.
        type: str
        choices: [HTTP, HTTPS]
        default: HTTP
      ssl_policy:
        description: The security policy of an HTTPS listener, its protocols and ciphers.
        type: str
        default: ELBSecurityPolicy-TLS13-1-2-2021-06
      certificate_arns:
        description:
          - The certificates of an HTTPS listener. The first is the default one.
          - The load balancer chooses by the name asked for.
        type: list
        elements: str
        default: []
      default_actions:
        description:
          - "What happens where no rule says otherwise, in AWS's words, for example C({Type: forward, TargetGroupArn: ...})."
          - Required with O(state=present).
        type: list
        elements: dict
      rules:
        description: The rules. Others on the listener are removed.
        type: list
        elements: dict
        default: []
        suboptions:
          priority:
            description: The priority, 1 to 50000, unique on the listener. Lower ones are tried first.
            type: int
            required: true
          conditions:
            description: "The conditions in AWS's words, for example C({Field: path-pattern, PathPatternConfig: {Values: [/api/*]}})."
            type: list
            elements: dict
            required: true
          actions:
            description: The actions in AWS's words.
            type: list
            elements: dict
            required: true
      attributes:
        description: Attributes by their keys, for example C(routing.http.response.server.enabled). Others are not managed.
        type: dict
        default: {}
      tags:
        description: Tags of this listener and its rules, added to O(tags).
        type: dict
        default: {}
  purge:
    description: Whether other listeners of the same load balancers are removed.
    type: bool
    default: false
notes:
  - amazon.aws.elb_application_lb manages listeners only together with their load balancer, without attributes, one load balancer a task.
  - What AWS adds by itself to actions and conditions (weights, orders, the parts of a redirect) is no difference.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: HTTPS, and a redirect to it
  refarch.aws.elbv2_listeners:
    tags: "{{ stack_tags }}"
    purge: true
    listeners:
      - load_balancer_arn: "{{ load_balancer_arn }}"
        port: 443
        protocol: HTTPS
        certificate_arns: ["{{ certificate_arn }}"]
        default_actions: [{Type: forward, TargetGroupArn: "{{ target_group_arn }}"}]
        attributes:
          routing.http.response.server.enabled: false
      - load_balancer_arn: "{{ load_balancer_arn }}"
        port: 80
        default_actions: [{Type: redirect, RedirectConfig: {Protocol: HTTPS, Port: "443", StatusCode: HTTP_301}}]
"""

RETURN = r"""
listeners:
  description: The listeners in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: "The name of the option, or load balancer and port.", type: str, sample: "shop-staging-public:443"}
    arn: {description: The ARN., type: str}
    load_balancer_arn: {description: The load balancer., type: str}
    port: {description: The port., type: int, sample: 443}
    protocol: {description: The protocol., type: str, sample: HTTPS}
    rule_arns: {description: The ARNs of the rules by their priority., type: dict}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.elbv2 import Elbv2Resources
from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, from_tag_list, run, to_tag_list

KIND = "listener"
GONE = ("ListenerNotFound", "LoadBalancerNotFound")

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "listeners": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str"},
            "load_balancer_arn": {"type": "str", "required": True},
            "port": {"type": "int", "required": True},
            "protocol": {"type": "str", "choices": ["HTTP", "HTTPS"], "default": "HTTP"},
            "ssl_policy": {"type": "str", "default": "ELBSecurityPolicy-TLS13-1-2-2021-06"},
            "certificate_arns": {"type": "list", "elements": "str", "default": []},
            "default_actions": {"type": "list", "elements": "dict"},
            "rules": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "priority": {"type": "int", "required": True},
                    "conditions": {"type": "list", "elements": "dict", "required": True},
                    "actions": {"type": "list", "elements": "dict", "required": True},
                },
            },
            "attributes": {"type": "dict", "default": {}},
            "tags": {"type": "dict", "default": {}},
        },
    },
    "purge": {"type": "bool", "default": False},
    **TAG_OPTIONS,
}

#: What a redirect keeps where it says nothing (Elastic Load Balancing API Reference, RedirectActionConfig).
REDIRECT = {"Protocol": "#{protocol}", "Port": "#{port}", "Host": "#{host}", "Path": "/#{path}", "Query": "#{query}"}


def plain_action(action: dict) -> dict:
    """*action* as it can be compared, whether AWS describes it or an input asks for it."""
    kind = action["Type"]
    if kind == "forward":
        config = action.get("ForwardConfig") or {}
        groups = config.get("TargetGroups") or [{"TargetGroupArn": action["TargetGroupArn"]}]
        # The weight of a single group means nothing.
        weights = {group["TargetGroupArn"]: int(group.get("Weight") or 0) if len(groups) > 1 else 1 for group in groups}
        sticky = config.get("TargetGroupStickinessConfig") or {}
        stickiness = int(sticky.get("DurationSeconds") or 0) if sticky.get("Enabled") in (True, "true") else None
        return {"Type": kind, "weights": weights, "stickiness": stickiness}
    if kind == "redirect":
        return {"Type": kind, **REDIRECT, **action["RedirectConfig"]}
    return {key: value for key, value in action.items() if key != "Order"}


def plain_actions(actions: list[dict]) -> list[dict]:
    return [plain_action(action) for action in sorted(actions, key=lambda action: int(action.get("Order") or 0))]


def plain_condition(condition: dict) -> tuple:
    """*condition* as it can be compared: its field, a header's name, and its values in any order."""
    config = next((value for key, value in condition.items() if key.endswith("Config") and value), {})
    values = config.get("Values") or condition.get("Values") or []
    pairs = [f"{value.get('Key', '')}={value['Value']}" if isinstance(value, dict) else str(value) for value in values]
    return condition["Field"], config.get("HttpHeaderName", ""), tuple(sorted(pairs))


def rules_differ(rule: dict, wanted: dict) -> dict:
    """Which of conditions and actions of *rule*, as AWS describes it, are not those of *wanted*, in the words of ModifyRule."""
    changed = {}
    if sorted(map(plain_condition, rule["Conditions"])) != sorted(map(plain_condition, wanted["conditions"])):
        changed["Conditions"] = wanted["conditions"]
    if plain_actions(rule["Actions"]) != plain_actions(wanted["actions"]):
        changed["Actions"] = wanted["actions"]
    return changed


class Listeners(Elbv2Resources):
    def existing(self) -> dict[tuple[str, int], dict]:
        """The listeners of the load balancers, by ARN of the load balancer and port."""
        arns = sorted({listener["load_balancer_arn"] for listener in self.params["listeners"]})
        answers = self.each(lambda arn: self.read("elbv2", "describe_listeners", "Listeners", missing=GONE, LoadBalancerArn=arn), arns)
        return {(one["LoadBalancerArn"], one["Port"]): one for answer in answers for one in answer}

    def describe(self, existing: dict[tuple[str, int], dict]) -> None:
        """Add to the wanted ones of *existing* their C(rules), C(certificates), C(attributes) and C(tags)."""
        wanted = {(item["load_balancer_arn"], item["port"]) for item in self.params["listeners"]}
        found = {listener["ListenerArn"]: listener for key, listener in existing.items() if key in wanted}

        def ask(question):
            part, arn = question
            if part == "tags":
                return self.tags_of(list(found))
            operation, path = {
                "rules": ("describe_rules", "Rules"),
                "certificates": ("describe_listener_certificates", "Certificates"),
                "attributes": ("describe_listener_attributes", "Attributes"),
            }[part]
            return self.read("elbv2", operation, path, missing=GONE, ListenerArn=arn)

        questions = [("tags", "")] if found else []
        questions += [(part, arn) for arn in found for part in ("rules", "attributes")]
        questions += [("certificates", arn) for arn, listener in found.items() if listener["Protocol"] == "HTTPS"]
        answers = dict(zip(questions, self.each(ask, questions), strict=True))
        rules = {arn: [rule for rule in answers["rules", arn] or [] if not rule["IsDefault"]] for arn in found}
        rule_tags = self.tags_of([rule["RuleArn"] for some in rules.values() for rule in some])
        for arn, listener in found.items():
            listener["tags"] = answers["tags", ""].get(arn, {})
            listener["attributes"] = from_tag_list(answers["attributes", arn])
            listener["certificates"] = answers.get(("certificates", arn)) or []
            listener["rules"] = {int(rule["Priority"]): {**rule, "tags": rule_tags.get(rule["RuleArn"], {})} for rule in rules[arn]}

    def require_sound(self, wanted: dict) -> None:
        where = f"listeners: the one on port {wanted['port']}"
        if not wanted["default_actions"]:
            raise InvalidInput(f"{where} needs default_actions.")
        if wanted["protocol"] == "HTTPS" and not wanted["certificate_arns"]:
            raise InvalidInput(f"{where} speaks HTTPS and needs certificate_arns.")
        if wanted["protocol"] == "HTTP" and wanted["certificate_arns"]:
            raise InvalidInput(f"{where} speaks HTTP and can't have certificate_arns.")
        priorities = [rule["priority"] for rule in wanted["rules"]]
        for priority in priorities:
            if not 1 <= priority <= 50000 or priorities.count(priority) > 1:
                raise InvalidInput(f"{where} has a rule of priority {priority}; priorities are 1 to 50000, each used once.")

    def present(self) -> dict:
        for wanted in self.params["listeners"]:
            self.require_sound(wanted)
        existing = self.existing()
        self.describe(existing)
        named = {(wanted["load_balancer_arn"], wanted["port"]) for wanted in self.params["listeners"]}
        if self.params["purge"]:
            self.each(lambda key: self.remove(existing[key]), sorted(existing.keys() - named))
        return {
            "listeners": self.each(
                lambda wanted: self.ensure(existing.get((wanted["load_balancer_arn"], wanted["port"])), wanted), self.params["listeners"]
            )
        }

    def ensure(self, listener: dict | None, wanted: dict) -> dict:
        name = wanted["name"] or self.name(wanted["load_balancer_arn"], wanted["port"])
        tags = {**(self.params["tags"] or {}), **wanted["tags"]}
        secure = wanted["protocol"] == "HTTPS"
        certificates = [{"CertificateArn": arn} for arn in wanted["certificate_arns"]]
        if listener is None:
            arn = self.write(
                "elbv2", "create_listener", "create", KIND, name, returns="Listeners[0].ListenerArn",
                LoadBalancerArn=wanted["load_balancer_arn"], Protocol=wanted["protocol"], Port=wanted["port"],
                DefaultActions=wanted["default_actions"],
                **({"SslPolicy": wanted["ssl_policy"], "Certificates": certificates[:1]} if secure else {}),
                **({"Tags": to_tag_list(tags)} if tags else {}),
            )  # fmt: skip
            listener = {"rules": {}, "attributes": {}, "certificates": []}
        else:
            arn = listener["ListenerArn"]
            self.update(listener, wanted, name)
            self.ensure_tags(KIND, name, arn, listener["tags"], tags)
        self.ensure_certificates(arn, name, listener, wanted["certificate_arns"])
        self.ensure_attributes("modify_listener_attributes", KIND, name, listener["attributes"], wanted["attributes"], ListenerArn=arn)
        return {
            "name": name,
            "arn": arn,
            "load_balancer_arn": wanted["load_balancer_arn"],
            "port": wanted["port"],
            "protocol": wanted["protocol"],
            "rule_arns": self.ensure_rules(arn, name, listener["rules"], wanted["rules"], tags),
        }

    def name(self, load_balancer_arn: str, port: int) -> str:
        """The load balancer's name and the port."""
        parts = load_balancer_arn.split("/")
        return f"{parts[-2] if len(parts) > 1 else load_balancer_arn}:{port}"

    def update(self, listener: dict, wanted: dict, name: str) -> None:
        before, after = {}, {}
        secure = wanted["protocol"] == "HTTPS"
        if listener["Protocol"] != wanted["protocol"]:
            before["Protocol"], after["Protocol"] = listener["Protocol"], wanted["protocol"]
        if secure and listener.get("SslPolicy") != wanted["ssl_policy"]:
            before["SslPolicy"], after["SslPolicy"] = listener.get("SslPolicy"), wanted["ssl_policy"]
        default = [one["CertificateArn"] for one in listener.get("Certificates", [])][:1]
        if secure and default != wanted["certificate_arns"][:1]:
            before["Certificates"] = default
            after["Certificates"] = [{"CertificateArn": wanted["certificate_arns"][0]}]
        if plain_actions(listener["DefaultActions"]) != plain_actions(wanted["default_actions"]):
            before["DefaultActions"], after["DefaultActions"] = listener["DefaultActions"], wanted["default_actions"]
        if after:
            self.write(
                "elbv2", "modify_listener", "update", KIND, name, before=before, after=after, ListenerArn=listener["ListenerArn"], **after
            )

    def ensure_certificates(self, arn: str, name: str, listener: dict, wanted: list[str]) -> None:
        """The certificates besides the default one."""
        now = [one["CertificateArn"] for one in listener["certificates"] if not one.get("IsDefault")]
        more = wanted[1:]
        for operation, some in (
            ("add_listener_certificates", [one for one in more if one not in now]),
            ("remove_listener_certificates", [one for one in now if one not in wanted]),
        ):
            if some:
                self.write(
                    "elbv2", operation, "update", KIND, name, before={"certificates": now}, after={"certificates": more},
                    ListenerArn=arn, Certificates=[{"CertificateArn": one} for one in some],
                )  # fmt: skip

    def ensure_rules(self, arn: str, name: str, existing: dict[int, dict], wanted: list[dict], tags: dict) -> dict[str, str]:
        arns = {}
        for priority in sorted(existing.keys() - {rule["priority"] for rule in wanted}):
            rule_arn = existing[priority]["RuleArn"]
            self.write("elbv2", "delete_rule", "delete", "listener rule", f"{name} {priority}", missing=("RuleNotFound",), RuleArn=rule_arn)
        for rule in wanted:
            called, now = f"{name} {rule['priority']}", existing.get(rule["priority"])
            if now is None:
                arns[str(rule["priority"])] = self.write(
                    "elbv2", "create_rule", "create", "listener rule", called, returns="Rules[0].RuleArn", ListenerArn=arn,
                    Priority=rule["priority"], Conditions=rule["conditions"], Actions=rule["actions"],
                    **({"Tags": to_tag_list(tags)} if tags else {}),
                )  # fmt: skip
                continue
            arns[str(rule["priority"])] = now["RuleArn"]
            changed = rules_differ(now, rule)
            if changed:
                self.write(
                    "elbv2", "modify_rule", "update", "listener rule", called, before={key: now[key] for key in changed},
                    after=changed, RuleArn=now["RuleArn"], **changed,
                )  # fmt: skip
            self.ensure_tags("listener rule", called, now["RuleArn"], now["tags"], tags)
        return arns

    def remove(self, listener: dict) -> None:
        name = self.name(listener["LoadBalancerArn"], listener["Port"])
        self.write("elbv2", "delete_listener", "delete", KIND, name, missing=GONE, ListenerArn=listener["ListenerArn"])

    def absent(self) -> dict:
        existing = self.existing()
        doomed = {(listener["load_balancer_arn"], listener["port"]) for listener in self.params["listeners"]}
        self.each(lambda key: self.remove(existing[key]), sorted(existing.keys() & doomed))
        return {"listeners": []}


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Listeners)


if __name__ == "__main__":
    main()
