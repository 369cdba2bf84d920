"""Setters write a, then b; a checker between the two writes sees half of a pair.

Kind: torn read (order of two writes). The pair is an array of two that all processes share.
SCTBench CS/reorder_N, for processes: reorder_5 has 4 setters and 1 checker.
"""

from multiprocessing.context import BaseContext

from tests.corpus.shared import ProcessShape, asserted_by_the_actors


class Pair:
    def __init__(self, context: BaseContext) -> None:
        self.values = context.RawArray("i", 2)


def set_both(pair: Pair) -> None:
    pair.values[0] = 1
    pair.values[1] = -1


def check_both(pair: Pair) -> None:
    assert (pair.values[0], pair.values[1]) in {(0, 0), (1, -1)}


def family(setters: int = 4, checkers: int = 1) -> ProcessShape[Pair]:
    return Pair, (set_both,) * setters + (check_both,) * checkers, asserted_by_the_actors


setup_with, ACTORS, check = family()
