"""Two tasks add to the same number, and one of the additions is lost, without any thread.

Tasks change turns only where it says `await`. One tutorial concludes that nothing can go wrong: the
program itself decides. It does, and here it decides wrongly: with the `await` between reading and
writing, every other task may run in between, and read the same old number.

Each `await` is a place where the world can change. What belongs together has no `await` inside, or
a lock around it: an `asyncio.Lock`, since one of `threading` would stop the whole loop.

    pytest -p pytest_concurrency examples/c09_asyncio/test_03_await_between.py --hazards=fail
"""

from __future__ import annotations

import asyncio

import pytest

from pytest_concurrency import Race, RaceFound


class Account:
    def __init__(self) -> None:
        self.balance = 100
        self.lock = asyncio.Lock()

    async def pay_in(self) -> None:
        balance = self.balance
        await asyncio.sleep(0)  # asks the bank
        self.balance = balance + 10

    async def pay_in_after_asking(self) -> None:
        await asyncio.sleep(0)
        self.balance += 10

    async def pay_in_under_the_lock(self) -> None:
        async with self.lock:
            balance = self.balance
            await asyncio.sleep(0)
            self.balance = balance + 10


def both_were_paid_in(account: Account) -> None:
    assert account.balance == 120, (
        f"10 was paid in twice on 100, and the balance is {account.balance}"
    )


@pytest.mark.hazard(
    "await-between-read-and-write",
    raises=RaceFound,
    match=r"the balance is 110[\s\S]*lost update across an await[\s\S]*verdict: reachable today",
    why="during the await the other task read the same balance, and one wrote over the other",
)
def test_two_tasks_lose_a_payment_at_the_await(race: Race) -> None:
    race.tasks(Account.pay_in, Account.pay_in, setup=Account, check=both_were_paid_in)


@pytest.mark.fix("await-between-read-and-write")
def test_with_no_await_between_reading_and_writing_both_arrive(race: Race) -> None:
    race.tasks(
        Account.pay_in_after_asking,
        Account.pay_in_after_asking,
        setup=Account,
        check=both_were_paid_in,
    )


@pytest.mark.fix("await-between-read-and-write")
def test_under_a_lock_of_asyncio_both_arrive(race: Race) -> None:
    race.tasks(
        Account.pay_in_under_the_lock,
        Account.pay_in_under_the_lock,
        setup=Account,
        check=both_were_paid_in,
    )


# See also: c04_threads/test_01_plus_equals.py, for threads, which change turns where they like, and
# test_02_blocking_call.py, for an await that is missing.
