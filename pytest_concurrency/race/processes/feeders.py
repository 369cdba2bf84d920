"""The feeder threads of queues: `put` returns before the data is in the pipe.

A feeder is an actor of its own, and a process does not end before what it has put is written.
"""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing import queues
from typing import Any

__all__ = ["Feeders"]


class Feeders:
    """Knows the queues that have a feeder in this process.

    Replaces `Queue._start_thread`; nothing is put back, since the process ends with its races.
    """

    def __init__(self) -> None:
        self._fed: list[Any] = []
        queue: Any = queues.Queue
        real_start: Callable[[Any], None] = queue._start_thread

        def start_thread(self: Any) -> None:
            reader, writer = self._reader, self._writer
            # The queue is used again in the next run if there is a `reset`.
            self._reader, self._writer = _StaysOpen(reader), _StaysOpen(writer)
            try:
                fed.append(self)
                real_start(self)
            finally:
                self._reader, self._writer = reader, writer

        fed = self._fed
        queue._start_thread = start_thread

    def drain(self) -> None:
        """Waits until the feeders have written everything, as a process does when it ends."""
        for queue in self._fed:
            if not queue._joincancelled:
                queue.close()
                queue.join_thread()

    def forget_run(self) -> None:
        """Makes the queues as if they had not been used in this process."""
        for queue in self._fed:
            for finalizer in (queue._close, queue._jointhread):
                if finalizer is not None:
                    finalizer.cancel()
            queue._reset()
        self._fed.clear()


class _StaysOpen:
    """A connection that its feeder does not close."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def close(self) -> None:
        """Does nothing."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)
