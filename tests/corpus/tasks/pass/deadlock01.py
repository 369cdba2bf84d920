"""Both tasks take the two locks in the same order.

SCTBench CS/deadlock01, for tasks.
"""

import asyncio


class Counters:
    def __init__(self) -> None:
        self.lock_a = asyncio.Lock()
        self.lock_b = asyncio.Lock()
        self.count = 0


def setup() -> Counters:
    return Counters()


async def forwards(counters: Counters) -> None:
    async with counters.lock_a:
        await asyncio.sleep(0)
        async with counters.lock_b:
            counters.count += 1


async def backwards(counters: Counters) -> None:
    async with counters.lock_a:
        await asyncio.sleep(0)
        async with counters.lock_b:
            counters.count += 1


ACTORS = (forwards, backwards)


def check(counters: Counters) -> bool:
    return counters.count == 2
