# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What each botocore session works out anew, worked out once for all sessions of a process and of what it forks.

A module makes a session and some clients each time it runs. Most of that time goes into answers that are the same each time:
the models, the methods of a client, the names of events, and what arguments a handler takes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path


def share() -> None:
    """Let sessions that are made from now on share those answers. A second call does nothing."""
    import boto3.session
    import botocore.client
    import botocore.hooks
    import botocore.loaders
    import botocore.session

    if issubclass(botocore.session.EventAliaser, _Shared):
        return
    boto3.session.Session._setup_loader = _setup_loader
    botocore.session.create_loader = functools.cache(botocore.loaders.create_loader)
    botocore.hooks.accepts_kwargs = _by_function(botocore.hooks.accepts_kwargs)
    botocore.client.ClientCreator._create_methods = _by_service(botocore.client.ClientCreator._create_methods)
    botocore.session.EventAliaser = type("EventAliaser", (_Shared, botocore.session.EventAliaser), {})


class _Shared:
    """Before botocore's EventAliaser: one cache of names for all of them that take botocore's own table of aliases."""

    names: dict[str, str] = {}

    def __init__(self, event_emitter, event_aliases=None):
        super().__init__(event_emitter, event_aliases)
        if event_aliases is None:
            self._alias_name_cache = self.names

    def __copy__(self):
        copied = super().__copy__()
        copied._alias_name_cache = self._alias_name_cache
        return copied


def _setup_loader(session) -> None:
    """What boto3's Session does with a loader of its own: look for models in boto3 too. One shared loader needs that once."""
    import boto3.session

    session._loader = session._session.get_component("data_loader")
    models = str(Path(boto3.session.__file__).parent / "data")
    if models not in session._loader.search_paths:
        session._loader.search_paths.append(models)


def _by_function(accepts_kwargs: Callable) -> Callable:
    """*accepts_kwargs*, remembered for functions: a remembered method would keep its object alive, a signer with its credentials, say."""
    remembered = functools.cache(accepts_kwargs)
    return lambda handler: remembered(getattr(handler, "__func__", handler))


def _by_service(create_methods: Callable) -> Callable:
    """*create_methods* of botocore's ClientCreator, remembered for each service: its methods know the operation's name alone."""
    remembered: dict[tuple[str, str], dict[str, Callable]] = {}

    @functools.wraps(create_methods)
    def methods(creator, service_model):
        key = service_model.service_name, service_model.api_version
        if key not in remembered:
            remembered[key] = create_methods(creator, service_model)
        return dict(remembered[key])  # boto3 adds methods of its own to what it gets

    return methods
