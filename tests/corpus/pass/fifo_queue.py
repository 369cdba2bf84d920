"""A consumer takes what is there, and learns from the queue itself that nothing is.

Primitive: queue.Queue. 2 threads, 2 steps.
"""

import queue
from contextlib import suppress


class Office:
    def __init__(self) -> None:
        self.jobs: queue.Queue[str] = queue.Queue()
        self.jobs.put("job")


def setup() -> Office:
    return Office()


def work(office: Office) -> None:
    with suppress(queue.Empty):
        office.jobs.get_nowait()


ACTORS = (work, work)


def check(office: Office) -> bool:
    return office.jobs.empty()
