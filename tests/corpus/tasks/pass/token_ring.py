"""Each step waits until it is its turn.

SCTBench CS/token_ring, for tasks.
"""

import asyncio


class Ring:
    def __init__(self) -> None:
        self.moved = asyncio.Condition()
        self.steps = 0
        self.x1 = 0
        self.x2 = 0
        self.x3 = 0


def setup() -> Ring:
    return Ring()


async def step_1(ring: Ring) -> None:
    async with ring.moved:
        x3 = ring.x3
        await asyncio.sleep(0)
        ring.x1 = x3 + 1
        ring.steps = 1
        ring.moved.notify_all()


async def step_2(ring: Ring) -> None:
    async with ring.moved:
        await ring.moved.wait_for(lambda: ring.steps == 1)
        x1 = ring.x1
        await asyncio.sleep(0)
        ring.x2 = x1
        ring.steps = 2
        ring.moved.notify_all()


async def step_3(ring: Ring) -> None:
    async with ring.moved:
        await ring.moved.wait_for(lambda: ring.steps == 2)
        x2 = ring.x2
        await asyncio.sleep(0)
        ring.x3 = x2
        ring.steps = 3
        ring.moved.notify_all()


async def look(ring: Ring) -> None:
    async with ring.moved:
        await ring.moved.wait_for(lambda: ring.steps == 3)
        assert ring.x1 == ring.x2 == ring.x3


ACTORS = (step_1, step_2, step_3, look)


def check(ring: Ring) -> bool:
    return ring.x3 == 1
