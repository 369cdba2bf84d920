"""Threads that actors start are actors too, and joining them is a decision."""

from __future__ import annotations

import _thread
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from pytest_concurrency.race.actors import DONE, Actor

if TYPE_CHECKING:
    from pytest_concurrency.race.primitives.host import Host

__all__ = ["thread_methods"]

_get_ident = _thread.get_ident


def thread_methods(scheduler: Host) -> Iterator[tuple[type, str, Any]]:
    """Yields (type, name, replacement) for everything to replace.

    Args:
        scheduler: Whom to ask.
    """
    real_start = threading.Thread.start
    real_join = threading.Thread.join
    real_is_alive = threading.Thread.is_alive

    def start(self: Any) -> None:
        if _get_ident() != scheduler.ident:
            real_start(self)
            return
        if not self._initialized:
            raise RuntimeError("thread.__init__() not called")
        if self._started.is_set():
            raise RuntimeError("threads can only be started once")
        # A pool that is never shut down does not keep a program from ending: the interpreter ends
        # its workers when it exits.
        pools = _pools()
        daemon = self.daemon or (pools is not None and self._target is pools._worker)
        actor = scheduler.spawn(_running(self), self, daemon=daemon)
        self._race_actor = actor
        # Not by `set`: nobody waits for it, and it would pass for a lock that the actor acquires.
        self._started._flag = True
        if sys.version_info >= (3, 13):
            # After the race, `join` and `is_alive` ask the thread that the actor ran in.
            self._handle = actor.worker.handle
        else:
            self._is_stopped = True

    def join(self: Any, timeout: float | None = None) -> None:
        actor: Actor | None = getattr(self, "_race_actor", None)
        if actor is None or _get_ident() != scheduler.ident:
            real_join(self, timeout)
        elif actor is scheduler.current:
            raise RuntimeError("cannot join current thread")
        else:
            deadline = None if timeout is None else scheduler.now + max(timeout, 0)
            scheduler.join(actor, deadline)

    def is_alive(self: Any) -> bool:
        actor: Actor | None = getattr(self, "_race_actor", None)
        return real_is_alive(self) if actor is None else actor.state != DONE

    yield threading.Thread, "start", start
    yield threading.Thread, "join", join
    yield threading.Thread, "is_alive", is_alive


def _pools() -> Any:
    """Returns the module of the pools of threads, if there are any."""
    # Not imported here: each worker process of a race would pay 10 ms for it.
    return sys.modules.get("concurrent.futures.thread")


def _running(thread: Any) -> Callable[[], None]:
    """Makes what an actor does for a thread: the part of `Thread._bootstrap_inner` that counts."""

    def run() -> None:
        thread._ident = _get_ident()
        if hasattr(thread, "_native_id"):
            thread._native_id = _thread.get_native_id()
        try:
            thread.run()
        finally:
            # The exit of the interpreter would wait for it.
            pools = _pools()
            if pools is not None:
                pools._threads_queues.pop(thread, None)

    return run
