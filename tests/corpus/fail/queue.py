"""Two sides of a ring take turns by flags, skip when it is not their turn, and count on regardless.

Kind: order. The ring also wraps to cell 1 instead of 0, which shows if neither side ever skips.
SCTBench CS/queue: 3 threads with main, 83 steps; SIZE = 20.
"""

import threading

from tests.corpus.shared import asserted_by_the_actors

SIZE = 20


class Ring:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.cells = [0] * SIZE
        self.head = 0
        self.tail = 0
        self.stored = [0] * (SIZE + 1)
        self.may_enqueue = True
        self.may_dequeue = False

    def enqueue(self, value: int) -> None:
        self.cells[self.tail] = value
        self.tail = 1 if self.tail == SIZE - 1 else self.tail + 1

    def dequeue(self) -> int:
        value = self.cells[self.head]
        self.head = 0 if self.head == SIZE - 1 else self.head + 1
        return value


def setup() -> Ring:
    return Ring()


def write(ring: Ring) -> None:
    for turn in range(SIZE + 1):
        with ring.lock:
            if ring.may_enqueue:
                ring.enqueue(100 + turn)
                ring.stored[turn] = 100 + turn
                ring.may_enqueue = False
                ring.may_dequeue = True


def read(ring: Ring) -> None:
    for turn in range(SIZE + 1):
        with ring.lock:
            if ring.may_dequeue:
                assert ring.dequeue() == ring.stored[turn]
                ring.may_dequeue = False
                ring.may_enqueue = True


ACTORS = (write, read)
check = asserted_by_the_actors
