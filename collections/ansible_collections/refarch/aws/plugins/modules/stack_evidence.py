#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_evidence
version_added: 0.1.0
short_description: Collect what a standing stack shows from outside
description:
  - Looks at a stack that stands, through the APIs of AWS and by HTTP requests to its public load balancer, for
    M(refarch.aws.stack_verify) to judge.
  - With O(alarm=true) it sets one alarm of the stack into ALARM and back, and looks in the notifier's log for the line that says what
    became of the message. Nothing else is written. In check mode the alarm is left alone too.
  - What can't be read is no failure of the module, but told in the place of what was to be read.
options:
  project:
    description: The tag V(Project).
    type: str
    required: true
  environment:
    description: The tag V(Environment).
    type: str
    required: true
  registry:
    description: What each component published, by component. Only these are looked at.
    type: dict
    required: true
  alarm:
    description: Whether to send an alarm through. Those who get mail of its topic, and the Slack channel, are told of it.
    type: bool
    default: false
  alarm_name:
    description: The alarm to set. Left out, it is one that neither a deployment nor another alarm depends on, of the least severity.
    type: str
  requests:
    description: Whether to send HTTP requests to the public load balancer.
    type: bool
    default: true
  servers:
    description: Whether to look at what became of the servers' configuration. Servers that nobody boots have none.
    type: bool
    default: true
  connect_to:
    description: The address to which the requests go, V(host:port). Left out, it is the load balancer's name, port 80.
    type: str
  wait_timeout_seconds:
    description:
      - How long to wait for targets to be healthy, for what becomes of the servers' configuration, and for the line in the notifier's log.
    type: int
    default: 120
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: What the stack shows
  refarch.aws.stack_evidence:
    project: shop
    environment: staging
    registry:
      load_balancer:
        load_balancer_arns:
          public: arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:loadbalancer/app/shop-staging-public/1234567890abcdef
        load_balancer_dns_names: {public: shop-staging-public-123456789.ap-northeast-2.elb.amazonaws.com}
"""

RETURN = r"""
evidence:
  description: What was found, by topic. A topic that could not be read is a dict with the only key C(error).
  returned: always
  type: dict
  sample: {pipeline: {name: shop-staging-pipeline, status: Succeeded}}
changes:
  description: Each mutating call.
  returned: always
  type: list
  elements: dict
