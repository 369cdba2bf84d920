"""The head carries a version that every change raises: an overtaken pop cannot succeed.

SCTBench SafeStack (Vyukov, 2010): 4 threads with main. A worker that finds no cell yields and tries
again.
"""

import time

from tests.corpus.shared import Atomic, AtomicCounter, asserted_by_the_actors

CELLS = 3
ROUNDS = 2
NONE = -1


class SafeStack:
    def __init__(self) -> None:
        self.count = AtomicCounter(CELLS)
        self.head = Atomic((0, 0))  # a cell, and the version
        self.links = [Atomic(cell + 1) for cell in range(CELLS - 1)] + [Atomic(NONE)]
        self.owners = [NONE] * CELLS

    def pop(self) -> int:
        while self.count.load() > 1:
            cell, version = self.head.load()
            link = self.links[cell].load()
            if link >= 0 and self.head.compare_exchange((cell, version), (link, version + 1)):
                self.count.add(-1)
                return cell
        return NONE

    def push(self, cell: int) -> None:
        while True:
            head, version = self.head.load()
            self.links[cell].exchange(head)
            if self.head.compare_exchange((head, version), (cell, version + 1)):
                break
        self.count.add(1)


def setup() -> SafeStack:
    return SafeStack()


def work(stack: SafeStack, me: int) -> None:
    for _ in range(ROUNDS):
        while (cell := stack.pop()) == NONE:
            time.sleep(0)
        stack.owners[cell] = me
        assert stack.owners[cell] == me
        stack.push(cell)


def first(stack: SafeStack) -> None:
    work(stack, 1)


def second(stack: SafeStack) -> None:
    work(stack, 2)


def third(stack: SafeStack) -> None:
    work(stack, 3)


ACTORS = (first, second, third)
check = asserted_by_the_actors
