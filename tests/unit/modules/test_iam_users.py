from __future__ import annotations

import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

BOUNDARY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
OTHER = "arn:aws:iam::aws:policy/SecurityAudit"
JANE = {"name": "jane", "groups": ["operators"], "tags": {"Email": "jane@example.com"}}


def operations(result):
    return [change["operation"] for change in result["changes"]]


@pytest.fixture
def groups(aws):
    for name in ("operators", "auditors"):
        aws("iam").create_group(GroupName=name)


@pytest.fixture
def standing(run_module, groups):
    run_module("iam_users", users=[{**JANE, "permissions_boundary_arn": BOUNDARY}], tags={"Project": "shop"})


def test_created_with_groups_boundary_and_tags(converge, aws, groups):
    result = converge("iam_users", users=[{**JANE, "permissions_boundary_arn": BOUNDARY}, {"name": "joe"}], tags={"Project": "shop"})
    assert operations(result) == ["CreateUser", "AddUserToGroup", "CreateUser"]
    iam = aws("iam")
    user = iam.get_user(UserName="jane")["User"]
    assert (user["Path"], user["PermissionsBoundary"]["PermissionsBoundaryArn"]) == ("/refarch/", BOUNDARY)
    assert {tag["Key"]: tag["Value"] for tag in user["Tags"]} == {"Project": "shop", "Email": "jane@example.com"}
    assert [g["GroupName"] for g in iam.list_groups_for_user(UserName="jane")["Groups"]] == ["operators"]
    assert iam.list_access_keys(UserName="jane")["AccessKeyMetadata"] == []
    assert result["users"][0]["arn"] == user["Arn"]


@pytest.mark.parametrize(
    ("change", "made"),
    [
        ({"groups": ["operators", "auditors"]}, ["AddUserToGroup"]),
        ({"groups": ["auditors"]}, ["AddUserToGroup", "RemoveUserFromGroup"]),
        ({"permissions_boundary_arn": OTHER}, ["PutUserPermissionsBoundary"]),
        ({"tags": {"Email": "j@example.com"}}, ["TagUser"]),
        ({"tags": {}}, ["UntagUser"]),
        ({"path": "/people/"}, ["UpdateUser"]),
    ],
)
def test_a_changed_setting_is_that_change(converge, aws, standing, change, made):
    assert operations(converge("iam_users", users=[{**JANE, **change}], tags={"Project": "shop"})) == made


def test_foreign_groups_stay_without_purge(converge, aws, standing):
    aws("iam").add_user_to_group(GroupName="auditors", UserName="jane")
    assert operations(converge("iam_users", users=[JANE], tags={"Project": "shop"}, purge_groups=False)) == []


def test_foreign_policies_are_a_warning(converge, aws, standing):
    aws("iam").attach_user_policy(UserName="jane", PolicyArn=OTHER)
    result = converge("iam_users", users=[JANE], tags={"Project": "shop"})
    assert operations(result) == []
    assert result["users"][0]["foreign_policies"] == [OTHER]
    assert any("jane has policies of its own" in warning and "[IAM.2]" in warning for warning in result["warnings"])


def certificate():
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "jane")])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + datetime.timedelta(days=1)).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()


def test_removed_with_all_credentials(converge, aws, standing):
    iam = aws("iam")
    iam.create_login_profile(UserName="jane", Password="Secret-1234567890")
    iam.create_access_key(UserName="jane")
    iam.upload_ssh_public_key(UserName="jane", SSHPublicKeyBody="ssh-rsa AAAA")
    iam.upload_signing_certificate(UserName="jane", CertificateBody=certificate())
    iam.create_service_specific_credential(UserName="jane", ServiceName="codecommit.amazonaws.com")
    serial = iam.create_virtual_mfa_device(VirtualMFADeviceName="jane")["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(UserName="jane", SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="654321")
    iam.attach_user_policy(UserName="jane", PolicyArn=OTHER)
    iam.put_user_policy(
        UserName="jane", PolicyName="x",
        PolicyDocument='{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}',
    )  # fmt: skip
    result = converge("iam_users", state="absent", users=[{"name": "jane"}, {"name": "never-was"}])
    assert operations(result) == [
        "DeleteLoginProfile", "DeleteAccessKey", "DeleteSSHPublicKey", "DeleteSigningCertificate", "DeleteServiceSpecificCredential",
        "DeactivateMFADevice", "DeleteVirtualMFADevice", "RemoveUserFromGroup", "DetachUserPolicy", "DeleteUserPolicy", "DeleteUser",
    ]  # fmt: skip
    assert iam.list_users()["Users"] == [] and iam.list_virtual_mfa_devices()["VirtualMFADevices"] == []
