#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: lambda_functions
version_added: 0.1.0
short_description: Manage Lambda functions with their code and permissions as one set
description:
  - Creates, changes and removes functions in one task, each with its code, settings, concurrency, asynchronous invocation, resource
    policy and tags.
  - The code is a folder, which is archived so that the same files always make the same archive; it is uploaded when its hash differs.
  - Reads all functions side by side.
options:
  state:
    description: Whether the functions stand or not.
    type: str
    choices: [present, absent]
    default: present
  functions:
    description:
      - The functions.
      - With O(state=absent), those that are removed; the name is enough.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, at most 64 letters, digits, hyphens and underscores.
        type: str
        required: true
      description:
        description: What the function is for, at most 256 characters.
        type: str
        default: ''
      source:
        description: The folder with the code, at most 50 MB. Required with O(state=present).
        type: path
      manage_code:
        description: Whether other code that stands is replaced. V(false) where a pipeline deploys; then the folder is the first code.
        type: bool
        default: true
      runtime:
        description: The runtime.
        type: str
        default: python3.13
      handler:
        description: The method that gets the events, as C(module.function). Required with O(state=present).
        type: str
      role_arn:
        description: The execution role. Required with O(state=present).
        type: str
      architecture:
        description: The processor.
        type: str
        choices: [arm64, x86_64]
        default: arm64
      memory_mib:
        description: The memory, 128 to 10240.
        type: int
        default: 128
      timeout_seconds:
        description: How long one invocation may take, 1 to 900.
        type: int
        default: 3
      ephemeral_storage_mib:
        description: The size of C(/tmp), 512 to 10240.
        type: int
        default: 512
      environment:
        description: Environment variables. They are no place for secrets.
        type: dict
        default: {}
      kms_key_arn:
        description: The key that encrypts the environment variables. Lambda uses one of its own where it is left out.
        type: str
      tracing:
        description: Whether X-Ray traces each invocation or follows its caller.
        type: str
        choices: [Active, PassThrough]
        default: PassThrough
      layers:
        description: The ARNs of layer versions, in their order, at most 5.
        type: list
        elements: str
        default: []
      log_group_name:
        description: The log group. Left out, Lambda's own C(/aws/lambda/<name>).
        type: str
      log_format:
        description: How lines are written.
        type: str
        choices: [JSON, Text]
        default: JSON
      log_level:
        description: The least severe lines that the code gets through. For O(functions[].log_format=JSON) only.
        type: str
        choices: [TRACE, DEBUG, INFO, WARN, ERROR, FATAL]
        default: INFO
      vpc:
        description: The network that the function must reach. Leave it out where it needs none.
        type: dict
        suboptions:
          subnet_ids:
            description: The subnets.
            type: list
            elements: str
            required: true
          security_group_ids:
            description: The security groups.
            type: list
            elements: str
            required: true
      reserved_concurrency:
        description:
          - How many invocations run at once at most, taken from what the account has. V(-1) reserves nothing.
          - Left out, it is not managed.
        type: int
      asynchronous:
        description:
          - What becomes of events that nobody waits for.
          - Left out, it is not managed.
        type: dict
        suboptions:
          maximum_retry_attempts:
            description: How often a failed event is tried again, 0 to 2.
            type: int
            default: 2
          maximum_event_age_seconds:
            description: How old an event may get, 60 to 21600.
            type: int
            default: 21600
          on_failure_arn:
            description: The queue, topic, function, bus or bucket that gets the record of what failed.
            type: str
          on_success_arn:
            description: The same for what went well.
            type: str
      dead_letter_arn:
        description: The queue or topic that gets failed events without their error. O(functions[].asynchronous) tells more.
        type: str
      permissions:
        description: Who may invoke the function, each a statement of its resource policy.
        type: list
        elements: dict
        default: []
        suboptions:
          sid:
            description: The id of the statement, unique in the function.
            type: str
            required: true
          principal:
            description: The service or account.
            type: str
            required: true
          action:
            description: What it may do.
            type: str
            default: lambda:InvokeFunction
          source_arn:
            description: The ARN of what invokes.
            type: str
          source_account:
            description: The account of what invokes.
            type: str
      tags:
        description: Tags of this function, added to O(tags).
        type: dict
        default: {}
  purge_permissions:
    description: Whether statements of the resource policies that are not given are removed.
    type: bool
    default: true
  wait_timeout_seconds:
    description: How long to wait until a function is active.
    type: int
    default: 300
