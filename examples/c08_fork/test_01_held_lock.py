"""A child is forked while another thread holds a lock, and in the child it is locked for ever.

Fork copies the memory as it is at that moment, the locked lock included. It does not copy the
other threads. So in the child nobody is left who could release the lock, and the first `with lock:`
there waits until somebody kills the child. With spawn and forkserver the child imports the module
afresh, and finds a lock of its own that nobody holds.

The lock need not be one of yours: a `queue.Queue` has one inside, and so have caches, connection
pools and most objects that threads may share.

    pytest -p pytest_concurrency examples/c08_fork/test_01_held_lock.py --hazards=fail
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from pytest_concurrency import ChildHung

till = threading.Lock()
orders: queue.Queue[str] = queue.Queue()


def open_till() -> str:
    with till:
        return "open"


def count_orders() -> int:
    return orders.qsize()


@contextmanager
def held_by_another_thread(lock: AbstractContextManager[Any]) -> Iterator[None]:
    has_it, may_go = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            has_it.set()
            may_go.wait(timeout=60)

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert has_it.wait(timeout=30)
        yield
    finally:
        may_go.set()
        holder.join(timeout=30)


def patience(start_method: str) -> float:
    return 0.3 if start_method == "fork" else 30  # seconds; what can never end is cut short


@pytest.mark.hazard(
    "fork-with-held-lock",
    raises=ChildHung,
    match="open_till",
    under=("fork",),
    why="fork copied a locked lock, and not the thread that would have released it",
)
def test_a_lock_that_a_thread_holds_at_the_fork_stays_locked_in_the_child(
    run_in_process: Any, start_method: str
) -> None:
    with held_by_another_thread(till):
        assert run_in_process(open_till, timeout=patience(start_method)) == "open"


def open_till_when_told(may_open: Any) -> None:
    assert may_open.wait(timeout=30)
    assert open_till() == "open"


@pytest.mark.fix("fork-with-held-lock")
def test_a_child_that_is_started_before_the_thread_has_a_free_lock(mp_context: Any) -> None:
    may_open = mp_context.Event()
    child = mp_context.Process(target=open_till_when_told, args=(may_open,))
    child.start()
    with held_by_another_thread(till):
        may_open.set()
        child.join(timeout=30)
    assert child.exitcode == 0


@pytest.mark.hazard(
    "fork-with-held-queue-mutex",
    raises=ChildHung,
    match="count_orders",
    under=("fork",),
    why="the queue has a lock inside, and fork copied it locked, without the thread that held it",
)
def test_a_queue_that_a_thread_uses_at_the_fork_hangs_in_the_child(
    run_in_process: Any, start_method: str
) -> None:
    with held_by_another_thread(orders.mutex):  # as each put() and get() does for a moment
        assert run_in_process(count_orders, timeout=patience(start_method)) == 0


def count(some_orders: list[str]) -> int:
    return len(some_orders)


@pytest.mark.fix("fork-with-held-queue-mutex")
def test_a_child_that_is_handed_plain_data_needs_no_lock(run_in_process: Any) -> None:
    with held_by_another_thread(orders.mutex):
        assert run_in_process(count, ["tea", "milk"]) == 2


# See also: test_03_threads_stay_behind.py, for the threads themselves.
