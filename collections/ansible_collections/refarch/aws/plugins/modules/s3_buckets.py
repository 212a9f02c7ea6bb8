#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: s3_buckets
version_added: 0.1.0
short_description: Manage private buckets with all their settings as one set
description:
  - Creates, changes and removes S3 buckets in one task. All settings of all buckets are read side by side.
  - Each bucket blocks public access, has no ACLs (C(BucketOwnerEnforced)), refuses requests without TLS, and aborts uploads left behind.
options:
  state:
    description: Whether the buckets stand or not.
    type: str
    choices: [present, absent]
    default: present
  buckets:
    description: The buckets; with O(state=absent), those that are removed, for which the name is enough.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, unique in all of AWS.
        type: str
        required: true
      versioning:
        description: Whether overwritten and deleted objects stay as versions. Turned off later, it is suspended.
        type: bool
        default: true
      kms_key_arn:
        description: The KMS key that encrypts what is stored, with a bucket key. Without one it is encrypted with keys of S3 (SSE-S3).
        type: str
      policy_statements:
        description: Statements of the bucket policy, beside the one that refuses requests without TLS.
        type: list
        elements: dict
        default: []
      log_bucket:
        description: The bucket that gets the access logs, in this list or standing. Without one nothing is logged.
        type: str
      log_prefix:
        description: What the keys of the access logs begin with.
        type: str
        default: ''
      lifecycle_rules:
        description: Rules for what happens to objects in time.
        type: list
        elements: dict
        default: []
        suboptions:
          id:
            description: The name of the rule.
            type: str
            required: true
          prefix:
            description: The keys it is for; all if empty.
            type: str
            default: ''
          expiration_days:
            description: After how many days an object expires.
            type: int
          noncurrent_expiration_days:
            description: How many days after being overwritten or deleted a version goes for good.
            type: int
          transition_days:
            description: After how many days an object moves to O(buckets[].lifecycle_rules[].storage_class).
            type: int
          storage_class:
            description: The class that an object moves to.
            type: str
            choices: [STANDARD_IA, ONEZONE_IA, INTELLIGENT_TIERING, GLACIER_IR, GLACIER, DEEP_ARCHIVE]
            default: STANDARD_IA
      abort_multipart_days:
        description: After how many days an unfinished upload is aborted.
        type: int
        default: 7
      tags:
        description: Tags of this bucket, added to O(tags).
        type: dict
        default: {}
  force:
    description: Whether, with O(state=absent), all objects and versions are deleted for good with their bucket.
    type: bool
    default: false
notes:
  - amazon.aws.s3_bucket skips check mode for a new bucket, reads and writes setting by setting, and has no lifecycle and no access logging.
  - A bucket is found by its name. One that stands in another account is refused by AWS.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: A bucket for data and one for its access logs
  refarch.aws.s3_buckets:
    buckets:
      - {name: shop-staging-log-123456789012}
      - name: shop-staging-data-123456789012
        kms_key_arn: "{{ storage_key_arn }}"
        log_bucket: shop-staging-log-123456789012
        lifecycle_rules:
          - {id: versions, noncurrent_expiration_days: 90}
"""

RETURN = r"""
buckets:
  description: The buckets in the order of the option, none with O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: shop-staging-data-123456789012}
    arn: {description: The ARN., type: str, sample: "arn:aws:s3:::shop-staging-data-123456789012"}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

import json

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.policy import compare_policies

from ansible_collections.refarch.aws.plugins.module_utils.resources import (
    TAG_OPTIONS,
    InvalidInput,
    RequestFailed,
    Resources,
    error_code,
    from_tag_list,
    run,
    to_tag_list,
)
from ansible_collections.refarch.aws.plugins.module_utils.s3 import ALL_BLOCKED, bucket_arn, tls_only

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "buckets": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "versioning": {"type": "bool", "default": True},
            "kms_key_arn": {"type": "str", "no_log": False},
            "policy_statements": {"type": "list", "elements": "dict", "default": []},
            "log_bucket": {"type": "str"},
            "log_prefix": {"type": "str", "default": ""},
            "lifecycle_rules": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "id": {"type": "str", "required": True},
                    "prefix": {"type": "str", "default": ""},
                    "expiration_days": {"type": "int"},
                    "noncurrent_expiration_days": {"type": "int"},
                    "transition_days": {"type": "int"},
                    "storage_class": {
                        "type": "str",
                        "choices": ["STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"],
                        "default": "STANDARD_IA",
                    },
                },
            },
            "abort_multipart_days": {"type": "int", "default": 7},
            "tags": {"type": "dict", "default": {}},
        },
    },
    "force": {"type": "bool", "default": False},
    **TAG_OPTIONS,
}

