"""To look at the top of a stack a thread takes it off and puts it back, over what came meanwhile.

Kind: atomicity violation.
Primitive: queue.LifoQueue. 2 threads, 3 steps.
"""

import queue


class History:
    def __init__(self) -> None:
        self.steps: queue.LifoQueue[str] = queue.LifoQueue()
        self.steps.put("old")
        self.seen = ""


def setup() -> History:
    return History()


def look(history: History) -> None:
    step = history.steps.get()
    history.seen = step
    history.steps.put(step)


def add(history: History) -> None:
    history.steps.put("new")


ACTORS = (look, add)


def check(history: History) -> bool:
    return history.steps.get() == "new"
