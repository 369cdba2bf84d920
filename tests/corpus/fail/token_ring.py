"""Three threads hand a number round a ring, and a fourth expects it to have gone all the way.

Kind: order. Every step is atomic under one lock; nothing says which comes first.
SCTBench CS/token_ring: 5 threads with main, 11 steps.
"""

import threading

from tests.corpus.shared import asserted_by_the_actors


class Ring:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.x1 = 0
        self.x2 = 0
        self.x3 = 0


def setup() -> Ring:
    return Ring()


def step_1(ring: Ring) -> None:
    with ring.lock:
        ring.x1 = ring.x3 + 1


def step_2(ring: Ring) -> None:
    with ring.lock:
        ring.x2 = ring.x1


def step_3(ring: Ring) -> None:
    with ring.lock:
        ring.x3 = ring.x2


def look(ring: Ring) -> None:
    with ring.lock:
        assert ring.x1 == ring.x2 == ring.x3


ACTORS = (step_1, step_2, step_3, look)
check = asserted_by_the_actors
