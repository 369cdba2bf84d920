"""One thread guards the counter with lock A, all others guard it with lock B.

Kind: atomicity violation. What A protects changes under the one who holds A.
SCTBench CS/wronglock: 9 threads with main, 49 steps, 7 on lock B;
wronglock_3: 5 threads, 25 steps, 3 on lock B.
"""

import threading

from tests.corpus.shared import Shape, asserted_by_the_actors


class Counter:
    def __init__(self) -> None:
        self.lock_a = threading.Lock()
        self.lock_b = threading.Lock()
        self.value = 0


def count_under_a(counter: Counter) -> None:
    with counter.lock_a:
        before = counter.value
        counter.value += 1
        assert counter.value == before + 1


def count_under_b(counter: Counter) -> None:
    with counter.lock_b:
        counter.value += 1


def family(others: int = 3) -> Shape[Counter]:
    return Counter, (count_under_a,) + (count_under_b,) * others, asserted_by_the_actors


setup, ACTORS, check = family()
