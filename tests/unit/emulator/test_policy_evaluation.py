"""Policies on requests: the words of IAM's documents, and the simulator that stands on them."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from emulator.policy_evaluation import ALLOWED, EXPLICIT_DENY, IMPLICIT_DENY, Request, Source, conditions_hold, decide, filled, matches

BUCKET = "arn:aws:s3:::shop-data"
TRUST = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
)


def source(effect, action="s3:GetObject", resource="*", kind="role", **more):
    return Source("p", kind, {"Statement": {"Effect": effect, "Action": action, "Resource": resource, **more}})


@pytest.mark.parametrize(
    ("operator", "given", "wanted", "holds"),
    [
        ("StringEquals", ("a",), "a", True),
        ("StringEquals", ("a",), ["b", "a"], True),
        ("StringEquals", (), "a", False),
        ("StringEqualsIfExists", (), "a", True),
        ("StringNotEquals", ("a",), ["b", "a"], False),
        ("StringNotEquals", (), "a", True),
        ("StringEqualsIgnoreCase", ("A",), "a", True),
        ("StringLike", ("shop-data",), "shop-*", True),
        ("StringLike", ("[x]",), "[x]", True),
        ("NumericLessThan", ("9",), "10", True),
        ("NumericLessThan", ("many",), "10", False),
        ("DateGreaterThan", ("2026-01-02T00:00:00Z",), "2026-01-01T00:00:00Z", True),
        ("Bool", ("true",), True, True),
        ("Bool", (), "false", False),
        ("IpAddress", ("10.1.2.3",), "10.0.0.0/8", True),
        ("NotIpAddress", ("10.1.2.3",), "10.0.0.0/8", False),
        ("ArnLike", ("arn:aws:sns:eu-west-1:1:a",), "arn:aws:sns:*:1:*", True),
        ("ArnLike", ("arn:aws:sns:eu-west-1:1:a",), "arn:aws:*:1:a", False),
        ("Null", (), "true", True),
        ("Null", ("a",), "true", False),
        ("ForAllValues:StringEquals", ("a", "c"), ["a", "b"], False),
        ("ForAllValues:StringEquals", (), ["a"], True),
        ("ForAnyValue:StringEquals", ("a", "c"), ["a", "b"], True),
        ("ForAnyValue:StringNotEquals", (), ["a"], False),
        ("StringUnheardOf", ("a",), "a", False),
    ],
)
def test_condition_operators(operator, given, wanted, holds):
    assert conditions_hold({operator: {"Shop:Key": wanted}}, {"shop:key": given} if given else {}) is holds


def test_variables():
    context = {"aws:username": ("ana",)}
    assert filled("arn:aws:s3:::b/${aws:username}/*", context) == "arn:aws:s3:::b/ana/*"
    assert filled("${aws:userid}", context) is None
    assert filled("${aws:userid, 'nobody'}", context) == "nobody"
    assert matches("a*b", filled("a${*}b", context)) and not matches("axb", filled("a${*}b", context))


def test_decisions():
    request = Request("s3:GetObject", BUCKET)
    assert decide(request, []).result == IMPLICIT_DENY
    assert decide(request, [source("Allow")]).result == ALLOWED
    assert decide(request, [source("Allow", action="S3:get*")]).result == ALLOWED
    assert decide(request, [source("Allow"), source("Deny")]).result == EXPLICIT_DENY
    assert decide(request, [source("Allow", resource=f"{BUCKET}-2")]).result == IMPLICIT_DENY
    outside = Source("p", "role", {"Statement": {"Effect": "Allow", "NotAction": "iam:*", "NotResource": f"{BUCKET}-2"}})
    assert decide(request, [outside]).result == ALLOWED
    assert decide(Request("iam:GetRole", BUCKET), [outside]).result == IMPLICIT_DENY


def test_boundaries():
    request = Request("s3:GetObject", BUCKET)
    narrow, wide, refusing = (
        source("Allow", "ec2:*", kind="boundary"),
        source("Allow", "*", kind="boundary"),
        source("Deny", kind="boundary"),
    )
    found = decide(request, [source("Allow")], narrow)
    assert (found.result, found.by_boundary) == (IMPLICIT_DENY, False)
    assert (decide(request, [source("Allow")], wide).result, decide(request, [], wide).result) == (ALLOWED, IMPLICIT_DENY)
    assert decide(request, [source("Allow")], refusing).result == EXPLICIT_DENY


def test_what_the_policies_ask_for_is_missing():
    conditioned = source("Allow", Condition={"StringEquals": {"aws:ResourceTag/Team": "shop", "kms:ViaService": "s3"}})
    found = decide(Request("s3:GetObject", BUCKET, {"kms:viaservice": ("s3",)}), [conditioned])
    assert (found.result, found.missing) == (IMPLICIT_DENY, ("aws:resourcetag/team",))


# -- the simulator ----------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def iam(emulator):
    return emulator.client("iam")


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


ALLOW_READ = {"Effect": "Allow", "Action": "s3:Get*", "Resource": f"{BUCKET}/*"}


@pytest.fixture(scope="module")
def role(iam):
    boundary = iam.create_policy(PolicyName="sim-boundary", PolicyDocument=policy({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}))
    arn = iam.create_role(RoleName="sim", Path="/refarch/", AssumeRolePolicyDocument=TRUST, PermissionsBoundary=boundary["Policy"]["Arn"])[
        "Role"
    ]["Arn"]
    iam.put_role_policy(RoleName="sim", PolicyName="read", PolicyDocument=policy(ALLOW_READ))
    iam.attach_role_policy(RoleName="sim", PolicyArn="arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess")
    return arn


def test_a_role_is_simulated(iam, role):
    answer = iam.simulate_principal_policy(
        PolicySourceArn=role, ActionNames=["s3:GetObject", "ec2:DescribeVpcs"], ResourceArns=[f"{BUCKET}/a", f"{BUCKET}-2/a"]
    )
    read, describe = answer["EvaluationResults"]
    assert answer["IsTruncated"] is False
    assert {item["EvalResourceName"]: item["EvalResourceDecision"] for item in read["ResourceSpecificResults"]} == {
        f"{BUCKET}/a": "allowed",
        f"{BUCKET}-2/a": "implicitDeny",
    }
    assert read["EvalDecision"] == "implicitDeny"
    assert read["ResourceSpecificResults"][0]["MatchedStatements"] == [{"SourcePolicyId": "read", "SourcePolicyType": "role"}]
    assert read["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": True}
    # Allowed by AWS's policy, not by the boundary.
    assert describe["EvalDecision"] == "implicitDeny"
    assert describe["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}


def test_without_resources_it_is_about_all(iam, role):
    (found,) = iam.simulate_principal_policy(PolicySourceArn=role, ActionNames=["s3:GetObject"])["EvaluationResults"]
    assert found["EvalDecision"] == "implicitDeny" and "ResourceSpecificResults" not in found


def test_more_policies_and_context(iam, role):
    more = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/Team": "shop"}}}
    asked = {"PolicySourceArn": role, "ActionNames": ["s3:PutObject"], "ResourceArns": [f"{BUCKET}/a"], "PolicyInputList": [policy(more)]}
    (without,) = iam.simulate_principal_policy(**asked)["EvaluationResults"]
    assert without["ResourceSpecificResults"][0]["MissingContextValues"] == ["aws:resourcetag/team"]
    entry = {"ContextKeyName": "aws:ResourceTag/Team", "ContextKeyValues": ["shop"], "ContextKeyType": "string"}
    (given,) = iam.simulate_principal_policy(**asked, ContextEntries=[entry])["EvaluationResults"]
    assert (without["EvalDecision"], given["EvalDecision"]) == ("implicitDeny", "allowed")


def test_pages(iam, role):
    actions = [f"s3:{name}" for name in ("GetObject", "PutObject", "DeleteObject", "ListBucket", "GetObjectAcl")]
    first = iam.simulate_principal_policy(PolicySourceArn=role, ActionNames=actions, MaxItems=2)
    assert first["IsTruncated"] and len(first["EvaluationResults"]) == 2
    pages = iam.get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=role, ActionNames=actions, PaginationConfig={"PageSize": 2}
    )
    assert [item["EvalActionName"] for page in pages for item in page["EvaluationResults"]] == actions


def test_a_user_has_the_policies_of_its_groups(iam):
    iam.create_group(GroupName="sim")
    iam.put_group_policy(GroupName="sim", PolicyName="read", PolicyDocument=policy(ALLOW_READ))
    arn = iam.create_user(UserName="sim")["User"]["Arn"]
    asked = {"PolicySourceArn": arn, "ActionNames": ["s3:GetObject"], "ResourceArns": [f"{BUCKET}/a"]}
    assert iam.simulate_principal_policy(**asked)["EvaluationResults"][0]["EvalDecision"] == "implicitDeny"
    of_bucket = policy({**ALLOW_READ, "Principal": {"AWS": arn}})
    assert iam.simulate_principal_policy(**asked, ResourcePolicy=of_bucket)["EvaluationResults"][0]["EvalDecision"] == "allowed"
    iam.add_user_to_group(GroupName="sim", UserName="sim")
    (found,) = iam.simulate_principal_policy(**asked)["EvaluationResults"]
    assert found["EvalDecision"] == "allowed" and found["MatchedStatements"][0]["SourcePolicyType"] == "group"


def test_policies_without_a_principal(iam):
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    found = iam.simulate_custom_policy(PolicyInputList=[policy(ALLOW_READ), policy(deny)], ActionNames=["s3:GetObject"])
    assert found["EvaluationResults"][0]["EvalDecision"] == "explicitDeny"
    assert found["EvaluationResults"][0]["MatchedStatements"] == [{"SourcePolicyId": "PolicyInputList.2", "SourcePolicyType": "none"}]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"PolicySourceArn": "arn:aws:iam::123456789012:role/nobody"}, "NoSuchEntity"),
        ({"PolicySourceArn": "arn:aws:sts::123456789012:assumed-role/sim/session"}, "InvalidInput"),
        ({"ActionNames": ["s3:*"]}, "InvalidInput"),
        ({"ActionNames": ["GetObject"]}, "InvalidInput"),
        ({"ResourceArns": ["shop-data"]}, "InvalidInput"),
        ({"ResourcePolicy": policy({**ALLOW_READ, "Principal": "*"})}, "InvalidInput"),
        ({"CallerArn": "arn:aws:sts::123456789012:assumed-role/sim/session"}, "InvalidInput"),
        ({"PolicyInputList": ["{}"]}, "InvalidInput"),
    ],
)
def test_what_it_refuses(iam, role, wrong, code):
    with pytest.raises(ClientError) as refused:
        iam.simulate_principal_policy(**{"PolicySourceArn": role, "ActionNames": ["s3:GetObject"], **wrong})
    assert refused.value.response["Error"]["Code"] == code
