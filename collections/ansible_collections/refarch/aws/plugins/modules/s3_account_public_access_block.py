#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: s3_account_public_access_block
version_added: 0.1.0
short_description: Block public access to all buckets of an account
description:
  - Turns on all four settings of S3 Block Public Access for the account (Security Hub control S3.1).
  - With O(state=absent) the account has no such settings, as a new one.
options:
  state:
    description: Whether public access is blocked in the whole account.
    type: str
    choices: [present, absent]
    default: present
  account_id:
    description: The account, which must be that of the credentials.
    type: str
    required: true
notes:
  - community.aws has no check mode and no return value that says which account it changed.
  - The API puts the account before the host name, which can't be done where the endpoint is an IP address; there it is left out.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: No bucket of the account can be public
  refarch.aws.s3_account_public_access_block:
    account_id: "123456789012"
"""

RETURN = r"""
public_access_block:
  description: The settings of the account, empty if it has none.
  returned: always
  type: dict
  sample: {BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.resources import Resources, differing, run
from ansible_collections.refarch.aws.plugins.module_utils.s3 import ALL_BLOCKED, leave_out_account

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "account_id": {"type": "str", "required": True},
}


class AccountPublicAccessBlock(Resources):
    def client(self, service: str, **options):
        return leave_out_account(super().client(service, **options), self.params["account_id"])

    def existing(self) -> dict:
        found = self.read(
            "s3control",
            "get_public_access_block",
            "PublicAccessBlockConfiguration",
            missing=("NoSuchPublicAccessBlockConfiguration",),
            AccountId=self.params["account_id"],
        )
        return found or {}

    def present(self) -> dict:
        existing = self.existing()
        if differing(existing, ALL_BLOCKED):
            self.write(
                "s3control", "put_public_access_block", "update", "account public access block", self.params["account_id"],
                before=existing, after=ALL_BLOCKED,
                AccountId=self.params["account_id"], PublicAccessBlockConfiguration=ALL_BLOCKED,
            )  # fmt: skip
        return {"public_access_block": ALL_BLOCKED}

    def absent(self) -> dict:
        existing = self.existing()
        if existing:
            self.write(
                "s3control", "delete_public_access_block", "delete", "account public access block", self.params["account_id"],
                before=existing, AccountId=self.params["account_id"],
            )  # fmt: skip
        return {"public_access_block": {}}


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), AccountPublicAccessBlock)


if __name__ == "__main__":
    main()
