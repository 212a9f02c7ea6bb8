"""The picture of a stack: nothing lies on anything else, all of it is there, and the files in docs/ show what the scenarios are."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.refarch.aws.plugins.plugin_utils.picture import svg
from ansible_collections.refarch.aws.plugins.plugin_utils.picture.files import mark_of, picture_files
from ansible_collections.refarch.aws.plugins.plugin_utils.picture.layout import layout
from ansible_collections.refarch.aws.plugins.plugin_utils.picture.scene import PictureError, scene

ROOT = Path(__file__).resolve().parents[3]
COMPONENTS = yaml.safe_load((ROOT / "playbooks" / "engine" / "components.yml").read_text(encoding="utf-8"))
SCENARIOS = {name.removesuffix("_components"): components for name, components in COMPONENTS.items()}
PICTURES = {path.parent.parent.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in ROOT.glob("roles/*/meta/picture.yml")}
NETWORK = {
    "vpc_cidr": "10.0.0.0/16",
    "availability_zones": ["ap-northeast-2a", "ap-northeast-2b"],
    "subnet_cidrs": {tier: ["10.0.0.0/20", "10.0.16.0/20"] for tier in ("public", "web", "app", "db")},
}
#: The servers find the database by its computed name, so that they need not wait for it.
BY_NAME = {("servers", "database")}
INSTEAD = {"pipeline": {"connection_arn": ""}}  # the code is in CodeCommit
TIERS = list(NETWORK["subnet_cidrs"])


def names(scenario: str) -> list[str]:
    return [component["name"] for component in SCENARIOS[scenario]]


def outputs(component: str) -> dict:
    """Every output not empty, so that every node is there, but what stands instead of another one."""
    published = yaml.safe_load((ROOT / "roles" / component / "meta" / "outputs.yml").read_text(encoding="utf-8"))
    return {**dict.fromkeys(published, "x"), **(NETWORK if component == "network" else {}), **INSTEAD.get(component, {})}


def whole(components: list[str]):
    return scene("t", "s", "r", {name: PICTURES[name] for name in components}, {name: outputs(name) for name in components})


def overlaps(made) -> list[tuple[str, str]]:
    boxes = [placed.box for placed in made.nodes]
    return [(a.title, b.title) for number, a in enumerate(boxes) for b in boxes[number + 1 :] if a.meets(b)]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_component_is_in_the_picture(scenario):
    assert {node.name.partition(".")[0] for node in whole(names(scenario)).nodes} == set(names(scenario))


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_nothing_lies_on_anything_and_all_is_inside(scenario):
    made = layout(whole(names(scenario)))
    assert overlaps(made) == []
    assert all(placed.box.x >= 0 and placed.box.right <= made.width and placed.box.bottom <= made.height for placed in made.nodes)
    subnets = [box for box in made.boxes if box.kind in ("public", "private")]
    assert len(subnets) == 8
    for placed in made.nodes:
        if placed.node.place == "tier":
            assert any(subnet.holds(placed.box) and subnet.title.startswith(placed.node.where) for subnet in subnets), placed.node


def stands_on(scenario: str, component: str) -> set[str]:
    """All that *component* needs, and what that needs in turn."""
    needs = {entry["name"]: entry.get("needs", []) for entry in SCENARIOS[scenario]}
    return {component}.union(*(stands_on(scenario, need) for need in needs[component]))


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_an_arrow_joins_what_the_wiring_joins(scenario):
    for flow in whole(names(scenario)).flows:
        source, target = (end.partition(".")[0] for end in (flow.source, flow.target))
        joined = source in stands_on(scenario, target) or target in stands_on(scenario, source)
        assert joined or (source, target) in BY_NAME, flow


@pytest.mark.parametrize("component", sorted(PICTURES))
def test_icons_are_there_and_flows_join_nodes_that_are_drawn(component):
    folder = Path(next(iter(find_spec("resources").submodule_search_locations))) / "aws"
    for node in PICTURES[component].get("nodes", []):
        assert (folder / f"{node['icon']}.png").exists(), node["icon"]
    known = {f"{name}.{node['name']}" for name, picture in PICTURES.items() for node in picture.get("nodes", [])}
    for flow in PICTURES[component].get("flows", []):
        ends = {end if "." in end else f"{component}.{end}" for end in (flow["from"], flow["to"])}
        assert ends <= known


@settings(deadline=None, max_examples=50)
@given(
    zones=st.integers(2, 3),
    tiers=st.lists(st.sampled_from(TIERS), max_size=6),
    across=st.lists(st.sampled_from(TIERS), max_size=6),
    groups=st.lists(st.sampled_from(["a", "b", "c"]), max_size=14),
    others=st.lists(st.sampled_from(["left", "right", "edge", "side"]), max_size=6),
)
def test_whatever_the_roles_draw_nothing_overlaps(zones, tiers, across, groups, others):
    places = [f"tier {tier}" for tier in tiers] + [f"across {tier}" for tier in across] + [f"group {title}" for title in groups] + others
    nodes = [{"name": f"n{number}", "icon": "x", "label": "x", "place": place} for number, place in enumerate(places)]
    network = {
        **NETWORK,
        "availability_zones": ["a", "b", "c"][:zones],
        "subnet_cidrs": {tier: ["10.0.0.0/20"] * zones for tier in TIERS},
    }
    made = layout(scene("t", "s", "r", {"network": {"nodes": nodes}}, {"network": network}))
    assert overlaps(made) == []
    assert len(made.nodes) == len(places) + (zones - 1) * len(tiers)


@pytest.mark.parametrize(
    ("node", "sentence"),
    [
        ({"name": "x", "icon": "i", "label": "l", "place": "sky"}, "x stands at 'sky'; places are left"),
        ({"name": "x", "icon": "i", "label": "l", "place": "tier"}, "x stands at 'tier'"),
        ({"name": "x", "icon": "i", "label": "l", "place": "left", "if": "nothing"}, "x asks for the output nothing"),
    ],
)
def test_a_wrong_node_is_named(node, sentence):
    with pytest.raises(PictureError, match=f"network/meta/picture.yml: {re.escape(sentence)}"):
        scene("t", "s", "r", {"network": {"nodes": [node]}}, {"network": NETWORK})


def test_what_a_stack_lacks_is_left_out_with_its_flows():
    nodes = [
        {"name": "a", "icon": "i", "label": "A", "place": "left"},
        {"name": "b", "icon": "i", "label": "B", "place": "edge", "if": "zone"},
    ]
    picture = {"network": {"nodes": nodes, "flows": [{"from": "a", "to": "b"}]}}
    without = scene("t", "s", "r", picture, {"network": {**NETWORK, "zone": ""}})
    assert [node.name for node in without.nodes] == ["network.a"] and without.flows == []
    with_it = scene("t", "s", "r", picture, {"network": {**NETWORK, "zone": "Z1"}})
    assert [flow.target for flow in with_it.flows] == ["network.b"]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_files_in_docs_show_the_scenario(scenario):
    folder = ROOT / "docs" / "architecture"
    drawn = (folder / f"{scenario}.svg").read_text(encoding="utf-8")
    expected = {node.name for node in whole(names(scenario)).nodes}
    assert set(re.findall(r'data-node="([\w.]+)"', drawn)) == expected, f"make picture SCENARIO={scenario}"
    flows = {(flow.source, flow.target) for flow in whole(names(scenario)).flows}
    assert {tuple(found.split()) for found in re.findall(r'data-flow="([\w. ]+)"', drawn)} == flows, f"make picture SCENARIO={scenario}"
    mark = mark_of((folder / f"{scenario}.png").read_bytes())
    assert mark and mark == mark_of((folder / f"{scenario}.pdf").read_bytes())
    rendered = picture_files(drawn, folder / scenario)  # gives the files that stand only if they were made from this SVG
    assert rendered[folder / f"{scenario}.png"] == (folder / f"{scenario}.png").read_bytes()


def test_text_is_escaped():
    made = layout(whole(["network"]))
    assert "<script>" not in svg.drawn(made, "<script>", "a & b", icon=lambda _name: b"")


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_no_line_ends_on_a_label(scenario):
    made = layout(whole(names(scenario)))
    drawn = svg.drawn(made, "t", "s")
    baselines = {(float(x), float(y)) for x, y in re.findall(r'<text x="(\d+)" y="(\d+)" font-size="11" text-anchor="middle"', drawn)}
    assert len(baselines) >= len(made.nodes)
    for line in made.lines:
        for end in (line.points[0], line.points[-1]):
            touched = [(x, y) for x, y in baselines if abs(x - end[0]) <= 1 and y - 9 < end[1] < y + 3]
            assert touched == [], line.flow