notes:
  - amazon.aws.lambda takes one function a task and a ready archive, knows no logging configuration, and fails in check mode where the
    role is not made yet; permissions, concurrency and asynchronous invocation are other modules, one call and one task each.
  - A role that was just made can't be assumed at once; the runner tries again for two minutes.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: A function that tells Slack
  refarch.aws.lambda_functions:
    tags: "{{ stack_tags }}"
    functions:
      - name: shop-staging-slack-notifier
        source: files/lambda/slack_notifier
        handler: slack_notifier.handler.handle
        role_arn: "{{ role_arn }}"
        timeout_seconds: 60
        log_group_name: /aws/lambda/shop-staging-slack-notifier
        reserved_concurrency: 2
        asynchronous: {on_failure_arn: "{{ queue_arn }}"}
        permissions:
          - sid: Topic
            principal: sns.amazonaws.com
            source_arn: "{{ topic_arn }}"
            source_account: "123456789012"
"""

RETURN = r"""
functions:
  description: The functions in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: shop-staging-slack-notifier}
    arn: {description: The ARN., type: str, sample: "arn:aws:lambda:ap-northeast-2:123456789012:function:shop-staging-slack-notifier"}
    code_sha256: {description: The hash of the archive that stands., type: str}
    tags: {description: All tags., type: dict, sample: {Component: alerting}}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

import json

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.archive import archive_of, sha256_of
from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, Resources, differing, run

GONE = ("ResourceNotFoundException",)

#: Lowest and highest value of each number ("Lambda quotas", AWS Lambda Developer Guide).
LIMITS = {"memory_mib": (128, 10240), "timeout_seconds": (1, 900), "ephemeral_storage_mib": (512, 10240)}
ASYNCHRONOUS_LIMITS = {"maximum_retry_attempts": (0, 2), "maximum_event_age_seconds": (60, 21600)}
ARCHIVE_BYTES = 50 * 1024 * 1024

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "functions": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "description": {"type": "str", "default": ""},
            "source": {"type": "path"},
            "manage_code": {"type": "bool", "default": True},
            "runtime": {"type": "str", "default": "python3.13"},
            "handler": {"type": "str"},
            "role_arn": {"type": "str"},
            "architecture": {"type": "str", "choices": ["arm64", "x86_64"], "default": "arm64"},
            "memory_mib": {"type": "int", "default": 128},
            "timeout_seconds": {"type": "int", "default": 3},
            "ephemeral_storage_mib": {"type": "int", "default": 512},
            "environment": {"type": "dict", "default": {}},
            "kms_key_arn": {"type": "str", "no_log": False},
            "tracing": {"type": "str", "choices": ["Active", "PassThrough"], "default": "PassThrough"},
            "layers": {"type": "list", "elements": "str", "default": []},
            "log_group_name": {"type": "str"},
            "log_format": {"type": "str", "choices": ["JSON", "Text"], "default": "JSON"},
            "log_level": {"type": "str", "choices": ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"], "default": "INFO"},
            "vpc": {
                "type": "dict",
                "options": {
                    "subnet_ids": {"type": "list", "elements": "str", "required": True},
                    "security_group_ids": {"type": "list", "elements": "str", "required": True},
                },
            },
            "reserved_concurrency": {"type": "int"},
            "asynchronous": {
                "type": "dict",
                "options": {
                    "maximum_retry_attempts": {"type": "int", "default": 2},
                    "maximum_event_age_seconds": {"type": "int", "default": 21600},
                    "on_failure_arn": {"type": "str"},
                    "on_success_arn": {"type": "str"},
                },
            },
            "dead_letter_arn": {"type": "str"},
            "permissions": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "sid": {"type": "str", "required": True},
                    "principal": {"type": "str", "required": True},
                    "action": {"type": "str", "default": "lambda:InvokeFunction"},
                    "source_arn": {"type": "str"},
                    "source_account": {"type": "str"},
                },
            },
            "tags": {"type": "dict", "default": {}},
        },
    },
    "purge_permissions": {"type": "bool", "default": True},
    "wait_timeout_seconds": {"type": "int", "default": 300},
    **TAG_OPTIONS,
}


