# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the modules of Amazon VPC share: names are the C(Name) tag, tags are made with the resource."""

from __future__ import annotations

import contextlib

with contextlib.suppress(ImportError):  # AnsibleAWSModule says that it is missing
    import botocore.exceptions

from ansible_collections.refarch.aws.plugins.module_utils.resources import (
    RequestFailed,
    Resources,
    from_tag_list,
    to_tag_list,
)
from ansible_collections.refarch.aws.plugins.module_utils.unknown import has_unknown


def name_of(resource: dict, fallback: str = "") -> str:
    """The C(Name) tag of a resource as EC2 describes it."""
    return from_tag_list(resource.get("Tags")).get("Name", fallback)


def by_name(resources: list[dict], key: str) -> dict[str, dict]:
    """*resources* by their C(Name) tag, those without one by their id (field *key*).

    Of two with one name the lower id wins, in every run the same one.
    """
    return {name_of(resource, resource[key]): resource for resource in sorted(resources, key=lambda item: item[key], reverse=True)}


def raise_unsuccessful(action: str, kind: str, operation: str, unsuccessful) -> None:
    """Fail where a bulk operation of EC2 answered with C(Unsuccessful) entries, which are no error to botocore."""
    if not isinstance(unsuccessful, list) or not unsuccessful:
        return
    error = unsuccessful[0].get("Error", {})
    cause = botocore.exceptions.ClientError({"Error": {"Code": error.get("Code", ""), "Message": error.get("Message", "")}}, operation)
    raise RequestFailed(f"Could not {action} {kind} {unsuccessful[0].get('ResourceId', '')} ({operation})", cause)


class Ec2Resources(Resources):
    """Base of the VPC modules."""

    def wanted_tags(self, name: str, own: dict | None = None) -> dict[str, str]:
        """The tags of the resource *name*: the option C(tags), its *own*, and C(Name)."""
        return {**(self.params.get("tags") or {}), **(own or {}), "Name": name}

    def tag_specifications(self, resource_type: str, tags: dict[str, str]) -> list[dict]:
        """*tags* for a creating call, so that a resource is never without its name."""
        return [{"ResourceType": resource_type, "Tags": to_tag_list(tags)}]

    def ensure_tags(self, kind: str, resource_id: str, name: str, existing: list[dict] | None, wanted: dict) -> None:
        """Bring the tags of a standing resource to *wanted*. *existing*: as EC2 describes them."""
        now = from_tag_list(existing)
        to_set, to_remove = self.tag_changes(now, wanted)
        if to_set:
            self.write(
                "ec2", "create_tags", "update", kind, name, before=now, after=wanted, Resources=[resource_id], Tags=to_tag_list(to_set)
            )
        if to_remove and self.params.get("tags") is not None:
            self.write(
                "ec2", "delete_tags", "update", kind, name, before=now, after=wanted,
                Resources=[resource_id], Tags=[{"Key": key} for key in to_remove],
            )  # fmt: skip

    def carrying(self, resources: list[dict]) -> list[dict]:
        """Those of *resources* that have all of the option C(tags)."""
        wanted = (self.params.get("tags") or {}).items()
        return [resource for resource in resources if wanted <= from_tag_list(resource.get("Tags")).items()] if wanted else []

    def doomed(self, resources: list[dict], wanted: list[dict] | None) -> list[dict]:
        """What a removal takes: the *wanted* by name or, without a list, all that carry the option C(tags)."""
        if wanted is None:
            return self.carrying(resources)
        names = {item["name"] for item in wanted}
        return [resource for resource in resources if name_of(resource) in names]

    def wait_found(self, operation: str, missing: str, **parameters) -> None:
        """Wait until a resource just made can be described: EC2 answers C(<Resource>.NotFound) for some seconds.

        *operation*: the API's name; *missing*: the error code. Source: Amazon EC2 API Reference, "Eventual consistency".
        """
        acceptors = [
            {"matcher": "status", "expected": 200, "state": "success"},
            {"matcher": "error", "expected": missing, "state": "retry"},
        ]
        self.wait("ec2", {"operation": operation, "acceptors": acceptors}, delay=1, timeout=120, **parameters)

    def wait_interfaces_gone(self, filter_name: str, values: list[str], timeout: int) -> None:
        """Wait until no network interface matches: those of load balancers, endpoints and functions outlive them by minutes."""
        if not values or has_unknown(values):
            return
        acceptors = [{"matcher": "path", "argument": "length(NetworkInterfaces)", "expected": 0, "state": "success"}]
        filters = [{"Name": filter_name, "Values": values}]
        self.wait("ec2", {"operation": "DescribeNetworkInterfaces", "acceptors": acceptors}, delay=5, timeout=timeout, Filters=filters)
