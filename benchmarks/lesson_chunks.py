"""Two thousand tiny tasks in a pool: one by one, in chunks, and in a plain loop.

    python benchmarks/lesson_chunks.py [--tasks 2000] [--rounds 5]

The lesson is examples/c11_costs/test_03_tasks_too_small.py.
"""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

from lesson_table import Way, arguments, measure, show

WORKERS = 2
WHY = (
    "one tutorial says, without figures, that the management of a pool may cost more than the "
    "task. It does where the task is small and each is sent by itself, which is what an executor "
    "does unless told otherwise; Pool.map makes chunks."
)


def double(number: int) -> int:
    """Does next to nothing."""
    return 2 * number


def in_a_loop(numbers: range) -> None:
    """Does the tasks without a pool."""
    for number in numbers:
        double(number)


def in_executor(executor: ProcessPoolExecutor, numbers: range, **chunks: Any) -> None:
    """Does the tasks in an executor."""
    list(executor.map(double, numbers, **chunks))


def main() -> None:
    """Measures and prints."""
    options = arguments(__doc__, rounds=5, tasks=2_000)
    numbers = range(options.tasks)
    with multiprocessing.Pool(WORKERS) as pool, ProcessPoolExecutor(WORKERS) as executor:
        ways = [
            Way("a plain loop", partial(in_a_loop, numbers)),
            Way("Pool.map, chunksize=1", partial(pool.map, double, numbers, 1)),
            Way("Pool.map", partial(pool.map, double, numbers)),
            Way("Pool.map, chunksize=500", partial(pool.map, double, numbers, 500)),
            Way("executor.map", partial(in_executor, executor, numbers)),
            Way(
                "executor.map, chunksize=500",
                partial(in_executor, executor, numbers, chunksize=500),
            ),
        ]
        for way in ways:
            way.run()  # the workers are there
        rows = measure(ways, options.rounds, per_second=1_000)
    show(f"{options.tasks:,} tasks, {WORKERS} workers", "milliseconds", rows, WHY)


if __name__ == "__main__":
    main()
