"""Five waits of a second: in a row, and side by side in processes, threads and tasks.

    python benchmarks/lesson_waits.py [--seconds 1.0] [--rounds 1]

The lesson is examples/c11_costs/test_07_waiting_in_a_row.py.
"""

from __future__ import annotations

import asyncio
import threading
import time
from functools import partial
from typing import Any

from lesson_table import METHODS, Way, arguments, measure, process_of, show

WAITS = 5
WHY = (
    "waits that go on at the same time take as long as the longest, on one processor as on five. "
    "The listing that the tutorial prints needs two imports to run, and then takes six seconds, "
    "not 1.04: the five waits in a row are still in it, before the processes. What is above one "
    "second is the start of the processes."
)


def in_a_row(seconds: float) -> None:
    """Waits once after the other."""
    for _ in range(WAITS):
        time.sleep(seconds)


def side_by_side(start: Any, seconds: float) -> None:
    """Waits in threads or processes, one for each."""
    waiters = [start(target=time.sleep, args=(seconds,)) for _ in range(WAITS)]
    for waiter in waiters:
        waiter.start()
    for waiter in waiters:
        waiter.join()


def as_printed(start: Any, seconds: float) -> None:
    """Waits as the tutorial's second listing does."""
    in_a_row(seconds)
    side_by_side(start, seconds)


def in_tasks(seconds: float) -> None:
    """Waits in tasks of one thread."""

    async def wait() -> None:
        await asyncio.gather(*[asyncio.sleep(seconds) for _ in range(WAITS)])

    asyncio.run(wait())


def main() -> None:
    """Measures and prints."""
    options = arguments(__doc__, rounds=1, seconds=1.0)
    seconds = options.seconds
    starts = {method: process_of(method) for method in METHODS}
    ways = [Way("in a row", partial(in_a_row, seconds), 5.01)]
    for method, start in starts.items():
        ways.append(Way(f"in 5 processes, {method}", partial(side_by_side, start, seconds), 1.04))
    ways += [
        Way("the listing as printed", partial(as_printed, starts[METHODS[0]], seconds), 1.04),
        Way("in 5 threads", partial(side_by_side, threading.Thread, seconds)),
        Way("in 5 tasks of asyncio", partial(in_tasks, seconds)),
    ]
    title = f"{WAITS} waits of {seconds:g} s (the tutorial: 5 waits of 1 s)"
    show(title, "seconds", measure(ways, options.rounds), WHY)


if __name__ == "__main__":
    main()
