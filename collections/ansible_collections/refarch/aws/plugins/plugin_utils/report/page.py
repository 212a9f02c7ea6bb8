# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The report of a stack as one HTML page: what it is, what is open, what it gives out, where to look at it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from ansible_collections.refarch.aws.plugins.plugin_utils.report.console import kind_of, link

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #16191f; max-width: 1200px; margin: 2rem auto; padding: 0 1rem; }
h1 { margin-bottom: 0; } h2 { margin-top: 2.5rem; border-bottom: 1px solid #d5dbdb; }
.quiet { color: #545b64; } .up { color: #1d8102; } .missing { color: #b00020; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; }
tr { border-bottom: 1px solid #eaeded; } td:first-child { white-space: nowrap; } dl, dd { margin: 0; }
dl { display: grid; grid-template-columns: max-content auto; column-gap: .8rem; } code { font-size: 13px; overflow-wrap: anywhere; }
figure { margin: 1.5rem 0; } figure svg { width: 100%; height: auto; } ol li { margin: .3rem 0; }
"""


def page(report: Mapping[str, Any], picture: str) -> str:
    """The page. *report*: as C(stack_report) gathers it; *picture*: SVG."""
    about = f"{report['scenario']} of {report['prefix']} in {report['region']}, account {report['account_id']}"
    return "\n".join([
        "<!doctype html>",
        f'<html lang="en"><head><meta charset="utf-8"><title>{escape(about)}</title><style>{STYLE}</style></head><body>',
        f"<h1>{escape(report['prefix'])}</h1>",
        f'<p class="quiet">{escape(about)}; read on {escape(report["read_at"])}</p>',
        f"<figure>{picture}</figure>",
        "<h2>What is left to do by hand</h2>", _steps(report["next_steps"]),
        "<h2>Components</h2>", _components(report["components"]),
        "<h2>Outputs</h2>", _outputs(report["components"]),
        "<h2>Settings that differ from the defaults</h2>",
        '<p class="quiet">The defaults of the roles are the strict values. Each line here was decided for this environment.</p>',
        _deviations(report["deviations"]),
        "<h2>Resources</h2>", _resources(report["resources"], report["region"]),
        "</body></html>\n",
    ])  # fmt: skip


def _steps(steps: Iterable[str]) -> str:
    found = [f"<li>{escape(step)}</li>" for step in steps]
    return f"<ol>{''.join(found)}</ol>" if found else "<p>Nothing.</p>"


def _components(components: Mapping[str, Mapping[str, Any]]) -> str:
    def status(component: Mapping[str, Any]) -> str:
        return '<span class="up">stands</span>' if component["stands"] else '<span class="missing">not built</span>'

    return _table(("Component", "Status", "Stands on"), (
        (escape(name), status(component), escape(", ".join(component["needs"])) or "nothing") for name, component in components.items()
    ))  # fmt: skip


def _outputs(components: Mapping[str, Mapping[str, Any]]) -> str:
    return _table(("Output", "Value"), (
        (f"<code>{escape(name)}.{escape(key)}</code>", _value(value))
        for name, component in components.items()
        for key, value in component["outputs"].items()
        if key != "next_steps"
    ))  # fmt: skip


def _deviations(deviations: Iterable[Mapping[str, Any]]) -> str:
    rows = [(f"<code>{escape(found['name'])}</code>", _value(found["value"]), _value(found["default"])) for found in deviations]
    return _table(("Variable", "Here", "Default"), rows) if rows else "<p>None.</p>"


def _resources(arns: Iterable[str], region: str) -> str:
    def row(arn: str) -> tuple[str, str, str]:
        service, kind, _name = kind_of(arn)
        url = link(arn, region)
        shown = f'<a href="{escape(url)}">{escape(arn)}</a>' if url else escape(arn)
        return escape(service), escape(kind), f"<code>{shown}</code>"

    return _table(("Service", "Kind", "Resource"), map(row, sorted(arns)))


def _value(value: Any) -> str:
    """One value, a list with a line for each item, or names with their values beside them."""
    if value in ("", [], {}, None):
        return '<span class="quiet">none</span>'
    if isinstance(value, Mapping):
        return f"<dl>{''.join(f'<dt><code>{escape(str(name))}</code></dt><dd>{_value(item)}</dd>' for name, item in value.items())}</dl>"
    if isinstance(value, list):
        return "<br>".join(map(_value, value))
    if isinstance(value, str) and value.startswith(("http://", "https://")):
        return f'<a href="{escape(value)}">{escape(value)}</a>'
    return f"<code>{escape(value if isinstance(value, str) else json.dumps(value))}</code>"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Cells are HTML already."""
    titles = "".join(f"<th>{escape(title)}</th>" for title in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>"
