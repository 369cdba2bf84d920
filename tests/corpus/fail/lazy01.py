"""The third thread demands that the other two have not both been there.

Kind: order. All three hold one lock; it orders nothing.
SCTBench CS/lazy01: 4 threads with main, 11 steps; the last thread is made first (PERIOD).
"""

import threading

from tests.corpus.shared import asserted_by_the_actors


class Data:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.value = 0


def setup() -> Data:
    return Data()


def inspect(data: Data) -> None:
    with data.lock:
        assert data.value < 3


def add_two(data: Data) -> None:
    with data.lock:
        data.value += 2


def add_one(data: Data) -> None:
    with data.lock:
        data.value += 1


ACTORS = (inspect, add_two, add_one)
check = asserted_by_the_actors
