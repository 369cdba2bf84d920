"""A lock does not know who holds it: its holder waits for itself, and a stranger may release it.

A method that takes a lock calls another that takes the same lock. It is the same process, so one
expects it to be let in. But a Lock only knows that it is taken, and the process waits for itself
for ever. An RLock knows its owner and counts how often it has been taken; the lock of a
`multiprocessing.Value` is one.

The other side of it: any process may release a Lock that another one holds. One tutorial says that
a lock is global to the main process; indeed the main process can release it while a child is in
the middle of what it protects, nothing is raised, and then two are inside. An RLock refuses:
`AssertionError: attempt to release recursive lock not owned by thread`. (A Lock that nobody holds
complains as well, with a ValueError. A Semaphore just grows by one; a BoundedSemaphore does not.)

    pytest -p pytest_concurrency examples/c05_*/test_06_lock_without_an_owner.py --hazards=fail
"""

from __future__ import annotations

import multiprocessing
from typing import Any

import pytest

from pytest_concurrency import Race, RaceFound

# What is found under fork is replayed under spawn and forkserver, and the finding says what came.
FORK = multiprocessing.get_context("fork")


def book_a_trip(lock: Any) -> None:
    with lock:
        book_a_seat(lock)


def book_a_seat(lock: Any) -> None:
    with lock:
        pass


@pytest.mark.hazard(
    "lock-not-reentrant",
    raises=RaceFound,
    match=r"waits\s+for\s+itself",
    why="a Lock only knows that it is taken, not that the one who asks has it already",
)
def test_a_process_that_takes_its_lock_again_waits_for_itself(race: Race) -> None:
    race.processes(book_a_trip, start_method="fork", setup=FORK.Lock)


@pytest.mark.fix("lock-not-reentrant")
def test_an_rlock_lets_its_owner_in_again(race: Race) -> None:
    race.processes(book_a_trip, start_method="fork", setup=FORK.RLock)


def stay_inside(lock: Any, inside: Any, leave: Any) -> None:
    with lock:
        inside.set()
        leave.wait(timeout=30)


def second_guest_is_let_in(mp_context: Any, lock: Any) -> bool:
    """Have a child take the lock; try to get in while it is inside, by force if need be."""
    inside, leave = mp_context.Event(), mp_context.Event()
    child = mp_context.Process(target=stay_inside, args=(lock, inside, leave))
    child.start()
    try:
        assert inside.wait(timeout=30)
        lock.release()
        return bool(lock.acquire(block=False))
    finally:
        leave.set()
        child.join(timeout=30)
        assert child.exitcode == 0


@pytest.mark.hazard(
    "lock-released-by-non-owner",
    match="both the child and the parent",
    why="release() of a Lock asks nobody's name: the parent released what the child holds",
)
def test_a_stranger_releases_a_lock_that_a_child_holds(mp_context: Any) -> None:
    two_inside = second_guest_is_let_in(mp_context, mp_context.Lock())
    assert not two_inside, "both the child and the parent are inside the lock"


@pytest.mark.fix("lock-released-by-non-owner")
def test_an_rlock_refuses_a_stranger(mp_context: Any) -> None:
    with pytest.raises(AssertionError, match="not owned by thread"):
        second_guest_is_let_in(mp_context, mp_context.RLock())


# See also: c05_shared_state/test_05_lock_order.py, for two processes that wait for each other.
