"""Both writes, and both reads, are made under the lock of the array.

SCTBench CS/reorder_N, for processes.
"""

from multiprocessing.context import BaseContext

from tests.corpus.shared import ProcessShape, asserted_by_the_actors


class Pair:
    def __init__(self, context: BaseContext) -> None:
        self.values = context.Array("i", 2)


def set_both(pair: Pair) -> None:
    with pair.values.get_lock():
        pair.values[0] = 1
        pair.values[1] = -1


def check_both(pair: Pair) -> None:
    with pair.values.get_lock():
        assert (pair.values[0], pair.values[1]) in {(0, 0), (1, -1)}


def family(setters: int = 4, checkers: int = 1) -> ProcessShape[Pair]:
    return Pair, (set_both,) * setters + (check_both,) * checkers, asserted_by_the_actors


setup_with, ACTORS, check = family()
