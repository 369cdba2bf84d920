"""Both threads take the two locks in the same order.

SCTBench CS/deadlock01: 3 threads with main, 11 steps.
"""

import threading


class Counters:
    def __init__(self) -> None:
        self.lock_a = threading.Lock()
        self.lock_b = threading.Lock()
        self.count = 0


def setup() -> Counters:
    return Counters()


def forwards(counters: Counters) -> None:
    with counters.lock_a, counters.lock_b:
        counters.count += 1


def backwards(counters: Counters) -> None:
    with counters.lock_a, counters.lock_b:
        counters.count += 1


ACTORS = (forwards, backwards)


def check(counters: Counters) -> bool:
    return counters.count == 2
