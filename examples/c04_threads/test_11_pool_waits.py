"""A task waits for another task of its own pool, which has no thread left to run it.

A task may submit more tasks, and may ask them for their results. One expects the pool to see to it.
But the thread that waits is one of the pool's, and when all of them wait, nobody is left to do what
they wait for. With one thread it happens at once; with ten, on the day when ten such tasks run.

    pytest -p pytest_concurrency examples/c04_threads/test_11_pool_waits.py --hazards=fail
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaiting

import pytest

Submit = Callable[..., "Future[int]"]


def bake(submit: Submit, patience: float) -> int:
    flour = submit(lambda: 500)
    return flour.result(timeout=patience)


@pytest.mark.hazard(
    "executor-self-deadlock",
    raises=StillWaiting,
    why="the only thread of the pool waits for a task that the only thread of the pool should run",
)
def test_a_task_that_waits_for_its_own_pool_never_ends() -> None:
    with ThreadPoolExecutor(1) as pool:
        cake = pool.submit(bake, pool.submit, patience=0.3)  # without patience: for ever
        assert cake.result(timeout=30) == 500


@pytest.mark.fix("executor-self-deadlock")
def test_a_pool_of_its_own_for_what_is_waited_for() -> None:
    with ThreadPoolExecutor(1) as pool, ThreadPoolExecutor(1) as helpers:
        assert pool.submit(bake, helpers.submit, patience=30).result(timeout=30) == 500


@pytest.mark.fix("executor-self-deadlock")
def test_who_is_no_task_may_wait() -> None:
    with ThreadPoolExecutor(1) as pool:
        flour = pool.submit(lambda: 500)
        assert (
            pool.submit(lambda weight: weight, flour.result(timeout=30)).result(timeout=30) == 500
        )


# See also: c04_threads/test_10_consumers_of_a_queue.py, for threads that wait for an item.
