"""A process is woken before it has gone to sleep, and then it sleeps for ever.

The cook calls `notify()` when the meal is ready, and the waiter calls `wait()`. One expects the
waiter to start, whoever came first. But a condition keeps no message: notify wakes those who wait
at that moment, and if nobody does, the call is gone.

Most of the time the waiter comes first, and the program works; the detector finds the other order.

Two remedies. Keep the news somewhere, in a Value or a queue, and wait with
`wait_for(lambda: meal_is_ready.value)`, which looks before it sleeps. Or take an Event, which
stays set: who comes late does not wait at all.

    pytest -p pytest_concurrency examples/c05_shared_state/test_07_lost_wakeup.py --hazards=fail
"""

from __future__ import annotations

import multiprocessing
from typing import Any

import pytest

from pytest_concurrency import Race, RaceFound

# What is found under fork is replayed under spawn and forkserver, and the finding says what came.
FORK = multiprocessing.get_context("fork")


def cook(meal: Any) -> None:
    with meal:
        meal.notify()


def serve(meal: Any) -> None:
    with meal:
        meal.wait()


@pytest.mark.hazard(
    "condition-lost-wakeup",
    raises=RaceFound,
    match="lost wake-up",
    why="notify() came before wait(), and a condition does not remember it",
)
def test_a_waiter_that_comes_late_sleeps_for_ever(race: Race) -> None:
    race.processes(cook, serve, start_method="fork", setup=FORK.Condition)


def cook_and_note(meal_and_ready: Any) -> None:
    meal, ready = meal_and_ready
    with meal:
        ready.value = True
        meal.notify()


def serve_when_ready(meal_and_ready: Any) -> None:
    meal, ready = meal_and_ready
    with meal:
        meal.wait_for(lambda: ready.value)


@pytest.mark.fix("condition-lost-wakeup")
def test_wait_for_looks_before_it_sleeps(race: Race) -> None:
    race.processes(
        cook_and_note,
        serve_when_ready,
        start_method="fork",
        setup=lambda: (FORK.Condition(), FORK.Value("b", False)),
    )


def ring(meal_is_ready: Any) -> None:
    meal_is_ready.set()


def serve_after_the_bell(meal_is_ready: Any) -> None:
    meal_is_ready.wait()


@pytest.mark.fix("condition-lost-wakeup")
def test_an_event_stays_set(race: Race) -> None:
    race.processes(ring, serve_after_the_bell, start_method="fork", setup=FORK.Event)


# See also: c05_shared_state/test_08_barrier_waits_for_the_dead.py, for a wait that nobody will
# ever end.
