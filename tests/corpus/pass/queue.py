"""A side whose turn it is not waits for its turn, and the ring wraps to cell 0.

SCTBench CS/queue: 3 threads with main, 83 steps; SIZE = 20.
"""

import threading

from tests.corpus.shared import asserted_by_the_actors

SIZE = 20


class Ring:
    def __init__(self) -> None:
        self.turn = threading.Condition(threading.Lock())
        self.cells = [0] * SIZE
        self.head = 0
        self.tail = 0
        self.stored = [0] * (SIZE + 1)
        self.may_enqueue = True
        self.may_dequeue = False

    def enqueue(self, value: int) -> None:
        self.cells[self.tail] = value
        self.tail = 0 if self.tail == SIZE - 1 else self.tail + 1

    def dequeue(self) -> int:
        value = self.cells[self.head]
        self.head = 0 if self.head == SIZE - 1 else self.head + 1
        return value


def setup() -> Ring:
    return Ring()


def write(ring: Ring) -> None:
    for turn in range(SIZE + 1):
        with ring.turn:
            while not ring.may_enqueue:
                ring.turn.wait()
            ring.enqueue(100 + turn)
            ring.stored[turn] = 100 + turn
            ring.may_enqueue = False
            ring.may_dequeue = True
            ring.turn.notify()


def read(ring: Ring) -> None:
    for turn in range(SIZE + 1):
        with ring.turn:
            while not ring.may_dequeue:
                ring.turn.wait()
            assert ring.dequeue() == ring.stored[turn]
            ring.may_dequeue = False
            ring.may_enqueue = True
            ring.turn.notify()


ACTORS = (write, read)
check = asserted_by_the_actors
