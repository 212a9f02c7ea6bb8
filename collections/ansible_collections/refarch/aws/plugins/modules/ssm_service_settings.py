#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: ssm_service_settings
version_added: 0.1.0
short_description: Manage settings of Systems Manager in an account and region
description:
  - Sets what all of an account and region share, or with O(state=absent) gives it back its default.
options:
  state:
    description: Whether the settings are as given, or as AWS has them by default.
    type: str
    choices: [present, absent]
    default: present
  settings:
    description: The settings, by their ids, for example V(/ssm/documents/console/public-sharing-permission), with their values.
    type: dict
    required: true
notes:
  - amazon.aws and community.aws have no module for service settings.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: No document of the account can be shared with everybody
  refarch.aws.ssm_service_settings:
    settings:
      /ssm/documents/console/public-sharing-permission: Disable
"""

RETURN = r"""
settings:
  description: The settings with their values.
  returned: always
  type: dict
  sample: {"/ssm/documents/console/public-sharing-permission": Disable}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.resources import Resources, run

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "settings": {"type": "dict", "required": True},
}


class Settings(Resources):
    def existing(self) -> dict[str, dict]:
        names = list(self.params["settings"])
        found = self.each(lambda name: self.read("ssm", "get_service_setting", "ServiceSetting", SettingId=name), names)
        return dict(zip(names, found, strict=True))

    def present(self) -> dict:
        existing = self.existing()

        def ensure(item: tuple[str, str]) -> None:
            name, value = item[0], str(item[1])
            now = existing[name]["SettingValue"]
            if now != value:
                self.write(
                    "ssm", "update_service_setting", "update", "SSM setting", name, before={"SettingValue": now},
                    after={"SettingValue": value}, SettingId=name, SettingValue=value,
                )  # fmt: skip

        self.each(ensure, self.params["settings"].items())
        return {"settings": {name: str(value) for name, value in self.params["settings"].items()}}

    def absent(self) -> dict:
        existing = self.existing()

        def reset(name: str) -> None:
            if existing[name].get("Status") != "Default":
                self.write(
                    "ssm", "reset_service_setting", "delete", "SSM setting", name,
                    before={"SettingValue": existing[name]["SettingValue"]}, SettingId=name,
                )  # fmt: skip

        self.each(reset, self.params["settings"])
        return {"settings": {}}


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Settings)


if __name__ == "__main__":
    main()
