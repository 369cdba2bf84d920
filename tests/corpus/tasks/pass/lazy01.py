"""The second adder waits until the inspector has been there.

SCTBench CS/lazy01, for tasks.
"""

import asyncio


class Data:
    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.inspected = asyncio.Event()
        self.value = 0


def setup() -> Data:
    return Data()


async def inspect(data: Data) -> None:
    async with data.lock:
        assert data.value < 3
    data.inspected.set()


async def add_two(data: Data) -> None:
    await data.inspected.wait()
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


def check(data: Data) -> bool:
    return data.value == 3
