"""All threads guard the counter with the same lock.

SCTBench CS/wronglock: 9 threads with main, 49 steps; wronglock_3: 5 threads, 25 steps.
"""

import threading

from tests.corpus.shared import Shape, asserted_by_the_actors


class Counter:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.value = 0


def count_and_look(counter: Counter) -> None:
    with counter.lock:
        before = counter.value
        counter.value += 1
        assert counter.value == before + 1


def count(counter: Counter) -> None:
    with counter.lock:
        counter.value += 1


def family(others: int = 3) -> Shape[Counter]:
    return Counter, (count_and_look,) + (count,) * others, asserted_by_the_actors


setup, ACTORS, check = family()
