"""The read and the write are made under a lock.

2 threads, 8 steps.
"""

import threading


class Counter:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.value = 0


def setup() -> Counter:
    return Counter()


def increment(counter: Counter) -> None:
    with counter.lock:
        counter.value += 1


ACTORS = (increment, increment)


def check(counter: Counter) -> bool:
    return counter.value == 2
