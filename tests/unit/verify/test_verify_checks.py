"""What counts as passed, failed and not applicable: judgements of what stands, without anything that stands."""

from __future__ import annotations

import copy

import pytest

from ansible_collections.refarch.aws.plugins.plugin_utils.verify import (
    alerting,
    backup,
    database,
    load_balancer,
    network,
    pipeline,
    protection,
    servers,
)
from ansible_collections.refarch.aws.plugins.plugin_utils.verify.check import FAILED, NOT_APPLICABLE, PASSED
from ansible_collections.refarch.aws.plugins.plugin_utils.verify.checks import checks, sentence

READ, DECRYPT = "secretsmanager:GetSecretValue", "kms:Decrypt"


def one(found):
    (check,) = found
    return check.status, check.found


# -- servers ---------------------------------------------------------------------------------------------------------
def test_servers_and_what_they_made_of_their_configuration():
    good = {"id": "i-1", "tier": "web", "connected": True, "status": "COMPLIANT"}
    others = [{**good, "id": "i-2", "tier": "app"}, {**good, "id": "i-3"}]
    assert one(servers.configuration({"servers": [good, *others]})) == (PASSED, "1 app, 2 web")
    for fault, words in (
        ({"status": "NON_COMPLIANT"}, "could not apply it"),
        ({"status": ""}, "has not applied it yet"),
        ({"connected": False}, "is not connected to Systems Manager"),
    ):
        status, found = one(servers.configuration({"servers": [{**good, **fault}, *others]}))
        assert status == FAILED and found.startswith(f"i-1 (web) {words}") and "i-2" not in found
    assert one(servers.configuration({"servers": []})) == (NOT_APPLICABLE, "no server is in service")
    assert one(servers.configuration({"left_out": True})) == (NOT_APPLICABLE, "verify_servers is false")


# -- network, storage, audit ------------------------------------------------------------------------------------------
def rule(protocol="tcp", first=443, last=443, sources=("0.0.0.0/0",)):
    return {"protocol": protocol, "from": first, "to": last, "sources": list(sources)}


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (rule(), PASSED),
        (rule(first=22, last=22), FAILED),
        (rule(first=0, last=65535), FAILED),
        (rule(first=3000, last=4000, sources=["10.0.0.0/8"]), FAILED),
        (rule("-1", None, None, ["sg-1"]), FAILED),
        (rule("udp", 22, 22), PASSED),
        (rule("icmp", 8, -1), PASSED),
    ],
)
def test_security_groups(found, status):
    assert one(network.security_groups({"groups": [{"id": "sg-1", "name": "web", "rules": [found]}]}))[0] == status


def test_buckets():
    block = dict.fromkeys(network.BLOCKS, True)
    assert one(network.buckets({"buckets": [{"name": "a", "block": block}]}))[0] == PASSED
    assert one(network.buckets({"buckets": [{"name": "a", "block": block}, {"name": "b", "block": {}}]}))[1].startswith(
        "b lacks BlockPublicAcls"
    )


def test_a_trail_that_logs_but_does_not_deliver():
    trail = {"arn": "arn:aws:cloudtrail:r:1:trail/t", "logging": True, "delivery_error": ""}
    assert one(network.trail(trail)) == (PASSED, "t")
    assert one(network.trail({**trail, "delivery_error": "AccessDenied"})) == (FAILED, "its last delivery failed: AccessDenied")


# -- database ---------------------------------------------------------------------------------------------------------
def role(name, read="implicitDeny", decrypt="implicitDeny"):
    return {"name": name, "decisions": {READ: read, DECRYPT: decrypt}}


def secret(*roles, policy=None, reader="app"):
    return {"arn": "arn:aws:secretsmanager:r:1:secret:s", "policy": policy, "reader": reader, "roles": list(roles)}


APP, WEB = role("app", "allowed", "allowed"), role("web")


