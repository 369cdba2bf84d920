"""Shrinking: a schedule with many preemptions becomes one with few, which fails in the same way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.runs import Case, Failure, Runner
from pytest_concurrency.race.schedule import Schedule
from pytest_concurrency.race.shrink import shrink
from pytest_concurrency.race.strategies.in_order import InOrder
from pytest_concurrency.race.strategies.replay import Replay
from pytest_concurrency.race.strategies.walk import RandomWalk
from pytest_concurrency.race.threads import Scheduler


class Account:
    def __init__(self) -> None:
        self.noise = 0
        self.balance = 0


def pay(account: Account) -> None:
    for _ in range(5):
        account.noise = 1
    account.balance = account.balance + 1
    for _ in range(5):
        account.noise = 2


def all_paid(account: Account) -> bool:
    return account.balance == 3


@pytest.fixture
def runner() -> Iterator[Runner]:
    with Scheduler(Scope()) as scheduler:
        runner = Runner(Case((pay, pay, pay), Account, all_paid), scheduler)
        runner.run(InOrder())
        runner.run(InOrder())
        yield runner


def failing(runner: Runner, seed: int) -> tuple[Schedule, Failure]:
    """Returns a schedule of a random walk that fails; there are many."""
    walk = RandomWalk(seed)
    for number in range(100):
        failure = runner.run(walk, number)
        if failure is not None:
            return runner.schedule(), failure
    raise AssertionError("no random walk lost an update")


@pytest.mark.parametrize("seed", range(6))
def test_one_preemption_is_left_of_many(runner: Runner, seed: int) -> None:
    schedule, failure = failing(runner, seed)
    assert schedule.preemptions > 5
    shortest, attempts = shrink(runner, schedule, failure)
    assert shortest.preemptions == 1
    assert attempts <= 100
    for _ in range(3):
        assert failure.is_like(runner.run(Replay(shortest)))
        assert runner.schedule() == shortest


@pytest.mark.parametrize("most", [0, 1, 7])
def test_takes_no_more_runs_than_allowed(runner: Runner, most: int) -> None:
    schedule, failure = failing(runner, 1)
    before = runner.runs
    shortest, attempts = shrink(runner, schedule, failure, max_runs=most)
    assert attempts == runner.runs - before
    assert attempts <= most
    assert failure.is_like(runner.run(Replay(shortest)))


def test_what_needs_no_preemption_stays_as_it_is() -> None:
    def read(account: Account) -> None:
        assert account.balance == 1

    with Scheduler(Scope()) as scheduler:
        runner = Runner(Case((read, pay), Account), scheduler)
        failure = runner.run(InOrder())
        assert failure is not None
        schedule = runner.schedule()
        assert shrink(runner, schedule, failure) == (schedule, 0)


def test_another_failure_does_not_count(runner: Runner) -> None:
    schedule, _ = failing(runner, 1)
    deadlock = Failure("deadlock")
    assert shrink(runner, schedule, deadlock)[0] == schedule
