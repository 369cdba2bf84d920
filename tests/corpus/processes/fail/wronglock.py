"""One process guards the counter with lock A, all others guard it with lock B.

Kind: atomicity violation. What A protects changes under the one who holds A.
SCTBench CS/wronglock, for processes: 7 on lock B; wronglock_3: 3 on lock B.
"""

from multiprocessing.context import BaseContext

from tests.corpus.shared import ProcessShape, asserted_by_the_actors


class Counter:
    def __init__(self, context: BaseContext) -> None:
        self.lock_a = context.Lock()
        self.lock_b = context.Lock()
        self.value = context.RawValue("i", 0)


def count_under_a(counter: Counter) -> None:
    with counter.lock_a:
        before = counter.value.value
        counter.value.value += 1
        assert counter.value.value == before + 1


def count_under_b(counter: Counter) -> None:
    with counter.lock_b:
        counter.value.value += 1


def family(others: int = 3) -> ProcessShape[Counter]:
    return Counter, (count_under_a,) + (count_under_b,) * others, asserted_by_the_actors


setup_with, ACTORS, check = family()
