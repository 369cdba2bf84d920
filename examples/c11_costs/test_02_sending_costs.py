"""Eight processes add up a list, and most of their work is to send it to each other.

Each process can add a million numbers in some milliseconds, so one expects eight to be eight times
as fast. But the numbers are in the parent. Each of them is pickled, written into a pipe, read and
made into an object again, which is more work than to add it. One tutorial needed 0.07 seconds in
one process and 0.85 seconds in eight; of this it says, rightly, that the sending is the cost.

The remedy is to send little and to compute much. Each process makes or reads the numbers itself,
once, and is then sent only which part it is to work on. What a task costs to send can be asserted:
`assert_picklable(task, max_bytes=...)`.

    pytest -p pytest_concurrency examples/c11_costs/test_02_sending_costs.py --hazards=fail

In seconds: `python benchmarks/lesson_sums.py`.
"""

from __future__ import annotations

from typing import Any

import pytest

from pytest_concurrency import NotPicklable, assert_picklable

pytestmark = pytest.mark.timeout(60)  # neither Pool.map nor Pool.join takes one

NUMBERS = list(range(80_000))
PARTS = [(start, start + 10_000) for start in range(0, 80_000, 10_000)]


@pytest.mark.hazard(
    "ipc-cost",
    raises=NotPicklable,
    match="task costs .* bytes to send, more than the 1,000 allowed",
    why="the numbers of a chunk are sent, and to send a number is more work than to add it",
)
def test_a_chunk_of_the_list_is_sent_number_by_number() -> None:
    start, end = PARTS[0]
    task = (sum, NUMBERS[start:end])
    assert_picklable(task, max_bytes=1_000)


def sum_of_part(start: int, end: int) -> int:
    return sum(NUMBERS[start:end])


@pytest.mark.fix("ipc-cost")
def test_the_borders_of_a_chunk_are_sent_in_a_few_bytes(mp_context: Any) -> None:
    for part in PARTS:
        task = (sum_of_part, part)
        assert_picklable(task, max_bytes=1_000)
    pool = mp_context.Pool(1)
    try:
        assert sum(pool.starmap(sum_of_part, PARTS)) == sum(NUMBERS)
    finally:
        pool.close()
        pool.join()


# See also: test_03_tasks_too_small.py, for what a task costs beside its argument.
