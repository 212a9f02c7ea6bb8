#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_region_settings
version_added: 0.1.0
short_description: Let AWS Backup back up types of resources in a region
description:
  - Opts the account in to types of resources, without which plans that select by tags pass them over.
  - Only adds. The setting is the account's, so that others may rely on it; nothing is ever opted out of.
options:
  resource_types:
    description: The types, for example V(RDS) and V(S3).
    type: list
    elements: str
    required: true
notes:
  - Neither amazon.aws nor community.aws has a module for the settings of a region.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Back up databases and buckets
  refarch.aws.backup_region_settings:
    resource_types: [RDS, S3]
"""

RETURN = r"""
resource_types:
  description: The types that the account has opted in to.
  returned: always
  type: list
  elements: str
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

import re

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.resources import InvalidInput, Resources, run

#: The pattern of a type in the API. DescribeRegionSettings also answers with names that have spaces.
TYPE = re.compile(r"[a-zA-Z0-9._-]{1,50}")

SPEC = {"resource_types": {"type": "list", "elements": "str", "required": True}}


class RegionSettings(Resources):
    def present(self) -> dict:
        wanted = self.params["resource_types"]
        now = self.read("backup", "describe_region_settings", "ResourceTypeOptInPreference")
        unknown = [kind for kind in wanted if kind not in now or not TYPE.fullmatch(kind)]
        if unknown:
            raise InvalidInput(f"resource_types: {unknown[0]} is not one that Backup knows here: {', '.join(sorted(now))}.")
        lacking = {kind: True for kind in wanted if not now[kind]}
        if lacking:
            # "UpdateRegionSettings" (AWS Backup API Reference) speaks of the list as a whole: what is on is said again, as far as its name
            # fits the API's own pattern.
            on = {kind: True for kind, opted in now.items() if opted and TYPE.fullmatch(kind)}
            self.write(
                "backup", "update_region_settings", "update", "backup settings", "of the region",
                before={kind: now[kind] for kind in lacking}, after=lacking, ResourceTypeOptInPreference={**on, **lacking},
            )  # fmt: skip
        return {"resource_types": sorted({kind for kind, on in now.items() if on} | set(wanted))}


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), RegionSettings)


if __name__ == "__main__":
    main()
