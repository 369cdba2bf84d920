"""The third task demands that the other two have not both been there.

Kind: order. All three hold one lock; it orders nothing.
SCTBench CS/lazy01, for tasks: an await between reading the value and writing it.
"""

import asyncio

from tests.corpus.shared import asserted_by_the_actors


class Data:
    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.value = 0


def setup() -> Data:
    return Data()


async def inspect(data: Data) -> None:
    async with data.lock:
        assert data.value < 3


async def add_two(data: Data) -> None:
    async with data.lock:
        value = data.value
        await asyncio.sleep(0)
        data.value = value + 2


async def add_one(data: Data) -> None:
    async with data.lock:
        value = data.value
        await asyncio.sleep(0)
        data.value = value + 1


ACTORS = (inspect, add_two, add_one)
check = asserted_by_the_actors
