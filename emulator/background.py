"""The emulator of `make up`: started in the background if none answers, and stopped by its pid.

python -m emulator.background start [--instances]    at AWS_ENDPOINT_URL, by default http://127.0.0.1:4566
python -m emulator.background stop
python -m emulator.background curl     how its public load balancers are asked, whose names no resolver of this machine knows
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import boto3

from emulator.instances.machine import missing

DEFAULT_URL = "http://127.0.0.1:4566"
START_SECONDS = 60


def answers(url: str) -> bool:
    """Whether an emulator answers at *url*."""
    try:
        with urllib.request.urlopen(f"{url}/moto-api/", timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def has_instances(url: str) -> bool:
    """Whether the emulator at *url* boots machines for EC2's instances."""
    try:
        with urllib.request.urlopen(f"{url}/emulator/instances", timeout=5) as answer:
            return bool(json.load(answer)["instances"])
    except (urllib.error.URLError, OSError, ValueError):
        return False


def start(url: str, folder: Path) -> str:
    """Start an emulator at *url* unless one answers, with its state, log and pid in *folder*. Returns a sentence.

    Raises SystemExit where *url* is not this machine, the emulator does not come up, or --instances can't be had.
    """
    instances = "--instances" in sys.argv[2:]
    if answers(url):
        if instances and not has_instances(url):
            raise SystemExit(f"The emulator at {url} has no instances: `make stop` ends it, `make up INSTANCES=1` starts one that has.")
        return f"An emulator answers at {url}."
    if instances and (reason := missing()):
        print(f"emulator: {reason}", file=sys.stderr)
        raise SystemExit(2)
    parts = urllib.parse.urlsplit(url)
    if parts.hostname not in ("127.0.0.1", "localhost"):
        raise SystemExit(f"AWS_ENDPOINT_URL is {url}: nothing answers there, and an emulator is started on 127.0.0.1 only.")
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "emulator", "--port", str(parts.port or 80), "--state", str(folder / "state"), *sys.argv[2:]],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    (folder / "pid").write_text(str(process.pid), encoding="utf-8")
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if answers(url):
            return f"Started an emulator at {url} (pid {process.pid}, log {log}); `make stop` ends it."
        if process.poll() == 2 and instances:  # it said why
            (folder / "pid").unlink()
            print(log.read_text(encoding="utf-8").splitlines()[-1], file=sys.stderr)
            raise SystemExit(2)
        if process.poll() is not None:
            break
        time.sleep(0.1)
    process.kill()
    (folder / "pid").unlink()
    raise SystemExit(f"The emulator did not come up at {url}; its log is {log}.")


def stop(folder: Path) -> str:
    """Stop the emulator that *start* started from *folder*, and wait until its state is saved. Returns a sentence."""
    file = folder / "pid"
    if not file.exists():
        return "No emulator was started from here."
    pid = int(file.read_text(encoding="utf-8"))
    with contextlib.suppress(ProcessLookupError):
        if b"emulator" in Path(f"/proc/{pid}/cmdline").read_bytes() if Path(f"/proc/{pid}").exists() else False:
            os.kill(pid, signal.SIGTERM)
            end = time.monotonic() + START_SECONDS
            while Path(f"/proc/{pid}").exists() and time.monotonic() < end:
                time.sleep(0.05)
    file.unlink()
    return f"Stopped the emulator (pid {pid})."


def curls(url: str, path: str = "/api/items") -> list[str]:
    """A command for each public load balancer of the emulator at *url*, in its region."""
    keys = {"aws_access_key_id": "emulator-key-id", "aws_secret_access_key": "emulator-secret-key"}
    client = boto3.client("elbv2", endpoint_url=url, region_name=os.environ.get("AWS_REGION", "ap-northeast-2"), **keys)
    place = urllib.parse.urlsplit(url).netloc
    balancers = client.describe_load_balancers()["LoadBalancers"]
    names = sorted(one["DNSName"] for one in balancers if one["Scheme"] == "internet-facing")
    return [f"curl --connect-to ::{place} http://{name}{path}" for name in names]


def main() -> None:
    url = os.environ.get("AWS_ENDPOINT_URL") or DEFAULT_URL
    folder = Path("build/emulator")
    verb = sys.argv[1] if len(sys.argv) > 1 else ""
    if verb == "curl":
        print("\n".join(["What the servers answer:", *curls(url.rstrip("/"))]))
    elif verb in ("start", "stop"):
        print(start(url.rstrip("/"), folder) if verb == "start" else stop(folder))
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
