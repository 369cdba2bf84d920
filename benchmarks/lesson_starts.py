"""What it costs to start and join a thread, and a process under each start method.

    python benchmarks/lesson_starts.py [--rounds 20] [--megabytes 512]

The second table is the same with that much more memory in use. The lesson is
examples/c11_costs/test_04_what_a_start_costs.py.
"""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

from lesson_table import METHODS, Way, arguments, measure, process_of, show

WHY = (
    "two tutorials say, without figures, that a process is far more costly than a thread, since "
    "its memory is copied and a new interpreter is started. It is, but for one reason at a time: "
    "spawn starts an interpreter and copies nothing, fork and the fork server start none."
)
WHY_LARGE = (
    "fork copies the list of the pages of memory and not what is in them, so it grows slower with "
    "more memory, by far less than a copy of the memory would take; the others do not care."
)


def nothing() -> None:
    """Does nothing, so that only the start and the end are measured."""


def once(start: Any) -> None:
    """Starts one thread or process and waits for its end."""
    worker = start(target=nothing)
    worker.start()
    worker.join()


def main() -> None:
    """Measures and prints."""
    options = arguments(__doc__, rounds=20, megabytes=512)
    ways = [Way("a thread", partial(once, threading.Thread))]
    for method in METHODS:
        ways.append(Way(f"a process, {method}", partial(once, process_of(method))))
    for way in ways:
        way.run()  # starts the fork server
    title = "start and join"
    show(title, "milliseconds", measure(ways, options.rounds, per_second=1_000), WHY)
    memory = bytearray(b"x") * (options.megabytes * 1_000_000)
    rows = measure(ways, options.rounds, per_second=1_000)
    title = f"start and join, with {len(memory) / 1_000_000:,.0f} MB more in use"
    show(title, "milliseconds", rows, WHY_LARGE)


if __name__ == "__main__":
    main()
