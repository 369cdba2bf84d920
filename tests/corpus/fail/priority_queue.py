"""Entries of the same priority are compared by what comes next, and two dicts cannot be.

Kind: order; a TypeError only if two entries are in the queue at once.
Primitive: queue.PriorityQueue. 2 threads, 4 steps.
"""

import queue
from typing import Any

Entry = tuple[int, dict[str, Any]]


class Office:
    def __init__(self) -> None:
        self.jobs: queue.PriorityQueue[Entry] = queue.PriorityQueue()
        self.done: list[Entry] = []


def setup() -> Office:
    return Office()


def hand_in_and_do_one(office: Office, task: str) -> None:
    office.jobs.put((1, {"task": task}))
    office.done.append(office.jobs.get())


def copy(office: Office) -> None:
    hand_in_and_do_one(office, "copy")


def send(office: Office) -> None:
    hand_in_and_do_one(office, "send")


ACTORS = (copy, send)


def check(office: Office) -> bool:
    return len(office.done) == 2
