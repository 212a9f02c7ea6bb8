from __future__ import annotations

from ansible_collections.refarch.aws.plugins.plugin_utils.runner.room import CONVERGE, Room
from ansible_collections.refarch.aws.plugins.plugin_utils.stack.run import keep_outputs, outputs_of


def test_outputs_are_handed_on_in_the_order_of_the_registry(tmp_path):
    (tmp_path / CONVERGE).mkdir()
    room = Room(str(tmp_path), "servers", CONVERGE)
    keep_outputs(room, {"names": {"web": "shop-web", "app": "shop-app"}, "ids": ["b", "a"]})
    kept = outputs_of(room, CONVERGE)
    assert list(kept) == ["ids", "names"]
    assert list(kept["names"]) == ["app", "web"]
    assert kept["ids"] == ["b", "a"]
