"""Pickle for moto's backends. What pickle itself refuses in them is locks, private keys, certificates, lambdas and odd dictionaries;
and what must not be copied are moto's dictionaries of backends."""

from __future__ import annotations

import copyreg
import importlib
import io
import marshal
import pickle
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from types import CellType, FunctionType
from typing import IO, Any

from cryptography import x509
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from moto.backends import get_backend
from moto.core.base_backend import AccountSpecificBackend, BackendDict

_PRIVATE_FORM = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
_PUBLIC_FORM = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def dumps(value: Any) -> bytes:
    """*value*, pickled. Lambdas slow pickle down threefold, so they are looked for only if there are some."""
    try:
        return _dumps(_Pickler, value)
    except (pickle.PicklingError, AttributeError, TypeError):
        return _dumps(_ThoroughPickler, value)


def load(file: IO[bytes]) -> Any:
    """The next value of *file*, written by `dumps` or by pickle."""
    return pickle.load(file)


def _dumps(kind: type[pickle.Pickler], value: Any) -> bytes:
    buffer = io.BytesIO()
    kind(buffer, protocol=pickle.HIGHEST_PROTOCOL).dump(value)
    return buffer.getvalue()


class _Pickler(pickle.Pickler):
    def __init__(self, *arguments: Any, **options: Any):
        super().__init__(*arguments, **options)
        self.dispatch_table = copyreg.dispatch_table | _reducers()


class _ThoroughPickler(_Pickler):
    def reducer_override(self, value: Any) -> Any:
        return _reduce_function(value) if isinstance(value, FunctionType) and "<" in value.__qualname__ else NotImplemented


def _reducers() -> dict[type, Callable[[Any], Any]]:
    """By exact type, as pickle looks them up."""
    reducers: dict[type, Callable[[Any], Any]] = {
        BackendDict: lambda value: (get_backend, (value.service_name,)),
        AccountSpecificBackend: lambda value: (_account, (value.service_name, value.account_id)),
        type(threading.Lock()): lambda value: (threading.Lock, ()),
        type(threading.RLock()): lambda value: (threading.RLock, ()),
        x509.Certificate: lambda value: (_certificate, (value.public_bytes(serialization.Encoding.PEM),)),
        defaultdict: _reduce_dictionary,
    }
    for module in (openssl.rsa, openssl.ec, openssl.ed25519):
        for name, kind in vars(module).items():
            if name.endswith("PrivateKey"):
                reducers[kind] = lambda value: (_private_key, (value.private_bytes(*_PRIVATE_FORM),))
            elif name.endswith("PublicKey"):
                reducers[kind] = lambda value: (_public_key, (value.public_bytes(*_PUBLIC_FORM),))
    # Subclasses would be made anew by calling them, and moto's take arguments.
    reducers.update(dict.fromkeys([*_below(defaultdict), *_below(OrderedDict)], _reduce_dictionary))
    return reducers


def _below(kind: type) -> Iterator[type]:
    for child in kind.__subclasses__():
        if child.__module__.startswith("moto."):
            yield child
        yield from _below(child)


def _reduce_dictionary(value: Any) -> Any:
    factory = getattr(value, "default_factory", None)
    if isinstance(factory, FunctionType) and "<" in factory.__qualname__:
        made_by: tuple[Any, ...] = (_reduce_function(factory)[1],)
    else:
        made_by = (None, factory)
    return _dictionary, (type(value), *made_by), getattr(value, "__dict__", None) or None, None, iter(list(value.items()))


def _dictionary(kind: type[Any], function: tuple[Any, ...] | None, factory: Callable[[], Any] | None = None) -> Any:
    value = kind.__new__(kind)
    if issubclass(kind, defaultdict):
        defaultdict.__init__(value, _function(*function) if function else factory)
    return value


def _reduce_function(value: FunctionType) -> Any:
    cells = tuple(cell.cell_contents for cell in value.__closure__ or ())
    return _function, (marshal.dumps(value.__code__), value.__module__, value.__name__, value.__defaults__, cells)


def _function(code: bytes, module: str, name: str, defaults: tuple[Any, ...] | None, cells: tuple[Any, ...]) -> Callable[..., Any]:
    space = vars(importlib.import_module(module))
    return FunctionType(marshal.loads(code), space, name, defaults, tuple(CellType(cell) for cell in cells))


def _account(service: str, account_id: str) -> Any:
    return get_backend(service)[account_id]  # type: ignore[call-overload]


def _certificate(pem: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem)


def _private_key(pem: bytes) -> PrivateKeyTypes:
    return serialization.load_pem_private_key(pem, password=None)


def _public_key(pem: bytes) -> PublicKeyTypes:
    return serialization.load_pem_public_key(pem)
