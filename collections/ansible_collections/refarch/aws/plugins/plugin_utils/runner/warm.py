# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Load in the controller what every worker would load again: boto3, service models, the modules' code."""

from __future__ import annotations

import functools
import gc
import importlib
import inspect
import os
import re
from pathlib import Path

from ansible_collections.refarch.aws.plugins.plugin_utils.runner import sessions

_UPSTREAM_UTILS = ("modules", "botocore", "retries", "tagging", "transformation", "policy", "waiters")
_CLIENT = re.compile(r"""\.(?:client|read|write|wait)\(\s*["']([a-z0-9-]+)["']""")

_loaded: set[str] = set()


def sdk(services: list[str]) -> None:
    """Import the SDK and the models of *services*; let all sessions of this process tree share what they would each work out anew."""
    import boto3  # noqa: F401  (the import is the point)

    sessions.share()
    for name in _UPSTREAM_UTILS:
        importlib.import_module(f"ansible_collections.amazon.aws.plugins.module_utils.{name}")
    _models(services)
    gc.freeze()


def filters() -> None:
    """Load every filter, test and lookup of ansible-core and of this collection, which each worker would search and read again."""
    from ansible.plugins.loader import filter_loader, lookup_loader, test_loader

    for loader in (filter_loader, test_loader):
        list(loader.all())
    lookup_loader.get("ansible.builtin.env", class_only=True)
    folder = Path(__file__).resolve().parents[2] / "filter"
    for file in folder.glob("*.py"):
        filter_loader.get(f"refarch.aws.{file.stem}")


def module(action: str) -> None:
    """Import the module behind *action* (its C(__main__) guard keeps it from running) and the models that it names."""
    namespace, _dot, name = action.rpartition(".")
    if namespace not in ("amazon.aws", "community.aws", "refarch.aws") or action in _loaded:
        return
    _loaded.add(action)
    try:
        code = importlib.import_module(f"ansible_collections.{namespace}.plugins.modules.{name}")
        _models(sorted(set(_CLIENT.findall(inspect.getsource(code)))))
        gc.freeze()
    except Exception:  # warming is an aid: the task itself reports what is wrong with its module
        return


def files_of(play) -> None:
    """Read the C(vars_files) of *play* once. ansible-core keeps only vaulted ones, and reads the others for each task and host again.

    What is read is the same, as long as nobody changes the files during the play.
    """
    loader = play.get_loader()
    for name in play.get_vars_files():
        try:
            found = loader.path_dwim_relative_stack(play.get_search_path(), "vars", name)
            loader.load_from_file(found, cache="all", unsafe=True, trusted_as_template=True)
        except Exception:  # a name with a template, or a file that isn't there: ansible-core says what is wrong with it
            continue


def connection_of(play) -> None:
    """Load the connection plugin of the hosts of *play*, and the models that it needs: each worker would for each task.

    Hosts that are reached alike are looked at by their first.
    """
    from ansible.plugins.loader import connection_loader

    try:
        manager = play.get_variable_manager()
        host = manager._inventory.get_hosts(play.hosts)[0]
        name = manager.get_vars(play=play, host=host, include_hostvars=False)["ansible_connection"]
        connection_loader.get(name, class_only=True)
        _models(["ssm", "s3"] if name == "amazon.aws.aws_ssm" else [])
        gc.freeze()
    except Exception:  # no host, or no such variable: workers load what they need, as they do without us
        return


@functools.cache
def neutral_session():
    """A botocore session that reads no profile, whatever the environment says: for looking at models only."""
    import botocore.session

    nowhere = (None, None, os.devnull, None)
    return botocore.session.Session(session_vars={"profile": (None, None, None, None), "config_file": nowhere, "credentials_file": nowhere})


def _models(services: list[str]) -> None:
    for service in services:
        if service not in _loaded:
            _loaded.add(service)
            client = neutral_session().create_client(
                service, region_name="us-east-1", aws_access_key_id="none", aws_secret_access_key="none"
            )
            # Each worker would look through the folders of all services for paginators and waiters.
            client.can_paginate(next(iter(client.meta.method_to_api_mapping)))
            len(client.waiter_names)
