"""A manager's Value looks like the other Value, and has no lock.

`multiprocessing.Value` comes with a lock, and `counter.get_lock()` hands it out. `Manager().Value`
takes the same arguments and has a `.value` too, so one expects the same lock. It has none: this
Value is a plain object in the manager's process, and every read and every write is a message to it.
So is `counter.value += 1`: two messages, and another process may write between them.

The manager has locks as well. One of them, passed beside the Value, guards both messages. If all
processes come from one parent, `multiprocessing.Value` is simpler, and faster, since it need not
ask anybody.

    pytest -p pytest_concurrency examples/c05_shared_state/test_10_manager_value.py --hazards=fail
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from typing import Any

import pytest

from pytest_concurrency import Race

# What is told here is the same under each start method; under this one it is quickest.
FORK = multiprocessing.get_context("fork")


@pytest.fixture(scope="module")
def manager() -> Iterator[Any]:
    with FORK.Manager() as manager:
        yield manager


def add_one(counter: Any) -> None:
    with counter.get_lock():
        counter.value += 1


@pytest.mark.hazard(
    "manager-value-has-no-lock",
    raises=AttributeError,
    match="'ValueProxy' object has no attribute 'get_lock'",
    why="the Value of a manager is a proxy with a number behind it, and no lock",
)
def test_a_managers_value_has_no_lock_to_take(manager: Any) -> None:
    add_one(manager.Value("i", 0))


def add_one_under(counter_and_lock: Any) -> None:
    counter, lock = counter_and_lock
    with lock:
        counter.value += 1


@pytest.mark.fix("manager-value-has-no-lock")
def test_a_lock_of_the_manager_beside_it_keeps_every_update(manager: Any, race: Race) -> None:
    race.processes(
        add_one_under,
        add_one_under,
        start_method="fork",
        setup=lambda: (manager.Value("i", 0), manager.Lock()),
        reset=lambda counter_and_lock: counter_and_lock[0].set(0),
        check=lambda counter_and_lock: counter_and_lock[0].value == 2,
    )


@pytest.mark.fix("manager-value-has-no-lock")
def test_the_value_of_multiprocessing_has_one(race: Race) -> None:
    race.processes(
        add_one,
        add_one,
        start_method="fork",
        setup=lambda: FORK.Value("i", 0),
        check=lambda counter: counter.value == 2,
    )


# See also: c05_shared_state/test_02_raw_value.py, for shared memory without a lock.
