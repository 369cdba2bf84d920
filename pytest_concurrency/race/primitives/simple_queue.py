"""`queue.SimpleQueue`: an actor that would block lets others go on until something is there."""

from __future__ import annotations

import _queue
import _thread
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_concurrency.race.primitives.host import Host

__all__ = ["queue_methods"]

_SIMPLE: Any = _queue.SimpleQueue
# Kept before anything is patched.
_put = _SIMPLE.put
_get = _SIMPLE.get
_get_ident = _thread.get_ident


def queue_methods(scheduler: Host) -> Iterator[tuple[type, str, Any]]:
    """Yields (type, name, replacement) for everything to replace.

    Args:
        scheduler: Whom to ask.
    """

    def put(self: Any, item: object, block: bool = True, timeout: float | None = None) -> None:
        if scheduler.outside and _get_ident() != scheduler.ident:
            scheduler.rejoin()
        _put(self, item, block, timeout)
        if id(self) in scheduler.waiting:
            scheduler.wake(self)

    def put_nowait(self: Any, item: object) -> None:
        put(self, item)

    def get(self: Any, block: bool = True, timeout: float | None = None) -> object:
        if _get_ident() != scheduler.ident:
            if scheduler.outside:
                scheduler.rejoin()
            return _get(self, block, timeout)
        if block and timeout is not None and timeout < 0:
            raise ValueError("'timeout' must be a non-negative number")
        deadline = None if timeout is None else scheduler.now + timeout
        while True:
            try:
                return _get(self, False)
            except _queue.Empty:
                if not block or timeout == 0:
                    scheduler.failed_to_take(sys._getframe(1))
                    raise
            if not scheduler.block(self, deadline):
                raise _queue.Empty

    def get_nowait(self: Any) -> object:
        if _get_ident() != scheduler.ident:
            return _get(self, False)
        try:
            return _get(self, False)
        except _queue.Empty:
            scheduler.failed_to_take(sys._getframe(1))
            raise

    for name, method in (
        ("put", put),
        ("put_nowait", put_nowait),
        ("get", get),
        ("get_nowait", get_nowait),
    ):
        yield _SIMPLE, name, method
