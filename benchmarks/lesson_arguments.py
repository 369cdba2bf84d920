"""What it costs to hand a process a large argument, under each start method, and in a pool.

    python benchmarks/lesson_arguments.py [--megabytes 80] [--rounds 5]

The lesson is examples/c08_fork/test_10_big_argument.py.
"""

from __future__ import annotations

import multiprocessing
from contextlib import ExitStack, closing
from functools import partial
from multiprocessing.shared_memory import SharedMemory
from typing import Any

from lesson_table import METHODS, Way, arguments, measure, show

WHY = (
    "two tutorials warn, without figures, of what it costs to send data to a process. Under fork "
    "an argument costs nothing, however large it is; under the others, and in a pool under each, "
    "it is pickled, sent and made again. The name of shared memory is as cheap as nothing."
)


def take(argument: object) -> None:
    """Takes the argument."""


def look(name: str) -> None:
    """Looks at shared memory."""
    with closing(SharedMemory(name)):
        pass


def start(context: Any, target: Any, argument: object) -> None:
    """Starts a process with the argument and waits for its end."""
    process = context.Process(target=target, args=(argument,))
    process.start()
    process.join()


def main() -> None:
    """Measures and prints."""
    options = arguments(__doc__, rounds=5, megabytes=80)
    large = bytes(options.megabytes * 1_000_000)
    with ExitStack() as stack:
        block = SharedMemory(create=True, size=len(large))
        stack.callback(block.unlink)
        stack.callback(block.close)
        ways = []
        for method in METHODS:
            context = multiprocessing.get_context(method)
            pool = stack.enter_context(context.Pool(1))
            pool.apply(take, (b"",))  # its worker is there, and so is the fork server
            ways += [
                Way(f"a process, no argument, {method}", partial(start, context, take, b"")),
                Way(f"a process, the argument, {method}", partial(start, context, take, large)),
                Way(f"a process, its name, {method}", partial(start, context, look, block.name)),
                Way(
                    f"a task of a pool, the argument, {method}", partial(pool.apply, take, (large,))
                ),
            ]
        rows = measure(ways, options.rounds, per_second=1_000)
    show(f"an argument of {options.megabytes:,} MB", "milliseconds", rows, WHY)


if __name__ == "__main__":
    main()
