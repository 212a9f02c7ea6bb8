# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where everything stands: the VPC as a grid of tiers and zones, the edge before it, groups of services beside it. All sizes in pixels."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.refarch.aws.plugins.plugin_utils.picture.scene import Flow, Node, Scene

NODE_WIDTH, NODE_HEIGHT, ICON = 112, 96, 52
GAP, PAD, TITLE = 14, 18, 24
HEADER = 76
STEP = NODE_HEIGHT + GAP * 1.5  # from one icon to the next below it, with room for an arrow
LABEL_WIDTH = 17  # characters of a line of a label
GROUP_COLUMNS = 3  # nodes side by side in a group


@dataclass(frozen=True)
class Box:
    """A rectangle with a title. kind decides how it looks."""

    kind: str
    title: str
    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    def holds(self, other: Box) -> bool:
        return self.x <= other.x and self.y <= other.y and self.right >= other.right and self.bottom >= other.bottom

    def meets(self, other: Box) -> bool:
        return self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom


@dataclass(frozen=True)
class Placed:
    """A node at its place; x, y: of the middle of its icon."""

    node: Node
    x: float
    y: float

    @property
    def box(self) -> Box:
        return Box("node", self.node.label, self.x - NODE_WIDTH / 2, self.y - ICON / 2 - 4, NODE_WIDTH, NODE_HEIGHT)


@dataclass(frozen=True)
class Line:
    """A flow as a line of right angles, from its source to its target."""

    flow: Flow
    points: tuple[tuple[float, float], ...]


@dataclass
class Layout:
    width: float = 0
    height: float = 0
    boxes: list[Box] = field(default_factory=list)
    nodes: list[Placed] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)


def layout(scene: Scene) -> Layout:
    """*scene* laid out, nodes of one place in the order in which the scene has them."""
    made = Layout()

    def at(place: str) -> list[Node]:
        return [node for node in scene.nodes if node.place == place]

    beside = NODE_WIDTH + 2 * GAP
    cloud_x = PAD + (beside if at("left") else 0)
    region_x, region_y = cloud_x + PAD, HEADER + TITLE + GAP
    side_x = region_x + PAD
    _nothing, middle_of_vpc = _vpc(Layout(), scene, 0, 0)
    edge_width = max(len(at("edge")) - 1, 0) * (NODE_WIDTH + GAP) + NODE_WIDTH / 2  # up to the middle of the last one
    vpc_x = max(side_x + (beside if at("side") else 0), region_x + PAD + edge_width - middle_of_vpc)
    edge_y = region_y + TITLE + GAP + ICON / 2
    vpc_y = region_y + TITLE + GAP + (NODE_HEIGHT + 2 * GAP if at("edge") else GAP)
    vpc, middle = _vpc(made, scene, vpc_x, vpc_y)
    groups_right, groups_bottom = _groups(made, scene, vpc.right + 2 * GAP, region_y + TITLE + GAP, vpc.bottom)
    bottom = max(vpc.bottom, groups_bottom)
    region = Box("region", scene.region, region_x, region_y, max(vpc.right, groups_right) + PAD - region_x, bottom + PAD - region_y)
    cloud = Box("cloud", "AWS Cloud", cloud_x, HEADER, region.right + PAD - cloud_x, region.bottom + PAD - HEADER)
    made.boxes[:0] = [cloud, region]

    edge = at("edge")
    _row(made, edge, middle - (len(edge) - 1) * (NODE_WIDTH + GAP) / 2, edge_y)
    _column(made, at("side"), side_x + NODE_WIDTH / 2, vpc.y, vpc.bottom)
    _outside(made, scene, at("left"), PAD + NODE_WIDTH / 2)
    _outside(made, scene, at("right"), cloud.right + GAP + NODE_WIDTH / 2)
    made.width = cloud.right + PAD + (beside if at("right") else 0)
    made.height = cloud.bottom + PAD
    made.lines = lines(made.nodes, scene.flows)
    return made


