"""Four times fib(35): in a row, in four threads, in four processes; and pools of many sizes.

    python benchmarks/lesson_fib.py [--n 35] [--rounds 1]

The lessons are examples/c11_costs/test_05_one_interpreter.py and test_06_too_many_processes.py.
"""

from __future__ import annotations

import multiprocessing
import threading
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

from lesson_table import METHODS, Way, arguments, measure, process_of, show

TIMES = 4
TASKS = 32
SIZES = (1, 2, 4, 8, 32)
WHY = (
    "threads take turns under the GIL, so four are as slow as one, or slower; on a free-threaded "
    "build they are not. Processes are faster by as much as there are processors to run them: the "
    "tutorial got 2.3 times, so it had three or more. Since Python 3.11 a call takes half the time."
)
WHY_SIZES = (
    "no tutorial gives figures, but one says that more processes than processors slow the work "
    "down. They do: each has to be started, and all of them have to take turns."
)


def fib(n: int) -> int:
    """Returns a Fibonacci number, the slow way."""
    return n if n <= 1 else fib(n - 1) + fib(n - 2)


def in_a_row(n: int) -> None:
    """Computes one after the other."""
    for _ in range(TIMES):
        fib(n)


def side_by_side(start: Any, n: int) -> None:
    """Computes in threads or processes, one for each."""
    workers = [start(target=fib, args=(n,)) for _ in range(TIMES)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def in_executor(n: int) -> None:
    """Computes in an executor of processes."""
    with ProcessPoolExecutor(TIMES) as executor:
        list(executor.map(fib, [n] * TIMES))


def in_pool(size: int, n: int) -> None:
    """Does many tasks in a pool."""
    with multiprocessing.Pool(size) as pool:
        pool.map(fib, [n] * TASKS, chunksize=1)
        pool.close()
        pool.join()


def main() -> None:
    """Measures and prints."""
    options = arguments(__doc__, rounds=1, n=35)
    n = options.n
    ways = [
        Way("in a row", partial(in_a_row, n), 8.93),
        Way("in 4 threads", partial(side_by_side, threading.Thread, n), 9.89),
    ]
    for method in METHODS:
        work = partial(side_by_side, process_of(method), n)
        ways.append(Way(f"in 4 processes, {method}", work, 3.81))
    ways.append(Way("in an executor of 4 processes", partial(in_executor, n), 3.67))
    title = f"{TIMES} times fib({n}) (the tutorial: 4 times fib(35))"
    show(title, "seconds", measure(ways, options.rounds), WHY)

    small = max(1, n - 8)
    pools = [Way(f"in a pool of {size}", partial(in_pool, size, small)) for size in SIZES]
    title = f"{TASKS} times fib({small}), {multiprocessing.get_start_method()}"
    show(title, "seconds", measure(pools, options.rounds), WHY_SIZES)


if __name__ == "__main__":
    main()
