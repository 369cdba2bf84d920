"""Three processes hand a number round a ring, and a fourth expects it to have gone all the way.

Kind: order. Every step is atomic under one lock; nothing says which comes first.
SCTBench CS/token_ring, for processes.
"""

from multiprocessing.context import BaseContext

from tests.corpus.shared import asserted_by_the_actors


class Ring:
    def __init__(self, context: BaseContext) -> None:
        self.lock = context.Lock()
        self.x1 = context.RawValue("i", 0)
        self.x2 = context.RawValue("i", 0)
        self.x3 = context.RawValue("i", 0)


def setup_with(context: BaseContext) -> Ring:
    return Ring(context)


def step_1(ring: Ring) -> None:
    with ring.lock:
        ring.x1.value = ring.x3.value + 1


def step_2(ring: Ring) -> None:
    with ring.lock:
        ring.x2.value = ring.x1.value


def step_3(ring: Ring) -> None:
    with ring.lock:
        ring.x3.value = ring.x2.value


def look(ring: Ring) -> None:
    with ring.lock:
        assert ring.x1.value == ring.x2.value == ring.x3.value


ACTORS = (step_1, step_2, step_3, look)
check = asserted_by_the_actors
