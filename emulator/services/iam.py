"""IAM: what must be gone before a thing can be deleted, users' boundaries, and credentials of services."""

from __future__ import annotations

import copy
import functools
import json
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.exceptions import DeleteConflictException, NoSuchEntity
from moto.iam.models import AWSManagedPolicy, IAMBackend, ManagedPolicy, User
from moto.iam.responses import IamResponse
from moto.moto_api._internal import mock_random
from moto.settings import load_iam_aws_managed_policies


def apply() -> None:
    managed_policies_are_parsed_once()
    attaching_twice_is_once()
    update_role_keeps_what_is_not_given()
    instance_profile_without_the_role()
    users_have_a_permissions_boundary()
    service_specific_credentials()
    delete_conflicts()
    entities_of_a_boundary()
    groups_can_be_moved()
    tags_follow_a_user()


def managed_policies_are_parsed_once() -> None:
    """AWS's managed policies, in the partition aws only: moto parses 1.5 MB for each account in each of its partitions."""

    @functools.cache
    def parsed(account_id: str, region: str) -> list[AWSManagedPolicy]:
        data = json.loads(aws_managed_policies_data)
        return [AWSManagedPolicy.from_data(name, account_id, region, policy) for name, policy in data.items()]

    def _init_aws_policies(self: IAMBackend) -> list[ManagedPolicy]:
        if not load_iam_aws_managed_policies() or self.partition != "aws":
            return []
        # What an account changes of them is how often they are attached.
        return [copy.copy(policy) for policy in parsed(self.account_id, self.region_name)]

    IAMBackend._init_aws_policies = _init_aws_policies


def attaching_twice_is_once() -> None:
    """AttachRolePolicy and AttachUserPolicy of an attached policy change nothing, nor the policy's AttachmentCount."""
    attach = ManagedPolicy.attach_to

    def attach_to(self: ManagedPolicy, obj: Any) -> None:
        if self.arn not in obj.managed_policies:
            attach(self, obj)

    ManagedPolicy.attach_to = attach_to


def update_role_keeps_what_is_not_given() -> None:
    """UpdateRole changes only the settings in the request."""

    def update_role(self: IamResponse) -> EmptyResult:
        role = self.backend.get_role(self._get_param("RoleName"))
        description, seconds = self._get_param("Description"), self._get_param("MaxSessionDuration")
        self.backend.update_role(role.name, role.description if description is None else description, seconds or role.max_session_duration)
        return EmptyResult()

    IamResponse.update_role = update_role


def instance_profile_without_the_role() -> None:
    """RemoveRoleFromInstanceProfile of a role that is not in the profile is NoSuchEntity."""
    remove = IAMBackend.remove_role_from_instance_profile

    def remove_role_from_instance_profile(self: IAMBackend, profile_name: str, role_name: str) -> None:
        if role_name not in [role.name for role in self.get_instance_profile(profile_name).roles]:
            raise NoSuchEntity(f"The role with name {role_name} cannot be found in the instance profile {profile_name}.")
        remove(self, profile_name, role_name)

    IAMBackend.remove_role_from_instance_profile = remove_role_from_instance_profile


def users_have_a_permissions_boundary() -> None:
    """CreateUser and PutUserPermissionsBoundary set a boundary, GetUser returns it, DeleteUserPermissionsBoundary removes it."""
    create = IamResponse.create_user

    def boundary_of(user: User) -> dict[str, str] | None:
        arn = getattr(user, "permissions_boundary_arn", None)
        return {"PermissionsBoundaryType": "PermissionsBoundaryPolicy", "PermissionsBoundaryArn": arn} if arn else None

    def create_user(self: IamResponse) -> ActionResult:
        boundary = self._get_param("PermissionsBoundary")
        if boundary:
            self.backend.get_policy(boundary)
        answer = create(self)
        self.backend.get_user(self._get_param("UserName")).permissions_boundary_arn = boundary
        return answer

    def put_user_permissions_boundary(self: IamResponse) -> EmptyResult:
        user = self.backend.get_user(self._get_param("UserName"))
        user.permissions_boundary_arn = self.backend.get_policy(self._get_param("PermissionsBoundary")).arn
        return EmptyResult()

    def delete_user_permissions_boundary(self: IamResponse) -> EmptyResult:
        self.backend.get_user(self._get_param("UserName")).permissions_boundary_arn = None
        return EmptyResult()

    User.permissions_boundary = property(boundary_of)
    IamResponse.create_user = create_user
    IamResponse.put_user_permissions_boundary = put_user_permissions_boundary
    IamResponse.delete_user_permissions_boundary = delete_user_permissions_boundary


