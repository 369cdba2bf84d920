"""Ten thousand tasks wait at the same time, in one thread.

A task of asyncio that waits is an object in memory: about a kilobyte, which holds what the function
knows and where it goes on. A thread that waits is known to the system, and has a stack and a place
in the scheduler. What many machines cannot do with threads is nothing special with tasks.

One tutorial says that some ten thousand coroutines cost as much as some ten threads. That is too
generous, but the direction is right: in memory, ten thousand tasks are worth several hundred
threads.

    pytest -p pytest_concurrency examples/c11_costs/test_09_ten_thousand_tasks.py

In bytes: `python benchmarks/lesson_coroutines.py`.
"""

from __future__ import annotations

import asyncio
import threading

import pytest

TASKS = 10_000


@pytest.mark.fact("coroutine-cost")
def test_ten_thousand_tasks_wait_at_the_same_time_in_one_thread() -> None:
    waiting: list[int] = []  # the thread of each
    done = 0

    async def wait(all_wait: asyncio.Event) -> None:
        nonlocal done
        waiting.append(threading.get_ident())
        if len(waiting) == TASKS:
            all_wait.set()
        await all_wait.wait()
        assert len(waiting) == TASKS  # nobody goes on before all have come
        done += 1

    async def wait_side_by_side() -> None:
        all_wait = asyncio.Event()
        await asyncio.gather(*[wait(all_wait) for _ in range(TASKS)])

    asyncio.run(asyncio.wait_for(wait_side_by_side(), timeout=60))
    assert done == TASKS
    assert set(waiting) == {threading.get_ident()}


# See also: test_07_waiting_in_a_row.py, for the same with five.
