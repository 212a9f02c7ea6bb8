"""Servers of the tests in subprocesses, on free ports of 127.0.0.1, and clients for them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

ROOT = Path(__file__).resolve().parents[1]
REGION = "ap-northeast-2"
START_SECONDS = 60

#: One for all clients: each session would load the models of its services anew.
SESSION = boto3.session.Session()


@dataclass
class Running:
    """A process that answers at *port*."""

    process: subprocess.Popen[str]
    port: int
    _clients: dict[tuple, Any] = field(default_factory=dict, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, service: str, *, region: str = REGION, attempts: int = 1, **options: Any) -> Any:
        """A client that tries *attempts* times. It is the same for the same question: to make one takes as long as ten of its calls."""
        asked = (service, region, attempts, *sorted(options.items()))
        if asked not in self._clients:
            config = Config(retries={"total_max_attempts": attempts, "mode": "standard"}, s3={"addressing_style": "path"}, **options)
            keys = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "secret"}
            self._clients[asked] = SESSION.client(service, region_name=region, endpoint_url=self.url, config=config, **keys)
        return self._clients[asked]

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.url}{path}", timeout=10) as answer:
            return json.load(answer)

    def post(self, path: str, content: Any = None) -> Any:
        body = json.dumps(content).encode() if content is not None else b""
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}{path}", body, method="POST"), timeout=10) as answer:
            return json.load(answer)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


def ran(command: list[str]) -> tuple[int, str, str]:
    """(exit code, output, errors) of *command*, as AnsibleModule.run_command gives them."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def start(module: str, *arguments: str) -> Running:
    """``python -m module arguments``, once it says where it is ready. Its words go to a file: nobody would empty a pipe."""
    with tempfile.NamedTemporaryFile("w", suffix=".log", delete=False) as log:
        process = subprocess.Popen([sys.executable, "-m", module, *arguments], cwd=ROOT, stdout=log, stderr=log, text=True)
    end = time.monotonic() + START_SECONDS
    while True:
        said = Path(log.name).read_text(encoding="utf-8")
        if found := re.search(r"ready at http://127\.0\.0\.1:(\d+)", said):
            Path(log.name).unlink()
            return Running(process, int(found[1]))
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            raise RuntimeError(f"{module} ended with {process.wait()}: {said}")
        time.sleep(0.05)
