"""What stands in for `threading`, `queue`, `time` and the futures while the reference runs."""

from __future__ import annotations

import concurrent.futures.thread
import contextlib
import itertools
import queue
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from unittest import mock

from tests.corpus.scheduling import Actor, Scheduler

Current = Callable[[], Scheduler]
"""Returns the scheduler of the run that is on."""


class Lock:
    """`threading.Lock` under the scheduler."""

    def __init__(self, current: Current) -> None:
        self.current = current
        self.held = False

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if blocking:
            self.current().wait(lambda: not self.held, None if timeout < 0 else timeout)
        else:
            self.current().decide()
        if self.held:
            return False
        self.held = True
        return True

    def release(self) -> None:
        if self.current().over:  # what holds no longer matters to threads that unwind
            return
        if not self.held:
            raise RuntimeError("release unlocked lock")
        self.held = False

    def locked(self) -> bool:
        return self.held

    _is_owned = locked  # what Condition asks before wait and notify

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


@contextlib.contextmanager
def standing_in(current: Current) -> Iterator[None]:
    """Puts the stand-ins in place, and what was there before back."""
    actors: weakref.WeakKeyDictionary[threading.Thread, Actor] = weakref.WeakKeyDictionary()
    numbers: weakref.WeakKeyDictionary[Scheduler, Iterator[int]] = weakref.WeakKeyDictionary()

    def lock() -> Lock:
        return Lock(current)

    def start(thread: threading.Thread) -> None:
        actors[thread] = current().start(thread.run)
        current().decide()

    def join(thread: threading.Thread, timeout: float | None = None) -> None:
        actor = actors[thread]
        current().wait(lambda: actor.finished, timeout)

    def sleep(seconds: float) -> None:
        current().wait(lambda: False, seconds, yields=seconds == 0)

    def now() -> float:
        return current().clock

    def number(thing: object) -> int:
        """The futures sort by `id` and loop over sets: no two runs would be the same."""
        count = numbers.setdefault(current(), itertools.count())
        known: int = vars(thing).setdefault("_number_in_this_run", next(count))
        return known

    pool = concurrent.futures.thread
    futures = concurrent.futures._base
    with contextlib.ExitStack() as patches:
        for owner, name, value in (
            (threading, "Lock", lock),
            (threading, "_allocate_lock", lock),
            (threading, "RLock", vars(threading)["_PyRLock"]),
            (threading, "_time", now),
            # asked by a new Thread for its daemon flag; the threads of a Scheduler are no Threads
            (threading, "current_thread", threading.main_thread),
            (threading.Thread, "start", start),
            (threading.Thread, "join", join),
            (threading.Thread, "__hash__", number),
            (time, "sleep", sleep),
            (queue, "time", now),
            (queue, "SimpleQueue", vars(queue)["_PySimpleQueue"]),
            (pool, "_global_shutdown_lock", lock()),
            (pool, "_threads_queues", weakref.WeakKeyDictionary()),
            (futures, "id", number),
            (futures.Future, "__hash__", number),
            # a worker of a pool that unwinds says so in the log
            (futures.LOGGER, "disabled", True),
        ):
            patches.enter_context(mock.patch.object(owner, name, value, create=name == "id"))
        yield
