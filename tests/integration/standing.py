"""The base as it stands with all that inventories/local leaves out, so that every check has something to look at."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from tests.integration.stack import Stack
from tests.processes import ROOT, Running

PREFIX = "refarch-local"
ACCOUNT = "123456789012"


def read(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


COMPONENTS = [component["name"] for component in read("playbooks/engine/components.yml")["base_components"]]


class Slack:
    """Takes what an incoming webhook takes. *taken*: the bodies."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        taken = self.taken

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/services/T000/B000/x"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@dataclass
class Standing:
    """The emulator, the stack on it, and the Slack that its alarms reach."""

    emulator: Running
    stack: Stack
    slack: Slack


def settings(slack: Slack) -> dict[str, Any]:
    """A domain, people, what the audit can watch, and a Slack."""
    people = {name: value for name, value in read("molecule/identity/vars.yml").items() if name in ("identity_users", "identity_roles")}
    watched = [f"arn:aws:s3:::{PREFIX}-log-{ACCOUNT}"]
    audit = {"audit_insight_types": ["ApiCallRateInsight"], "audit_data_event_bucket_arns": watched}
    return {"stack_domain": "shop.example.com", "alerting_slack_webhook_url": slack.url, **people, **audit}


def built(emulator: Running, folder: Path) -> Standing:
    slack = Slack()
    stack = Stack(emulator.url, folder, settings=settings(slack))
    stack.apply()
    return Standing(emulator, stack, slack)
