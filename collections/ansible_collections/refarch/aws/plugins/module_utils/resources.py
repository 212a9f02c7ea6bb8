# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the modules of this collection share: read once, compare, write side by side.

A module describes its service in a subclass of L(Resources) and ends with C(run(module, Subclass)). Every mutating call
goes through C(write), so that a plan (check mode) lists exactly the calls that an apply makes: same code, same order.
"""

from __future__ import annotations

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor

try:
    import botocore.exceptions
    import botocore.waiter
    import jmespath
except ImportError:
    pass  # AnsibleAWSModule says which library is missing

from ansible_collections.amazon.aws.plugins.module_utils.tagging import (
    ansible_dict_to_boto3_tag_list,
    boto3_tag_list_to_ansible_dict,
    compare_aws_tags,
)

from ansible_collections.refarch.aws.plugins.module_utils.unknown import UNKNOWN, has_unknown

#: Calls under way at once. AWS throttles most control planes at 5 to 100 calls a second; 16 keeps one module under that.
CONCURRENCY = 16

MASK = "(sensitive)"

#: Shapes that S3's model calls sensitive though they only name a thing: a plan and a record must tell which key is used.
NO_SECRETS = {"SSEKMSKeyId"}

TAG_OPTIONS = {
    "tags": {"type": "dict", "aliases": ["resource_tags"]},
    "purge_tags": {"type": "bool", "default": True},
}


class RequestFailed(Exception):
    """A call that AWS refused. C(message) says what was tried; C(cause) is botocore's exception."""

    def __init__(self, message: str, cause: Exception):
        super().__init__(message)
        self.message, self.cause = message, cause


class InvalidInput(Exception):
    """Input that can be refused without asking AWS, in one sentence that names the option and what is allowed."""


def error_code(error: Exception) -> str:
    """AWS's error code of a ClientError, or an empty string."""
    return (getattr(error, "response", None) or {}).get("Error", {}).get("Code", "")


