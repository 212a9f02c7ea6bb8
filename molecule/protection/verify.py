"""Checks the settings of the protection through boto3, and attacks the load balancer; ``--absent`` that nothing is left.

Sentences on failure, exit code 1.
"""

from __future__ import annotations

import http.client
import os
import sys
from urllib.parse import quote, urlsplit

import boto3
from botocore.exceptions import ClientError

PREFIX = os.environ.get("STACK_PREFIX", "shop-staging")
REGION = os.environ.get("AWS_REGION", "ap-northeast-2")
ENDPOINT = os.environ.get("AWS_ENDPOINT_URL")
GROUP = f"aws-waf-logs-{PREFIX}"
ACL = f"{PREFIX}-public"
REGIONAL = {"Scope": "REGIONAL"}
TAGS = {"Project", "Environment", "Component", "ManagedBy"}
BLOCKING = {
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesSQLiRuleSet",
}

failures: list[str] = []
waf = boto3.client("wafv2", region_name=REGION)
logs = boto3.client("logs", region_name=REGION)
elbv2 = boto3.client("elbv2", region_name=REGION)


def check(what: str, ok: bool, found: object = "") -> None:
    print(f"{'ok    ' if ok else 'FAILED'} {what}")
    if not ok:
        failures.append(f"{what}: found {found!r}.")


def web_acls() -> list[dict]:
    return [item for item in waf.list_web_acls(**REGIONAL)["WebACLs"] if item["Name"] == ACL]


def ip_sets() -> list[dict]:
    return [item for item in waf.list_ip_sets(**REGIONAL)["IPSets"] if item["Name"].startswith(f"{PREFIX}-")]


def groups() -> list[dict]:
    return [group for group in logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"] if group["logGroupName"] == GROUP]


def tagged(what: str, arn: str) -> None:
    tags = {tag["Key"] for tag in waf.list_tags_for_resource(ResourceARN=arn)["TagInfoForResource"]["TagList"]}
    check(f"{what}: tags", tags >= TAGS, tags)


def web_acl_is_strict() -> None:
    found = web_acls()
    check("one web ACL", len(found) == 1, found)
    for summary in found:
        acl = waf.get_web_acl(Name=ACL, Id=summary["Id"], **REGIONAL)["WebACL"]
        rules = {rule["Name"]: rule for rule in acl["Rules"]}
        blocking = {name for name, rule in rules.items() if rule.get("OverrideAction") == {"None": {}}}
        check("web ACL: reputation, core, known bad inputs and SQL injection block", blocking >= BLOCKING, blocking)
        core = rules["AWSManagedRulesCommonRuleSet"]["Statement"]["ManagedRuleGroupStatement"]
        counted = [item["Name"] for item in core.get("RuleActionOverrides", []) if "Count" in item["ActionToUse"]]
        check("web ACL: of the core rules only the size of bodies is just counted", counted == ["SizeRestrictions_BODY"], counted)
        rate = rules["rate-limit"]
        statement = rate["Statement"]["RateBasedStatement"]
        check(
            "web ACL: 2000 requests of an address in 5 minutes",
            (statement["Limit"], statement["EvaluationWindowSec"], rate["Action"]) == (2000, 300, {"Block": {}}),
            rate,
        )
        order = [rule["Name"] for rule in sorted(acl["Rules"], key=lambda rule: rule["Priority"])]
        check("web ACL: lists come first", order[:3] == ["deny-list", "allow-list", "rate-limit"], order)
        seen = [acl["VisibilityConfig"], *(rule["VisibilityConfig"] for rule in acl["Rules"])]
        check(
            "web ACL: metrics and samples of each rule [WAF.12]",
            all(v["CloudWatchMetricsEnabled"] and v["SampledRequestsEnabled"] for v in seen),
        )
        check("web ACL: at most 1500 capacity units", 0 < acl["Capacity"] <= 1500, acl["Capacity"])
        tagged("web ACL", acl["ARN"])
        logging_is_strict(acl["ARN"])
        arns = waf.list_resources_for_web_acl(WebACLArn=acl["ARN"], ResourceType="APPLICATION_LOAD_BALANCER")["ResourceArns"]
        check("web ACL: before the public load balancer [ELB.16]", len(arns) == 1 and f"/{PREFIX}-public/" in arns[0], arns)
        for arn in arns:
            attacks(arn)
    lists = ip_sets()
    check("four lists of addresses", len(lists) == 4, lists)
    for item in lists:
        tagged(f"list {item['Name']}", item["ARN"])


def logging_is_strict(arn: str) -> None:
    logging = waf.get_logging_configuration(ResourceArn=arn)["LoggingConfiguration"]
    destinations = logging["LogDestinationConfigs"]
    check(
        "web ACL: logs to its log group [WAF.11]", [d.removesuffix(":*").rpartition(":")[2] for d in destinations] == [GROUP], destinations
    )
    redacted = {field["SingleHeader"]["Name"] for field in logging.get("RedactedFields", [])}
    check("web ACL: no credentials in the log", redacted >= {"authorization", "cookie"}, redacted)
    check("web ACL: all requests are logged", not logging.get("LoggingFilter"), logging)
    found = groups()
    check("log group stands", len(found) == 1, found)
    for group in found:
        check("log group: a year [CloudWatch.16]", group.get("retentionInDays") == 365, group)
        check("log group: encrypted with a customer key", ":key/" in group.get("kmsKeyId", ""), group)
        tags = set(logs.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))["tags"])
        check("log group: tags", tags >= TAGS, tags)


def status(host: str, target: str = "/", method: str = "GET", body: str | None = None, **headers: str) -> int:
    """What the load balancer answers: over the emulator, or over the internet."""
    to = urlsplit(ENDPOINT).netloc if ENDPOINT else host
    connection = http.client.HTTPConnection(to, timeout=20)
    connection.request(method, target, body, {"Host": host, "User-Agent": "Mozilla/5.0", **headers})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def attacks(arn: str) -> None:
    host = elbv2.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]["DNSName"]
    given = {
        "SQL injection in a query": status(host, f"/?id={quote("1' OR 1=1--")}"),
        "SQL injection in a form": status(host, "/", "POST", f"name={quote("x'; DROP TABLE users--")}"),
        "cross-site scripting in a query": status(host, f"/?q={quote('<script>alert(1)</script>')}"),
        "cross-site scripting in a cookie": status(host, Cookie="theme=<script>alert(1)</script>"),
        "Log4j in a header": status(host, **{"X-Api-Version": "${jndi:ldap://x/a}"}),
        "a path out of the root": status(host, "/?file=../../../etc/passwd"),
    }
    for name, answered in given.items():
        check(f"attack: {name} is blocked", answered == 403, answered)
    for target in ("/", "/health", "/?q=red+shoes&page=2"):
        answered = status(host, target)
        check(f"request: {target} is let through", answered != 403, answered)


def absent() -> None:
    check("no web ACL left", web_acls() == [], web_acls())
    check("no list of addresses left", ip_sets() == [], ip_sets())
    check("no log group left", groups() == [], groups())
    for balancer in elbv2.describe_load_balancers()["LoadBalancers"]:
        try:
            acl = waf.get_web_acl_for_resource(ResourceArn=balancer["LoadBalancerArn"]).get("WebACL")
        except ClientError as error:
            acl = error.response
        check(f"no association of {balancer['LoadBalancerName']} left", acl is None or acl["Name"] != ACL, acl)


if "--absent" in sys.argv:
    absent()
else:
    web_acl_is_strict()
if failures:
    sys.exit("\n".join(failures))
