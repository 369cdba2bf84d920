"""The lock is held from the read to the write.

Primitive: Lock. 2 threads, 4 steps.
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
        value = counter.value
        counter.value = value + 1


ACTORS = (increment, increment)


def check(counter: Counter) -> bool:
    return counter.value == 2
