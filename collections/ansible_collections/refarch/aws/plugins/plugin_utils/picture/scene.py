# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is in the picture of a stack: nodes and flows, from the roles' meta/picture.yml and what the components published."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: Where a node stands. left, right: beside the cloud, level with what it is joined to. edge: in the row above the VPC, the last one above
#: its gate. gate: on the VPC's border. side: in the column before the VPC. tier: in each zone's subnet of that tier. across: between
#: the zones, in that tier's row. group: in the box of that title beside the VPC.
PLACES = ("left", "right", "edge", "gate", "side", "tier", "across", "group")

#: From the internet inwards.
TIERS = ("public", "web", "app", "db")


class PictureError(Exception):
    """A picture.yml that can't be drawn, in one sentence that names it."""


@dataclass(frozen=True)
class Node:
    """One icon. name: <component>.<name>; where: the tier or the title of the group, if the place needs one; zone: index, if it
    stands once a zone; rank: those of a place stand in its order."""

    name: str
    icon: str
    label: str
    place: str
    where: str = ""
    zone: int | None = None
    rank: int = 0


@dataclass(frozen=True)
class Flow:
    """An arrow between two nodes. dashed: it watches, or carries events, rather than requests. zone: index of the only zone of the
    target that it goes to."""

    source: str
    target: str
    label: str = ""
    dashed: bool = False
    zone: int | None = None


@dataclass
class Scene:
    """title, subtitle: texts; zones: names of the zones; tiers: (name, a text for each zone), from the internet inwards; vpc: the
    VPC's text; region: its name."""

    title: str
    subtitle: str
    region: str
    vpc: str
    zones: list[str]
    tiers: list[tuple[str, list[str]]]
    nodes: list[Node] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)


def scene(
    title: str, subtitle: str, region: str, pictures: Mapping[str, Mapping[str, Any]], outputs: Mapping[str, Mapping[str, Any]]
) -> Scene:
    """The scene of the components in *pictures* (component -> its picture.yml), by their *outputs*.

    Raises PictureError.
    """
    network = outputs["network"]
    zones = list(network["availability_zones"])
    cidrs = network["subnet_cidrs"]
    tiers = [(tier, list(cidrs[tier])) for tier in TIERS if tier in cidrs]
    drawn = Scene(title, subtitle, region, f"VPC {network['vpc_cidr']}", zones, tiers)
    for component, picture in pictures.items():
        for entry in picture.get("nodes", []):
            if shown(entry, component, outputs.get(component, {})):
                drawn.nodes += _nodes(component, entry, zones, outputs.get(component, {}))
    drawn.nodes.sort(key=lambda node: node.rank)
    names = {node.name for node in drawn.nodes}
    for component, picture in pictures.items():
        for entry in picture.get("flows", []):
            flow = _flow(component, entry)
            # A node that this stack lacks (a certificate without a domain, a component of another scenario) has no arrows.
            if {flow.source, flow.target} <= names:
                drawn.flows.append(flow)
    return drawn


def shown(entry: Mapping[str, Any], component: str, outputs: Mapping[str, Any]) -> bool:
    """Whether a node is there: C(if: name) asks for an output that is not empty."""
    condition = entry.get("if")
    if condition and condition not in outputs:
        raise PictureError(f"{component}/meta/picture.yml: {entry['name']} asks for the output {condition}, which is not published")
    return not condition or bool(outputs[condition])


def _nodes(component: str, entry: Mapping[str, Any], zones: list[str], outputs: Mapping[str, Any]) -> list[Node]:
    place, _space, where = entry["place"].partition(" ")
    if place not in PLACES or bool(where) != (place in ("tier", "across", "group")):
        raise PictureError(f"{component}/meta/picture.yml: {entry['name']} stands at {entry['place']!r}; places are {', '.join(PLACES)}")
    labels = entry["label"] if isinstance(entry["label"], list) else [entry["label"]] * len(zones)
    name = f"{component}.{entry['name']}"

    def node(label: str, zone: int | None = None) -> Node:
        filled = re.sub(r"\{(\w+)\}", lambda found: str(outputs[found[1]]), label)
        return Node(name, entry["icon"], filled, place, where, zone, entry.get("rank", 0))

    if place == "tier":
        return [node(label, zone) for zone, label in enumerate(labels[: entry.get("zones", len(zones))])]
    return [node(labels[0])]


def _flow(component: str, entry: Mapping[str, Any]) -> Flow:
    def full(name: str) -> str:
        return name if "." in name else f"{component}.{name}"

    return Flow(full(entry["from"]), full(entry["to"]), entry.get("label", ""), entry.get("dashed", False), entry.get("zone"))
