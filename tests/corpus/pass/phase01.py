"""A thread releases the lock between its two phases.

SCTBench CS/phase01: 3 threads with main, 11 steps.
"""

import threading


class Phases:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.done = 0


def setup() -> Phases:
    return Phases()


def both_phases(phases: Phases) -> None:
    phases.lock.acquire()
    phases.done += 1
    phases.lock.release()
    phases.lock.acquire()
    phases.done += 1
    phases.lock.release()


ACTORS = (both_phases, both_phases)


def check(phases: Phases) -> bool:
    return phases.done == 4