def _vpc(made: Layout, scene: Scene, x: float, y: float) -> tuple[Box, float]:
    """The VPC with its zones as columns and its tiers as rows; nodes of all zones stand in a column between them.

    Gives its box and the middle of that column.
    """
    zones = len(scene.zones)
    before = (zones + 1) // 2
    per_zone = max(len(_of_zone(scene, tier, zone)) for tier, _cidrs in scene.tiers for zone in range(zones))
    zone_width = max(per_zone * (NODE_WIDTH + GAP) + 2 * GAP, NODE_WIDTH + 4 * GAP)
    middle_width = NODE_WIDTH + 2 * GAP
    width = zones * (zone_width + GAP) + middle_width + 2 * PAD - GAP
    zones_y = y + NODE_HEIGHT - ICON / 2 + GAP / 2  # below the label of what stands on the border

    def zone_x(zone: int) -> float:
        return x + PAD + zone * (zone_width + GAP) + (middle_width if zone >= before else 0)

    middle = zone_x(before) - GAP - middle_width / 2 if zones > 1 else zone_x(0) + zone_width + GAP + middle_width / 2
    subnets = []
    row_y = zones_y + TITLE
    for row, (tier, cidrs) in enumerate(scene.tiers):
        across = [node for node in scene.nodes if node.place == "across" and node.where == tier]
        row_height = TITLE + GAP / 2 + NODE_HEIGHT + (max(1, len(across)) - 1) * STEP + GAP / 2
        icons_y = [row_y + TITLE + GAP / 2 + ICON / 2 + number * STEP for number in range(max(1, len(across)))]
        for zone in range(zones):
            kind = "public" if row == 0 else "private"
            box = Box(kind, f"{tier} {cidrs[zone]}", zone_x(zone) + GAP, row_y, zone_width - 2 * GAP, row_height)
            subnets.append(box)
            _row(made, _of_zone(scene, tier, zone), box.x + box.width / 2, icons_y[-1])
        made.nodes += [Placed(node, middle, icon_y) for node, icon_y in zip(across, icons_y, strict=False)]
        row_y += row_height + GAP
    vpc = Box("vpc", scene.vpc, x, y, width, row_y + PAD - GAP / 2 - y)
    made.boxes.append(vpc)
    made.boxes += [Box("zone", name, zone_x(zone), zones_y, zone_width, row_y - zones_y) for zone, name in enumerate(scene.zones)]
    made.boxes += subnets
    _row(made, [node for node in scene.nodes if node.place == "gate"], middle, y)
    return vpc, middle


def _of_zone(scene: Scene, tier: str, zone: int) -> list[Node]:
    return [node for node in scene.nodes if node.place == "tier" and node.where == tier and node.zone == zone]


def _groups(made: Layout, scene: Scene, x: float, y: float, bottom: float) -> tuple[float, float]:
    """Boxes of services in columns, as many as the height of the VPC asks for. Gives the right and bottom end of all."""
    titles = list(dict.fromkeys(node.where for node in scene.nodes if node.place == "group"))
    width = GROUP_COLUMNS * NODE_WIDTH + 2 * PAD
    column_x, box_y, right, lowest = x, y, x, y
    for title in titles:
        nodes = [node for node in scene.nodes if node.place == "group" and node.where == title]
        rows = [nodes[start : start + GROUP_COLUMNS] for start in range(0, len(nodes), GROUP_COLUMNS)]
        height = TITLE + GAP / 2 + NODE_HEIGHT + (len(rows) - 1) * STEP + GAP / 2
        if box_y > y and box_y + height > bottom:
            column_x, box_y = column_x + width + 2 * GAP, y
        box = Box("group", title, column_x, box_y, width, height)
        made.boxes.append(box)
        for number, row in enumerate(rows):
            icon_y = box.y + TITLE + GAP / 2 + ICON / 2 + number * STEP
            for place, node in enumerate(row):
                made.nodes.append(Placed(node, box.x + PAD + NODE_WIDTH * (place + 0.5), icon_y))
        right, lowest = max(right, box.right), max(lowest, box.bottom)
        box_y = box.bottom + GAP
    return right, lowest