def service_specific_credentials() -> None:
    """Create-, List- and DeleteServiceSpecificCredential (CodeCommit's passwords over HTTPS)."""

    def credentials(user: User) -> dict[str, dict[str, Any]]:
        return user.__dict__.setdefault("service_specific_credentials", {})

    def create_service_specific_credential(self: IamResponse) -> ActionResult:
        user = self.backend.get_user(self._get_param("UserName"))
        made = {
            "CreateDate": utcnow(),
            "ServiceName": self._get_param("ServiceName"),
            "ServiceUserName": f"{user.name}-at-{user.account_id}",
            "ServiceSpecificCredentialId": "ACCA" + mock_random.get_random_string(17).upper(),
            "UserName": user.name,
            "Status": "Active",
        }
        credentials(user)[made["ServiceSpecificCredentialId"]] = made
        return ActionResult({"ServiceSpecificCredential": {**made, "ServicePassword": mock_random.get_random_string(44)}})

    def list_service_specific_credentials(self: IamResponse) -> ActionResult:
        found = credentials(self.backend.get_user(self._get_param("UserName"))).values()
        return ActionResult({"ServiceSpecificCredentials": list(found), "IsTruncated": False})

    def delete_service_specific_credential(self: IamResponse) -> EmptyResult:
        held = credentials(self.backend.get_user(self._get_param("UserName")))
        if held.pop(self._get_param("ServiceSpecificCredentialId"), None) is None:
            raise NoSuchEntity("The service specific credential cannot be found.")
        return EmptyResult()

    IamResponse.create_service_specific_credential = create_service_specific_credential
    IamResponse.list_service_specific_credentials = list_service_specific_credentials
    IamResponse.delete_service_specific_credential = delete_service_specific_credential


def delete_conflicts() -> None:
    """DeleteUser, DeleteGroup and DeletePolicy answer DeleteConflict while something hangs on them."""
    delete_user, delete_group, delete_policy = IAMBackend.delete_user, IAMBackend.delete_group, IAMBackend.delete_policy

    def refuse_if(*reasons: tuple[Any, str]) -> None:
        for held, what in reasons:
            if held:
                raise DeleteConflictException(f"Cannot delete entity, must {what} first.")

    def checked_delete_user(self: IAMBackend, user_name: str) -> None:
        user = self.get_user(user_name)
        refuse_if(
            (self.get_groups_for_user(user_name), "remove user from all groups"),
            (user.password, "delete login profile"),
            (user.access_keys, "delete access keys"),
            (user.mfa_devices, "delete MFA device"),
            (user.ssh_public_keys, "delete SSH public keys"),
            (getattr(user, "signing_certificates", None), "delete signing certificates"),
            (user.__dict__.get("service_specific_credentials"), "delete service specific credentials"),
        )
        delete_user(self, user_name)

    def checked_delete_group(self: IAMBackend, group_name: str) -> None:
        group = self.get_group(group_name)
        refuse_if(
            (group.users, "remove users from group"),
            (group.managed_policies, "detach all policies"),
            (group.policies, "delete policies"),
        )
        delete_group(self, group_name)

    def checked_delete_policy(self: IAMBackend, policy_arn: str) -> None:
        policy = self.get_policy(policy_arn)
        bounded = [role for role in self.roles.values() if role.permissions_boundary_arn == policy_arn]
        bounded += [user for user in self.users.values() if getattr(user, "permissions_boundary_arn", None) == policy_arn]
        refuse_if(
            (policy.attachment_count or bounded, "detach policy from all entities"),
            (len(policy.versions) > 1, "delete all versions but the default"),
        )
        delete_policy(self, policy_arn)

    IAMBackend.delete_user = checked_delete_user
    IAMBackend.delete_group = checked_delete_group
    IAMBackend.delete_policy = checked_delete_policy


def entities_of_a_boundary() -> None:
    """ListEntitiesForPolicy knows which entities have the policy as permissions boundary, and PolicyUsageFilter."""
    listed = IamResponse.list_entities_for_policy

    def list_entities_for_policy(self: IamResponse) -> ActionResult:
        usage, arn, kind = self._get_param("PolicyUsageFilter"), self._get_param("PolicyArn"), self._get_param("EntityFilter")
        if usage == "PermissionsPolicy":
            return listed(self)
        result = listed(self).result if usage is None else {"PolicyRoles": [], "PolicyUsers": [], "PolicyGroups": [], "IsTruncated": False}
        for key, word, owned in (("PolicyRoles", "Role", self.backend.roles), ("PolicyUsers", "User", self.backend.users)):
            bounded = [owner for owner in owned.values() if getattr(owner, "permissions_boundary_arn", None) == arn]
            result[key] = [*result[key], *(bounded if kind in (None, word) else [])]
        return ActionResult(result)

    IamResponse.list_entities_for_policy = list_entities_for_policy


def groups_can_be_moved() -> None:
    """UpdateGroup changes the path without a new name too."""
    update = IAMBackend.update_group

    def update_group(self: IAMBackend, group_name: str, new_group_name: str | None, new_path: str | None) -> None:
        update(self, group_name, new_group_name, new_path)
        if new_path:
            self.get_group(new_group_name or group_name).path = new_path

    IAMBackend.update_group = update_group


def tags_follow_a_user() -> None:
    """UpdateUser changes the ARN and keeps the tags, which moto holds by ARN."""
    update = IAMBackend.update_user

    def update_user(self: IAMBackend, user_name: str, new_path: str | None = None, new_user_name: str | None = None) -> None:
        before = self.get_user(user_name).arn
        tags = self.tagger.list_tags_for_resource(before)["Tags"]
        update(self, user_name, new_path, new_user_name)
        self.tagger.delete_all_tags_for_resource(before)
        self.tagger.tag_resource(self.get_user(new_user_name or user_name).arn, tags)

    IAMBackend.update_user = update_user
