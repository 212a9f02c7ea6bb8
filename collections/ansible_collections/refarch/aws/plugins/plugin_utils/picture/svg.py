# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A layout as SVG, with AWS's icons in it, and from that PNG and PDF."""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Callable
from html import escape
from importlib.util import find_spec
from pathlib import Path

from ansible_collections.refarch.aws.plugins.plugin_utils.picture.layout import ICON, LABEL_WIDTH, Box, Layout, Line, Placed
from ansible_collections.refarch.aws.plugins.plugin_utils.picture.scene import PictureError

FONT = "'Amazon Ember', 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
INK, QUIET = "#232f3e", "#545b64"

#: (border, filling, dashes, colour of the title) of each kind of box, after AWS's own guide ("AWS Architecture Icons").
LOOKS = {
    "cloud": (INK, "#ffffff", "", INK),
    "region": ("#00a4a6", "#fbfefe", "4 4", "#007b7d"),
    "vpc": ("#8c4fff", "#fdfbff", "", "#6b2fd6"),
    "zone": ("#7d8998", "none", "6 4", "#545b64"),
    "public": ("none", "#eef6e8", "", "#3f8624"),
    "private": ("none", "#e8f3fb", "", "#0b6ba8"),
    "group": ("#d5dbdb", "#f8f9fa", "", INK),
}


def drawn(layout: Layout, title: str, subtitle: str, icon: Callable[[str], bytes] | None = None) -> str:
    """The picture as SVG. *icon*: gives the PNG of a name such as C(security/waf)."""
    icon = icon or aws_icon
    width, height = round(layout.width), round(layout.height)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="{FONT}">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        '<defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto-start-reverse">'
        f'<path d="M0,0 L10,5 L0,10 z" fill="{QUIET}"/></marker></defs>',
        f'<text x="18" y="34" font-size="24" font-weight="600" fill="{INK}">{escape(title)}</text>',
        f'<text x="18" y="58" font-size="14" fill="{QUIET}">{escape(subtitle)}</text>',
        *map(_box, layout.boxes),
        *map(_line, layout.lines),
        *(_node(placed, icon) for placed in layout.nodes),
        *map(_title, layout.boxes),
        *(_label(line) for line in layout.lines if line.flow.label),
        "</svg>\n",
    ])  # fmt: skip


def aws_icon(name: str) -> bytes:
    """The icon of the package `diagrams`, which carries AWS's. Raises PictureError."""
    found = find_spec("resources")
    folders = [Path(folder) for folder in (found.submodule_search_locations or [])] if found else []
    file = next((folder / "aws" / f"{name}.png" for folder in folders if (folder / "aws" / f"{name}.png").exists()), None)
    if file is None:
        raise PictureError(f"there is no icon {name}: the Python package `diagrams` has AWS's icons (make setup installs it)")
    return file.read_bytes()


def _box(box: Box) -> str:
    border, filling, dashes, colour = LOOKS[box.kind]
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<rect x="{box.x:.0f}" y="{box.y:.0f}" width="{box.width:.0f}" height="{box.height:.0f}" rx="4" fill="{filling}" '
        f'stroke="{border}" stroke-width="1.5"{dashed}/>'
    )


def _title(box: Box) -> str:
    """Over the lines, on a piece of the box's own colour, so that a line that passes below leaves it readable."""
    _border, filling, _dashes, colour = LOOKS[box.kind]
    weight = "600" if box.kind in ("cloud", "region", "vpc", "group") else "400"
    behind = "" if filling == "none" else (
        f'<rect x="{box.x + 8:.0f}" y="{box.y + 6:.0f}" width="{6.8 * len(box.title) + 4:.0f}" height="15" fill="{filling}"/>'
    )  # fmt: skip
    return behind + (
        f'<text x="{box.x + 10:.0f}" y="{box.y + 17:.0f}" font-size="12" font-weight="{weight}" fill="{colour}">{escape(box.title)}</text>'
    )


def _node(placed: Placed, icon: Callable[[str], bytes]) -> str:
    data = base64.b64encode(icon(placed.node.icon)).decode()
    rows = textwrap.wrap(placed.node.label, LABEL_WIDTH)[:2]
    text = "".join(
        f'<text x="{placed.x:.0f}" y="{placed.y + ICON / 2 + 14 + 13 * number:.0f}" font-size="11" text-anchor="middle" '
        f'fill="{INK}">{escape(row)}</text>'
        for number, row in enumerate(rows)
    )
    zone = f' data-zone="{placed.node.zone}"' if placed.node.zone is not None else ""
    return (
        f'<g data-node="{escape(placed.node.name)}"{zone}><image x="{placed.x - ICON / 2:.0f}" y="{placed.y - ICON / 2:.0f}" '
        f'width="{ICON}" height="{ICON}" xlink:href="data:image/png;base64,{data}"/>{text}</g>'
    )


def _line(line: Line) -> str:
    path = " ".join(f"{'M' if number == 0 else 'L'}{x:.0f},{y:.0f}" for number, (x, y) in enumerate(line.points))
    dashed = ' stroke-dasharray="5 4"' if line.flow.dashed else ""
    return (
        f'<path data-flow="{escape(line.flow.source)} {escape(line.flow.target)}" d="{path}" fill="none" stroke="{QUIET}" '
        f'stroke-width="1.4" stroke-linejoin="round" marker-end="url(#arrow)"{dashed}/>'
    )


def _label(line: Line) -> str:
    (x1, y1), (x2, y2) = max(zip(line.points, line.points[1:], strict=False), key=lambda part: abs(part[0][0] - part[1][0]))
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    width = 6 * len(line.flow.label) + 6
    return (
        f'<rect x="{x - width / 2:.0f}" y="{y - 8:.0f}" width="{width}" height="14" rx="3" fill="#ffffff" fill-opacity="0.9"/>'
        f'<text x="{x:.0f}" y="{y + 3:.0f}" font-size="10" text-anchor="middle" fill="{QUIET}">{escape(line.flow.label)}</text>'
    )
