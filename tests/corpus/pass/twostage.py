"""The first lock is held until the second stage is done.

SCTBench CS/twostage_N: N + 1 threads with main.
"""

import threading

from tests.corpus.shared import Shape, asserted_by_the_actors


class Stages:
    def __init__(self) -> None:
        self.lock_1 = threading.Lock()
        self.lock_2 = threading.Lock()
        self.data_1 = 0
        self.data_2 = 0


def write(stages: Stages) -> None:
    with stages.lock_1:
        stages.data_1 = 1
        with stages.lock_2:
            stages.data_2 = stages.data_1 + 1


def read(stages: Stages) -> None:
    with stages.lock_1:
        if stages.data_1 == 0:
            return
        first = stages.data_1
    with stages.lock_2:
        second = stages.data_2
    assert second == first + 1


def family(writers: int = 1, readers: int = 1) -> Shape[Stages]:
    return Stages, (write,) * writers + (read,) * readers, asserted_by_the_actors


setup, ACTORS, check = family()
