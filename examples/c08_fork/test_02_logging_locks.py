"""Another thread is logging at the moment of the fork, and the child can log all the same.

A handler has a lock, so that two threads do not write into one line. A child that is forked while a
thread writes gets that lock locked, and nobody to release it; so it is often told that logging and
fork do not go together. In old versions they did not. Every Python from 3.10 on gives the child new
locks for all handlers, right after the fork.

That is a favour to logging alone. A lock of your own stays locked, also one inside your handler.

    pytest -p pytest_concurrency examples/c08_fork/test_02_logging_locks.py
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest


class Diary(logging.Handler):
    """Keeps what is logged; whoever logs "wait" does so with the handler's lock in hand."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: list[str] = []
        self.wait: Callable[[], None] = lambda: None

    def emit(self, record: logging.LogRecord) -> None:
        self.pages.append(record.getMessage())
        if record.getMessage() == "wait":
            self.wait()


diary = Diary()


def write_in_diary() -> list[str]:
    diary.handle(logging.makeLogRecord({"msg": "the child was here"}))
    return diary.pages[-1:]


@pytest.mark.fact("logging-lock-after-fork")
def test_logging_gives_the_child_new_locks(run_in_process: Any) -> None:
    inside, may_go = threading.Event(), threading.Event()

    def wait() -> None:
        inside.set()
        may_go.wait(timeout=60)

    diary.wait = wait
    writer = threading.Thread(target=diary.handle, args=(logging.makeLogRecord({"msg": "wait"}),))
    writer.start()
    try:
        assert inside.wait(timeout=30)
        assert run_in_process(write_in_diary) == ["the child was here"]
    finally:
        may_go.set()
        writer.join(timeout=30)
        diary.pages.clear()


# See also: test_01_held_lock.py, for the locks that nobody looks after.
