"""Between its two phases a thread takes the lock again instead of releasing it.

Kind: deadlock of a thread with itself; in every schedule.
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
    phases.lock.acquire()
    phases.done += 1
    phases.lock.release()


ACTORS = (both_phases, both_phases)


def check(phases: Phases) -> bool:
    return phases.done == 4
