#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudwatch_dashboards
version_added: 0.1.0
short_description: Manage CloudWatch dashboards as one set
description:
  - Creates, changes and removes dashboards in one task, compared by what their bodies mean.
options:
  state:
    description: Whether the dashboards stand or not.
    type: str
    choices: [present, absent]
    default: present
  dashboards:
    description:
      - The dashboards.
      - With O(state=absent), those that are removed; the name is enough.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, at most 255 letters, digits, hyphens and underscores, unique in the account whatever the region.
        type: str
        required: true
      body:
        description: The body, as C(Dashboard Body Structure and Syntax) describes it. Required with O(state=present).
        type: dict
      tags:
        description: Tags of this dashboard, added to O(tags).
        type: dict
        default: {}
notes:
  - amazon.aws and community.aws have no module for dashboards.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: The dashboard of the stack
  refarch.aws.cloudwatch_dashboards:
    dashboards:
      - name: shop-staging
        body:
          widgets:
            - {type: text, x: 0, y: 0, width: 24, height: 1, properties: {markdown: "# shop-staging"}}
"""

RETURN = r"""
dashboards:
  description: The dashboards in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: shop-staging}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

import json

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.cloudwatch import NOT_FOUND, TaggedByArn
from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, run, to_tag_list

GONE = (*NOT_FOUND, "DashboardNotFoundError")

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "dashboards": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "body": {"type": "dict"},
            "tags": {"type": "dict", "default": {}},
        },
    },
    **TAG_OPTIONS,
}


class Dashboards(TaggedByArn):
    service = "cloudwatch"

    def existing(self, name: str) -> dict | None:
        return self.read("cloudwatch", "get_dashboard", missing=GONE, DashboardName=name)

    def present(self) -> dict:
        for dashboard in self.params["dashboards"]:
            if not dashboard["body"]:
                raise InvalidInput(f"dashboards: {dashboard['name']} lacks body, which a dashboard can't be without.")
        return {"dashboards": self.each(self.ensure, self.params["dashboards"])}

    def ensure(self, wanted: dict) -> dict:
        name, body = wanted["name"], wanted["body"]
        tags = {**(self.params["tags"] or {}), **wanted["tags"]}
        existing = self.existing(name)
        text = json.dumps(body, separators=(",", ":"))
        about = {"DashboardName": name, "DashboardBody": text}
        if existing is None:
            more = {"Tags": to_tag_list(tags)} if tags else {}
            self.write("cloudwatch", "put_dashboard", "create", "CloudWatch dashboard", name, **about, **more)
            return {"name": name}
        now = json.loads(existing["DashboardBody"])
        if now != json.loads(text):
            self.write("cloudwatch", "put_dashboard", "update", "CloudWatch dashboard", name, before=now, after=body, **about)
        self.ensure_tags(existing["DashboardArn"], "CloudWatch dashboard", name, tags)
        return {"name": name}

    def absent(self) -> dict:
        names = [dashboard["name"] for dashboard in self.params["dashboards"]]
        found = self.each(self.existing, names)
        doomed = [name for name, dashboard in zip(names, found, strict=True) if dashboard]
        for name in doomed:  # one by one: the call fails as a whole where one of them is gone
            self.write("cloudwatch", "delete_dashboards", "delete", "CloudWatch dashboard", name, missing=GONE, DashboardNames=[name])
        return {"dashboards": []}


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Dashboards)


if __name__ == "__main__":
    main()
