"""Data goes through two stages under a lock each; a reader comes between the stages.

Kind: atomicity violation. Each access is locked, the pair of them is not.
SCTBench CS/twostage_N: N + 1 threads with main; (writers, readers) as in PERIOD: twostage (1, 1),
_20 (10, 10), _50 (40, 10), _100 (99, 1). The reader must meet the first writer in the middle.
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
