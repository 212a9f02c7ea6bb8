#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_account_password_policy
version_added: 0.1.0
short_description: Manage the password policy of the account's IAM users
description:
  - Sets the account's password policy. The defaults meet Security Hub control IAM.7.
  - With O(state=absent) the policy is removed, so that AWS's default one holds again.
options:
  state:
    description: Whether the account has a password policy of its own.
    type: str
    choices: [present, absent]
    default: present
  minimum_length:
    description: The shortest password, 6 to 128 characters.
    type: int
    default: 14
  require_symbols:
    description: Whether a password needs a symbol.
    type: bool
    default: true
  require_numbers:
    description: Whether a password needs a number.
    type: bool
    default: true
  require_uppercase:
    description: Whether a password needs an upper-case letter.
    type: bool
    default: true
  require_lowercase:
    description: Whether a password needs a lower-case letter.
    type: bool
    default: true
  reuse_prevention:
    description: How many former passwords can't be used again, 1 to 24.
    type: int
    default: 24
  max_age_days:
    description: The days after which a password expires, 1 to 1095.
    type: int
    default: 90
  allow_users_to_change:
    description: Whether users may change their own password.
    type: bool
    default: true
  hard_expiry:
    description: Whether only an administrator can renew an expired password.
    type: bool
    default: false
notes:
  - amazon.aws.iam_password_policy writes in check mode.
  - AWS sets what a request leaves out to its default, so that all settings are always sent (IAM API Reference,
    UpdateAccountPasswordPolicy).
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: A strict password policy
  refarch.aws.iam_account_password_policy:
    minimum_length: 16
"""

RETURN = r"""
password_policy:
  description: The policy in AWS's words, or an empty dict with O(state=absent).
  returned: always
  type: dict
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.iam import GONE
from ansible_collections.refarch.aws.plugins.module_utils.resources import InvalidInput, Resources, differing, run

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "minimum_length": {"type": "int", "default": 14},
    "require_symbols": {"type": "bool", "default": True},
    "require_numbers": {"type": "bool", "default": True},
    "require_uppercase": {"type": "bool", "default": True},
    "require_lowercase": {"type": "bool", "default": True},
    "reuse_prevention": {"type": "int", "default": 24, "no_log": False},
    "max_age_days": {"type": "int", "default": 90},
    "allow_users_to_change": {"type": "bool", "default": True},
    "hard_expiry": {"type": "bool", "default": False},
}

#: Limits of UpdateAccountPasswordPolicy (IAM API Reference).
RANGES = {"minimum_length": (6, 128), "reuse_prevention": (1, 24), "max_age_days": (1, 1095)}

WORDS = {
    "MinimumPasswordLength": "minimum_length",
    "RequireSymbols": "require_symbols",
    "RequireNumbers": "require_numbers",
    "RequireUppercaseCharacters": "require_uppercase",
    "RequireLowercaseCharacters": "require_lowercase",
    "AllowUsersToChangePassword": "allow_users_to_change",
    "MaxPasswordAge": "max_age_days",
    "PasswordReusePrevention": "reuse_prevention",
    "HardExpiry": "hard_expiry",
}


class PasswordPolicy(Resources):
    def existing(self) -> dict | None:
        return self.read("iam", "get_account_password_policy", "PasswordPolicy", missing=GONE)

    def present(self) -> dict:
        for option, (lowest, highest) in RANGES.items():
            if not lowest <= self.params[option] <= highest:
                raise InvalidInput(f"{option}: {self.params[option]} is not one of {lowest} to {highest}.")
        wanted = {word: self.params[option] for word, option in WORDS.items()}
        existing = self.existing()
        # AWS leaves HardExpiry out where it is off.
        if differing({"HardExpiry": False, **(existing or {})}, wanted):
            self.write(
                "iam", "update_account_password_policy", "update" if existing else "create", "account password policy", "of the account",
                before=existing, after=wanted, **wanted,
            )  # fmt: skip
        return {"password_policy": wanted}

    def absent(self) -> dict:
        existing = self.existing()
        if existing:
            self.write(
                "iam", "delete_account_password_policy", "delete", "account password policy", "of the account", before=existing,
                missing=GONE,
            )  # fmt: skip
        return {"password_policy": {}}


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), PasswordPolicy)


if __name__ == "__main__":
    main()