"""

import contextlib
import http.client
import json
import secrets
import time
import uuid

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.resources import RequestFailed, Resources, error_code, from_tag_list, run

REQUEST_SECONDS = 10
AGENT = "refarch-verify"

#: By name: the path that is asked for. Of both attacks the textbook form, without effect on whatever answers.
REQUESTS = {
    "plain": "/?q=refarch-verify",
    "sql_injection": "/?q=1%27%20OR%20%271%27%3D%271%27%20--%20",
    "cross_site_scripting": "/?q=%3Cscript%3Ealert%28document.cookie%29%3C%2Fscript%3E",
}

#: Which alarm is set where none is named: the one of these that is fit, else any.
HARMLESS_ALARMS = ("function-throttles", "web-acl-blocked")
SEVERITIES = ("info", "warning", "critical")

MINIMUM = "length(TargetHealthDescriptions[?TargetHealth.State=='healthy']) >= `{minimum}`"
NO_OTHERS = "length(TargetHealthDescriptions[?TargetHealth.State!='healthy' && TargetHealth.State!='draining']) == `0`"


class Evidence(Resources):
    def present(self) -> dict:
        topics = {
            "network": [("security_groups", self.security_groups)],
            "storage": [("buckets", self.buckets)],
            "audit": [("trail", self.trail)],
            "database": [("databases", self.databases), ("master_secret", self.master_secret)],
            "load_balancer": [("target_groups", self.target_groups), ("responses", self.responses)],
            "certificate": [("certificate", self.certificate)],
            "protection": [("web_acl", self.web_acl)],
            "backup": [("backup", self.backup)],
            "node_configuration": [("server_configuration", self.server_configuration)],
            "pipeline": [("pipeline", self.pipeline)],
            "alerting": [("alarm", self.alarm)],
        }
        looks = [look for component, found in topics.items() if component in self.registry for look in found]
        return {"evidence": dict(self.each(self.looked, looks))}

    @property
    def registry(self) -> dict:
        return self.params["registry"]

    def looked(self, look: tuple) -> tuple[str, dict]:
        topic, reader = look
        try:
            return topic, reader()
        except RequestFailed as failure:
            return topic, {"error": f"{failure.message}: {error_code(failure.cause) or failure.cause}"}

    def published(self, component: str, output: str, default=None):
        return self.registry.get(component, {}).get(output) or default

    @property
    def own_tags(self) -> list[dict]:
        return [
            {"Key": "tag:Project", "Values": [self.params["project"]]},
            {"Key": "tag:Environment", "Values": [self.params["environment"]]},
        ]

    # -- foundation ----------------------------------------------------------------------------------------------------
    def security_groups(self) -> dict:
        filters = [{"Name": "vpc-id", "Values": [self.published("network", "vpc_id")]}]
        found = self.read("ec2", "describe_security_groups", "SecurityGroups", Filters=filters)
        return {
            "groups": [
                {
                    "id": group["GroupId"],
                    "name": group["GroupName"],
                    "rules": [
                        {
                            "protocol": rule["IpProtocol"],
                            "from": rule.get("FromPort"),
                            "to": rule.get("ToPort"),
                            "sources": [item["CidrIp"] for item in rule.get("IpRanges", [])]
                            + [item["CidrIpv6"] for item in rule.get("Ipv6Ranges", [])]
                            + [item["GroupId"] for item in rule.get("UserIdGroupPairs", [])]
                            + [item["PrefixListId"] for item in rule.get("PrefixListIds", [])],
                        }
                        for rule in group.get("IpPermissions", [])
                    ],
                }
                for group in found
            ]
        }

    def buckets(self) -> dict:
        def block(name: str) -> dict:
            missing = ("NoSuchPublicAccessBlockConfiguration", "NoSuchBucket")
            found = self.read("s3", "get_public_access_block", "PublicAccessBlockConfiguration", missing=missing, Bucket=name)
            return {"name": name, "block": found or {}}

        return {"buckets": self.each(block, sorted(self.published("storage", "bucket_names", {}).values()))}

    def trail(self) -> dict:
        arn = self.published("audit", "trail_arn")
        status = self.read("cloudtrail", "get_trail_status", missing=("TrailNotFoundException",), Name=arn)
        return {
            "arn": arn,
            "logging": bool(status and status.get("IsLogging")),
            "delivery_error": (status or {}).get("LatestDeliveryError", ""),
        }

    # -- database ------------------------------------------------------------------------------------------------------
    def instances(self) -> list[dict]:
        own = {"Project": self.params["project"], "Environment": self.params["environment"]}
        found = self.read("rds", "describe_db_instances", "DBInstances")
        return [instance for instance in found if own.items() <= from_tag_list(instance.get("TagList")).items()]

    def databases(self) -> dict:
        return {
            "identifier": self.published("database", "db_instance_identifier"),
            "instances": [
                {"identifier": found["DBInstanceIdentifier"], "public": found["PubliclyAccessible"], "status": found["DBInstanceStatus"]}
                for found in self.instances()
            ],
        }

    def master_secret(self) -> dict:
        arn = self.published("database", "master_user_secret_arn")
        secret = self.read("secretsmanager", "describe_secret", missing=("ResourceNotFoundException",), SecretId=arn)
        if secret is None:
            return {"arn": arn, "missing": True}
        policy = self.read("secretsmanager", "get_resource_policy", "ResourcePolicy", SecretId=arn)
        key = self.read("kms", "describe_key", "KeyMetadata.Arn", KeyId=secret.get("KmsKeyId") or "alias/aws/secretsmanager")
        key_tags = self.read("kms", "list_resource_tags", "Tags", KeyId=key)
        asked = {
            "secretsmanager:GetSecretValue": (arn, self.context(arn, "secretsmanager", from_tag_list(secret.get("Tags")))),
            "kms:Decrypt": (key, self.context(arn, "kms", {tag["TagKey"]: tag["TagValue"] for tag in key_tags})),
        }
        return {
            "arn": arn,
            "policy": json.loads(policy) if policy else None,
            "reader": self.published("servers", "instance_role_names", {}).get("app", ""),
            "roles": self.each(lambda role: self.simulated(role, asked), self.roles()),
        }

    def roles(self) -> list[dict]:
        """The stack's roles: by prefix, and by tag, since another stack's prefix may begin with this one's."""
        prefix = f"{self.params['project']}-{self.params['environment']}-"
        named = [role for role in self.read("iam", "list_roles", "Roles") if role["RoleName"].startswith(prefix)]
        own = {"Project": self.params["project"], "Environment": self.params["environment"]}

        def tagged(role: dict) -> bool:
            tags = self.read("iam", "list_role_tags", "Tags", missing=("NoSuchEntity",), RoleName=role["RoleName"])
            return own.items() <= from_tag_list(tags).items()

        return [role for role, is_own in zip(named, self.each(tagged, named), strict=True) if is_own]

    def context(self, secret: str, service: str, tags: dict[str, str]) -> list[dict]:
        """What the request of a server would carry; the simulator looks up none of it. *tags*: those of the secret, or of its key."""
        region, account = self.client("secretsmanager").meta.region_name, secret.split(":")[4]
        keys = {
            "aws:RequestedRegion": region,
            "aws:ResourceAccount": account,
            "aws:PrincipalAccount": account,
            **{f"aws:ResourceTag/{key}": value for key, value in tags.items()},
        }
        if service == "kms":
            # "Secret encryption and decryption in AWS Secrets Manager" (AWS Secrets Manager User Guide).
            keys |= {"kms:ViaService": f"secretsmanager.{region}.amazonaws.com", "kms:CallerAccount": account}
            keys |= {"kms:EncryptionContext:SecretARN": secret}
        else:
            keys |= {f"secretsmanager:ResourceTag/{key}": value for key, value in tags.items()}
        entries = [{"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"} for key, value in keys.items()]
        return [*entries, {"ContextKeyName": "aws:SecureTransport", "ContextKeyValues": ["true"], "ContextKeyType": "boolean"}]

    def simulated(self, role: dict, asked: dict[str, tuple]) -> dict:
        """What IAM's simulator says of the role, its boundary considered: by action, the decision."""
        decisions = {}
        for action, (resource, context) in asked.items():
            (found,) = self.read(
                "iam", "simulate_principal_policy", "EvaluationResults", PolicySourceArn=role["Arn"], ContextEntries=context,
                ActionNames=[action], ResourceArns=[resource],
            )  # fmt: skip
            (own,) = found["ResourceSpecificResults"]
            decisions[action] = own["EvalResourceDecision"]
        return {"name": role["RoleName"], "decisions": decisions}

    # -- load balancers ------------------------------------------------------------------------------------------------
    def target_groups(self) -> dict:
        arns = list(self.published("load_balancer", "load_balancer_arns", {}).values())
        listings = self.each(
            lambda arn: self.read(
                "elbv2", "describe_target_groups", "TargetGroups", missing=("LoadBalancerNotFound",), LoadBalancerArn=arn
            ),
            arns,
        )
        groups = {group["TargetGroupArn"]: group["TargetGroupName"] for listing in listings for group in listing}
        for name, arn in self.published("load_balancer", "target_group_arns", {}).items():
            groups.setdefault(arn, name)
        names = list(self.published("servers", "auto_scaling_group_names", {}).values())
        scaling = (
            self.read("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", AutoScalingGroupNames=names) if names else []
        )
        minimums = {arn: max(1, group["MinSize"]) for group in scaling for arn in group.get("TargetGroupARNs", [])}
        return {"groups": self.each(lambda item: self.health(*item, minimums.get(item[0], 1)), groups.items())}

    def health(self, arn: str, name: str, minimum: int) -> dict:
        """After a while, if not at once: an instance that has just started is not healthy yet."""
        enough = f"{MINIMUM.format(minimum=minimum)} && {NO_OTHERS}"
        waiter = {"operation": "DescribeTargetHealth", "acceptors": [_acceptor("success", enough)]}
        with contextlib.suppress(RequestFailed):  # what it is like by then is judged
            self.wait("elbv2", waiter, timeout=self.params["wait_timeout_seconds"], TargetGroupArn=arn)
        listed = self.read(
            "elbv2", "describe_target_health", "TargetHealthDescriptions", missing=("TargetGroupNotFound",), TargetGroupArn=arn
        )
        states = [
            {"id": item["Target"]["Id"], "state": item["TargetHealth"]["State"], "reason": item["TargetHealth"].get("Reason", "")}
            for item in listed or []
        ]
        return {"name": name, "minimum": minimum, "targets": states, "missing": listed is None}

    def responses(self) -> dict:
        """Of the public load balancer, over HTTP: AWS WAF is asked before a listener redirects."""
        host = self.published("load_balancer", "load_balancer_dns_names", {}).get("public", "")
        if not self.params["requests"]:
            return {"left_out": True}
        return {"host": host, **{name: self.response(host, path) for name, path in REQUESTS.items()}}

    def response(self, host: str, path: str) -> dict:
        name, _colon, port = (self.params["connect_to"] or host).partition(":")
        connection = http.client.HTTPConnection(name, int(port or 80), timeout=REQUEST_SECONDS)
        try:
            connection.request("GET", path, headers={"Host": host, "User-Agent": AGENT, "Accept": "*/*", "Connection": "close"})
            answer = connection.getresponse()
            answer.read()
            return {"status": answer.status, "location": answer.headers.get("Location", "")}
        except (OSError, http.client.HTTPException) as error:
            return {"error": f"{type(error).__name__}: {error}"}
        finally:
            connection.close()

    def certificate(self) -> dict:
        arn = self.published("certificate", "certificate_arn", "")
        if not arn:
            return {"arn": ""}
        found = self.read("acm", "describe_certificate", "Certificate", missing=("ResourceNotFoundException",), CertificateArn=arn)
        balancer = self.published("load_balancer", "load_balancer_arns", {}).get("public")
        listeners = []
        if balancer:
            missing = ("LoadBalancerNotFound",)
            listeners = self.read("elbv2", "describe_listeners", "Listeners", missing=missing, LoadBalancerArn=balancer)
        expires = (found or {}).get("NotAfter")
        return {
            "arn": arn,
            "status": (found or {}).get("Status", "gone"),
            "domain": (found or {}).get("DomainName", ""),
            "expires_in_days": int((expires.timestamp() - time.time()) // 86400) if expires else None,
            "renewal": (found or {}).get("RenewalSummary", {}).get("RenewalStatus", ""),
            "listeners": [
                listener["Port"]
                for listener in listeners
                if listener["Protocol"] == "HTTPS" and arn in [item["CertificateArn"] for item in listener.get("Certificates", [])]
            ],
        }

    # -- protection ----------------------------------------------------------------------------------------------------
    def web_acl(self) -> dict:
        balancer = self.published("load_balancer", "load_balancer_arns", {}).get("public")
        if not balancer:
            return {"name": "", "groups": {}}
        found = self.read("wafv2", "get_web_acl_for_resource", "WebACL", missing=("WAFNonexistentItemException",), ResourceArn=balancer)
        if not found:
            return {"name": "", "groups": {}}
        groups = {}
        for rule in found["Rules"]:
            group = rule["Statement"].get("ManagedRuleGroupStatement")
            if group:
                groups[group["Name"]] = {
                    "counts": "Count" in rule.get("OverrideAction", {}),
                    "rules_to_count": [
                        item["Name"] for item in group.get("RuleActionOverrides", []) if "Count" in item["ActionToUse"]
                    ] + [item["Name"] for item in group.get("ExcludedRules", [])],
                }  # fmt: skip
        return {"name": found["Name"], "groups": groups}

    # -- backup --------------------------------------------------------------------------------------------------------
    def backup(self) -> dict:
        plans = sorted(self.published("backup", "backup_plan_ids", {}).values())
        testing = self.published("backup", "restore_testing_plan_name", "")
        return {
            "resources": self.data_resources(),
            "selections": [selection for found in self.each(self.selections, plans) for selection in found],
            "opted_in": self.read("backup", "describe_region_settings", "ResourceTypeOptInPreference") or {},
            "restore_testing": testing,
            "restore_selections": self.restore_selections(testing) if testing else [],
        }

    def data_resources(self) -> list[dict]:
        """What holds data that nobody can make again: databases that are no replicas, tables, file systems, and the data bucket."""
        filters = [{"Key": "Project", "Values": [self.params["project"]]}, {"Key": "Environment", "Values": [self.params["environment"]]}]
        tagged = self.read(
            "resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList", TagFilters=filters,
            ResourceTypeFilters=["dynamodb:table", "elasticfilesystem:file-system", "s3"],
        )  # fmt: skip
        found = [{"arn": item["ResourceARN"], "tags": from_tag_list(item["Tags"])} for item in tagged]
        found = [item for item in found if ":s3:::" not in item["arn"]]
        data = self.published("storage", "bucket_arns", {}).get("data")
        if data:
            tags = self.read("s3", "get_bucket_tagging", "TagSet", missing=("NoSuchTagSet", "NoSuchBucket"), Bucket=data.rpartition(":")[2])
            found.append({"arn": data, "tags": from_tag_list(tags)})
        found += [
            {"arn": instance["DBInstanceArn"], "tags": from_tag_list(instance.get("TagList"))}
            for instance in self.instances()
            if not instance.get("ReadReplicaSourceDBInstanceIdentifier")
        ]
        return sorted(found, key=lambda item: item["arn"])

    def selections(self, plan: str) -> list[dict]:
        missing = ("ResourceNotFoundException",)
        listed = self.read("backup", "list_backup_selections", "BackupSelectionsList", missing=missing, BackupPlanId=plan)
        return self.each(
            lambda item: self.read(
                "backup", "get_backup_selection", "BackupSelection", BackupPlanId=plan, SelectionId=item["SelectionId"]
            ), listed,
        )  # fmt: skip

    def restore_selections(self, name: str) -> list[dict]:
        missing = ("ResourceNotFoundException",)
        listed = self.read(
            "backup", "list_restore_testing_selections", "RestoreTestingSelections", missing=missing, RestoreTestingPlanName=name
        )
        found = self.each(
            lambda item: self.read(
                "backup", "get_restore_testing_selection", "RestoreTestingSelection", RestoreTestingPlanName=name,
                RestoreTestingSelectionName=item["RestoreTestingSelectionName"],
            ), listed,
        )  # fmt: skip
        return [{key: value for key, value in item.items() if key.startswith("Protected")} for item in found]

    # -- servers -------------------------------------------------------------------------------------------------------
    def server_configuration(self) -> dict:
        """Of each server in service: whether it is connected, and whether it complies with the association of its tier."""
        if not self.params["servers"]:
            return {"left_out": True}
        tiers = {name: tier for tier, name in self.published("servers", "auto_scaling_group_names", {}).items()}
        if not tiers:
            return {"servers": []}
        groups = self.read("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", AutoScalingGroupNames=list(tiers))
        online = [*self.own_tags, {"Key": "PingStatus", "Values": ["Online"]}]
        connected = self.read("ssm", "describe_instance_information", "InstanceInformationList[].InstanceId", Filters=online)
        serving = [
            {"id": instance["InstanceId"], "tier": tiers[group["AutoScalingGroupName"]], "connected": instance["InstanceId"] in connected}
            for group in groups
            for instance in group["Instances"]
            if instance["LifecycleState"] == "InService"
        ]
        return {"servers": self.each(lambda server: {**server, "status": self.compliance(server)}, serving)}

    def compliance(self, server: dict) -> str:
        """C(COMPLIANT), C(NON_COMPLIANT), or nothing where the association of its tier was not applied to it yet.

        After a while, if not at once: it is reported after the server has come into service.
        """
        name = self.published("node_configuration", "association_names", {}).get(server["tier"])
        own = self.published("node_configuration", "association_ids", {}).get(name)
        filters = [{"Key": "ComplianceType", "Values": ["Association"], "Type": "EQUAL"}]
        asked = {"ResourceIds": [server["id"]], "ResourceTypes": ["ManagedInstance"], "Filters": filters}
        if own and server["connected"]:
            reported = _acceptor("success", f"length(ComplianceItems[?Id=='{own}']) > `0`")
            with contextlib.suppress(RequestFailed):  # what is reported by then is judged
                self.wait(
                    "ssm", {"operation": "ListComplianceItems", "acceptors": [reported]}, timeout=self.params["wait_timeout_seconds"],
                    **asked,
                )  # fmt: skip
        items = self.read("ssm", "list_compliance_items", "ComplianceItems", **asked)
        return next((item["Status"] for item in items if item["Id"] == own), "")

    # -- pipeline ------------------------------------------------------------------------------------------------------
    def pipeline(self) -> dict:
        name = self.published("pipeline", "pipeline_name")
        found = self.read("codepipeline", "get_pipeline", "pipeline", missing=("PipelineNotFoundException",), name=name)
        if found is None:
            return {"name": name, "missing": True}
        last = self.read(
            "codepipeline", "list_pipeline_executions", "pipelineExecutionSummaries", pipelineName=name, PaginationConfig={"MaxItems": 1}
        )
        return {"name": name, "status": last[0]["status"] if last else "", "stages": len(found["stages"])}

    # -- an alarm ------------------------------------------------------------------------------------------------------
    def alarm(self) -> dict:
        if "monitoring" not in self.registry:
            return {"left_out": "no alarms stand yet"}
        if not self.params["alarm"]:
            return {"left_out": "verify_alarm is false"}
        if self.waits_for_address():
            return {"no_address": self.published("alerting", "webhook_secret_arn").split(":", 6)[6].rpartition("-")[0]}
        if self.check_mode:
            return {"left_out": "setting an alarm writes, and this is check mode"}
        found = self.fit_alarms()
        if not found:
            wanted = self.params["alarm_name"]
            return {"unfit": f"{wanted} is not one of them" if wanted else "all are in ALARM, or belong to deployments or composite alarms"}
        return self.sent(found[0])

    def waits_for_address(self) -> bool:
        """Whether the secret holds the placeholder; its version's id tells (refarch.aws.secretsmanager_secrets), so that none is read."""
        secret = self.read("secretsmanager", "describe_secret", SecretId=self.published("alerting", "webhook_secret_arn"))
        placeholder = str(uuid.uuid5(uuid.NAMESPACE_URL, f"refarch:placeholder:{secret['Name']}"))
        current = [version for version, stages in secret.get("VersionIdsToStages", {}).items() if "AWSCURRENT" in stages]
        return not current or current == [placeholder]

    def fit_alarms(self) -> list[dict]:
        """Metric alarms that tell the notifier and on which nothing else depends, the least severe first. A composite alarm would not
        find back to its state ("SetAlarmState", Amazon CloudWatch API Reference)."""
        function = self.published("alerting", "function_arn")
        topics = self.published("alerting", "topic_arns", {})
        listings = self.each(lambda arn: self.read("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=arn), topics.values())
        heard = {
            arn: severity
            for (severity, arn), listing in zip(topics.items(), listings, strict=True)
            if function in [item["Endpoint"] for item in listing]
        }
        names = self.published("monitoring", "alarm_names", {})
        prefix = f"{self.params['project']}-{self.params['environment']}-"
        answer = self.read("cloudwatch", "describe_alarms", AlarmNamePrefix=prefix, AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        rules = " ".join(alarm["AlarmRule"] for alarm in answer.get("CompositeAlarms", []))
        shared = set(self.published("monitoring", "deployment_alarm_names", []))
        preferred = [names.get(name) for name in HARMLESS_ALARMS]

        def rank(alarm: dict) -> tuple:
            name = alarm["AlarmName"]
            severity = min(SEVERITIES.index(heard[arn]) for arn in alarm["AlarmActions"] if arn in heard)
            return preferred.index(name) if name in preferred else len(preferred), severity, name

        fit = [
            alarm
            for alarm in answer.get("MetricAlarms", [])
            if alarm["AlarmName"] in names.values()
            and self.params["alarm_name"] in (None, "", alarm["AlarmName"])
            and alarm["AlarmName"] not in shared
            and f'"{alarm["AlarmName"]}"' not in rules
            and alarm["StateValue"] != "ALARM"
            and alarm["ActionsEnabled"]
            and set(heard) & set(alarm["AlarmActions"])
        ]
        return sorted(fit, key=rank)

    def sent(self, alarm: dict) -> dict:
        """Into ALARM and back, and what the notifier's log says of it."""
        reference = f"verify-{secrets.token_hex(8)}"
        name, before = alarm["AlarmName"], alarm["StateValue"]
        begun, letters = int(time.time() * 1000) - 60_000, self.dead_letters()
        try:
            self.set_state(name, "ALARM", before, reference)
            lines = self.lines(begun, reference)
        finally:
            self.set_state(name, before, "ALARM", reference)
        return {"name": name, "reference": reference, "lines": lines, "dead_letters": [letters, self.dead_letters()]}

    def set_state(self, name: str, state: str, before: str, reference: str) -> None:
        reason = f"A test of the way to Slack by playbooks/verify.yml, nothing is wrong ({reference})."
        self.write(
            "cloudwatch", "set_alarm_state", "update", "alarm", name, before={"StateValue": before}, after={"StateValue": state},
            AlarmName=name, StateValue=state, StateReason=reason,
        )  # fmt: skip

    def dead_letters(self) -> int:
        url = self.read("sqs", "get_queue_url", "QueueUrl", QueueName=self.published("alerting", "dead_letter_queue_name"))
        found = self.read("sqs", "get_queue_attributes", "Attributes", QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        return int(found["ApproximateNumberOfMessages"])

    def lines(self, begun: int, reference: str) -> list[str]:
        group = self.read(
            "lambda", "get_function_configuration", "LoggingConfig.LogGroup", FunctionName=self.published("alerting", "function_name")
        )
        asked = {"logGroupName": group, "startTime": begun, "filterPattern": f'"{reference}"'}
        waiter = {"operation": "FilterLogEvents", "acceptors": [_acceptor("success", "length(events) > `0`")]}
        with contextlib.suppress(RequestFailed):  # a waiter sees the first page only: all are read below
            self.wait("logs", waiter, delay=2, timeout=self.params["wait_timeout_seconds"], **asked)
        return self.read("logs", "filter_log_events", "events[].message", **asked)


def _acceptor(state: str, argument: str) -> dict:
    return {"state": state, "matcher": "path", "argument": argument, "expected": True}


def main() -> None:
    spec = {
        "project": {"type": "str", "required": True},
        "environment": {"type": "str", "required": True},
        "registry": {"type": "dict", "required": True},
        "alarm": {"type": "bool", "default": False},
        "alarm_name": {"type": "str"},
        "requests": {"type": "bool", "default": True},
        "servers": {"type": "bool", "default": True},
        "connect_to": {"type": "str"},
        "wait_timeout_seconds": {"type": "int", "default": 120},
    }
    run(AnsibleAWSModule(argument_spec=spec, supports_check_mode=True), Evidence)


if __name__ == "__main__":
    main()
