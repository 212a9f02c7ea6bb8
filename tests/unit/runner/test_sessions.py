"""Sessions that share what they would each work out anew are the sessions that botocore makes."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import weakref

import boto3
import pytest

from ansible_collections.refarch.aws.plugins.plugin_utils.runner import sessions

#: What a client is, as far as its users see it. In a process of its own, since sharing can't be taken back.
LOOK = """
import json, runpy, sys
import boto3
for file in sys.argv[1:]:
    runpy.run_path(file)["share"]()

def handlers(node, name=""):
    lists = node["values"] or ((), (), ())
    heard = [getattr(handler, "__qualname__", type(handler).__name__) for part in lists for handler in part]
    found = {name: heard} if heard else {}
    for chunk, child in node["children"].items():
        found.update(handlers(child, f"{name}.{chunk}"))
    return found

def look(service):
    client = boto3.session.Session().client(service, region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
    return {
        "methods": sorted(name for name in dir(client) if not name.startswith("_")),
        "documented": {name: str(getattr(client, name).__doc__)[:200] for name in list(client.meta.method_to_api_mapping)[:5]},
        "names": client.meta.method_to_api_mapping,
        "handlers": handlers(client.meta.events._emitter._handlers._root),
        "endpoint": client.meta.endpoint_url,
    }

print(json.dumps([look(name) for name in ("sqs", "s3", "elbv2", "s3", "sqs")]))
"""


def looked(*arguments: str) -> list:
    done = subprocess.run([sys.executable, "-c", LOOK, *arguments], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def test_a_client_is_what_it_was():
    shared, alone = looked(sessions.__file__), looked()
    assert shared == alone
    sqs, s3, elb, *_others = shared
    assert "upload_file" in s3["methods"] and "upload_file" not in sqs["methods"]
    assert any("elastic-load-balancing" in name for name in elb["handlers"]) and len(elb["handlers"]) > 20


@pytest.fixture
def shared(monkeypatch):
    import botocore.client
    import botocore.hooks
    import botocore.session

    for place, name in (
        (boto3.session.Session, "_setup_loader"),
        (botocore.session, "create_loader"),
        (botocore.hooks, "accepts_kwargs"),
        (botocore.session, "EventAliaser"),
        (botocore.client.ClientCreator, "_create_methods"),
    ):
        monkeypatch.setattr(place, name, getattr(place, name))
    sessions.share()


def client(service="sqs"):
    return boto3.session.Session().client(service, region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")


def test_one_loader_looks_in_each_place_once(shared):
    loaders = [boto3.session.Session()._loader for _ in range(3)]
    assert len(set(map(id, loaders))) == 1
    assert len(loaders[0].search_paths) == len(set(loaders[0].search_paths))


def test_twice_is_once(shared):
    import botocore.session

    before = botocore.session.EventAliaser
    sessions.share()
    assert botocore.session.EventAliaser is before


def test_what_belongs_to_a_client_goes_with_it(shared):
    made = client()
    gone = weakref.ref(made._request_signer)  # handles events of its client, and holds its credentials
    del made
    gc.collect()
    assert gone() is None


def test_handlers_of_one_client_are_not_heard_by_another(shared):
    heard = []
    one, other = client(), client()
    one.meta.events.register("provide-client-params.sqs.ListQueues", lambda **_: heard.append("one"))
    other.meta.events.emit("provide-client-params.sqs.ListQueues")
    assert heard == []
    one.meta.events.emit("provide-client-params.sqs.ListQueues")
    assert heard == ["one"]
