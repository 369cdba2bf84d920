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

from pytest_concurrency.children.patches import Patches
from pytest_concurrency.children.processes import wait_until
from pytest_concurrency.errors import add_note

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
        self._armed = False
        self._looked_at: tuple[int, int] | None = None
        self._disarmed = threading.Event()

    def on_queues_module(self, queues: ModuleType) -> None:
        """Called when `multiprocessing.queues` is loaded."""
        original: Callable[[BaseException, object], None] = queues.Queue._on_queue_feeder_error

        def on_feeder_error(error: BaseException, item: object) -> None:
            if os.getpid() != self._owner or not self._armed:
                original(error, item)
                return
            self._explain(error, item)
            self._errors.append(error)
            if len(self._errors) == 1 and _SIGNAL is not None:
                threading.Thread(target=self._nag, args=(_SIGNAL,), daemon=True).start()

        self._patches.replace(queues.Queue, "_on_queue_feeder_error", staticmethod(on_feeder_error))

    def undo(self) -> None:
        """Leave feeder threads alone."""
        self._patches.undo()

    @contextlib.contextmanager
    def fail_the_test(self) -> Iterator[None]:
        """Raise the first feeder's error in the block, or at its end.

        A main thread that waits, perhaps for the item that will never come, is interrupted. An
        exception of the block itself gets the feeders' errors as notes instead.
        """
        __tracebackhide__ = True
        with _signal_handler(self._interrupt):
            self._errors.clear()
            self._disarmed.clear()
            self._looked_at = None
            self._armed = True
            try:
                yield
                _wait_for_feeders()
            except BaseException as error:
                self._disarm()
                for missed in self._errors:
                    if missed is not error:
                        _note_missed(error, missed)
                raise
            finally:
                self._disarm()
            if self._errors:
                raise self._errors[0]

    def _disarm(self) -> None:
        self._armed = False
        self._disarmed.set()

    def _nag(self, signum: int) -> None:
        """Have the main thread look again and again, until the test is over."""
        while self._armed:
            signal.pthread_kill(_main_thread(), signum)
            self._disarmed.wait(_NAG)

    def _interrupt(self, signum: int, frame: FrameType | None) -> None:
        """Raise if the main thread has not moved since the last look: then it waits.

        It is left alone where it is busy, above all in a finalizer, whose exceptions are lost.
        """
        place = (id(frame), frame.f_lasti if frame is not None else 0)
        waits, self._looked_at = place == self._looked_at, place
        if self._armed and waits and not _in_finalizer(frame):
            self._armed = False
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
        # Between the two, a late signal finds nothing armed.
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


def _note_missed(error: BaseException, missed: BaseException) -> None:
    text = "\n".join([f"{type(missed).__name__}: {missed}", *getattr(missed, "__notes__", [])])
    add_note(error, "and in the feeder thread of a Queue: " + text)
