"""Two processes take the same two locks in opposite order, and wait for each other for ever.

One pays from the left account to the right, the other from the right to the left. Each locks both
accounts, first the one that it takes from. Both programs are careful, and each is right on its own.
But if each gets its first lock before the other gets its second, neither can go on, and neither
gives back what it has.

It happens only if the two overlap in just that way, so a test that runs the program passes nearly
every time. The detector tries the schedules one by one and tells the one that hangs: who holds
which lock since which line, and who waits for it on which. It needs no timeout for that, because it
knows that nobody is left who could go on.

The remedy is one order for all: whoever needs both locks takes the left one first, wherever the
money goes. Or there is one lock for both accounts.

    pytest -p pytest_concurrency examples/c05_shared_state/test_05_lock_order.py --hazards=fail
"""

from __future__ import annotations

import multiprocessing
from typing import Any

import pytest

from pytest_concurrency import Race, RaceFound

# What is found under fork is replayed under spawn and forkserver, and the finding says what came.
FORK = multiprocessing.get_context("fork")


def two_locks() -> Any:
    return FORK.Lock(), FORK.Lock()


def pay_to_the_right(locks: Any) -> None:
    left, right = locks
    with left:  # noqa: SIM117 - two lines, so that the story below can tell them apart
        with right:
            pass  # the money changes hands


def pay_to_the_left(locks: Any) -> None:
    left, right = locks
    with right:  # noqa: SIM117
        with left:
            pass


@pytest.mark.hazard(
    "lock-order-deadlock",
    raises=RaceFound,
    match=r"Each\s+waits\s+for\s+the\s+other",
    why="each holds the lock that the other needs next, because they take them in opposite order",
)
def test_two_processes_that_lock_in_opposite_order_wait_for_ever(race: Race) -> None:
    race.processes(pay_to_the_right, pay_to_the_left, start_method="fork", setup=two_locks)


def pay_to_the_left_in_order(locks: Any) -> None:
    left, right = locks
    with left, right:
        pass


@pytest.mark.fix("lock-order-deadlock")
def test_one_order_for_all_never_deadlocks(race: Race) -> None:
    race.processes(pay_to_the_right, pay_to_the_left_in_order, start_method="fork", setup=two_locks)


def one_lock_twice() -> Any:
    lock = FORK.RLock()
    return lock, lock


@pytest.mark.fix("lock-order-deadlock")
def test_one_lock_for_both_accounts_never_deadlocks(race: Race) -> None:
    race.processes(pay_to_the_right, pay_to_the_left, start_method="fork", setup=one_lock_twice)


# See also: c05_shared_state/test_06_lock_without_an_owner.py, for a process that waits for
# itself.
