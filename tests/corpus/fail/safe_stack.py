"""A stack of cells linked by index; a pop that was overtaken brings back a link of long ago (ABA).

Kind: ABA: two threads own the same cell. Every single operation is atomic. It takes three threads
with two rounds each and, in this form, eight preemptions (algorithms.md says five of the original);
a search by preemptions through all states of a model found none with fewer. No table of the
literature has a harder program.
SCTBench SafeStack (Vyukov, 2010): 4 threads with main. A worker that finds no cell yields and tries
again; a pop that meets a cell in another's hands spins without yielding.
"""

import time

from tests.corpus.shared import Atomic, AtomicCounter, asserted_by_the_actors

CELLS = 3
ROUNDS = 2
NONE = -1


class SafeStack:
    def __init__(self) -> None:
        self.count = AtomicCounter(CELLS)
        self.head = Atomic(0)
        self.links = [Atomic(cell + 1) for cell in range(CELLS - 1)] + [Atomic(NONE)]
        self.owners = [NONE] * CELLS

    def pop(self) -> int:
        while self.count.load() > 1:
            cell = self.head.load()
            link = self.links[cell].exchange(NONE)
            if link >= 0:
                if self.head.compare_exchange(cell, link):
                    self.count.add(-1)
                    return cell
                self.links[cell].exchange(link)
        return NONE

    def push(self, cell: int) -> None:
        while True:
            head = self.head.load()
            self.links[cell].exchange(head)
            if self.head.compare_exchange(head, cell):
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
