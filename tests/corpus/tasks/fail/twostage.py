"""Data goes through two stages under a lock each; a reader comes between the stages.

Kind: atomicity violation. Each access is locked, the pair of them is not.
SCTBench CS/twostage_N, for tasks: an await between the stages.
"""

import asyncio

from tests.corpus.shared import TaskShape, asserted_by_the_actors


class Stages:
    def __init__(self) -> None:
        self.lock_1 = asyncio.Lock()
        self.lock_2 = asyncio.Lock()
        self.data_1 = 0
        self.data_2 = 0


async def write(stages: Stages) -> None:
    async with stages.lock_1:
        stages.data_1 = 1
    await asyncio.sleep(0)
    async with stages.lock_2:
        stages.data_2 = stages.data_1 + 1


async def read(stages: Stages) -> None:
    async with stages.lock_1:
        if stages.data_1 == 0:
            return
        first = stages.data_1
    await asyncio.sleep(0)
    async with stages.lock_2:
        second = stages.data_2
    assert second == first + 1


def family(writers: int = 1, readers: int = 1) -> TaskShape[Stages]:
    return Stages, (write,) * writers + (read,) * readers, asserted_by_the_actors


setup, ACTORS, check = family()