def masked(shape, value):
    """*value* with everything that the service model marks as sensitive replaced. *shape*: a botocore shape or None."""
    if shape is None or value is None:
        return value
    if shape.metadata.get("sensitive") and shape.name not in NO_SECRETS:
        return MASK
    if shape.type_name == "structure" and isinstance(value, dict):
        return {key: masked(shape.members.get(key), item) for key, item in value.items()}
    if shape.type_name == "list" and isinstance(value, (list, tuple)):
        return [masked(shape.member, item) for item in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {key: masked(shape.value, item) for key, item in value.items()}
    return value


def readable(value):
    """*value* as JSON would carry it: JSON documents inside strings opened, bytes and dates as text."""
    if isinstance(value, dict):
        return {str(key): readable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [readable(item) for item in value]
    if isinstance(value, bytes):
        return readable(value.decode("utf-8", "replace"))
    if isinstance(value, str):
        if value[:1] in ("{", "["):
            try:
                return readable(json.loads(value))
            except ValueError:
                return value
        return value
    if value is None or isinstance(value, (int, float, bool)):
        return value
    return str(value)


def differing(existing: dict, wanted: dict) -> dict:
    """The entries of *wanted* that *existing* lacks or holds otherwise. None in *wanted* means: not managed."""
    return {key: value for key, value in wanted.items() if value is not None and existing.get(key) != value}


class Resources:
    """Base of one module run.

    Subclasses implement C(present) and C(absent), each returning a dict with the module's own results (what stands
    afterwards, or what would). They read with C(read), write with C(write), and spread both with C(each).
    """

    def __init__(self, module):
        self.module = module
        self.params = module.params
        self.check_mode = module.check_mode
        self.changes: list[dict] = []
        self._clients: dict = {}
        self._caller: tuple[str, str] | None = None
        self._lock = threading.Lock()
        self._sink = threading.local()

    # -- talking to AWS ------------------------------------------------------------------------------------------------
    def client(self, service: str, **options):
        """The botocore client of *service*, made once. *options*: as boto3 takes them, for example C(region="us-east-1")."""
        key = (service, tuple(sorted(options.items())))
        with self._lock:
            if key not in self._clients:
                try:
                    self._clients[key] = self.module.client(service, **options)
                except SystemExit as ended:  # fail_json has printed the result, which must happen once, not once per thread
                    self._clients[key] = ended
            if isinstance(self._clients[key], SystemExit):
                raise self._clients[key]
            return self._clients[key]

    def read(self, service: str, operation: str, path: str | None = None, missing: tuple[str, ...] = (), **parameters):
        """Answer of a reading call, all pages of it.

        *operation* is boto3's method name; *path* a JMESPath into the answer. A call with unknown parameters asks about
        something that does not exist yet: it answers as if nothing was found, without a request. So do the error codes
        in *missing*. "Nothing" is an empty list for a paginated operation with a *path*, else None.
        """
        client = self.client(service)
        paginated = client.can_paginate(operation)
        nothing = [] if paginated and path else None
        if has_unknown(parameters):
            return nothing
        try:
            if paginated:
                answer = client.get_paginator(operation).paginate(**parameters).build_full_result()
            else:
                answer = getattr(client, operation)(**parameters)
        except botocore.exceptions.ClientError as error:
            if error_code(error) in missing:
                return nothing
            raise RequestFailed(f"Could not {operation.replace('_', ' ')} {_identity(parameters)}".strip(), error) from error
        except botocore.exceptions.BotoCoreError as error:
            raise RequestFailed(f"Could not {operation.replace('_', ' ')} {_identity(parameters)}".strip(), error) from error
        found = jmespath.search(path, answer) if path else answer
        return nothing if found is None else found

    def write(
        self,
        service: str,
        operation: str,
        action: str,
        kind: str,
        resource: str,
        /,  # AWS has parameters of these names
        returns: str | None = None,
        before: object = None,
        after: object = None,
        missing: tuple[str, ...] = (),
        **parameters,
    ):
        """Make a mutating call, or in a plan note that an apply would make it.

        *action*: C(create), C(update) or C(delete) the *resource* of that name and *kind* (AWS's word, for example C(subnet)).
        *before*/*after*: its settings, where known. *returns*: JMESPath of the answer's part to return; in a plan the
        placeholder is returned instead. Error codes in *missing* (something already gone) are no failure: returns None.
        Order of keys in *parameters* is kept.
        """
        client = self.client(service)
        model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation])
        change = {
            "action": action,
            "kind": kind,
            "name": resource,
            "service": model.service_model.service_name,
            "operation": model.name,
            "parameters": readable(masked(model.input_shape, parameters)),
            "before": readable(before),
            "after": readable(after),
        }
        if self.check_mode:
            self._note(change)
            return UNKNOWN if returns else None
        try:
            answer = getattr(client, operation)(**parameters)
        except botocore.exceptions.ClientError as error:
            if error_code(error) in missing:
                return None
            raise RequestFailed(f"Could not {action} {kind} {resource} ({model.name})", error) from error
        except botocore.exceptions.BotoCoreError as error:
            raise RequestFailed(f"Could not {action} {kind} {resource} ({model.name})", error) from error
        self._note(change)
        return jmespath.search(returns, answer) if returns else answer

    def wait(self, service: str, waiter: str | dict, delay: int = 5, timeout: int = 600, **parameters) -> None:
        """Wait for a state; in a plan there is nothing to wait for. *delay*, *timeout*: seconds.

        *waiter*: botocore's name, or a declaration C({"operation": "DescribeX", "acceptors": [...]}) in botocore's
        waiter format where botocore has none. A first look after 0.2 s spares resources that are ready at once the delay.
        """
        if self.check_mode or has_unknown(parameters):
            return
        client = self.client(service)
        config = {"Delay": delay, "MaxAttempts": max(1, timeout // max(delay, 1))}
        try:
            if isinstance(waiter, dict):
                model = botocore.waiter.WaiterModel({"version": 2, "waiters": {"Own": {"delay": delay, "maxAttempts": 2, **waiter}}})
                pending = botocore.waiter.create_waiter_with_client("Own", model, client)
            else:
                pending = client.get_waiter(waiter)
            pending.wait(**parameters, WaiterConfig=config)
        except botocore.exceptions.WaiterError as error:
            raise RequestFailed(f"Gave up waiting for {_identity(parameters)} after {timeout} seconds", error) from error

    def each(self, function, items) -> list:
        """C(function(item)) for all *items* side by side; results and noted changes in the order of *items*.

        All calls run to their end; then the first failure, in order, is raised.
        """
        items = list(items)
        if len(items) < 2:
            return [function(item) for item in items]

        def collected(item):
            self._sink.changes = []
            try:
                return function(item), self._sink.changes, None
            except Exception as error:  # raised below, once the others have ended too
                return None, self._sink.changes, error
            finally:
                self._sink.changes = None

        with ThreadPoolExecutor(min(CONCURRENCY, len(items))) as pool:
            outcomes = list(pool.map(collected, items))
        for _result, changes, _error in outcomes:
            for change in changes:
                self._note(change)
        for _result, _changes, error in outcomes:
            if error is not None:
                raise error
        return [result for result, _changes, _error in outcomes]

    def own_arn(self, service: str, resource: str) -> str:
        """The ARN of *resource* of *service* in the caller's account and the client's region, known before the thing is made."""
        client = self.client(service)
        with self._lock:
            known = self._caller
        if known is None:
            caller = self.read("sts", "get_caller_identity")
            known = (caller["Arn"].split(":")[1], caller["Account"])
            with self._lock:
                self._caller = known
        partition, account = known
        return f"arn:{partition}:{service}:{client.meta.region_name}:{account}:{resource}"

    # -- tags ----------------------------------------------------------------------------------------------------------
    def tag_changes(self, existing: dict[str, str], wanted: dict[str, str] | None) -> tuple[dict[str, str], list[str]]:
        """(tags to set, tag keys to remove), by the options C(tags) and C(purge_tags); AWS's own C(aws:) tags stay."""
        if wanted is None:
            return {}, []
        own = {key: value for key, value in existing.items() if not key.startswith("aws:")}
        to_set, to_remove = compare_aws_tags(own, wanted, purge_tags=self.params.get("purge_tags", True))
        # In the order in which they were given: upstream answers in the order of a set, which differs from run to run.
        return {key: to_set[key] for key in wanted if key in to_set}, sorted(to_remove)

    # -- results -------------------------------------------------------------------------------------------------------
    def _note(self, change: dict) -> None:
        sink = getattr(self._sink, "changes", None)
        if sink is not None:
            sink.append(change)
            return
        with self._lock:
            self.changes.append(change)

    def diff(self) -> list[dict]:
        """One entry per change, as Ansible prints them under C(--diff)."""
        return [
            {
                "before_header": f"{change['kind']} {change['name']} (now)",
                "after_header": f"{change['kind']} {change['name']} ({change['service']}:{change['operation']})",
                "before": before if isinstance(before := change["before"] or {}, dict) else {"before": before},
                "after": {"call": change["parameters"], **({"after": change["after"]} if change["after"] is not None else {})},
            }
            for change in self.changes
        ]

    def run(self) -> dict:
        """Converge to the option C(state) (C(present) where a module has none) and return the module's result."""
        own = self.absent() if self.params.get("state") == "absent" else self.present()
        result = {"changed": bool(self.changes), "changes": self.changes, **(own or {})}
        if self.module._diff:
            result["diff"] = self.diff()
        return result

    def present(self) -> dict:
        raise NotImplementedError

    def absent(self) -> dict:
        raise NotImplementedError


def _identity(parameters: dict) -> str:
    """The parameters that name a thing, for a sentence."""
    names = [str(value) for key, value in parameters.items() if re.search(r"(Name|Id|Ids|Arn|Bucket|Identifier)$", key)]
    return " ".join(names)


def to_tag_list(tags: dict[str, str] | None) -> list[dict[str, str]]:
    """{"a": "b"} as [{"Key": "a", "Value": "b"}]."""
    return ansible_dict_to_boto3_tag_list(tags or {})


def from_tag_list(tags: list[dict[str, str]] | None) -> dict[str, str]:
    """[{"Key": "a", "Value": "b"}] as {"a": "b"}."""
    return boto3_tag_list_to_ansible_dict(tags or [])


def run(module, kind: type[Resources]) -> None:
    """End *module* with the result of *kind*, or with the error of what AWS refused."""
    resources = kind(module)
    # What was written before a failure is part of the truth: the report and the engine read it.
    try:
        module.exit_json(**resources.run())
    except InvalidInput as error:
        module.fail_json(msg=str(error), changed=bool(resources.changes), changes=resources.changes)
    except RequestFailed as error:
        module.fail_json_aws(error.cause, msg=error.message, changed=bool(resources.changes), changes=resources.changes)
