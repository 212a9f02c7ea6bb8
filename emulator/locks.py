"""One lock for the whole emulator: any number of reads, or one write.

moto's backends are plain Python objects that look into one another: two writes at once could make the same thing twice,
and a read beside a write could see half of it. One lock costs nothing here, since Python runs one thread at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, get_ident


class ReadWriteLock:
    """Writers go first, so that a stream of reads can't starve them. A writer may take the lock again."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._readers = 0
        self._waiting_writers = 0
        self._writer: int | None = None
        self._depth = 0

    @contextmanager
    def read(self) -> Iterator[None]:
        if self._writer == get_ident():
            yield
            return
        with self._changed:
            while self._writer is not None or self._waiting_writers:
                self._changed.wait()
            self._readers += 1
        try:
            yield
        finally:
            with self._changed:
                self._readers -= 1
                if not self._readers:
                    self._changed.notify_all()

    @contextmanager
    def write(self) -> Iterator[None]:
        me = get_ident()
        with self._changed:
            if self._writer != me:
                self._waiting_writers += 1
                try:
                    while self._writer is not None or self._readers:
                        self._changed.wait()
                finally:
                    self._waiting_writers -= 1
                self._writer = me
            self._depth += 1
        try:
            yield
        finally:
            with self._changed:
                self._depth -= 1
                if not self._depth:
                    self._writer = None
                    self._changed.notify_all()


WHOLE = ReadWriteLock()
"""The emulator's one lock. What works in the background, such as a function that was invoked, takes it before it changes anything."""
