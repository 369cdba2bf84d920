"""Two consumers ask whether the queue is empty and then wait for the one item that is in it.

Kind: check-then-act; the second waits for ever (deadlock).
Primitive: queue.Queue. 2 threads, 4 steps.
"""

import queue


class Office:
    def __init__(self) -> None:
        self.jobs: queue.Queue[str] = queue.Queue()
        self.jobs.put("job")


def setup() -> Office:
    return Office()


def work(office: Office) -> None:
    if not office.jobs.empty():
        office.jobs.get()


ACTORS = (work, work)


def check(office: Office) -> bool:
    return office.jobs.empty()
