"""State Manager: what associations say is run on each instance that they target, and again when it should be.

"About associations" and "When are associations applied to resources?" (AWS Systems Manager User Guide): on each target when the
association is made or changed, on each new target when its agent comes up, and by its schedule. Of schedules, rates are followed;
nobody waits here for the hour of a cron expression.
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
import uuid
from collections import Counter
from datetime import datetime
from typing import Any

from moto.core.utils import utcnow
from moto.ssm.models import ssm_backends

from emulator import machines
from emulator.errors import AwsError
from emulator.instances.documents import run_on
from emulator.instances.output import keep
from emulator.machines import Node
from emulator.services.events import emit
from emulator.services.ssm_commands import content_of, matching, share, spread
from emulator.services.ssm_management import associations_of, pending
from emulator.strict import Context

log = logging.getLogger("emulator.instances")

_RATE = re.compile(r"^rate\((\d+) (minute|hour|day)s?\)$")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}
#: Executions that are kept of an association.
KEPT = 50


class Keeper:
    """Applies associations to the instances that are connected. C(look) begins what is due, and does not wait for it."""

    def __init__(self) -> None:
        #: By association: the instances that were there when it was first seen. Others came later, and are begun with each by itself.
        self._first: dict[str, frozenset[str]] = {}
        self._busy: dict[str, set[str]] = {}
        self._unknown: set[str] = set()
        self._lock = threading.Lock()

    def look(self) -> None:
        for account_id, regions in list(ssm_backends.items()):
            for region, backend in list(regions.items()):
                for association in list(associations_of(backend).values()):
                    self._apply(association, Context(account_id, region))

    def _apply(self, association: dict[str, Any], context: Context) -> None:
        given, identity = association["given"], association["AssociationId"]
        targets = matching(given.get("Targets") or [], machines.nodes(context.account_id, context.region))
        first = self._first.setdefault(identity, frozenset(targets))
        for gone in set(_applied(association)) - set(targets):
            del _applied(association)[gone]
        with self._lock:
            busy = self._busy.setdefault(identity, set())
            due = {name: node for name, node in targets.items() if name not in busy and _due(association, name)}
            alone = {name for name in due if name not in first and name not in _applied(association)}
            groups = [{name: due[name]} for name in alone]
            # One batch at a time: what becomes due meanwhile waits for its end.
            if not busy and (batch := {name: node for name, node in due.items() if name not in alone}):
                groups.append(batch)
            if not groups:
                return
            try:
                content = content_of(given["Name"], context)
            except AwsError as error:
                if identity not in self._unknown:
                    log.warning("association %s: %s", given.get("AssociationName", identity), error)
                    self._unknown.add(identity)
                return
            for nodes in groups:
                busy.update(nodes)
                threading.Thread(target=self._execute, args=(association, nodes, content, context), name="association", daemon=True).start()

    def _execute(self, association: dict[str, Any], nodes: dict[str, Node], content: dict[str, Any], context: Context) -> None:
        given, version, asked = association["given"], association["AssociationVersion"], association.get("asked", 0)
        execution = {
            "ExecutionId": str(uuid.uuid4()),
            "AssociationVersion": version,
            "CreatedTime": _now(),
            "Status": "InProgress",
            "targets": {name: {"Status": "Pending"} for name in nodes},
        }
        association["Overview"] = pending()
        association.setdefault("executions", []).append(execution)
        del association["executions"][:-KEPT]

        def run(name: str) -> bool:
            execution["targets"][name] = {"Status": "InProgress", "LastExecutionDate": utcnow()}
            outcome = run_on(nodes[name].machine, content, given.get("Parameters") or {}, execution["ExecutionId"])
            if (place := (given.get("OutputLocation") or {}).get("S3Location") or {}).get("OutputS3BucketName"):
                folder = f"{name}/{association['AssociationId']}/{execution['ExecutionId']}"
                keep(nodes[name].machine, place["OutputS3BucketName"], place.get("OutputS3KeyPrefix", ""), folder, outcome)
            execution["targets"][name] |= {"Status": outcome.status, "Output": outcome.output, "Error": outcome.error}
            applied(name, outcome.status)
            _event(association, name, outcome.status, context)
            return outcome.status == "Success"

        def applied(name: str, status: str) -> None:
            _applied(association)[name] = {"version": version, "asked": asked, "at": time.monotonic(), "status": status}

        try:
            at_once = share(given.get("MaxConcurrency"), len(nodes), len(nodes))
            errors = share(given.get("MaxErrors"), len(nodes), len(nodes))
            for name in spread(list(nodes), at_once, errors, run, threading.Event()):
                execution["targets"][name]["Status"] = "Skipped"
                applied(name, "Skipped")
            execution["Status"] = "Success" if all(one["Status"] == "Success" for one in execution["targets"].values()) else "Failed"
            _tell(association, matching(given.get("Targets") or [], machines.nodes(context.account_id, context.region)))
        finally:
            with self._lock:
                self._busy[association["AssociationId"]] -= set(nodes)


def _now() -> datetime:
    """In milliseconds, as AWS keeps it."""
    now = utcnow()
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _event(association: dict[str, Any], name: str, status: str, context: Context) -> None:
    """Tell EventBridge ("Systems Manager event types for Amazon EventBridge", AWS Systems Manager User Guide)."""
    detail = {
        "association-id": association["AssociationId"],
        "document-name": association["given"]["Name"],
        "association-version": association["AssociationVersion"],
        "document-version": association["given"].get("DocumentVersion", "$DEFAULT"),
        "targets": json.dumps(association["given"].get("Targets") or []),
        "status": status,
        "detailed-status": status,
        "schedule-expression": association["given"].get("ScheduleExpression", ""),
        "instance-id": name,
        "instance-association-cwe-version": "1",
    }
    document = f"arn:aws:ssm:{context.region}:{context.account_id}:document/{association['given']['Name']}"
    instance = f"arn:aws:ec2:{context.region}:{context.account_id}:instance/{name}"
    kind = "EC2 State Manager Instance Association State Change"
    emit(context.account_id, context.region, "aws.ssm", kind, detail, [instance, document])


def _applied(association: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """By instance: what was last applied to it, and what became of that."""
    return association.setdefault("applied", {})


def _due(association: dict[str, Any], name: str) -> bool:
    """Whether *association* is to be applied to the instance *name* now."""
    last, given = _applied(association).get(name), association["given"]
    if last is None or last["version"] != association["AssociationVersion"]:
        return not given.get("ApplyOnlyAtCronInterval") or association.get("asked", 0) > 0
    if last["asked"] != association.get("asked", 0):
        return True
    every = _RATE.match(given.get("ScheduleExpression") or "")
    return bool(every) and time.monotonic() - last["at"] >= int(every[1]) * _SECONDS[every[2]]


def _tell(association: dict[str, Any], targets: dict[str, Node]) -> None:
    """The overview that DescribeAssociation and ListAssociations show: pending until all of *targets* have what was asked for last."""
    found = []
    for name in targets:
        one = _applied(association).get(name)
        now = one and (one["version"], one["asked"]) == (association["AssociationVersion"], association.get("asked", 0))
        found.append(one["status"] if one and now else "Pending")
    counts = Counter(found)
    status = "Pending" if "Pending" in counts else "Success" if set(counts) <= {"Success"} else "Failed"
    association["Overview"] = {"Status": status, "DetailedStatus": status, "AssociationStatusAggregatedCount": dict(counts)}
    association["LastExecutionDate"] = utcnow()
