"""A daemon child outlives its parent, because the parent was killed.

A daemon is there to end with its parent, so one expects that it does. But nothing in the system
says so. It is the parent that terminates its daemons, as its last deed; one that is killed, crashes
or is terminated without a handler does not get that far. Its daemon becomes an orphan, and runs on
as long as it likes.

An orphan can even deceive the one who waits for its parent. `join(timeout=...)` watches a pipe that
breaks when the child ends; under fork the grandchild has a copy of it, and the join waits for both.
A join without a timeout asks the system, and is right.

What helps is a child that watches its parent itself: `multiprocessing.parent_process()` has a
sentinel, which breaks when the parent is gone, however it went.

    pytest -p pytest_concurrency examples/c03_processes/test_09_daemon_outlives.py --hazards=fail
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import parent_process
from multiprocessing.connection import wait
from threading import Thread
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(60)  # some joins below have no timeout


def manage(mp_context: Any, numbers: Any, target: Any, *args: Any) -> None:
    daemon = mp_context.Process(target=target, args=args, daemon=True)
    daemon.start()
    numbers.send(daemon.pid)
    daemon.join(timeout=60)


@contextmanager
def manager_and_daemon(mp_context: Any, target: Any, *args: Any) -> Iterator[tuple[Any, int]]:
    """Start a child that starts a daemon; whatever happens, both are gone in the end.

    The daemon is given as a descriptor, which becomes readable when that process has ended.
    """
    numbers, sender = mp_context.Pipe(duplex=False)
    manager = mp_context.Process(
        target=manage, args=(mp_context, sender, target, *args), name="manager"
    )
    manager.start()
    try:
        assert numbers.poll(30)
        daemon = os.pidfd_open(numbers.recv())
        try:
            yield manager, daemon
        finally:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(daemon, signal.SIGKILL)
            wait([daemon], timeout=30)
            os.close(daemon)
    finally:
        manager.kill()
        manager.join(timeout=30)


@pytest.mark.hazard(
    "daemon-is-not-a-guarantee",
    match="its daemon is still running",
    why="daemons are terminated by their parent when it ends, and a killed one cannot",
)
def test_the_daemon_of_a_killed_manager_runs_on(mp_context: Any) -> None:
    with manager_and_daemon(mp_context, time.sleep, 60) as (manager, daemon):
        manager.kill()
        manager.join()  # without a timeout: see above
        ended = wait([daemon], timeout=0.1)
        assert ended, f"manager has exit code {manager.exitcode}, and its daemon is still running"


@pytest.mark.start_method("fork")  # the only one under which an orphan has copies
def test_an_orphan_keeps_the_sentinel_of_its_dead_parent_silent(mp_context: Any) -> None:
    with manager_and_daemon(mp_context, time.sleep, 60) as (manager, _):
        manager.kill()
        manager.join()
        assert manager.exitcode == -signal.SIGKILL
        assert wait([manager.sentinel], timeout=0.1) == []  # what join(timeout=0.1) waits for


def leave_with_the_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)  # from a thread, sys.exit() would end the thread only


def work_under_watch() -> None:
    Thread(target=leave_with_the_parent, daemon=True).start()
    time.sleep(60)


@pytest.mark.fix("daemon-is-not-a-guarantee")
def test_a_daemon_that_watches_its_parent_leaves_with_it(mp_context: Any) -> None:
    with manager_and_daemon(mp_context, work_under_watch) as (manager, daemon):
        manager.kill()
        manager.join()
        assert wait([daemon], timeout=30)


# See also: c03_processes/test_07_daemon_children.py, for daemons whose parent ends in good order.
