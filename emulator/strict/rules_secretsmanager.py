"""What AWS Secrets Manager refuses."""

from __future__ import annotations

import json
import re
from typing import Any

from emulator.strict import Context, rule, tags
from emulator.strict.access import many

SECRET = {"Name": "shop-staging-slack-webhook", "SecretString": "x"}
PUBLIC = {"Effect": "Allow", "Principal": "*", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}


@rule(
    "secretsmanager",
    "CreateSecret",
    code="InvalidParameterException",
    source="AWS Secrets Manager API Reference, CreateSecret",
    good=[SECRET, {"Name": "shop/staging/a_b+c=d.e@f-g"}],
    bad=[{"Name": "shop secret"}, {"Name": "shop:secret"}, {"Name": "bücher"}],
)
def secret_name(params: dict[str, Any], context: Context) -> str | None:
    if re.fullmatch(r"[A-Za-z0-9/_+=.@-]+", params["Name"]):
        return None
    return "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"


@rule(
    "secretsmanager",
    "CreateSecret",
    "UpdateSecret",
    "PutSecretValue",
    code="InvalidParameterException",
    source="AWS Secrets Manager API Reference, CreateSecret",
    good=[SECRET, {"Name": "a"}],
    bad=[{**SECRET, "SecretBinary": b"x"}],
)
def one_value(params: dict[str, Any], context: Context) -> str | None:
    both = params.get("SecretString") is not None and params.get("SecretBinary") is not None
    return "You can't specify both a binary secret value and a string secret value in the same secret." if both else None


@rule(
    "secretsmanager",
    "CreateSecret",
    "UpdateSecret",
    code="EncryptionFailure",
    source="AWS Secrets Manager User Guide, Secret encryption and decryption in AWS Secrets Manager",
    good=[SECRET, {**SECRET, "KmsKeyId": "alias/aws/secretsmanager"}],
    bad=[
        {**SECRET, "KmsKeyId": "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"},
        {**SECRET, "KmsKeyId": "alias/nowhere"},
    ],
)
def key_exists(params: dict[str, Any], context: Context) -> str | None:
    key = params.get("KmsKeyId")
    if (
        not key
        or key.rpartition(":")[2] == "alias/aws/secretsmanager"
        or (key.startswith("arn:") and key.split(":")[4] != context.account_id)
    ):
        return None
    keys = context.backend("kms")
    known = keys.get_key_id_from_alias(key) if "alias/" in key else keys.get_key_id(key)
    if known in keys.keys and keys.keys[known].key_state == "Enabled":
        return None
    return f"Secrets Manager can't encrypt the protected secret text using the provided KMS key {key}: it does not exist or is not enabled."


@rule(
    "secretsmanager",
    "DeleteSecret",
    code="InvalidParameterException",
    source="AWS Secrets Manager API Reference, DeleteSecret",
    good=[{"SecretId": "a"}, {"SecretId": "a", "RecoveryWindowInDays": 7}, {"SecretId": "a", "ForceDeleteWithoutRecovery": True}],
    bad=[{"SecretId": "a", "RecoveryWindowInDays": 6}, {"SecretId": "a", "RecoveryWindowInDays": 30, "ForceDeleteWithoutRecovery": True}],
)
def recovery_window(params: dict[str, Any], context: Context) -> str | None:
    days = params.get("RecoveryWindowInDays")
    if days is not None and params.get("ForceDeleteWithoutRecovery"):
        return "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."
    if days is not None and not 7 <= days <= 30:
        return "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."
    return None


@rule(
    "secretsmanager",
    "PutResourcePolicy",
    code="PublicPolicyException",
    source="AWS Secrets Manager API Reference, PutResourcePolicy, BlockPublicPolicy",
    good=[
        {"SecretId": "a", "ResourcePolicy": json.dumps({"Statement": [{**PUBLIC, "Effect": "Deny"}]}), "BlockPublicPolicy": True},
        {"SecretId": "a", "ResourcePolicy": json.dumps({"Statement": [PUBLIC]})},
    ],
    bad=[{"SecretId": "a", "ResourcePolicy": json.dumps({"Statement": [PUBLIC]}), "BlockPublicPolicy": True}],
)
def no_public_policy(params: dict[str, Any], context: Context) -> str | None:
    if not params.get("BlockPublicPolicy"):
        return None
    for statement in many(json.loads(params["ResourcePolicy"]).get("Statement")):
        public = statement.get("Principal") in ("*", {"AWS": "*"}) and not statement.get("Condition")
        if statement.get("Effect") == "Allow" and public:
            return "The BlockPublicPolicy parameter is set to true, and the resource policy did not prevent broad access to the secret."
    return None


@rule(
    "secretsmanager",
    "CreateSecret",
    "TagResource",
    code="InvalidParameterException",
    source="AWS General Reference, Tagging your AWS resources",
    good=[{**SECRET, "Tags": [{"Key": "Project", "Value": "shop"}]}],
    bad=[{**SECRET, "Tags": [{"Key": "aws:x", "Value": "y"}]}],
)
def secret_tags(params: dict[str, Any], context: Context) -> str | None:
    return tags.wrong(tags.pairs(params.get("Tags")))
