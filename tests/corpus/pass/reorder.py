"""Both writes, and both reads, are made under one lock.

SCTBench CS/reorder_N: N + 1 threads with main.
"""

import threading

from tests.corpus.shared import Shape, asserted_by_the_actors


class Pair:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.a = 0
        self.b = 0


def set_both(pair: Pair) -> None:
    with pair.lock:
        pair.a = 1
        pair.b = -1


def check_both(pair: Pair) -> None:
    with pair.lock:
        assert (pair.a, pair.b) in {(0, 0), (1, -1)}


def family(setters: int = 2, checkers: int = 1) -> Shape[Pair]:
    return Pair, (set_both,) * setters + (check_both,) * checkers, asserted_by_the_actors


setup, ACTORS, check = family()
