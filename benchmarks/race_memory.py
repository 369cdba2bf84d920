"""How much memory the race detector keeps from run to run.

The state of the process (`/proc/self/statm`, so Linux) after 100 runs and after many more::

    python benchmarks/race_memory.py 100000

Ends with an error if it has grown by 20 MB or more.
"""

from __future__ import annotations

import gc
import os
import sys

from pytest_concurrency import Race

MOST_MEGABYTES = 20.0
FIRST_RUNS = 100


class Counter:
    """What the actors share."""

    def __init__(self) -> None:
        self.value = 0


def add(counter: Counter) -> None:
    """Adds to a counter without a lock; nothing checks it, so that the runs go on."""
    for _ in range(5):
        counter.value = counter.value + 1


def megabytes() -> float:
    """Returns the resident memory of this process."""
    gc.collect()
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def search(runs: int) -> None:
    """Runs so many schedules in one search."""
    Race(seed=1, runs=runs, strategy="portfolio").threads(add, add, setup=Counter)


def main() -> int:
    """Prints the growth, and returns 1 if it is too much."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    search(FIRST_RUNS)
    before = megabytes()
    search(runs)
    grown = megabytes() - before
    print(f"{runs:,} runs: {grown:.1f} MB more than after {FIRST_RUNS} ({before:.1f} MB)")
    return int(grown >= MOST_MEGABYTES)


if __name__ == "__main__":
    sys.exit(main())
