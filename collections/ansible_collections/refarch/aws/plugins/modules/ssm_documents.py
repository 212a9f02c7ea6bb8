#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: ssm_documents
version_added: 0.1.0
short_description: Manage Systems Manager documents as one set
description:
  - Creates, changes and removes documents in one task, each with its content, default version and tags, shared with nobody.
  - A new version is made only when the content means something else, and becomes the default. Content that an older version has makes
    that one the default.
  - Reads all documents side by side.
options:
  state:
    description: Whether the documents stand or not.
    type: str
    choices: [present, absent]
    default: present
  documents:
    description:
      - The documents.
      - With O(state=absent), those that are removed with all their versions; the name is enough.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, 3 to 128 letters, digits and C(_-.), not beginning with C(aws), C(amazon) or C(amzn).
        type: str
        required: true
      type:
        description: The kind of document, which can't be changed later.
        type: str
        choices: [Automation, Command, Session]
        default: Command
      format:
        description: How the content is written.
        type: str
        choices: [JSON, YAML]
        default: JSON
      content:
        description:
          - The content, as a mapping or, for O(documents[].format=YAML), as text.
          - Required with O(state=present).
        type: raw
      target_type:
        description: The kind of resource that it runs on, for example C(/AWS::EC2::Instance).
        type: str
      only_own:
        description:
          - Whether a document that stands without the tags in O(own_tags) is left alone. For names that all of an account and region
            share, such as C(SSM-SessionManagerRunShell).
        type: bool
        default: false
      heirs:
        description:
          - With O(state=absent), names of other documents. The first of them that stands gives its content and its tags, and the document
            stays. For names that all of an account and region share, where another stack still relies on it.
        type: list
        elements: str
        default: []
      tags:
        description: Tags of this document, added to O(tags).
        type: dict
        default: {}
  own_tags:
    description: The tags, by their keys and values, that tell an own document from someone else's. Needed with O(documents[].only_own).
    type: dict
    default: {}
notes:
  - amazon.aws and community.aws have no module for documents.
  - A document is found again by its name, which is unique in account and region.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Sessions that are logged
  refarch.aws.ssm_documents:
    tags: "{{ stack_tags }}"
    documents:
      - name: shop-staging-session
        type: Session
        content:
          schemaVersion: "1.0"
          sessionType: Standard_Stream
          inputs: {cloudWatchLogGroupName: /shop/staging/sessions, cloudWatchEncryptionEnabled: true}
"""

RETURN = r"""
documents:
  description: The documents in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: shop-staging-session}
    arn: {description: The ARN., type: str, sample: "arn:aws:ssm:ap-northeast-2:123456789012:document/shop-staging-session"}
    own: {description: Whether it is managed. V(false) for someone else's that is left alone., type: bool}
    tags: {description: All tags., type: dict, sample: {Component: session_access}}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

import json

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, run
from ansible_collections.refarch.aws.plugins.module_utils.ssm import SsmResources
from ansible_collections.refarch.aws.plugins.module_utils.unknown import has_unknown

GONE = ("InvalidDocument",)

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "documents": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "type": {"type": "str", "choices": ["Automation", "Command", "Session"], "default": "Command"},
            "format": {"type": "str", "choices": ["JSON", "YAML"], "default": "JSON"},
            "content": {"type": "raw"},
            "target_type": {"type": "str"},
            "only_own": {"type": "bool", "default": False},
            "heirs": {"type": "list", "elements": "str", "default": []},
            "tags": {"type": "dict", "default": {}},
        },
    },
    "own_tags": {"type": "dict", "default": {}},
    **TAG_OPTIONS,
}


def text_of(document: dict) -> str:
    """The content as the service takes it."""
    content = document["content"]
    return content if isinstance(content, str) else json.dumps(content, indent=2)


def same(existing: str | None, wanted: str) -> bool:
    """Whether two contents mean the same: as JSON where both are, else as text."""
    if existing is None or has_unknown(wanted):
        return False
    try:
        return json.loads(existing) == json.loads(wanted)
    except ValueError:
        return existing.strip() == wanted.strip()


