"""Setters write a, then b; a checker between the two writes sees half of a pair.

Kind: torn read (order of two writes). In the large families a single setter must be cut in two and
the checker must meet it before any other setter has finished.
SCTBench CS/reorder_N: N + 1 threads with main; (setters, checkers) as in PERIOD: reorder_3 (2, 1),
_4 (3, 1), _5 (4, 1), _10 (9, 1), _20 (10, 10), _50 (40, 10), _100 (99, 1). `a` and `b` are the only
variables that are shared.
"""

from tests.corpus.shared import Shape, asserted_by_the_actors


class Pair:
    def __init__(self) -> None:
        self.a = 0
        self.b = 0


def set_both(pair: Pair) -> None:
    pair.a = 1
    pair.b = -1


def check_both(pair: Pair) -> None:
    assert (pair.a, pair.b) in {(0, 0), (1, -1)}


def family(setters: int = 2, checkers: int = 1) -> Shape[Pair]:
    return Pair, (set_both,) * setters + (check_both,) * checkers, asserted_by_the_actors


setup, ACTORS, check = family()
