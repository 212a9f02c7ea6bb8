"""Pickle for moto's backends: what pickle itself refuses in them is locks, private keys and lambdas; and what must not be copied
are moto's dictionaries of backends."""

from __future__ import annotations

import importlib
import io
import marshal
import pickle
import threading
from collections.abc import Callable
from types import CellType, FunctionType
from typing import IO, Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from moto.backends import get_backend
from moto.core.base_backend import AccountSpecificBackend, BackendDict

_LOCK = type(threading.Lock())
_RLOCK = type(threading.RLock())


def dumps(value: Any) -> bytes:
    """*value*, pickled."""
    buffer = io.BytesIO()
    _Pickler(buffer, protocol=pickle.HIGHEST_PROTOCOL).dump(value)
    return buffer.getvalue()


def load(file: IO[bytes]) -> Any:
    """The next value of *file*, written by `dumps` or by pickle."""
    return _Unpickler(file).load()


class _Pickler(pickle.Pickler):
    def persistent_id(self, value: Any) -> tuple[str, ...] | None:
        if isinstance(value, BackendDict):
            return ("service", value.service_name)
        if isinstance(value, AccountSpecificBackend):
            return ("account", value.service_name, value.account_id)
        return None

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, _RLOCK):
            return threading.RLock, ()
        if isinstance(value, _LOCK):
            return threading.Lock, ()
        if isinstance(value, PrivateKeyTypes):
            form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
            return _private_key, (value.private_bytes(*form),)
        if isinstance(value, PublicKeyTypes):
            form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            return _public_key, (value.public_bytes(*form),)
        if isinstance(value, x509.Certificate):
            return x509.load_pem_x509_certificate, (value.public_bytes(serialization.Encoding.PEM),)
        if isinstance(value, FunctionType) and "<" in value.__qualname__:
            # A lambda or an inner function, as in defaultdict(lambda: …).
            cells = tuple(cell.cell_contents for cell in value.__closure__ or ())
            return _function, (marshal.dumps(value.__code__), value.__module__, value.__name__, value.__defaults__, cells)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def persistent_load(self, name: Any) -> Any:
        backends = get_backend(name[1])
        return backends if name[0] == "service" else backends[name[2]]


def _private_key(pem: bytes) -> PrivateKeyTypes:
    return serialization.load_pem_private_key(pem, password=None)


def _public_key(pem: bytes) -> PublicKeyTypes:
    return serialization.load_pem_public_key(pem)


def _function(code: bytes, module: str, name: str, defaults: tuple[Any, ...] | None, cells: tuple[Any, ...]) -> Callable[..., Any]:
    space = vars(importlib.import_module(module))
    return FunctionType(marshal.loads(code), space, name, defaults, tuple(CellType(cell) for cell in cells))
