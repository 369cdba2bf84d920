"""One task guards the counter with lock A, all others guard it with lock B.

Kind: atomicity violation. What A protects changes under the one who holds A.
SCTBench CS/wronglock, for tasks: 7 on lock B; wronglock_3: 3 on lock B.
"""

import asyncio

from tests.corpus.shared import TaskShape, asserted_by_the_actors


class Counter:
    def __init__(self) -> None:
        self.lock_a = asyncio.Lock()
        self.lock_b = asyncio.Lock()
        self.value = 0


async def count_under_a(counter: Counter) -> None:
    async with counter.lock_a:
        before = counter.value
        await asyncio.sleep(0)
        counter.value += 1
        assert counter.value == before + 1


async def count_under_b(counter: Counter) -> None:
    async with counter.lock_b:
        before = counter.value
        await asyncio.sleep(0)
        counter.value = before + 1


def family(others: int = 3) -> TaskShape[Counter]:
    return Counter, (count_under_a,) + (count_under_b,) * others, asserted_by_the_actors


setup, ACTORS, check = family()
