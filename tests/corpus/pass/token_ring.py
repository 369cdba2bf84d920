"""Each step waits for the one before it.

SCTBench CS/token_ring: 5 threads with main, 11 steps.
"""

import threading


class Ring:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.steps = [threading.Event() for _ in range(3)]
        self.x1 = 0
        self.x2 = 0
        self.x3 = 0


def setup() -> Ring:
    return Ring()


def step_1(ring: Ring) -> None:
    with ring.lock:
        ring.x1 = ring.x3 + 1
    ring.steps[0].set()


def step_2(ring: Ring) -> None:
    ring.steps[0].wait()
    with ring.lock:
        ring.x2 = ring.x1
    ring.steps[1].set()


def step_3(ring: Ring) -> None:
    ring.steps[1].wait()
    with ring.lock:
        ring.x3 = ring.x2
    ring.steps[2].set()


def look(ring: Ring) -> None:
    ring.steps[2].wait()
    with ring.lock:
        assert ring.x1 == ring.x2 == ring.x3


ACTORS = (step_1, step_2, step_3, look)


def check(ring: Ring) -> bool:
    return ring.x3 == 1
