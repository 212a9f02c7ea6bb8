# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Run a module's __main__ in a forked child of a worker that already holds boto3 and the modules' code.

The child is what ansible-core's AnsiballZ wrapper would have started, without a new interpreter: same arguments, same
result on standard output, own environment, own signals. It dies with a time limit or an interrupt of the worker.
"""

from __future__ import annotations

import atexit
import contextlib
import io
import json
import os
import select
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field

#: Exit code of a child that was ended on purpose at the first write of a plan, or on unknown inputs.
STOPPED = 77

#: Our own modules do all their work in main(), and keep nothing in globals.
OWN = "ansible_collections.refarch.aws."


@dataclass
class Outcome:
    """What a child left behind: its exit code, both streams, and its journal (see C(watch.Journal.as_dict))."""

    rc: int
    stdout: str
    stderr: str
    journal: dict = field(default_factory=dict)


def run(fqn: str, parameters: bytes, profile: str, environment: dict[str, str], watch: Callable[[], Callable[[], dict]]) -> Outcome:
    """Run module *fqn* (its Python name) with serialized *parameters* under *environment*.

    *watch* is called in the child before the module starts; what it returns is called after it ended, and yields the
    journal. An exception in the caller (time limit, interrupt) kills the child and is raised again.
    """
    pipes = {name: os.pipe() for name in ("stdout", "stderr", "journal")}
    pid = os.fork()
    if pid == 0:
        _child({name: write for name, (_read, write) in pipes.items()}, fqn, parameters, profile, environment, watch)
    for _read, write in pipes.values():
        os.close(write)
    try:
        streams = _drain({read: name for name, (read, _write) in pipes.items()})
        rc = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    except BaseException:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        raise
    finally:
        for read, _write in pipes.values():
            os.close(read)
    text = {name: data.decode("utf-8", "surrogateescape") for name, data in streams.items()}
    return Outcome(rc, text["stdout"], text["stderr"], json.loads(text["journal"] or "{}"))


def _drain(names: dict[int, str]) -> dict[str, bytes]:
    """Read all descriptors to their end, side by side."""
    chunks: dict[str, list[bytes]] = {name: [] for name in names.values()}
    live = set(names)
    while live:
        for descriptor in select.select(list(live), [], [])[0]:
            chunk = os.read(descriptor, 1 << 16)
            if chunk:
                chunks[names[descriptor]].append(chunk)
            else:
                live.discard(descriptor)
    return {name: b"".join(parts) for name, parts in chunks.items()}


def _child(write: dict[str, int], fqn: str, parameters: bytes, profile: str, environment: dict[str, str], watch) -> None:
    """Never returns: whatever happens, the process ends here, as nothing above belongs to it."""
    rc = 1
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
            signal.signal(number, signal.SIG_DFL)
        signal.alarm(0)
        atexit._clear()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(write["stdout"], 1)
        os.dup2(write["stderr"], 2)
        sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False))
        sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False))
        sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), write_through=True)
        os.environ.update(environment)
        _become_module(parameters, profile)
        finish = watch()
        try:
            rc = _run_main(fqn, parameters, profile)
        finally:
            _write_all(write["journal"], json.dumps(finish()).encode())
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(rc)


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _become_module(parameters: bytes, profile: str) -> None:
    """Put ansible.module_utils into the state it has inside a module process: warnings go into the result."""
    from ansible.module_utils import _internal, basic
    from ansible.module_utils._internal import _traceback
    from ansible.module_utils.common import warnings

    _internal.is_controller = False
    _internal.import_controller_module = lambda _name, /: None
    _traceback._is_traceback_enabled = _traceback._is_module_traceback_enabled
    _traceback._module_tracebacks_enabled_events = None
    warnings._global_warnings.clear()
    warnings._global_deprecations.clear()
    basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE, basic._PARSED_MODULE_ARGS = parameters, profile, None


def _run_main(fqn: str, parameters: bytes, profile: str) -> int:
    from ansible.module_utils._internal._ansiballz import _loader

    from ansible_collections.refarch.aws.plugins.plugin_utils.runner.watch import Stop

    loaded = sys.modules.get(fqn)
    try:
        if loaded is not None and fqn.startswith(OWN):
            # Read already: running its file again as __main__, as AnsiballZ does, would only compile it anew.
            loaded.main()
        else:
            _loader.run_module(json_params=parameters, profile=profile, module_fqn=fqn, modlib_path="", extensions={})
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except Stop:
        return STOPPED
    except Exception as error:  # what run_module does with an exception that a module lets through
        try:
            _loader._handle_exception(error, profile)
        except SystemExit:
            return 1
    return 1
