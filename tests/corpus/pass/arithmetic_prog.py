"""A producer hands 1, 2 ... to a consumer, and the expected sum has all of them.

SCTBench CS/arithmetic_prog: 3 threads with main, 20 steps.
"""

import threading

COUNT = 3


class Progression:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.empty = threading.Condition(self.lock)
        self.full = threading.Condition(self.lock)
        self.slot = 0
        self.total = 0


def setup() -> Progression:
    return Progression()


def produce(progression: Progression) -> None:
    for number in range(1, COUNT + 1):
        with progression.lock:
            while progression.slot != 0:
                progression.empty.wait()
            progression.slot = number
            progression.full.notify()


def consume(progression: Progression) -> None:
    for _ in range(COUNT):
        with progression.lock:
            while progression.slot == 0:
                progression.full.wait()
            progression.total += progression.slot
            progression.slot = 0
            progression.empty.notify()


ACTORS = (produce, consume)


def check(progression: Progression) -> bool:
    return progression.total == COUNT * (COUNT + 1) // 2
