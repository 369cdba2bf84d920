"""A process ends while it holds a lock, and nobody ever gets that lock again.

A lock of multiprocessing is a semaphore of the operating system, a number that several processes
see. Taking the lock makes it 0 and giving it back makes it 1. It does not know who took it, so it
cannot notice that this process is gone: whether an exception ended it, or `terminate()`, or a
plain return that forgot to release.

One tutorial calls `with lock:` a short way to write acquire and release. It is more: it releases
when an exception leaves the block. Against `terminate()` it does not help, since a process that is
terminated does not leave its blocks; it just stops. So a process that may hold a lock is asked to
stop, with an Event for instance, and then joined.

The tests ask for the lock without waiting: who has it is settled once the child is joined. A
program that writes `with lock:` at this point waits for ever, without a word. The last remedy is
not to: `acquire(timeout=...)` at least comes back, and can say which lock it was.

    pytest -p pytest_concurrency examples/c05_*/test_04_lock_never_released.py --hazards=fail
"""

from __future__ import annotations

from typing import Any

import pytest


def start(mp_context: Any, target: Any, *args: Any) -> Any:
    child = mp_context.Process(target=target, args=args, name="the child")
    child.start()
    return child


def divide(lock: Any, number: int) -> None:
    lock.acquire()
    print(1 // number)
    lock.release()


@pytest.mark.hazard(
    "lock-not-released-on-exception",
    match="the lock is still taken",
    why="the exception jumped over release(), and the system does not know whose lock it was",
)
def test_a_lock_stays_taken_when_an_exception_skips_the_release(mp_context: Any) -> None:
    lock = mp_context.Lock()
    child = start(mp_context, divide, lock, 0)
    child.join(timeout=30)
    assert child.exitcode == 1
    is_free = lock.acquire(block=False)
    assert is_free, "the child has ended, and the lock is still taken"


def divide_with(lock: Any, number: int) -> None:
    with lock:
        print(1 // number)


@pytest.mark.fix("lock-not-released-on-exception")
def test_a_with_block_releases_it_all_the_same(mp_context: Any) -> None:
    lock = mp_context.Lock()
    child = start(mp_context, divide_with, lock, 0)
    child.join(timeout=30)
    assert child.exitcode == 1
    assert lock.acquire(block=False)


def work_until_told(lock: Any, holds_it: Any, stop: Any) -> None:
    with lock:
        holds_it.set()
        stop.wait(timeout=30)


@pytest.mark.hazard(
    "lock-holder-dies",
    match="the lock is still taken",
    why="a terminated process does not leave its `with` block, so nothing released the lock",
)
def test_a_terminated_child_takes_the_lock_with_it(mp_context: Any) -> None:
    lock, holds_it, stop = mp_context.Lock(), mp_context.Event(), mp_context.Event()
    child = start(mp_context, work_until_told, lock, holds_it, stop)
    assert holds_it.wait(timeout=30)
    child.terminate()
    child.join(timeout=30)
    is_free = lock.acquire(block=False)
    assert is_free, "the child was terminated, and the lock is still taken"


@pytest.mark.fix("lock-holder-dies")
def test_a_child_that_is_told_to_stop_gives_the_lock_back(mp_context: Any) -> None:
    lock, holds_it, stop = mp_context.Lock(), mp_context.Event(), mp_context.Event()
    child = start(mp_context, work_until_told, lock, holds_it, stop)
    assert holds_it.wait(timeout=30)
    stop.set()
    child.join(timeout=30)
    assert child.exitcode == 0
    assert lock.acquire(block=False)


# See also: c05_shared_state/test_08_barrier_waits_for_the_dead.py, for others who wait for a
# process that is gone.
