"""``python -m emulator``: start the emulator in the foreground."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import signal
import sys
import threading
from pathlib import Path

# moto reads these when it is imported. Managed policies: attaching arn:aws:iam::aws:policy/… must work.
os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
# Of what is made while moto is imported nothing is garbage: looking for it would take a sixth of the start.
gc.disable()

from emulator import latency, machines, services, speed
from emulator.authorization import Policies
from emulator.instances.follower import Follower
from emulator.instances.machine import missing
from emulator.instances.network import NotPossible
from emulator.pipeline import Emulator
from emulator.server import Server
from emulator.state import StateError, StateFile
from emulator.strict.judge import Judge, UnknownRule

HOST = "127.0.0.1"


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    level = logging.WARNING if options.quiet else logging.DEBUG if options.verbose else logging.WARNING
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    logging.getLogger("botocore").setLevel(logging.WARNING)
    if options.quiet:
        logging.getLogger("emulator").setLevel(logging.ERROR)
    os.environ["MOTO_PORT"] = str(options.port)
    if options.instances and (reason := missing()):
        print(f"emulator: {reason}", file=sys.stderr)
        return 2
    try:
        return _serve(options)
    except (UnknownRule, StateError, NotPossible, OSError, ValueError) as error:
        print(f"emulator: {error}", file=sys.stderr)
        return 2


def _serve(options: argparse.Namespace) -> int:
    if options.instances:
        machines.FOLLOWED.set()
    speed.apply()
    services.apply_all()
    gc.freeze()
    gc.enable()
    latency.apply(options.latency)
    judge = Judge(options.lenient)
    state = StateFile(options.state) if options.state else None
    policies = Policies.of(options.policy) if options.policy else None
    emulator = Emulator(judge, state.changed if state else lambda: None, policies)
    if state:
        state.open(emulator)
    server = Server(HOST, options.port, emulator.handle)
    os.environ["MOTO_PORT"] = str(server.server_address[1])  # with --port 0 known only now
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threading.Thread(target=server.serve_forever, name="server", daemon=True).start()
    follower = Follower((HOST, server.server_address[1]), state.changed if state else lambda: None) if options.instances else None
    if follower:
        follower.start()
    if not options.quiet:
        print(f"emulator: ready at http://{HOST}:{server.server_address[1]}", file=sys.stderr, flush=True)
    stop.wait()
    if follower:
        follower.stop()
    server.shutdown()
    if state:
        state.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m emulator", description="A local stand-in for AWS, strict by default.")
    parser.add_argument("--port", type=int, default=4566, help="port on 127.0.0.1 (default 4566; 0: any free one)")
    parser.add_argument("--latency", choices=sorted(latency.PROFILES), default="none", help="hold 'available' back, scaled")
    parser.add_argument("--state", type=Path, metavar="DIR", help="keep the state in DIR across restarts")
    parser.add_argument("--lenient", action="append", default=[], metavar="RULE", help="switch a rule off (repeatable)")
    parser.add_argument("--policy", type=Path, metavar="PATH", help="callers may do only what the policies in this file or folder allow")
    parser.add_argument("--instances", action="store_true", help="boot a machine for each EC2 instance (Linux, as root)")
    volume = parser.add_mutually_exclusive_group()
    volume.add_argument("--quiet", action="store_true", help="only errors")
    volume.add_argument("--verbose", action="store_true", help="every call")
    return parser


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # All is saved and stopped. Taking moto's objects apart one by one takes seconds, up to twenty with the images of EC2.
    os._exit(code)
