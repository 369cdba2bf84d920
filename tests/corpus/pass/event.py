"""The worker clears the event before it empties the list.

Primitive: Event. 2 threads, 12 steps.
"""

import threading

JOBS = 2


class Office:
    def __init__(self) -> None:
        self.news = threading.Event()
        self.jobs: list[int] = []
        self.done = 0


def setup() -> Office:
    return Office()


def work(office: Office) -> None:
    while office.done < JOBS:
        office.news.wait()
        office.news.clear()
        while office.jobs:
            office.jobs.pop()
            office.done += 1


def hand_in(office: Office) -> None:
    for job in range(JOBS):
        office.jobs.append(job)
        office.news.set()


ACTORS = (work, hand_in)


def check(office: Office) -> bool:
    return office.done == JOBS