def configuration(wanted: dict) -> dict:
    """The settings as CreateFunction and UpdateFunctionConfiguration take them, those that are not set as what unsets them."""
    vpc = wanted["vpc"] or {"subnet_ids": [], "security_group_ids": []}
    logging = {"LogFormat": wanted["log_format"], "LogGroup": wanted["log_group_name"] or f"/aws/lambda/{wanted['name']}"}
    if wanted["log_format"] == "JSON":
        logging |= {"ApplicationLogLevel": wanted["log_level"], "SystemLogLevel": "INFO"}
    return {
        "Runtime": wanted["runtime"],
        "Handler": wanted["handler"],
        "Role": wanted["role_arn"],
        "Description": wanted["description"],
        "Timeout": wanted["timeout_seconds"],
        "MemorySize": wanted["memory_mib"],
        "EphemeralStorage": {"Size": wanted["ephemeral_storage_mib"]},
        "Environment": {"Variables": {key: str(value) for key, value in wanted["environment"].items()}},
        "KMSKeyArn": wanted["kms_key_arn"] or "",
        "TracingConfig": {"Mode": wanted["tracing"]},
        "Layers": wanted["layers"],
        "LoggingConfig": logging,
        "VpcConfig": {"SubnetIds": sorted(vpc["subnet_ids"]), "SecurityGroupIds": sorted(vpc["security_group_ids"])},
        "DeadLetterConfig": {"TargetArn": wanted["dead_letter_arn"] or ""},
    }


def standing_configuration(function: dict) -> dict:
    """The settings of a function as C(configuration) writes them, from the answer of GetFunction."""
    vpc = function.get("VpcConfig") or {}
    logging = function.get("LoggingConfig") or {}
    return {
        **{key: function.get(key) for key in ("Runtime", "Handler", "Role", "Timeout", "MemorySize")},
        "Description": function.get("Description", ""),
        "EphemeralStorage": {"Size": (function.get("EphemeralStorage") or {}).get("Size", 512)},
        "Environment": {"Variables": (function.get("Environment") or {}).get("Variables") or {}},
        "KMSKeyArn": function.get("KMSKeyArn") or "",
        "TracingConfig": {"Mode": (function.get("TracingConfig") or {}).get("Mode", "PassThrough")},
        "Layers": [layer["Arn"] for layer in function.get("Layers") or []],
        "LoggingConfig": {
            key: logging[key] for key in ("LogFormat", "LogGroup", "ApplicationLogLevel", "SystemLogLevel") if logging.get(key)
        },
        "VpcConfig": {"SubnetIds": sorted(vpc.get("SubnetIds") or []), "SecurityGroupIds": sorted(vpc.get("SecurityGroupIds") or [])},
        "DeadLetterConfig": {"TargetArn": (function.get("DeadLetterConfig") or {}).get("TargetArn") or ""},
    }


def created_with(settings: dict) -> dict:
    """*settings* without what is unset: a new function has that by itself, and CreateFunction refuses some empty values."""
    empty = ({"Variables": {}}, {"TargetArn": ""}, {"SubnetIds": [], "SecurityGroupIds": []}, "", [])
    return {key: value for key, value in settings.items() if value not in empty}


def permission(wanted: dict) -> dict:
    """A statement in the few words that this module compares."""
    return {key: wanted[key] for key in ("sid", "principal", "action", "source_arn", "source_account")}


def standing_permission(statement: dict) -> dict:
    """The same of a statement as GetPolicy answers it."""
    principal = statement.get("Principal")
    if isinstance(principal, dict):
        principal = principal.get("Service") or principal.get("AWS")
    condition: dict = {}
    for block in (statement.get("Condition") or {}).values():
        condition |= {key.lower(): value for key, value in block.items()}
    return {
        "sid": statement.get("Sid"),
        "principal": principal,
        "action": statement.get("Action"),
        "source_arn": condition.get("aws:sourcearn"),
        "source_account": condition.get("aws:sourceaccount"),
    }


def invocation(wanted: dict) -> dict:
    """What PutFunctionEventInvokeConfig takes."""
    ends = {"OnSuccess": wanted["on_success_arn"], "OnFailure": wanted["on_failure_arn"]}
    return {
        "MaximumRetryAttempts": wanted["maximum_retry_attempts"],
        "MaximumEventAgeInSeconds": wanted["maximum_event_age_seconds"],
        "DestinationConfig": {name: {"Destination": arn} for name, arn in ends.items() if arn},
    }


