"""The owner looks at the head before it publishes the tail; a thief in between gets the same item.

Kind: check-then-act between two threads without a common lock: an item is taken twice. THE protocol
of Cilk, and the classic of CHESS. Four variants: `interlocked` makes every access to an index an
atomic operation, `stateful` lets an item complain at its second taking instead of at the end.
Four items and one preemption suffice; the original has more items, not a deeper bug.
SCTBench Chess/WorkStealQueue, StateWSQ, InterlockedWSQ, InterlockedWSQWithState: 3 threads with
main, 161 to 2406 steps.
"""

import threading

from tests.corpus.shared import Atomic, Shape

ITEMS = 4


class Plain:
    """An index with the methods of `Atomic` and none of its care."""

    def __init__(self, value: int) -> None:
        self.value = value

    def load(self) -> int:
        return self.value

    def exchange(self, value: int) -> None:
        self.value = value


class Item:
    def __init__(self) -> None:
        self.taken = 0


class WorkStealQueue:
    def __init__(self, *, interlocked: bool, stateful: bool) -> None:
        self.lock = threading.Lock()  # thieves always, the owner only when in doubt
        self.head: Atomic[int] | Plain = Atomic(0) if interlocked else Plain(0)
        self.tail: Atomic[int] | Plain = Atomic(0) if interlocked else Plain(0)
        self.cells: list[Item] = [Item() for _ in range(ITEMS)]
        self.stateful = stateful

    def push(self, item: Item) -> None:
        tail = self.tail.load()
        self.cells[tail] = item
        self.tail.exchange(tail + 1)

    def take(self) -> Item | None:
        """Takes from the tail; for the owner alone."""
        tail = self.tail.load() - 1
        if self.head.load() <= tail:
            self.tail.exchange(tail)
            return self.cells[tail]
        with self.lock:
            if self.head.load() <= tail:
                self.tail.exchange(tail)
                return self.cells[tail]
        return None

    def steal(self) -> Item | None:
        """Takes from the head; for all others."""
        with self.lock:
            head = self.head.load()
            self.head.exchange(head + 1)
            if head < self.tail.load():
                return self.cells[head]
            self.head.exchange(head)
        return None

    def use(self, item: Item | None) -> None:
        if item is not None:
            assert not (self.stateful and item.taken), "taken twice"
            item.taken += 1


class Work:
    def __init__(self, *, interlocked: bool, stateful: bool) -> None:
        self.queue = WorkStealQueue(interlocked=interlocked, stateful=stateful)
        self.items = [Item() for _ in range(ITEMS)]


def own(work: Work) -> None:
    waiting = iter(work.items)
    for first, second in zip(waiting, waiting):  # noqa: B905 - `strict` adds nothing to a pairing
        work.queue.push(first)
        work.queue.push(second)
        work.queue.use(work.queue.take())
    while (item := work.queue.take()) is not None:
        work.queue.use(item)


def steal(work: Work) -> None:
    for _ in range(ITEMS // 2):
        work.queue.use(work.queue.steal())


def each_taken_once(work: Work) -> bool:
    return all(item.taken == 1 for item in work.items)


def family(*, interlocked: bool = False, stateful: bool = False) -> Shape[Work]:
    return lambda: Work(interlocked=interlocked, stateful=stateful), (own, steal), each_taken_once


setup, ACTORS, check = family()
