"""Emulators in subprocesses, on free ports of 127.0.0.1, and clients for them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

ROOT = Path(__file__).resolve().parents[3]
REGION = "ap-northeast-2"


@dataclass
class Running:
    """A process that answers at *port*."""

    process: subprocess.Popen[str]
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, service: str, *, region: str = REGION, attempts: int = 1, **options: Any) -> Any:
        """A client that tries *attempts* times."""
        config = Config(retries={"total_max_attempts": attempts, "mode": "standard"}, s3={"addressing_style": "path"}, **options)
        keys = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "secret"}
        return boto3.session.Session().client(service, region_name=region, endpoint_url=self.url, config=config, **keys)

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


def start(module: str, *arguments: str) -> Running:
    """``python -m module arguments``, once it says on stderr where it is ready."""
    process = subprocess.Popen([sys.executable, "-m", module, *arguments], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if found := re.search(r"ready at http://127\.0\.0\.1:(\d+)", line):
            return Running(process, int(found[1]))
    raise RuntimeError(f"{module} ended with {process.wait()}: {''.join(said)}")


@pytest.fixture(scope="session")
def emulator() -> Iterator[Running]:
    """An emulator as everybody starts it. Tests share it: they use names of their own."""
    running = start("emulator", "--port", "0")
    yield running
    running.stop()


@pytest.fixture
def started() -> Iterator[Callable[..., Running]]:
    """Starts further processes (``started("emulator", "--latency", "aws", "--port", "0")``), and stops them all."""
    all_of_them: list[Running] = []

    def begin(module: str, *arguments: str) -> Running:
        all_of_them.append(start(module, *arguments))
        return all_of_them[-1]

    yield begin
    for running in all_of_them:
        if running.process.poll() is None:
            running.stop()
