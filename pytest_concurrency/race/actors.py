"""Actors as the strategies and the primitives see them, and the threads that run them."""

from __future__ import annotations

import _thread
import contextvars
import sys
import threading
from collections.abc import Callable
from typing import Protocol

from pytest_concurrency.race.points.operations import Operation

__all__ = ["BLOCKED", "DONE", "NEW", "READY", "Actor", "Resource", "ThreadWorker", "Unwind"]

NEW, READY, BLOCKED, DONE = range(4)
# Kept before anything is patched.
_start_raw = _thread.start_new_thread
_allocate = _thread.allocate_lock
if sys.version_info >= (3, 13):
    _start_joinable = _thread.start_joinable_thread


class Unwind(BaseException):
    """Raised in an actor where it is parked, so that its `finally` and `with` blocks run."""


class Resource(Protocol):
    """What an actor can wait for: a modelled primitive, or another actor that shall end."""

    waiters: list[Actor]


class Actor:
    """One actor of a run.

    Attributes:
        index: Its number, in the order of creation.
        path: Its name in schedules: "0" for the first one given, "0.1" for the second one that it
            started.
        state: NEW, READY, BLOCKED or DONE. A blocked actor with a deadline can be chosen, and its
            timeout wins then.
        pending: The visible operation that comes next; None before the first one.
        waits_for: What it is blocked on.
        deadline: When its wait ends, in seconds of the virtual clock.
        timed_out: Whether its last wait ended by its timeout.
        error: The exception that ended it.
        daemon: Whether the run ends without it.
        children: How many actors it has started.
        thread: The `threading.Thread` that it is.
        waiters: The actors that wait for its end.
    """

    __slots__ = (
        "children",
        "daemon",
        "deadline",
        "error",
        "index",
        "path",
        "pending",
        "state",
        "target",
        "thread",
        "timed_out",
        "unwinding",
        "waiters",
        "waits_for",
        "worker",
    )

    def __init__(
        self,
        index: int,
        path: str,
        target: Callable[[], object],
        worker: ThreadWorker,
        thread: threading.Thread,
        daemon: bool,
    ) -> None:
        self.index = index
        self.path = path
        self.target = target
        self.worker = worker
        self.thread = thread
        self.daemon = daemon
        self.state = NEW
        self.pending: Operation | None = None
        self.waits_for: Resource | None = None
        self.deadline: float | None = None
        self.timed_out = False
        self.error: BaseException | None = None
        self.children = 0
        self.unwinding = False
        self.waiters: list[Actor] = []

    def __repr__(self) -> str:
        return f"<actor {self.path} {('new', 'ready', 'blocked', 'done')[self.state]}>"


class ThreadWorker:
    """A thread that runs one actor after the other, and is parked between them.

    Args:
        before: Called in the thread before each actor.
        after: Called in the thread after each actor, with the actor.
    """

    def __init__(self, before: Callable[[], None], after: Callable[[Actor], None]) -> None:
        self.gate = _allocate()
        self.gate.acquire()
        self.actor: Actor | None = None
        self.ident = 0
        self.native_id = 0
        self._before = before
        self._after = after
        started = _allocate()
        started.acquire()
        if sys.version_info >= (3, 13):
            self._handle = _thread._ThreadHandle()
            _start_joinable(lambda: self._work(started), handle=self._handle, daemon=True)
        else:
            _start_raw(self._work, (started,))
        started.acquire()

    def _work(self, started: _thread.LockType) -> None:
        self.ident = _thread.get_ident()
        self.native_id = _thread.get_native_id()
        if sys.version_info < (3, 13):
            # Released by the interpreter when the state of the thread is gone.
            self._ended = _thread._set_sentinel()
        started.release()
        while True:
            self.gate.acquire()
            actor = self.actor
            if actor is None:
                break
            try:
                self._before()
                contextvars.Context().run(actor.target)
            except (Unwind, SystemExit):
                pass
            except BaseException as error:
                actor.error = error
            self._after(actor)
        if sys.version_info < (3, 12):
            sys.settrace(None)

    def end(self, timeout: float) -> bool:
        """Ends the thread, which must be parked between two actors.

        Args:
            timeout: How long to wait for it, in seconds.

        Returns:
            Whether it is gone.
        """
        self.actor = None
        self.gate.release()
        if sys.version_info >= (3, 13):
            self._handle.join(timeout)
            return self._handle.is_done()
        return self._ended.acquire(timeout=timeout)
