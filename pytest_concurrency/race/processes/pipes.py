"""Pipes: who would block in one lets others go on until something can be read, or written.

A read and a write say nothing of who has the other end, so both wake everybody who waits for a
pipe; who finds nothing to do there waits on.
"""

from __future__ import annotations

import _thread
import os
import select
from collections.abc import Callable, Iterator
from multiprocessing import connection
from typing import Any

from pytest_concurrency.race.processes.turns import Turns

__all__ = ["CONNECTION", "PIPES", "pipe_methods", "waiting_function"]

PIPES = 1
"""The key of all pipes."""

CONNECTION: Any = connection.Connection
"""The type of the ends of pipes."""

_get_ident = _thread.get_ident
_read, _write = os.read, os.write
_real_wait = connection.wait
# A pipe that says it can be written to has room for so many bytes (pipe(7)); a socket for more.
_AT_ONCE = select.PIPE_BUF


def pipe_methods(turns: Turns) -> Iterator[tuple[type, str, Any]]:
    """Yields (type, name, replacement) for everything to replace."""
    real_receive, real_send = CONNECTION._recv, CONNECTION._send

    def is_modelled() -> bool:
        return _get_ident() == turns.ident and not turns.talks_to_a_manager

    def receive(self: Any, size: int, read_with: Callable[[int, int], bytes] = _read) -> Any:
        def read(descriptor: int, size: int) -> bytes:
            _wait_until_ready(turns, self, select.POLLIN)
            data = _read(descriptor, size)
            turns.wake_key(PIPES)
            return data

        return real_receive(self, size, read if is_modelled() else read_with)

    def send(self: Any, data: bytes, write_with: Callable[[int, bytes], int] = _write) -> None:
        def write(descriptor: int, data: bytes) -> int:
            _wait_until_ready(turns, self, select.POLLOUT)
            written = _write(descriptor, memoryview(data)[:_AT_ONCE])
            turns.wake_key(PIPES)
            return written

        real_send(self, data, write if is_modelled() else write_with)

    yield CONNECTION, "_recv", receive
    yield CONNECTION, "_send", send


def waiting_function(turns: Turns) -> Callable[..., list[Any]]:
    """Makes what stands in for `multiprocessing.connection.wait`, and so for `poll`."""

    def wait(object_list: Any, timeout: float | None = None) -> list[Any]:
        objects = list(object_list)
        if (
            _get_ident() != turns.ident
            or turns.talks_to_a_manager
            or not all(isinstance(each, CONNECTION) for each in objects)
        ):
            return _real_wait(objects, timeout)
        deadline = None if timeout is None else turns.now + timeout
        while True:
            ready = _real_wait(objects, 0)
            if ready:
                return ready
            if timeout is not None and timeout <= 0:
                turns.give_way()
                return []
            if not turns.block_on(PIPES, deadline):
                return _real_wait(objects, 0)

    return wait


def _wait_until_ready(turns: Turns, end: Any, event: int) -> None:
    poll = select.poll()
    poll.register(end.fileno(), event)
    while not poll.poll(0):
        turns.block_on(PIPES, None, end)
