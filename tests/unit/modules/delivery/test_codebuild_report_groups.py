from __future__ import annotations

from tests.unit.modules.delivery.conftest import operations

NAME = "shop-staging-tests"


def test_from_nothing_to_nothing(converge, aws, key):
    group = {"name": NAME, "bucket": "shop-artifacts", "encryption_key_arn": key}
    result = converge("codebuild_report_groups", report_groups=[group], tags={"Project": "shop"})
    assert operations(result) == ["CreateReportGroup"]
    arn = result["report_groups"][0]["arn"]
    (found,) = aws("codebuild").batch_get_report_groups(reportGroupArns=[arn])["reportGroups"]
    destination = found["exportConfig"]["s3Destination"]
    assert (destination["bucket"], destination["encryptionKey"], destination["encryptionDisabled"]) == ("shop-artifacts", key, False)
    assert found["tags"] == [{"key": "Project", "value": "shop"}]
    changed = converge("codebuild_report_groups", report_groups=[{**group, "path": "x"}], tags={"Project": "shop"})
    assert [set(change["parameters"]) for change in changed["changes"]] == [{"arn", "exportConfig"}]
    assert operations(converge("codebuild_report_groups", report_groups=[{"name": NAME}], state="absent")) == ["DeleteReportGroup"]
    assert aws("codebuild").list_report_groups()["reportGroups"] == []
    assert operations(converge("codebuild_report_groups", report_groups=[{"name": NAME}], state="absent")) == []


def test_without_a_bucket_it_is_refused(refusal):
    assert "shop-staging-tests needs bucket and encryption_key_arn" in refusal("codebuild_report_groups", report_groups=[{"name": NAME}])
