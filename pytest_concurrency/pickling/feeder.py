"""`Queue.put` of something that cannot be pickled: an error that nobody would see.

`put` returns at once; a feeder thread pickles the item later, and when that fails prints a
traceback and goes on. Here the error ends the test instead.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType, ModuleType
from typing import Any

from pytest_concurrency.children.patches import Patches
from pytest_concurrency.children.processes import wait_until

_SETTLE = 0.2
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
        self._armed = False

    def on_queues_module(self, queues: ModuleType) -> None:
        """Called when `multiprocessing.queues` is loaded."""
        original: Callable[[BaseException, object], None] = queues.Queue._on_queue_feeder_error

        def on_feeder_error(error: BaseException, item: object) -> None:
            if os.getpid() != self._owner or not self._armed:
                original(error, item)
                return
            self._explain(error, item)
            self._errors.append(error)
            if _SIGNAL is not None:
                signal.pthread_kill(_main_thread(), _SIGNAL)

        self._patches.replace(queues.Queue, "_on_queue_feeder_error", staticmethod(on_feeder_error))

    def undo(self) -> None:
        """Leave feeder threads alone."""
        self._patches.undo()

    @contextlib.contextmanager
    def fail_the_test(self) -> Iterator[None]:
        """Raise the first feeder's error in the block, as soon as it happens.

        The main thread is interrupted, even if it waits for the item that will never come. An
        exception of the block itself gets the feeders' errors as notes instead.
        """
        with _signal_handler(self._interrupt):
            self._errors.clear()
            self._armed = True
            try:
                yield
                _wait_for_feeders()
            except BaseException as error:
                self._armed = False
                for missed in self._errors:
                    if missed is not error:
                        _add_note(error, missed)
                raise
            finally:
                self._armed = False
            if self._errors:
                raise self._errors[0]

    def _interrupt(self, signum: int, frame: FrameType | None) -> None:
        if self._armed and self._errors:
            self._armed = False
            raise self._errors[0]


@contextlib.contextmanager
def _signal_handler(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Install a handler if the signal is free and this is the main thread."""
    free = (
        _SIGNAL is not None
        and threading.get_ident() == _main_thread()
        and signal.getsignal(_SIGNAL) in (signal.SIG_DFL, signal.SIG_IGN)
    )
    if _SIGNAL is None or not free:
        yield
        return
    old = signal.signal(_SIGNAL, handler)
    try:
        yield
    finally:
        signal.signal(_SIGNAL, old)


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


def _add_note(error: BaseException, missed: BaseException) -> None:
    notes: list[Any] = error.__dict__.setdefault("__notes__", [])
    text = "\n".join([f"{type(missed).__name__}: {missed}", *getattr(missed, "__notes__", [])])
    notes.append("and in the feeder thread of a Queue: " + text)