def standing_invocation(config: dict | None) -> dict:
    """The same of what GetFunctionEventInvokeConfig answers; Lambda's own defaults where nothing was set."""
    config = config or {}
    ends = config.get("DestinationConfig") or {}
    return {
        "MaximumRetryAttempts": config.get("MaximumRetryAttempts", 2),
        "MaximumEventAgeInSeconds": config.get("MaximumEventAgeInSeconds", 21600),
        "DestinationConfig": {name: {"Destination": end["Destination"]} for name, end in ends.items() if end.get("Destination")},
    }


class Functions(Resources):
    def require_sound(self) -> None:
        for function in self.params["functions"]:
            name = function["name"]
            for option in ("source", "handler", "role_arn"):
                if not function[option]:
                    raise InvalidInput(f"functions: {name} lacks {option}, which a function can't be without.")
            limits = {**LIMITS, **(ASYNCHRONOUS_LIMITS if function["asynchronous"] else {})}
            values = {**function, **(function["asynchronous"] or {})}
            for option, (lowest, highest) in limits.items():
                if not lowest <= values[option] <= highest:
                    raise InvalidInput(f"functions: {option} of {name} must be {lowest} to {highest}.")
            sids = [statement["sid"] for statement in function["permissions"]]
            if len(set(sids)) < len(sids):
                raise InvalidInput(f"functions: {name} has a permission twice; each sid may be given once.")

    def archive(self, function: dict) -> bytes:
        try:
            content = archive_of(function["source"])
        except (OSError, ValueError) as error:
            raise InvalidInput(f"functions: the source of {function['name']} can't be archived: {error}.") from error
        if len(content) > ARCHIVE_BYTES:
            raise InvalidInput(f"functions: the source of {function['name']} has {len(content)} bytes; Lambda takes {ARCHIVE_BYTES}.")
        return content

    def existing(self, name: str) -> dict:
        """The function, its policy and its asynchronous settings, asked for at once."""
        calls = {
            "function": ("get_function", None),
            "policy": ("get_policy", "Policy"),
            "asynchronous": ("get_function_event_invoke_config", None),
        }
        answers = self.each(lambda part: self.read("lambda", calls[part][0], calls[part][1], missing=GONE, FunctionName=name), calls)
        return dict(zip(calls, answers, strict=True))

    def present(self) -> dict:
        self.require_sound()
        self.own_arn("lambda", "")  # asked for once, before the threads that use it
        functions = self.each(self.ensure, self.params["functions"])
        # Requested first, waited for last: all of them get ready at once.
        self.each(self.wait_for, [function["name"] for function in functions])
        return {"functions": functions}

    def wait_for(self, name: str) -> None:
        if any(change["name"] == name and change["operation"] in ("CreateFunction", *UPDATES) for change in self.changes):
            self.settle(name)

    def ensure(self, wanted: dict) -> dict:
        name = wanted["name"]
        tags = {**(self.params["tags"] or {}), **wanted["tags"]}
        existing = self.existing(name)
        settings = configuration(wanted)
        content = self.archive(wanted)
        sha256 = sha256_of(content)
        if existing["function"] is None:
            self.write(
                "lambda", "create_function", "create", "Lambda function", name, after={"CodeSha256": sha256}, FunctionName=name,
                **created_with(settings), Code={"ZipFile": content}, PackageType="Zip", Architectures=[wanted["architecture"]],
                **({"Tags": tags} if tags else {}),
            )  # fmt: skip
            arn = self.own_arn("lambda", f"function:{name}")
        else:
            arn = existing["function"]["Configuration"]["FunctionArn"]
            sha256 = self.update(existing["function"], wanted, settings, content, tags)
        self.ensure_concurrency(existing["function"], wanted)
        self.ensure_invocation(existing["asynchronous"], wanted)
        self.ensure_permissions(existing["policy"], wanted)
        return {"name": name, "arn": arn, "code_sha256": sha256, "tags": tags}

    def update(self, function: dict, wanted: dict, settings: dict, content: bytes, tags: dict) -> str:
        name, now = wanted["name"], function["Configuration"]
        sha256 = sha256_of(content)
        code = {}
        if wanted["manage_code"] and now.get("CodeSha256") != sha256:
            code["CodeSha256"] = sha256
        if now.get("Architectures", ["x86_64"]) != [wanted["architecture"]]:
            code["Architectures"] = [wanted["architecture"]]
        standing = standing_configuration(now)
        changed = differing(standing, settings)
        if (code or changed) and (now.get("State") == "Pending" or now.get("LastUpdateStatus") == "InProgress"):
            # What an interrupted run left on its way: Lambda refuses updates until it is through (ResourceConflictException).
            self.settle(name)
        if code:
            self.write(
                "lambda", "update_function_code", "update", "Lambda function", name, before={key: now.get(key) for key in code},
                after=code, FunctionName=name, ZipFile=content, Architectures=[wanted["architecture"]],
            )  # fmt: skip
            if changed:
                self.settle(name)
        if changed:
            self.write(
                "lambda", "update_function_configuration", "update", "Lambda function", name,
                before={key: standing[key] for key in changed if key != "Environment"},
                after={key: value for key, value in changed.items() if key != "Environment"}, FunctionName=name, **changed,
            )  # fmt: skip
        existing = function.get("Tags") or {}
        to_set, to_remove = self.tag_changes(existing, tags)
        about = ("update", "Lambda function", name)
        if to_set:
            self.write("lambda", "tag_resource", *about, before=existing, after=tags, Resource=now["FunctionArn"], Tags=to_set)
        if to_remove:
            self.write("lambda", "untag_resource", *about, before=existing, after=tags, Resource=now["FunctionArn"], TagKeys=to_remove)
        return sha256 if wanted["manage_code"] else now.get("CodeSha256", sha256)

    def settle(self, name: str) -> None:
        for waiter in ("function_active_v2", "function_updated_v2"):
            self.wait("lambda", waiter, delay=1, timeout=self.params["wait_timeout_seconds"], FunctionName=name)

    def ensure_concurrency(self, function: dict | None, wanted: dict) -> None:
        reserved = wanted["reserved_concurrency"]
        now = ((function or {}).get("Concurrency") or {}).get("ReservedConcurrentExecutions")
        if reserved is None or now == (None if reserved < 0 else reserved):
            return
        about = ("update", "Lambda function", wanted["name"])
        before, after = {"ReservedConcurrentExecutions": now}, {"ReservedConcurrentExecutions": reserved}
        if reserved < 0:
            self.write("lambda", "delete_function_concurrency", *about, before=before, after=after, FunctionName=wanted["name"])
        else:
            self.write(
                "lambda", "put_function_concurrency", *about, before=before, after=after, FunctionName=wanted["name"],
                ReservedConcurrentExecutions=reserved,
            )  # fmt: skip

    def ensure_invocation(self, existing: dict | None, wanted: dict) -> None:
        if wanted["asynchronous"] is None:
            return
        now, then = standing_invocation(existing), invocation(wanted["asynchronous"])
        if now != then:
            self.write(
                "lambda", "put_function_event_invoke_config", "update", "Lambda function", wanted["name"], before=now, after=then,
                FunctionName=wanted["name"], **then,
            )  # fmt: skip

    def ensure_permissions(self, policy: str | None, wanted: dict) -> None:
        name = wanted["name"]
        standing = {statement.get("Sid"): standing_permission(statement) for statement in json.loads(policy or "{}").get("Statement", [])}
        wished = {statement["sid"]: permission(statement) for statement in wanted["permissions"]}
        for sid, now in standing.items():
            if sid in wished and now != wished[sid] or sid not in wished and self.params["purge_permissions"]:
                self.write(
                    "lambda", "remove_permission", "update" if sid in wished else "delete", "Lambda permission", f"{sid} of {name}",
                    missing=GONE, before=now, FunctionName=name, StatementId=sid,
                )  # fmt: skip
        for sid, then in wished.items():
            if standing.get(sid) == then:
                continue
            optional = {"SourceArn": then["source_arn"], "SourceAccount": then["source_account"]}
            self.write(
                "lambda", "add_permission", "update" if sid in standing else "create", "Lambda permission", f"{sid} of {name}",
                before=standing.get(sid), after=then, FunctionName=name, StatementId=sid, Action=then["action"],
                Principal=then["principal"], **{key: value for key, value in optional.items() if value},
            )  # fmt: skip

    def absent(self) -> dict:
        self.each(self.remove, [function["name"] for function in self.params["functions"]])
        return {"functions": []}

    def remove(self, name: str) -> None:
        """The policy and the settings of asynchronous invocation go with the function."""
        if self.read("lambda", "get_function", "Configuration.FunctionArn", missing=GONE, FunctionName=name):
            self.write("lambda", "delete_function", "delete", "Lambda function", name, missing=GONE, FunctionName=name)


UPDATES = ("UpdateFunctionCode", "UpdateFunctionConfiguration")


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Functions)


if __name__ == "__main__":
    main()
