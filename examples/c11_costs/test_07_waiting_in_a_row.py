"""Five waits of a second take five seconds in a row, though they need nothing but time.

A program that waits, for the network or a disk or a clock, does nothing; another wait may go on at
the same time. One tutorial takes 5.01 seconds for five waits in a row and 1.04 seconds for five
processes, and says that each waited on a processor of its own. Waiting needs no processor: below,
five threads wait at the same time, and are allowed one processor between them. (The listing of that
tutorial still has the five waits in a row before the processes, and takes six seconds.)

Whether waits overlap is seen here without a clock: all five meet while they wait. In a row nobody
meets, since the second wait begins when the first is over.

    pytest -p pytest_concurrency examples/c11_costs/test_07_waiting_in_a_row.py --hazards=fail

In seconds: `python benchmarks/lesson_waits.py`.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest


def meets_the_others(meeting: Any, timeout: float) -> bool:
    try:
        meeting.wait(timeout=timeout)
        return True
    except threading.BrokenBarrierError:
        return False


@pytest.mark.hazard(
    "io-bound-scaling",
    match="0 of 5 waits",
    why="the next wait begins when the one before is over: the times are added",
)
def test_waits_in_a_row_do_not_overlap() -> None:
    meeting = threading.Barrier(5)
    met = [meets_the_others(meeting, timeout=0.1) for _ in range(5)]
    assert sum(met) == 5, f"{sum(met)} of 5 waits in a row went on at the same time"


@contextmanager
def one_processor() -> Iterator[None]:
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


@pytest.mark.fix("io-bound-scaling")
def test_five_threads_wait_at_the_same_time_on_one_processor() -> None:
    meeting = threading.Barrier(5)
    met: list[bool] = []

    def wait() -> None:
        met.append(meets_the_others(meeting, timeout=30))

    waiters = [threading.Thread(target=wait) for _ in range(5)]
    with one_processor():  # for this thread, and those that it starts
        for waiter in waiters:
            waiter.start()
    for waiter in waiters:
        waiter.join(timeout=60)
    assert met == [True] * 5


@pytest.mark.fix("io-bound-scaling")
def test_five_tasks_wait_at_the_same_time_in_one_thread() -> None:
    waiting: list[int] = []

    async def wait(number: int, all_wait: asyncio.Event) -> None:
        waiting.append(number)
        if len(waiting) == 5:
            all_wait.set()
        await asyncio.wait_for(all_wait.wait(), timeout=30)

    async def wait_side_by_side() -> None:
        all_wait = asyncio.Event()
        await asyncio.gather(*[wait(number, all_wait) for number in range(5)])

    asyncio.run(wait_side_by_side())
    assert sorted(waiting) == [0, 1, 2, 3, 4]


def wait_in_a_child(meeting: Any) -> None:
    assert meets_the_others(meeting, timeout=30)


@pytest.mark.fix("io-bound-scaling")
def test_processes_wait_at_the_same_time(mp_context: Any) -> None:
    meeting = mp_context.Barrier(2)
    waiters = [mp_context.Process(target=wait_in_a_child, args=(meeting,)) for _ in range(2)]
    for waiter in waiters:
        waiter.start()
    for waiter in waiters:
        waiter.join(timeout=60)
    assert [waiter.exitcode for waiter in waiters] == [0, 0]


# See also: test_05_one_interpreter.py, for work that is not waiting.
