"""Two processes add one to the same number, and one of the additions is lost.

A `multiprocessing.Value` comes with a lock, so one expects `counter.value += 1` to be safe. But
that line is two operations: it reads the number, and it writes one more. The lock is taken for each
of them, and it is free in between: long enough for another process to read the same old number.

By nature this happens now and then. A tutorial that has ten processes add fifty times each shows
250, 269, 231, 201 and 213 instead of 500; here it is 429 to 500, and 500 now and then, so that a
test which only runs the program may well pass. `race.processes` looks for the one schedule that
breaks it: it runs the two in processes of their own, and decides at each step who goes on.

Any lock that is held over both steps is a remedy: the one that the Value has already, or one that
is passed beside it. The detector then tries all schedules, and none loses anything.

    pytest -p pytest_concurrency examples/c05_shared_state/test_01_lost_update.py --hazards=fail
"""

from __future__ import annotations

import multiprocessing
from typing import Any

import pytest

from pytest_concurrency import Race, RaceFound

# A pass is the same under each start method; under this one it is quickest.
FORK = multiprocessing.get_context("fork")


def add_one(counter: Any) -> None:
    counter.value += 1


@pytest.mark.hazard(
    "value-read-modify-write",
    raises=RaceFound,
    match="lost update",
    why="reading and writing are two steps, and between them the other process read the same 0",
)
def test_two_processes_lose_an_update(mp_context: Any, race: Race) -> None:
    race.processes(
        add_one,
        add_one,
        setup=lambda: mp_context.Value("i", 0),
        check=lambda counter: counter.value == 2,
    )


def add_one_under_its_lock(counter: Any) -> None:
    with counter.get_lock():
        counter.value += 1


@pytest.mark.fix("value-read-modify-write")
def test_the_lock_of_the_value_held_over_both_steps_keeps_every_update(race: Race) -> None:
    race.processes(
        add_one_under_its_lock,
        add_one_under_its_lock,
        start_method="fork",
        setup=lambda: FORK.Value("i", 0),
        check=lambda counter: counter.value == 2,
    )


def add_one_under_a_lock(counter_and_lock: Any) -> None:
    counter, lock = counter_and_lock
    with lock:
        counter.value += 1


@pytest.mark.fix("value-read-modify-write")
def test_a_lock_passed_beside_the_value_keeps_every_update(race: Race) -> None:
    race.processes(
        add_one_under_a_lock,
        add_one_under_a_lock,
        start_method="fork",
        setup=lambda: (FORK.Value("i", 0), FORK.Lock()),
        check=lambda counter_and_lock: counter_and_lock[0].value == 2,
    )


# See also: c01_separate_memory/test_01_globals_not_shared.py, where the number is not even the
# same one.
