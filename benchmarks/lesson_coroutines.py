"""The memory of ten thousand waiting tasks, beside that of waiting threads.

    python benchmarks/lesson_coroutines.py [--tasks 10000] [--threads 200]

The lesson is examples/c11_costs/test_09_ten_thousand_tasks.py.
"""

from __future__ import annotations

import asyncio
import os
import threading
import tracemalloc
from pathlib import Path

from lesson_table import Row, arguments, show

WHY = (
    "a task also keeps its future and its context, which a coroutine that has not started does "
    "without; of the stack of a thread only what has been touched is in use."
)
WHY_WORTH = (
    "one tutorial says that some ten thousand coroutines cost as much as some ten threads, which "
    "is a thousand for one, and gives no measurement. In memory it is far fewer."
)


def resident() -> int:
    """Returns the memory of this process that is in use, in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE")


def bytes_of_a_thread(count: int) -> float:
    """Returns what a thread takes that waits."""
    may_end = threading.Event()
    threads = [threading.Thread(target=may_end.wait) for _ in range(count)]
    before = resident()
    try:
        for thread in threads:
            thread.start()
        return (resident() - before) / count
    finally:
        may_end.set()
        for thread in threads:
            if thread.ident is not None:
                thread.join()


async def wait(event: asyncio.Event) -> None:
    """Waits."""
    await event.wait()


def bytes_of_a_coroutine(count: int) -> float:
    """Returns what a coroutine takes that has not started."""
    event = asyncio.Event()
    tracemalloc.start()
    coroutines = [wait(event) for _ in range(count)]
    taken = tracemalloc.get_traced_memory()[0] / count
    tracemalloc.stop()
    for coroutine in coroutines:
        coroutine.close()
    return taken


async def bytes_of_a_task(count: int) -> float:
    """Returns what a task takes that waits."""
    event = asyncio.Event()
    tracemalloc.start()
    tasks = [asyncio.create_task(wait(event)) for _ in range(count)]
    await asyncio.sleep(0)  # all begin, and wait
    taken = tracemalloc.get_traced_memory()[0] / count
    tracemalloc.stop()
    event.set()
    await asyncio.gather(*tasks)
    return taken


def main() -> None:
    """Measures and prints."""
    options = arguments(__doc__, tasks=10_000, threads=200)
    # Once: a second round would use what the first has freed, and seem to take nothing.
    threads = [bytes_of_a_thread(options.threads)]
    tasks = [asyncio.run(bytes_of_a_task(options.tasks))]
    coroutines = [bytes_of_a_coroutine(options.tasks)]
    rows = [
        Row("a waiting task", tasks),
        Row("a coroutine", coroutines),
        Row("a waiting thread", threads),
    ]
    show(f"{options.tasks:,} tasks, {options.threads:,} threads", "bytes", rows, WHY)
    row = Row("a waiting thread", [threads[0] / tasks[0]], 1_000)
    show("what a thread is worth", "waiting tasks", [row], WHY_WORTH)


if __name__ == "__main__":
    main()
