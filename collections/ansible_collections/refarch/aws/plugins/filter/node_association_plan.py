# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The associations with which nodes configure themselves."""

from __future__ import annotations

DOCUMENTATION = r"""
name: node_association_plan
version_added: 0.1.0
short_description: Write the associations that apply bundles to the nodes of each tier
description:
  - Gives the associations as M(refarch.aws.ssm_associations) takes them, one for each bundle, that find their nodes by the tags C(Project),
    C(Environment) and C(Tier).
  - The parameter C(BundleVersion) is left out for a document of AWS, which does not know it.
positional: settings
options:
  _input:
    description: The bundles, as RV(refarch.aws.node_bundles#module:bundles).
    type: list
    elements: dict
    required: true
  settings:
    description:
      - C(names) by tier, C(document), C(project), C(environment), C(region), C(bucket_name), C(schedule), C(compliance_severity),
        C(max_concurrency), C(max_errors), C(output_bucket_name), C(output_key_prefix) and C(timeout_seconds).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: The associations
  refarch.aws.ssm_associations:
    associations: "{{ bundles | refarch.aws.node_association_plan(settings) }}"
"""

RETURN = r"""
_value:
  description: The associations.
  type: list
  elements: dict
"""

import json


def parameters(bundle: dict, settings: dict) -> dict[str, list[str]]:
    """The document's parameters. The path is written as aws:downloadContent asks ("Command document plugin reference", Systems Manager)."""
    path = f"https://s3.{settings['region']}.amazonaws.com/{settings['bucket_name']}/{bundle['key']}"
    given = {
        "SourceType": ["S3"],
        "SourceInfo": [json.dumps({"path": path})],
        "PlaybookFile": ["site.yml"],
        "TimeoutSeconds": [str(settings["timeout_seconds"])],
    }
    return given if settings["document"].startswith("AWS-") else {**given, "BundleVersion": [bundle["version"]]}


def node_association_plan(bundles: list[dict], settings: dict) -> list[dict]:
    """An association for each of *bundles*."""
    return [
        {
            "name": settings["names"][bundle["name"]],
            "document": settings["document"],
            "parameters": parameters(bundle, settings),
            "targets": [
                {"key": "tag:Project", "values": [settings["project"]]},
                {"key": "tag:Environment", "values": [settings["environment"]]},
                {"key": "tag:Tier", "values": [bundle["name"]]},
            ],
            "schedule": settings["schedule"],
            "compliance_severity": settings["compliance_severity"],
            "max_concurrency": str(settings["max_concurrency"]),
            "max_errors": str(settings["max_errors"]),
            "output_bucket_name": settings["output_bucket_name"],
            "output_key_prefix": f"{settings['output_key_prefix']}/{bundle['name']}",
            "output_region": settings["region"],
        }
        for bundle in bundles
    ]


class FilterModule:
    def filters(self):
        return {"node_association_plan": node_association_plan}
