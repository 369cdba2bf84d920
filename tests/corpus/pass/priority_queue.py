"""A running number stands between the priority and the job, so that jobs are never compared.

Primitive: queue.PriorityQueue. 2 threads, 6 steps.
"""

import itertools
import queue
from typing import Any

Entry = tuple[int, int, dict[str, Any]]


class Office:
    def __init__(self) -> None:
        self.jobs: queue.PriorityQueue[Entry] = queue.PriorityQueue()
        self.numbers = itertools.count()
        self.done: list[Entry] = []


def setup() -> Office:
    return Office()


def hand_in_and_do_one(office: Office, task: str) -> None:
    office.jobs.put((1, next(office.numbers), {"task": task}))
    office.done.append(office.jobs.get())


def copy(office: Office) -> None:
    hand_in_and_do_one(office, "copy")


def send(office: Office) -> None:
    hand_in_and_do_one(office, "send")


ACTORS = (copy, send)


def check(office: Office) -> bool:
    return len(office.done) == 2
