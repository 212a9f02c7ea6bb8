from __future__ import annotations

import io
import json
import os
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.refarch.aws.plugins.module_utils.archive import archive_of, sha256_of

ARN = "arn:aws:lambda:ap-northeast-2:123456789012:function:shop-notify"
QUEUE = "arn:aws:sqs:ap-northeast-2:123456789012:dead"
TOPIC = "arn:aws:sns:ap-northeast-2:123456789012:shop-critical"
KEY = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"


@pytest.fixture
def role(aws):
    statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [statement]}
    return aws("iam").create_role(RoleName="notify", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source"
    (folder / "package").mkdir(parents=True)
    (folder / "package" / "main.py").write_text("def handle(event, context):\n    return event\n")
    return folder


@pytest.fixture
def wanted(role, source):
    return {
        "name": "shop-notify",
        "description": "Tells Slack",
        "source": str(source),
        "handler": "package.main.handle",
        "role_arn": role,
        "memory_mib": 256,
        "timeout_seconds": 60,
        "environment": {"LEVEL": "INFO"},
        "kms_key_arn": KEY,
        "log_group_name": "/aws/lambda/shop-notify",
        "reserved_concurrency": 2,
        "asynchronous": {"on_failure_arn": QUEUE, "maximum_event_age_seconds": 3600},
        "permissions": [
            {"sid": "Topic", "principal": "sns.amazonaws.com", "source_arn": TOPIC, "source_account": "123456789012"},
        ],
        "tags": {"Component": "alerting"},
    }


def test_created_with_all_settings(converge, aws, wanted, source):
    result = converge("lambda_functions", functions=[wanted], tags={"Project": "shop"})
    assert [c["operation"] for c in result["changes"]] == [
        "CreateFunction",
        "PutFunctionConcurrency",
        "PutFunctionEventInvokeConfig",
        "AddPermission",
    ]
    found = aws("lambda").get_function(FunctionName="shop-notify")
    config = found["Configuration"]
    assert config["Architectures"] == ["arm64"] and config["Runtime"] == "python3.13" and config["MemorySize"] == 256
    assert config["LoggingConfig"]["LogFormat"] == "JSON" and config["LoggingConfig"]["LogGroup"] == "/aws/lambda/shop-notify"
    assert config["Environment"]["Variables"] == {"LEVEL": "INFO"} and config["KMSKeyArn"] == KEY
    assert config["CodeSha256"] == sha256_of(archive_of(str(source))) == result["functions"][0]["code_sha256"]
    assert found["Concurrency"]["ReservedConcurrentExecutions"] == 2
    assert found["Tags"] == {"Project": "shop", "Component": "alerting"}
    invoke = aws("lambda").get_function_event_invoke_config(FunctionName="shop-notify")
    assert (invoke["MaximumRetryAttempts"], invoke["MaximumEventAgeInSeconds"]) == (2, 3600)
    assert invoke["DestinationConfig"]["OnFailure"]["Destination"] == QUEUE


def test_neither_code_nor_variables_are_told(run_module, wanted):
    (change, *_rest) = run_module("lambda_functions", check=True, functions=[wanted])["changes"]
    assert change["parameters"]["Code"]["ZipFile"] == "(sensitive)"
    assert change["parameters"]["Environment"]["Variables"] == "(sensitive)"


def test_works_with_what_is_not_made_yet(run_module, wanted):
    unknown = {**wanted, "role_arn": "(known after apply)", "environment": {"SECRET": "(known after apply)"}}
    planned = run_module("lambda_functions", check=True, functions=[unknown])
    assert planned["functions"][0]["arn"] == ARN
    assert planned["changes"][0]["parameters"]["Role"] == "(known after apply)"


@pytest.mark.parametrize(
    ("change", "operations"),
    [
        ({"memory_mib": 512}, ["UpdateFunctionConfiguration"]),
        ({"description": ""}, ["UpdateFunctionConfiguration"]),
        ({"environment": {}}, ["UpdateFunctionConfiguration"]),
        ({"kms_key_arn": None}, ["UpdateFunctionConfiguration"]),
        ({"tracing": "Active"}, ["UpdateFunctionConfiguration"]),
        ({"log_level": "WARN"}, ["UpdateFunctionConfiguration"]),
        ({"log_format": "Text"}, ["UpdateFunctionConfiguration"]),
        ({"dead_letter_arn": QUEUE}, ["UpdateFunctionConfiguration"]),
        ({"ephemeral_storage_mib": 1024}, ["UpdateFunctionConfiguration"]),
        ({"architecture": "x86_64"}, ["UpdateFunctionCode"]),
        ({"reserved_concurrency": 3}, ["PutFunctionConcurrency"]),
        ({"reserved_concurrency": 0}, ["PutFunctionConcurrency"]),
        ({"reserved_concurrency": -1}, ["DeleteFunctionConcurrency"]),
        ({"asynchronous": {"on_failure_arn": QUEUE}}, ["PutFunctionEventInvokeConfig"]),
        ({"asynchronous": None}, []),
        ({"permissions": []}, ["RemovePermission"]),
        ({"permissions": [{"sid": "Topic", "principal": "sns.amazonaws.com", "source_arn": TOPIC}]}, ["RemovePermission", "AddPermission"]),
        ({"tags": {"Component": "other"}}, ["TagResource"]),
        ({"tags": {}}, ["UntagResource"]),
    ],
)
def test_a_changed_setting_is_that_change(run_module, converge, wanted, change, operations):
    run_module("lambda_functions", functions=[wanted])
    assert [c["operation"] for c in converge("lambda_functions", functions=[{**wanted, **change}])["changes"]] == operations


def test_changed_code_is_uploaded(run_module, converge, aws, wanted, source):
    run_module("lambda_functions", functions=[wanted])
    (source / "package" / "main.py").write_text("def handle(event, context):\n    return 2\n")
    assert converge("lambda_functions", functions=[{**wanted, "manage_code": False}])["changes"] == []
    result = converge("lambda_functions", functions=[wanted])
    assert [c["operation"] for c in result["changes"]] == ["UpdateFunctionCode"]
    assert aws("lambda").get_function(FunctionName="shop-notify")["Configuration"]["CodeSha256"] == sha256_of(archive_of(str(source)))


def test_an_interrupted_run_completes(run_module, converge, aws, wanted):
    run_module("lambda_functions", functions=[{**wanted, "permissions": [], "reserved_concurrency": None, "asynchronous": None}])
    assert [c["operation"] for c in converge("lambda_functions", functions=[wanted])["changes"]] == [
        "PutFunctionConcurrency",
        "PutFunctionEventInvokeConfig",
        "AddPermission",
    ]


def test_removed_also_when_it_is_gone(run_module, converge, aws, wanted):
    run_module("lambda_functions", functions=[wanted])
    gone = {"name": "shop-gone"}
    assert [c["operation"] for c in converge("lambda_functions", state="absent", functions=[{"name": "shop-notify"}, gone])["changes"]] == [
        "DeleteFunction"
    ]
    assert aws("lambda").list_functions()["Functions"] == []


def test_refusals(refusal, wanted):
    assert "lacks handler" in refusal("lambda_functions", functions=[{**wanted, "handler": ""}])
    assert "timeout_seconds of shop-notify must be 1 to 900" in refusal("lambda_functions", functions=[{**wanted, "timeout_seconds": 901}])
    assert "is not a folder" in refusal("lambda_functions", functions=[{**wanted, "source": "/nowhere"}])


# -- archives ----------------------------------------------------------------------------------------------------------
def test_an_archive_tells_nothing_of_its_making(source, tmp_path):
    before = archive_of(str(source))
    (source / "package" / "__pycache__").mkdir()
    (source / "package" / "__pycache__" / "main.cpython-313.pyc").write_bytes(b"x")
    os.utime(source / "package" / "main.py", (1, 1))
    (source / "package" / "main.py").chmod(0o600)
    other = tmp_path / "elsewhere"
    (other / "package").mkdir(parents=True)
    (other / "package" / "main.py").write_text((source / "package" / "main.py").read_text())
    assert archive_of(str(source)) == before == archive_of(str(other))


def test_a_link_that_leads_out_is_refused(source, tmp_path):
    (tmp_path / "secret").write_text("x")
    (source / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(ValueError, match="leads out"):
        archive_of(str(source))


@given(st.dictionaries(st.text("abc_", min_size=1, max_size=5).map(lambda name: name + ".py"), st.binary(max_size=20), min_size=1))
def test_what_is_archived_is_what_was_there(tmp_path_factory, files):
    folder = tmp_path_factory.mktemp("archive")
    for name, content in files.items():
        (folder / name).write_bytes(content)
    with zipfile.ZipFile(io.BytesIO(archive_of(str(folder)))) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == files
        assert archive.namelist() == sorted(files)
