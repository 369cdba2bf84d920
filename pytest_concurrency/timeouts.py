"""When pytest-timeout ends a test, the test's children end first.

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


def end_children_first(item: pytest.Item, settings: Any, end_children: Callable[[], str]) -> None:
    """Put ourselves before the handler that pytest-timeout has just installed.

    Args:
        item: the test.
        settings: pytest-timeout's settings of it.
        end_children: ends the test's children and says what they were doing.
    """

    def expire(by_signal: bool) -> None:
        if not settings.disable_debugger_detection and pytest_timeout.is_debugging():
            return
        text = end_children()
        if not text:
            return
        if by_signal:
            item.add_report_section("call", "children at the timeout", text)
        else:
            _print_now(item, text)

    timer = _timer_of(item)
    if timer is not None:
        theirs = timer.function

        def expire_in_thread(*args: Any, **kwargs: Any) -> None:
            expire(by_signal=False)
            theirs(*args, **kwargs)

        timer.function = expire_in_thread
    elif hasattr(signal, "SIGALRM") and callable(handler := signal.getsignal(signal.SIGALRM)):

        def expire_by_signal(signum: int, frame: FrameType | None) -> None:
            __tracebackhide__ = True
            expire(by_signal=True)
            handler(signum, frame)

        signal.signal(signal.SIGALRM, expire_by_signal)


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
    capture = item.config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.suspend_global_capture(in_=True)
    terminal = item.config.get_terminal_writer()
    terminal.sep("+", title="Children at the timeout")
    terminal.line(text)