def test_the_master_secret():
    assert one(database.master_secret(secret(APP, WEB))) == (PASSED, "app reads it, 1 other roles of the stack do not")
    assert one(database.master_secret(secret(APP, role("web", "allowed")))) == (FAILED, "web may read it")
    assert one(database.master_secret(secret(role("app", "allowed"), WEB))) == (FAILED, "app may not kms:Decrypt (implicitDeny)")
    assert one(database.master_secret(secret(WEB)))[1] == "the role app is not there, or lost its tags"
    assert one(database.master_secret(secret(WEB, reader="")))[0] == NOT_APPLICABLE
    assert one(database.master_secret({"arn": "a", "missing": True}))[0] == FAILED


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (
            {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::1:role/x/web"}, "Action": "secretsmanager:GetSecretValue"},
            "lets arn:aws:iam",
        ),
        ({"Effect": "Allow", "Principal": "*", "Action": "secretsmanager:*"}, "lets * read it"),
        ({"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::1:role/x/app"]}, "Action": "*"}, ""),
        ({"Effect": "Allow", "Principal": "*", "Action": "secretsmanager:DescribeSecret"}, ""),
        ({"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:GetSecretValue"}, "denies app"),
        ({"Effect": "Deny", "Principal": "*", "Action": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}, ""),
        ({"Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::1:role/x/web"}, "Action": "*"}, ""),
    ],
)
def test_the_policy_of_the_secret(statement, words):
    status, found = one(database.master_secret(secret(APP, WEB, policy={"Statement": [statement]})))
    assert (status, words in found) == (FAILED if words else PASSED, True)


def test_a_database_that_lost_its_tags():
    found = {"identifier": "db", "instances": []}
    assert one(database.databases(found)) == (FAILED, "db is not there, or lost its tags")


# -- load balancers ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("states", "status"),
    [
        (["healthy", "healthy"], PASSED),
        (["healthy", "healthy", "draining"], PASSED),
        (["healthy"], FAILED),
        (["healthy", "healthy", "unhealthy"], FAILED),
        (["healthy", "healthy", "initial"], FAILED),
        ([], FAILED),
    ],
)
def test_targets(states, status):
    targets = [{"id": f"i-{number}", "state": state, "reason": ""} for number, state in enumerate(states)]
    assert one(load_balancer.target_groups({"groups": [{"name": "web", "minimum": 2, "targets": targets, "missing": False}]}))[0] == status


def test_a_target_group_that_is_gone():
    group = {"name": "web", "minimum": 2, "targets": [], "missing": True}
    assert one(load_balancer.target_groups({"groups": [group]})) == (FAILED, "the target group is not there")


CERTIFICATE = {"arn": "arn:c", "status": "ISSUED", "domain": "d", "expires_in_days": 200, "renewal": "", "listeners": [443]}


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({}, PASSED, "d, 200 days left, port 443"),
        ({"arn": ""}, NOT_APPLICABLE, "no domain"),
        ({"status": "PENDING_VALIDATION", "expires_in_days": None}, FAILED, "arn:c is PENDING_VALIDATION"),
        ({"expires_in_days": 29, "renewal": "FAILED"}, FAILED, "it ends in 29 days, renewal: FAILED"),
        ({"expires_in_days": 30}, PASSED, "30 days left"),
        ({"listeners": []}, FAILED, "no HTTPS listener"),
    ],
)
def test_certificates(change, status, words):
    found = one(load_balancer.certificate({**CERTIFICATE, **change}))
    assert found[0] == status and words in found[1]


@pytest.mark.parametrize(
    ("response", "certificate", "status"),
    [
        ({"status": 301, "location": "https://x:443/"}, True, PASSED),
        ({"status": 301, "location": "http://x/"}, True, FAILED),
        ({"status": 200, "location": ""}, True, FAILED),
        ({"error": "TimeoutError: "}, True, FAILED),
        ({"status": 200, "location": ""}, False, NOT_APPLICABLE),
    ],
)
def test_redirects(response, certificate, status):
    assert one(load_balancer.redirect(response, certificate))[0] == status


