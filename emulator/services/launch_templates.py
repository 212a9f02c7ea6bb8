"""EC2 launch templates: their versions, and what an alias of an image stands for."""

from __future__ import annotations

import copy
from typing import Any

from moto.core.responses import ActionResult
from moto.core.types import Base64EncodedString
from moto.ec2.exceptions import InvalidLaunchTemplateVersionNotFound
from moto.ec2.models.launch_templates import LaunchTemplate, LaunchTemplateVersion
from moto.ec2.responses.launch_templates import LaunchTemplates
from moto.ec2.utils import parse_user_data
from moto.ssm.models import ssm_backends

ALIAS = "resolve:ssm:"


def apply() -> None:
    data_is_kept_as_it_was_given()
    versions_are_deleted()
    alias_of_an_image_is_resolved()
    security_groups_of_an_interface_count()
    template_has_the_tags_of_today()


def data_is_kept_as_it_was_given() -> None:
    """The tags of a template are no tags of what it launches; user data of each version is Base64 (CreateLaunchTemplateVersion)."""
    create = LaunchTemplates.create_launch_template
    version_init = LaunchTemplateVersion.__init__

    def create_launch_template(self: LaunchTemplates) -> ActionResult:
        given = copy.deepcopy(self._get_param("LaunchTemplateData", {}).get("TagSpecifications"))
        answer = create(self)
        template = self.ec2_backend.launch_templates[answer.result["LaunchTemplate"]["LaunchTemplateId"]]
        data = template.versions[0].data
        data.pop("TagSpecifications", None)
        if given:
            data["TagSpecifications"] = given
        return answer

    def init(self: LaunchTemplateVersion, template: LaunchTemplate, number: int, data: dict[str, Any], description: str) -> None:
        user_data = data.get("UserData")
        if user_data is None:
            data = {key: value for key, value in data.items() if key != "UserData"}
        elif not isinstance(user_data, Base64EncodedString):
            data = {**data, "UserData": parse_user_data(user_data)}
        version_init(self, template, number, data, description)

    LaunchTemplates.create_launch_template = create_launch_template
    LaunchTemplateVersion.__init__ = init


def versions_are_deleted() -> None:
    """DeleteLaunchTemplateVersions removes versions but the default one; numbers are never used again (API Reference)."""
    get = LaunchTemplate.get_version
    create = LaunchTemplate.create_version

    def create_version(self: LaunchTemplate, data: dict[str, Any], description: str) -> LaunchTemplateVersion:
        number = self.__dict__.get("newest", 0) + 1
        version = create(self, data, description)
        version.number = self.newest = number
        return version

    def get_version(self: LaunchTemplate, num: Any) -> LaunchTemplateVersion:
        if str(num).lower() in ("$latest", "$default"):
            return get(self, num)
        found = next((version for version in self.versions if str(version.number) == str(num)), None)
        if found is None:
            raise InvalidLaunchTemplateVersionNotFound(template_id=self.id, version=num)
        return found

    def default_version(self: LaunchTemplate) -> LaunchTemplateVersion:
        return next(version for version in self.versions if version.number == self.default_version_number)

    def delete_launch_template_versions(self: LaunchTemplates) -> ActionResult:
        name, template_id = self._get_param("LaunchTemplateName"), self._get_param("LaunchTemplateId")
        backend = self.ec2_backend
        template = backend.get_launch_template_by_name(name) if name else backend.get_launch_template(template_id)
        identity = {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name}
        gone, kept = [], []
        for number in self._get_param("Versions", []):
            version = next((version for version in template.versions if str(version.number) == str(number)), None)
            if version is None or template.is_default(version):
                code = "launchTemplateVersionDoesNotExist" if version is None else "unexpectedError"
                kept.append({**identity, "VersionNumber": int(number), "ResponseError": {"Code": code, "Message": f"Version {number}"}})
                continue
            template.versions.remove(version)
            gone.append({**identity, "VersionNumber": version.number})
        return ActionResult({"SuccessfullyDeletedLaunchTemplateVersions": gone, "UnsuccessfullyDeletedLaunchTemplateVersions": kept})

    LaunchTemplate.create_version = create_version
    LaunchTemplate.get_version = get_version
    LaunchTemplate.default_version = default_version
    LaunchTemplates.delete_launch_template_versions = delete_launch_template_versions


def image_behind(name: str, account_id: str, region: str) -> str:
    """The image that an alias stands for, or *name* where it is none (User Guide, "Use a Systems Manager parameter to find an AMI")."""
    if not name.startswith(ALIAS):
        return name
    parameter = ssm_backends[account_id][region].get_parameter(name.removeprefix(ALIAS))
    return parameter.value if parameter is not None else name


def alias_of_an_image_is_resolved() -> None:
    """What launches by a template with an alias gets the image that the parameter names now."""

    def image_id(self: LaunchTemplateVersion) -> str:
        backend = self.template.ec2_backend
        return image_behind(self.data.get("ImageId", ""), backend.account_id, backend.region_name)

    LaunchTemplateVersion.image_id = property(image_id)


def security_groups_of_an_interface_count() -> None:
    """A template names its security groups itself or with its first network interface."""

    def security_groups(self: LaunchTemplateVersion) -> list[str]:
        interfaces = self.data.get("NetworkInterfaces") or [{}]
        return self.data.get("SecurityGroupIds") or interfaces[0].get("Groups") or self.data.get("SecurityGroups") or []

    LaunchTemplateVersion.security_groups = property(security_groups)


def template_has_the_tags_of_today() -> None:
    """A described template has the tags that CreateTags and DeleteTags left it."""

    def ignored(self: LaunchTemplate, value: Any) -> None:
        """moto keeps those of its creation."""

    LaunchTemplate.tags = property(lambda self: self.get_tags(), ignored)
