"""The first lock is held until the second stage is done.

SCTBench CS/twostage_N, for processes.
"""

from multiprocessing.context import BaseContext

from tests.corpus.shared import ProcessShape, asserted_by_the_actors


class Stages:
    def __init__(self, context: BaseContext) -> None:
        self.lock_1 = context.Lock()
        self.lock_2 = context.Lock()
        self.data_1 = context.RawValue("i", 0)
        self.data_2 = context.RawValue("i", 0)


def write(stages: Stages) -> None:
    with stages.lock_1:
        stages.data_1.value = 1
        with stages.lock_2:
            stages.data_2.value = stages.data_1.value + 1


def read(stages: Stages) -> None:
    with stages.lock_1:
        first = stages.data_1.value
        if first == 0:
            return
    with stages.lock_2:
        second = stages.data_2.value
    assert second == first + 1


def family(writers: int = 1, readers: int = 1) -> ProcessShape[Stages]:
    return Stages, (write,) * writers + (read,) * readers, asserted_by_the_actors


setup_with, ACTORS, check = family()