# -- protection -------------------------------------------------------------------------------------------------------
GROUPS = {
    "AWSManagedRulesSQLiRuleSet": {"counts": False, "rules_to_count": []},
    "AWSManagedRulesCommonRuleSet": {"counts": False, "rules_to_count": []},
}


def answers(**more):
    return {**{name: {"status": 403, "location": ""} for name in protection.ATTACKS}, "plain": {"status": 200, "location": ""}, **more}


def statuses(acl, responses):
    return [check.status for check in protection.web_acl({"name": "acl", "groups": GROUPS, **acl}, responses)]


def test_attacks():
    through = {"status": 200, "location": ""}
    assert statuses({}, answers()) == [PASSED, PASSED, PASSED]
    assert statuses({}, answers(sql_injection=through)) == [FAILED, PASSED, PASSED]
    assert statuses({}, answers(plain={"status": 403, "location": ""})) == [PASSED, PASSED, FAILED]
    assert statuses({"name": "", "groups": {}}, answers(sql_injection=through, cross_site_scripting=through)) == [FAILED, FAILED, PASSED]
    assert statuses({}, {"left_out": True}) == [NOT_APPLICABLE] * 3
    assert statuses({}, answers(sql_injection={"error": "x"}, cross_site_scripting={"error": "x"}, plain={"error": "x"})) == [FAILED] * 3


def test_what_only_counts_is_not_applicable():
    through = {"status": 200, "location": ""}
    counting = copy.deepcopy(GROUPS)
    counting["AWSManagedRulesSQLiRuleSet"]["counts"] = True
    counting["AWSManagedRulesCommonRuleSet"]["rules_to_count"] = ["CrossSiteScripting_QUERYARGUMENTS"]
    assert statuses({"groups": counting}, answers(sql_injection=through, cross_site_scripting=through)) == [
        NOT_APPLICABLE,
        NOT_APPLICABLE,
        PASSED,
    ]
    # Another rule of the group counts: this one should have blocked.
    counting["AWSManagedRulesCommonRuleSet"]["rules_to_count"] = ["SizeRestrictions_BODY"]
    assert statuses({"groups": counting}, answers(cross_site_scripting=through))[1] == FAILED


# -- backup -----------------------------------------------------------------------------------------------------------
DB, BUCKET = "arn:aws:rds:r:1:db:shop", "arn:aws:s3:::shop-data"
BY_TAG = {"ListOfTags": [{"ConditionType": "STRINGEQUALS", "ConditionKey": "Backup", "ConditionValue": "shop"}]}
CONDITION = {"StringEquals": [{"ConditionKey": "aws:ResourceTag/Backup", "ConditionValue": "shop"}]}


@pytest.mark.parametrize(
    ("selection", "tags", "selected"),
    [
        (BY_TAG, {"Backup": "shop"}, True),
        (BY_TAG, {"Backup": "other"}, False),
        ({**BY_TAG, "Resources": ["arn:aws:rds:*"]}, {}, True),
        ({**BY_TAG, "NotResources": [DB]}, {"Backup": "shop"}, False),
        ({"Resources": ["*"], "Conditions": CONDITION}, {"Backup": "shop"}, True),
        ({"Resources": ["*"], "Conditions": CONDITION}, {}, False),
        ({"Resources": ["arn:aws:s3:*"]}, {"Backup": "shop"}, False),
        ({}, {}, True),
        (
            {"Conditions": {"StringNotLike": [{"ConditionKey": "aws:ResourceTag/Backup", "ConditionValue": "no*"}]}},
            {"Backup": "none"},
            False,
        ),
        ({"Conditions": {"StringNotLike": [{"ConditionKey": "aws:ResourceTag/Backup", "ConditionValue": "no*"}]}}, {}, True),
    ],
)
def test_selections(selection, tags, selected):
    assert backup.selects(selection, DB, tags) is selected


