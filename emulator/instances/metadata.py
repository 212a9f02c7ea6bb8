"""The instance metadata service, version 2 ("Use the Instance Metadata Service", Amazon EC2 User Guide).

Each instance is told apart by the address it asks from. Version 1, without a token, is there where the instance does not ask for tokens.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from emulator.instances.facts import Facts
from emulator.instances.network import METADATA, Network

LONGEST_TOKEN = 21600
TTL = "X-aws-ec2-metadata-token-ttl-seconds"
TOKEN = "X-aws-ec2-metadata-token"


class MetadataService:
    """Answers at http://169.254.169.254 of *network*. *who* gives the instance that has an address, None where there is none."""

    def __init__(self, network: Network, who: Callable[[str], Facts | None]):
        self._who = who
        self._tokens: dict[str, tuple[str, float]] = {}
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer(*service.get(self.client_address[0], self.path, self.headers.get(TOKEN)))

            def do_PUT(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                forwarded = "X-Forwarded-For" in self.headers
                self._answer(*service.put(self.client_address[0], self.path, self.headers.get(TTL), forwarded))

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Content-Type", "text/plain")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        with network.inside():
            self._server = ThreadingHTTPServer((METADATA, 80), Handler)
        threading.Thread(target=self._server.serve_forever, name="metadata", daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def put(self, address: str, path: str, ttl: str | None, forwarded: bool) -> tuple[int, bytes]:
        """A token, for as many seconds as *ttl* says. Not for a request that came through a proxy."""
        if forwarded:
            return 403, b""
        if path != "/latest/api/token":
            return 404, b""
        if ttl is None or not ttl.isdecimal() or not 1 <= int(ttl) <= LONGEST_TOKEN:
            return 400, b""
        token = secrets.token_urlsafe(40)
        self._tokens[token] = address, time.monotonic() + int(ttl)
        return 200, token.encode()

    def get(self, address: str, path: str, token: str | None) -> tuple[int, bytes]:
        facts = self._who(address)
        if facts is None:
            return 404, b""
        if token is None and facts.tokens_required:
            return 401, b""
        if token is not None:
            owner, ends = self._tokens.get(token, ("", 0.0))
            if owner != address or time.monotonic() > ends:
                return 401, b""
        if path == "/latest/user-data":
            return (200, facts.user_data) if facts.user_data else (404, b"")
        found = _tree(facts)
        asked = path.removeprefix("/latest/").rstrip("/")
        if asked in found:
            return 200, found[asked].encode()
        below = sorted(
            {name[len(asked) + 1 :].partition("/")[0] + ("/" if _deeper(name, asked) else "") for name in found if _under(name, asked)}
        )
        return (200, "\n".join(below).encode()) if below else (404, b"")


def _under(name: str, folder: str) -> bool:
    return name.startswith(folder + "/")


def _deeper(name: str, folder: str) -> bool:
    return "/" in name[len(folder) + 1 :]


def _tree(facts: Facts) -> dict[str, str]:
    """Every leaf below /latest, by its path."""
    identity = {
        "accountId": facts.account_id,
        "architecture": "x86_64",
        "availabilityZone": facts.zone,
        "imageId": facts.image_id,
        "instanceId": facts.id,
        "instanceType": facts.type,
        "privateIp": facts.address,
        "region": facts.region,
        "version": "2017-09-30",
    }
    found = {
        "meta-data/ami-id": facts.image_id,
        "meta-data/ami-launch-index": "0",
        "meta-data/ami-manifest-path": "(unknown)",
        "meta-data/hostname": facts.host,
        "meta-data/instance-id": facts.id,
        "meta-data/instance-life-cycle": "on-demand",
        "meta-data/instance-type": facts.type,
        "meta-data/instance-action": "none",
        "meta-data/local-hostname": facts.host,
        "meta-data/local-ipv4": facts.address,
        "meta-data/mac": facts.mac,
        "meta-data/placement/availability-zone": facts.zone,
        "meta-data/placement/region": facts.region,
        "meta-data/profile": "default-hvm",
        "meta-data/reservation-id": facts.reservation_id,
        "meta-data/security-groups": "\n".join(facts.security_groups.values()),
        "meta-data/services/domain": "amazonaws.com",
        "meta-data/services/partition": "aws",
        "dynamic/instance-identity/document": json.dumps(identity, indent=2),
    }
    interface = {
        "device-number": "0",
        "interface-id": facts.interface_id,
        "local-hostname": facts.host,
        "local-ipv4s": facts.address,
        "mac": facts.mac,
        "owner-id": facts.account_id,
        "security-group-ids": "\n".join(facts.security_groups),
        "security-groups": "\n".join(facts.security_groups.values()),
        "subnet-id": facts.subnet_id,
        "subnet-ipv4-cidr-block": facts.subnet_cidr,
        "vpc-id": facts.vpc_id,
        "vpc-ipv4-cidr-block": facts.vpc_cidr,
        "vpc-ipv4-cidr-blocks": facts.vpc_cidr,
    }
    found |= {f"meta-data/network/interfaces/macs/{facts.mac}/{name}": value for name, value in interface.items()}
    if facts.lifecycle_state:
        found["meta-data/autoscaling/target-lifecycle-state"] = facts.lifecycle_state
    credentials = facts.credentials()
    if credentials is not None:
        found["meta-data/iam/info"] = json.dumps({"Code": "Success", "InstanceProfileArn": facts.profile_arn})
        found[f"meta-data/iam/security-credentials/{facts.role}"] = json.dumps(credentials)
    return found
