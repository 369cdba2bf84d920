"""A thousand small tasks go to a pool, each in a letter of its own, and the post is the work.

A task is pickled, put into a queue, taken out by a worker, done, and its result goes the same way
back. For a task that is done in a microsecond that is many times what the task itself costs, and a
pool makes the program slower than a plain loop.

A `ProcessPoolExecutor` sends each item by itself unless told otherwise. With `chunksize` a letter
holds many tasks; `Pool.map` chooses such a size on its own. Threads need no letters, and a
`ThreadPoolExecutor` ignores the number.

    pytest -p pytest_concurrency examples/c11_costs/test_03_tasks_too_small.py --hazards=fail

In seconds: `python benchmarks/lesson_chunks.py`.
"""

from __future__ import annotations

from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any

import pytest


class CountingExecutor(ProcessPoolExecutor):
    """Counts what it sends to its workers."""

    sent = 0

    def submit(self, *args: Any, **kwargs: Any) -> Future[Any]:
        self.sent += 1
        return super().submit(*args, **kwargs)


def double(number: int) -> int:
    return 2 * number


@pytest.mark.hazard(
    "chunk-size-overhead",
    match="1000 tasks went to the worker in 1000 letters",
    why="an executor sends each item by itself: its chunksize is 1",
)
def test_each_task_is_sent_by_itself(mp_context: Any) -> None:
    with CountingExecutor(1, mp_context) as executor:
        doubled = list(executor.map(double, range(1_000), timeout=30))
    assert doubled == list(range(0, 2_000, 2))
    letters = executor.sent
    assert letters <= 10, f"1000 tasks went to the worker in {letters} letters"


@pytest.mark.fix("chunk-size-overhead")
def test_a_chunksize_sends_many_tasks_at_once(mp_context: Any) -> None:
    with CountingExecutor(1, mp_context) as executor:
        doubled = list(executor.map(double, range(1_000), timeout=30, chunksize=500))
    assert doubled == list(range(0, 2_000, 2))
    assert executor.sent == 2


# See also: test_02_sending_costs.py, for what is in a letter.
