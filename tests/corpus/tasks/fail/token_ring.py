"""Three tasks hand a number round a ring, and a fourth expects it to have gone all the way.

Kind: order. Every step is atomic under one lock; nothing says which comes first.
SCTBench CS/token_ring, for tasks: an await between reading a number and writing the next.
"""

import asyncio

from tests.corpus.shared import asserted_by_the_actors


class Ring:
    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.x1 = 0
        self.x2 = 0
        self.x3 = 0


def setup() -> Ring:
    return Ring()


async def step_1(ring: Ring) -> None:
    async with ring.lock:
        x3 = ring.x3
        await asyncio.sleep(0)
        ring.x1 = x3 + 1


async def step_2(ring: Ring) -> None:
    async with ring.lock:
        x1 = ring.x1
        await asyncio.sleep(0)
        ring.x2 = x1


async def step_3(ring: Ring) -> None:
    async with ring.lock:
        x2 = ring.x2
        await asyncio.sleep(0)
        ring.x3 = x2


async def look(ring: Ring) -> None:
    async with ring.lock:
        assert ring.x1 == ring.x2 == ring.x3


ACTORS = (step_1, step_2, step_3, look)
check = asserted_by_the_actors
