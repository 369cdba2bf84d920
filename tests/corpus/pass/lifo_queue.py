"""Looking at the top and adding to it are done under one lock.

Primitive: queue.LifoQueue. 2 threads, 7 steps.
"""

import queue
import threading


class History:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.steps: queue.LifoQueue[str] = queue.LifoQueue()
        self.steps.put("old")
        self.seen = ""


def setup() -> History:
    return History()


def look(history: History) -> None:
    with history.lock:
        step = history.steps.get()
        history.seen = step
        history.steps.put(step)


def add(history: History) -> None:
    with history.lock:
        history.steps.put("new")


ACTORS = (look, add)


def check(history: History) -> bool:
    return history.steps.get() == "new"
