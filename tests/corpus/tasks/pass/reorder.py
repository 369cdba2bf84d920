"""Both writes, and both reads, are made under one lock.

SCTBench CS/reorder_N, for tasks.
"""

import asyncio

from tests.corpus.shared import TaskShape, asserted_by_the_actors


class Pair:
    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.a = 0
        self.b = 0


async def set_both(pair: Pair) -> None:
    async with pair.lock:
        pair.a = 1
        await asyncio.sleep(0)
        pair.b = -1


async def check_both(pair: Pair) -> None:
    async with pair.lock:
        assert (pair.a, pair.b) in {(0, 0), (1, -1)}


def family(setters: int = 4, checkers: int = 1) -> TaskShape[Pair]:
    return Pair, (set_both,) * setters + (check_both,) * checkers, asserted_by_the_actors


setup, ACTORS, check = family()
