from __future__ import annotations

import pytest

OURS = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"
THEIRS = OURS.replace("1111", "9999")


def operations(result):
    return [change["operation"] for change in result["changes"]]


@pytest.mark.parametrize(("default", "made"), [(OURS, ["ModifyEbsDefaultKmsKeyId"]), (THEIRS, [])])
def test_a_key_is_replaced_only_instead_of_ours(converge, run_module, aws, default, made):
    run_module("ebs_encryption_default", kms_key_arn=default)
    result = converge("ebs_encryption_default", kms_key_arn="alias/aws/ebs", only_instead_of=[OURS])
    assert operations(result) == made
    assert aws("ec2").get_ebs_encryption_by_default()["EbsEncryptionByDefault"]
    assert aws("ec2").get_ebs_default_kms_key_id()["KmsKeyId"].endswith("alias/aws/ebs" if made else default)


def test_nothing_is_switched_on_instead_of_nothing(converge, aws):
    assert operations(converge("ebs_encryption_default", kms_key_arn="alias/aws/ebs", only_instead_of=[OURS])) == []
    assert not aws("ec2").get_ebs_encryption_by_default()["EbsEncryptionByDefault"]
