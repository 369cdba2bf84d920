"""Two processes take the same two locks in opposite orders.

Kind: deadlock.
SCTBench CS/deadlock01, for processes.
"""

from multiprocessing.context import BaseContext


class Counters:
    def __init__(self, context: BaseContext) -> None:
        self.lock_a = context.Lock()
        self.lock_b = context.Lock()
        self.count = context.RawValue("i", 0)


def setup_with(context: BaseContext) -> Counters:
    return Counters(context)


def forwards(counters: Counters) -> None:
    with counters.lock_a, counters.lock_b:
        counters.count.value += 1


def backwards(counters: Counters) -> None:
    with counters.lock_b, counters.lock_a:
        counters.count.value += 1


ACTORS = (forwards, backwards)


def check(counters: Counters) -> bool:
    return bool(counters.count.value == 2)
