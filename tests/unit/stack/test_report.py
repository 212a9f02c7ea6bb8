"""What a run tells: resources are counted once, unknown inputs apart."""

from __future__ import annotations

from ansible_collections.refarch.aws.plugins.plugin_utils.stack import report


def change(action, kind="bucket", name="logs", **more):
    return {"action": action, "kind": kind, "name": name, "service": "s3", "operation": "X", "parameters": {}, **more}


def note(component="storage", changes=(), calls=()):
    return {"component": component, "task": "t", "module": "m", "changes": list(changes), "calls": list(calls)}


def test_a_resource_of_many_calls_is_counted_once_by_its_strongest_action():
    changes = report.changes_of([note(changes=[change("create"), change("update"), change("update", name="data")])])
    assert report.summary_of(changes) == {"create": 1, "update": 1, "delete": 0, "unknown_inputs": 0}


def test_tasks_with_unknown_inputs_are_counted_apart():
    changes = report.changes_of([note(changes=[change("create", inputs_known=False), change("create", name="data")])])
    assert report.summary_of(changes) == {"create": 1, "update": 0, "delete": 0, "unknown_inputs": 1}


def test_the_report_says_how_each_component_ended():
    opened = {"selected": ["storage", "audit", "network"], "path": "/shop/staging", "state": "present", "planning": False}
    markers = {
        "storage": {"state": "up", "changed": True, "outputs": {"bucket_names": {"log": "a"}}, "seconds": 1.5},
        "audit": {"state": "broken", "changed": True, "outputs": {}, "seconds": 0.5, "error": "AccessDenied"},
    }
    calls = [{"service": "s3", "operation": "CreateBucket", "reads": False, "code": None, "seconds": 0.2}] * 2
    whole = report.report_of(opened, "foundation", markers, [note(changes=[change("create")], calls=calls)], 12.345)
    assert whole["summary"]["create"] == 1
    assert [component["state"] for component in whole["components"].values()] == ["up", "broken", "not ended"]
    assert whole["calls"] == [
        {
            "component": "storage",
            "service": "s3",
            "operation": "CreateBucket",
            "calls": 2,
            "failed": 0,
            "seconds": 0.4,
            "longest_seconds": 0.2,
        }
    ]
    lines = report.words_of(whole)
    assert lines[0] == "Stack /shop/staging (foundation, present): 1 created"
    assert "  audit: FAILED: AccessDenied" in lines
    assert "  network: did not end" in lines
    assert report.outputs_lines(whole) == ["Outputs:", "  storage.bucket_names = {log: a}"]


def test_a_plan_speaks_of_what_would_be():
    opened = {"selected": ["storage"], "path": "/shop/staging", "state": "present", "planning": True}
    markers = {"storage": {"state": "up", "changed": True, "outputs": {}, "seconds": 1}}
    whole = report.report_of(opened, "foundation", markers, [note(changes=[change("update"), change("create", inputs_known=False)])], 1)
    assert report.words_of(whole)[0] == "Plan /shop/staging (foundation, present): 1 to change, 1 more whose inputs are known after apply"