#: Setting: (operation, path into its answer, error code for "none").
QUESTIONS = {
    "versioning": ("get_bucket_versioning", "@", ""),
    "public_access_block": ("get_public_access_block", "PublicAccessBlockConfiguration", "NoSuchPublicAccessBlockConfiguration"),
    "ownership": ("get_bucket_ownership_controls", "OwnershipControls.Rules[0].ObjectOwnership", "OwnershipControlsNotFoundError"),
    "encryption": (
        "get_bucket_encryption",
        "ServerSideEncryptionConfiguration.Rules[0]",
        "ServerSideEncryptionConfigurationNotFoundError",
    ),
    "policy": ("get_bucket_policy", "Policy", "NoSuchBucketPolicy"),
    "lifecycle": ("get_bucket_lifecycle_configuration", "Rules", "NoSuchLifecycleConfiguration"),
    "logging": ("get_bucket_logging", "LoggingEnabled", ""),
    "tags": ("get_bucket_tagging", "TagSet", "NoSuchTagSet"),
}
ABORT_RULE = "abort-incomplete-multipart-uploads"
#: DeleteObjects takes 1000 keys (Amazon S3 API Reference).
BATCH = 1000


def lifecycle(bucket: dict) -> list[dict]:
    """The rules of PutBucketLifecycleConfiguration for *bucket*."""
    rules = [{"ID": ABORT_RULE, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": bucket["abort_multipart_days"]}}]
    for wanted in bucket["lifecycle_rules"]:
        rule: dict = {"ID": wanted["id"]}
        if wanted["expiration_days"]:
            rule["Expiration"] = {"Days": wanted["expiration_days"]}
        elif wanted["noncurrent_expiration_days"]:
            # What is left of an object once its last version is gone.
            rule["Expiration"] = {"ExpiredObjectDeleteMarker": True}
        if wanted["noncurrent_expiration_days"]:
            rule["NoncurrentVersionExpiration"] = {"NoncurrentDays": wanted["noncurrent_expiration_days"]}
        if wanted["transition_days"] is not None:
            rule["Transitions"] = [{"Days": wanted["transition_days"], "StorageClass": wanted["storage_class"]}]
        if len(rule) == 1:
            raise InvalidInput(f"buckets: lifecycle rule {wanted['id']} of {bucket['name']} does nothing; give it a number of days.")
        rules.append({**rule, "prefix": wanted["prefix"]})
    return [{"Filter": {"Prefix": rule.pop("prefix", "")}, "Status": "Enabled", **rule} for rule in rules]


def by_id(rules: list[dict] | None) -> dict[str, dict]:
    """Lifecycle rules by their id, as requested ones look like."""
    return {rule["ID"]: {**rule, "Filter": rule.get("Filter") or {"Prefix": rule.get("Prefix", "")}} for rule in rules or []}


def encryption(bucket: dict) -> dict:
    """The rule of PutBucketEncryption for *bucket*."""
    if bucket["kms_key_arn"]:
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": bucket["kms_key_arn"]}
        return {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
    return {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}


def same_encryption(existing: dict | None, wanted: dict) -> bool:
    existing = existing or {}
    key = "ApplyServerSideEncryptionByDefault"
    # A bucket key does nothing for SSE-S3, and AWS answers with either value.
    bucket_key = "KMSMasterKeyID" not in wanted[key] or bool(existing.get("BucketKeyEnabled")) == wanted["BucketKeyEnabled"]
    return bucket_key and existing.get(key) == wanted[key]


class Buckets(Resources):
    def existing(self, questions: dict) -> dict[str, dict]:
        """The settings of each standing bucket, by its name."""
        names = list(dict.fromkeys(bucket["name"] for bucket in self.params["buckets"]))

        def ask(pair: tuple[str, str]):
            operation, path, none = questions[pair[1]]
            return self.read("s3", operation, path, missing=("NoSuchBucket", "404", *([none] if none else [])), Bucket=pair[0])

        pairs = [(name, question) for name in names for question in questions]
        found: dict[str, dict] = {}
        for (name, question), answer in zip(pairs, self.each(ask, pairs), strict=True):
            found.setdefault(name, {})[question] = answer
        # Of a standing bucket GetBucketVersioning answers always.
        return {name: settings for name, settings in found.items() if settings["versioning"] is not None}

    @property
    def region(self) -> str:
        return self.client("s3").meta.region_name

    def present(self) -> dict:
        wanted = self.params["buckets"]
        rules = [lifecycle(bucket) for bucket in wanted]
        existing = self.existing(QUESTIONS)
        self.each(lambda pair: self.ensure(existing.get(pair[0]["name"]), *pair), list(zip(wanted, rules, strict=True)))
        # Last, since the log bucket and its policy must stand before.
        self.each(lambda bucket: self.ensure_logging(existing.get(bucket["name"], {}).get("logging"), bucket), wanted)
        return {"buckets": [{"name": bucket["name"], "arn": bucket_arn(bucket["name"], self.region)} for bucket in wanted]}

    def put(self, name: str, operation: str, before: object, after: object, **parameters) -> None:
        self.write("s3", operation, "update", "bucket", name, before=before, after=after, Bucket=name, **parameters)

    def ensure(self, now: dict | None, bucket: dict, rules: list[dict]) -> None:
        name = bucket["name"]
        if now is None:
            self.create(name)
            now = {}
        if now.get("public_access_block") != ALL_BLOCKED:
            self.put(
                name, "put_public_access_block", now.get("public_access_block"), ALL_BLOCKED, PublicAccessBlockConfiguration=ALL_BLOCKED
            )
        if now.get("ownership") != "BucketOwnerEnforced":
            ownership = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
            self.put(name, "put_bucket_ownership_controls", now.get("ownership"), "BucketOwnerEnforced", OwnershipControls=ownership)
        rule = encryption(bucket)
        if not same_encryption(now.get("encryption"), rule):
            configuration = {"Rules": [rule]}
            self.put(name, "put_bucket_encryption", now.get("encryption"), rule, ServerSideEncryptionConfiguration=configuration)
        self.ensure_versioning((now.get("versioning") or {}).get("Status"), bucket)
        self.ensure_policy(now.get("policy"), bucket)
        if by_id(now.get("lifecycle")) != by_id(rules):
            self.put(name, "put_bucket_lifecycle_configuration", now.get("lifecycle"), rules, LifecycleConfiguration={"Rules": rules})
        self.ensure_tags(from_tag_list(now.get("tags")), bucket)

    def create(self, name: str) -> None:
        # us-east-1 is what no constraint means, and must not be named (Amazon S3 API Reference, "CreateBucket").
        place = {} if self.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": self.region}}
        self.write("s3", "create_bucket", "create", "bucket", name, Bucket=name, ObjectOwnership="BucketOwnerEnforced", **place)
        self.wait("s3", "bucket_exists", delay=1, timeout=60, Bucket=name)

    def ensure_versioning(self, now: str | None, bucket: dict) -> None:
        status = "Enabled" if bucket["versioning"] else "Suspended"
        if now != status and (bucket["versioning"] or now):
            self.put(bucket["name"], "put_bucket_versioning", now, status, VersioningConfiguration={"Status": status})

    def ensure_policy(self, now: str | None, bucket: dict) -> None:
        statements = [tls_only(bucket_arn(bucket["name"], self.region)), *bucket["policy_statements"]]
        wanted = {"Version": "2012-10-17", "Statement": statements}
        existing = json.loads(now) if now else None
        if existing is None or compare_policies(existing, wanted):
            self.put(bucket["name"], "put_bucket_policy", existing, wanted, Policy=json.dumps(wanted))

    def ensure_tags(self, now: dict[str, str], bucket: dict) -> None:
        if self.params["tags"] is None and not bucket["tags"]:
            return
        to_set, to_remove = self.tag_changes(now, {**(self.params["tags"] or {}), **bucket["tags"]})
        if to_set or to_remove:
            # PutBucketTagging takes the whole set.
            tags = {key: value for key, value in {**now, **to_set}.items() if key not in to_remove}
            self.put(bucket["name"], "put_bucket_tagging", now, tags, Tagging={"TagSet": to_tag_list(tags)})

    def ensure_logging(self, now: dict | None, bucket: dict) -> None:
        wanted = {"TargetBucket": bucket["log_bucket"], "TargetPrefix": bucket["log_prefix"]} if bucket["log_bucket"] else None
        existing = {key: now[key] for key in ("TargetBucket", "TargetPrefix")} if now else None
        if existing != wanted:
            status = {"LoggingEnabled": wanted} if wanted else {}
            self.put(bucket["name"], "put_bucket_logging", existing, wanted, BucketLoggingStatus=status)

    def absent(self) -> dict:
        existing = self.existing({question: QUESTIONS[question] for question in ("versioning", "logging")})
        # A log bucket last: until then each request to the others puts an access log into it.
        targets = {(settings["logging"] or {}).get("TargetBucket") for settings in existing.values()}
        self.each(self.remove, [name for name in existing if name not in targets])
        self.each(self.remove, [name for name in existing if name in targets])
        return {"buckets": []}

    def remove(self, name: str) -> None:
        for attempt in (1, 2, 3):
            if self.params["force"]:
                self.empty(name)
            try:
                self.write("s3", "delete_bucket", "delete", "bucket", name, missing=("NoSuchBucket",), Bucket=name)
                return
            except RequestFailed as error:
                # Access logs and the like may have arrived since the bucket was emptied.
                if error_code(error.cause) != "BucketNotEmpty" or not self.params["force"] or attempt == 3:
                    raise

    def empty(self, name: str) -> None:
        found = self.read(
            "s3", "list_object_versions", "[Versions, DeleteMarkers][][].{Key: Key, VersionId: VersionId}", ("NoSuchBucket",), Bucket=name
        )
        batches = [found[start : start + BATCH] for start in range(0, len(found), BATCH)]

        def delete(batch: list[dict]) -> None:
            failed = self.write(
                "s3", "delete_objects", "delete", "objects of bucket", name, returns="Errors",
                missing=("NoSuchBucket",), Bucket=name, Delete={"Objects": batch, "Quiet": True},
            )  # fmt: skip
            if isinstance(failed, list) and failed:
                raise InvalidInput(
                    f"buckets: {failed[0]['Key']} of {name} can't be deleted: {failed[0]['Code']} {failed[0].get('Message', '')}"
                )

        self.each(delete, batches)


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Buckets)


if __name__ == "__main__":
    main()
