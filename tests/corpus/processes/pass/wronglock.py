"""All processes guard the counter with the same lock.

SCTBench CS/wronglock, for processes.
"""

from multiprocessing.context import BaseContext

from tests.corpus.shared import ProcessShape, asserted_by_the_actors


class Counter:
    def __init__(self, context: BaseContext) -> None:
        self.lock = context.Lock()
        self.value = context.RawValue("i", 0)


def count_and_look(counter: Counter) -> None:
    with counter.lock:
        before = counter.value.value
        counter.value.value += 1
        assert counter.value.value == before + 1


def count(counter: Counter) -> None:
    with counter.lock:
        counter.value.value += 1


def family(others: int = 3) -> ProcessShape[Counter]:
    return Counter, (count_and_look,) + (count,) * others, asserted_by_the_actors


setup_with, ACTORS, check = family()
