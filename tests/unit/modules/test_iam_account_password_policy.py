from __future__ import annotations

import pytest
from botocore.exceptions import ClientError


def operations(result):
    return [change["operation"] for change in result["changes"]]


def test_strict_by_default(converge, aws):
    assert operations(converge("iam_account_password_policy")) == ["UpdateAccountPasswordPolicy"]
    policy = aws("iam").get_account_password_policy()["PasswordPolicy"]
    required = ("RequireSymbols", "RequireNumbers", "RequireUppercaseCharacters", "RequireLowercaseCharacters")
    assert all(policy[name] for name in (*required, "AllowUsersToChangePassword", "ExpirePasswords"))
    assert (policy["MinimumPasswordLength"], policy["PasswordReusePrevention"], policy["MaxPasswordAge"]) == (14, 24, 90)


def test_a_changed_setting_keeps_the_others(converge, run_module, aws):
    run_module("iam_account_password_policy")
    assert operations(converge("iam_account_password_policy", minimum_length=20)) == ["UpdateAccountPasswordPolicy"]
    policy = aws("iam").get_account_password_policy()["PasswordPolicy"]
    assert (policy["MinimumPasswordLength"], policy["MaxPasswordAge"]) == (20, 90)


def test_absent_restores_the_default(converge, run_module, aws):
    run_module("iam_account_password_policy")
    assert operations(converge("iam_account_password_policy", state="absent")) == ["DeleteAccountPasswordPolicy"]
    with pytest.raises(ClientError, match="NoSuchEntity"):
        aws("iam").get_account_password_policy()


@pytest.mark.parametrize(("option", "value"), [("minimum_length", 5), ("reuse_prevention", 25), ("max_age_days", 1096)])
def test_ranges(refusal, option, value):
    assert refusal("iam_account_password_policy", check=True, **{option: value}).startswith(f"{option}: {value} is not one of")
