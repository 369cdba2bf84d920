"""`Queue.put` of something that cannot be pickled: an error that nobody would see.

`put` returns at once; a feeder thread pickles the item later, and when that fails prints a
traceback and goes on. Here the error ends the test instead.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType, ModuleType
from typing import Any

from pytest_concurrency.errors import add_note
from pytest_concurrency.patches import Patches
from pytest_concurrency.waiting import wait_until

_SETTLE = 0.2
_NAG = 0.05
# Ignored by default and hardly used; to the main thread it means: look whether a feeder failed.
_SIGNAL: int | None = getattr(signal, "SIGURG", None)

Explain = Callable[[BaseException, object], object]


class FeederWatch:
    """Turns errors in feeder threads into errors of the test that put the item.

    Args:
        explain: told the error and the item, adds to the error's notes.
    """

    def __init__(self, explain: Explain) -> None:
        self._explain = explain
        self._owner = os.getpid()
        self._patches = Patches()
        self._errors: list[BaseException] = []
        self._recording = False
        self._over = threading.Event()
        self._over.set()
        self._looked_at: tuple[int, int] | None = None
        self._old_handler: Any = None

    def on_queues_module(self, queues: ModuleType) -> None:
        """Called when `multiprocessing.queues` is loaded."""
        original: Callable[[BaseException, object], None] = queues.Queue._on_queue_feeder_error

        def on_feeder_error(error: BaseException, item: object) -> None:
            if os.getpid() != self._owner or not self._recording:
                original(error, item)
                return
            self._explain(error, item)
            self._errors.append(error)
            if len(self._errors) == 1 and self._old_handler is not None:
                threading.Thread(target=self._nag, daemon=True).start()

        self._patches.replace(queues.Queue, "_on_queue_feeder_error", staticmethod(on_feeder_error))

    def undo(self) -> None:
        """Leave feeder threads alone."""
        self._patches.undo()

    def begin(self) -> None:
        """A test is about to be called.

        When a feeder fails and the main thread waits, perhaps for the item that will never come,
        the error is raised there.
        """
        self._errors.clear()
        self._looked_at = None
        self._recording = True
        self._over.clear()
        if _SIGNAL is not None and _is_free(_SIGNAL):
            self._old_handler = signal.signal(_SIGNAL, self._interrupt)

    def end(self, error: BaseException | None) -> BaseException | None:
        """A test has been called.

        Args:
            error: what it raised; what feeders raised beside it becomes a note of it.

        Returns:
            What the test must fail with, if it has not failed itself.
        """
        self._over.set()
        if self._old_handler is not None and _SIGNAL is not None:
            signal.signal(_SIGNAL, self._old_handler)
            self._old_handler = None
        _wait_for_feeders()
        self._recording = False
        if error is None:
            return self._errors[0] if self._errors else None
        for missed in self._errors:
            if missed is not error:
                _note_missed(error, missed)
        return None

    def _nag(self) -> None:
        """Have the main thread look again and again, until the test is over."""
        assert _SIGNAL is not None
        while not self._over.wait(_NAG):
            signal.pthread_kill(_main_thread(), _SIGNAL)

    def _interrupt(self, signum: int, frame: FrameType | None) -> None:
        """Raise if the main thread has not moved since the last look: then it waits.

        It is left alone where it is busy, above all in a finalizer, whose exceptions are lost.
        """
        place = (id(frame), frame.f_lasti if frame is not None else 0)
        waits, self._looked_at = place == self._looked_at, place
        if waits and not self._over.is_set() and not _in_finalizer(frame):
            self._over.set()
            raise self._errors[0]


def _in_finalizer(frame: FrameType | None) -> bool:
    while frame is not None:
        code = frame.f_code
        if code.co_name == "__del__" or (
            code.co_name == "__call__" and code.co_filename.endswith("util.py")
        ):
            return True
        frame = frame.f_back
    return False


def _is_free(signum: int) -> bool:
    """Is nobody else using a signal, and is this the thread that may?"""
    return threading.get_ident() == _main_thread() and signal.getsignal(signum) in (
        signal.SIG_DFL,
        signal.SIG_IGN,
    )


def _main_thread() -> int:
    ident = threading.main_thread().ident
    assert ident is not None
    return ident


def _wait_for_feeders() -> None:
    """Let feeder threads that are still pickling finish; those that wait or send have."""
    feeders = [thread for thread in threading.enumerate() if thread.name == "QueueFeederThread"]
    if feeders:
        wait_until(lambda: not any(map(_is_pickling, feeders)), _SETTLE)


def _is_pickling(feeder: threading.Thread) -> bool:
    frame = sys._current_frames().get(feeder.ident or 0)
    if frame is None or not feeder.is_alive():
        return False
    code = frame.f_code
    return code.co_name != "wait" and not code.co_filename.endswith("connection.py")


def _note_missed(error: BaseException, missed: BaseException) -> None:
    text = "\n".join([f"{type(missed).__name__}: {missed}", *getattr(missed, "__notes__", [])])
    add_note(error, "and in the feeder thread of a Queue: " + text)
