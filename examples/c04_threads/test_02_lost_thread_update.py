"""Two threads read the balance, both pay in, and one payment is gone.

Each single step is safe: the reading, the adding, the writing. One expects the three together to be
safe as well. But the other thread may do all of its three between our first and our last; then we
write a sum that was worked out from an old balance. It needs no free-threaded build: a call stands
between reading and writing, and at a call CPython may let another thread go on.

By nature it happens once in thousands of runs. The detector finds the order in which it happens,
tells it step by step, and prints a token with which the same order runs again.

    pytest -p pytest_concurrency examples/c04_threads/test_02_lost_thread_update.py --hazards=fail
"""

from __future__ import annotations

import queue
from threading import Lock

import pytest

from pytest_concurrency import Race, RaceFound


class Account:
    def __init__(self) -> None:
        self.balance = 100
        self.lock = Lock()
        self.payments: queue.SimpleQueue[int] = queue.SimpleQueue()


def plus(balance: int, amount: int) -> int:
    return balance + amount


def pay_in(account: Account) -> None:
    account.balance = plus(account.balance, 10)


def has_both_payments(account: Account) -> bool:
    return account.balance == 120


@pytest.mark.hazard(
    "thread-lost-update",
    raises=RaceFound,
    match=r"lost update[\s\S]*verdict: reachable today",
    why="the balance that was read is out of date by the time the sum is written",
)
def test_one_of_two_payments_is_lost(race: Race) -> None:
    race.threads(pay_in, pay_in, setup=Account, check=has_both_payments)


def pay_in_under_the_lock(account: Account) -> None:
    with account.lock:
        account.balance = plus(account.balance, 10)


@pytest.mark.fix("thread-lost-update")
def test_a_lock_around_reading_and_writing_keeps_both(race: Race) -> None:
    race.threads(
        pay_in_under_the_lock, pay_in_under_the_lock, setup=Account, check=has_both_payments
    )


def send_payment(account: Account) -> None:
    account.payments.put(10)


def book_two_payments(account: Account) -> None:
    for _ in range(2):
        account.balance = plus(account.balance, account.payments.get())


@pytest.mark.fix("thread-lost-update")
def test_one_thread_that_books_what_others_send_keeps_both(race: Race) -> None:
    race.threads(
        send_payment, send_payment, book_two_payments, setup=Account, check=has_both_payments
    )


# See also: c05_shared_state/test_01_lost_update.py, for the same between processes.
