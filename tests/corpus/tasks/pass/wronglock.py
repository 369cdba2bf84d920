"""All tasks guard the counter with the same lock.

SCTBench CS/wronglock, for tasks.
"""

import asyncio

from tests.corpus.shared import TaskShape, asserted_by_the_actors


class Counter:
    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.value = 0


async def count_and_look(counter: Counter) -> None:
    async with counter.lock:
        before = counter.value
        await asyncio.sleep(0)
        counter.value += 1
        assert counter.value == before + 1


async def count(counter: Counter) -> None:
    async with counter.lock:
        before = counter.value
        await asyncio.sleep(0)
        counter.value = before + 1


def family(others: int = 3) -> TaskShape[Counter]:
    return Counter, (count_and_look,) + (count,) * others, asserted_by_the_actors


setup, ACTORS, check = family()
