#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: ebs_encryption_default
version_added: 0.1.0
short_description: Manage the encryption of new EBS volumes in an account and region
description:
  - Turns the default encryption of EBS on, with AWS's key or one of the account's (Security Hub control EC2.7).
  - With O(state=absent) it is as in a new account again, off and with AWS's key.
options:
  state:
    description: Whether new volumes are encrypted without being asked for it.
    type: str
    choices: [present, absent]
    default: present
  kms_key_arn:
    description:
      - The ARN of the symmetric KMS key of this region.
      - Not managed if not given; a new account has the key C(alias/aws/ebs) of AWS.
    type: str
  only_instead_of:
    description:
      - ARNs of keys that are to be replaced. Where the default key is another one, nothing is done, neither to key nor encryption.
      - With it and O(kms_key_arn=alias/aws/ebs) a key can be removed without leaving the account with a default key that is gone.
    type: list
    elements: str
notes:
  - Neither amazon.aws nor community.aws has a module for this setting.
  - It holds for the whole account in the region, also for other stacks.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Encrypt each new volume with the stack's key
  refarch.aws.ebs_encryption_default:
    kms_key_arn: "{{ ebs_key_arn }}"
"""

RETURN = r"""
enabled:
  description: Whether new volumes are encrypted.
  returned: always
  type: bool
kms_key_id:
  description: The key that encrypts them, as AWS names it.
  returned: always
  type: str
  sample: arn:aws:kms:ap-northeast-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab
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
    "kms_key_arn": {"type": "str", "no_log": False},
    "only_instead_of": {"type": "list", "elements": "str", "no_log": False},
}

AWS_KEY = "alias/aws/ebs"


class EbsEncryptionDefault(Resources):
    def existing(self) -> tuple[bool, str]:
        return tuple(
            self.each(
                lambda question: self.read("ec2", *question),
                [("get_ebs_encryption_by_default", "EbsEncryptionByDefault"), ("get_ebs_default_kms_key_id", "KmsKeyId")],
            )
        )

    def change(self, operation: str, before: object, after: object, **parameters) -> None:
        self.write("ec2", operation, "update", "ebs encryption default", "of the account", before=before, after=after, **parameters)

    def present(self) -> dict:
        enabled, key = self.existing()
        wanted = self.params["kms_key_arn"]
        if self.params["only_instead_of"] is not None and key not in self.params["only_instead_of"]:
            return {"enabled": enabled, "kms_key_id": key}
        # The key before the switch, so that no volume is encrypted with another one in between.
        if wanted and key != wanted:
            self.change("modify_ebs_default_kms_key_id", {"KmsKeyId": key}, {"KmsKeyId": wanted}, KmsKeyId=wanted)
        if not enabled:
            self.change("enable_ebs_encryption_by_default", {"EbsEncryptionByDefault": False}, {"EbsEncryptionByDefault": True})
        return {"enabled": True, "kms_key_id": wanted or key}

    def absent(self) -> dict:
        enabled, key = self.existing()
        if enabled:
            self.change("disable_ebs_encryption_by_default", {"EbsEncryptionByDefault": True}, {"EbsEncryptionByDefault": False})
        # Until someone chooses a key, AWS names its own by the alias.
        if not key.endswith(AWS_KEY) and (self.params["kms_key_arn"] in (None, key)):
            self.change("reset_ebs_default_kms_key_id", {"KmsKeyId": key}, {"KmsKeyId": AWS_KEY})
        return {"enabled": False, "kms_key_id": AWS_KEY}


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), EbsEncryptionDefault)


if __name__ == "__main__":
    main()
