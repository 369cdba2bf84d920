"""What the programs about the numbers of the tutorials share: measuring in turns, and a table."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import statistics
import textwrap
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

METHODS = [
    method for method in ("fork", "forkserver", "spawn")
    if method in multiprocessing.get_all_start_methods()
]  # fmt: skip
WIDTH = 100


@dataclass(frozen=True)
class Way:
    """One way to do the work.

    Attributes:
        name: What the table calls it.
        run: Does the work once.
        tutorial: The seconds that a tutorial says it takes, if one does.
    """

    name: str
    run: Callable[[], object]
    tutorial: float | None = None


@dataclass(frozen=True)
class Row:
    """What is known of one way.

    Attributes:
        name: What the table calls it.
        ours: What was measured here, round by round.
        tutorial: What a tutorial says, in the same unit.
    """

    name: str
    ours: Sequence[float]
    tutorial: float | None = None


def arguments(description: str | None, **sizes: int | float) -> argparse.Namespace:
    """Reads the command line.

    Args:
        description: The docstring of the program.
        **sizes: The options that make the program larger or smaller, with their defaults.
    """
    parser = argparse.ArgumentParser(description=(description or "").partition("\n")[0])
    for name, default in sizes.items():
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, type=type(default), default=default, metavar="N")
    return parser.parse_args()


def process_of(method: str) -> Any:
    """Returns the class Process of a start method."""
    context: Any = multiprocessing.get_context(method)
    return context.Process


def measure(ways: Sequence[Way], rounds: int, per_second: float = 1) -> list[Row]:
    """Does the work in each way in turn, round by round, so that what drifts hits all alike.

    Args:
        ways: The ways.
        rounds: How often.
        per_second: How many of the unit wanted are a second: 1,000 for milliseconds.
    """
    taken: list[list[float]] = [[] for _ in ways]
    for number in range(rounds):
        for step in range(len(ways)):
            index = (number + step) % len(ways)
            start = time.perf_counter()
            ways[index].run()
            taken[index].append((time.perf_counter() - start) * per_second)
    return [Row(way.name, ours, way.tutorial) for way, ours in zip(ways, taken, strict=True)]


def show(title: str, unit: str, rows: Sequence[Row], why: str) -> None:
    """Prints what was measured beside what the tutorial says, each also as a part of the first row.

    The parts are taken within each round, of which the median is printed.

    Args:
        title: What was done.
        unit: Of the numbers.
        rows: The first is the one that the others are compared with.
        why: Why the numbers differ from those of the tutorial, and what they say.
    """
    first = rows[0]
    processors = len(os.sched_getaffinity(0))
    rounds = len(first.ours)
    print(
        f"{title}\n"
        f"CPython {platform.python_version()}, {processors} processors, "
        f"median of {rounds} round{'s' * (rounds > 1)}, in {unit}\n\n"
        f"{'':44}{'tutorial':>12}{'to first':>10}{'here':>12}{'to first':>10}"
    )
    for row in rows:
        theirs, their_part = "-", "-"
        if row.tutorial is not None:
            theirs = f"{row.tutorial:,.3f}"
            if first.tutorial:
                their_part = f"{row.tutorial / first.tutorial:.2f}"
        parts = [mine / other for mine, other in zip(row.ours, first.ours, strict=True)]
        ours, our_part = statistics.median(row.ours), statistics.median(parts)
        print(f"{row.name:44}{theirs:>12}{their_part:>10}{ours:12,.3f}{our_part:10.2f}")
    print()
    print(textwrap.fill(f"why: {why}", WIDTH))
    print(flush=True)
