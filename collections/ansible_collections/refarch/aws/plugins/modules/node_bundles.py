#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: node_bundles
version_added: 0.1.0
short_description: Put into a bucket what nodes need to configure themselves
description:
  - Packs files, folders and texts, and the wheels of pinned requirements, into one archive for each bundle.
  - A bundle's version is the SHA-256 of the file C(SHA256SUMS) in it, which tells the sum of every other file but the wheels. Those are
    vouched for by the hashes in the requirements. So the same content has the same key wherever it is made, and a plan knows the key
    without a download.
  - What the bucket holds already is not made again. Old bundles stay.
options:
  bucket_name:
    description: The bucket.
    type: str
    required: true
  bundles:
    description: The bundles.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name.
        type: str
        required: true
      key_prefix:
        description: What the key in the bucket begins with, such as V(nodes/web).
        type: str
        required: true
      parts:
        description: Files and folders of this machine, with their place in the bundle.
        type: list
        elements: dict
        required: true
        suboptions:
          source: {description: The file or folder., type: path, required: true}
          into: {description: Its path in the bundle., type: str, required: true}
      texts:
        description: Further files, by their path in the bundle.
        type: dict
        default: {}
      requirements:
        description: Lock files of pip with hashes, whose wheels lie in C(wheels) of the bundle. A file is among O(bundles[].parts) itself.
        type: list
        elements: path
        default: []
      python:
        description: The Python of the nodes, such as V(3.11). It stands in the file C(python) of the bundle.
        type: str
        required: true
      architecture:
        description: The architecture of the nodes. It stands in the file C(architecture) of the bundle.
        type: str
        choices: [aarch64, x86_64]
        required: true
  wheels_folder:
    description: Where wheels are kept between runs, and looked for first.
    type: path
    required: true
notes:
  - No module of amazon.aws puts several folders as one archive that does not change from run to run, and none knows wheels.
  - Needs pip beside the Python that runs it, and an index of packages that it reaches, only where wheels are not in O(wheels_folder) yet.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: What web servers need to configure themselves
  refarch.aws.node_bundles:
    bucket_name: shop-staging-artifact-123456789012
    wheels_folder: build/wheels
    bundles:
      - name: web
        key_prefix: nodes/web
        python: "3.11"
        architecture: aarch64
        parts:
          - {source: files/nodes/site.yml, into: site.yml}
          - {source: roles/node_base, into: roles/node_base}
          - {source: files/nodes/python-3.11.txt, into: requirements.txt}
        texts: {vars.json: '{"node_tier": "web"}'}
        requirements: [files/nodes/python-3.11.txt]
"""

RETURN = r"""
bundles:
  description: The bundles in the order of the option.
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: web}
    key: {description: The key in the bucket., type: str, sample: nodes/web/0123abcd.zip}
    version: {description: The version., type: str, sample: 0123abcd}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

import hashlib
from pathlib import Path

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.archive import Archive, files_of, zipped
from ansible_collections.refarch.aws.plugins.module_utils.resources import InvalidInput, Resources, run
from ansible_collections.refarch.aws.plugins.module_utils.unknown import UNKNOWN, has_unknown
from ansible_collections.refarch.aws.plugins.module_utils.wheels import NoWheels, wheels_of

SUMS = "SHA256SUMS"
MISSING = ("404", "NoSuchKey", "NoSuchBucket", "NotFound")
SPEC = {
    "bucket_name": {"type": "str", "required": True},
    "bundles": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "key_prefix": {"type": "str", "required": True, "no_log": False},
            "parts": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {"source": {"type": "path", "required": True}, "into": {"type": "str", "required": True}},
            },
            "texts": {"type": "dict", "default": {}},
            "requirements": {"type": "list", "elements": "path", "default": []},
            "python": {"type": "str", "required": True},
            "architecture": {"type": "str", "choices": ["aarch64", "x86_64"], "required": True},
        },
    },
    "wheels_folder": {"type": "path", "required": True},
}


def contents(bundle: dict) -> dict[str, bytes]:
    """Every file of *bundle* but the wheels and C(SHA256SUMS), by its path there. Raises InvalidInput."""
    found = {path: text.encode() for path, text in bundle["texts"].items()}
    found |= {"python": bundle["python"].encode(), "architecture": bundle["architecture"].encode()}
    for part in bundle["parts"]:
        source, into = Path(part["source"]), part["into"]
        if source.is_file():
            found[into] = source.read_bytes()
            continue
        try:
            found |= {f"{into}/{name}": path.read_bytes() for name, path in files_of(str(source))}
        except ValueError as error:
            raise InvalidInput(f"bundles: {bundle['name']}: {error}.") from error
    return dict(sorted(found.items()))


def sums(files: dict[str, bytes]) -> bytes:
    """The file C(SHA256SUMS), as sha256sum(1) reads it."""
    return "".join(f"{hashlib.sha256(content).hexdigest()}  {path}\n" for path, content in files.items()).encode()


def packed(files: dict[str, bytes], wheels: list[Path]) -> bytes:
    """The archive. Its bytes are the same for the same content."""
    whole = {**files, SUMS: sums(files), **{f"wheels/{path.name}": path.read_bytes() for path in wheels}}
    return zipped((path, content, False) for path, content in sorted(whole.items()))


class Bundles(Resources):
    def present(self) -> dict:
        return {"bundles": self.each(self.ensure, self.params["bundles"])}

    def ensure(self, bundle: dict) -> dict:
        name, bucket = bundle["name"], self.params["bucket_name"]
        files = contents(bundle)
        # A text that is not known yet is part of a version that isn't either.
        version = UNKNOWN if has_unknown(bundle["texts"]) else hashlib.sha256(sums(files)).hexdigest()
        key = f"{bundle['key_prefix']}/{version}.zip"
        if version == UNKNOWN or self.read("s3", "head_object", missing=MISSING, Bucket=bucket, Key=key) is None:
            body = Archive(b"" if self.check_mode else packed(files, self.wheels(bundle)))
            self.write("s3", "put_object", "create", "bundle", f"{name} {version}", Bucket=bucket, Key=key, Body=body)
        return {"name": name, "key": key, "version": version}

    def wheels(self, bundle: dict) -> list[Path]:
        folder = Path(self.params["wheels_folder"])
        try:
            for_nodes = (bundle["python"], bundle["architecture"], folder, self.module.run_command)
            found = [wheels_of(Path(lock), *for_nodes) for lock in bundle["requirements"]]
        except NoWheels as error:
            raise InvalidInput(f"bundles: {bundle['name']}: {error}.") from error
        return list({path.name: path for paths in found for path in paths}.values())


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Bundles)


if __name__ == "__main__":
    main()