class Documents(SsmResources):
    def require_sound(self) -> None:
        for document in self.params["documents"]:
            name = document["name"]
            if name.lower().startswith(("aws", "amazon", "amzn")):
                raise InvalidInput(f"documents: the name {name} must not begin with aws, amazon or amzn, which are AWS's own.")
            if not document["content"]:
                raise InvalidInput(f"documents: {name} lacks content, which a document can't be without.")
            if document["only_own"] and not self.params["own_tags"]:
                raise InvalidInput(f"documents: {name} has only_own, which needs own_tags to tell whose a document is.")

    def existing(self, name: str, *, with_content: bool = False) -> dict | None:
        """The document's description with content (always where it is to stand), permissions and tags, or None."""
        calls = {
            "document": ("describe_document", "Document", {}),
            "content": ("get_document", None, {"DocumentVersion": "$LATEST"}),
            "shared": ("describe_document_permission", "AccountIds", {"PermissionType": "Share"}),
        }
        if self.params["state"] == "absent" and not with_content:
            del calls["content"]

        def ask(part: str) -> object:
            operation, path, more = calls[part]
            return self.read("ssm", operation, path, missing=GONE, Name=name, **more)

        answers = self.each(lambda part: self.tags_of("Document", name) if part == "tags" else ask(part), [*calls, "tags"])
        found = dict(zip([*calls, "tags"], answers, strict=True))
        return found if found["document"] else None

    def foreign(self, existing: dict | None, document: dict) -> bool:
        own = {key: str(value) for key, value in self.params["own_tags"].items()}
        return bool(existing and document["only_own"] and not own.items() <= existing["tags"].items())

    def present(self) -> dict:
        self.require_sound()
        self.own_arn("ssm", "")  # asked for once, before the threads that use it
        return {"documents": self.each(self.ensure, self.params["documents"])}

    def ensure(self, wanted: dict) -> dict:
        name = wanted["name"]
        tags = {**(self.params["tags"] or {}), **wanted["tags"]}
        result = {"name": name, "arn": self.own_arn("ssm", f"document/{name}"), "own": True, "tags": tags}
        existing = self.existing(name)
        if self.foreign(existing, wanted):
            return {**result, "own": False, "tags": existing["tags"]}
        if existing is None:
            self.write(
                "ssm", "create_document", "create", "SSM document", name, Name=name, Content=text_of(wanted),
                DocumentType=wanted["type"], DocumentFormat=wanted["format"],
                **({"TargetType": wanted["target_type"]} if wanted["target_type"] else {}), **self.tag_list(tags),
            )  # fmt: skip
            return result
        kind = existing["document"].get("DocumentType")
        if kind != wanted["type"]:
            raise InvalidInput(f"documents: {name} stands with type {kind}, and AWS can't change it to {wanted['type']}.")
        self.ensure_content(existing, wanted)
        self.unshare(existing, name)
        self.ensure_tags("Document", name, "SSM document", name, existing["tags"], tags)
        return result

    def ensure_content(self, existing: dict, wanted: dict) -> None:
        name, text = wanted["name"], text_of(wanted)
        default = str(existing["document"].get("DefaultVersion"))
        latest = str(existing["document"].get("LatestVersion"))
        about = ("update", "SSM document", name)
        version = latest if same(existing["content"].get("Content"), text) else self.version_with(name, text, latest)
        if version is None:
            version = self.write(
                "ssm", "update_document", *about, returns="DocumentDescription.DocumentVersion",
                before=existing["content"].get("Content"), after=text, Name=name, Content=text, DocumentVersion="$LATEST",
                DocumentFormat=wanted["format"],
            )  # fmt: skip
        if version != default:
            self.write(
                "ssm", "update_document_default_version", *about, before={"default": default}, after={"default": version},
                Name=name, DocumentVersion=version,
            )  # fmt: skip

    def version_with(self, name: str, text: str, latest: str) -> str | None:
        """The older version that has this content: the service refuses to make it again (DuplicateDocumentContent)."""
        versions = self.read("ssm", "list_document_versions", "DocumentVersions[].DocumentVersion", Name=name)
        older = [version for version in versions if version != latest]
        contents = self.each(lambda version: self.read("ssm", "get_document", "Content", Name=name, DocumentVersion=version), older)
        return next((version for version, content in zip(older, contents, strict=True) if same(content, text)), None)

    def unshare(self, existing: dict, name: str) -> None:
        """Nobody else may use the document [SSM.4], also where someone shared it by hand."""
        if existing["shared"]:
            self.write(
                "ssm", "modify_document_permission", "update", "SSM document", name, before={"shared": existing["shared"]},
                after={"shared": []}, Name=name, PermissionType="Share", AccountIdsToRemove=existing["shared"],
            )  # fmt: skip

    def absent(self) -> dict:
        self.each(self.remove, self.params["documents"])
        return {"documents": []}

    def remove(self, document: dict) -> None:
        name = document["name"]
        existing = self.existing(name)
        if existing is None or self.foreign(existing, document):
            return
        self.unshare(existing, name)
        if heir := self.heir(document):
            self.leave_to(heir, name, document["format"])
            return
        self.write("ssm", "delete_document", "delete", "SSM document", name, missing=("InvalidDocument",), Name=name)

    def heir(self, document: dict) -> dict | None:
        """The first document of C(heirs) that stands."""
        found = (self.existing(name, with_content=True) for name in document["heirs"])
        return next((heir for heir in found if heir), None)

    def leave_to(self, heir: dict, name: str, document_format: str) -> None:
        """Make the document what its heir's owner would make it: the next run there then finds nothing to change."""
        existing = self.existing(name, with_content=True)
        self.ensure_content(existing, {"name": name, "content": heir["content"]["Content"], "format": document_format})
        self.ensure_tags("Document", name, "SSM document", name, existing["tags"], heir["tags"])


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Documents)


if __name__ == "__main__":
    main()
