"""Reads run side by side, a write runs alone."""

from __future__ import annotations

import threading

from emulator.locks import ReadWriteLock


def waits(enter) -> bool:
    """Does another thread have to wait to *enter*?"""
    entered = threading.Event()

    def run() -> None:
        with enter():
            entered.set()

    threading.Thread(target=run, daemon=True).start()
    return not entered.wait(0.2)


def test_reads_share():
    lock = ReadWriteLock()
    with lock.read():
        assert not waits(lock.read)


def test_a_write_waits_for_reads_and_writes():
    for held in ("read", "write"):
        lock = ReadWriteLock()
        with getattr(lock, held)():
            assert waits(lock.write)


def test_reads_wait_for_a_write_even_a_waiting_one():
    lock = ReadWriteLock()
    with lock.write():
        assert waits(lock.read)
    with lock.read():
        assert waits(lock.write)
        assert waits(lock.read)


def test_a_writer_may_enter_again():
    lock = ReadWriteLock()
    with lock.write(), lock.write(), lock.read():
        pass
    assert not waits(lock.write)
