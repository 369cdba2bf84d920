"""Actors as the strategies and the primitives see them, and the threads that run them."""

from __future__ import annotations

import _thread
import contextvars
import ctypes
import os
import sys
import threading
import time
import warnings
from bisect import insort
from collections.abc import Callable

from pytest_concurrency.race.points.operations import Operation

__all__ = [
    "BLOCKED",
    "DONE",
    "NEW",
    "READY",
    "STRAY",
    "Actor",
    "ThreadWorker",
    "Unwind",
    "put_in_order",
]

NEW, READY, BLOCKED, STRAY, DONE = range(5)

# Kept before anything is patched: while a race runs, the methods of locks are ours.
_start_raw = _thread.start_new_thread
_allocate = _thread.allocate_lock
_sleep = time.sleep
# In seconds; a second in all.
_LOOK_EVERY, _LOOKS = 0.0005, 2_000
_LOCK = type(_allocate())
acquire_raw = _LOCK.acquire
release_raw = _LOCK.release
if sys.version_info >= (3, 13):
    _start_joinable = _thread.start_joinable_thread


class Unwind(BaseException):
    """Raised in an actor where it is parked, so that its `finally` and `with` blocks run."""


class Actor:
    """One actor of a run.

    Attributes:
        index: Its number, in the order of creation.
        path: Its name in schedules: "0" for the first one given, "0.1" for the second one that it
            started.
        state: NEW, READY, BLOCKED, STRAY (in a call that blocks and is not modelled) or DONE.
        pending: The visible operation that comes next; None before the first one.
        access: What that operation touches, if the scheduler was asked to find out.
        waits_for: What it is blocked on: a lock, a queue, an actor that shall end; None in a sleep.
        deadline: When its wait ends, in seconds of the virtual clock. A blocked actor with a
            deadline can be chosen, and its timeout wins then.
        until: The same, kept while it is woken and may have to wait on.
        timed_out: Whether its last wait ended by its timeout.
        error: The exception that ended it.
        daemon: Whether the run ends without it.
        children: How many actors it has started.
        thread: The `threading.Thread` that it is.
        yields: How often it has given way.
    """

    __slots__ = (
        "access",
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
        "until",
        "unwinding",
        "waits_for",
        "worker",
        "yields",
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
        self.access: object = None
        self.waits_for: object = None
        self.deadline: float | None = None
        self.until: float | None = None
        self.timed_out = False
        self.error: BaseException | None = None
        self.children = 0
        self.yields = 0
        self.unwinding = False

    @property
    def name(self) -> str:
        """What its thread is called."""
        return self.thread.name

    def __repr__(self) -> str:
        states = ("new", "ready", "blocked", "stray", "done")
        return f"<actor {self.path} {states[self.state]}>"


def put_in_order(actor: Actor, actors: list[Actor]) -> None:
    """Puts an actor among others that stand in the order of their creation."""
    insort(actors, actor, key=_index)


def _index(actor: Actor) -> int:
    return actor.index


class ThreadWorker:
    """A thread that runs one actor after the other, and is parked between them.

    Args:
        before: Called in the thread before each actor.
        after: Called in the thread after each actor, with the actor.

    Attributes:
        abandoned: Whether it was given up: it ends as soon as it comes back, and touches nothing.
    """

    def __init__(self, before: Callable[[], None], after: Callable[[Actor], None]) -> None:
        self.gate = _allocate()
        acquire_raw(self.gate)
        self.actor: Actor | None = None
        self.ident = 0
        self.native_id = 0
        self.abandoned = False
        self._before = before
        self._after = after
        started = _allocate()
        acquire_raw(started)
        if sys.version_info >= (3, 13):
            self.handle = _thread._ThreadHandle()
            _start_joinable(lambda: self._work(started), handle=self.handle, daemon=True)
        else:
            _start_raw(self._work, (started,))
        acquire_raw(started)

    def _work(self, started: _thread.LockType) -> None:
        __tracebackhide__ = True
        self.ident = ident = _thread.get_ident()
        self.native_id = _thread.get_native_id()
        if sys.version_info < (3, 13):
            # Released by the interpreter when the state of the thread is gone; typeshed lacks it.
            self._ended = _thread._set_sentinel()  # type: ignore[attr-defined]
            acquire_raw(self._ended)
        active = threading._active  # type: ignore[attr-defined]
        if sys.version_info >= (3, 12):
            # A coverage tool that traces; before 3.12 the points need the trace function.
            sys.settrace(threading.gettrace())
        release_raw(started)
        try:
            while self._work_once():
                pass
        except Unwind:
            # It was given up when it was about to come back.
            pass
        finally:
            active.pop(ident, None)
            sys.settrace(None)

    def _work_once(self) -> bool:
        """Runs the next actor; False if there is none, or this thread was given up."""
        __tracebackhide__ = True
        acquire_raw(self.gate)
        actor = self.actor
        if actor is None:
            return False
        threading._active[self.ident] = actor.thread  # type: ignore[attr-defined]
        try:
            self._before()
            contextvars.Context().run(actor.target)
        except BaseException as error:
            if actor.unwinding:
                _drop_frames_of(error)
            elif not isinstance(error, (Unwind, SystemExit)):
                actor.error = error
        if not self.abandoned:
            self._after(actor)
        return not self.abandoned

    def abandon(self) -> None:
        """Gives up the thread, which is in a call that blocks: it ends when that returns."""
        if self.abandoned:
            return
        self.abandoned = True
        self.interrupt()
        # It may have come back just now, and be parked.
        release_raw(self.gate)

    def interrupt(self) -> None:
        """Unwinds the actor at the next bytecode; a call that blocks in C does not notice."""
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(self.ident), ctypes.py_object(Unwind)
        )

    def end(self, timeout: float) -> bool:
        """Ends the thread, which must be parked between two actors.

        Args:
            timeout: How long to wait for it, in seconds.

        Returns:
            Whether it is gone.
        """
        self.actor = None
        release_raw(self.gate)
        if sys.version_info >= (3, 13):
            self.handle.join(timeout)
            ended = self.handle.is_done()
        else:
            ended = acquire_raw(self._ended, True, timeout)
        if ended:
            self._leave_the_system()
        return ended

    def _leave_the_system(self) -> None:
        """Waits until the system has no such thread any more, which is a little later.

        A fork in between would be warned of as one in a process with threads.
        """
        for _ in range(_LOOKS):
            if not os.path.exists(f"/proc/self/task/{self.native_id}"):
                return
            _sleep(_LOOK_EVERY)


def _drop_frames_of(error: BaseException) -> None:
    """Lets go of what an unwound actor had in its hands: a file, for instance.

    That it was not closed is our doing, and no fault of the user's.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        error.__context__ = error.__traceback__ = None