def _row(made: Layout, nodes: list[Node], middle: float, y: float) -> None:
    start = middle - (len(nodes) - 1) * (NODE_WIDTH + GAP) / 2
    made.nodes += [Placed(node, start + number * (NODE_WIDTH + GAP), y) for number, node in enumerate(nodes)]


def _column(made: Layout, nodes: list[Node], x: float, top: float, bottom: float) -> None:
    """*nodes* one below the other, spread evenly."""
    step = (bottom - top) / max(len(nodes), 1)
    made.nodes += [Placed(node, x, top + step * (number + 0.5) - NODE_HEIGHT / 2 + ICON / 2) for number, node in enumerate(nodes)]


def _outside(made: Layout, scene: Scene, nodes: list[Node], x: float) -> None:
    """*nodes* beside the cloud, each level with the first node inside that a flow joins it to, but never on one another."""
    inside = {placed.node.name: placed for placed in reversed(made.nodes)}
    lowest = HEADER
    for node in nodes:
        joined = [flow for flow in scene.flows if node.name in (flow.source, flow.target)]
        others = [flow.target if flow.source == node.name else flow.source for flow in joined]
        level = next((inside[name].y for name in others if name in inside), lowest + NODE_HEIGHT)
        y = max(level, lowest + ICON / 2 + GAP)
        made.nodes.append(Placed(node, x, y))
        lowest = y + NODE_HEIGHT - ICON / 2


def lines(nodes: list[Placed], flows: list[Flow]) -> list[Line]:
    """A line for each flow. From or to a node of several zones there is one for each; between two such, within each zone, and from a
    node to itself, from its first zone to its second."""
    found = []
    for flow in flows:
        sources = [placed for placed in nodes if placed.node.name == flow.source]
        targets = [placed for placed in nodes if placed.node.name == flow.target]
        found += [Line(flow, points(source, target)) for source in sources for target in targets if _joined(flow, source, target)]
    return found


def _joined(flow: Flow, source: Placed, target: Placed) -> bool:
    zones = (source.node.zone, target.node.zone)
    if flow.source == flow.target:
        return zones == (0, 1)  # the first one keeps the second in step
    if flow.zone is not None:
        return zones[1] == flow.zone
    return None in zones or zones[0] == zones[1]


def below(placed: Placed) -> float:
    """From the middle of the icon to the end of its label."""
    return ICON / 2 + 20 + (14 if len(placed.node.label) > LABEL_WIDTH else 0)


def points(source: Placed, target: Placed) -> tuple[tuple[float, float], ...]:
    """From border to border of the icons: straight where they are level, else by one step in the middle of the longer way."""
    reach = ICON / 2 + 3
    across, down = target.x - source.x, target.y - source.y
    tiers = source.node.place == target.node.place == "tier"
    if abs(down) < NODE_HEIGHT or abs(across) >= abs(down) and not tiers:
        side = 1 if across > 0 else -1
        start, end = (source.x + side * reach, source.y), (target.x - side * reach, target.y)
        if abs(down) < 1:
            return start, end
        middle = (start[0] + end[0]) / 2
        return start, (middle, source.y), (middle, target.y), end
    start = (source.x, source.y + below(source)) if down > 0 else (source.x, source.y - reach)
    end = (target.x, target.y - reach) if down > 0 else (target.x, target.y + below(target))
    if abs(across) < 1:
        return start, end
    # The step lies between two rows of subnets, where there is nothing to cross.
    middle = end[1] - TITLE - GAP if down > 0 else end[1] + GAP / 2
    return start, (source.x, middle), (target.x, middle), end
