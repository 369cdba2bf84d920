"""When pytest-timeout ends a test, the test's children end too.

Left to itself, a timeout by signal hangs in the first `with` block that waits for its workers, and
one by thread calls `os._exit` and leaves every child behind (conventions.md §7, measured).
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
import pytest_timeout

from pytest_concurrency.leak_check import LeakCheck
from pytest_concurrency.session import close

CLEAN_UP = 1.0  # seconds that a test which has timed out has to leave its `with` blocks
_LAST_STAGE = 6

_ESCALATION = pytest.StashKey["_Escalation"]()


def guard(item: pytest.Item, settings: Any, children: LeakCheck) -> None:
    """Put ourselves before the handler that pytest-timeout has just installed.

    Args:
        item: the test.
        settings: pytest-timeout's settings of it.
        children: names and ends the test's children.
    """
    timer = _timer_of(item)
    if timer is not None:
        theirs = timer.function

        def expire_in_thread(*args: Any, **kwargs: Any) -> None:
            if not _is_debugging(settings):
                _print_now(item, children.end_children())
                close(item.config)  # os._exit is next
            theirs(*args, **kwargs)

        timer.function = expire_in_thread
    elif hasattr(signal, "SIGALRM") and callable(handler := signal.getsignal(signal.SIGALRM)):
        item.stash[_ESCALATION] = _Escalation(item, settings, children, handler)
        signal.signal(signal.SIGALRM, item.stash[_ESCALATION])


def calm_down(item: pytest.Item) -> None:
    """A phase of the test has ended: if it had timed out, it needs no more force."""
    escalation = item.stash.get(_ESCALATION, None)
    if escalation is not None:
        escalation.calm_down()


class _Escalation:
    """The handler of SIGALRM: asks a test to end, then makes it.

    First the test fails, as pytest-timeout has it, and may clean up: a `Pool` must end its workers
    itself, because one that is killed may hold a lock that the Pool needs (measured: for ever).
    Only if that does not end the children are killed, and then the test is made to fail again.
    """

    def __init__(
        self,
        item: pytest.Item,
        settings: Any,
        children: LeakCheck,
        theirs: Callable[[int, FrameType | None], object],
    ) -> None:
        self._item = item
        self._settings = settings
        self._children = children
        self._theirs = theirs
        self._stage = 0

    def __call__(self, signum: int, frame: FrameType | None) -> None:
        __tracebackhide__ = True
        if _is_debugging(self._settings):
            return
        self._stage += 1
        if self._stage < _LAST_STAGE:
            signal.setitimer(signal.ITIMER_REAL, CLEAN_UP)
        if self._stage == 1:
            self._report(self._children.describe_children())
            self._theirs(signum, frame)
        self._report(self._children.end_children())
        if self._stage > 2:
            pytest.fail(
                f"Timeout (>{self._settings.timeout}s), and the test's own clean-up did not end "
                "after its children had been killed"
            )

    def calm_down(self) -> None:
        if self._stage:
            self._stage = 0
            signal.setitimer(signal.ITIMER_REAL, 0)
            self._children.end_children()

    def _report(self, text: str) -> None:
        if text:
            title = "children at the timeout" if self._stage == 1 else "children killed"
            self._item.add_report_section("call", title, text)


def _is_debugging(settings: Any) -> bool:
    return not settings.disable_debugger_detection and pytest_timeout.is_debugging()


def _timer_of(item: pytest.Item) -> threading.Timer | None:
    for thread in threading.enumerate():
        if (
            isinstance(thread, threading.Timer)
            and thread.function is pytest_timeout.timeout_timer
            and next(iter(thread.args)) is item
        ):
            return thread
    return None


def _print_now(item: pytest.Item, text: str) -> None:
    """Print beside the capture: the process is about to end without any further report."""
    if not text:
        return
    capture = item.config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.suspend_global_capture(in_=True)
    terminal = item.config.get_terminal_writer()
    terminal.line()
    terminal.sep("+", title="Children at the timeout")
    terminal.line(text)