TESTS = {
    "ProtectedResourceType": "RDS",
    "ProtectedResourceArns": ["*"],
    "ProtectedResourceConditions": {"StringEquals": [{"Key": "aws:ResourceTag/Backup", "Value": "shop"}]},
}


def test_restore_testing_and_opting_in():
    found = {
        "resources": [{"arn": DB, "tags": {"Backup": "shop"}}],
        "selections": [BY_TAG],
        "opted_in": {"RDS": True},
        "restore_testing": "plan",
        "restore_selections": [TESTS],
    }
    assert one(backup.backup(found)) == (PASSED, "selected, and restored as a test")
    assert one(backup.backup({**found, "opted_in": {"RDS": False}})) == (FAILED, "the region does not back up RDS")
    assert one(backup.backup({**found, "restore_selections": [{**TESTS, "ProtectedResourceType": "S3"}]}))[0] == FAILED
    assert "backup_restore_testing is false" in one(backup.backup({**found, "restore_testing": "", "restore_selections": []}))[1]
    assert one(backup.backup({**found, "resources": []}))[0] == NOT_APPLICABLE
    bucket = {"arn": BUCKET, "tags": {}}
    assert backup.backup({**found, "resources": [bucket]})[0].check == "S3 shop-data is backed up"


# -- alerting and pipeline --------------------------------------------------------------------------------------------
def sent(*lines, letters=(0, 0)):
    return {"name": "alarm", "reference": "verify-0123456789abcdef", "lines": list(lines), "dead_letters": list(letters)}


TOLD = '{"level": "INFO", "message": "Told Slack of ALARM: alarm (1 verify-0123456789abcdef) in 1 attempt(s)"}'
REFUSED = (
    '{"level": "ERROR", "message": "Slack was not told of ALARM: alarm (1 verify-0123456789abcdef): Slack refuses the message: HTTP 404."}'
)


def test_alarms():
    assert one(alerting.alarm(sent(TOLD)))[0] == PASSED
    assert one(alerting.alarm(sent())) == (FAILED, "alarm was set and Slack was not told")
    assert one(alerting.alarm(sent(REFUSED)))[1].endswith("; Slack refuses the message: HTTP 404.")
    assert one(alerting.alarm(sent(TOLD, letters=(1, 3)))) == (FAILED, "2 more messages among the dead letters")
    # The first attempt failed, and Lambda's second did not.
    assert one(alerting.alarm(sent(REFUSED, TOLD)))[0] == PASSED
    assert one(alerting.alarm({"left_out": "verify_alarm is false"})) == (NOT_APPLICABLE, "verify_alarm is false")
    assert one(alerting.alarm({"no_address": "shop-slack-webhook"}))[0] == NOT_APPLICABLE
    assert one(alerting.alarm({"unfit": "x"}))[0] == FAILED


def test_pipelines():
    assert one(pipeline.pipeline({"name": "p", "status": "", "stages": 4})) == (PASSED, "p, it has not run yet")
    assert one(pipeline.pipeline({"name": "p", "status": "Failed", "stages": 4})) == (PASSED, "p, its last execution: Failed")
    assert one(pipeline.pipeline({"name": "p", "missing": True})) == (FAILED, "p is not there")


# -- all of them ------------------------------------------------------------------------------------------------------
def test_what_does_not_stand_is_not_applicable_and_what_cannot_be_read_fails():
    evidence = {"security_groups": {"groups": []}, "trail": {"error": "Could not get trail status: AccessDenied"}}
    found = checks(evidence, ["keys", "network", "audit", "database"])
    assert [(check.component, check.status) for check in found] == [("network", PASSED), ("audit", FAILED), ("database", NOT_APPLICABLE)]
    assert sentence(found) == "1 of 3 checks failed: audit (trail: Could not get trail status: AccessDenied)."
    assert sentence(found[:1]) == ""


def test_without_a_load_balancer_there_is_nothing_to_protect():
    (check,) = checks({"web_acl": {"name": "", "groups": {}}}, ["protection"])
    assert check.status == NOT_APPLICABLE
