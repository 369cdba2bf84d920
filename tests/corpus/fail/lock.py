"""The lock is held for the read and again for the write, but not from one to the other.

Kind: lost update.
Primitive: Lock. 2 threads, 6 steps.
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
    with counter.lock:
        counter.value = value + 1


ACTORS = (increment, increment)


def check(counter: Counter) -> bool:
    return counter.value == 2
