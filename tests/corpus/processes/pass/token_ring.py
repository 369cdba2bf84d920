"""Each step waits until it is its turn.

SCTBench CS/token_ring, for processes.
"""

from multiprocessing.context import BaseContext


class Ring:
    def __init__(self, context: BaseContext) -> None:
        self.moved = context.Condition()
        self.steps = context.RawValue("i", 0)
        self.x1 = context.RawValue("i", 0)
        self.x2 = context.RawValue("i", 0)
        self.x3 = context.RawValue("i", 0)


def setup_with(context: BaseContext) -> Ring:
    return Ring(context)


def step_1(ring: Ring) -> None:
    with ring.moved:
        ring.x1.value = ring.x3.value + 1
        ring.steps.value = 1
        ring.moved.notify_all()


def step_2(ring: Ring) -> None:
    with ring.moved:
        ring.moved.wait_for(lambda: ring.steps.value == 1)
        ring.x2.value = ring.x1.value
        ring.steps.value = 2
        ring.moved.notify_all()


def step_3(ring: Ring) -> None:
    with ring.moved:
        ring.moved.wait_for(lambda: ring.steps.value == 2)
        ring.x3.value = ring.x2.value
        ring.steps.value = 3
        ring.moved.notify_all()


def look(ring: Ring) -> None:
    with ring.moved:
        ring.moved.wait_for(lambda: ring.steps.value == 3)
        assert ring.x1.value == ring.x2.value == ring.x3.value


ACTORS = (step_1, step_2, step_3, look)


def check(ring: Ring) -> bool:
    return bool(ring.x3.value == 1)
